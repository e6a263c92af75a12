/* Stretches of input splits: opening files, finding first rows, seams. */
#include "formats/batch.h"
#include "formats/csv/guess.h"
#include "formats/csv/lines.h"
#include "formats/csv/scan.h"

#include "base/simd.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)1 << 20)
/* Small input splits are a matter of tests: they should not read a megabyte each. */
#define LEAST_READ_BYTES ((size_t)4 << 10)

static mill_status plan_fields(mill_csv_reader *r, mill_error *err)
{
	const mill_scan_spec *spec = &r->spec;
	size_t fields = (size_t)r->table->base.file_column_count + 1;
	size_t outputs = (size_t)spec->column_count + 8;
	r->fields = mill_mem_calloc(r->mem, fields, sizeof *r->fields);
	r->decoded = mill_mem_calloc(r->mem, fields, sizeof *r->decoded);
	r->filter_needs = mill_mem_calloc(r->mem, outputs, sizeof *r->filter_needs);
	if (r->fields == NULL || r->decoded == NULL || r->filter_needs == NULL)
		return mill_fail_nomem(err, fields * sizeof *r->decoded, "a CSV scan");
	for (int f = 0; f < r->table->base.file_column_count; f++)
		r->fields[f].type = r->table->base.schema.fields[f].type;
	for (int i = 0; i < spec->column_count; i++)
		if (spec->columns[i] < r->table->base.file_column_count)
			r->fields[spec->columns[i]].is_wanted = true;
	for (int i = 0; spec->filter != NULL && i < spec->filter->column_count; i++) {
		int at = spec->filter->columns[i];
		r->filter_needs[at] = true;
		if (at < spec->column_count && spec->columns[at] < r->table->base.file_column_count)
			r->fields[spec->columns[at]].is_in_filter = true;
	}
	return MILL_OK;
}

mill_status mill_csv_reader_open(const mill_csv_table *table, const mill_input_plan *plan, const mill_scan_spec *spec,
                                 const mill_format_env *env, mill_csv_reader **out, mill_error *err)
{
	MILL_TRY(mill_scan_check(&table->base, spec, err));
	mill_csv_reader *r = mill_arena_alloc(env->arena, sizeof *r);
	if (r == NULL)
		return mill_fail_nomem(err, sizeof *r, "a CSV scan");
	r->base.format = table->base.format;
	r->table = table;
	r->plan = plan;
	r->spec = *spec;
	r->knobs = *env->knobs;
	r->mem = env->mem;
	r->arena = env->arena;
	r->simd = mill_simd_level(env->knobs);
	mill_csv_rows_init(&r->rows, r->mem);
	mill_bytes_init(&r->detail, r->mem);
	*out = r;
	return MILL_OK;
}

/* Everything that an attempt took. */
static void release_attempt(mill_csv_reader *r)
{
	mill_csv_buffer_close(&r->buffer);
	mill_csv_rows_release(&r->rows);
	if (r->decoder.mem != NULL)
		mill_csv_decoder_release(&r->decoder);
	mill_bytes_release(&r->detail);
	mill_mem_free(r->fields);
	mill_mem_free(r->decoded);
	mill_mem_free(r->filter_needs);
	mill_mem_free(r->seams);
	r->fields = NULL;
	r->decoded = NULL;
	r->filter_needs = NULL;
	r->seams = NULL;
	r->seam_count = r->seam_capacity = 0;
}

mill_status mill_csv_reader_begin(mill_csv_reader *r, const mill_scan_spec *spec, mill_error *err)
{
	release_attempt(r);
	r->spec = *spec;
	r->buffer_file = -1;
	r->next_split = -1;
	r->base.counts = (mill_scan_counts){0};
	r->decode_eagerly = false;
	MILL_TRY(mill_csv_rules_init(&r->rules, &r->table->options, err));
	mill_csv_decoder_init(&r->decoder, &r->rules, r->simd, spec->bad_policy == MILL_BAD_NULL, r->mem);
	return plan_fields(r, err);
}

void mill_csv_reader_close(mill_csv_reader *r)
{
	if (r != NULL)
		release_attempt(r);
}

const mill_csv_seam *mill_csv_seams(const mill_csv_reader *reader, int64_t *count)
{
	*count = reader->seam_count;
	return reader->seams;
}

const mill_scan_counts *mill_csv_counts(const mill_csv_reader *reader)
{
	return &reader->base.counts;
}

