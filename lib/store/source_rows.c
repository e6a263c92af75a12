/* Rows of shards as batches. */
#include "store/source.h"

#include "base/simd.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES ((int64_t)256 << 20) /* of one column in a batch, unless a single value has more */
#define ID_WORDS   2                    /* file ordinal, row in the shard */

/* A column to be read, and where in the batch it goes. */
typedef struct pick {
	mill_store_column from;
	int at;
} pick;

/* Under a filter its columns are read first, the rest only where a row is kept. */
typedef enum phase { PHASE_ALL, PHASE_FILTER, PHASE_REST } phase;

struct mill_store_rows {
	const mill_store_columns *columns;
	mill_scan_spec spec;
	mill_mem *mem;
	int64_t batch_rows;
	int simd;
	int column_count; /* of a batch */
	bool *in_filter;  /* [column_count] */
	pick *picks;      /* those of a dataset stand together */
	int pick_count;
	bool *wanted;   /* [dataset_count] */
	int *features;  /* [pick_count]: of the tensor that is being read */
	void **values;  /* [pick_count] */
	uint64_t *keep; /* a bit per row of a batch */
	mill_shard_reader *shard;
	int32_t file; /* that shard is of */
	const char *uri;
	const mill_store_part *part;
	mill_scan_counts counts;
};

static int compare_picks(const void *a, const void *b)
{
	const pick *x = a, *y = b;
	return x->from.dataset != y->from.dataset ? (x->from.dataset < y->from.dataset ? -1 : 1) : x->at - y->at;
}

static void fill_picks(mill_store_rows *r)
{
	for (int i = 0; i < r->spec.column_count; i++) {
		mill_store_column from = r->columns->columns[r->spec.columns[i]];
		r->picks[r->pick_count++] = (pick){from, i};
		if (from.dataset != MILL_STORE_SPLIT_COLUMN)
			r->wanted[from.dataset] = true;
	}
	qsort(r->picks, (size_t)r->pick_count, sizeof(*r->picks), compare_picks);
	for (int at = 0; r->spec.filter != NULL && at < r->spec.filter->column_count; at++)
		r->in_filter[r->spec.filter->columns[at]] = true;
	for (int at = r->column_count - (r->spec.with_ids ? ID_WORDS : 0); at < r->column_count; at++)
		r->in_filter[at] = true;
}

mill_status mill_store_rows_new(const mill_store_columns *columns, const mill_scan_spec *spec, const mill_knobs *knobs,
                                mill_mem *mem, mill_store_rows **out, mill_error *err)
{
	mill_store_rows *r = mill_mem_calloc(mem, 1, sizeof(*r));
	if (r == NULL)
		return mill_fail_nomem(err, sizeof(*r), "a scan of a store");
	r->columns = columns;
	r->spec = *spec;
	r->mem = mem;
	r->batch_rows = knobs->batch_rows;
	r->simd = mill_simd_level(knobs);
	r->column_count = spec->column_count + spec->want_file + spec->want_line + spec->want_offset +
	                  (spec->with_ids ? ID_WORDS : 0);
	r->file = -1;
	size_t count = (size_t)spec->column_count + 1;
	r->in_filter = mill_mem_calloc(mem, (size_t)r->column_count + 1, sizeof(*r->in_filter));
	r->picks = mill_mem_calloc(mem, count, sizeof(*r->picks));
	r->wanted = mill_mem_calloc(mem, (size_t)columns->dataset_count + 1, sizeof(*r->wanted));
	r->features = mill_mem_calloc(mem, count, sizeof(*r->features));
	r->values = mill_mem_calloc(mem, count, sizeof(*r->values));
	r->keep = mill_mem_calloc(mem, mill_bit_words(r->batch_rows), sizeof(*r->keep));
	if (r->in_filter == NULL || r->picks == NULL || r->wanted == NULL || r->features == NULL || r->values == NULL ||
	    r->keep == NULL) {
		mill_store_rows_free(r);
		return mill_fail_nomem(err, count * sizeof(*r->picks), "a scan of a store");
	}
	fill_picks(r);
	*out = r;
	return MILL_OK;
}

void mill_store_rows_free(mill_store_rows *rows)
{
	if (rows == NULL)
		return;
	mill_shard_reader_free(rows->shard);
	mill_mem_free(rows->in_filter);
	mill_mem_free(rows->picks);
	mill_mem_free(rows->wanted);
	mill_mem_free(rows->features);
	mill_mem_free(rows->values);
	mill_mem_free(rows->keep);
	mill_mem_free(rows);
}

const mill_scan_counts *mill_store_rows_counts(const mill_store_rows *rows)
{
	return &rows->counts;
}

