/* Tables of random cells as batches with row ids, pushed through operators in batches and units of random size. */
#ifndef RANKMILL_TESTS_OPS_DATA_H
#define RANKMILL_TESTS_OPS_DATA_H

#include "ops/op.h"
#include "random_batch.h"

/* Two id words a row, unique, in no order. */
#define TABLE_ID_WORDS 2

static inline mill_status table_ids(mill_mem *mem, int64_t rows, uint64_t *state, mill_batch *batch)
{
	int first = mill_batch_visible(batch);
	for (int w = 0; w < TABLE_ID_WORDS; w++)
		MILL_TRY(
		    mill_column_new(mem, mill_type_of(MILL_TYPE_UINT64), rows, 0, &batch->columns[first + w], NULL));
	uint64_t *high = batch->columns[first].values, *low = batch->columns[first + 1].values;
	for (int64_t r = 0; r < rows; r++) {
		high[r] = random_u64(state) % 3;
		low[r] = (uint64_t)r * 100 + random_u64(state) % 100;
	}
	for (int64_t r = rows - 1; r > 0; r--) {
		int64_t other = random_below(state, r + 1);
		uint64_t swap = low[r];
		low[r] = low[other];
		low[other] = swap;
	}
	return MILL_OK;
}

/* columns become the batch's (and are zeroed); ids are added when with_ids. */
static inline mill_status table_new(mill_mem *mem, mill_column *columns, int count, bool with_ids, uint64_t *state,
                                    mill_batch *out)
{
	int64_t rows = columns[0].rows;
	int id_words = with_ids ? TABLE_ID_WORDS : 0;
	mill_batch made = {0};
	MILL_TRY(mill_batch_new(mem, count + id_words, id_words, &made, NULL));
	made.rows = rows;
	for (int c = 0; c < count; c++) {
		made.columns[c] = columns[c];
		memset(&columns[c], 0, sizeof(columns[c]));
	}
	mill_status status = with_ids ? table_ids(mem, rows, state, &made) : MILL_OK;
	if (status != MILL_OK)
		mill_batch_release(&made);
	else
		*out = made;
	return status;
}

static inline mill_status push_rows(mill_sink *sink, const mill_batch *table, int64_t first, int64_t count,
                                    mill_error *err)
{
	int32_t *rows = malloc((size_t)count * sizeof(*rows) + 1);
	for (int64_t i = 0; i < count; i++)
		rows[i] = (int32_t)(first + i);
	mill_batch part = {0};
	mill_status status = mill_batch_take(table, rows, count, &part, err);
	free(rows);
	if (status == MILL_OK)
		status = mill_sink_push(sink, &part, err);
	mill_batch_release(&part);
	return status;
}

/* Pushes rows first … first + count in batches of 1 … most rows. */
static inline mill_status push_table(mill_sink *sink, const mill_batch *table, int64_t first, int64_t count,
                                     int64_t most, uint64_t *state, mill_error *err)
{
	while (count > 0) {
		int64_t now = mill_min_i64(count, 1 + random_below(state, most));
		MILL_TRY(push_rows(sink, table, first, now, err));
		first += now;
		count -= now;
	}
	return MILL_OK;
}

static inline mill_status finish_sink(mill_sink *sink, mill_error *err)
{
	MILL_TRY(sink->finish_unit(sink, err));
	return sink->finish(sink, err);
}

/* What a collector holds as one batch; of no columns when it holds nothing. */
static inline mill_status collected(const mill_collector *collector, mill_mem *mem, mill_batch *out)
{
	int64_t count, rows;
	const mill_batch *batches = mill_collector_batches(collector, &count, &rows);
	memset(out, 0, sizeof(*out));
	return count == 0 ? MILL_OK : mill_batch_concat(mem, batches, (int)count, out, NULL);
}

static inline bool cells_same(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	mill_bytes va, vb;
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_bytes_init(&va, &mem);
	mill_bytes_init(&vb, &mem);
	bool same = mill_value_bytes(a, row_a, &va) == MILL_OK && mill_value_bytes(b, row_b, &vb) == MILL_OK &&
	            va.size_bytes == vb.size_bytes && memcmp(va.data, vb.data, va.size_bytes) == 0;
	mill_bytes_release(&va);
	mill_bytes_release(&vb);
	return same;
}

/* Fails the test where two batches differ in shape or in a cell. */
static inline void check_same(const mill_batch *got, const mill_batch *want, const char *what)
{
	CU_ASSERT_EQUAL(got->rows, want->rows);
	CU_ASSERT_EQUAL(got->id_words, want->id_words);
	if (got->rows != want->rows || got->column_count != want->column_count) {
		printf("%s: %lld rows of %d columns, not %lld of %d\n", what, (long long)got->rows, got->column_count,
		       (long long)want->rows, want->column_count);
		CU_FAIL("shape");
		return;
	}
	for (int c = 0; c < got->column_count; c++) {
		mill_error err = {0};
		if (mill_column_validate(&got->columns[c], &err) != MILL_OK) {
			printf("%s: column %d: %s\n", what, c, err.message);
			CU_FAIL("layout");
		}
		for (int64_t r = 0; r < got->rows; r++)
			if (!cells_same(&got->columns[c], r, &want->columns[c], r)) {
				printf("%s: column %d differs at row %lld\n", what, c, (long long)r);
				CU_FAIL("cell");
				return;
			}
	}
}

static inline uint64_t id_word(const mill_batch *batch, int word, int64_t row)
{
	return ((const uint64_t *)batch->columns[mill_batch_visible(batch) + word].values)[row];
}

static inline int compare_ids(const mill_batch *batch, int64_t a, int64_t b)
{
	for (int w = 0; w < batch->id_words; w++)
		if (id_word(batch, w, a) != id_word(batch, w, b))
			return id_word(batch, w, a) < id_word(batch, w, b) ? -1 : 1;
	return 0;
}

/* A collector's rows are those of want, in batches that are not too large. */
static inline void check_collector(mill_collector *collector, const mill_batch *want, const mill_knobs *knobs,
                                   mill_mem *mem, const char *what)
{
	mill_batch got = {0};
	int64_t count, rows;
	const mill_batch *batches = mill_collector_batches(collector, &count, &rows);
	for (int64_t b = 0; b < count; b++)
		CU_ASSERT(batches[b].rows <= knobs->batch_rows);
	CU_ASSERT_FATAL(collected(collector, mem, &got) == MILL_OK);
	CU_ASSERT_EQUAL(got.rows, want->rows);
	if (want->rows > 0)
		check_same(&got, want, what);
	mill_batch_release(&got);
}

#endif
