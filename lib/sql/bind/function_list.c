/* All that a query may call, as `help` and rankmill_functions() list it. */
#include "sql/bind/binder.h"

#include "expr/aggregate.h"

#include <string.h>
#include <strings.h>

/* Forms of the binder's own. */
static const sql_form forms[] = {
    {.info = {.name = "row_number",
              .group = MILL_GROUP_WINDOW,
              .standing = MILL_FUNCTION_OPEN,
              .help = "row_number() OVER (PARTITION BY a ORDER BY b): 1, 2, … within each a, ties by row id"},
     .is_window = true,
     .bind = sql_bind_row_number},
    {.info = {.name = "if",
              .group = MILL_GROUP_NULL,
              .standing = MILL_FUNCTION_OPEN,
              .help = "if(condition, a, b): CASE WHEN condition THEN a ELSE b END"},
     .alias = "iff",
     .bind = sql_bind_if},
};
enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

const sql_form *sql_find_form(const char *name)
{
	for (int i = 0; i < FORM_COUNT; i++)
		if (strcasecmp(forms[i].info.name, name) == 0 ||
		    (forms[i].alias != NULL && strcasecmp(forms[i].alias, name) == 0))
			return &forms[i];
	return NULL;
}

int mill_sql_function_count(void)
{
	return mill_function_count() + mill_aggregate_count() + FORM_COUNT;
}

mill_function_info mill_sql_function_list(int index)
{
	if (index < mill_function_count())
		return mill_function_list(index);
	index -= mill_function_count();
	if (index >= mill_aggregate_count())
		return forms[index - mill_aggregate_count()].info;
	mill_aggregate_info aggregate = mill_aggregate_list(index);
	return (mill_function_info){.name = aggregate.name,
	                            .group = MILL_GROUP_AGGREGATE,
	                            .standing = MILL_FUNCTION_OPEN,
	                            .help = aggregate.help};
}

static mill_status text_cell(sql_binder *binder, const char *text, mill_expr **out)
{
	mill_literal literal = {.as.string = {text, (int32_t)strlen(text)}};
	return sql_built(
	    binder, mill_expr_literal(&binder->builder, mill_type_of(MILL_TYPE_STRING), &literal, &binder->inner), out);
}

mill_status sql_bind_function_table(sql_binder *binder, mill_plan **out)
{
	static const char *const names[] = {"name", "group", "help"};
	mill_expr **cells = mill_arena_array(binder->arena, 3 * (size_t)mill_sql_function_count(), sizeof(mill_expr *));
	mill_schema schema = {mill_arena_array(binder->arena, 3, sizeof(mill_field)), 3};
	if (cells == NULL || schema.fields == NULL)
		return sql_fail_memory(binder);
	for (int c = 0; c < 3; c++)
		schema.fields[c] = (mill_field){names[c], mill_type_of(MILL_TYPE_STRING), false};
	int64_t rows = 0;
	for (int i = 0; i < mill_sql_function_count(); i++) {
		mill_function_info info = mill_sql_function_list(i);
		if (info.standing != MILL_FUNCTION_OPEN)
			continue;
		MILL_TRY(text_cell(binder, info.name, &cells[3 * rows]));
		MILL_TRY(text_cell(binder, mill_function_group_text(info.group), &cells[3 * rows + 1]));
		MILL_TRY(text_cell(binder, info.help, &cells[3 * rows + 2]));
		rows++;
	}
	return sql_node_built(binder, sql_node_values(binder->arena, cells, rows, &schema, binder->err), out);
}