static mill_status text_constant(mill_store_rows *r, const char *text, int64_t rows, mill_column *out, mill_error *err)
{
	size_t length = strlen(text);
	if (length > (size_t)(INT32_MAX / MILL_BATCH_ROWS))
		return mill_fail(err, MILL_DATA, "%s: its path is too long for a batch of %lld rows", text,
		                 (long long)rows);
	MILL_TRY(mill_column_new(r->mem, mill_type_of(MILL_TYPE_STRING), rows, (size_t)rows * length, out, err));
	for (int64_t i = 0; i < rows; i++) {
		memcpy(out->bytes + (size_t)i * length, text, length);
		out->offsets[i + 1] = (int32_t)((size_t)(i + 1) * length);
	}
	return MILL_OK;
}

static mill_status row_numbers(mill_store_rows *r, mill_type_id type, int64_t first, int64_t rows, mill_column *out,
                               mill_error *err)
{
	MILL_TRY(mill_column_new(r->mem, mill_type_of(type), rows, 0, out, err));
	int64_t *restrict values = out->values;
	for (int64_t i = 0; i < rows; i++)
		values[i] = first + i;
	return MILL_OK;
}

static mill_status file_numbers(mill_store_rows *r, int64_t rows, mill_column *out, mill_error *err)
{
	MILL_TRY(mill_column_new(r->mem, mill_type_of(MILL_TYPE_UINT64), rows, 0, out, err));
	for (int64_t i = 0; i < rows; i++)
		((uint64_t *)out->values)[i] = (uint64_t)r->file;
	return MILL_OK;
}

/* Column `at` behind spec.columns: _file and _offset as asked for, then the words of the id. */
static mill_status extra_column(mill_store_rows *r, int at, int64_t first, int64_t rows, mill_column *out,
                                mill_error *err)
{
	if (r->spec.want_file && at-- == 0)
		return text_constant(r, r->uri, rows, out, err);
	if (r->spec.want_line && at-- == 0)
		return mill_fail(err, MILL_INTERNAL, "a store has no lines");
	if (r->spec.want_offset && at-- == 0)
		return row_numbers(r, MILL_TYPE_INT64, first, rows, out, err);
	if (at == 0)
		return file_numbers(r, rows, out, err);
	return row_numbers(r, MILL_TYPE_UINT64, first, rows, out, err);
}

static bool is_due(const mill_store_rows *r, int at, phase when)
{
	return when == PHASE_ALL || r->in_filter[at] == (when == PHASE_FILTER);
}

/* Functions on text rely on it: a shard whose bytes changed must not lead them astray. */
static mill_status check_utf8(const mill_store_rows *r, const mill_column *column, const char *name, mill_error *err)
{
	if (column->type.id != MILL_TYPE_STRING)
		return MILL_OK;
	bool good = mill_utf8_valid_simd(r->simd, column->bytes, (size_t)column->offsets[column->rows]);
	for (int64_t i = 0; i < column->rows && good; i++)
		good = column->offsets[i] == column->offsets[i + 1] ||
		       ((unsigned char)column->bytes[column->offsets[i]] & 0xC0U) != 0x80U;
	return good ? MILL_OK : mill_fail(err, MILL_DATA, "%s: %s: text that is not UTF-8", r->uri, name);
}

/* What the reader of shards finds wrong, with what the user can do about it. */
static mill_status damaged(const mill_store_part *part, mill_status status, mill_error *err)
{
	if (status != MILL_DATA || err == NULL)
		return status;
	mill_error inner = *err;
	return mill_fail(err, MILL_DATA, "%s; the store is damaged: rankmill verify %s", inner.message, part->store);
}

