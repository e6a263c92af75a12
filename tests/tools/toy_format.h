/* A format that nothing in the library knows, for tests of the seam: a file says how many rows it has, and rows are
 * counted, not bytes. A file of "STEPS rows step [bad]" has the columns value = row number × step and step, the same
 * in all its rows; row number `bad` is a bad row. Nothing is guessed, so that the defaults of the seam are used. */
#ifndef RANKMILL_TESTS_TOY_FORMAT_H
#define RANKMILL_TESTS_TOY_FORMAT_H

#include "formats/batch.h"
#include "formats/hive.h"
#include "formats/registry.h"
#include "formats/wire.h"

#include <stdio.h>
#include <string.h>

typedef struct toy_options {
	mill_format_options base;
	int64_t plus; /* added to every value */
} toy_options;

typedef struct toy_table {
	mill_format_table base;
	int64_t *rows; /* [file_count] */
	int64_t *steps;
	int64_t *bads; /* −1: none */
} toy_table;

typedef struct toy_describer {
	mill_format_describer base;
	const mill_format_source *source;
	mill_format_env env;
} toy_describer;

typedef struct toy_reader {
	mill_format_reader base;
	const toy_table *table;
	const mill_input_plan *plan;
	mill_scan_spec spec;
	mill_format_env env;
} toy_reader;

static inline bool toy_is_content(const uint8_t *head, size_t size_bytes)
{
	return size_bytes >= 5 && memcmp(head, "STEPS", 5) == 0;
}

static inline mill_status toy_new_options(const mill_format *self, mill_arena *arena, mill_format_options **out,
                                          mill_error *err)
{
	toy_options *options = mill_arena_alloc(arena, sizeof *options);
	if (options == NULL)
		return mill_fail_nomem(err, sizeof *options, "options");
	options->base.format = self;
	*out = &options->base;
	return MILL_OK;
}

static inline mill_status toy_read_plus(const mill_json *value, mill_format_options *options, mill_arena *arena,
                                        mill_error *err)
{
	(void)arena;
	return mill_json_int(value, -1000, 1000, &((toy_options *)options)->plus, err);
}

static inline mill_status toy_check_options(const mill_format_options *options, mill_error *err)
{
	if (((const toy_options *)options)->plus != 13)
		return MILL_OK;
	return mill_fail(err, MILL_USAGE, "plus is 13");
}

static inline mill_status toy_new_describer(const mill_format_source *source, const mill_bytes_view *first,
                                            const mill_format_env *env, mill_format_describer **out, mill_error *err)
{
	(void)first;
	toy_describer *d = mill_mem_calloc(env->mem, 1, sizeof *d);
	if (d == NULL)
		return mill_fail_nomem(err, sizeof *d, "a describer");
	*d = (toy_describer){{source->options->format}, source, *env};
	*out = &d->base;
	return MILL_OK;
}

static inline mill_status toy_describe(mill_format_describer *self, int64_t file, mill_bytes *out, bool *fixes,
                                       mill_error *err)
{
	toy_describer *d = (toy_describer *)self;
	const char *uri = d->source->files[file].uri;
	long long rows = 0, step = 0, bad = -1;
	mill_bytes text;
	mill_bytes_init(&text, d->env.mem);
	mill_status status = mill_storage_read_all(d->env.storage, uri, &text, err);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&text);
	if (status == MILL_OK && text.size_bytes > 0 &&
	    sscanf((const char *)text.data, "STEPS %lld %lld %lld", &rows, &step, &bad) < 2)
		status = mill_fail(err, MILL_DATA, "%s: no steps", uri);
	*fixes = text.size_bytes > 0;
	mill_bytes_release(&text);
	MILL_TRY(status);
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)rows));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)step));
	return mill_bytes_append_u64(out, (uint64_t)bad);
}

static inline void toy_free_describer(mill_format_describer *self)
{
	mill_mem_free(self);
}

