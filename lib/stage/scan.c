/* Scan of a table as a stage's source: a run of splits a rank, a predicate pushed into the reader, guesses at run heads
 * checked when every rank is through (architecture §3, "Speculation"). */
#include "stage/books.h"
#include "stage/flow.h"
#include "stage/meter.h"
#include "stage/table.h"

#include <string.h>

typedef struct exact_start {
	int32_t file;
	int64_t begin;
	int64_t first_row;
} exact_start;

/* Under a LIMIT ranks read at once, each up to as many rows as are wanted. What they find wrong may be behind the last
 * of these, where it must not matter whatever the number of ranks: then rank 0 reads alone until it has that row, and
 * once more up to that row exactly. */
typedef enum scan_part { SCAN_TOGETHER, SCAN_ALONE, SCAN_UP_TO_BOUND } scan_part;

typedef struct scan_source {
	mill_unit_source base;
	scan_part part;
	mill_scan_bound bound;   /* of SCAN_UP_TO_BOUND */
	mill_scan_filter filter; /* used when the plan has a predicate */
	mill_run *run;
	const mill_table *table;
	const mill_plan *plan;
	const mill_split_plan *splits; /* the table's, or those of the files that the predicate leaves */
	mill_split_plan own_splits;
	int *columns;
	int *filter_columns;
	mill_scan_spec spec;
	mill_csv_reader *reader;
	mill_program *predicate;
	mill_row_error_policy *errors;
	exact_start *exact; /* starts of this rank's ranges in files whose guesses failed */
	int64_t exact_count;
	exact_start *line_starts; /* first_row is a number of lines here; only where _line is wanted */
	int64_t line_start_count;
	bool *bad_files; /* [file_count] */
} scan_source;

static mill_status scan_keep(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
                             mill_error *err)
{
	scan_source *source = (scan_source *)((char *)self - offsetof(scan_source, filter));
	mill_row_errors errors;
	MILL_TRY(mill_program_filter(source->predicate, batch, keep, kept, &errors, err));
	if (*kept == 0 && source->base.meter != NULL) /* nothing will be pushed, so nobody else ticks */
		MILL_TRY(mill_meter_tick(source->base.meter, err));
	return errors.count > 0 ? source->errors->report(source->errors, batch, &errors, err) : MILL_OK;
}

static void close_attempt(scan_source *source)
{
	mill_csv_reader_close(source->reader);
	mill_program_free(source->predicate);
	source->reader = NULL;
	source->predicate = NULL;
}

static mill_status scan_begin(mill_unit_source *self, mill_run *run, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	close_attempt(source);
	mill_audit_drop_attempt(source->table->audit);
	if (source->plan->predicate != NULL) {
		mill_expr *predicate = mill_expr_bind_params(run->arena, source->plan->predicate, run->params, err);
		if (predicate == NULL)
			return MILL_NOMEM;
		MILL_TRY(mill_program_new(&predicate, 1, run->knobs, run->mem, &source->predicate, err));
		source->errors = mill_books_sql_errors(run->books, source->plan->sql, source->plan->sql_where);
	}
	MILL_TRY(mill_csv_reader_open(&source->table->csv, source->splits, &source->spec, run->knobs, run->mem,
	                              &source->reader, err));
	for (int64_t i = 0; i < source->exact_count; i++)
		MILL_TRY(mill_csv_set_exact(source->reader, source->exact[i].file, source->exact[i].begin,
		                            source->exact[i].first_row, err));
	for (int64_t i = 0; i < source->line_start_count; i++)
		MILL_TRY(mill_csv_set_lines_before(source->reader, source->line_starts[i].file,
		                                   source->line_starts[i].begin, source->line_starts[i].first_row,
		                                   err));
	return MILL_OK;
}

static mill_status scan_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	MILL_TRY(mill_csv_read_split(source->reader, unit, sink, err));
	return sink->finish_unit(sink, err);
}

static int64_t scan_consumed(const mill_unit_source *self)
{
	const scan_source *source = (const scan_source *)self;
	return mill_csv_counts(source->reader)->text_bytes;
}

static void scan_dropped(const mill_unit_source *self, int64_t *bad, int64_t *filtered)
{
	const scan_source *source = (const scan_source *)self;
	const mill_scan_counts *counts = mill_csv_counts(source->reader);
	*filtered = counts->filtered_rows;
	*bad = counts->dropped_rows;
}

static void scan_free(mill_unit_source *self)
{
	close_attempt((scan_source *)self);
}

