/* Rows of shards as batches. */
#include "store/source/source_private.h"

#include "base/simd.h"
#include "base/utf8.h"
#include "formats/batch.h"
#include "store/read/reader.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES ((int64_t)256 << 20) /* of one column in a batch, unless a single value has more */

/* A column to be read, and where in the batch it goes. */
typedef struct pick {
	mill_store_column from;
	int at;
} pick;

/* Under a filter its columns are read first, the rest only where a row is kept. */
typedef enum phase { PHASE_ALL, PHASE_FILTER, PHASE_REST } phase;

typedef struct store_reader {
	mill_format_reader base;
	const mill_store_table *table;
	const mill_input_plan *plan;
	mill_scan_spec spec;
	mill_mem *mem;
	int64_t batch_rows;
	int simd;
	int column_count; /* of a batch */
	/* Of the attempt: */
	bool *in_filter; /* [column_count] */
	pick *picks;     /* those of a dataset stand together */
	int pick_count;
	bool *wanted;   /* [dataset_count] */
	int *features;  /* [pick_count]: of the tensor that is being read */
	void **values;  /* [pick_count] */
	uint64_t *keep; /* one bit per row of a batch */
	mill_shard_reader *shard;
	int32_t file; /* that shard is of; −1: none */
} store_reader;

static int compare_picks(const void *a, const void *b)
{
	const pick *x = a, *y = b;
	if (x->from.dataset != y->from.dataset)
		return x->from.dataset < y->from.dataset ? -1 : 1;
	return x->at - y->at;
}

static void fill_picks(store_reader *r)
{
	const mill_scan_spec *spec = &r->spec;
	for (int i = 0; i < spec->column_count; i++) {
		if (mill_scan_column_of(&r->table->base, spec, i) != MILL_SCAN_OF_FILE)
			continue;
		mill_store_column from = r->table->columns.columns[spec->columns[i]];
		r->picks[r->pick_count++] = (pick){from, i};
		if (from.dataset != MILL_STORE_SPLIT_COLUMN)
			r->wanted[from.dataset] = true;
	}
	qsort(r->picks, (size_t)r->pick_count, sizeof(*r->picks), compare_picks);
	for (int i = 0; spec->filter != NULL && i < spec->filter->column_count; i++)
		r->in_filter[spec->filter->columns[i]] = true;
	for (int at = spec->column_count; at < r->column_count; at++) {
		mill_scan_column what = mill_scan_column_of(&r->table->base, spec, at);
		r->in_filter[at] |= what == MILL_SCAN_ID_FILE || what == MILL_SCAN_ID_OFFSET;
	}
}

mill_status mill_store_open_reader(const mill_format_table *table, const mill_input_plan *plan,
                                   const mill_scan_spec *spec, const mill_format_env *env, mill_format_reader **out,
                                   mill_error *err)
{
	MILL_TRY(mill_scan_check(table, spec, err));
	store_reader *r = mill_arena_alloc(env->arena, sizeof(*r));
	if (r == NULL)
		return mill_fail_nomem(err, sizeof(*r), "a scan of a store");
	r->base.format = table->format;
	r->table = (const mill_store_table *)table;
	r->plan = plan;
	r->spec = *spec;
	r->mem = env->mem;
	r->batch_rows = env->knobs->batch_rows;
	r->simd = mill_simd_level(env->knobs);
	r->column_count =
	    spec->column_count + spec->want_file + spec->want_line + spec->want_offset + (spec->with_ids ? 2 : 0);
	r->file = -1;
	*out = &r->base;
	return MILL_OK;
}

void mill_store_close_reader(mill_format_reader *reader)
{
	store_reader *r = (store_reader *)reader;
	mill_shard_reader_free(r->shard);
	mill_mem_free(r->in_filter);
	mill_mem_free(r->picks);
	mill_mem_free(r->wanted);
	mill_mem_free(r->features);
	mill_mem_free(r->values);
	mill_mem_free(r->keep);
	mill_reader_drop_pieces(reader);
	r->shard = NULL;
	r->in_filter = r->wanted = NULL;
	r->picks = NULL;
	r->pick_count = 0;
	r->features = NULL;
	r->values = NULL;
	r->keep = NULL;
	r->file = -1;
}

