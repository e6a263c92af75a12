/* Guesses at the heads of stretches, checked when every rank is through (architecture §3, "Speculation"), and lines
 * counted before the first row is read. */
#include "formats/csv/settle.h"

#include <string.h>

static mill_status nomem(size_t size_bytes, mill_error *err)
{
	return mill_fail_nomem(err, size_bytes, "what ranks read of CSV files");
}

/* Collective. Every rank's blob in rank order, which is the order of what they read; out is released by the caller.
 * *before: bytes of lower ranks. mine: the status of making the blob. */
static mill_status gather(mill_csv_reader *r, mill_comm *comm, mill_status mine, const void *data, size_t size_bytes,
                          mill_bytes *out, size_t *before, mill_error *err)
{
	size_t *sizes = mill_mem_calloc(r->mem, (size_t)mill_comm_size(comm), sizeof *sizes);
	if (mine == MILL_OK && sizes == NULL)
		mine = nomem(0, err);
	mill_status status = mill_comm_agree(comm, mine, err);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, data, size_bytes, out, sizes, err);
	*before = 0;
	for (int rank = 0; status == MILL_OK && rank < mill_comm_rank(comm); rank++)
		*before += sizes[rank];
	mill_mem_free(sizes);
	return status;
}

/* Transitions of this rank's ranges in bad files, in file order. */
static mill_status scan_transitions(mill_csv_reader *r, const bool *bad_files, mill_bytes *out, mill_error *err)
{
	for (int64_t i = 0; i < r->seam_count; i++) {
		const mill_csv_seam *seam = &r->seams[i];
		if (!bad_files[seam->file])
			continue;
		mill_range range = {seam->file, seam->begin, seam->end};
		mill_csv_transition transition;
		MILL_TRY(mill_csv_scan_transition(r->table, &range, r->mem, &transition, err));
		if (mill_bytes_append(out, &transition, sizeof transition) != MILL_OK)
			return nomem(sizeof transition, err);
	}
	return MILL_OK;
}

static mill_status take_exact(mill_csv_reader *r, const mill_csv_transition *all, int64_t count, mill_error *err)
{
	int64_t *first_rows = mill_mem_calloc(r->mem, (size_t)count + 1, sizeof *first_rows);
	if (first_rows == NULL)
		return nomem((size_t)count * sizeof *first_rows, err);
	for (int64_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && all[next].file == all[i].file;)
			next++;
		mill_csv_compose(all + i, next - i, first_rows + i);
	}
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < count && status == MILL_OK; i++)
		status = mill_csv_set_exact(r, all[i].file, all[i].begin, first_rows[i], err);
	mill_mem_free(first_rows);
	return status;
}

/* Collective: the exact pass over the files whose guesses failed. */
static mill_status find_exact(mill_csv_reader *r, mill_comm *comm, const bool *bad_files, mill_error *err)
{
	mill_bytes local, all;
	size_t before;
	mill_bytes_init(&local, r->mem);
	mill_bytes_init(&all, r->mem);
	mill_status status = scan_transitions(r, bad_files, &local, err);
	status = gather(r, comm, status, local.data, local.size_bytes, &all, &before, err);
	if (status == MILL_OK)
		status = take_exact(r, (const mill_csv_transition *)(const void *)all.data,
		                    (int64_t)(all.size_bytes / sizeof(mill_csv_transition)), err);
	mill_bytes_release(&local);
	mill_bytes_release(&all);
	return mill_comm_agree(comm, status, err);
}

/* Rows up to a range that was left early (LIMIT) were enough: what follows it is not used, so not checked either. */
static int64_t used_seams(const mill_csv_seam *seams, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		if (seams[i].left_early)
			return i + 1;
	return count;
}

static mill_status make_pieces(const mill_csv_reader *r, const mill_csv_seam *seams, int64_t count, mill_arena *arena,
                               mill_settlement *out, mill_error *err)
{
	mill_piece *pieces = mill_arena_array(arena, (size_t)count + 1, sizeof *pieces);
	int64_t *lines = mill_mem_calloc(r->mem, (size_t)count + 1, sizeof *lines);
	if (pieces == NULL || lines == NULL) {
		mill_mem_free(lines);
		return nomem((size_t)count * sizeof *pieces, err);
	}
	mill_csv_line_bases(r->table, seams, count, lines);
	for (int64_t i = 0; i < count; i++) {
		const mill_csv_seam *seam = &seams[i];
		pieces[i] = (mill_piece){.file = seam->file, .left_early = seam->left_early, .rows = seam->rows};
		pieces[i].until = seam->left_early ? seam->next_row : INT64_MAX;
		pieces[i].lines_before = lines[i];
	}
	mill_mem_free(lines);
	out->pieces = pieces;
	out->piece_count = count;
	return MILL_OK;
}

