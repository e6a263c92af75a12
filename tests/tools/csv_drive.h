/* Reads CSV files as a job does: splits, R simulated ranks, seams, exact re-reading of files whose guesses failed. The
 * rows come out as text, so that two ways of reading can be compared byte by byte. Shared by tests, the fuzz target and
 * csvcheck. */
#ifndef RANKMILL_TESTS_CSV_DRIVE_H
#define RANKMILL_TESTS_CSV_DRIVE_H

#include "column/value.h"
#include "formats/csv/csv.h"
#include "formats/open.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct drive_setting {
	int64_t split_bytes;
	int ranks;
	bool force_speculation;
	bool invert_guess;
	int64_t batch_rows;
	int simd;
	mill_bad_policy policy;
	const int *columns; /* NULL: all of the schema */
	int column_count;
	bool hidden; /* _file, _line, _offset too */
	mill_scan_filter *filter;
} drive_setting;

typedef struct drive_result {
	mill_bytes rows; /* a row a line: file, offset, values */
	mill_bytes bad;  /* a bad row a line: file, offset, line, column, reason, caret, detail */
	int64_t row_count;
	int64_t bad_count;
	int64_t reread_files;
	mill_scan_counts counts;
} drive_result;

static inline drive_setting drive_plain(void)
{
	drive_setting s = {.split_bytes = INT64_MAX / 4, .ranks = 1, .batch_rows = 8192, .policy = MILL_BAD_QUARANTINE};
	return s;
}

static inline void drive_result_init(drive_result *r, mill_mem *mem)
{
	memset(r, 0, sizeof *r);
	mill_bytes_init(&r->rows, mem);
	mill_bytes_init(&r->bad, mem);
}

static inline void drive_result_release(drive_result *r)
{
	mill_bytes_release(&r->rows);
	mill_bytes_release(&r->bad);
}

/* A bad row as it was reported, before the seams tell its line. */
typedef struct drive_bad {
	int32_t file;
	int64_t seam; /* over all ranks */
	int64_t line;
	int64_t offset;
	size_t text_at; /* in drive.bad_text */
	size_t text_bytes;
} drive_bad;

typedef struct drive {
	mill_sink sink;
	mill_bad_rows bad_rows;
	const mill_csv_table *table;
	mill_mem *mem;
	const bool *files; /* taken from; NULL: all */
	mill_bytes *rows;  /* [file_count] */
	int64_t *row_counts;
	mill_bytes bad_text;
	mill_bytes bad; /* drive_bad */
	int64_t seam_base;
} drive;

static inline mill_status drive_value(drive *d, const mill_column *column, int64_t row, mill_bytes *out)
{
	if (mill_column_is_null(column, row))
		return mill_bytes_append_text(out, "\\N");
	if (!mill_type_is_text(column->type))
		return mill_value_text(column, row, out);
	int32_t length;
	const char *text = mill_column_text(column, row, &length);
	(void)d;
	for (int32_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == '\\' || c == 0x7F)
			MILL_TRY(mill_bytes_printf(out, "\\x%02x", c));
		else
			MILL_TRY(mill_bytes_append_u8(out, c));
	}
	return MILL_OK;
}

static inline mill_status drive_push(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	drive *d = (drive *)sink;
	MILL_TRY(mill_batch_validate(batch, err));
	const mill_column *ids = batch->columns + mill_batch_visible(batch);
	for (int64_t r = 0; r < batch->rows; r++) {
		uint64_t file = ((const uint64_t *)ids[0].values)[r];
		if (d->files != NULL && !d->files[file])
			continue;
		mill_bytes *out = &d->rows[file];
		MILL_TRY(mill_bytes_printf(out, "%llu\t%llu", (unsigned long long)file,
		                           (unsigned long long)((const uint64_t *)ids[1].values)[r]));
		for (int c = 0; c < mill_batch_visible(batch); c++) {
			MILL_TRY(mill_bytes_append_u8(out, '\t'));
			MILL_TRY(drive_value(d, &batch->columns[c], r, out));
		}
		MILL_TRY(mill_bytes_append_u8(out, '\n'));
		d->row_counts[file]++;
	}
	return MILL_OK;
}