mill_status mill_store_begin(mill_format_reader *reader, const mill_scan_spec *spec, mill_error *err)
{
	store_reader *r = (store_reader *)reader;
	mill_store_close_reader(reader);
	r->base.counts = (mill_scan_counts){.read_rows = 0};
	r->spec = *spec;
	size_t count = (size_t)spec->column_count + 1;
	r->in_filter = mill_mem_calloc(r->mem, (size_t)r->column_count + 1, sizeof(*r->in_filter));
	r->picks = mill_mem_calloc(r->mem, count, sizeof(*r->picks));
	r->wanted = mill_mem_calloc(r->mem, (size_t)r->table->columns.dataset_count + 1, sizeof(*r->wanted));
	r->features = mill_mem_calloc(r->mem, count, sizeof(*r->features));
	r->values = mill_mem_calloc(r->mem, count, sizeof(*r->values));
	r->keep = mill_mem_calloc(r->mem, mill_bit_words(r->batch_rows), sizeof(*r->keep));
	if (r->in_filter == NULL || r->picks == NULL || r->wanted == NULL || r->features == NULL || r->values == NULL ||
	    r->keep == NULL)
		return mill_fail_nomem(err, count * sizeof(*r->picks), "a scan of a store");
	fill_picks(r);
	return MILL_OK;
}

static const mill_store_part *part_of(const store_reader *r)
{
	return &r->table->parts[r->file];
}

/* The shard's split in every row: at most 200 bytes each. */
static mill_status split_column(store_reader *r, int64_t rows, mill_column *out, mill_error *err)
{
	const char *text = part_of(r)->split;
	size_t length = strlen(text);
	MILL_TRY(mill_column_new(r->mem, mill_type_of(MILL_TYPE_STRING), rows, (size_t)rows * length, out, err));
	for (int64_t i = 0; i < rows; i++) {
		memcpy(out->bytes + (size_t)i * length, text, length);
		out->offsets[i + 1] = (int32_t)((size_t)(i + 1) * length);
	}
	return MILL_OK;
}

static mill_status row_numbers(store_reader *r, mill_type_id type, int64_t first, int64_t rows, mill_column *out,
                               mill_error *err)
{
	MILL_TRY(mill_column_new(r->mem, mill_type_of(type), rows, 0, out, err));
	int64_t *restrict values = out->values;
	for (int64_t i = 0; i < rows; i++)
		values[i] = first + i;
	return MILL_OK;
}

/* A column of the batch that does not come from the store's columns. */
static mill_status other_column(store_reader *r, int at, int64_t first, int64_t rows, mill_column *out, mill_error *err)
{
	const mill_format_table *table = &r->table->base;
	mill_scan_column what = mill_scan_column_of(table, &r->spec, at);
	if (what == MILL_SCAN_OFFSET || what == MILL_SCAN_ID_OFFSET)
		return row_numbers(r, what == MILL_SCAN_OFFSET ? MILL_TYPE_INT64 : MILL_TYPE_UINT64, first, rows, out,
		                   err);
	return mill_scan_constant(table, &r->spec, at, r->file, rows, r->mem, out, err);
}

static bool is_due(const store_reader *r, int at, phase when)
{
	return when == PHASE_ALL || r->in_filter[at] == (when == PHASE_FILTER);
}

/* Functions on text rely on it: a shard whose bytes changed must not lead them astray. */
static mill_status check_utf8(const store_reader *r, const mill_column *column, const char *name, mill_error *err)
{
	if (column->type.id != MILL_TYPE_STRING)
		return MILL_OK;
	bool good = mill_utf8_valid_simd(r->simd, column->bytes, (size_t)column->offsets[column->rows]);
	for (int64_t i = 0; i < column->rows && good; i++)
		good = column->offsets[i] == column->offsets[i + 1] ||
		       ((unsigned char)column->bytes[column->offsets[i]] & 0xC0U) != 0x80U;
	return good ? MILL_OK
	            : mill_fail(err, MILL_DATA, "%s: %s: text that is not UTF-8", r->table->base.files[r->file].uri,
	                        name);
}

