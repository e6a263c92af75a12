#include "sql/optimise/optimise.h"

#include <string.h>

mill_status sql_optimiser_nomem(const sql_optimiser *o)
{
	return mill_fail_nomem(o->err, sizeof(mill_plan), "an optimised plan");
}

sql_shared_plan *sql_find_shared(const sql_optimiser *o, int shared)
{
	sql_shared_plan *s = o->shared;
	while (s != NULL && s->shared != shared)
		s = s->next;
	return s;
}

mill_status sql_keep_shared(sql_optimiser *o, int shared, mill_plan *plan)
{
	sql_shared_plan *kept = mill_arena_alloc(o->arena, sizeof *kept);
	if (kept == NULL)
		return sql_optimiser_nomem(o);
	kept->shared = shared;
	kept->plan = plan;
	kept->next = o->shared;
	o->shared = kept;
	return MILL_OK;
}

mill_status sql_with_inputs(const sql_optimiser *o, const mill_plan *node, mill_plan *left, mill_plan *right,
                            mill_plan **out)
{
	mill_plan *copy = sql_node_copy(o->arena, node, o->err);
	if (copy == NULL)
		return MILL_NOMEM;
	copy->inputs[0] = left;
	copy->inputs[1] = right;
	*out = copy;
	return MILL_OK;
}

static bool is_trivial(const mill_expr *expr)
{
	return expr->kind == MILL_EXPR_COLUMN || expr->kind == MILL_EXPR_LITERAL || expr->kind == MILL_EXPR_PARAM;
}

static void count_use(void *context, int column)
{
	int *uses = context;
	uses[column]++;
}

/* Would merging compute anything twice, or move a failing expression into another statement's text? */
static mill_status may_merge(const sql_optimiser *o, const mill_plan *upper, const mill_plan *lower, bool *out)
{
	int *uses = mill_arena_array(o->arena, (size_t)lower->schema.count + 1, sizeof *uses);
	if (uses == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < upper->schema.count; i++)
		mill_expr_columns(upper->exprs[i], count_use, uses);
	*out = true;
	for (int i = 0; i < lower->schema.count; i++) {
		const mill_expr *expr = lower->exprs[i];
		bool is_cheap = is_trivial(expr) || uses[i] <= 1;
		bool is_located = upper->sql == lower->sql || uses[i] == 0 || !mill_expr_can_fail(expr);
		*out = *out && is_cheap && is_located;
	}
	return MILL_OK;
}

static mill_status merge_pair(const sql_optimiser *o, const mill_plan *upper, const mill_plan *lower, mill_plan **out)
{
	mill_plan *merged;
	MILL_TRY(sql_with_inputs(o, upper, lower->inputs[0], NULL, &merged));
	merged->exprs = mill_arena_array(o->arena, (size_t)upper->schema.count + 1, sizeof *merged->exprs);
	if (merged->exprs == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < upper->schema.count; i++) {
		merged->exprs[i] = mill_expr_substitute(o->arena, upper->exprs[i], lower->exprs, o->err);
		if (merged->exprs[i] == NULL)
			return MILL_NOMEM;
	}
	*out = merged;
	return MILL_OK;
}

/* Every column of the input as it is, under its own name. */
static bool is_identity(const mill_plan *project)
{
	const mill_schema *input = &project->inputs[0]->schema;
	if (input->count != project->schema.count)
		return false;
	for (int i = 0; i < input->count; i++)
		if (project->exprs[i]->kind != MILL_EXPR_COLUMN || project->exprs[i]->column != i ||
		    strcmp(input->fields[i].name, project->schema.fields[i].name) != 0)
			return false;
	return true;
}

static mill_status merge_project(const sql_optimiser *o, mill_plan *project, mill_plan **out)
{
	while (project->inputs[0]->kind == MILL_PLAN_PROJECT) {
		bool may = false;
		MILL_TRY(may_merge(o, project, project->inputs[0], &may));
		if (!may)
			break;
		MILL_TRY(merge_pair(o, project, project->inputs[0], &project));
	}
	*out = is_identity(project) ? project->inputs[0] : project;
	return MILL_OK;
}

mill_status sql_merge_projects(sql_optimiser *o, const mill_plan *plan, mill_plan **out)
{
	mill_plan *inputs[2] = {NULL, NULL}, *copy;
	bool is_shared = plan->kind == MILL_PLAN_SHARED;
	const sql_shared_plan *known = is_shared ? sql_find_shared(o, plan->shared) : NULL;
	if (known != NULL)
		return sql_with_inputs(o, plan, known->plan, NULL, out);
	for (int i = 0; i < plan->input_count; i++)
		MILL_TRY(sql_merge_projects(o, plan->inputs[i], &inputs[i]));
	if (is_shared)
		MILL_TRY(sql_keep_shared(o, plan->shared, inputs[0]));
	MILL_TRY(sql_with_inputs(o, plan, inputs[0], inputs[1], &copy));
	if (plan->kind == MILL_PLAN_PROJECT)
		return merge_project(o, copy, out);
	*out = copy;
	return MILL_OK;
}

typedef mill_status (*sql_pass)(sql_optimiser *o, const mill_plan *plan, mill_plan **out);

static mill_status push_all(sql_optimiser *o, const mill_plan *plan, mill_plan **out)
{
	const sql_conjuncts none = {NULL, 0};
	return sql_push_down(o, plan, &none, out);
}

static mill_status run_pass(sql_optimiser *o, sql_pass pass, mill_plan **plan)
{
	o->shared = NULL;
	return pass(o, *plan, plan);
}

mill_status mill_plan_optimise(mill_plan *plan, mill_arena *arena, mill_plan **out, mill_error *err)
{
	mill_error local = {0};
	sql_optimiser o = {arena, err == NULL ? &local : err, NULL};
	MILL_TRY(run_pass(&o, push_all, &plan));
	MILL_TRY(run_pass(&o, sql_merge_projects, &plan));
	MILL_TRY(run_pass(&o, sql_prune, &plan));
	MILL_TRY(run_pass(&o, sql_merge_projects, &plan));
	*out = plan;
	return MILL_OK;
}