static inline mill_status drive_report(mill_bad_rows *self, const mill_bad_row *row, mill_error *err)
{
	static const char *const reasons[] = {
#define X(name, text) text,
	    MILL_BAD_REASON_TABLE(X)
#undef X
	};
	drive *d = (drive *)((char *)self - offsetof(drive, bad_rows));
	(void)err;
	if (d->files != NULL && !d->files[row->file])
		return MILL_OK;
	drive_bad bad = {row->file, d->seam_base + row->piece, row->line, row->offset, d->bad_text.size_bytes, 0};
	MILL_TRY(mill_bytes_printf(&d->bad_text, "\t%d\t%s\t%zu\t%s\t", (int)row->column, reasons[row->reason],
	                           row->caret_bytes, row->detail));
	for (size_t i = 0; i < row->raw_bytes; i++)
		MILL_TRY(mill_bytes_printf(&d->bad_text, (unsigned char)row->raw[i] < 0x20 ? "\\x%02x" : "%c",
		                           (unsigned char)row->raw[i]));
	bad.text_bytes = d->bad_text.size_bytes - bad.text_at;
	return mill_bytes_append(&d->bad, &bad, sizeof bad);
}

/* What one pass over the ranks works on. */
typedef struct drive_pass {
	drive d;
	mill_bytes seams; /* mill_csv_seam, in rank order, which is the order of (file, begin) */
	mill_scan_counts counts;
	const mill_csv_transition *exact; /* of ranges whose first rows are known */
	const int64_t *first_rows;
	int64_t exact_count;
} drive_pass;

static inline mill_status drive_rank(drive_pass *pass, const drive_setting *s, const mill_input_plan *plan, int rank,
                                     const mill_scan_spec *spec, const mill_knobs *knobs, mill_error *err)
{
	mill_csv_reader *reader = NULL;
	int64_t first, last, seam_count;
	mill_status status;
	mill_arena arena;
	mill_arena_init(&arena, pass->d.mem);
	mill_format_env env = {knobs, pass->d.table->base.storage, pass->d.mem, &arena};
	MILL_TRY_GOTO(mill_csv_reader_open(pass->d.table, plan, spec, &env, &reader, err), done);
	pass->d.seam_base = (int64_t)(pass->seams.size_bytes / sizeof(mill_csv_seam));
	for (int64_t i = 0; i < pass->exact_count; i++)
		MILL_TRY_GOTO(
		    mill_csv_set_exact(reader, pass->exact[i].file, pass->exact[i].begin, pass->first_rows[i], err),
		    done);
	mill_input_share(plan, rank, s->ranks, &first, &last);
	status = mill_csv_reader_begin(reader, spec, err);
	for (int64_t split = first; split < last && status == MILL_OK; split++)
		status = mill_csv_read_split(reader, split, &pass->d.sink, err);
	if (status == MILL_OK) {
		const mill_csv_seam *seams = mill_csv_seams(reader, &seam_count);
		status = mill_bytes_append(&pass->seams, seams, (size_t)seam_count * sizeof *seams);
		const mill_scan_counts *counts = mill_csv_counts(reader);
		pass->counts.read_rows += counts->read_rows;
		pass->counts.bad_rows += counts->bad_rows;
		pass->counts.filtered_rows += counts->filtered_rows;
		pass->counts.text_bytes += counts->text_bytes;
	}
done:
	mill_csv_reader_close(reader);
	mill_arena_release(&arena);
	return status;
}

static inline mill_status drive_ranks(drive_pass *pass, const drive_setting *s, const mill_input_plan *plan,
                                      mill_error *err)
{
	mill_knobs knobs = mill_knobs_defaults();
	knobs.batch_rows = s->batch_rows;
	knobs.force_speculation = s->force_speculation;
	knobs.invert_guess = s->invert_guess;
	knobs.simd = s->simd;
	int all[1024];
	mill_scan_spec spec = {.columns = s->columns, .column_count = s->column_count, .with_ids = true};
	if (s->columns == NULL) {
		spec.column_count = pass->d.table->base.schema.count < 1024 ? pass->d.table->base.schema.count : 1024;
		for (int i = 0; i < spec.column_count; i++)
			all[i] = i;
		spec.columns = all;
	}
	spec.want_file = spec.want_line = spec.want_offset = s->hidden;
	spec.filter = s->filter;
	spec.bad_policy = s->policy;
	spec.bad_rows = &pass->d.bad_rows;
	pass->d.sink.push = drive_push;
	pass->d.bad_rows.report = drive_report;
	for (int rank = 0; rank < s->ranks; rank++)
		MILL_TRY(drive_rank(pass, s, plan, rank, &spec, &knobs, err));
	return MILL_OK;
}

