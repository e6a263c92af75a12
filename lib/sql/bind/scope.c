#include "sql/bind/scope.h"

#include "base/suggest.h"

#include <string.h>
#include <strings.h>

bool sql_scope_has_table(const sql_scope *scope, const char *table)
{
	for (int i = 0; i < scope->table_count; i++)
		if (strcasecmp(scope->tables[i], table) == 0)
			return true;
	return false;
}

bool sql_scope_in_star(const sql_column *column, const char *table)
{
	if (column->is_extra)
		return false;
	if (table == NULL)
		return !column->is_covered;
	return column->table != NULL && strcasecmp(column->table, table) == 0;
}

static bool is_candidate(const sql_column *column, const char *table, const char *name)
{
	if (strcasecmp(column->name, name) != 0)
		return false;
	if (table == NULL)
		return !column->is_covered;
	return column->table != NULL && strcasecmp(column->table, table) == 0;
}

sql_found sql_scope_find(const sql_scope *scope, const char *table, sql_name name, int *out, int *other)
{
	if (table != NULL && !sql_scope_has_table(scope, table))
		return SQL_UNKNOWN_TABLE;
	int any = -1, any_other = -1, exact = -1, exact_other = -1;
	for (int i = 0; i < scope->count; i++) {
		const sql_column *column = &scope->columns[i];
		if (!is_candidate(column, table, name.text))
			continue;
		if (any < 0)
			any = i;
		else if (any_other < 0)
			any_other = i;
		if (strcmp(column->name, name.text) != 0)
			continue;
		if (exact < 0)
			exact = i;
		else if (exact_other < 0)
			exact_other = i;
	}
	if (any < 0)
		return SQL_UNKNOWN_COLUMN;
	*out = any;
	*other = any_other;
	if (any_other < 0)
		return SQL_FOUND;
	if (!name.is_quoted || exact < 0)
		return SQL_AMBIGUOUS;
	*out = exact;
	*other = exact_other;
	return exact_other < 0 ? SQL_FOUND : SQL_AMBIGUOUS;
}

mill_status sql_scope_join(mill_arena *arena, const sql_scope *left, const sql_scope *right, int left_shift,
                           int right_shift, sql_scope *out, mill_error *err)
{
	for (int i = 0; i < right->table_count; i++)
		if (sql_scope_has_table(left, right->tables[i]))
			return mill_fail(err, MILL_USAGE,
			                 "table name \"%s\" is there more than once: give one an alias, %s AS other",
			                 right->tables[i], right->tables[i]);
	sql_scope joined = {.count = left->count + right->count, .table_count = left->table_count + right->table_count};
	joined.columns = mill_arena_array(arena, (size_t)joined.count + 1, sizeof *joined.columns);
	joined.tables = mill_arena_array(arena, (size_t)joined.table_count + 1, sizeof *joined.tables);
	if (joined.columns == NULL || joined.tables == NULL)
		return mill_fail_nomem(err, (size_t)joined.count * sizeof *joined.columns, "columns of a join");
	for (int i = 0; i < joined.count; i++) {
		bool is_left = i < left->count;
		joined.columns[i] = is_left ? left->columns[i] : right->columns[i - left->count];
		joined.columns[i].position += is_left ? left_shift : right_shift;
	}
	for (int i = 0; i < joined.table_count; i++)
		joined.tables[i] = i < left->table_count ? left->tables[i] : right->tables[i - left->table_count];
	*out = joined;
	return MILL_OK;
}

const char *sql_scope_suggest(mill_arena *arena, const sql_scope *scope, const char *table, const char *name)
{
	const char **names = mill_arena_array(arena, (size_t)scope->count + 1, sizeof *names);
	size_t count = 0;
	for (int i = 0; names != NULL && i < scope->count; i++) {
		const sql_column *column = &scope->columns[i];
		if (table == NULL || (column->table != NULL && strcasecmp(column->table, table) == 0))
			names[count++] = column->name;
	}
	return names == NULL ? NULL : mill_suggest(name, names, count);
}

const char *sql_scope_suggest_table(const sql_scope *scope, const char *table)
{
	return mill_suggest(table, scope->tables, (size_t)scope->table_count);
}
