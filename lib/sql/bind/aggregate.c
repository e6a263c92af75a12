/* Aggregates: FILTER, DISTINCT, WITHIN GROUP; equal ones are computed once. */
#include "sql/bind/binder.h"

#include "sql/conjunct.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static mill_status refuse_place(sql_select *select, const char *name, int position)
{
	static const char *const places[] = {
	    [SQL_IN_WHERE] = "WHERE: use HAVING",
	    [SQL_IN_GROUP_BY] = "GROUP BY",
	    [SQL_IN_ON] = "ON",
	    [SQL_IN_VALUES] = "VALUES",
	    [SQL_IN_LIMIT] = "LIMIT and OFFSET",
	    [SQL_IN_ARGUMENT] = "a table function",
	    [SQL_IN_LIST] = NULL,
	    [SQL_IN_HAVING] = NULL,
	    [SQL_IN_ORDER_BY] = NULL,
	};
	if (select->in_aggregate)
		return sql_fail(select->binder, MILL_USAGE, position,
		                "aggregates cannot be nested: compute the inner one in a sub-query, then %s of it",
		                name);
	if (places[select->clause] != NULL)
		return sql_fail(select->binder, MILL_USAGE, position, "aggregate %s is not allowed in %s", name,
		                places[select->clause]);
	return MILL_OK;
}

/* The constant p of a quantile. */
static mill_status read_quantile(sql_select *select, mill_expr *expr, int position, double *out)
{
	sql_binder *binder = select->binder;
	mill_expr *number;
	binder->builder.position = position;
	MILL_TRY(sql_built(
	    binder, mill_expr_cast(&binder->builder, expr, mill_type_of(MILL_TYPE_FLOAT64), false, &binder->inner),
	    &number));
	if (number->kind != MILL_EXPR_LITERAL || number->literal.is_null || !(number->literal.as.f64 >= 0.0) ||
	    !(number->literal.as.f64 <= 1.0))
		return sql_fail(binder, MILL_USAGE, position,
		                "the quantile is a number from 0 to 1, written as a constant");
	*out = number->literal.as.f64;
	return MILL_OK;
}

typedef struct aggregate_args {
	mill_expr *exprs[2];
	int count;
	double quantile;
} aggregate_args;

/* percentile_cont(p) WITHIN GROUP (ORDER BY x) */
static mill_status bind_ordered_set(sql_select *select, const PgQuery__FuncCall *node, const char *name,
                                    aggregate_args *out)
{
	sql_binder *binder = select->binder;
	mill_aggregate_info info;
	if (!mill_aggregate_lookup(name, &info) || !info.takes_within_group)
		return sql_fail(binder, MILL_NOT_YET, node->location, "%s … WITHIN GROUP is not supported yet", name);
	if (node->n_args != 1 || node->n_agg_order != 1)
		return sql_fail(binder, MILL_USAGE, node->location,
		                "%s takes one quantile: %s(0.5) WITHIN GROUP (ORDER BY x)", info.name, info.name);
	mill_expr *quantile;
	MILL_TRY(sql_bind_expr(select, node->args[0], &quantile));
	MILL_TRY(read_quantile(select, quantile, sql_position_of(node->args[0]), &out->quantile));
	const PgQuery__SortBy *sort = node->agg_order[0]->sort_by;
	mill_sort_key direction;
	MILL_TRY(sql_bind_direction(select, sort, &direction));
	if (direction.descending)
		return sql_fail(
		    binder, MILL_NOT_YET, sql_position_of(sort->node),
		    "WITHIN GROUP (ORDER BY … DESC) is not supported yet: take 1 - p of the ascending order");
	out->count = 1;
	return sql_bind_expr(select, sort->node, &out->exprs[0]);
}

static mill_status bind_plain_args(sql_select *select, const PgQuery__FuncCall *node, const char *name,
                                   aggregate_args *out)
{
	sql_binder *binder = select->binder;
	mill_expr **list;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &list));
	mill_aggregate_info info = {.takes_quantile = false};
	(void)mill_aggregate_lookup(name, &info);
	if (info.takes_quantile && node->n_args == 2) {
		MILL_TRY(read_quantile(select, list[1], sql_position_of(node->args[1]), &out->quantile));
		out->exprs[0] = list[0];
		out->count = 1;
		return MILL_OK;
	}
	if (info.takes_quantile || node->n_args > 2)
		return sql_fail(binder, MILL_USAGE, node->location, "wrong number of arguments for %s", name);
	out->count = (int)node->n_args;
	for (int i = 0; i < out->count; i++)
		out->exprs[i] = list[i];
	return MILL_OK;
}

static mill_status bind_filter(sql_select *select, const PgQuery__Node *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	*out = NULL;
	if (node == NULL)
		return MILL_OK;
	mill_expr *filter;
	MILL_TRY(sql_bind_expr(select, node, &filter));
	binder->builder.position = sql_position_of(node);
	if (!sql_is_condition(filter))
		return sql_fail(binder, MILL_USAGE, sql_position_of(node), "FILTER (WHERE …) needs a condition");
	return sql_built(
	    binder, mill_expr_cast(&binder->builder, filter, mill_type_of(MILL_TYPE_BOOL), false, &binder->inner), out);
}

