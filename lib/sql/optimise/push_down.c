/* Predicates towards the scans. A conjunct that could make a row an error never moves to where it would see more rows.
 */
#include "sql/constant.h"
#include "sql/optimise/optimise.h"

#include <string.h>

static mill_status list_new(const sql_optimiser *o, int most, sql_conjuncts *out)
{
	*out = (sql_conjuncts){mill_arena_array(o->arena, (size_t)most + 1, sizeof(mill_expr *)), 0};
	return out->exprs == NULL ? sql_optimiser_nomem(o) : MILL_OK;
}

static void add(sql_conjuncts *list, mill_expr *expr)
{
	list->exprs[list->count++] = expr;
}

/* What could not be pushed stays above the node. */
static mill_status filter_above(const sql_optimiser *o, mill_plan *plan, const sql_conjuncts *conjuncts,
                                const mill_plan *origin, mill_plan **out)
{
	mill_expr *predicate;
	MILL_TRY(sql_conjuncts_join(o->arena, conjuncts, &predicate, o->err));
	if (predicate == NULL) {
		*out = plan;
		return MILL_OK;
	}
	mill_plan *filter = sql_node_filter(o->arena, plan, predicate, o->err);
	if (filter == NULL)
		return MILL_NOMEM;
	if (origin->kind == MILL_PLAN_FILTER) {
		filter->sql = origin->sql;
		filter->sql_where = origin->sql_where;
		filter->position = origin->position;
	}
	*out = filter;
	return MILL_OK;
}

static mill_status push_scan(const sql_optimiser *o, const mill_plan *scan, const sql_conjuncts *conjuncts,
                             mill_plan **out)
{
	mill_plan *copy = sql_node_copy(o->arena, scan, o->err);
	sql_conjuncts all;
	if (copy == NULL)
		return MILL_NOMEM;
	MILL_TRY(list_new(o, conjuncts->count + 1, &all));
	if (scan->predicate != NULL)
		add(&all, scan->predicate);
	for (int i = 0; i < conjuncts->count; i++)
		add(&all, conjuncts->exprs[i]);
	MILL_TRY(sql_conjuncts_join(o->arena, &all, &copy->predicate, o->err));
	if (copy->predicate != NULL) {
		if (mill_schema_copy(&scan->schema, o->arena, &copy->schema) != MILL_OK)
			return sql_optimiser_nomem(o);
		sql_prove_not_null(copy->predicate, &copy->schema);
	}
	*out = copy;
	return MILL_OK;
}

/* A join that this pass may change. */
static mill_status own_join(const sql_optimiser *o, const mill_plan *join, mill_plan **out)
{
	mill_plan *copy = sql_node_copy(o->arena, join, o->err);
	if (copy == NULL)
		return MILL_NOMEM;
	*out = copy;
	return MILL_OK;
}

static mill_status add_keys(const sql_optimiser *o, mill_plan *join, const sql_join_condition *condition)
{
	int before = join->key_count, more = condition->key_count, count = before + more;
	if (more == 0)
		return MILL_OK;
	mill_expr **keys = mill_arena_array(o->arena, 2 * (size_t)count, sizeof *keys);
	if (keys == NULL)
		return sql_optimiser_nomem(o);
	for (int side = 0; side < 2; side++) {
		if (before > 0)
			memcpy(keys + side * count, join->exprs + side * before, (size_t)before * sizeof *keys);
		memcpy(keys + side * count + before, condition->keys + side * more, (size_t)more * sizeof *keys);
	}
	join->exprs = keys;
	join->key_count = count;
	return MILL_OK;
}

static mill_status remap_right(const sql_optimiser *o, const mill_plan *join, const mill_expr *expr, mill_expr **out)
{
	int *map = mill_arena_array(o->arena, (size_t)join->schema.count + 1, sizeof *map);
	if (map == NULL)
		return sql_optimiser_nomem(o);
	int left = join->inputs[0]->schema.count;
	for (int i = left; i < join->schema.count; i++)
		map[i] = i - left;
	*out = mill_expr_remap(o->arena, expr, map, o->err);
	return *out == NULL ? MILL_NOMEM : MILL_OK;
}

typedef struct join_lists {
	sql_conjuncts left, right, residual, above;
} join_lists;