/* Forgets what came from bad files and reads those again with exact starts. */
static inline mill_status drive_again(drive_pass *pass, const drive_setting *s, const mill_input_plan *plan,
                                      const bool *bad_files, mill_error *err)
{
	const mill_csv_seam *seams = (const mill_csv_seam *)(const void *)pass->seams.data;
	int64_t seam_count = (int64_t)(pass->seams.size_bytes / sizeof *seams), count = 0;
	mill_csv_transition *transitions = mill_mem_calloc(pass->d.mem, (size_t)seam_count + 1, sizeof *transitions);
	int64_t *first_rows = mill_mem_calloc(pass->d.mem, (size_t)seam_count + 1, sizeof *first_rows);
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < seam_count && status == MILL_OK; i++) {
		if (!bad_files[seams[i].file])
			continue;
		mill_range range = {seams[i].file, seams[i].begin, seams[i].end};
		status = mill_csv_scan_transition(pass->d.table, &range, pass->d.mem, &transitions[count++], err);
	}
	for (int64_t i = 0, n = 0; i < count; i += n) {
		for (n = 1; i + n < count && transitions[i + n].file == transitions[i].file;)
			n++;
		mill_csv_compose(transitions + i, n, first_rows + i);
	}
	drive_bad *bad = (drive_bad *)(void *)pass->d.bad.data;
	size_t bad_count = pass->d.bad.size_bytes / sizeof *bad, kept = 0;
	for (size_t i = 0; i < bad_count; i++)
		if (!bad_files[bad[i].file])
			bad[kept++] = bad[i];
	pass->d.bad.size_bytes = kept * sizeof *bad;
	for (int64_t f = 0; f < pass->d.table->base.file_count; f++)
		if (bad_files[f]) {
			pass->d.rows[f].size_bytes = 0;
			pass->d.row_counts[f] = 0;
		}
	pass->d.files = bad_files;
	pass->exact = transitions;
	pass->first_rows = first_rows;
	pass->exact_count = count;
	pass->counts = (mill_scan_counts){0};
	if (status == MILL_OK)
		status = drive_ranks(pass, s, plan, err);
	mill_mem_free(transitions);
	mill_mem_free(first_rows);
	return status;
}

static inline int drive_compare_bad(const void *a, const void *b)
{
	const drive_bad *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->text_at < y->text_at ? -1 : 1;
}

static inline mill_status drive_collect(drive_pass *pass, drive_result *out, mill_error *err)
{
	mill_mem *mem = pass->d.mem;
	const mill_csv_seam *seams = (const mill_csv_seam *)(const void *)pass->seams.data;
	int64_t seam_count = (int64_t)(pass->seams.size_bytes / sizeof *seams);
	int64_t *order = mill_mem_calloc(mem, (size_t)seam_count + 1, sizeof *order);
	mill_csv_seam *sorted = mill_mem_calloc(mem, (size_t)seam_count + 1, sizeof *sorted);
	int64_t *bases = mill_mem_calloc(mem, (size_t)seam_count + 1, sizeof *bases);
	(void)err;
	/* A second pass lists its seams behind those of the first: the later of two with one place counts. */
	int64_t n = 0;
	for (int64_t i = 0; i < seam_count; i++) {
		int64_t at = n;
		for (int64_t k = 0; k < n; k++)
			if (sorted[k].file == seams[i].file && sorted[k].begin == seams[i].begin)
				at = k;
		sorted[at] = seams[i];
		n += at == n ? 1 : 0;
	}
	mill_csv_sort_seams(sorted, n);
	mill_csv_line_bases(pass->d.table, sorted, n, bases);
	drive_bad *bad = (drive_bad *)(void *)pass->d.bad.data;
	size_t bad_count = pass->d.bad.size_bytes / sizeof *bad;
	if (bad_count > 1)
		qsort(bad, bad_count, sizeof *bad, drive_compare_bad);
	mill_status status = MILL_OK;
	for (size_t i = 0; i < bad_count && status == MILL_OK; i++) {
		int64_t base = -1;
		for (int64_t k = 0; k < n; k++)
			if (sorted[k].file == bad[i].file && sorted[k].begin == seams[bad[i].seam].begin)
				base = bases[k];
		status = mill_bytes_printf(&out->bad, "%d\t%lld\t%lld", (int)bad[i].file, (long long)bad[i].offset,
		                           (long long)(base + bad[i].line + 1));
		if (status == MILL_OK)
			status =
			    mill_bytes_append(&out->bad, pass->d.bad_text.data + bad[i].text_at, bad[i].text_bytes);
		if (status == MILL_OK)
			status = mill_bytes_append_u8(&out->bad, '\n');
		out->bad_count++;
	}
	for (int64_t f = 0; f < pass->d.table->base.file_count && status == MILL_OK; f++) {
		status = mill_bytes_append(&out->rows, pass->d.rows[f].data, pass->d.rows[f].size_bytes);
		out->row_count += pass->d.row_counts[f];
	}
	out->counts = pass->counts;
	mill_mem_free(order);
	mill_mem_free(sorted);
	mill_mem_free(bases);
	return status;
}

