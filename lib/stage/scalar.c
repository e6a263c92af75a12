/* Scalar sub-queries: a plan run for its one value, which every rank gets as a literal. */
#include "column/frame.h"
#include "stage/compile.h"

static void literal_number(const mill_column *column, mill_literal *literal)
{
	switch (column->type.id) {
	case MILL_TYPE_INT8: literal->as.i64 = *(const int8_t *)column->values; break;
	case MILL_TYPE_INT16: literal->as.i64 = *(const int16_t *)column->values; break;
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: literal->as.i64 = *(const int32_t *)column->values; break;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: literal->as.i64 = *(const int64_t *)column->values; break;
	case MILL_TYPE_UINT8: literal->as.i64 = *(const uint8_t *)column->values; break;
	case MILL_TYPE_UINT16: literal->as.i64 = *(const uint16_t *)column->values; break;
	case MILL_TYPE_UINT32: literal->as.i64 = *(const uint32_t *)column->values; break;
	case MILL_TYPE_UINT64: literal->as.u64 = *(const uint64_t *)column->values; break;
	case MILL_TYPE_FLOAT32: literal->as.f64 = (double)*(const float *)column->values; break;
	case MILL_TYPE_FLOAT64: literal->as.f64 = *(const double *)column->values; break;
	case MILL_TYPE_DECIMAL: literal->as.decimal = *(const mill_i128 *)column->values; break;
	case MILL_TYPE_INTERVAL: literal->as.interval = *(const mill_interval *)column->values; break;
	case MILL_TYPE_BOOL: literal->as.boolean = mill_bit_get(column->values, 0); break;
	default: break;
	}
}

/* Row 0 of column (NULL: the SQL NULL) as a literal. */
static mill_status scalar_literal(mill_run *run, mill_type type, const mill_column *column, mill_expr **out,
                                  mill_error *err)
{
	mill_literal literal = {.is_null = column == NULL || mill_column_is_null(column, 0)};
	mill_expr_builder builder = {.arena = run->arena, .position = -1, .failed_position = -1};
	if (!literal.is_null && mill_type_is_text(type)) {
		int32_t length;
		const char *text = mill_column_text(column, 0, &length);
		literal.as.string.text = mill_arena_strndup(run->arena, text, (size_t)length);
		literal.as.string.length_bytes = length;
		if (literal.as.string.text == NULL)
			return mill_fail_nomem(err, (size_t)length, "a scalar sub-query");
	} else if (!literal.is_null) {
		literal_number(column, &literal);
	}
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
