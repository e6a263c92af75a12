/* Operators: arithmetic and comparison, LIKE, BETWEEN, IN, IS DISTINCT FROM, IS NULL. */
#include "sql/bind/binder.h"

#include <string.h>

/* Operators of other dialects that PostgreSQL's grammar takes as operators of its users. */
static const struct {
	const char *name;
	const char *advice;
} foreign_operators[] = {
    {"==", "equality is written ="},
    {"<=>", "<=> is written IS NOT DISTINCT FROM"},
    {"&&", "AND is written in words"},
    {"!", "NOT is written in words"},
    {"`", "names are quoted with double quotes: `a b` is written \"a b\""},
    {"~~~", "GLOB is written LIKE or ~"},
};

static mill_status fail_operator(sql_select *select, const char *name, int position)
{
	for (size_t i = 0; i < sizeof foreign_operators / sizeof foreign_operators[0]; i++)
		if (strcmp(name, foreign_operators[i].name) == 0 ||
		    (foreign_operators[i].name[0] == '`' && strchr(name, '`') != NULL))
			return sql_fail(select->binder, MILL_USAGE, position, "there is no operator %s: %s", name,
			                foreign_operators[i].advice);
	return sql_fail(select->binder, MILL_USAGE, position, "there is no operator %s", name);
}

static bool is_known_operator(const char *name)
{
	mill_function_info info;
	return mill_function_lookup(name, &info) && info.is_operator;
}

/* PostgreSQL's operators before their operand that are functions by another name. */
static const struct {
	const char *name;
	const char *function;
} prefix_operators[] = {{"|/", "sqrt"}, {"||/", "cbrt"}, {"@", "abs"}};

/* The function that an operator before its operand stands for; NULL: none. */
static const char *prefix_function(const char *name)
{
	for (size_t i = 0; i < sizeof prefix_operators / sizeof prefix_operators[0]; i++)
		if (strcmp(name, prefix_operators[i].name) == 0)
			return prefix_operators[i].function;
	return NULL;
}

static mill_status negate(sql_select *select, int position, bool is_negated, mill_expr *expr, mill_expr **out)
{
	if (is_negated)
		return sql_call1(select, position, "not", expr, out);
	*out = expr;
	return MILL_OK;
}

static mill_status bind_plain(sql_select *select, const PgQuery__AExpr *node, mill_expr **out)
{
	const char *name = node->n_name > 0 ? sql_string_of(node->name[node->n_name - 1]) : "";
	int position = node->location;
	mill_expr *left, *right;
	bool is_negated = strcmp(name, "!~") == 0 || strcmp(name, "!~*") == 0;
	if (is_negated)
		name++;
	const char *function = node->lexpr == NULL ? prefix_function(name) : NULL;
	if (function == NULL && !is_known_operator(name))
		return fail_operator(select, name, position);
	if (node->rexpr == NULL)
		return sql_fail(select->binder, MILL_USAGE, position, "an operand is missing after %s", name);
	if (node->lexpr == NULL) {
		MILL_TRY(sql_bind_expr(select, node->rexpr, &right));
		return sql_call1(select, position, function == NULL ? name : function, right, out);
	}
	if (node->lexpr->node_case == PG_QUERY__NODE__NODE_ROW_EXPR)
		return sql_fail(select->binder, MILL_NOT_YET, position,
		                "comparing rows, (a, b) %s (c, d), is not supported yet", name);
	MILL_TRY(sql_bind_expr(select, node->lexpr, &left));
	MILL_TRY(sql_bind_expr(select, node->rexpr, &right));
	MILL_TRY(sql_call2(select, position, name, left, right, &left));
	return negate(select, position, is_negated, left, out);
}

/* LIKE p ESCAPE e arrives as like_escape(p, e). */
static mill_status bind_like(sql_select *select, const PgQuery__AExpr *node, const char *name, mill_expr **out)
{
	mill_expr *args[3];
	int count = 2;
	MILL_TRY(sql_bind_expr(select, node->lexpr, &args[0]));
	const PgQuery__Node *pattern = node->rexpr;
	bool has_escape =
	    pattern->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && pattern->func_call->n_args == 2 &&
	    strcmp(sql_string_of(pattern->func_call->funcname[pattern->func_call->n_funcname - 1]), "like_escape") == 0;
	if (has_escape) {
		MILL_TRY(sql_bind_expr(select, pattern->func_call->args[0], &args[1]));
		MILL_TRY(sql_bind_expr(select, pattern->func_call->args[1], &args[2]));
		count = 3;
	} else {
		MILL_TRY(sql_bind_expr(select, pattern, &args[1]));
	}
	MILL_TRY(sql_call(select, node->location, name, args, count, out));
	return negate(select, node->location, sql_string_of(node->name[0])[0] == '!', *out, out);
}

static mill_status both(sql_select *select, int position, bool is_and, mill_expr *a, mill_expr *b, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr *args[2] = {a, b};
	binder->builder.position = position;
	return sql_built(binder,
	                 is_and ? mill_expr_and(&binder->builder, args, 2, &binder->inner)
	                        : mill_expr_or(&binder->builder, args, 2, &binder->inner),
	                 out);
}

