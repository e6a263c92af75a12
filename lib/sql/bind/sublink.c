/* Sub-queries inside expressions: scalar ones and uncorrelated EXISTS become parameters. */
#include "sql/bind/binder.h"

static mill_status add_subquery(sql_binder *binder, mill_plan *plan, int position, mill_expr **out)
{
	int capacity = binder->subquery_capacity;
	MILL_TRY(sql_reserve(binder, &binder->subqueries, binder->subquery_count, &binder->subquery_capacity,
	                     sizeof *binder->subqueries));
	MILL_TRY(sql_reserve(binder, &binder->subquery_positions, binder->subquery_count, &capacity,
	                     sizeof *binder->subquery_positions));
	int number = binder->context->first_subquery + binder->subquery_count;
	if (plan->position < 0)
		plan->position = position;
	binder->subqueries[binder->subquery_count] = plan;
	binder->subquery_positions[binder->subquery_count++] = position;
	binder->builder.position = position;
	return sql_built(binder, mill_expr_param(&binder->builder, number, plan->schema.fields[0].type, &binder->inner),
	                 out);
}

/* EXISTS (q): count(*) > 0 over the first row of q. */
static mill_status count_rows(sql_select *select, mill_plan *plan, int position, mill_plan **out)
{
	sql_binder *binder = select->binder;
	mill_plan_aggregate count = {.quantile = 0};
	mill_status status = mill_aggregate_resolve("count", NULL, 0, true, &count.signature, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, position);
	const char *name = "exists";
	MILL_TRY(sql_node_built(binder, sql_node_limit(binder->arena, plan, 1, 0, binder->err), &plan));
	MILL_TRY(sql_node_built(binder, sql_node_aggregate(binder->arena, plan, NULL, 0, &count, 1, &name, binder->err),
	                        &plan));
	mill_expr *rows, *zero, *exists;
	binder->builder.position = position;
	MILL_TRY(sql_built(binder, mill_expr_column(&binder->builder, 0, count.signature.result, false, &binder->inner),
	                   &rows));
	MILL_TRY(sql_built(binder, mill_expr_number(&binder->builder, "0", &binder->inner), &zero));
	MILL_TRY(sql_call2(select, position, ">", rows, zero, &exists));
	return sql_node_built(binder, sql_node_project(binder->arena, plan, &exists, &name, 1, binder->err), out);
}

mill_status sql_bind_sublink(sql_select *select, const PgQuery__SubLink *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	int position = node->location;
	mill_plan *plan;
	switch (node->sub_link_type) {
	case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
		MILL_TRY(sql_bind_query(binder, select, select->ctes, node->subselect->select_stmt, false, &plan));
		if (plan->schema.count != 1)
			return sql_fail(binder, MILL_USAGE, position,
			                "a sub-query used as a value has one column, this one has %d",
			                plan->schema.count);
		return add_subquery(binder, plan, position, out);
	case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
		MILL_TRY(sql_bind_query(binder, select, select->ctes, node->subselect->select_stmt, false, &plan));
		MILL_TRY(count_rows(select, plan, position, &plan));
		return add_subquery(binder, plan, position, out);
	case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
	case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
		return sql_fail(
		    binder, MILL_NOT_YET, position,
		    "IN (SELECT …), ANY and ALL are not supported yet: JOIN with a SELECT DISTINCT instead");
	case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
		return sql_fail(binder, MILL_NOT_YET, position, "ARRAY (SELECT …) is not supported yet");
	default: return sql_fail(binder, MILL_NOT_YET, position, "this form of sub-query is not supported yet");
	}
}
