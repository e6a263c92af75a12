/* LIMIT and OFFSET over the rows that are pushed, and the first rows of a scan. */
#include "ops/ops_private.h"

typedef struct limit_op {
	mill_op_base base;
	int64_t skip; /* rows still to be skipped */
	int64_t left; /* rows still to be passed */
} limit_op;

static mill_status pass_rows(mill_op_base *op, const mill_batch *batch, int64_t first, int64_t count, mill_error *err)
{
	if (first == 0 && count == batch->rows)
		return mill_op_emit(op, batch, err);
	int32_t *rows = mill_mem_alloc(op->env.mem, (size_t)count * sizeof(*rows));
	if (rows == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof(*rows), "limit");
	for (int64_t i = 0; i < count; i++)
		rows[i] = (int32_t)(first + i);
	mill_batch out = {0};
	mill_status status = mill_batch_take(batch, rows, count, &out, err);
	mill_mem_free(rows);
	MILL_TRY(status);
	status = mill_op_emit(op, &out, err);
	mill_batch_release(&out);
	return status;
}

static mill_status limit_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	limit_op *op = (limit_op *)self;
	int64_t first = mill_min_i64(op->skip, batch->rows);
	int64_t count = mill_min_i64(op->left, batch->rows - first);
	op->skip -= first;
	op->left -= count;
	if (count > 0)
		MILL_TRY(pass_rows(&op->base, batch, first, count, err));
	if (op->left == 0)
		self->done = true;
	return MILL_OK;
}

mill_status mill_limit_new(const mill_op_env *env, int64_t offset, int64_t limit, mill_sink *next, mill_sink **out,
                           mill_error *err)
{
	limit_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "limit", &op, err));
	op->base.sink.push = limit_push;
	op->skip = mill_max_i64(offset, 0);
	op->left = limit < 0 ? INT64_MAX : limit;
	op->base.sink.done = limit == 0;
	*out = &op->base.sink;
	return MILL_OK;
}

typedef struct first_op {
	mill_op_base base;
	mill_first_rows *first;
} first_op;

static mill_status first_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	mill_first_rows *first = ((first_op *)self)->first;
	int64_t count = mill_min_i64(first->limit - first->rows, batch->rows);
	if (count > 0) {
		MILL_TRY(pass_rows(mill_op_of(self), batch, 0, count, err));
		for (int word = 0; word < 2; word++)
			first->last_id[word] = op_id_word(batch, word)[count - 1];
		first->rows += count;
	}
	self->done = first->rows == first->limit && !first->reads_on;
	return MILL_OK;
}

mill_status mill_first_new(const mill_op_env *env, mill_first_rows *first, mill_sink *next, mill_sink **out,
                           mill_error *err)
{
	first_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "limit", &op, err));
	op->base.sink.push = first_push;
	op->base.sink.done = first->limit == 0 && !first->reads_on;
	op->first = first;
	first->rows = 0;
	*out = &op->base.sink;
	return MILL_OK;
}