/* Where a conjunct over the join's output goes. */
static mill_status place(const sql_optimiser *o, mill_plan *join, mill_expr *conjunct, join_lists *lists)
{
	sql_usage usage = sql_usage_of(conjunct, join->inputs[0]->schema.count);
	bool is_inner = join->join == MILL_JOIN_INNER;
	if (!usage.uses_right && usage.uses_left) {
		add(&lists->left, conjunct);
		return MILL_OK;
	}
	if (!is_inner) {
		add(&lists->above, conjunct);
		return MILL_OK;
	}
	if (!usage.uses_left && usage.uses_right) {
		mill_expr *moved;
		MILL_TRY(remap_right(o, join, conjunct, &moved));
		add(&lists->right, moved);
		return MILL_OK;
	}
	sql_join_condition split;
	MILL_TRY(sql_split_join_condition(o->arena, conjunct, join->inputs[0]->schema.count, join->schema.count, &split,
	                                  o->err));
	MILL_TRY(add_keys(o, join, &split));
	if (split.residual != NULL)
		add(&lists->residual, split.residual);
	return MILL_OK;
}

/* A conjunct of ON that looks at one side only filters that side, where that changes nothing. */
static mill_status place_residual(const sql_optimiser *o, const mill_plan *join, mill_expr *conjunct, join_lists *lists)
{
	sql_usage usage = sql_usage_of(conjunct, join->inputs[0]->schema.count);
	bool is_safe = !mill_expr_can_fail(conjunct);
	if (is_safe && usage.uses_right && !usage.uses_left) {
		mill_expr *moved;
		MILL_TRY(remap_right(o, join, conjunct, &moved));
		add(&lists->right, moved);
	} else if (is_safe && join->join == MILL_JOIN_INNER && usage.uses_left && !usage.uses_right) {
		add(&lists->left, conjunct);
	} else {
		add(&lists->residual, conjunct);
	}
	return MILL_OK;
}

typedef struct missing_check {
	int left_count;
	bool is_rejected;
} missing_check;

static void check_right_column(void *context, int column)
{
	missing_check *check = context;
	check->is_rejected = check->is_rejected || column >= check->left_count;
}

/* A conjunct that is never TRUE for a row without match makes a left join an inner one: the ids are the same. */
static bool rejects_missing(const mill_expr *conjunct, int left_count)
{
	missing_check check = {left_count, false};
	sql_not_null_columns(conjunct, check_right_column, &check);
	return check.is_rejected;
}

static mill_status push_join(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts, mill_plan **out)
{
	mill_plan *join, *left, *right;
	sql_conjuncts residual;
	join_lists lists;
	MILL_TRY(own_join(o, plan, &join));
	MILL_TRY(sql_conjuncts_of(o->arena, plan->predicate, &residual, o->err));
	int most = residual.count + conjuncts->count;
	MILL_TRY(list_new(o, most, &lists.left));
	MILL_TRY(list_new(o, most, &lists.right));
	MILL_TRY(list_new(o, most, &lists.residual));
	MILL_TRY(list_new(o, most, &lists.above));
	for (int i = 0; i < conjuncts->count; i++)
		if (rejects_missing(conjuncts->exprs[i], plan->inputs[0]->schema.count))
			join->join = MILL_JOIN_INNER;
	for (int i = 0; i < residual.count; i++)
		MILL_TRY(place_residual(o, join, residual.exprs[i], &lists));
	for (int i = 0; i < conjuncts->count; i++)
		MILL_TRY(place(o, join, conjuncts->exprs[i], &lists));
	MILL_TRY(sql_conjuncts_join(o->arena, &lists.residual, &join->predicate, o->err));
	MILL_TRY(sql_push_down(o, plan->inputs[0], &lists.left, &left));
	MILL_TRY(sql_push_down(o, plan->inputs[1], &lists.right, &right));
	join->inputs[0] = left;
	join->inputs[1] = right;
	return filter_above(o, join, &lists.above, plan, out);
}

/* Conjuncts that go below a node once its output columns are replaced by what they are made of. exprs[column]: NULL
 * where that is not allowed. */
static mill_status push_through(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts,
                                mill_expr *const *exprs, mill_plan **out);

typedef struct column_check {
	mill_expr *const *exprs;
	bool is_allowed;
} column_check;

static void check_column(void *context, int column)
{
	column_check *check = context;
	check->is_allowed = check->is_allowed && check->exprs[column] != NULL;
}

