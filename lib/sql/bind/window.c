/* Window functions: row_number() OVER (…) with named windows; the others come later. */
#include "sql/bind/binder.h"

#include <string.h>
#include <strings.h>

static mill_status refuse_place(sql_select *select, const char *name, int position)
{
	if (select->in_window || select->in_aggregate)
		return sql_fail(
		    select->binder, MILL_USAGE, position,
		    "window functions cannot be inside aggregates or other windows: compute %s in a sub-query", name);
	if (select->clause == SQL_IN_LIST || select->clause == SQL_IN_ORDER_BY)
		return MILL_OK;
	return sql_fail(
	    select->binder, MILL_USAGE, position,
	    "window functions belong in SELECT and ORDER BY; to filter: SELECT * FROM (SELECT …, %s() OVER (…) AS n "
	    "FROM …) AS q WHERE n = 1",
	    name);
}

static const PgQuery__WindowDef *find_window(const sql_select *select, const char *name)
{
	for (size_t i = 0; i < select->statement->n_window_clause; i++) {
		const PgQuery__WindowDef *window = select->statement->window_clause[i]->window_def;
		if (window->name != NULL && strcmp(window->name, name) == 0)
			return window;
	}
	return NULL;
}

/* OVER w is the window itself; OVER (w …) copies its parts. Definitions may build on each other. */
typedef struct window_parts {
	PgQuery__Node *const *partitions;
	size_t partition_count;
	PgQuery__Node *const *orders;
	size_t order_count;
} window_parts;

static mill_status resolve_parts(sql_select *select, const PgQuery__WindowDef *window, window_parts *out)
{
	size_t steps = 0;
	window_parts parts = {NULL, 0, NULL, 0};
	while (window != NULL) {
		if (parts.partition_count == 0) {
			parts.partitions = window->partition_clause;
			parts.partition_count = window->n_partition_clause;
		}
		if (parts.order_count == 0) {
			parts.orders = window->order_clause;
			parts.order_count = window->n_order_clause;
		}
		const char *base = window->refname != NULL && window->refname[0] != '\0' ? window->refname : NULL;
		bool is_name_only = steps == 0 && base == NULL && window->name != NULL && window->name[0] != '\0';
		if (is_name_only)
			base = window->name;
		int position = window->location;
		window = base == NULL ? NULL : find_window(select, base);
		if (base != NULL && (window == NULL || steps++ > select->statement->n_window_clause))
			return sql_fail(select->binder, MILL_USAGE, position, "WINDOW has no \"%s\"", base);
	}
	*out = parts;
	return MILL_OK;
}

static mill_status bind_orders(sql_select *select, const window_parts *parts, sql_window *out)
{
	mill_arena *arena = select->binder->arena;
	out->order_count = (int)parts->order_count;
	out->orders = mill_arena_array(arena, parts->order_count + 1, sizeof *out->orders);
	out->directions = mill_arena_array(arena, parts->order_count + 1, sizeof *out->directions);
	if (out->orders == NULL || out->directions == NULL)
		return sql_fail_memory(select->binder);
	for (int i = 0; i < out->order_count; i++) {
		const PgQuery__SortBy *sort = parts->orders[i]->sort_by;
		MILL_TRY(sql_bind_direction(select, sort, &out->directions[i]));
		MILL_TRY(sql_bind_expr(select, sort->node, &out->orders[i]));
		MILL_TRY(sql_settle(select, out->orders[i], &out->orders[i]));
	}
	return MILL_OK;
}

static mill_status bind_definition(sql_select *select, const PgQuery__WindowDef *over, sql_window *out)
{
	window_parts parts = {NULL, 0, NULL, 0};
	MILL_TRY(resolve_parts(select, over, &parts));
	MILL_TRY(sql_bind_list(select, parts.partitions, parts.partition_count, &out->partitions));
	out->partition_count = (int)parts.partition_count;
	for (int i = 0; i < out->partition_count; i++)
		MILL_TRY(sql_settle(select, out->partitions[i], &out->partitions[i]));
	return bind_orders(select, &parts, out);
}

static bool same(const sql_window *a, const sql_window *b)
{
	if (a->kind != b->kind || a->partition_count != b->partition_count || a->order_count != b->order_count)
		return false;
	for (int i = 0; i < a->partition_count; i++)
		if (!mill_expr_equal(a->partitions[i], b->partitions[i]))
			return false;
	for (int i = 0; i < a->order_count; i++)
		if (!mill_expr_equal(a->orders[i], b->orders[i]) ||
		    a->directions[i].descending != b->directions[i].descending ||
		    a->directions[i].nulls_first != b->directions[i].nulls_first)
			return false;
	return true;
}

static mill_status add_window(sql_select *select, const sql_window *window, mill_expr **out)
{
	sql_binder *binder = select->binder;
	int index = 0;
	while (index < select->window_count && !same(&select->windows[index], window))
		index++;
	if (index == select->window_count) {
		MILL_TRY(
		    sql_reserve(binder, &select->windows, index, &select->window_capacity, sizeof *select->windows));
		select->windows[select->window_count++] = *window;
	}
	binder->builder.position = window->position;
	return sql_built(
	    binder, mill_expr_column(&binder->builder, SQL_WINDOW_COLUMN + index, window->type, false, &binder->inner),
	    out);
}

mill_status sql_bind_window(sql_select *select, const PgQuery__FuncCall *node, const char *name, mill_expr **out)
{
	sql_binder *binder = select->binder;
	MILL_TRY(refuse_place(select, name, node->location));
	const sql_form *form = sql_find_form(name);
	if (form == NULL || !form->is_window)
		return sql_fail(binder, MILL_NOT_YET, node->location,
		                "%s() OVER is not supported yet: row_number() is the only window function so far",
		                name);
	return form->bind(select, node, out);
}

mill_status sql_bind_row_number(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	if (node->n_args > 0 || node->agg_star)
		return sql_fail(binder, MILL_USAGE, node->location, "row_number takes no arguments");
	if (node->agg_distinct || node->agg_filter != NULL)
		return sql_fail(binder, MILL_USAGE, node->location, "row_number takes no DISTINCT and no FILTER");
	sql_window window = {
	    .kind = MILL_WINDOW_ROW_NUMBER, .type = mill_type_of(MILL_TYPE_INT64), .position = node->location};
	select->in_window = true;
	MILL_TRY(bind_definition(select, node->over, &window));
	select->in_window = false;
	return add_window(select, &window, out);
}
