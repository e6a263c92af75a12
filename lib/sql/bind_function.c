/* Calls: aggregates, window functions, the forms that are more than a function, and the registry's functions. */
#include "sql/binder.h"

#include "base/suggest.h"

#include <string.h>
#include <strings.h>

static mill_status bind_if(sql_select *select, const PgQuery__FuncCall *node, mill_expr **args, mill_expr **out)
{
	sql_binder *binder = select->binder;
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
	if (strcasecmp(name, "if") == 0 || strcasecmp(name, "iff") == 0)
		return bind_if(select, node, args, out);
	return sql_call(select, node->location, name, args, (int)node->n_args, out);
}

/* An aggregate that is nearer to the name than every function is; NULL: none. */
static const char *near_aggregate(const char *name)
{
	const char *near = mill_aggregate_suggest(name);
	int distance = near == NULL ? 0 : mill_edit_distance(name, near);
	for (int i = 0; near != NULL && i < mill_function_count(); i++)
		if (mill_edit_distance(name, mill_function_list(i).name) < distance)
			near = NULL;
	return near;
}

/* Functions of PostgreSQL and Spark that SQL is to have: no misspellings of others. */
static const char *const foreseen[] = {
    "add_months",
    "approx_count_distinct",
    "approx_percentile",
    "array_agg",
    "array_contains",
    "array_length",
    "array_to_string",
    "bit_and",
    "bit_length",
    "bit_or",
    "bit_xor",
    "cardinality",
    "collect_list",
    "collect_set",
    "crc32",
    "cume_dist",
    "date_bin",
    "date_diff",
    "date_format",
    "decode",
    "dense_rank",
    "encode",
    "explode",
    "factorial",
    "first_value",
    "format",
    "from_json",
    "from_unixtime",
    "gcd",
    "generate_series",
    "get_json_object",
    "grouping",
    "json_agg",
    "json_extract_path",
    "json_extract_path_text",
    "kurtosis",
    "lag",
    "last_value",
    "lcm",
    "lead",
    "levenshtein",
    "list",
    "make_interval",
    "map",
    "md5",
    "mode",
    "months_between",
    "next_day",
    "nth_value",
    "ntile",
    "overlaps",
    "percent_rank",
    "percentile",
    "percentile_disc",
    "quote_literal",
    "rank",
    "regexp_instr",
    "regexp_match",
    "regexp_matches",
    "regexp_split_to_array",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "scale",
    "sha1",
    "sha2",
    "sha256",
    "size",
    "skewness",
    "soundex",
    "split",
    "string_agg",
    "string_to_array",
    "struct",
    "to_char",
    "to_json",
    "to_number",
    "unix_timestamp",
    "unnest",
    "width_bucket",
};

static bool is_foreseen(const char *name)
{
	for (size_t i = 0; i < sizeof foreseen / sizeof foreseen[0]; i++)
		if (strcasecmp(name, foreseen[i]) == 0)
			return true;
	return false;
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
	if (mill_aggregate_exists(name) || node->agg_within_group)
		return sql_bind_aggregate(select, node, name, out);
	if (!mill_function_exists(name) && is_foreseen(name))
		return sql_fail(binder, MILL_NOT_YET, node->location, "function %s is not supported yet", name);
	const char *near = mill_function_exists(name) ? NULL : near_aggregate(name);
	if (near != NULL)
		return sql_fail(binder, MILL_USAGE, node->location, "unknown function %s (did you mean %s?)", name,
		                near);
	if (strcasecmp(name, "row_number") == 0)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "row_number needs a window: row_number() OVER (PARTITION BY a ORDER BY b)");
	if (node->agg_star || node->agg_distinct || node->agg_filter != NULL || node->n_agg_order > 0)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "%s is no aggregate: *, DISTINCT, FILTER and ORDER BY belong to aggregates", name);
	return bind_scalar(select, node, name, out);
}