/* Rows up to a range that was left early (LIMIT) were enough: what follows it is not used, so not checked either. */
static int64_t used_seams(const mill_seam *seams, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		if (seams[i].left_early)
			return i + 1;
	return count;
}

/* Transitions of this rank's ranges in bad files, one blob a rank in file order. */
static mill_status scan_transitions(scan_source *source, const mill_seam *seams, int64_t count, mill_bytes *out,
                                    mill_error *err)
{
	for (int64_t i = 0; i < count; i++) {
		if (!source->bad_files[seams[i].file])
			continue;
		mill_range range = {seams[i].file, seams[i].begin, seams[i].end};
		mill_csv_transition transition;
		MILL_TRY(mill_csv_scan_transition(&source->table->csv, &range, source->run->mem, &transition, err));
		MILL_TRY(mill_bytes_append(out, &transition, sizeof transition));
	}
	return MILL_OK;
}

static mill_status take_exact(scan_source *source, const mill_csv_transition *all, int64_t count, mill_error *err)
{
	mill_arena *arena = source->run->arena;
	int64_t *first_rows = mill_arena_array(arena, (size_t)count, sizeof *first_rows);
	exact_start *exact = mill_arena_array(arena, (size_t)(count + source->exact_count), sizeof *exact);
	if (first_rows == NULL || exact == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *exact, "exact starts of a scan");
	for (int64_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && all[next].file == all[i].file;)
			next++;
		mill_csv_compose(all + i, next - i, first_rows + i);
	}
	if (source->exact_count > 0)
		memcpy(exact, source->exact, (size_t)source->exact_count * sizeof *exact);
	source->exact = exact;
	for (int64_t i = 0; i < count; i++)
		exact[source->exact_count++] = (exact_start){all[i].file, all[i].begin, first_rows[i]};
	return MILL_OK;
}

/* Collective: the exact pass over the files whose guesses failed. */
static mill_status find_exact(scan_source *source, const mill_seam *mine, int64_t count, mill_error *err)
{
	mill_comm *comm = source->run->comm;
	mill_bytes local, all;
	mill_bytes_init(&local, source->run->mem);
	mill_bytes_init(&all, source->run->mem);
	size_t *sizes = mill_arena_array(source->run->arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "exact starts of a scan")
	                                   : scan_transitions(source, mine, count, &local, err);
	status = mill_comm_agree(comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, local.data, local.size_bytes, &all, sizes, err);
	if (status == MILL_OK)
		status = take_exact(source, (const mill_csv_transition *)(const void *)all.data,
		                    (int64_t)(all.size_bytes / sizeof(mill_csv_transition)), err);
	mill_bytes_release(&local);
	mill_bytes_release(&all);
	return status;
}

static mill_status check_seams(scan_source *source, const mill_seam *seams, int64_t count, bool *again, mill_error *err)
{
	int64_t files = source->table->csv.file_count;
	int64_t bad_count = 0;
	memset(source->bad_files, 0, (size_t)files * sizeof(bool));
	MILL_TRY(mill_csv_check_seams(seams, count, source->bad_files, files, &bad_count, err));
	*again = bad_count > 0;
	return MILL_OK;
}

/* Collective. seams: those of all ranks that are to be judged; from first_mine on there are mine_count of this rank. */
static mill_status judge(scan_source *source, const mill_seam *seams, int64_t count, int64_t first_mine,
                         int64_t mine_count, mill_error *err)
{
	int64_t *lines = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof *lines);
	if (lines == NULL)
		return mill_fail_nomem(err, 0, "line numbers of a scan");
	mill_csv_line_bases(&source->table->csv, seams, count, lines);
	first_mine = mill_min_i64(first_mine, count);
	mine_count = mill_min_i64(mine_count, count - first_mine);
	return mill_audit_judge(source->table->audit, seams, count, lines + first_mine, mine_count, err);
}

static void read_alone(scan_source *source)
{
	source->part = SCAN_ALONE;
	source->base.first_unit = 0;
	source->base.end_unit = mill_comm_rank(source->run->comm) == 0 ? source->splits->split_count : 0;
}

static bool scan_retry(mill_unit_source *self, mill_run *run)
{
	scan_source *source = (scan_source *)self;
	if (source->part != SCAN_TOGETHER || mill_comm_size(run->comm) == 1)
		return false;
	read_alone(source);
	return true;
}

/* Collective: what this attempt read counts only where it cannot be behind the last row that is wanted. Unless nothing
 * is wrong and no manifest tells how much was read, the attempt is repeated up to that row. *judged: what was read is
 * what counts. */
