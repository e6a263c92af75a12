/* FROM: tables of the catalog, WITH tables, sub-queries, table functions, VALUES. */
#include "sql/bind/binder.h"

#include <string.h>
#include <strings.h>

/* A table of the catalog: a scan, or its first rows. */
static bool stands_for_scan(const mill_plan *plan)
{
	while (plan->kind == MILL_PLAN_LIMIT)
		plan = plan->inputs[0];
	return plan->kind == MILL_PLAN_SCAN;
}

/* A relation's columns under a table name; names of the first columns may be given anew: t(a, b). */
static mill_status relation_scope(sql_binder *binder, mill_plan *plan, const char *table, const sql_name *names,
                                  int name_count, sql_scope *out)
{
	int count = plan->schema.count;
	sql_scope scope = {.count = count, .table_count = table != NULL};
	scope.columns = mill_arena_array(binder->arena, (size_t)count + 1, sizeof *scope.columns);
	scope.tables = mill_arena_array(binder->arena, 1, sizeof *scope.tables);
	if (scope.columns == NULL || scope.tables == NULL)
		return sql_fail_memory(binder);
	scope.tables[0] = table;
	for (int i = 0; i < count; i++) {
		const mill_field *field = &plan->schema.fields[i];
		const char *name = i < name_count ? names[i].text : field->name;
		bool is_extra =
		    stands_for_scan(plan) && i >= name_count &&
		    (strcmp(name, "_file") == 0 || strcmp(name, "_line") == 0 || strcmp(name, "_offset") == 0);
		scope.columns[i] = (sql_column){.table = table,
		                                .name = name,
		                                .position = i,
		                                .type = field->type,
		                                .nullable = field->nullable,
		                                .is_extra = is_extra};
	}
	*out = scope;
	return MILL_OK;
}

/* alias_token: where the alias stands, −1: unknown. table: the name without alias. */
static mill_status apply_alias(sql_select *select, mill_plan *plan, const PgQuery__Alias *alias, int alias_token,
                               const char *table, int position, sql_from *out)
{
	sql_binder *binder = select->binder;
	int count = alias == NULL ? 0 : (int)alias->n_colnames;
	if (count > plan->schema.count)
		return sql_fail(binder, MILL_USAGE, position, "%d columns are named but \"%s\" has %d", count,
		                alias->aliasname, plan->schema.count);
	sql_name *names = mill_arena_array(binder->arena, (size_t)count + 1, sizeof *names);
	if (names == NULL)
		return sql_fail_memory(binder);
	for (int i = 0; i < count; i++) {
		names[i] = sql_alias_column(&binder->parsed, alias_token, i, sql_string_of(alias->colnames[i]));
		if (names[i].text == NULL)
			return sql_fail_memory(binder);
	}
	if (alias != NULL) {
		sql_name name = sql_spelled(&binder->parsed, alias_token, alias->aliasname);
		table = name.text;
		if (table == NULL)
			return sql_fail_memory(binder);
	}
	out->plan = plan;
	return relation_scope(binder, plan, table, names, count, &out->scope);
}

static const sql_cte *find_cte(const sql_cte *ctes, const char *name)
{
	for (; ctes != NULL; ctes = ctes->next)
		if (strcasecmp(ctes->name, name) == 0)
			return ctes;
	return NULL;
}

static mill_status find_table(sql_select *select, const char *name, bool is_quoted,
                              const mill_table_argument *arguments, int argument_count, int position, mill_plan **out)
{
	sql_binder *binder = select->binder;
	mill_catalog *catalog = binder->context->catalog;
	if (catalog == NULL)
		return sql_fail(binder, MILL_USAGE, position, "there is no table \"%s\"", name);
	mill_status status =
	    catalog->find(catalog, name, is_quoted, arguments, argument_count, binder->arena, out, &binder->inner);
	if (status == MILL_OK)
		return MILL_OK;
	/* What is wrong with the SQL gets a caret; a file that cannot be read keeps its own message and status. */
	if (status == MILL_USAGE || status == MILL_NOT_YET)
		return sql_fail_inner(binder, status, position);
	if (binder->err != NULL)
		*binder->err = binder->inner;
	return status;
}