static mill_status push_through(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts,
                                mill_expr *const *exprs, mill_plan **out)
{
	sql_conjuncts below, above;
	MILL_TRY(list_new(o, conjuncts->count, &below));
	MILL_TRY(list_new(o, conjuncts->count, &above));
	for (int i = 0; i < conjuncts->count; i++) {
		mill_expr *conjunct = conjuncts->exprs[i];
		column_check check = {exprs, true};
		mill_expr_columns(conjunct, check_column, &check);
		mill_expr *moved =
		    check.is_allowed ? mill_expr_substitute(o->arena, conjunct, exprs, o->err) : conjunct;
		if (moved == NULL)
			return MILL_NOMEM;
		bool may_move = check.is_allowed && !mill_expr_can_fail(moved);
		add(may_move ? &below : &above, may_move ? moved : conjunct);
	}
	mill_plan *input, *copy;
	MILL_TRY(sql_push_down(o, plan->inputs[0], &below, &input));
	MILL_TRY(sql_with_inputs(o, plan, input, NULL, &copy));
	return filter_above(o, copy, &above, plan, out);
}

/* Columns 0 … count − 1 of the input as themselves, in an array for `columns` output columns. */
static mill_status same_columns(const sql_optimiser *o, const mill_schema *input, int columns, mill_expr ***out)
{
	mill_expr_builder builder = {o->arena, -1, -1};
	return mill_schema_columns(&builder, input, NULL, input->count, columns - input->count, out, o->err);
}

/* Nodes that no predicate passes: those with a limit, shared results, constants. */
static mill_status stop(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts, mill_plan **out)
{
	const sql_conjuncts none = {NULL, 0};
	mill_plan *input = NULL, *copy;
	bool is_shared = plan->kind == MILL_PLAN_SHARED;
	const sql_shared_plan *known = is_shared ? sql_find_shared(o, plan->shared) : NULL;
	if (known != NULL)
		input = known->plan;
	if (plan->input_count > 0 && input == NULL) {
		MILL_TRY(sql_push_down(o, plan->inputs[0], &none, &input));
		if (is_shared)
			MILL_TRY(sql_keep_shared(o, plan->shared, input));
	}
	MILL_TRY(sql_with_inputs(o, plan, input, NULL, &copy));
	return filter_above(o, copy, conjuncts, plan, out);
}

static mill_status push_aggregate(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts,
                                  mill_plan **out)
{
	mill_expr **exprs = mill_arena_array(o->arena, (size_t)plan->schema.count + 1, sizeof *exprs);
	if (exprs == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < plan->key_count; i++)
		exprs[i] = plan->exprs[i];
	/* Without keys there is a group even over no rows: not even a constant condition may move below. */
	if (plan->key_count == 0)
		return stop(o, plan, conjuncts, out);
	return push_through(o, plan, conjuncts, exprs, out);
}

static bool partitions_by(const mill_plan_window *window, int column)
{
	for (int i = 0; i < window->partition_count; i++)
		if (window->partitions[i] == column)
			return true;
	return false;
}

static mill_status push_window(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts, mill_plan **out)
{
	mill_expr **exprs;
	MILL_TRY(same_columns(o, &plan->inputs[0]->schema, plan->schema.count, &exprs));
	for (int i = 0; i < plan->inputs[0]->schema.count; i++)
		for (int w = 0; w < plan->window_count; w++)
			if (!partitions_by(&plan->windows[w], i))
				exprs[i] = NULL;
	return push_through(o, plan, conjuncts, exprs, out);
}

static mill_status push_split(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts, mill_plan **out)
{
	mill_expr **exprs;
	MILL_TRY(same_columns(o, &plan->inputs[0]->schema, plan->schema.count, &exprs));
	return push_through(o, plan, conjuncts, exprs, out);
}

/* An equality that can fail may still be the key of a join of its own statement (sql), as it would be in ON. *out NULL:
 * it is none. */