static mill_status repeat_for_limit(scan_source *source, bool *again, bool *judged, mill_error *err)
{
	mill_first_rows *first = source->base.first;
	mill_run *run = source->run;
	bool is_root = mill_comm_rank(run->comm) == 0;
	int64_t sums[3] = {mill_audit_found(source->table->audit) + mill_books_sql_found(run->books), first->rows,
	                   is_root ? first->rows : 0};
	MILL_TRY(mill_comm_sum_i64(run->comm, sums, 3, err));
	if (sums[1] < first->limit || source->part == SCAN_UP_TO_BOUND)
		return MILL_OK;
	*judged = false;
	if (sums[0] == 0 && !run->books->keeps_refused)
		return MILL_OK;
	*again = true;
	read_alone(source);
	if (sums[2] < first->limit)
		return MILL_OK;
	source->part = SCAN_UP_TO_BOUND;
	source->bound = (mill_scan_bound){.file = (int32_t)first->last_id[0], .offset = (int64_t)first->last_id[1]};
	if (first->limit == 0)
		source->base.end_unit = source->base.first_unit;
	source->spec.bound = &source->bound;
	first->reads_on = true;
	return MILL_OK;
}

static mill_status scan_end(mill_unit_source *self, mill_run *run, bool *again, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	int64_t mine_count = 0, first_mine = 0;
	bool judged = true;
	const mill_seam *mine = mill_csv_seams(source->reader, &mine_count);
	mill_bytes all;
	mill_bytes_init(&all, run->mem);
	size_t *sizes = mill_arena_array(run->arena, (size_t)mill_comm_size(run->comm), sizeof *sizes);
	if (sizes == NULL)
		return mill_fail_nomem(err, 0, "seams of a scan");
	mill_status status = mill_comm_allgather(run->comm, mine, (size_t)mine_count * sizeof *mine, &all, sizes, err);
	for (int rank = 0; rank < mill_comm_rank(run->comm); rank++)
		first_mine += (int64_t)(sizes[rank] / sizeof *mine);
	const mill_seam *seams = (const mill_seam *)(const void *)all.data;
	int64_t count = used_seams(seams, (int64_t)(all.size_bytes / sizeof *seams));
	if (status == MILL_OK)
		status = check_seams(source, seams, count, again, err);
	if (status == MILL_OK && *again)
		status = find_exact(source, mine, mine_count, err);
	else if (status == MILL_OK && source->base.first != NULL)
		status = repeat_for_limit(source, again, &judged, err);
	if (status == MILL_OK && !*again)
		status = judge(source, seams, judged ? count : 0, first_mine, mine_count, err);
	mill_bytes_release(&all);
	return status;
}

static void mark_column(void *context, int column)
{
	((bool *)context)[column] = true;
}

/* The scan's columns that the predicate needs. */
static mill_status make_filter(scan_source *source, mill_error *err)
{
	int count = source->plan->schema.count;
	bool *used = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof *used);
	source->filter_columns = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof(int));
	if (used == NULL || source->filter_columns == NULL)
		return mill_fail_nomem(err, (size_t)count, "a scan's filter");
	mill_expr_columns(source->plan->predicate, mark_column, used);
	for (int i = 0; i < count; i++)
		if (used[i])
			source->filter_columns[source->filter.column_count++] = i;
	source->filter.columns = source->filter_columns;
	source->filter.keep = scan_keep;
	source->spec.filter = &source->filter;
	return MILL_OK;
}

static void want_hidden(mill_scan_spec *spec, int which)
{
	bool *const wants[MILL_HIDDEN_COLUMNS] = {&spec->want_file, &spec->want_line, &spec->want_offset};
	*wants[which] = true;
}

static mill_status fill_spec(scan_source *source, bool with_ids, mill_error *err)
{
	int count = source->plan->schema.count;
	int own = source->table->csv.schema.count;
	source->columns = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof(int));
	if (source->columns == NULL)
		return mill_fail_nomem(err, (size_t)count, "a scan");
	for (int i = 0; i < count; i++) {
		int column = source->plan->columns != NULL ? source->plan->columns[i] : i;
		if (column < own)
			source->columns[source->spec.column_count++] = column;
		else
			want_hidden(&source->spec, column - own);
	}
	source->spec.columns = source->columns;
	source->spec.with_ids = with_ids;
	source->spec.bad_policy = mill_audit_policy(source->table->audit);
	source->spec.bad_rows = mill_audit_bad_rows(source->table->audit);
	return source->plan->predicate != NULL ? make_filter(source, err) : MILL_OK;
}