static inline mill_status toy_arrays(toy_table *table, mill_arena *arena, mill_error *err)
{
	size_t count = (size_t)table->base.file_count + 1;
	table->rows = mill_arena_array(arena, count, sizeof(int64_t));
	table->steps = mill_arena_array(arena, count, sizeof(int64_t));
	table->bads = mill_arena_array(arena, count, sizeof(int64_t));
	bool whole = table->rows != NULL && table->steps != NULL && table->bads != NULL;
	return whole ? MILL_OK : mill_fail_nomem(err, count * 24, "a table");
}

static inline mill_status toy_unify(const mill_format_source *source, const mill_bytes_view *descriptions,
                                    const mill_format_env *env, mill_format_table **out, mill_error *err)
{
	static const char *const names[] = {"value", "step"};
	toy_table *table = mill_arena_alloc(env->arena, sizeof *table);
	if (table == NULL)
		return mill_fail_nomem(err, sizeof *table, "a table");
	mill_format_table *base = &table->base;
	*base = (mill_format_table){.format = source->options->format, .options = source->options};
	base->storage = env->storage;
	base->files = source->files;
	base->file_count = source->file_count;
	MILL_TRY(toy_arrays(table, env->arena, err));
	for (int64_t i = 0; i < source->file_count; i++) {
		mill_bytes_view view = descriptions[i];
		mill_wire wire = {.view = &view, .arena = env->arena, .ok = true};
		table->rows[i] = mill_wire_i64(&wire);
		table->steps[i] = mill_wire_i64(&wire);
		table->bads[i] = mill_wire_i64(&wire);
		base->row_count += table->rows[i];
		MILL_TRY(mill_wire_end(&wire, "a file", err));
	}
	int hive = 0;
	MILL_TRY(mill_hive_columns(source, names, 2, env->arena, &base->hive_at, &hive, err));
	base->file_column_count = 2;
	base->schema.count = 2 + hive;
	base->schema.fields = mill_arena_array(env->arena, (size_t)base->schema.count, sizeof(mill_field));
	base->is_declared = mill_arena_array(env->arena, (size_t)base->schema.count, sizeof(bool));
	if (base->schema.fields == NULL || base->is_declared == NULL)
		return mill_fail_nomem(err, 0, "a table");
	for (int c = 0; c < base->schema.count; c++) {
		bool own = c < 2;
		base->schema.fields[c] = (mill_field){
		    own ? names[c] : source->hive_keys[base->hive_at[c - 2]],
		    own ? mill_type_of(MILL_TYPE_INT64) : mill_hive_type(source, base->hive_at[c - 2]), true};
	}
	*out = base;
	return MILL_OK;
}

static inline mill_status toy_put(const mill_format_table *self, mill_bytes *out)
{
	const toy_table *table = (const toy_table *)self;
	for (int64_t i = 0; i < self->file_count; i++) {
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->rows[i]));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->steps[i]));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->bads[i]));
	}
	return MILL_OK;
}

static inline mill_status toy_get(const mill_format_table *common, mill_bytes_view *in, const mill_format_env *env,
                                  mill_format_table **out, mill_error *err)
{
	mill_wire wire = {.view = in, .arena = env->arena, .ok = true};
	toy_table *table = mill_arena_alloc(env->arena, sizeof *table);
	if (table == NULL)
		return mill_fail_nomem(err, sizeof *table, "a table");
	table->base = *common;
	MILL_TRY(toy_arrays(table, env->arena, err));
	for (int64_t i = 0; i < common->file_count; i++) {
		table->rows[i] = mill_wire_i64(&wire);
		table->steps[i] = mill_wire_i64(&wire);
		table->bads[i] = mill_wire_i64(&wire);
	}
	*out = &table->base;
	return mill_wire_end(&wire, "a table", err);
}

