/* JOIN … ON, USING, NATURAL, CROSS; equality between the two sides becomes the keys. */
#include "sql/bind/binder.h"

#include "sql/conjunct.h"

#include <string.h>
#include <strings.h>

typedef struct join_sides {
	sql_from left, right; /* as written */
	sql_scope scope;      /* of both, positions in the join's output */
	bool is_swapped;      /* RIGHT JOIN: the written right is the plan's left */
	mill_join_kind kind;
} join_sides;

static const sql_from *plan_left(const join_sides *sides)
{
	return sides->is_swapped ? &sides->right : &sides->left;
}

static const sql_from *plan_right(const join_sides *sides)
{
	return sides->is_swapped ? &sides->left : &sides->right;
}

/* Columns of both sides; positions of the plan's right side come after those of its left. */
static mill_status join_scopes(sql_select *select, join_sides *sides, int position)
{
	sql_binder *binder = select->binder;
	int left_shift = sides->is_swapped ? sides->right.plan->schema.count : 0;
	int right_shift = sides->is_swapped ? 0 : sides->left.plan->schema.count;
	mill_status status = sql_scope_join(binder->arena, &sides->left.scope, &sides->right.scope, left_shift,
	                                    right_shift, &sides->scope, &binder->inner);
	return status == MILL_OK ? MILL_OK : sql_fail_inner(binder, status, position);
}

static mill_status make_join(sql_select *select, join_sides *sides, mill_expr *const *keys, int key_count,
                             mill_expr *residual, int position, sql_from *out)
{
	sql_binder *binder = select->binder;
	MILL_TRY(sql_node_built(binder,
	                        sql_node_join(binder->arena, sides->kind, plan_left(sides)->plan,
	                                      plan_right(sides)->plan, keys, key_count, residual, binder->err),
	                        &out->plan));
	out->plan->position = position;
	out->scope = sides->scope;
	for (int i = 0; i < out->scope.count; i++) {
		sql_column *column = &out->scope.columns[i];
		column->nullable = out->plan->schema.fields[column->position].nullable;
	}
	return MILL_OK;
}

mill_status sql_cross_join(sql_select *select, const sql_from *left, const sql_from *right, int position, sql_from *out)
{
	join_sides sides = {.left = *left, .right = *right, .kind = MILL_JOIN_INNER};
	MILL_TRY(join_scopes(select, &sides, position));
	return make_join(select, &sides, NULL, 0, NULL, position, out);
}

static mill_status bind_on(sql_select *select, join_sides *sides, const PgQuery__Node *quals, sql_from *out)
{
	sql_binder *binder = select->binder;
	sql_scope scope = select->scope;
	mill_plan *plan = select->plan;
	mill_plan both = {.schema = {0}}; /* types and names for column references while ON is bound */
	MILL_TRY(make_join(select, sides, NULL, 0, NULL, -1, out));
	both = *out->plan;
	select->plan = &both;
	select->scope = sides->scope;
	select->clause = SQL_IN_ON;
	select->visible_items = 0;
	mill_expr *condition;
	MILL_TRY(sql_bind_expr(select, quals, &condition));
	select->scope = scope;
	select->plan = plan;
	binder->builder.position = sql_position_of(quals);
	if (!sql_is_condition(condition)) {
		char type[MILL_TYPE_TEXT_BYTES];
		return sql_fail(binder, MILL_USAGE, sql_position_of(quals), "ON must be a condition, not %s",
		                mill_type_text(condition->type, type));
	}
	MILL_TRY(sql_built(
	    binder, mill_expr_cast(&binder->builder, condition, mill_type_of(MILL_TYPE_BOOL), false, &binder->inner),
	    &condition));
	sql_join_condition split;
	mill_status status = sql_split_join_condition(binder->arena, condition, plan_left(sides)->plan->schema.count,
	                                              out->plan->schema.count, &split, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, -1);
	return make_join(select, sides, split.keys, split.key_count, split.residual, sql_position_of(quals), out);
}

static mill_status fail_using(sql_select *select, const char *name, const char *side, sql_found found, int position)
{
	if (found == SQL_AMBIGUOUS)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "column \"%s\" of USING is several times in the %s table", name, side);
	return sql_fail(select->binder, MILL_USAGE, position, "column \"%s\" of USING is not in the %s table", name,
	                side);
}