static mill_status bind_relation(sql_select *select, const PgQuery__RangeVar *relation, sql_from *out)
{
	sql_binder *binder = select->binder;
	int position = relation->location;
	if (relation->schemaname != NULL && relation->schemaname[0] != '\0')
		return sql_fail(binder, MILL_USAGE, position,
		                "there is no table \"%s.%s\": a file is written in double quotes, FROM \"%s.%s\"",
		                relation->schemaname, relation->relname, relation->schemaname, relation->relname);
	sql_name name = sql_spelled(&binder->parsed, sql_token_at(&binder->parsed, position), relation->relname);
	if (name.text == NULL)
		return sql_fail_memory(binder);
	mill_plan *plan;
	const sql_cte *cte = find_cte(select->ctes, name.text);
	if (cte != NULL)
		MILL_TRY(sql_node_built(
		    binder, sql_node_shared(binder->arena, cte->plan, cte->shared, cte->name, binder->err), &plan));
	else
		MILL_TRY(find_table(select, name.text, name.is_quoted, NULL, 0, position, &plan));
	int alias_token =
	    relation->alias == NULL ? -1 : sql_alias_token(&binder->parsed, position, relation->alias->aliasname);
	return apply_alias(select, plan, relation->alias, alias_token, name.text, position, out);
}

static int inside_position(const PgQuery__SelectStmt *statement)
{
	while (statement->larg != NULL)
		statement = statement->larg;
	if (statement->n_target_list > 0)
		return sql_position_of(statement->target_list[0]);
	if (statement->n_values_lists > 0 && statement->values_lists[0]->list->n_items > 0)
		return sql_position_of(statement->values_lists[0]->list->items[0]);
	return -1;
}

static mill_status bind_subquery(sql_select *select, const PgQuery__RangeSubselect *node, sql_from *out)
{
	sql_binder *binder = select->binder;
	const PgQuery__SelectStmt *statement = node->subquery->select_stmt;
	int position = inside_position(statement);
	if (node->lateral)
		return sql_fail(binder, MILL_NOT_YET, position, "LATERAL is not supported yet");
	mill_plan *plan;
	MILL_TRY(sql_bind_query(binder, select->outer, select->ctes, statement, false, &plan));
	int alias_token = node->alias == NULL || position < 0
	                      ? -1
	                      : sql_subquery_alias_token(&binder->parsed, position, node->alias->aliasname);
	return apply_alias(select, plan, node->alias, alias_token, NULL, position, out);
}

static mill_status bind_argument(sql_select *select, const PgQuery__Node *node, mill_table_argument *out)
{
	sql_binder *binder = select->binder;
	mill_table_argument argument = {.position = sql_position_of(node)};
	if (node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
		argument.position = node->named_arg_expr->location;
		argument.name = node->named_arg_expr->name;
		node = node->named_arg_expr->arg;
	}
	mill_expr *expr;
	select->clause = SQL_IN_ARGUMENT;
	MILL_TRY(sql_bind_expr(select, node, &expr));
	if (expr->kind != MILL_EXPR_LITERAL)
		return sql_fail(binder, MILL_USAGE, argument.position, "arguments of a table function are constants");
	argument.value = &expr->literal;
	argument.type = expr->type;
	*out = argument;
	return MILL_OK;
}

/* Functions of FROM that the binder knows itself; all others are the catalog's. */
static const struct {
	const char *name;
	mill_status (*bind)(sql_binder *binder, mill_plan **out); /* without arguments; NULL: foreseen, not built */
} table_functions[] = {
    {"rankmill_functions", sql_bind_function_table},
    {"generate_series", NULL},
    {"unnest", NULL},
};

