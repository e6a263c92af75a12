#include "sql/constant.h"

static int64_t first_value(const mill_column *column)
{
	if (column->type.id == MILL_TYPE_BOOL)
		return mill_bit_get(column->values, 0);
	return *(const int64_t *)column->values;
}

/* The expression over a batch of one row and no columns. */
static mill_status run_once(mill_program *program, mill_mem *mem, sql_constant *out, mill_error *err)
{
	mill_batch batch;
	mill_column column = {0};
	mill_row_errors errors = {0};
	MILL_TRY(mill_batch_new(mem, 0, 0, &batch, err));
	batch.rows = 1;
	mill_status status = mill_program_run(program, &batch, &column, &errors, err);
	if (status == MILL_OK && errors.count == 0) {
		out->is_known = true;
		out->is_null = mill_column_is_null(&column, 0);
		out->integer = out->is_null ? 0 : first_value(&column);
	}
	mill_column_release(&column);
	mill_batch_release(&batch);
	return status;
}

mill_status sql_evaluate(mill_mem *mem, mill_expr *expr, sql_constant *out, mill_error *err)
{
	*out = (sql_constant){false, false, 0};
	if (!mill_expr_is_constant(expr) || (expr->type.id != MILL_TYPE_INT64 && expr->type.id != MILL_TYPE_BOOL))
		return MILL_OK;
	mill_knobs knobs = mill_knobs_defaults();
	mill_program *program = NULL;
	MILL_TRY(mill_program_new(&expr, 1, &knobs, mem, &program, err));
	mill_status status = run_once(program, mem, out, err);
	mill_program_free(program);
	return status;
}
