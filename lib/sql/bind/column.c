/* Names of columns: input columns first, then aliases of the SELECT list. */
#include "sql/bind/binder.h"

#include <string.h>
#include <strings.h>

/* table.column as written; table.text NULL: unqualified. */
typedef struct column_name {
	sql_name table;
	sql_name column;
} column_name;

static mill_status read_reference(sql_select *select, const PgQuery__ColumnRef *node, column_name *out)
{
	sql_binder *binder = select->binder;
	const sql_parsed *parsed = &binder->parsed;
	if (node->n_fields == 0 || node->n_fields > 2)
		return sql_fail(binder, MILL_NOT_YET, node->location,
		                "names of more than two parts (schemas, struct fields) are not supported yet");
	if (node->fields[node->n_fields - 1]->node_case != PG_QUERY__NODE__NODE_STRING)
		return sql_fail(binder, MILL_USAGE, node->location, "* stands alone in a SELECT list or in count(*)");
	int token = sql_token_at(parsed, node->location);
	column_name read = {{NULL, false, -1}, {NULL, false, -1}};
	if (node->n_fields == 2) {
		read.table = sql_spelled(parsed, token, sql_string_of(node->fields[0]));
		token += 2;
		if (read.table.text == NULL)
			return sql_fail_memory(binder);
	}
	read.column = sql_spelled(parsed, token, sql_string_of(node->fields[node->n_fields - 1]));
	if (read.column.text == NULL)
		return sql_fail_memory(binder);
	*out = read;
	return MILL_OK;
}

mill_status sql_scope_column(sql_select *select, int column, int position, mill_expr **out)
{
	sql_binder *binder = select->binder;
	const sql_column *found = &select->scope.columns[column];
	mill_type stored = select->plan->schema.fields[found->position].type;
	binder->builder.position = position;
	mill_expr *expr;
	MILL_TRY(sql_built(binder,
	                   mill_expr_column(&binder->builder, found->position, stored, found->nullable, &binder->inner),
	                   &expr));
	if (!mill_type_equal(stored, found->type)) /* merged by USING from two types */
		return sql_built(binder, mill_expr_cast(&binder->builder, expr, found->type, false, &binder->inner),
		                 out);
	*out = expr;
	return MILL_OK;
}

static const char *table_of(const sql_column *column)
{
	return column->table == NULL ? "USING" : column->table;
}

static mill_status fail_ambiguous(sql_select *select, const char *name, int column, int other, int position)
{
	const sql_column *a = &select->scope.columns[column], *b = &select->scope.columns[other];
	if (strcmp(a->name, b->name) != 0)
		return sql_fail(
		    select->binder, MILL_USAGE, position,
		    "column \"%s\" is ambiguous: there are \"%s\" and \"%s\"; write the one that is meant in "
		    "double quotes",
		    name, a->name, b->name);
	return sql_fail(select->binder, MILL_USAGE, position,
	                "column \"%s\" is ambiguous: %s and %s have it; write %s.%s or %s.%s", name, table_of(a),
	                table_of(b), table_of(a), a->name, table_of(b), b->name);
}

static bool is_of_outer(const sql_select *select, const column_name *wanted)
{
	int column, other;
	for (const sql_select *outer = select->outer; outer != NULL; outer = outer->outer)
		if (sql_scope_find(&outer->scope, wanted->table.text, wanted->column, &column, &other) == SQL_FOUND)
			return true;
	return false;
}

/* The nearest of input columns and aliases. */
static const char *suggestion(sql_select *select, const column_name *wanted)
{
	const char *near =
	    sql_scope_suggest(select->binder->arena, &select->scope, wanted->table.text, wanted->column.text);
	for (int i = 0; near == NULL && wanted->table.text == NULL && i < select->visible_items; i++) {
		mill_field field = {.name = select->items[i].name.text};
		mill_schema one = {&field, 1};
		if (select->items[i].has_alias)
			near = mill_schema_suggest(&one, wanted->column.text);
	}
	return near;
}

static mill_status fail_unknown(sql_select *select, const column_name *wanted, sql_found found, int position)
{
	sql_binder *binder = select->binder;
	const char *table = wanted->table.text, *name = wanted->column.text;
	if (is_of_outer(select, wanted))
		return sql_fail(
		    binder, MILL_NOT_YET, position,
		    "\"%s\" is a column of the query around: correlated sub-queries are not supported yet; join the "
		    "sub-query instead",
		    name);
	if (found == SQL_UNKNOWN_TABLE) {
		const char *near = sql_scope_suggest_table(&select->scope, table);
		return sql_fail(binder, MILL_USAGE, position, "FROM has no table \"%s\"%s%s%s", table,
		                near == NULL ? "" : " (did you mean \"", near == NULL ? "" : near,
		                near == NULL ? "" : "\"?)");
	}
	const char *near = suggestion(select, wanted);
	const char *dot = table == NULL ? "" : ".";
	table = table == NULL ? "" : table;
	if (near != NULL)
		return sql_fail(binder, MILL_USAGE, position, "column \"%s%s%s\" does not exist (did you mean \"%s\"?)",
		                table, dot, name, near);
	if (wanted->column.is_quoted && wanted->table.text == NULL)
		return sql_fail(binder, MILL_USAGE, position,
		                "column \"%s\" does not exist; text is written in single quotes: '%s'", name, name);
	return sql_fail(binder, MILL_USAGE, position, "column \"%s%s%s\" does not exist", table, dot, name);
}