static mill_status bind_table_call(sql_select *select, const PgQuery__FuncCall *call, mill_plan **out)
{
	sql_binder *binder = select->binder;
	const char *name = sql_string_of(call->funcname[call->n_funcname - 1]);
	for (size_t i = 0; i < sizeof table_functions / sizeof table_functions[0]; i++) {
		if (strcasecmp(name, table_functions[i].name) != 0)
			continue;
		if (table_functions[i].bind == NULL)
			return sql_fail(binder, MILL_NOT_YET, call->location, "%s in FROM is not supported yet", name);
		if (call->n_args == 0)
			return table_functions[i].bind(binder, out);
	}
	mill_table_argument *arguments = mill_arena_array(binder->arena, call->n_args + 1, sizeof *arguments);
	if (arguments == NULL)
		return sql_fail_memory(binder);
	for (size_t i = 0; i < call->n_args; i++)
		MILL_TRY(bind_argument(select, call->args[i], &arguments[i]));
	/* Not NULL even without arguments: that is what tells a function from a table. */
	return find_table(select, name, false, arguments, (int)call->n_args, call->location, out);
}

static mill_status bind_function(sql_select *select, const PgQuery__RangeFunction *node, sql_from *out)
{
	sql_binder *binder = select->binder;
	const PgQuery__Node *list = node->n_functions > 0 ? node->functions[0] : NULL;
	const PgQuery__Node *call =
	    list != NULL && list->node_case == PG_QUERY__NODE__NODE_LIST && list->list->n_items > 0
	        ? list->list->items[0]
	        : NULL;
	if (call == NULL || call->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
		return sql_fail(binder, MILL_USAGE, -1, "this is no table function");
	int position = call->func_call->location;
	if (node->ordinality || node->is_rowsfrom || node->n_functions > 1 || node->n_coldeflist > 0 || node->lateral)
		return sql_fail(binder, MILL_NOT_YET, position,
		                "ROWS FROM, WITH ORDINALITY, LATERAL and column definitions are not supported yet");
	mill_plan *plan;
	MILL_TRY(bind_table_call(select, call->func_call, &plan));
	int alias_token = node->alias == NULL ? -1 : sql_alias_token(&binder->parsed, position, node->alias->aliasname);
	return apply_alias(select, plan, node->alias, alias_token,
	                   sql_string_of(call->func_call->funcname[call->func_call->n_funcname - 1]), position, out);
}

static mill_status bind_item(sql_select *select, const PgQuery__Node *node, sql_from *out)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_RANGE_VAR: return bind_relation(select, node->range_var, out);
	case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: return bind_subquery(select, node->range_subselect, out);
	case PG_QUERY__NODE__NODE_RANGE_FUNCTION: return bind_function(select, node->range_function, out);
	case PG_QUERY__NODE__NODE_JOIN_EXPR: return sql_bind_join(select, node->join_expr, out);
	case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
		return sql_fail(select->binder, MILL_NOT_YET, node->range_table_sample->location,
		                "TABLESAMPLE is not supported yet");
	default: return sql_fail(select->binder, MILL_NOT_YET, -1, "this form of FROM is not supported yet");
	}
}

int sql_item_position(const PgQuery__Node *node)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_RANGE_VAR: return node->range_var->location;
	case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: return inside_position(node->range_subselect->subquery->select_stmt);
	case PG_QUERY__NODE__NODE_JOIN_EXPR: return sql_item_position(node->join_expr->larg);
	case PG_QUERY__NODE__NODE_RANGE_FUNCTION: {
		const PgQuery__Node *list = node->range_function->functions[0];
		return list->node_case == PG_QUERY__NODE__NODE_LIST && list->list->n_items > 0
		           ? sql_position_of(list->list->items[0])
		           : -1;
	}
	default: return -1;
	}
}

mill_status sql_bind_from_item(sql_select *select, const PgQuery__Node *node, sql_from *out)
{
	MILL_TRY(sql_enter(select->binder, -1));
	MILL_TRY(bind_item(select, node, out));
	sql_leave(select->binder);
	return MILL_OK;
}

/* SELECT without FROM sees one row of no columns. */
static mill_status no_tables(sql_select *select)
{
	sql_binder *binder = select->binder;
	mill_schema schema = {mill_arena_array(binder->arena, 1, sizeof(mill_field)), 0};
	if (schema.fields == NULL)
		return sql_fail_memory(binder);
	return sql_node_built(binder, sql_node_values(binder->arena, NULL, 1, &schema, binder->err), &select->plan);
}