mill_status mill_csv_settle(mill_csv_reader *r, mill_comm *comm, mill_arena *arena, mill_settlement *out,
                            mill_error *err)
{
	mill_bytes all;
	size_t before = 0;
	int64_t files = r->table->base.file_count, bad_count = 0;
	*out = (mill_settlement){.mine_count = r->seam_count};
	mill_bytes_init(&all, r->mem);
	bool *bad_files = mill_mem_calloc(r->mem, (size_t)files + 1, sizeof *bad_files);
	mill_status status = bad_files == NULL ? nomem((size_t)files, err) : MILL_OK;
	status = gather(r, comm, status, r->seams, (size_t)r->seam_count * sizeof *r->seams, &all, &before, err);
	const mill_csv_seam *seams = (const mill_csv_seam *)(const void *)all.data;
	int64_t count = used_seams(seams, (int64_t)(all.size_bytes / sizeof *seams));
	if (status == MILL_OK)
		status = mill_csv_check_seams(seams, count, bad_files, files, &bad_count, err);
	out->again = bad_count > 0;
	out->first_mine = (int64_t)(before / sizeof *seams);
	if (status == MILL_OK && out->again)
		status = find_exact(r, comm, bad_files, err);
	else if (status == MILL_OK)
		status = mill_comm_agree(comm, make_pieces(r, seams, count, arena, out, err), err);
	mill_settlement_cut(out);
	mill_mem_free(bad_files);
	mill_bytes_release(&all);
	return status;
}

/* The contiguous ranges of files that this rank reads: where each begins, and the line ends in it. */
static mill_status count_lines(mill_csv_reader *r, int64_t first, int64_t last, mill_csv_seam *seams, int64_t *count,
                               mill_error *err)
{
	*count = 0;
	for (int64_t s = first; s < last; s++) {
		const mill_input_split *split = &r->plan->splits[s];
		for (int64_t i = split->first_range; i < split->first_range + split->range_count; i++) {
			const mill_range *range = &r->plan->ranges[i];
			mill_csv_seam *seam = *count > 0 ? &seams[*count - 1] : NULL;
			int64_t lines;
			MILL_TRY(mill_csv_count_lines(r->table, range, r->mem, &lines, err));
			/* With force_speculation every input split is a range of its own. */
			if (!r->knobs.force_speculation && seam != NULL && seam->file == range->file &&
			    seam->end == range->begin)
				seam->end = range->end;
			else
				seams[(*count)++] =
				    (mill_csv_seam){.file = range->file, .begin = range->begin, .end = range->end};
			seams[*count - 1].lines += lines;
		}
	}
	return MILL_OK;
}

static mill_status take_lines(mill_csv_reader *r, const mill_csv_seam *seams, int64_t count, mill_error *err)
{
	int64_t lines = 0;
	for (int64_t i = 0; i < count; i++) {
		lines = i > 0 && seams[i - 1].file == seams[i].file ? lines + seams[i - 1].lines : 0;
		MILL_TRY(mill_csv_set_lines_before(r, seams[i].file, seams[i].begin, lines, err));
	}
	return MILL_OK;
}

mill_status mill_csv_prepare(mill_csv_reader *r, mill_comm *comm, int64_t first, int64_t last, mill_error *err)
{
	mill_bytes all;
	size_t before;
	int64_t count = 0;
	if (!r->spec.want_line)
		return MILL_OK;
	mill_bytes_init(&all, r->mem);
	mill_csv_seam *seams = mill_mem_calloc(r->mem, (size_t)r->plan->range_count + 1, sizeof *seams);
	mill_status status = seams == NULL ? nomem((size_t)r->plan->range_count * sizeof *seams, err)
	                                   : count_lines(r, first, last, seams, &count, err);
	status = gather(r, comm, status, seams, (size_t)count * sizeof *seams, &all, &before, err);
	if (status == MILL_OK)
		status = take_lines(r, (const mill_csv_seam *)(const void *)all.data,
		                    (int64_t)(all.size_bytes / sizeof *seams), err);
	mill_mem_free(seams);
	mill_bytes_release(&all);
	return mill_comm_agree(comm, status, err);
}