static mill_status refuse_misplaced(sql_select *select, const mill_expr *expr, const char *alias, int position)
{
	bool aggregates = sql_uses_columns_from(expr, SQL_AGGREGATE_COLUMN, SQL_WINDOW_COLUMN);
	bool windows = sql_uses_columns_from(expr, SQL_WINDOW_COLUMN, INT32_MAX);
	if (select->in_aggregate && (aggregates || windows))
		return sql_fail(select->binder, MILL_USAGE, position,
		                "an aggregate cannot use \"%s\", which is %s itself: compute it in a sub-query", alias,
		                windows ? "a window function" : "an aggregate");
	if (select->clause == SQL_IN_WHERE && aggregates)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "WHERE cannot use \"%s\", which is an aggregate: use HAVING", alias);
	bool before_windows = select->clause == SQL_IN_WHERE || select->clause == SQL_IN_HAVING || select->in_window;
	if (before_windows && windows)
		return sql_fail(
		    select->binder, MILL_USAGE, position,
		    "\"%s\" is a window function: filter in a query around, SELECT * FROM (SELECT …) AS q WHERE %s …",
		    alias, alias);
	return MILL_OK;
}

static mill_status bind_alias(sql_select *select, const column_name *wanted, int position, mill_expr **out)
{
	int item = wanted->table.text != NULL ? -1 : sql_item_find(select, wanted->column, select->visible_items);
	if (item == -2)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "\"%s\" is ambiguous: several columns of the SELECT list have "
		                "that name",
		                wanted->column.text);
	if (item < 0 || !select->items[item].has_alias)
		return MILL_OK;
	MILL_TRY(sql_alias_expr(select, item, position, out));
	return refuse_misplaced(select, *out, wanted->column.text, position);
}

static mill_status find_column(sql_select *select, const column_name *wanted, int position, int *out, sql_found *found)
{
	int other;
	*found = sql_scope_find(&select->scope, wanted->table.text, wanted->column, out, &other);
	if (*found == SQL_AMBIGUOUS)
		return fail_ambiguous(select, wanted->column.text, *out, other, position);
	return MILL_OK;
}

mill_status sql_bind_column(sql_select *select, const PgQuery__ColumnRef *node, mill_expr **out)
{
	column_name wanted;
	int column, position = node->location;
	sql_found found;
	MILL_TRY(read_reference(select, node, &wanted));
	MILL_TRY(find_column(select, &wanted, position, &column, &found));
	if (found == SQL_FOUND)
		return sql_scope_column(select, column, position, out);
	mill_expr *alias = NULL;
	MILL_TRY(bind_alias(select, &wanted, position, &alias));
	if (alias != NULL) {
		*out = alias;
		return MILL_OK;
	}
	if (wanted.table.text == NULL && sql_scope_has_table(&select->scope, wanted.column.text))
		return sql_fail(select->binder, MILL_NOT_YET, position,
		                "\"%s\" is a table: whole rows can be tested (%s IS NOT NULL) but are no values yet",
		                wanted.column.text, wanted.column.text);
	return fail_unknown(select, &wanted, found, position);
}

mill_status sql_reference_name(sql_select *select, const PgQuery__ColumnRef *node, sql_name *out)
{
	column_name wanted;
	int column, other;
	MILL_TRY(read_reference(select, node, &wanted));
	sql_found found = sql_scope_find(&select->scope, wanted.table.text, wanted.column, &column, &other);
	*out = wanted.column;
	if (found == SQL_FOUND)
		out->text = select->scope.columns[column].name;
	return MILL_OK;
}

const char *sql_whole_row(sql_select *select, const PgQuery__Node *node)
{
	if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
		return NULL;
	const PgQuery__ColumnRef *reference = node->column_ref;
	bool is_star = reference->n_fields == 2 && reference->fields[1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
	if (!is_star && reference->n_fields != 1)
		return NULL;
	const sql_parsed *parsed = &select->binder->parsed;
	sql_name name =
	    sql_spelled(parsed, sql_token_at(parsed, reference->location), sql_string_of(reference->fields[0]));
	if (name.text == NULL || !sql_scope_has_table(&select->scope, name.text))
		return NULL;
	int column, other;
	if (!is_star && sql_scope_find(&select->scope, NULL, name, &column, &other) != SQL_UNKNOWN_COLUMN)
		return NULL;
	return name.text;
}
