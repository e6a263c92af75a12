/* Plans on top of plans, for those who build stages and stores: fewer columns, an order. */
#include "sql/node.h"

mill_status mill_schema_columns(mill_expr_builder *builder, const mill_schema *schema, const int *columns, int count,
                                int spare, mill_expr ***out, mill_error *err)
{
	size_t most = (size_t)count + (size_t)spare + 1;
	mill_expr **exprs = mill_arena_array(builder->arena, most, sizeof *exprs);
	if (exprs == NULL)
		return mill_fail_nomem(err, most * sizeof *exprs, "columns of a plan");
	for (int i = 0; i < count; i++) {
		int column = columns == NULL ? i : columns[i];
		const mill_field *field = &schema->fields[column];
		exprs[i] = mill_expr_column(builder, column, field->type, field->nullable, err);
		if (exprs[i] == NULL)
			return MILL_NOMEM;
	}
	*out = exprs;
	return MILL_OK;
}

static bool is_whole(const mill_plan *input, const int *columns, int count)
{
	bool whole = count == input->schema.count;
	for (int i = 0; i < count && whole; i++)
		whole = columns[i] == i;
	return whole;
}

mill_status mill_plan_narrow(mill_plan *input, const int *columns, int count, mill_arena *arena, mill_plan **out,
                             mill_error *err)
{
	*out = input;
	if (is_whole(input, columns, count))
		return MILL_OK;
	mill_expr_builder builder = {.arena = arena, .position = -1, .failed_position = -1};
	mill_expr **exprs;
	MILL_TRY(mill_schema_columns(&builder, &input->schema, columns, count, 0, &exprs, err));
	const char **names = mill_arena_array(arena, (size_t)count + 1, sizeof *names);
	if (names == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *names, "a plan");
	for (int i = 0; i < count; i++)
		names[i] = input->schema.fields[columns[i]].name;
	mill_plan *plan = sql_node_project(arena, input, exprs, names, count, err);
	if (plan == NULL)
		return MILL_NOMEM;
	*out = plan;
	return MILL_OK;
}

mill_status mill_plan_first_rows(mill_plan *input, int64_t rows, mill_arena *arena, mill_plan **out, mill_error *err)
{
	mill_plan *plan = sql_node_limit(arena, input, rows, 0, err);
	if (plan == NULL)
		return MILL_NOMEM;
	*out = plan;
	return MILL_OK;
}

mill_status mill_plan_in_id_order(mill_plan *input, mill_arena *arena, mill_plan **out, mill_error *err)
{
	mill_plan *plan = sql_node_id_order(arena, input, err);
	if (plan == NULL)
		return MILL_NOMEM;
	*out = plan;
	return MILL_OK;
}
