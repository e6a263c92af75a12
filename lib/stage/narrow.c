#include "stage/narrow.h"

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
	mill_plan *plan = mill_arena_alloc(arena, sizeof *plan);
	mill_field *fields = mill_arena_array(arena, (size_t)count + 1, sizeof *fields);
	mill_expr **exprs = mill_arena_array(arena, (size_t)count + 1, sizeof(mill_expr *));
	if (plan == NULL || fields == NULL || exprs == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *fields, "a plan");
	for (int i = 0; i < count; i++) {
		fields[i] = input->schema.fields[columns[i]];
		exprs[i] = mill_expr_column(&builder, columns[i], fields[i].type, fields[i].nullable, err);
		if (exprs[i] == NULL)
			return mill_fail_nomem(err, sizeof *exprs, "a plan");
	}
	plan->kind = MILL_PLAN_PROJECT;
	plan->schema = (mill_schema){fields, count};
	plan->id_words = input->id_words;
	plan->inputs[0] = input;
	plan->input_count = 1;
	plan->position = -1;
	plan->exprs = exprs;
	*out = plan;
	return MILL_OK;
}