static mill_status within(sql_select *select, int position, mill_expr *x, mill_expr *low, mill_expr *high,
                          mill_expr **out)
{
	mill_expr *above, *below;
	MILL_TRY(sql_call2(select, position, ">=", x, low, &above));
	MILL_TRY(sql_call2(select, position, "<=", x, high, &below));
	return both(select, position, true, above, below, out);
}

static mill_status bind_between(sql_select *select, const PgQuery__AExpr *node, mill_expr **out)
{
	int position = node->location;
	mill_expr *x, **bounds, *expr;
	MILL_TRY(sql_bind_expr(select, node->lexpr, &x));
	MILL_TRY(sql_bind_list(select, node->rexpr->list->items, node->rexpr->list->n_items, &bounds));
	MILL_TRY(within(select, position, x, bounds[0], bounds[1], &expr));
	if (node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
	    node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM) {
		mill_expr *swapped;
		MILL_TRY(within(select, position, x, bounds[1], bounds[0], &swapped));
		MILL_TRY(both(select, position, false, expr, swapped, &expr));
	}
	bool is_negated = node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
	                  node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
	return negate(select, position, is_negated, expr, out);
}

static mill_status bind_in(sql_select *select, const PgQuery__AExpr *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	if (node->lexpr->node_case == PG_QUERY__NODE__NODE_ROW_EXPR)
		return sql_fail(binder, MILL_NOT_YET, node->location,
		                "comparing rows, (a, b) IN (…), is not supported yet");
	const PgQuery__List *list = node->rexpr->list;
	mill_expr **args = mill_arena_array(binder->arena, list->n_items + 1, sizeof *args);
	if (args == NULL)
		return sql_fail_memory(binder);
	MILL_TRY(sql_bind_expr(select, node->lexpr, &args[0]));
	for (size_t i = 0; i < list->n_items; i++)
		MILL_TRY(sql_bind_expr(select, list->items[i], &args[i + 1]));
	binder->builder.position = node->location;
	mill_expr *expr;
	MILL_TRY(
	    sql_built(binder, mill_expr_in(&binder->builder, args, (int)list->n_items + 1, &binder->inner), &expr));
	return negate(select, node->location, sql_string_of(node->name[0])[0] == '<', expr, out);
}

static mill_status bind_pair(sql_select *select, const PgQuery__AExpr *node, const char *name, mill_expr **out)
{
	mill_expr *left, *right;
	MILL_TRY(sql_bind_expr(select, node->lexpr, &left));
	MILL_TRY(sql_bind_expr(select, node->rexpr, &right));
	return sql_call2(select, node->location, name, left, right, out);
}

mill_status sql_bind_operator(sql_select *select, const PgQuery__AExpr *node, mill_expr **out)
{
	switch (node->kind) {
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP: return bind_plain(select, node, out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE: return bind_like(select, node, "like", out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE: return bind_like(select, node, "ilike", out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_IN: return bind_in(select, node, out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: return bind_between(select, node, out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT: return bind_pair(select, node, "is_distinct_from", out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT: return bind_pair(select, node, "is_not_distinct_from", out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF: return bind_pair(select, node, "nullif", out);
	case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
		return sql_fail(select->binder, MILL_NOT_YET, node->location,
		                "SIMILAR TO is not supported yet: use LIKE or ~");
	default:
		return sql_fail(select->binder, MILL_NOT_YET, node->location,
		                "ANY and ALL over arrays are not supported yet");
	}
}

/* A whole row IS [NOT] NULL when every one of its columns is. */
static mill_status bind_row_test(sql_select *select, const char *table, const char *test, int position, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr **tests = mill_arena_array(binder->arena, (size_t)select->scope.count + 1, sizeof *tests);
	if (tests == NULL)
		return sql_fail_memory(binder);
	int count = 0;
	for (int i = 0; i < select->scope.count; i++) {
		mill_expr *column;
		if (!sql_scope_in_star(&select->scope.columns[i], table))
			continue;
		MILL_TRY(sql_scope_column(select, i, position, &column));
		MILL_TRY(sql_call1(select, position, test, column, &tests[count++]));
	}
	if (count == 1) {
		*out = tests[0];
		return MILL_OK;
	}
	binder->builder.position = position;
	return sql_built(binder,
	                 count == 0 ? mill_expr_bool(&binder->builder, true, &binder->inner)
	                            : mill_expr_and(&binder->builder, tests, count, &binder->inner),
	                 out);
}

mill_status sql_bind_null_test(sql_select *select, const PgQuery__NullTest *node, mill_expr **out)
{
	bool is_null = node->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
	const char *test = is_null ? "is_null" : "is_not_null";
	const char *table = sql_whole_row(select, node->arg);
	if (table != NULL)
		return bind_row_test(select, table, test, sql_position_of(node->arg), out);
	mill_expr *arg;
	MILL_TRY(sql_bind_expr(select, node->arg, &arg));
	return sql_call1(select, node->location, test, arg, out);
}