/* Splits of three rows each, whatever split_bytes says: ranges are in rows. */
static inline mill_status toy_plan_splits(const mill_format_table *self, const bool *wanted, int64_t split_bytes,
                                          mill_arena *arena, mill_input_plan *out, mill_error *err)
{
	const toy_table *table = (const toy_table *)self;
	int64_t most = 0, count = 0;
	(void)split_bytes;
	for (int64_t i = 0; i < self->file_count; i++)
		most += table->rows[i] / 3 + 1;
	out->ranges = mill_arena_array(arena, (size_t)most + 1, sizeof *out->ranges);
	out->splits = mill_arena_array(arena, (size_t)most + 1, sizeof *out->splits);
	if (out->ranges == NULL || out->splits == NULL)
		return mill_fail_nomem(err, 0, "splits");
	for (int64_t i = 0; i < self->file_count; i++)
		for (int64_t begin = 0; (wanted == NULL || wanted[i]) && begin < table->rows[i]; begin += 3) {
			int64_t end = begin + 3 < table->rows[i] ? begin + 3 : table->rows[i];
			out->ranges[count] = (mill_range){(int32_t)i, begin, end};
			out->splits[count] = (mill_input_split){count, 1, 8 * (end - begin)};
			count++;
		}
	out->range_count = out->split_count = count;
	return MILL_OK;
}

static inline bool toy_is_constant(const mill_format_table *table, int column)
{
	(void)table;
	return column == 1;
}

static inline mill_status toy_constants(const mill_format_table *self, int column, int64_t first, int64_t count,
                                        mill_mem *mem, mill_column *out, mill_error *err)
{
	(void)column;
	MILL_TRY(mill_column_new(mem, mill_type_of(MILL_TYPE_INT64), count, 0, out, err));
	memcpy(out->values, ((const toy_table *)self)->steps + first, (size_t)count * sizeof(int64_t));
	return MILL_OK;
}

static inline mill_status toy_open(const mill_format_table *table, const mill_input_plan *plan,
                                   const mill_scan_spec *spec, const mill_format_env *env, mill_format_reader **out,
                                   mill_error *err)
{
	MILL_TRY(mill_scan_check(table, spec, err));
	toy_reader *r = mill_arena_alloc(env->arena, sizeof *r);
	if (r == NULL)
		return mill_fail_nomem(err, sizeof *r, "a reader");
	r->base.format = table->format;
	r->table = (const toy_table *)table;
	r->plan = plan;
	r->env = *env;
	*out = &r->base;
	return MILL_OK;
}

static inline void toy_close(mill_format_reader *self)
{
	if (self != NULL)
		mill_reader_drop_pieces(self);
}

static inline mill_status toy_begin(mill_format_reader *self, const mill_scan_spec *spec, mill_error *err)
{
	(void)err;
	toy_close(self);
	self->counts = (mill_scan_counts){0};
	((toy_reader *)self)->spec = *spec;
	return MILL_OK;
}

/* Row numbers numbers[count] of a file as a column; column −1: the number itself, as UINT64 or INT64. */
static inline mill_status toy_column(const toy_reader *r, int column, mill_type_id type, int32_t file,
                                     const int64_t *numbers, int64_t count, mill_column *out, mill_error *err)
{
	int64_t plus = ((const toy_options *)r->table->base.options)->plus, step = r->table->steps[file];
	MILL_TRY(mill_column_new(r->env.mem, mill_type_of(type), count, 0, out, err));
	for (int64_t i = 0; i < count; i++)
		((int64_t *)out->values)[i] = column < 0 ? numbers[i] : column == 0 ? numbers[i] * step + plus : step;
	return MILL_OK;
}

static inline mill_status toy_batch(const toy_reader *r, int32_t file, const int64_t *numbers, int64_t count,
                                    mill_batch *out, mill_error *err)
{
	const mill_format_table *table = &r->table->base;
	MILL_TRY(mill_scan_new_batch(&r->spec, r->env.mem, out, err));
	mill_status status = MILL_OK;
	out->rows = count;
	for (int at = 0; at < out->column_count && status == MILL_OK; at++) {
		mill_column *column = &out->columns[at];
		switch (mill_scan_column_of(table, &r->spec, at)) {
		case MILL_SCAN_OF_FILE:
			status = toy_column(r, r->spec.columns[at], MILL_TYPE_INT64, file, numbers, count, column, err);
			break;
		case MILL_SCAN_LINE: return MILL_INTERNAL;
		case MILL_SCAN_OFFSET:
			status = toy_column(r, -1, MILL_TYPE_INT64, file, numbers, count, column, err);
			break;
		case MILL_SCAN_ID_OFFSET:
			status = toy_column(r, -1, MILL_TYPE_UINT64, file, numbers, count, column, err);
			break;
		case MILL_SCAN_OF_FOLDER:
		case MILL_SCAN_FILE:
		case MILL_SCAN_ID_FILE:
			status = mill_scan_constant(table, &r->spec, at, file, count, r->env.mem, column, err);
			break;
		}
	}
	if (status != MILL_OK)
		mill_batch_release(out);
	return status;
}