/* One column of USING: the pair of keys, and the merged column of the output. */
static mill_status using_column(sql_select *select, join_sides *sides, const char *name, int position,
                                mill_expr **left_key, mill_expr **right_key, sql_column *merged)
{
	sql_binder *binder = select->binder;
	sql_name wanted = {name, false, position};
	int l, r, other;
	sql_found found = sql_scope_find(&sides->left.scope, NULL, wanted, &l, &other);
	if (found != SQL_FOUND)
		return fail_using(select, name, "left", found, position);
	found = sql_scope_find(&sides->right.scope, NULL, wanted, &r, &other);
	if (found != SQL_FOUND)
		return fail_using(select, name, "right", found, position);
	sql_column *a = &sides->left.scope.columns[l], *b = &sides->right.scope.columns[r];
	binder->builder.position = position;
	mill_expr *pair[2], *equal;
	MILL_TRY(sql_built(
	    binder, mill_expr_column(&binder->builder, a->position, a->type, a->nullable, &binder->inner), &pair[0]));
	MILL_TRY(sql_built(
	    binder, mill_expr_column(&binder->builder, b->position, b->type, b->nullable, &binder->inner), &pair[1]));
	MILL_TRY(sql_call(select, position, "=", pair, 2, &equal));
	mill_expr **left = &equal->args[sides->is_swapped ? 1 : 0], **right = &equal->args[sides->is_swapped ? 0 : 1];
	mill_status status = sql_unify_keys(binder->arena, left, right, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, position);
	*left_key = *left;
	*right_key = *right;
	*merged = sides->scope.columns[sides->is_swapped ? sides->left.scope.count + r : l];
	merged->table = NULL;
	merged->name = a->name;
	merged->type = equal->args[0]->type;
	sides->scope.columns[l].is_covered = true;
	sides->scope.columns[sides->left.scope.count + r].is_covered = true;
	return MILL_OK;
}

static mill_status bind_using(sql_select *select, join_sides *sides, const char *const *names, int count, int position,
                              sql_from *out)
{
	mill_arena *arena = select->binder->arena;
	mill_expr **keys = mill_arena_array(arena, 2 * (size_t)count + 1, sizeof *keys);
	sql_column *columns = mill_arena_array(arena, (size_t)(count + sides->scope.count) + 1, sizeof *columns);
	if (keys == NULL || columns == NULL)
		return sql_fail_memory(select->binder);
	for (int i = 0; i < count; i++)
		MILL_TRY(using_column(select, sides, names[i], position, &keys[i], &keys[count + i], &columns[i]));
	if (sides->scope.count > 0)
		memcpy(columns + count, sides->scope.columns, (size_t)sides->scope.count * sizeof *columns);
	sides->scope.columns = columns;
	sides->scope.count += count;
	return make_join(select, sides, keys, count, NULL, position, out);
}

/* NATURAL: the names that both sides have, in the left's order. */
static int common_names(const join_sides *sides, const char **names)
{
	int count = 0;
	for (int i = 0; i < sides->left.scope.count; i++) {
		const sql_column *column = &sides->left.scope.columns[i];
		for (int k = 0; sql_scope_in_star(column, NULL) && k < sides->right.scope.count; k++) {
			const sql_column *other = &sides->right.scope.columns[k];
			if (sql_scope_in_star(other, NULL) && strcasecmp(column->name, other->name) == 0) {
				names[count++] = column->name;
				break;
			}
		}
	}
	return count;
}

static mill_status bind_shared_names(sql_select *select, join_sides *sides, const PgQuery__JoinExpr *join, int position,
                                     sql_from *out)
{
	size_t most = join->is_natural ? (size_t)sides->left.scope.count : join->n_using_clause;
	const char **names = mill_arena_array(select->binder->arena, most + 1, sizeof *names);
	if (names == NULL)
		return sql_fail_memory(select->binder);
	int count = 0;
	if (join->is_natural)
		count = common_names(sides, names);
	else
		for (; count < (int)join->n_using_clause; count++)
			names[count] = sql_string_of(join->using_clause[count]);
	return bind_using(select, sides, names, count, position, out);
}

mill_status sql_bind_join(sql_select *select, const PgQuery__JoinExpr *join, sql_from *out)
{
	sql_binder *binder = select->binder;
	int position = sql_item_position(join->rarg);
	if (join->alias != NULL || join->join_using_alias != NULL)
		return sql_fail(binder, MILL_NOT_YET, position, "an alias for a whole join is not supported yet");
	if (join->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL)
		return sql_fail(binder, MILL_NOT_YET, position, "FULL JOIN is not supported yet");
	join_sides sides = {.kind =
	                        join->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER ? MILL_JOIN_INNER : MILL_JOIN_LEFT,
	                    .is_swapped = join->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT};
	MILL_TRY(sql_bind_from_item(select, join->larg, &sides.left));
	MILL_TRY(sql_bind_from_item(select, join->rarg, &sides.right));
	MILL_TRY(join_scopes(select, &sides, position));
	if (join->quals != NULL)
		return bind_on(select, &sides, join->quals, out);
	if (join->is_natural || join->n_using_clause > 0)
		return bind_shared_names(select, &sides, join, position, out);
	return make_join(select, &sides, NULL, 0, NULL, position, out);
}