mill_status mill_store_damaged(const char *store, mill_status status, mill_error *err)
{
	if (status != MILL_DATA || err == NULL)
		return status;
	mill_error inner = *err;
	return mill_fail(err, MILL_DATA, "%s; the store is damaged: rankmill verify %s", inner.message, store);
}

static mill_status read_tensor(store_reader *r, const pick *picks, int count, phase when, int64_t first, int64_t rows,
                               mill_batch *batch, mill_error *err)
{
	int dataset = picks[0].from.dataset, due = 0;
	mill_type dtype = r->table->columns.datasets[dataset].dtype;
	for (int i = 0; i < count; i++) {
		if (!is_due(r, picks[i].at, when))
			continue;
		mill_column *column = &batch->columns[picks[i].at];
		MILL_TRY(mill_column_new(r->mem, dtype, rows, 0, column, err));
		r->features[due] = picks[i].from.feature;
		r->values[due++] = column->values;
	}
	return due == 0 ? MILL_OK
	                : mill_shard_reader_features(r->shard, dataset, r->features, due, first, rows, r->values, err);
}

/* The picks of one dataset. */
static mill_status read_dataset(store_reader *r, const pick *picks, int count, phase when, int64_t first, int64_t rows,
                                mill_batch *batch, mill_error *err)
{
	int dataset = picks[0].from.dataset;
	bool is_split = dataset == MILL_STORE_SPLIT_COLUMN;
	if (!is_split && !r->table->columns.datasets[dataset].is_keep)
		return read_tensor(r, picks, count, when, first, rows, batch, err);
	for (int i = 0; i < count; i++) {
		mill_column *column = &batch->columns[picks[i].at];
		if (!is_due(r, picks[i].at, when))
			continue;
		if (is_split) {
			MILL_TRY(split_column(r, rows, column, err));
			continue;
		}
		MILL_TRY(mill_shard_reader_kept(r->shard, dataset, first, rows, column, err));
		MILL_TRY(check_utf8(r, column, r->table->columns.datasets[dataset].name, err));
	}
	return MILL_OK;
}

static mill_status read_columns(store_reader *r, phase when, int64_t first, int64_t rows, mill_batch *batch,
                                mill_error *err)
{
	mill_status status = MILL_OK;
	for (int i = 0, next; i < r->pick_count; i = next) {
		for (next = i + 1; next < r->pick_count && r->picks[next].from.dataset == r->picks[i].from.dataset;)
			next++;
		status = read_dataset(r, r->picks + i, next - i, when, first, rows, batch, err);
		if (status != MILL_OK)
			return mill_store_damaged(part_of(r)->store, status, err);
	}
	for (int at = 0; at < r->column_count; at++)
		if (is_due(r, at, when) && mill_scan_column_of(&r->table->base, &r->spec, at) != MILL_SCAN_OF_FILE)
			MILL_TRY(other_column(r, at, first, rows, &batch->columns[at], err));
	return MILL_OK;
}

/* Leaves the kept rows of the columns that are due. */
static mill_status keep_rows(store_reader *r, phase when, int64_t kept, mill_batch *batch, mill_error *err)
{
	for (int at = 0; at < r->column_count; at++) {
		mill_column fewer;
		if (!is_due(r, at, when))
			continue;
		MILL_TRY(mill_column_filter(r->mem, &batch->columns[at], r->keep, kept, &fewer, err));
		mill_column_release(&batch->columns[at]);
		batch->columns[at] = fewer;
	}
	return MILL_OK;
}

