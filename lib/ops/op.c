#include "ops/ops_private.h"
#include <string.h>

void mill_op_release(mill_sink *op)
{
	if (op != NULL && op->release != NULL)
		op->release(op);
}

mill_status op_pass_unit(mill_sink *self, mill_error *err)
{
	mill_op_base *op = mill_op_of(self);
	return op->next->finish_unit(op->next, err);
}

mill_status op_pass_finish(mill_sink *self, mill_error *err)
{
	mill_op_base *op = mill_op_of(self);
	return op->next->finish(op->next, err);
}

void mill_op_free(mill_sink *self)
{
	mill_mem_free(self);
}

mill_status mill_op_new(const mill_op_env *env, size_t size_bytes, mill_sink *next, const char *what, void *out,
                        mill_error *err)
{
	mill_op_base *op = mill_mem_calloc(env->mem, 1, size_bytes);
	if (op == NULL)
		return mill_fail_nomem(err, size_bytes, what);
	op->env = *env;
	op->next = next;
	op->sink.finish_unit = op_pass_unit;
	op->sink.finish = op_pass_finish;
	op->sink.release = mill_op_free;
	memcpy(out, &op, sizeof(op));
	return MILL_OK;
}

mill_status mill_op_emit(mill_op_base *op, const mill_batch *batch, mill_error *err)
{
	MILL_TRY(mill_sink_push(op->next, batch, err));
	op->sink.done = op->next->done;
	return MILL_OK;
}

mill_status op_emit_order(mill_op_base *op, const mill_batch *batch, const int32_t *order, int64_t rows,
                          mill_error *err)
{
	for (int64_t at = 0; at < rows && !op->next->done; at += op->env.knobs->batch_rows) {
		mill_batch chunk = {0};
		MILL_TRY(mill_batch_take(batch, order + at, mill_min_i64(op->env.knobs->batch_rows, rows - at), &chunk,
		                         err));
		mill_status status = mill_op_emit(op, &chunk, err);
		mill_batch_release(&chunk);
		MILL_TRY(status);
	}
	return MILL_OK;
}

mill_status op_report(mill_row_error_policy *policy, const mill_batch *batch, const mill_row_errors *errors,
                      mill_error *err)
{
	if (policy == NULL)
		return mill_fail(err, MILL_DATA, "%s (%lld rows of a batch)", errors->detail, (long long)errors->count);
	return policy->report(policy, batch, errors, err);
}

mill_status op_nomem(const mill_op_env *env, const char *what, int64_t rows, int64_t bytes, mill_error *err)
{
	return mill_fail(err, MILL_NOMEM,
	                 "%s: %lld rows (%lld MiB) of one bucket do not fit: %lld of this rank's %lld MiB are in use. "
	                 "Give more with --memory, or use more nodes",
	                 what, (long long)rows, (long long)(bytes >> 20), (long long)(env->mem->used_bytes >> 20),
	                 (long long)(env->mem->budget_bytes >> 20));
}

mill_status op_batches_add(op_batches *list, const mill_batch *batch, mill_error *err)
{
	if (list->count == list->capacity) {
		int64_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		mill_batch *items = mill_mem_realloc(list->mem, list->items, (size_t)capacity * sizeof(*items));
		if (items == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof(*items), "list of batches");
		list->items = items;
		list->capacity = capacity;
	}
	MILL_TRY(mill_batch_retain(batch, &list->items[list->count], err));
	list->count++;
	list->rows += batch->rows;
	list->bytes += mill_batch_bytes(batch);
	return MILL_OK;
}

void op_batches_clear(op_batches *list)
{
	for (int64_t i = 0; i < list->count; i++)
		mill_batch_release(&list->items[i]);
	list->count = 0;
	list->rows = 0;
	list->bytes = 0;
}

void op_batches_release(op_batches *list)
{
	op_batches_clear(list);
	mill_mem_free(list->items);
	list->items = NULL;
	list->capacity = 0;
}

mill_status op_batches_join(op_batches *list, const mill_op_env *env, const char *what, mill_batch *out,
                            mill_error *err)
{
	if (list->rows > INT32_MAX || list->count > INT32_MAX)
		return mill_fail(err, MILL_DATA, "%s: %lld rows in one bucket, at most %d fit", what,
		                 (long long)list->rows, INT32_MAX);
	mill_status status;
	if (list->count == 1)
		status = mill_batch_retain(&list->items[0], out, err);
	else
		status = mill_batch_concat_consume(list->mem, list->items, (int)list->count, out, err);
	if (status == MILL_NOMEM)
		status = op_nomem(env, what, list->rows, list->bytes, err);
	else if (status != MILL_OK)
		status = mill_fail_context(err, status, "%s", what);
	op_batches_clear(list);
	return status;
}
