/* The second half of a SELECT: nodes for groups, windows and output, with the expressions rewritten over each. */
#include "sql/bind/binder.h"

/* Applies a rewriting to everything that is computed after the node it belongs to. */
static mill_status rewrite_later(sql_select *select, sql_replace replace, bool with_windows)
{
	sql_binder *binder = select->binder;
	for (int i = 0; i < select->item_count; i++)
		MILL_TRY(sql_rewrite(binder, select->items[i].expr, replace, select, &select->items[i].expr));
	for (int i = 0; i < select->order_count; i++)
		if (select->orders[i].item < 0)
			MILL_TRY(sql_rewrite(binder, select->orders[i].expr, replace, select, &select->orders[i].expr));
	for (int w = 0; with_windows && w < select->window_count; w++) {
		sql_window *window = &select->windows[w];
		for (int i = 0; i < window->partition_count; i++)
			MILL_TRY(sql_rewrite(binder, window->partitions[i], replace, select, &window->partitions[i]));
		for (int i = 0; i < window->order_count; i++)
			MILL_TRY(sql_rewrite(binder, window->orders[i], replace, select, &window->orders[i]));
	}
	return MILL_OK;
}

static mill_status fail_ungrouped(sql_select *select, const mill_expr *column)
{
	const char *name = "?"; /* as FROM names it */
	for (int i = 0; i < select->scope.count; i++)
		if (select->scope.columns[i].position == column->column)
			name = select->scope.columns[i].name;
	return sql_fail(
	    select->binder, MILL_USAGE, column->position,
	    "column \"%s\" must be in GROUP BY or inside an aggregate (any_value(%s) takes one of the group)", name,
	    name);
}

/* Over the input of AGGREGATE → over its output: keys, then aggregates. */
static mill_status after_groups(void *context, const mill_expr *expr, mill_expr **out)
{
	sql_select *select = context;
	sql_binder *binder = select->binder;
	int column = -1;
	bool is_constant = expr->kind == MILL_EXPR_LITERAL || expr->kind == MILL_EXPR_PARAM;
	for (int i = 0; !is_constant && i < select->key_count && column < 0; i++)
		if (mill_expr_equal(select->keys[i], expr))
			column = i;
	if (column < 0 && expr->kind == MILL_EXPR_COLUMN) {
		if (expr->column >= SQL_WINDOW_COLUMN)
			return MILL_OK;
		if (expr->column < SQL_AGGREGATE_COLUMN)
			return fail_ungrouped(select, expr);
		column = select->key_count + (expr->column - SQL_AGGREGATE_COLUMN);
	}
	if (column < 0)
		return MILL_OK;
	const mill_field *field = &select->plan->schema.fields[column];
	binder->builder.position = expr->position;
	return sql_built(binder,
	                 mill_expr_column(&binder->builder, column, field->type, field->nullable, &binder->inner), out);
}

static mill_status group_names(sql_select *select, const char ***out)
{
	sql_binder *binder = select->binder;
	int count = select->key_count + select->aggregate_count;
	const char **names = mill_arena_array(binder->arena, (size_t)count + 1, sizeof *names);
	if (names == NULL)
		return sql_fail_memory(binder);
	for (int i = 0; i < count; i++) {
		const mill_expr *key = i < select->key_count ? select->keys[i] : NULL;
		if (key != NULL && key->kind == MILL_EXPR_COLUMN)
			names[i] = select->plan->schema.fields[key->column].name;
		else
			names[i] = mill_arena_printf(binder->arena, "%s%d", key != NULL ? "key" : "agg",
			                             key != NULL ? i + 1 : i - select->key_count + 1);
		if (names[i] == NULL)
			return sql_fail_memory(binder);
	}
	*out = names;
	return MILL_OK;
}