/* The contiguous ranges of files that this rank reads: where each begins, and the line ends in it. */
static mill_status count_own_lines(scan_source *source, mill_seam *seams, int64_t *count, mill_error *err)
{
	const mill_split_plan *splits = source->splits;
	bool alone = source->run->knobs->force_speculation; /* every split is a range of its own */
	*count = 0;
	for (int64_t s = source->base.first_unit; s < source->base.end_unit; s++) {
		const mill_split *split = &splits->splits[s];
		for (int64_t r = split->first_range; r < split->first_range + split->range_count; r++) {
			const mill_range *range = &splits->ranges[r];
			mill_seam *last = *count > 0 ? &seams[*count - 1] : NULL;
			int64_t lines;
			MILL_TRY(mill_csv_count_lines(&source->table->csv, range, source->run->mem, &lines, err));
			if (!alone && last != NULL && last->file == range->file && last->end == range->begin)
				last->end = range->end;
			else
				seams[(*count)++] =
				    (mill_seam){.file = range->file, .begin = range->begin, .end = range->end};
			seams[*count - 1].lines += lines;
		}
	}
	return MILL_OK;
}

static mill_status take_lines(scan_source *source, const mill_bytes *all, mill_error *err)
{
	const mill_seam *seams = (const mill_seam *)(const void *)all->data;
	int64_t count = (int64_t)(all->size_bytes / sizeof *seams);
	source->line_starts = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof *source->line_starts);
	if (source->line_starts == NULL)
		return mill_fail_nomem(err, all->size_bytes, "line numbers of a scan");
	int64_t lines = 0;
	for (int64_t i = 0; i < count; i++) {
		lines = i > 0 && seams[i - 1].file == seams[i].file ? lines + seams[i - 1].lines : 0;
		source->line_starts[i] = (exact_start){seams[i].file, seams[i].begin, lines};
	}
	source->line_start_count = count;
	return MILL_OK;
}

/* Collective: what _line needs before the first row is read. */
static mill_status count_lines(scan_source *source, mill_error *err)
{
	mill_comm *comm = source->run->comm;
	mill_bytes all;
	int64_t count = 0;
	mill_seam *seams = mill_arena_array(source->run->arena, (size_t)source->splits->range_count + 1, sizeof *seams);
	size_t *sizes = mill_arena_array(source->run->arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status = seams == NULL || sizes == NULL ? mill_fail_nomem(err, 0, "line numbers of a scan")
	                                                    : count_own_lines(source, seams, &count, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	mill_bytes_init(&all, source->run->mem);
	status = mill_comm_allgather(comm, seams, (size_t)count * sizeof *seams, &all, sizes, err);
	if (status == MILL_OK)
		status = take_lines(source, &all, err);
	mill_bytes_release(&all);
	return mill_comm_agree(comm, status, err);
}

/* Hive folders that the predicate rules out are not read. */
static mill_status choose_splits(scan_source *source, int64_t *size_bytes, mill_error *err)
{
	const bool *wanted = NULL;
	int64_t count = 0;
	MILL_TRY(mill_table_prune(source->run, source->table, source->plan, &wanted, &count, err));
	source->splits = &source->table->splits;
	*size_bytes = source->table->size_bytes;
	if (wanted == NULL)
		return MILL_OK;
	source->splits = &source->own_splits;
	return mill_table_plan_splits(source->run, source->table, wanted, &source->own_splits, size_bytes, err);
}

mill_status mill_scan_source_new(mill_run *run, const mill_plan *plan, bool with_ids, mill_unit_source **out,
                                 int64_t *size_bytes, mill_error *err)
{
	scan_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a scan");
	source->run = run;
	source->table = run->tables[plan->table];
	source->plan = plan;
	source->bad_files = mill_arena_array(run->arena, (size_t)source->table->csv.file_count + 1, sizeof(bool));
	if (source->bad_files == NULL)
		return mill_fail_nomem(err, (size_t)source->table->csv.file_count, "a scan");
	MILL_TRY(fill_spec(source, with_ids, err));
	MILL_TRY(choose_splits(source, size_bytes, err));
	mill_split_run(source->splits, mill_comm_rank(run->comm), mill_comm_size(run->comm), &source->base.first_unit,
	               &source->base.end_unit);
	source->base.name = source->table->spec.name;
	source->base.begin = scan_begin;
	source->base.read = scan_read;
	source->base.end = scan_end;
	source->base.consumed_bytes = scan_consumed;
	source->base.dropped_rows = scan_dropped;
	source->base.free = scan_free;
	source->base.retry = scan_retry;
	*out = &source->base;
	return source->spec.want_line ? count_lines(source, err) : MILL_OK;
}
