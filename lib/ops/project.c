/* SELECT: computes expressions, and hands ids on. */
#include "ops/ops_private.h"
#include <string.h>

typedef struct project_op {
	mill_op_base base;
	mill_program *program;
	mill_row_error_policy *policy;
	int count;
	bool with_ids;
} project_op;

/* Evaluates into the visible columns of out and appends the ids. */
static mill_status project_run(project_op *op, const mill_batch *batch, mill_batch *out, mill_row_errors *errors,
                               mill_error *err)
{
	int id_words = op->with_ids ? batch->id_words : 0;
	mill_batch made = {0};
	MILL_TRY(mill_batch_new(op->base.env.mem, op->count + id_words, id_words, &made, err));
	made.rows = batch->rows;
	mill_status status = mill_program_run(op->program, batch, made.columns, errors, err);
	if (status != MILL_OK) {
		mill_batch_release(&made);
		return status;
	}
	for (int w = 0; w < id_words; w++)
		made.columns[op->count + w] = mill_column_retain(&batch->columns[mill_batch_visible(batch) + w]);
	*out = made;
	return MILL_OK;
}

/* Takes the failed rows out of made. */
static mill_status project_drop(const mill_row_errors *errors, mill_batch *made, mill_error *err)
{
	size_t words = mill_bit_words(made->rows);
	uint64_t *keep = mill_mem_alloc(made->mem, words * sizeof(uint64_t));
	if (keep == NULL)
		return mill_fail_nomem(err, words * sizeof(uint64_t), "project");
	for (size_t w = 0; w < words; w++)
		keep[w] = ~errors->rows[w];
	if ((made->rows & 63) != 0)
		keep[words - 1] &= ((uint64_t)1 << (made->rows & 63)) - 1;
	mill_batch kept = {0};
	mill_status status = mill_batch_filter(made, keep, made->rows - errors->count, &kept, err);
	mill_mem_free(keep);
	MILL_TRY(status);
	mill_batch_release(made);
	*made = kept;
	return MILL_OK;
}

static mill_status project_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	project_op *op = (project_op *)self;
	mill_row_errors errors = {0};
	mill_batch made = {0};
	MILL_TRY(project_run(op, batch, &made, &errors, err));
	mill_status status = MILL_OK;
	if (errors.count > 0) {
		MILL_TRY_GOTO(op_report(op->policy, batch, &errors, err), done);
		MILL_TRY_GOTO(project_drop(&errors, &made, err), done);
	}
	status = mill_op_emit(&op->base, &made, err);
done:
	mill_batch_release(&made);
	return status;
}

static void project_release(mill_sink *self)
{
	project_op *op = (project_op *)self;
	mill_program_free(op->program);
	mill_mem_free(op);
}

mill_status mill_project_new(const mill_op_env *env, mill_expr *const *exprs, int count, bool with_ids,
                             mill_row_error_policy *policy, mill_sink *next, mill_sink **out, mill_error *err)
{
	project_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "project", &op, err));
	op->base.sink.push = project_push;
	op->base.sink.release = project_release;
	op->policy = policy;
	op->count = count;
	op->with_ids = with_ids;
	mill_status status = mill_program_new(exprs, count, env->knobs, env->mem, &op->program, err);
	if (status != MILL_OK) {
		project_release(&op->base.sink);
		return status;
	}
	*out = &op->base.sink;
	return MILL_OK;
}