mill_status sql_plan_groups(sql_select *select)
{
	sql_binder *binder = select->binder;
	if (!select->is_grouped && select->aggregate_count == 0)
		return MILL_OK;
	/* HAVING alone makes one group, which needs something to be a row of. */
	if (select->key_count + select->aggregate_count == 0)
		MILL_TRY(sql_count_rows(select));
	const char **names = NULL;
	MILL_TRY(group_names(select, &names));
	MILL_TRY(sql_node_built(binder,
	                        sql_node_aggregate(binder->arena, select->plan, select->keys, select->key_count,
	                                           select->aggregates, select->aggregate_count, names, binder->err),
	                        &select->plan));
	MILL_TRY(rewrite_later(select, after_groups, true));
	if (select->having == NULL)
		return MILL_OK;
	MILL_TRY(sql_rewrite(binder, select->having, after_groups, select, &select->having));
	return sql_node_built(binder, sql_node_filter(binder->arena, select->plan, select->having, binder->err),
	                      &select->plan);
}

/* Columns below a WINDOW: those of the plan, then what windows partition and order by and is no column yet. */
typedef struct window_input {
	mill_expr **exprs;
	const char **names;
	int count;
} window_input;

static int input_column(window_input *input, mill_expr *expr)
{
	for (int i = 0; i < input->count; i++)
		if (mill_expr_equal(input->exprs[i], expr))
			return i;
	input->exprs[input->count] = expr;
	input->names[input->count] = "window_key";
	return input->count++;
}

static mill_status window_columns(sql_select *select, window_input *input, mill_plan_window *out)
{
	mill_arena *arena = select->binder->arena;
	for (int w = 0; w < select->window_count; w++) {
		const sql_window *window = &select->windows[w];
		int *partitions = mill_arena_array(arena, (size_t)window->partition_count + 1, sizeof *partitions);
		mill_sort_key *orders = mill_arena_array(arena, (size_t)window->order_count + 1, sizeof *orders);
		if (partitions == NULL || orders == NULL)
			return sql_fail_memory(select->binder);
		for (int i = 0; i < window->partition_count; i++)
			partitions[i] = input_column(input, window->partitions[i]);
		for (int i = 0; i < window->order_count; i++) {
			orders[i] = window->directions[i];
			orders[i].column = input_column(input, window->orders[i]);
		}
		out[w] = (mill_plan_window){
		    window->kind, window->partition_count, partitions, window->order_count, orders, window->type};
	}
	return MILL_OK;
}

static mill_status window_input_new(sql_select *select, window_input *out)
{
	sql_binder *binder = select->binder;
	const mill_schema *schema = &select->plan->schema;
	int most = schema->count;
	for (int w = 0; w < select->window_count; w++)
		most += select->windows[w].partition_count + select->windows[w].order_count;
	out->count = schema->count;
	return sql_columns_of(binder, schema, schema->count, most - schema->count, &out->exprs, &out->names);
}

static mill_status after_windows(void *context, const mill_expr *expr, mill_expr **out)
{
	sql_select *select = context;
	if (expr->kind != MILL_EXPR_COLUMN || expr->column < SQL_WINDOW_COLUMN)
		return MILL_OK;
	int column = select->plan->inputs[0]->schema.count + (expr->column - SQL_WINDOW_COLUMN);
	sql_binder *binder = select->binder;
	binder->builder.position = expr->position;
	return sql_built(binder, mill_expr_column(&binder->builder, column, expr->type, false, &binder->inner), out);
}

mill_status sql_plan_windows(sql_select *select)
{
	sql_binder *binder = select->binder;
	if (select->window_count == 0)
		return MILL_OK;
	window_input input;
	MILL_TRY(window_input_new(select, &input));
	mill_plan_window *windows = mill_arena_array(binder->arena, (size_t)select->window_count, sizeof *windows);
	if (windows == NULL)
		return sql_fail_memory(binder);
	MILL_TRY(window_columns(select, &input, windows));
	if (input.count > select->plan->schema.count)
		MILL_TRY(sql_node_built(
		    binder,
		    sql_node_project(binder->arena, select->plan, input.exprs, input.names, input.count, binder->err),
		    &select->plan));
	MILL_TRY(sql_node_built(
	    binder, sql_node_window(binder->arena, select->plan, windows, select->window_count, binder->err),
	    &select->plan));
	select->plan->position = select->windows[0].position;
	return rewrite_later(select, after_windows, false);
}

