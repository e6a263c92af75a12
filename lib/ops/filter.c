/* WHERE and HAVING: keeps the rows for which a predicate is TRUE. */
#include "ops/ops_private.h"

typedef struct filter_op {
	mill_op_base base;
	mill_program *program;
	mill_row_error_policy *policy;
	uint64_t *keep; /* one bit per row */
	int64_t keep_rows;
} filter_op;

static mill_status filter_reserve(filter_op *op, int64_t rows, mill_error *err)
{
	if (rows <= op->keep_rows)
		return MILL_OK;
	size_t size_bytes = mill_bit_words(rows) * sizeof(uint64_t);
	uint64_t *keep = mill_mem_realloc(op->base.env.mem, op->keep, size_bytes);
	if (keep == NULL)
		return mill_fail_nomem(err, size_bytes, "filter");
	op->keep = keep;
	op->keep_rows = rows;
	return MILL_OK;
}

static mill_status filter_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	filter_op *op = (filter_op *)self;
	int64_t kept = 0;
	mill_row_errors errors = {0};
	MILL_TRY(filter_reserve(op, batch->rows, err));
	MILL_TRY(mill_program_filter(op->program, batch, op->keep, &kept, &errors, err));
	if (errors.count > 0)
		MILL_TRY(op_report(op->policy, batch, &errors, err));
	if (kept == batch->rows)
		return mill_op_emit(&op->base, batch, err);
	if (kept == 0)
		return MILL_OK;
	mill_batch out = {0};
	MILL_TRY(mill_batch_filter(batch, op->keep, kept, &out, err));
	mill_status status = mill_op_emit(&op->base, &out, err);
	mill_batch_release(&out);
	return status;
}

static void filter_release(mill_sink *self)
{
	filter_op *op = (filter_op *)self;
	mill_program_free(op->program);
	mill_mem_free(op->keep);
	mill_mem_free(op);
}

mill_status mill_filter_new(const mill_op_env *env, mill_expr *predicate, mill_row_error_policy *policy,
                            mill_sink *next, mill_sink **out, mill_error *err)
{
	filter_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "filter", &op, err));
	op->base.sink.push = filter_push;
	op->base.sink.release = filter_release;
	op->policy = policy;
	mill_expr *exprs[] = {predicate};
	mill_status status = mill_program_new(exprs, 1, env->knobs, env->mem, &op->program, err);
	if (status != MILL_OK) {
		filter_release(&op->base.sink);
		return status;
	}
	*out = &op->base.sink;
	return MILL_OK;
}