/* Lives as long as the reader: an attempt begins with what the ones before it learned. */
static mill_status remember(mill_csv_reader *r, mill_csv_known_list *list, int32_t file, int64_t begin, int64_t value,
                            mill_error *err)
{
	if (list->count == list->capacity) {
		int64_t capacity = list->capacity * 2 + 16;
		mill_csv_known *items = mill_arena_array(r->arena, (size_t)capacity, sizeof *items);
		if (items == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof *items, "a CSV scan");
		if (list->count > 0)
			memcpy(items, list->items, (size_t)list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = (mill_csv_known){file, begin, value};
	return MILL_OK;
}

static bool recall(const mill_csv_known_list *list, int32_t file, int64_t begin, int64_t *value)
{
	for (int64_t i = list->count - 1; i >= 0; i--)
		if (list->items[i].file == file && list->items[i].begin == begin) {
			*value = list->items[i].value;
			return true;
		}
	return false;
}

mill_status mill_csv_set_exact(mill_csv_reader *reader, int32_t file, int64_t begin, int64_t first_row, mill_error *err)
{
	return remember(reader, &reader->exact_rows, file, begin, first_row, err);
}

mill_status mill_csv_set_lines_before(mill_csv_reader *reader, int32_t file, int64_t begin, int64_t lines,
                                      mill_error *err)
{
	return remember(reader, &reader->line_bases, file, begin, lines, err);
}

static mill_status open_window(mill_csv_reader *r, const mill_range *range, mill_error *err)
{
	if (r->buffer_file == range->file)
		return MILL_OK;
	int64_t wanted = mill_max_i64(range->end - range->begin, (int64_t)LEAST_READ_BYTES);
	size_t step = (size_t)mill_min_i64(wanted, (int64_t)READ_BYTES);
	r->buffer_file = -1;
	MILL_TRY(mill_csv_buffer_open(&r->buffer, r->table->base.storage, &r->table->base.files[range->file], step,
	                              r->mem, err));
	r->buffer_file = range->file;
	return MILL_OK;
}

/* Where the first row of a new contiguous range begins. */
static mill_status find_first_row(mill_csv_reader *r, mill_csv_seam *seam, mill_error *err)
{
	int64_t data_start = r->table->data_starts[seam->file];
	if (seam->begin <= data_start) {
		seam->first_row = data_start;
		return MILL_OK;
	}
	if (recall(&r->exact_rows, seam->file, seam->begin, &seam->first_row))
		return MILL_OK;
	mill_csv_state state;
	seam->guessed = true;
	MILL_TRY(mill_csv_guess_state(&r->buffer, &r->rules.bytes, r->simd, r->table->base.file_column_count,
	                              seam->begin, r->knobs.invert_guess, r->mem, &state, err));
	return mill_csv_find_row(&r->buffer, &r->rules.bytes, state, &seam->first_row, err);
}

mill_status mill_csv_count_lines(const mill_csv_table *table, const mill_range *range, mill_mem *mem, int64_t *lines,
                                 mill_error *err)
{
	mill_csv_buffer w = {0};
	int64_t count = 0;
	int simd = mill_simd_level(NULL);
	MILL_TRY(mill_csv_buffer_open(&w, table->base.storage, &table->base.files[range->file], READ_BYTES, mem, err));
	mill_status status = mill_csv_buffer_seek(&w, range->begin, err);
	while (status == MILL_OK && w.offset < range->end) {
		/* One byte ahead, for the LF of a CRLF. */
		if (w.size_bytes < 2 && !w.at_end) {
			status = mill_csv_buffer_more(&w, err);
			continue;
		}
		if (w.size_bytes == 0)
			break;
		size_t size = w.at_end ? w.size_bytes : w.size_bytes - 1;
		size = (size_t)mill_min_i64((int64_t)size, range->end - w.offset);
		count += mill_csv_line_ends(w.text, size, simd);
		mill_csv_buffer_drop(&w, size);
	}
	mill_csv_buffer_close(&w);
	if (status == MILL_OK)
		*lines = count;
	return status;
}

/* Lines before the seam's first_row, for _line. */
static mill_status find_line_base(mill_csv_reader *r, const mill_csv_seam *seam, mill_error *err)
{
	int64_t data_start = r->table->data_starts[seam->file], before = 0, between = 0;
	if (!r->spec.want_line)
		return MILL_OK;
	r->line_base = r->table->lead_lines[seam->file];
	if (seam->begin <= data_start)
		return MILL_OK;
	if (!recall(&r->line_bases, seam->file, seam->begin, &before)) {
		mill_range range = {seam->file, 0, seam->begin};
		MILL_TRY(mill_csv_count_lines(r->table, &range, r->mem, &before, err));
	}
	mill_range range = {seam->file, seam->begin, seam->first_row};
	MILL_TRY(mill_csv_count_lines(r->table, &range, r->mem, &between, err));
	r->line_base = before + between;
	return MILL_OK;
}

static mill_status add_seam(mill_csv_reader *r, const mill_range *range, mill_error *err)
{
	if (r->seam_count == r->seam_capacity) {
		int64_t capacity = r->seam_capacity * 2 + 16;
		mill_csv_seam *seams = mill_mem_realloc(r->mem, r->seams, (size_t)capacity * sizeof *seams);
		if (seams == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof *seams, "a CSV scan");
		r->seams = seams;
		r->seam_capacity = capacity;
	}
	mill_csv_seam seam = {.file = range->file, .begin = range->begin, .end = range->end};
	r->seams[r->seam_count++] = seam;
	return MILL_OK;
}

/* While a head is a guess, text that cannot be read speaks against the guess, not against the file: the seam fails. */
static bool is_guess_refuted(const mill_csv_seam *seam, mill_status status)
{
	return seam->guessed && (status == MILL_DATA || status == MILL_NOMEM);
}

static mill_status begin_seam(mill_csv_reader *r, const mill_range *range, mill_error *err)
{
	MILL_TRY(add_seam(r, range, err));
	mill_csv_seam *seam = &r->seams[r->seam_count - 1];
	mill_status status = find_first_row(r, seam, err);
	if (status == MILL_OK)
		status = find_line_base(r, seam, err);
	if (is_guess_refuted(seam, status)) {
		seam->next_row = -1;
		return MILL_OK;
	}
	seam->next_row = seam->first_row;
	r->line = (mill_csv_line_cursor){seam->first_row, 0};
	return status;
}

/* A file that ends before the end that was planned by has changed under us. */
static mill_status check_size(const mill_csv_reader *r, const mill_range *range, bool at_end, mill_error *err)
{
	const mill_input_file *file = &r->table->base.files[range->file];
	if (!at_end || file->codec != MILL_CODEC_NONE || r->buffer.offset >= range->end)
		return MILL_OK;
	return mill_fail(err, MILL_IO,
	                 "%s ends at byte %lld, but had %lld when it was listed: was it changed meanwhile?", file->uri,
	                 (long long)r->buffer.offset, (long long)file->size_bytes);
}

/* Where rows of the range that are wanted no longer begin. */
static int64_t wanted_end(const mill_csv_reader *r, const mill_range *range)
{
	const mill_scan_bound *bound = r->spec.bound;
	if (bound == NULL || range->file < bound->file)
		return range->end;
	return range->file > bound->file ? range->begin : mill_min_i64(range->end, bound->offset + 1);
}

/* The rows of one range, from seam->next_row on. */
static mill_status read_rows(mill_csv_reader *r, const mill_range *range, mill_sink *sink, mill_error *err)
{
	mill_csv_seam *seam = &r->seams[r->seam_count - 1];
	bool at_end = false;
	int64_t end = wanted_end(r, range);
	const mill_scan_bound *bound = r->spec.bound;
	seam->left_early = bound != NULL && bound->file == range->file && bound->offset < range->end;
	if (seam->next_row < 0 || seam->next_row >= end)
		return MILL_OK;
	MILL_TRY(mill_csv_buffer_seek(&r->buffer, seam->next_row, err));
	int64_t rows_before = r->base.counts.read_rows;
	while (!at_end && r->buffer.offset < end && !sink->done) {
		mill_status status = mill_csv_read_batch(r, end, sink, &at_end, err);
		if (status != MILL_OK) {
			seam->next_row = -1;
			return r->text_failed && is_guess_refuted(seam, status) ? MILL_OK : status;
		}
	}
	MILL_TRY(check_size(r, range, at_end, err));
	seam->left_early |= sink->done && !at_end && r->buffer.offset < range->end;
	seam->next_row = r->buffer.offset;
	seam->lines = r->line.lines;
	seam->rows += r->base.counts.read_rows - rows_before;
	return MILL_OK;
}

static bool continues_seam(const mill_csv_reader *r, const mill_range *range)
{
	if (r->seam_count == 0 || r->knobs.force_speculation)
		return false;
	const mill_csv_seam *seam = &r->seams[r->seam_count - 1];
	return seam->file == range->file && seam->end == range->begin && range->begin > 0;
}

static mill_status read_range(mill_csv_reader *r, const mill_range *range, bool chained, mill_sink *sink,
                              mill_error *err)
{
	MILL_TRY(open_window(r, range, err));
	if (chained && continues_seam(r, range))
		r->seams[r->seam_count - 1].end = range->end;
	else
		MILL_TRY(begin_seam(r, range, err));
	return read_rows(r, range, sink, err);
}

mill_status mill_csv_read_split(mill_csv_reader *r, int64_t split, mill_sink *sink, mill_error *err)
{
	if (split < 0 || split >= r->plan->split_count)
		return mill_fail(err, MILL_INTERNAL, "split %lld of %lld was asked for", (long long)split,
		                 (long long)r->plan->split_count);
	const mill_input_split *s = &r->plan->splits[split];
	bool chained = split == r->next_split;
	r->next_split = split + 1;
	for (int32_t i = 0; i < s->range_count && !sink->done; i++) {
		const mill_range *range = &r->plan->ranges[s->first_range + i];
		if (wanted_end(r, range) <= range->begin)
			break;
		MILL_TRY(read_range(r, range, chained || i > 0, sink, err));
	}
	return MILL_OK;
}

static int compare_seams(const void *a, const void *b)
{
	const mill_csv_seam *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

void mill_csv_sort_seams(mill_csv_seam *seams, int64_t count)
{
	if (count > 1)
		qsort(seams, (size_t)count, sizeof *seams, compare_seams);
}

void mill_csv_line_bases(const mill_csv_table *table, const mill_csv_seam *seams, int64_t count, int64_t *bases)
{
	int64_t lines = 0;
	for (int64_t i = 0; i < count; i++) {
		if (i == 0 || seams[i].file != seams[i - 1].file)
			lines = table->lead_lines[seams[i].file];
		bases[i] = lines;
		lines += seams[i].lines;
	}
}
