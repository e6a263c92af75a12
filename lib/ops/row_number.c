/* row_number() over the rows of a unit. */
#include "ops/ops_private.h"
#include <string.h>

typedef struct row_number_op {
	mill_op_base base;
	op_batches batches;
	mill_sort_key *keys; /* partitions, then orders */
	int key_count;
	int partition_count;
} row_number_op;

static bool same_partition(const row_number_op *op, const mill_batch *batch, int32_t a, int32_t b)
{
	for (int p = 0; p < op->partition_count; p++) {
		const mill_column *column = &batch->columns[op->keys[p].column];
		if (!mill_value_equal(column, a, column, b))
			return false;
	}
	return true;
}

/* Rows order[0 … count) with their numbers before the ids; *number goes on from chunk to chunk. */
static mill_status emit_chunk(row_number_op *op, const mill_batch *all, const int32_t *order, int64_t at, int64_t count,
                              int64_t *number, mill_error *err)
{
	mill_batch taken = {0}, out = {0};
	int visible = mill_batch_visible(all);
	mill_mem *mem = op->base.env.mem;
	mill_status status = MILL_OK;
	MILL_TRY(mill_batch_take(all, order + at, count, &taken, err));
	MILL_TRY_GOTO(mill_batch_new(mem, all->column_count + 1, all->id_words, &out, err), done);
	out.rows = count;
	MILL_TRY_GOTO(mill_column_new(mem, mill_type_of(MILL_TYPE_INT64), count, 0, &out.columns[visible], err), done);
	int64_t *numbers = out.columns[visible].values;
	for (int64_t i = 0; i < count; i++) {
		bool first = at + i == 0 || !same_partition(op, all, order[at + i], order[at + i - 1]);
		*number = first ? 1 : *number + 1;
		numbers[i] = *number;
	}
	for (int c = 0; c < all->column_count; c++) {
		out.columns[c < visible ? c : c + 1] = taken.columns[c];
		memset(&taken.columns[c], 0, sizeof(taken.columns[c]));
	}
	status = mill_op_emit(&op->base, &out, err);
done:
	mill_batch_release(&out);
	mill_batch_release(&taken);
	return status;
}

static mill_status emit_numbered(row_number_op *op, const mill_batch *all, mill_error *err)
{
	mill_column keys = {0};
	mill_status status = MILL_OK;
	int64_t number = 0, chunk = op->base.env.knobs->batch_rows;
	int32_t *order = mill_mem_alloc(op->base.env.mem, (size_t)all->rows * sizeof(*order));
	if (order == NULL)
		return mill_fail_nomem(err, (size_t)all->rows * sizeof(*order), "row_number");
	MILL_TRY_GOTO(mill_sort_encode(op->base.env.mem, all, op->keys, op->key_count, true, &keys, err), done);
	MILL_TRY_GOTO(op_sort_binary(op->base.env.mem, &keys, order, err), done);
	for (int64_t at = 0; at < all->rows && status == MILL_OK && !op->base.next->done; at += chunk)
		status = emit_chunk(op, all, order, at, mill_min_i64(chunk, all->rows - at), &number, err);
done:
	mill_column_release(&keys);
	mill_mem_free(order);
	return status;
}

static mill_status row_number_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	return op_batches_add(&((row_number_op *)self)->batches, batch, err);
}

static mill_status row_number_finish_unit(mill_sink *self, mill_error *err)
{
	row_number_op *op = (row_number_op *)self;
	int64_t rows = op->batches.rows, bytes = op->batches.bytes;
	if (rows > 0) {
		mill_batch all = {0};
		MILL_TRY(op_batches_join(&op->batches, &op->base.env, "row_number", &all, err));
		mill_status status = emit_numbered(op, &all, err);
		mill_batch_release(&all);
		if (status == MILL_NOMEM)
			return op_nomem(&op->base.env, "row_number", rows, bytes, err);
		MILL_TRY(status);
	}
	return op_pass_unit(self, err);
}

static void row_number_release(mill_sink *self)
{
	row_number_op *op = (row_number_op *)self;
	op_batches_release(&op->batches);
	mill_mem_free(op->keys);
	mill_mem_free(op);
}

mill_status mill_row_number_new(const mill_op_env *env, const int *partitions, int partition_count,
                                const mill_sort_key *orders, int order_count, mill_sink *next, mill_sink **out,
                                mill_error *err)
{
	row_number_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "row_number", &op, err));
	op->base.sink.push = row_number_push;
	op->base.sink.finish_unit = row_number_finish_unit;
	op->base.sink.release = row_number_release;
	op->batches.mem = env->mem;
	op->partition_count = partition_count;
	op->key_count = partition_count + order_count;
	op->keys = mill_mem_calloc(env->mem, (size_t)op->key_count, sizeof(*op->keys));
	if (op->keys == NULL) {
		row_number_release(&op->base.sink);
		return mill_fail_nomem(err, (size_t)(partition_count + order_count) * sizeof(mill_sort_key),
		                       "row_number");
	}
	for (int p = 0; p < partition_count; p++)
		op->keys[p].column = partitions[p];
	for (int o = 0; o < order_count; o++)
		op->keys[partition_count + o] = orders[o];
	*out = &op->base.sink;
	return MILL_OK;
}