static mill_status read_tensor(mill_store_rows *r, const pick *picks, int count, phase when, int64_t first,
                               int64_t rows, mill_batch *batch, mill_error *err)
{
	int dataset = picks[0].from.dataset, due = 0;
	mill_type dtype = r->columns->datasets[dataset].dtype;
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
static mill_status read_dataset(mill_store_rows *r, const pick *picks, int count, phase when, int64_t first,
                                int64_t rows, mill_batch *batch, mill_error *err)
{
	int dataset = picks[0].from.dataset;
	bool is_split = dataset == MILL_STORE_SPLIT_COLUMN;
	if (!is_split && !r->columns->datasets[dataset].is_keep)
		return read_tensor(r, picks, count, when, first, rows, batch, err);
	for (int i = 0; i < count; i++) {
		mill_column *column = &batch->columns[picks[i].at];
		if (!is_due(r, picks[i].at, when))
			continue;
		if (is_split) {
			MILL_TRY(text_constant(r, r->part->split, rows, column, err));
			continue;
		}
		MILL_TRY(mill_shard_reader_kept(r->shard, dataset, first, rows, column, err));
		MILL_TRY(check_utf8(r, column, r->columns->datasets[dataset].name, err));
	}
	return MILL_OK;
}

static mill_status read_columns(mill_store_rows *r, phase when, int64_t first, int64_t rows, mill_batch *batch,
                                mill_error *err)
{
	mill_status status = MILL_OK;
	for (int i = 0, next; i < r->pick_count; i = next) {
		for (next = i + 1; next < r->pick_count && r->picks[next].from.dataset == r->picks[i].from.dataset;)
			next++;
		status = read_dataset(r, r->picks + i, next - i, when, first, rows, batch, err);
		if (status != MILL_OK)
			return damaged(r->part, status, err);
	}
	for (int at = r->spec.column_count; at < r->column_count; at++)
		if (is_due(r, at, when))
			MILL_TRY(extra_column(r, at - r->spec.column_count, first, rows, &batch->columns[at], err));
	return MILL_OK;
}

/* Leaves the kept rows of the columns that are due. */
static mill_status keep_rows(mill_store_rows *r, phase when, int64_t kept, mill_batch *batch, mill_error *err)
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

static mill_status fill_batch(mill_store_rows *r, int64_t first, int64_t rows, mill_batch *batch, mill_error *err)
{
	mill_scan_filter *filter = r->spec.filter;
	int64_t kept = 0;
	batch->rows = rows;
	if (filter == NULL)
		return read_columns(r, PHASE_ALL, first, rows, batch, err);
	MILL_TRY(read_columns(r, PHASE_FILTER, first, rows, batch, err));
	MILL_TRY(filter->keep(filter, batch, r->keep, &kept, err));
	r->counts.filtered_rows += rows - kept;
	batch->rows = kept;
	if (kept == 0)
		return MILL_OK;
	MILL_TRY(read_columns(r, PHASE_REST, first, rows, batch, err));
	return kept == rows ? MILL_OK : keep_rows(r, PHASE_ALL, kept, batch, err);
}

/* Rows of the next batch: text may leave room for fewer than asked for. */
static mill_status fit_rows(mill_store_rows *r, int64_t first, int64_t *rows, mill_error *err)
{
	for (int d = 0; d < r->columns->dataset_count; d++)
		if (r->wanted[d])
			MILL_TRY(mill_shard_reader_fit_text(r->shard, d, first, TEXT_BYTES, rows, err));
	return MILL_OK;
}

static mill_status read_batch(mill_store_rows *r, int64_t first, int64_t most, int64_t *rows, mill_sink *sink,
                              mill_error *err)
{
	mill_batch batch;
	*rows = mill_min_i64(most, r->batch_rows);
	mill_status status = fit_rows(r, first, rows, err);
	if (status != MILL_OK)
		return damaged(r->part, status, err);
	MILL_TRY(mill_batch_new(r->mem, r->column_count, r->spec.with_ids ? ID_WORDS : 0, &batch, err));
	r->counts.read_rows += *rows;
	status = fill_batch(r, first, *rows, &batch, err);
	if (status == MILL_OK && batch.rows > 0)
		status = mill_sink_push(sink, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status open_shard(mill_store_rows *r, int32_t file, const char *uri, const mill_store_part *part,
                              mill_error *err)
{
	if (r->file == file)
		return MILL_OK;
	mill_shard_ask ask = {.path = uri,
	                      .split = part->split,
	                      .first_ordinal = part->first_ordinal,
	                      .rows = part->rows,
	                      .datasets = r->columns->datasets,
	                      .dataset_count = r->columns->dataset_count,
	                      .wanted = r->wanted};
	mill_shard_reader_free(r->shard);
	r->shard = NULL;
	r->file = -1;
	mill_status status = mill_shard_reader_open(&ask, r->mem, &r->shard, err);
	if (status != MILL_OK)
		return damaged(part, status, err);
	r->file = file;
	r->uri = uri;
	r->part = part;
	return MILL_OK;
}

mill_status mill_store_rows_read(mill_store_rows *rows, int32_t file, const char *uri, const mill_store_part *part,
                                 int64_t begin, int64_t end, mill_sink *sink, mill_error *err)
{
	const mill_scan_bound *bound = rows->spec.bound;
	if (bound != NULL && file > bound->file)
		return MILL_OK;
	if (bound != NULL && file == bound->file)
		end = mill_min_i64(end, bound->offset + 1);
	mill_status status = begin < end ? open_shard(rows, file, uri, part, err) : MILL_OK;
	for (int64_t count; status == MILL_OK && begin < end && !sink->done; begin += count)
		status = read_batch(rows, begin, end - begin, &count, sink, err);
	return status;
}
