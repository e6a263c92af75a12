/* Appends the BINARY column by which rows are sorted. */
#include "ops/ops_private.h"
#include <string.h>

typedef struct sort_key_op {
	mill_op_base base;
	mill_sort_key *keys;
	int count;
	bool with_ids;
} sort_key_op;

static mill_status sort_key_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	sort_key_op *op = (sort_key_op *)self;
	int visible = mill_batch_visible(batch);
	mill_batch out = {0};
	MILL_TRY(mill_batch_new(op->base.env.mem, batch->column_count + 1, batch->id_words, &out, err));
	out.rows = batch->rows;
	mill_status status =
	    mill_sort_encode(op->base.env.mem, batch, op->keys, op->count, op->with_ids, &out.columns[visible], err);
	if (status == MILL_OK) {
		for (int c = 0; c < batch->column_count; c++)
			out.columns[c < visible ? c : c + 1] = mill_column_retain(&batch->columns[c]);
		status = mill_op_emit(&op->base, &out, err);
	}
	mill_batch_release(&out);
	return status;
}

static void sort_key_release(mill_sink *self)
{
	mill_mem_free(((sort_key_op *)self)->keys);
	mill_mem_free(self);
}

mill_status mill_sort_key_new(const mill_op_env *env, const mill_sort_key *keys, int count, bool with_ids,
                              mill_sink *next, mill_sink **out, mill_error *err)
{
	sort_key_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "sort key", &op, err));
	op->base.sink.push = sort_key_push;
	op->base.sink.release = sort_key_release;
	op->count = count;
	op->with_ids = with_ids;
	op->keys = mill_mem_alloc(env->mem, (size_t)count * sizeof(*keys));
	if (op->keys == NULL) {
		sort_key_release(&op->base.sink);
		return mill_fail_nomem(err, (size_t)count * sizeof(*keys), "sort key");
	}
	if (count > 0)
		memcpy(op->keys, keys, (size_t)count * sizeof(*keys));
	*out = &op->base.sink;
	return MILL_OK;
}