/* Reads the table as the setting says. *out must be initialised and empty. */
static inline mill_status drive_table(const mill_csv_table *table, const drive_setting *s, mill_mem *mem,
                                      drive_result *out, mill_error *err)
{
	mill_arena arena;
	mill_input_plan plan;
	drive_pass pass = {.d = {.table = table, .mem = mem}};
	int64_t files = table->base.file_count, bad_files_count = 0;
	mill_arena_init(&arena, mem);
	mill_bytes_init(&pass.seams, mem);
	mill_bytes_init(&pass.d.bad, mem);
	mill_bytes_init(&pass.d.bad_text, mem);
	bool *bad_files = mill_mem_calloc(mem, (size_t)files + 1, sizeof *bad_files);
	pass.d.rows = mill_mem_calloc(mem, (size_t)files + 1, sizeof *pass.d.rows);
	pass.d.row_counts = mill_mem_calloc(mem, (size_t)files + 1, sizeof *pass.d.row_counts);
	mill_status status =
	    bad_files == NULL || pass.d.rows == NULL || pass.d.row_counts == NULL ? MILL_NOMEM : MILL_OK;
	for (int64_t f = 0; f < files && status == MILL_OK; f++)
		mill_bytes_init(&pass.d.rows[f], mem);
	if (status == MILL_OK)
		status = mill_plan_input_splits(table->base.files, files, s->split_bytes, &arena, &plan, err);
	if (status == MILL_OK)
		status = drive_ranks(&pass, s, &plan, err);
	if (status == MILL_OK)
		status = mill_csv_check_seams((const mill_csv_seam *)(const void *)pass.seams.data,
		                              (int64_t)(pass.seams.size_bytes / sizeof(mill_csv_seam)), bad_files,
		                              files, &bad_files_count, err);
	if (status == MILL_OK && bad_files_count > 0)
		status = drive_again(&pass, s, &plan, bad_files, err);
	out->reread_files = bad_files_count;
	if (status == MILL_OK)
		status = drive_collect(&pass, out, err);
	for (int64_t f = 0; pass.d.rows != NULL && f < files; f++)
		mill_bytes_release(&pass.d.rows[f]);
	mill_mem_free(pass.d.rows);
	mill_mem_free(pass.d.row_counts);
	mill_mem_free(bad_files);
	mill_bytes_release(&pass.seams);
	mill_bytes_release(&pass.d.bad);
	mill_bytes_release(&pass.d.bad_text);
	mill_arena_release(&arena);
	return status;
}

/* Opens the files of a path on one rank. */
static inline mill_status drive_open(const char *path, const mill_csv_options *options, const mill_schema *declared,
                                     mill_storage *storage, mill_arena *arena, mill_csv_table *out, mill_error *err)
{
	const mill_schema nothing = {NULL, 0};
	mill_knobs knobs = mill_knobs_defaults();
	mill_format_env env = {&knobs, storage, storage->mem, arena};
	mill_format_source source = {.where = path, .options = &options->base};
	mill_format_table *table = NULL;
	mill_storage_listing listing;
	mill_comm_options alone = {.use_mpi = false};
	mill_comm *comm = NULL;
	source.declared = declared != NULL ? declared : &nothing;
	MILL_TRY(mill_storage_list(storage, path, arena, &listing, err));
	MILL_TRY(mill_source_of_listing(&listing, arena, &source, err));
	MILL_TRY(options->base.format->check_options(&options->base, err));
	MILL_TRY(mill_comm_open(&alone, storage->mem, &comm, err));
	mill_status status = mill_format_open(&source, comm, &env, &table, err);
	mill_comm_close(comm);
	if (status == MILL_OK)
		*out = *(mill_csv_table *)table;
	return status;
}

#endif
