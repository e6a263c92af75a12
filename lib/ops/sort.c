/* Puts the rows of a unit into the order of their sort keys; with a limit keeps the first of them while pushing. */
#include "ops/ops_private.h"
#include <string.h>

typedef struct sort_op {
	mill_op_base base;
	op_batches batches;
	int key;       /* column */
	int64_t limit; /* −1: none */
	bool drop_key;
	bool has_threshold;
	mill_bytes threshold; /* a row whose key is above it is not among the first `limit` */
} sort_op;

/* −1, 0, 1 as memcmp orders, shorter first. */
static int compare_key(const mill_column *keys, int64_t row, const mill_bytes *other)
{
	size_t size_bytes = (size_t)(keys->offsets[row + 1] - keys->offsets[row]);
	size_t common = size_bytes < other->size_bytes ? size_bytes : other->size_bytes;
	int c = common == 0 ? 0 : memcmp(keys->bytes + keys->offsets[row], other->data, common);
	return c != 0 ? c : (size_bytes > other->size_bytes) - (size_bytes < other->size_bytes);
}

/* Everything held, as one batch, and the order of its rows. */
static mill_status sort_held(sort_op *op, mill_batch *joined, int32_t **order, mill_error *err)
{
	mill_batch all = {0};
	int64_t rows = op->batches.rows;
	int64_t bytes = op->batches.bytes;
	int32_t *numbers = NULL;
	mill_status status = MILL_OK;
	MILL_TRY(op_batches_join(&op->batches, &op->base.env, "sort", &all, err));
	numbers = mill_mem_alloc(op->base.env.mem, (size_t)rows * sizeof(*numbers));
	if (numbers == NULL) {
		status = op_nomem(&op->base.env, "sort", rows, bytes, err);
		goto failed;
	}
	status = op_sort_binary(op->base.env.mem, &all.columns[op->key], numbers, err);
	if (status == MILL_NOMEM)
		status = op_nomem(&op->base.env, "sort", rows, bytes, err);
	if (status != MILL_OK)
		goto failed;
	*joined = all;
	*order = numbers;
	return MILL_OK;
failed:
	mill_mem_free(numbers);
	mill_batch_release(&all);
	return status;
}

/* Keeps the first `limit` of the rows held and remembers the last key among them. */
static mill_status sort_compact(sort_op *op, mill_error *err)
{
	mill_batch all = {0}, kept = {0};
	int32_t *order = NULL;
	MILL_TRY(sort_held(op, &all, &order, err));
	mill_status status = mill_batch_take(&all, order, op->limit, &kept, err);
	if (status == MILL_OK) {
		const mill_column *keys = &kept.columns[op->key];
		int32_t first = keys->offsets[op->limit - 1];
		op->threshold.size_bytes = 0;
		MILL_TRY_GOTO(
		    mill_bytes_append(&op->threshold, keys->bytes + first, (size_t)(keys->offsets[op->limit] - first)),
		    done);
		op->has_threshold = true;
		status = op_batches_add(&op->batches, &kept, err);
	}
done:
	mill_batch_release(&kept);
	mill_batch_release(&all);
	mill_mem_free(order);
	return status == MILL_NOMEM ? mill_fail_nomem(err, (size_t)op->limit, "sort with limit") : status;
}

/* Adds the rows that may still be among the first. */
static mill_status sort_add_below(sort_op *op, const mill_batch *batch, mill_error *err)
{
	const mill_column *keys = &batch->columns[op->key];
	size_t words = mill_bit_words(batch->rows);
	uint64_t *keep = mill_mem_calloc(op->base.env.mem, words, sizeof(uint64_t));
	if (keep == NULL)
		return mill_fail_nomem(err, words * sizeof(uint64_t), "sort with limit");
	int64_t kept = 0;
	for (int64_t r = 0; r < batch->rows; r++) {
		bool below = compare_key(keys, r, &op->threshold) <= 0;
		keep[r >> 6] |= (uint64_t)below << (r & 63);
		kept += below;
	}
	mill_batch below = {0};
	mill_status status = MILL_OK;
	if (kept > 0)
		status = mill_batch_filter(batch, keep, kept, &below, err);
	if (status == MILL_OK && kept > 0)
		status = op_batches_add(&op->batches, &below, err);
	mill_batch_release(&below);
	mill_mem_free(keep);
	return status;
}

static mill_status sort_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	sort_op *op = (sort_op *)self;
	if (op->limit == 0)
		return MILL_OK;
	if (op->has_threshold)
		MILL_TRY(sort_add_below(op, batch, err));
	else
		MILL_TRY(op_batches_add(&op->batches, batch, err));
	if (op->limit > 0 && op->batches.rows / 2 - MILL_BATCH_ROWS / 2 >= op->limit)
		MILL_TRY(sort_compact(op, err));
	return MILL_OK;
}

/* The batch without its key column; owns references. */
static mill_status without_key(const sort_op *op, const mill_batch *batch, mill_batch *out, mill_error *err)
{
	if (!op->drop_key)
		return mill_batch_retain(batch, out, err);
	MILL_TRY(mill_batch_new(op->base.env.mem, batch->column_count - 1, batch->id_words, out, err));
	out->rows = batch->rows;
	for (int c = 0, to = 0; c < batch->column_count; c++)
		if (c != op->key)
			out->columns[to++] = mill_column_retain(&batch->columns[c]);
	return MILL_OK;
}

static mill_status sort_emit(sort_op *op, mill_error *err)
{
	mill_batch all = {0}, visible = {0};
	int32_t *order = NULL;
	MILL_TRY(sort_held(op, &all, &order, err));
	mill_status status = without_key(op, &all, &visible, err);
	int64_t rows = op->limit < 0 ? all.rows : mill_min_i64(all.rows, op->limit);
	mill_batch_release(&all);
	if (status == MILL_OK)
		status = op_emit_order(&op->base, &visible, order, rows, err);
	mill_batch_release(&visible);
	mill_mem_free(order);
	return status;
}

static mill_status sort_finish_unit(mill_sink *self, mill_error *err)
{
	sort_op *op = (sort_op *)self;
	if (op->batches.rows > 0)
		MILL_TRY(sort_emit(op, err));
	op->has_threshold = false;
	return op_pass_unit(self, err);
}

static void sort_release(mill_sink *self)
{
	sort_op *op = (sort_op *)self;
	op_batches_release(&op->batches);
	mill_bytes_release(&op->threshold);
	mill_mem_free(op);
}

mill_status mill_sort_new(const mill_op_env *env, int key, int64_t limit, bool drop_key, mill_sink *next,
                          mill_sink **out, mill_error *err)
{
	sort_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "sort", &op, err));
	op->base.sink.push = sort_push;
	op->base.sink.finish_unit = sort_finish_unit;
	op->base.sink.release = sort_release;
	op->batches.mem = env->mem;
	mill_bytes_init(&op->threshold, env->mem);
	op->key = key;
	op->limit = limit;
	op->drop_key = drop_key;
	*out = &op->base.sink;
	return MILL_OK;
}
