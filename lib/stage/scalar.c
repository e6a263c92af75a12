/* Scalar sub-queries: a plan run for its one value, which every rank gets as a literal. */
#include "column/frame.h"
#include "stage/compile.h"

/* Row 0 of column (NULL: the SQL NULL) as a literal. */
static mill_status scalar_literal(mill_run *run, mill_type type, const mill_column *column, mill_expr **out,
                                  mill_error *err)
{
	mill_literal literal = {.is_null = true};
	mill_expr_builder builder = {.arena = run->arena, .position = -1, .failed_position = -1};
	if (column != NULL)
		MILL_TRY(mill_literal_of(run->arena, column, &literal, err));
	*out = mill_expr_literal(&builder, type, &literal, err);
	return *out != NULL ? MILL_OK : MILL_NOMEM;
}

/* Collective: the first row's first value as a literal on every rank; more than one row is refused. */
static mill_status scalar_value(mill_run *run, const mill_plan *plan, mill_collector *collector, mill_expr **out,
                                mill_error *err)
{
	mill_bytes frame;
	mill_batch batch = {0};
	int64_t count = 0, rows = 0;
	mill_status status = MILL_OK;
	mill_bytes_init(&frame, run->mem);
	if (mill_comm_rank(run->comm) == 0) {
		const mill_batch *batches = mill_collector_batches(collector, &count, &rows);
		if (rows > 1)
			status = plan->sql != NULL
			             ? mill_sql_fail_at(err, MILL_DATA, plan->sql_where, plan->sql, plan->position,
			                                "this sub-query gave %lld rows where one value is wanted",
			                                (long long)rows)
			             : mill_fail(err, MILL_DATA, "a scalar sub-query gave %lld rows", (long long)rows);
		else if (rows == 1)
			status = mill_frame_write(&batches[0], NULL, 1, 0, 0, &frame, err);
	}
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(run->comm, 0, &frame, err);
	if (status == MILL_OK && frame.size_bytes > 0)
		status = mill_frame_read(frame.data, frame.size_bytes, run->mem, &batch, err);
	if (status == MILL_OK)
		status = scalar_literal(run, plan->schema.fields[0].type, batch.rows > 0 ? &batch.columns[0] : NULL,
		                        out, err);
	mill_batch_release(&batch);
	mill_bytes_release(&frame);
	return mill_comm_agree(run->comm, status, err);
}

mill_status mill_flow_scalar(mill_run *run, const mill_plan *plan, mill_expr **out, mill_error *err)
{
	mill_flow flow;
	mill_collector *collector = NULL;
	mill_op_env env = mill_run_env(run);
	mill_status status = mill_collector_new(&env, &collector, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_flow_compile(run, plan, false, &flow, err);
	if (status == MILL_OK)
		status = mill_flow_collect(run, &flow, mill_collector_sink(collector), err);
	if (status == MILL_OK)
		status = scalar_value(run, plan, collector, out, err);
	mill_collector_free(collector);
	return status;
}
