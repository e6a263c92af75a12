/* Calls: aggregates, window functions, the forms that are more than a function, and the registry's functions. */
#include "sql/bind/binder.h"

#include "base/suggest.h"

#include <string.h>

mill_status sql_bind_if(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr **args;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &args));
	if (node->n_args != 3)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "if takes a condition and two values: if(x > 0, 'a', 'b')");
	binder->builder.position = node->location;
	return sql_built(binder, mill_expr_case(&binder->builder, args, 3, &binder->inner), out);
}

static mill_status bind_scalar(sql_select *select, const PgQuery__FuncCall *node, const char *name, mill_expr **out)
{
	mill_expr **args;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &args));
	return sql_call(select, node->location, name, args, (int)node->n_args, out);
}

/* An aggregate that is nearer to the name than every function is; NULL: none. */
static const char *near_aggregate(const char *name)
{
	const char *near = mill_aggregate_suggest(name);
	int distance = near == NULL ? 0 : mill_edit_distance(name, near);
	for (int i = 0; near != NULL && i < mill_function_count(); i++) {
		mill_function_info function = mill_function_list(i);
		if (function.standing != MILL_FUNCTION_NOT_YET && mill_edit_distance(name, function.name) < distance)
			near = NULL;
	}
	return near;
}

mill_status sql_bind_function(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	const char *name = sql_string_of(node->funcname[node->n_funcname - 1]);
	bool is_schema = node->n_funcname > 1 && strcmp(sql_string_of(node->funcname[0]), "pg_catalog") != 0;
	if (is_schema || node->n_funcname > 2)
		return sql_fail(binder, MILL_USAGE, node->location, "functions have no schema: write %s(…)", name);
	if (node->func_variadic)
		return sql_fail(binder, MILL_NOT_YET, node->location, "VARIADIC is not supported yet");
	if (node->over != NULL)
		return sql_bind_window(select, node, name, out);
	mill_aggregate_info aggregate;
	if (mill_aggregate_lookup(name, &aggregate) || node->agg_within_group)
		return sql_bind_aggregate(select, node, name, out);
	mill_function_info function;
	bool is_function = mill_function_lookup(name, &function);
	if (is_function && function.standing == MILL_FUNCTION_NOT_YET)
		return sql_fail(binder, MILL_NOT_YET, node->location, "function %s is not supported yet", name);
	const char *near = is_function ? NULL : near_aggregate(name);
	if (near != NULL)
		return sql_fail(binder, MILL_USAGE, node->location, "unknown function %s (did you mean %s?)", name,
		                near);
	const sql_form *form = sql_find_form(name);
	if (form != NULL && form->is_window)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "%s needs a window: %s() OVER (PARTITION BY a ORDER BY b)", form->info.name,
		                form->info.name);
	if (node->agg_star || node->agg_distinct || node->agg_filter != NULL || node->n_agg_order > 0)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "%s is no aggregate: *, DISTINCT, FILTER and ORDER BY belong to aggregates", name);
	return form != NULL ? form->bind(select, node, out) : bind_scalar(select, node, name, out);
}
