/* One SELECT: its clauses bound in SQL's order, then put together as nodes. */
#include "sql/bind/binder.h"

#include <string.h>

bool sql_is_condition(const mill_expr *expr)
{
	bool is_untyped = expr->kind == MILL_EXPR_LITERAL && expr->is_wide_literal && expr->type.id == MILL_TYPE_STRING;
	return expr->type.id == MILL_TYPE_BOOL || expr->type.id == MILL_TYPE_NULL || is_untyped;
}

static mill_status check_boolean(sql_select *select, mill_expr *expr, const char *what, int position, mill_expr **out)
{
	sql_binder *binder = select->binder;
	if (!sql_is_condition(expr)) {
		char type[MILL_TYPE_TEXT_BYTES];
		return sql_fail(binder, MILL_USAGE, position, "%s must be a condition, not %s", what,
		                mill_type_text(expr->type, type));
	}
	binder->builder.position = position;
	return sql_built(
	    binder, mill_expr_cast(&binder->builder, expr, mill_type_of(MILL_TYPE_BOOL), false, &binder->inner), out);
}

static mill_status bind_where(sql_select *select)
{
	const PgQuery__Node *node = select->statement->where_clause;
	if (node == NULL)
		return MILL_OK;
	mill_expr *predicate;
	select->clause = SQL_IN_WHERE;
	select->visible_items = select->item_count;
	MILL_TRY(sql_bind_expr(select, node, &predicate));
	MILL_TRY(check_boolean(select, predicate, "WHERE", sql_position_of(node), &predicate));
	sql_binder *binder = select->binder;
	MILL_TRY(sql_node_built(binder, sql_node_filter(binder->arena, select->plan, predicate, binder->err),
	                        &select->plan));
	for (int i = 0; i < select->scope.count; i++) {
		sql_column *column = &select->scope.columns[i];
		column->nullable = select->plan->schema.fields[column->position].nullable;
	}
	return MILL_OK;
}

static mill_status bind_items(sql_select *select)
{
	for (int i = 0; i < select->item_count; i++)
		MILL_TRY(sql_item_bind(select, i));
	return MILL_OK;
}

static bool integer_constant(const PgQuery__Node *node, int64_t *out)
{
	if (node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull ||
	    node->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
		return false;
	*out = node->a_const->ival->ival;
	return true;
}

/* GROUP BY 2, ORDER BY 2. */
static mill_status ordinal_item(sql_select *select, const PgQuery__Node *node, const char *clause, int *item)
{
	int64_t ordinal;
	*item = -1;
	if (!integer_constant(node, &ordinal))
		return MILL_OK;
	if (ordinal < 1 || ordinal > select->item_count)
		return sql_fail(select->binder, MILL_USAGE, sql_position_of(node),
		                "%s position %lld is not in the SELECT list, which has %d column%s", clause,
		                (long long)ordinal, select->item_count, select->item_count == 1 ? "" : "s");
	*item = (int)ordinal - 1;
	return MILL_OK;
}

/* The unqualified name that the node is; text NULL: it is something else. */
static sql_name bare_name(sql_select *select, const PgQuery__Node *node)
{
	sql_name none = {NULL, false, -1};
	if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields != 1 ||
	    node->column_ref->fields[0]->node_case != PG_QUERY__NODE__NODE_STRING)
		return none;
	const sql_parsed *parsed = &select->binder->parsed;
	return sql_spelled(parsed, sql_token_at(parsed, node->column_ref->location),
	                   sql_string_of(node->column_ref->fields[0]));
}

static mill_status refuse_nested(sql_select *select, const mill_expr *expr, const char *clause, int position)
{
	if (sql_uses_columns_from(expr, SQL_AGGREGATE_COLUMN, SQL_WINDOW_COLUMN))
		return sql_fail(select->binder, MILL_USAGE, position, "aggregates are not allowed in %s", clause);
	if (sql_uses_columns_from(expr, SQL_WINDOW_COLUMN, INT32_MAX))
		return sql_fail(select->binder, MILL_USAGE, position, "window functions are not allowed in %s", clause);
	return MILL_OK;
}