/* A row that FILTER leaves out never reaches the aggregate: what its argument would fail with there is no error. */
static mill_status guard(sql_binder *binder, mill_expr *filter, mill_expr **arg)
{
	mill_expr *parts[2] = {filter, *arg};
	if (filter == NULL || !mill_expr_can_fail(*arg))
		return MILL_OK;
	binder->builder.position = (*arg)->position;
	return sql_built(binder, mill_expr_case(&binder->builder, parts, 2, &binder->inner), arg);
}

static mill_status resolve(sql_select *select, const PgQuery__FuncCall *node, const char *name, aggregate_args *args,
                           mill_plan_aggregate *out)
{
	sql_binder *binder = select->binder;
	mill_type types[2] = {{0}};
	for (int i = 0; i < args->count; i++) {
		MILL_TRY(sql_settle(select, args->exprs[i], &args->exprs[i]));
		types[i] = args->exprs[i]->type;
	}
	mill_status status =
	    mill_aggregate_resolve(name, types, args->count, node->agg_star != 0, &out->signature, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, node->location);
	for (int i = 0; i < out->signature.arg_count && i < args->count; i++) {
		binder->builder.position = args->exprs[i]->position;
		MILL_TRY(sql_built(binder,
		                   mill_expr_cast(&binder->builder, args->exprs[i], out->signature.arg_types[i], false,
		                                  &binder->inner),
		                   &out->args[i]));
		MILL_TRY(guard(binder, out->filter, &out->args[i]));
	}
	out->quantile = args->quantile;
	out->distinct = node->agg_distinct != 0;
	return MILL_OK;
}

static bool same(const mill_plan_aggregate *a, const mill_plan_aggregate *b)
{
	if (a->signature.kind != b->signature.kind || a->distinct != b->distinct || a->quantile != b->quantile ||
	    (a->filter == NULL) != (b->filter == NULL))
		return false;
	if (a->filter != NULL && !mill_expr_equal(a->filter, b->filter))
		return false;
	for (int i = 0; i < 2; i++) {
		if ((a->args[i] == NULL) != (b->args[i] == NULL))
			return false;
		if (a->args[i] != NULL && !mill_expr_equal(a->args[i], b->args[i]))
			return false;
	}
	return true;
}

static mill_status add_aggregate(sql_select *select, const mill_plan_aggregate *aggregate, int position,
                                 mill_expr **out)
{
	sql_binder *binder = select->binder;
	int index = 0;
	while (index < select->aggregate_count && !same(&select->aggregates[index], aggregate))
		index++;
	if (index == select->aggregate_count) {
		MILL_TRY(sql_reserve(binder, &select->aggregates, index, &select->aggregate_capacity,
		                     sizeof *select->aggregates));
		select->aggregates[select->aggregate_count++] = *aggregate;
	}
	binder->builder.position = position;
	return sql_built(binder,
	                 mill_expr_column(&binder->builder, SQL_AGGREGATE_COLUMN + index, aggregate->signature.result,
	                                  aggregate->signature.nullable, &binder->inner),
	                 out);
}

static mill_status bind_parts(sql_select *select, const PgQuery__FuncCall *node, const char *name,
                              mill_plan_aggregate *out)
{
	aggregate_args args = {.count = 0};
	if (node->agg_within_group)
		MILL_TRY(bind_ordered_set(select, node, name, &args));
	else if (!node->agg_star)
		MILL_TRY(bind_plain_args(select, node, name, &args));
	MILL_TRY(bind_filter(select, node->agg_filter, &out->filter));
	MILL_TRY(resolve(select, node, name, &args, out));
	if (node->n_agg_order > 0 && !node->agg_within_group && out->signature.needs_ids)
		return sql_fail(select->binder, MILL_NOT_YET, node->location, "%s(x ORDER BY y) is not supported yet",
		                name);
	return MILL_OK;
}

mill_status sql_bind_aggregate(sql_select *select, const PgQuery__FuncCall *node, const char *name, mill_expr **out)
{
	MILL_TRY(refuse_place(select, name, node->location));
	mill_aggregate_info info;
	if (node->agg_star && !(mill_aggregate_lookup(name, &info) && info.takes_star))
		return sql_fail(select->binder, MILL_USAGE, node->location, "* is for count(*) only: %s needs a column",
		                name);
	mill_plan_aggregate aggregate = {.quantile = 0};
	select->in_aggregate = true;
	MILL_TRY(bind_parts(select, node, name, &aggregate));
	select->in_aggregate = false;
	return add_aggregate(select, &aggregate, node->location, out);
}

mill_status sql_count_rows(sql_select *select)
{
	mill_plan_aggregate count = {.quantile = 0};
	mill_expr *unused;
	mill_status status = mill_aggregate_resolve("count", NULL, 0, true, &count.signature, &select->binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(select->binder, status, -1);
	return add_aggregate(select, &count, -1, &unused);
}