static mill_status absorb_key(const sql_optimiser *o, const mill_plan *plan, mill_expr *conjunct, const char *sql,
                              mill_plan **out)
{
	*out = NULL;
	if (plan->kind != MILL_PLAN_JOIN || plan->join != MILL_JOIN_INNER || plan->sql != sql)
		return MILL_OK;
	int left_count = plan->inputs[0]->schema.count;
	sql_usage usage = sql_usage_of(conjunct, left_count);
	mill_plan *inputs[2] = {plan->inputs[0], plan->inputs[1]}, *changed;
	sql_join_condition split = {NULL, 0, conjunct};
	if (usage.uses_left && usage.uses_right) {
		MILL_TRY(sql_split_join_condition(o->arena, conjunct, left_count, plan->schema.count, &split, o->err));
		if (split.key_count == 0)
			return MILL_OK;
	} else {
		int side = usage.uses_left ? 0 : 1;
		if (side == 1)
			MILL_TRY(remap_right(o, plan, conjunct, &conjunct));
		MILL_TRY(absorb_key(o, plan->inputs[side], conjunct, sql, &changed));
		if (changed == NULL)
			return MILL_OK;
		inputs[side] = changed;
	}
	MILL_TRY(sql_with_inputs(o, plan, inputs[0], inputs[1], &changed));
	MILL_TRY(add_keys(o, changed, &split));
	*out = changed;
	return MILL_OK;
}

/* 1 = 1, or IS NOT NULL of what never is: TRUE before anything runs. Other constants stay where they are. */
static mill_status is_always_true(const sql_optimiser *o, mill_expr *conjunct, bool *out)
{
	sql_constant value;
	*out = mill_expr_is_not_null(conjunct) && !conjunct->args[0]->nullable && !mill_expr_can_fail(conjunct);
	if (*out)
		return MILL_OK;
	MILL_TRY(sql_evaluate(o->arena->mem, conjunct, &value, o->err));
	*out = value.is_known && !value.is_null && value.integer != 0;
	return MILL_OK;
}

static mill_status push_filter(sql_optimiser *o, const mill_plan *filter, const sql_conjuncts *conjuncts,
                               mill_plan **out)
{
	sql_conjuncts own, moving, staying;
	mill_plan *input = filter->inputs[0];
	MILL_TRY(sql_conjuncts_of(o->arena, filter->predicate, &own, o->err));
	MILL_TRY(list_new(o, own.count + conjuncts->count, &moving));
	MILL_TRY(list_new(o, own.count, &staying));
	bool is_on_scan = input->kind == MILL_PLAN_SCAN && input->predicate == NULL;
	for (int i = 0; i < own.count; i++) {
		mill_plan *absorbed = NULL;
		bool is_true = false;
		MILL_TRY(is_always_true(o, own.exprs[i], &is_true));
		if (is_true)
			continue;
		bool is_safe = is_on_scan || !mill_expr_can_fail(own.exprs[i]);
		if (!is_safe)
			MILL_TRY(absorb_key(o, input, own.exprs[i], filter->sql, &absorbed));
		if (absorbed != NULL)
			input = absorbed;
		else
			add(is_safe ? &moving : &staying, own.exprs[i]);
	}
	for (int i = 0; i < conjuncts->count; i++)
		add(&moving, conjuncts->exprs[i]);
	mill_plan *pushed;
	MILL_TRY(sql_push_down(o, input, &moving, &pushed));
	if (is_on_scan && pushed->kind == MILL_PLAN_SCAN) {
		pushed->sql = filter->sql;
		pushed->sql_where = filter->sql_where;
	}
	return filter_above(o, pushed, &staying, filter, out);
}

mill_status sql_push_down(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts, mill_plan **out)
{
	switch (plan->kind) {
	case MILL_PLAN_SCAN: return push_scan(o, plan, conjuncts, out);
	case MILL_PLAN_FILTER: return push_filter(o, plan, conjuncts, out);
	case MILL_PLAN_PROJECT: return push_through(o, plan, conjuncts, plan->exprs, out);
	case MILL_PLAN_AGGREGATE: return push_aggregate(o, plan, conjuncts, out);
	case MILL_PLAN_JOIN: return push_join(o, plan, conjuncts, out);
	case MILL_PLAN_WINDOW: return push_window(o, plan, conjuncts, out);
	case MILL_PLAN_SPLIT: return push_split(o, plan, conjuncts, out);
	case MILL_PLAN_SORT:
	case MILL_PLAN_LIMIT:
	case MILL_PLAN_ID_ORDER:
	case MILL_PLAN_VALUES:
	case MILL_PLAN_SHARED: return stop(o, plan, conjuncts, out);
	}
	return mill_fail(o->err, MILL_INTERNAL, "unknown kind of plan node");
}