mill_status sql_bind_from(sql_select *select)
{
	const PgQuery__SelectStmt *statement = select->statement;
	if (statement->n_from_clause == 0)
		return no_tables(select);
	sql_from from;
	MILL_TRY(sql_bind_from_item(select, statement->from_clause[0], &from));
	for (size_t i = 1; i < statement->n_from_clause; i++) {
		sql_from next;
		MILL_TRY(sql_bind_from_item(select, statement->from_clause[i], &next));
		MILL_TRY(sql_cross_join(select, &from, &next, sql_item_position(statement->from_clause[i]), &from));
	}
	select->plan = from.plan;
	select->scope = from.scope;
	return MILL_OK;
}

/* Every column of VALUES gets the common type of its cells. */
static mill_status values_column(sql_select *select, mill_expr **cells, int rows, int columns, int column,
                                 mill_field *field)
{
	sql_binder *binder = select->binder;
	mill_expr **list = mill_arena_array(binder->arena, (size_t)rows, sizeof *list);
	if (list == NULL)
		return sql_fail_memory(binder);
	for (int r = 0; r < rows; r++)
		list[r] = cells[r * columns + column];
	mill_expr *unified;
	binder->builder.position = list[0]->position;
	MILL_TRY(sql_built(binder, mill_expr_coalesce(&binder->builder, list, rows, &binder->inner), &unified));
	mill_type type = unified->type.id == MILL_TYPE_NULL ? mill_type_of(MILL_TYPE_STRING) : unified->type;
	*field = (mill_field){mill_arena_printf(binder->arena, "column%d", column + 1), type, false};
	if (field->name == NULL)
		return sql_fail_memory(binder);
	for (int r = 0; r < rows; r++) {
		mill_expr **cell = &cells[r * columns + column];
		binder->builder.position = (*cell)->position;
		MILL_TRY(sql_built(binder, mill_expr_cast(&binder->builder, *cell, type, false, &binder->inner), cell));
		field->nullable = field->nullable || (*cell)->nullable;
	}
	return MILL_OK;
}

static mill_status values_cells(sql_select *select, int rows, int columns, mill_expr **cells)
{
	const PgQuery__SelectStmt *statement = select->statement;
	select->clause = SQL_IN_VALUES;
	for (int r = 0; r < rows; r++) {
		const PgQuery__List *row = statement->values_lists[r]->list;
		if ((int)row->n_items != columns)
			return sql_fail(select->binder, MILL_USAGE,
			                row->n_items > 0 ? sql_position_of(row->items[0]) : -1,
			                "rows of VALUES must be equally long: %d values here, %d in the first row",
			                (int)row->n_items, columns);
		for (int c = 0; c < columns; c++)
			MILL_TRY(sql_bind_expr(select, row->items[c], &cells[r * columns + c]));
	}
	return MILL_OK;
}

mill_status sql_bind_values(sql_select *select, mill_plan **out)
{
	sql_binder *binder = select->binder;
	const PgQuery__SelectStmt *statement = select->statement;
	int rows = (int)statement->n_values_lists, columns = (int)statement->values_lists[0]->list->n_items;
	mill_expr **cells = mill_arena_array(binder->arena, (size_t)rows * (size_t)columns + 1, sizeof *cells);
	mill_schema schema = {mill_arena_array(binder->arena, (size_t)columns + 1, sizeof(mill_field)), columns};
	if (cells == NULL || schema.fields == NULL)
		return sql_fail_memory(binder);
	MILL_TRY(values_cells(select, rows, columns, cells));
	for (int c = 0; c < columns; c++)
		MILL_TRY(values_column(select, cells, rows, columns, c, &schema.fields[c]));
	MILL_TRY(sql_node_built(binder, sql_node_values(binder->arena, cells, rows, &schema, binder->err), out));
	return relation_scope(binder, *out, "values", NULL, 0, &select->scope);
}
