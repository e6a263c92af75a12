#include "sql/conjunct.h"

static int64_t count_conjuncts(const mill_expr *condition)
{
	if (condition->kind != MILL_EXPR_AND)
		return 1;
	int64_t count = 0;
	for (int i = 0; i < condition->arg_count; i++)
		count += count_conjuncts(condition->args[i]);
	return count;
}

static void flatten(mill_expr *condition, sql_conjuncts *out)
{
	if (condition->kind != MILL_EXPR_AND) {
		out->exprs[out->count++] = condition;
		return;
	}
	for (int i = 0; i < condition->arg_count; i++)
		flatten(condition->args[i], out);
}

mill_status sql_conjuncts_of(mill_arena *arena, mill_expr *condition, sql_conjuncts *out, mill_error *err)
{
	size_t count = condition == NULL ? 0 : (size_t)count_conjuncts(condition);
	sql_conjuncts conjuncts = {mill_arena_array(arena, count + 1, sizeof(mill_expr *)), 0};
	if (conjuncts.exprs == NULL)
		return mill_fail_nomem(err, count * sizeof(mill_expr *), "a condition");
	if (condition != NULL)
		flatten(condition, &conjuncts);
	*out = conjuncts;
	return MILL_OK;
}

mill_status sql_conjuncts_join(mill_arena *arena, const sql_conjuncts *conjuncts, mill_expr **out, mill_error *err)
{
	if (conjuncts->count < 2) {
		*out = conjuncts->count == 0 ? NULL : conjuncts->exprs[0];
		return MILL_OK;
	}
	mill_expr_builder builder = {arena, conjuncts->exprs[0]->position, -1};
	mill_expr *joined = mill_expr_and(&builder, conjuncts->exprs, conjuncts->count, err);
	if (joined == NULL)
		return MILL_NOMEM;
	*out = joined;
	return MILL_OK;
}

typedef struct usage_walk {
	sql_usage usage;
	int boundary;
} usage_walk;

static void look_at_column(void *context, int column)
{
	usage_walk *walk = context;
	if (column < walk->boundary)
		walk->usage.uses_left = true;
	else
		walk->usage.uses_right = true;
}

sql_usage sql_usage_of(const mill_expr *expr, int boundary)
{
	usage_walk walk = {{false, false}, boundary};
	mill_expr_columns(expr, look_at_column, &walk);
	return walk.usage;
}

void sql_not_null_columns(const mill_expr *conjunct, mill_expr_visit_column visit, void *context)
{
	for (int i = 0; i < mill_expr_not_null_args(conjunct); i++) {
		const mill_expr *arg = conjunct->args[i];
		while (arg->kind == MILL_EXPR_CAST && !arg->is_try)
			arg = arg->args[0];
		if (arg->kind == MILL_EXPR_COLUMN)
			visit(context, arg->column);
	}
}

bool sql_is_true(const mill_expr *expr)
{
	return expr->kind == MILL_EXPR_LITERAL && expr->type.id == MILL_TYPE_BOOL && !expr->literal.is_null &&
	       expr->literal.as.boolean;
}

/* Column numbers of the join's output → of its right input. */
static mill_status right_map(mill_arena *arena, int left_count, int total_count, int **out, mill_error *err)
{
	int *map = mill_arena_array(arena, (size_t)total_count + 1, sizeof *map);
	if (map == NULL)
		return mill_fail_nomem(err, (size_t)total_count * sizeof *map, "a join condition");
	for (int i = left_count; i < total_count; i++)
		map[i] = i - left_count;
	*out = map;
	return MILL_OK;
}

mill_status sql_unify_keys(mill_arena *arena, mill_expr **left, mill_expr **right, mill_error *err)
{
	mill_expr **sides[2] = {left, right};
	mill_type common;
	if (mill_type_equal((*left)->type, (*right)->type))
		return MILL_OK;
	MILL_TRY(mill_common_type((*left)->type, (*right)->type, &common, err));
	for (int i = 0; i < 2; i++) {
		mill_expr *key = *sides[i];
		mill_expr_builder builder = {arena, key->position, -1};
		if (mill_type_equal(key->type, common))
			continue;
		key = mill_expr_cast(&builder, key, common, !mill_cast_never_fails(key->type, common), err);
		if (key == NULL)
			return MILL_NOMEM;
		*sides[i] = key;
	}
	return MILL_OK;
}

/* Sides of an equality between left and right; false: it is something else. */
static bool key_pair(mill_expr *conjunct, int left_count, mill_expr **left, mill_expr **right)
{
	if (!mill_expr_is_equality(conjunct))
		return false;
	sql_usage a = sql_usage_of(conjunct->args[0], left_count), b = sql_usage_of(conjunct->args[1], left_count);
	bool is_straight = a.uses_left && !a.uses_right && b.uses_right && !b.uses_left;
	bool is_crossed = a.uses_right && !a.uses_left && b.uses_left && !b.uses_right;
	*left = conjunct->args[is_crossed ? 1 : 0];
	*right = conjunct->args[is_crossed ? 0 : 1];
	return is_straight || is_crossed;
}

mill_status sql_split_join_condition(mill_arena *arena, mill_expr *condition, int left_count, int total_count,
                                     sql_join_condition *out, mill_error *err)
{
	sql_conjuncts all, rest = {NULL, 0};
	int *map = NULL;
	MILL_TRY(sql_conjuncts_of(arena, condition, &all, err));
	MILL_TRY(right_map(arena, left_count, total_count, &map, err));
	size_t most = (size_t)all.count + 1;
	mill_expr **left_keys = mill_arena_array(arena, most, sizeof *left_keys);
	mill_expr **keys = mill_arena_array(arena, 2 * most, sizeof *keys);
	rest.exprs = mill_arena_array(arena, most, sizeof *rest.exprs);
	if (left_keys == NULL || keys == NULL || rest.exprs == NULL)
		return mill_fail_nomem(err, most * sizeof *keys, "a join condition");
	int count = 0;
	for (int i = 0; i < all.count; i++) {
		mill_expr *left, *right;
		if (sql_is_true(all.exprs[i]))
			continue;
		if (!key_pair(all.exprs[i], left_count, &left, &right)) {
			rest.exprs[rest.count++] = all.exprs[i];
			continue;
		}
		MILL_TRY(sql_unify_keys(arena, &left, &right, err));
		left_keys[count] = left;
		keys[most + (size_t)count] = mill_expr_remap(arena, right, map, err);
		if (keys[most + (size_t)count++] == NULL)
			return MILL_NOMEM;
	}
	for (int i = 0; i < count; i++) {
		keys[count + i] = keys[most + (size_t)i];
		keys[i] = left_keys[i];
	}
	mill_expr *residual;
	MILL_TRY(sql_conjuncts_join(arena, &rest, &residual, err));
	*out = (sql_join_condition){keys, count, residual};
	return MILL_OK;
}