static mill_status bind_key(sql_select *select, const PgQuery__Node *node)
{
	int position = sql_position_of(node);
	if (node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
		return sql_fail(select->binder, MILL_NOT_YET, node->grouping_set->location,
		                "GROUPING SETS, ROLLUP and CUBE are not supported yet");
	int item;
	mill_expr *key;
	MILL_TRY(ordinal_item(select, node, "GROUP BY", &item));
	if (item >= 0) {
		MILL_TRY(sql_item_bind(select, item));
		key = select->items[item].expr;
	} else {
		select->clause = SQL_IN_GROUP_BY;
		select->visible_items = select->item_count;
		MILL_TRY(sql_bind_expr(select, node, &key));
	}
	MILL_TRY(refuse_nested(select, key, "GROUP BY", position));
	MILL_TRY(sql_settle(select, key, &key));
	for (int i = 0; i < select->key_count; i++)
		if (mill_expr_equal(select->keys[i], key))
			return MILL_OK;
	select->keys[select->key_count++] = key;
	return MILL_OK;
}

static mill_status bind_keys(sql_select *select)
{
	const PgQuery__SelectStmt *statement = select->statement;
	size_t count = statement->n_group_clause;
	select->is_grouped = count > 0;
	select->keys = mill_arena_array(select->binder->arena, count + 1, sizeof *select->keys);
	if (select->keys == NULL)
		return sql_fail_memory(select->binder);
	for (size_t i = 0; i < count; i++)
		MILL_TRY(bind_key(select, statement->group_clause[i]));
	return MILL_OK;
}

static mill_status bind_having(sql_select *select)
{
	const PgQuery__Node *node = select->statement->having_clause;
	if (node == NULL)
		return MILL_OK;
	select->is_grouped = true;
	select->clause = SQL_IN_HAVING;
	select->visible_items = select->item_count;
	MILL_TRY(sql_bind_expr(select, node, &select->having));
	return check_boolean(select, select->having, "HAVING", sql_position_of(node), &select->having);
}

/* ORDER BY looks at output names first, as PostgreSQL does, but only for a name that stands alone. */
static mill_status bind_order(sql_select *select, const PgQuery__SortBy *sort, sql_order *out)
{
	const PgQuery__Node *node = sort->node;
	int position = sql_position_of(node);
	sql_order order = {.item = -1};
	MILL_TRY(sql_bind_direction(select, sort, &order.direction));
	MILL_TRY(ordinal_item(select, node, "ORDER BY", &order.item));
	sql_name name = bare_name(select, node);
	if (order.item < 0 && name.text != NULL)
		order.item = sql_item_find(select, name, select->item_count);
	if (order.item == -2)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "ORDER BY \"%s\" is ambiguous: several columns have that name", name.text);
	if (order.item < 0) {
		select->clause = SQL_IN_ORDER_BY;
		select->visible_items = select->item_count;
		MILL_TRY(sql_bind_expr(select, node, &order.expr));
		for (int i = 0; i < select->item_count && order.item < 0; i++)
			if (mill_expr_equal(select->items[i].expr, order.expr))
				order.item = i;
	}
	if (order.item < 0 && select->statement->n_distinct_clause > 0)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "with SELECT DISTINCT, ORDER BY expressions must be in the SELECT list");
	if (order.item < 0)
		MILL_TRY(sql_settle(select, order.expr, &order.expr));
	*out = order;
	return MILL_OK;
}

static mill_status bind_orders(sql_select *select)
{
	const PgQuery__SelectStmt *statement = select->statement;
	select->orders = mill_arena_array(select->binder->arena, statement->n_sort_clause + 1, sizeof *select->orders);
	if (select->orders == NULL)
		return sql_fail_memory(select->binder);
	for (size_t i = 0; i < statement->n_sort_clause; i++)
		MILL_TRY(
		    bind_order(select, statement->sort_clause[i]->sort_by, &select->orders[select->order_count++]));
	return MILL_OK;
}

static mill_status refuse_distinct_on(sql_select *select)
{
	const PgQuery__SelectStmt *statement = select->statement;
	if (statement->n_distinct_clause == 0 ||
	    statement->distinct_clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET)
		return MILL_OK;
	return sql_fail(
	    select->binder, MILL_NOT_YET, sql_position_of(statement->distinct_clause[0]),
	    "DISTINCT ON is not supported yet; row_number() OVER (PARTITION BY … ORDER BY …) = 1 does the same");
}

mill_status sql_bind_select(sql_select *select, bool is_outermost, mill_plan **out)
{
	MILL_TRY(sql_bind_limit(select));
	if (select->statement->n_values_lists > 0) {
		MILL_TRY(sql_bind_values(select, &select->plan));
	} else {
		MILL_TRY(refuse_distinct_on(select));
		MILL_TRY(sql_bind_from(select));
	}
	MILL_TRY(sql_collect_items(select));
	MILL_TRY(bind_where(select));
	MILL_TRY(bind_keys(select));
	MILL_TRY(bind_items(select));
	MILL_TRY(bind_having(select));
	MILL_TRY(bind_orders(select));
	MILL_TRY(sql_plan_groups(select));
	MILL_TRY(sql_plan_windows(select));
	return sql_plan_output(select, is_outermost, out);
}