/* The SELECT list, then ORDER BY expressions that are not part of it. */
static mill_status project_output(sql_select *select, int *extra)
{
	sql_binder *binder = select->binder;
	int most = select->item_count + select->order_count;
	mill_expr **exprs = mill_arena_array(binder->arena, (size_t)most + 1, sizeof *exprs);
	const char **names = mill_arena_array(binder->arena, (size_t)most + 1, sizeof *names);
	if (exprs == NULL || names == NULL)
		return sql_fail_memory(binder);
	int count = 0;
	for (; count < select->item_count; count++) {
		MILL_TRY(sql_settle(select, select->items[count].expr, &exprs[count]));
		names[count] = select->items[count].name.text;
	}
	for (int i = 0; i < select->order_count; i++) {
		if (select->orders[i].item >= 0)
			continue;
		select->orders[i].item = count;
		names[count] = "order_key";
		exprs[count++] = select->orders[i].expr;
	}
	*extra = count - select->item_count;
	return sql_node_built(binder, sql_node_project(binder->arena, select->plan, exprs, names, count, binder->err),
	                      &select->plan);
}

static mill_status plan_distinct(sql_select *select)
{
	sql_binder *binder = select->binder;
	mill_expr **keys;
	const char **names;
	int count = select->plan->schema.count;
	MILL_TRY(sql_columns_of(binder, &select->plan->schema, count, 0, &keys, &names));
	return sql_node_built(binder,
	                      sql_node_aggregate(binder->arena, select->plan, keys, count, NULL, 0, names, binder->err),
	                      &select->plan);
}

static mill_status plan_sort(sql_select *select)
{
	sql_binder *binder = select->binder;
	mill_sort_key *keys = mill_arena_array(binder->arena, (size_t)select->order_count, sizeof *keys);
	if (keys == NULL)
		return sql_fail_memory(binder);
	for (int i = 0; i < select->order_count; i++) {
		keys[i] = select->orders[i].direction;
		keys[i].column = select->orders[i].item;
	}
	return sql_node_built(binder,
	                      sql_node_sort(binder->arena, select->plan, keys, select->order_count, select->limit,
	                                    select->offset, binder->err),
	                      &select->plan);
}

static mill_status drop_extra(sql_select *select)
{
	sql_binder *binder = select->binder;
	mill_expr **exprs;
	const char **names;
	MILL_TRY(sql_columns_of(binder, &select->plan->schema, select->item_count, 0, &exprs, &names));
	return sql_node_built(
	    binder, sql_node_project(binder->arena, select->plan, exprs, names, select->item_count, binder->err),
	    &select->plan);
}

mill_status sql_plan_output(sql_select *select, bool is_outermost, mill_plan **out)
{
	sql_binder *binder = select->binder;
	bool is_cut = select->limit >= 0 || select->offset > 0;
	/* An inner ORDER BY that nothing is cut by decides neither rows nor ids. */
	if (!is_outermost && !is_cut)
		select->order_count = 0;
	int extra = 0;
	MILL_TRY(project_output(select, &extra));
	if (select->statement->n_distinct_clause > 0)
		MILL_TRY(plan_distinct(select));
	if (select->order_count > 0)
		MILL_TRY(plan_sort(select));
	else if (is_cut)
		MILL_TRY(sql_node_built(
		    binder, sql_node_limit(binder->arena, select->plan, select->limit, select->offset, binder->err),
		    &select->plan));
	if (extra > 0)
		MILL_TRY(drop_extra(select));
	*out = select->plan;
	return MILL_OK;
}