static inline mill_status toy_push(toy_reader *r, int32_t file, const int64_t *numbers, int64_t count, mill_sink *sink,
                                   mill_error *err)
{
	mill_batch batch, fewer = {0};
	MILL_TRY(toy_batch(r, file, numbers, count, &batch, err));
	mill_status status = MILL_OK;
	if (r->spec.filter != NULL && count > 0) {
		uint64_t keep = 0;
		int64_t kept = 0;
		status = r->spec.filter->keep(r->spec.filter, &batch, &keep, &kept, err);
		if (status == MILL_OK)
			status = mill_batch_filter(&batch, &keep, kept, &fewer, err);
		r->base.counts.filtered_rows += count - kept;
	}
	if (status == MILL_OK)
		status = mill_sink_push(sink, r->spec.filter != NULL && count > 0 ? &fewer : &batch, err);
	mill_batch_release(&fewer);
	mill_batch_release(&batch);
	return status;
}

static inline mill_status toy_report(toy_reader *r, int32_t file, int64_t number, mill_error *err)
{
	mill_bad_row row = {.file = file, .offset = number, .column = 0, .reason = MILL_REASON_BAD_VALUE};
	r->base.counts.bad_rows++;
	r->base.counts.dropped_rows++;
	row.piece = (int32_t)r->base.piece_count; /* the one that is added when the split is read */
	row.raw = "bad";
	row.raw_bytes = 3;
	row.detail = "a bad step";
	return r->spec.bad_rows == NULL ? MILL_OK : r->spec.bad_rows->report(r->spec.bad_rows, &row, err);
}

static inline mill_status toy_read_split(mill_format_reader *self, int64_t split, mill_sink *sink, mill_error *err)
{
	toy_reader *r = (toy_reader *)self;
	const mill_range *range = &r->plan->ranges[r->plan->splits[split].first_range];
	const mill_scan_bound *bound = r->spec.bound;
	int64_t numbers[3], count = 0, at = range->begin;
	for (; at < range->end; at++) {
		if (bound != NULL && (range->file > bound->file || (range->file == bound->file && at > bound->offset)))
			break;
		self->counts.read_rows++;
		if (at == r->table->bads[range->file])
			MILL_TRY(toy_report(r, range->file, at, err));
		else
			numbers[count++] = at;
	}
	self->counts.text_bytes += 8 * (at - range->begin);
	MILL_TRY(toy_push(r, range->file, numbers, count, sink, err));
	mill_piece piece = {.file = range->file, .rows = at - range->begin, .until = at, .left_early = at < range->end};
	return mill_reader_add_piece(self, r->env.mem, &piece, err);
}

static const char *const toy_endings[] = {".steps", NULL};
static const mill_format_option toy_option_table[] = {{"plus", NULL, toy_read_plus}, {"add", "plus", toy_read_plus}};

static const mill_format toy_format = {
    .name = "steps",
    .title = "Steps",
    .function = "read_steps",
    .example_path = "x.steps",
    .example_option = "plus => 1",
    .file_word = "step file",
    .origin_text = "known",
    .pruned_text = "their step",
    .endings = toy_endings,
    .is_content = toy_is_content,
    .options = toy_option_table,
    .option_count = 2,
    .new_options = toy_new_options,
    .check_options = toy_check_options,
    .new_describer = toy_new_describer,
    .describe = toy_describe,
    .free_describer = toy_free_describer,
    .unify = toy_unify,
    .put = toy_put,
    .get = toy_get,
    .plan_splits = toy_plan_splits,
    .is_constant = toy_is_constant,
    .constants = toy_constants,
    .open = toy_open,
    .begin = toy_begin,
    .read_split = toy_read_split,
    .close = toy_close,
};

#endif