static mill_status fill_batch(store_reader *r, int64_t first, int64_t rows, mill_batch *batch, mill_error *err)
{
	mill_scan_filter *filter = r->spec.filter;
	int64_t kept = 0;
	batch->rows = rows;
	if (filter == NULL)
		return read_columns(r, PHASE_ALL, first, rows, batch, err);
	MILL_TRY(read_columns(r, PHASE_FILTER, first, rows, batch, err));
	MILL_TRY(filter->keep(filter, batch, r->keep, &kept, err));
	r->base.counts.filtered_rows += rows - kept;
	batch->rows = kept;
	if (kept == 0)
		return MILL_OK;
	MILL_TRY(read_columns(r, PHASE_REST, first, rows, batch, err));
	return kept == rows ? MILL_OK : keep_rows(r, PHASE_ALL, kept, batch, err);
}

/* Rows of the next batch: text may leave room for fewer than asked for. */
static mill_status fit_rows(store_reader *r, int64_t first, int64_t *rows, mill_error *err)
{
	for (int d = 0; d < r->table->columns.dataset_count; d++)
		if (r->wanted[d])
			MILL_TRY(mill_shard_reader_fit_text(r->shard, d, first, TEXT_BYTES, rows, err));
	return MILL_OK;
}

/* For progress: the rows' share of the shard's file. */
static int64_t bytes_of(const store_reader *r, int64_t rows)
{
	double share = (double)rows / (double)part_of(r)->rows;
	return (int64_t)((double)r->table->base.files[r->file].size_bytes * share);
}

static mill_status read_batch(store_reader *r, int64_t first, int64_t most, int64_t *rows, mill_sink *sink,
                              mill_error *err)
{
	mill_batch batch;
	*rows = mill_min_i64(most, r->batch_rows);
	mill_status status = fit_rows(r, first, rows, err);
	if (status != MILL_OK)
		return mill_store_damaged(part_of(r)->store, status, err);
	MILL_TRY(mill_scan_new_batch(&r->spec, r->mem, &batch, err));
	r->base.counts.read_rows += *rows;
	r->base.counts.text_bytes += bytes_of(r, *rows);
	status = fill_batch(r, first, *rows, &batch, err);
	if (status == MILL_OK)
		status = mill_sink_push(sink, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status open_shard(store_reader *r, int32_t file, mill_error *err)
{
	if (r->file == file)
		return MILL_OK;
	const mill_store_part *part = &r->table->parts[file];
	mill_shard_ask ask = {.storage = r->table->base.storage,
	                      .path = r->table->base.files[file].uri,
	                      .split = part->split,
	                      .first_ordinal = part->first_ordinal,
	                      .rows = part->rows,
	                      .datasets = r->table->columns.datasets,
	                      .dataset_count = r->table->columns.dataset_count,
	                      .wanted = r->wanted};
	mill_shard_reader_free(r->shard);
	r->shard = NULL;
	r->file = -1;
	mill_status status = mill_shard_reader_open(&ask, r->mem, &r->shard, err);
	if (status != MILL_OK)
		return mill_store_damaged(part->store, status, err);
	r->file = file;
	return MILL_OK;
}

static mill_status read_range(store_reader *r, const mill_range *range, mill_sink *sink, mill_error *err)
{
	const mill_scan_bound *bound = r->spec.bound;
	int64_t end = range->end, at = range->begin;
	if (bound != NULL && range->file == bound->file)
		end = mill_min_i64(end, bound->offset + 1);
	if (bound != NULL && (range->file > bound->file || at >= end))
		return MILL_OK;
	MILL_TRY(open_shard(r, range->file, err));
	for (int64_t rows; at < end && !sink->done; at += rows)
		MILL_TRY(read_batch(r, at, end - at, &rows, sink, err));
	mill_piece piece = {.file = range->file, .left_early = at < range->end, .rows = at - range->begin};
	piece.until = piece.left_early ? at : INT64_MAX;
	return mill_reader_add_piece(&r->base, r->mem, &piece, err);
}

mill_status mill_store_read_split(mill_format_reader *reader, int64_t split, mill_sink *sink, mill_error *err)
{
	store_reader *r = (store_reader *)reader;
	const mill_input_split *unit = &r->plan->splits[split];
	for (int32_t i = 0; i < unit->range_count; i++)
		MILL_TRY(read_range(r, &r->plan->ranges[unit->first_range + i], sink, err));
	return MILL_OK;
}
