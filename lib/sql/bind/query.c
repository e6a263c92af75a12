/* A query: WITH, then SELECT or VALUES; LIMIT and OFFSET. */
#include "sql/bind/binder.h"
#include "sql/constant.h"

#include <strings.h>

static bool cte_hides(const sql_cte *from, const sql_cte *until, const char *name)
{
	for (; from != until; from = from->next)
		if (strcasecmp(from->name, name) == 0)
			return true;
	return false;
}

mill_status sql_rename(sql_binder *binder, mill_plan *plan, const sql_name *names, int count, mill_plan **out)
{
	mill_arena *arena = binder->arena;
	int columns = plan->schema.count;
	mill_expr **exprs;
	const char **texts;
	MILL_TRY(sql_columns_of(binder, &plan->schema, columns, 0, &exprs, &texts));
	for (int i = 0; i < columns && i < count; i++)
		texts[i] = names[i].text;
	return sql_node_built(binder, sql_node_project(arena, plan, exprs, texts, columns, binder->err), out);
}

/* name(a, b, …) AS ( … ): token is that of the name. */
static mill_status rename_cte(sql_binder *binder, const PgQuery__CommonTableExpr *node, int token, mill_plan **plan)
{
	int count = (int)node->n_aliascolnames;
	if (count == 0)
		return MILL_OK;
	if (count > (*plan)->schema.count)
		return sql_fail(binder, MILL_USAGE, node->location, "\"%s\" names %d columns but its query has %d",
		                node->ctename, count, (*plan)->schema.count);
	sql_name *names = mill_arena_array(binder->arena, (size_t)count, sizeof *names);
	if (names == NULL)
		return sql_fail_memory(binder);
	for (int i = 0; i < count; i++) {
		names[i] = sql_alias_column(&binder->parsed, token, i, sql_string_of(node->aliascolnames[i]));
		if (names[i].text == NULL)
			return sql_fail_memory(binder);
	}
	return sql_rename(binder, *plan, names, count, plan);
}

static mill_status bind_cte(sql_binder *binder, const sql_select *outer, const PgQuery__CommonTableExpr *node,
                            const sql_cte *ctes, const sql_cte *outside, const sql_cte **out)
{
	int token = sql_token_at(&binder->parsed, node->location);
	sql_name name = sql_spelled(&binder->parsed, token, node->ctename);
	sql_cte *cte = mill_arena_alloc(binder->arena, sizeof *cte);
	if (cte == NULL || name.text == NULL)
		return sql_fail_memory(binder);
	if (cte_hides(ctes, outside, name.text))
		return sql_fail(binder, MILL_USAGE, node->location, "WITH names \"%s\" more than once", name.text);
	if (node->ctequery == NULL || node->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return sql_fail(binder, MILL_USAGE, node->location, "WITH \"%s\" must be a SELECT", name.text);
	if (node->search_clause != NULL || node->cycle_clause != NULL)
		return sql_fail(binder, MILL_NOT_YET, node->location, "SEARCH and CYCLE are not supported yet");
	mill_plan *plan;
	MILL_TRY(sql_bind_query(binder, outer, ctes, node->ctequery->select_stmt, false, &plan));
	MILL_TRY(rename_cte(binder, node, token, &plan));
	*cte = (sql_cte){name.text, plan, -1 - binder->shared_count++, ctes};
	*out = cte;
	return MILL_OK;
}

static mill_status bind_with(sql_binder *binder, const sql_select *outer, const PgQuery__WithClause *with,
                             const sql_cte **ctes)
{
	if (with->recursive)
		return sql_fail(binder, MILL_NOT_YET, with->location, "WITH RECURSIVE is not supported yet");
	const sql_cte *outside = *ctes;
	for (size_t i = 0; i < with->n_ctes; i++)
		MILL_TRY(bind_cte(binder, outer, with->ctes[i]->common_table_expr, *ctes, outside, ctes));
	return MILL_OK;
}

static mill_status refuse_parts(sql_binder *binder, const PgQuery__SelectStmt *statement, int position)
{
	if (statement->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
		return sql_fail(binder, MILL_NOT_YET, position, "UNION, INTERSECT and EXCEPT are not supported yet");
	if (statement->into_clause != NULL)
		return sql_fail(binder, MILL_USAGE, position, "SELECT INTO is written CREATE TABLE x AS SELECT …");
	if (statement->n_locking_clause > 0)
		return sql_fail(binder, MILL_USAGE, position, "FOR UPDATE has no meaning here: leave it out");
	if (statement->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES)
		return sql_fail(binder, MILL_NOT_YET, position, "FETCH FIRST … WITH TIES is not supported yet");
	return MILL_OK;
}

/* Any place inside the query: that of its first output column. */
static int first_position(const PgQuery__SelectStmt *statement)
{
	while (statement->larg != NULL)
		statement = statement->larg;
	if (statement->n_target_list > 0)
		return sql_position_of(statement->target_list[0]);
	if (statement->n_values_lists > 0 && statement->values_lists[0]->list->n_items > 0)
		return sql_position_of(statement->values_lists[0]->list->items[0]);
	return -1;
}

mill_status sql_bind_query(sql_binder *binder, const sql_select *outer, const sql_cte *ctes,
                           const PgQuery__SelectStmt *statement, bool is_outermost, mill_plan **out)
{
	int position = first_position(statement);
	MILL_TRY(sql_enter(binder, position));
	if (statement->with_clause != NULL)
		MILL_TRY(bind_with(binder, outer, statement->with_clause, &ctes));
	MILL_TRY(refuse_parts(binder, statement, position));
	sql_select select = {.binder = binder, .outer = outer, .ctes = ctes, .statement = statement, .limit = -1};
	MILL_TRY(sql_bind_select(&select, is_outermost, out));
	sql_leave(binder);
	return MILL_OK;
}

/* LIMIT ALL and LIMIT NULL are no limit. */
static mill_status bind_count(sql_select *select, const PgQuery__Node *node, const char *what, int64_t *out)
{
	if (node == NULL)
		return MILL_OK;
	sql_binder *binder = select->binder;
	int position = sql_position_of(node);
	mill_expr *expr;
	select->clause = SQL_IN_LIMIT;
	MILL_TRY(sql_bind_expr(select, node, &expr));
	if (expr->kind == MILL_EXPR_LITERAL && expr->literal.is_null)
		return MILL_OK;
	binder->builder.position = position;
	MILL_TRY(sql_built(binder,
	                   mill_expr_cast(&binder->builder, expr, mill_type_of(MILL_TYPE_INT64), false, &binder->inner),
	                   &expr));
	sql_constant count;
	mill_status status = sql_evaluate(binder->arena->mem, expr, &count, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, position);
	if (!count.is_known)
		return sql_fail(binder, MILL_USAGE, position, "%s must be a constant", what);
	if (count.integer < 0)
		return sql_fail(binder, MILL_USAGE, position, "%s must not be negative", what);
	if (!count.is_null)
		*out = count.integer;
	return MILL_OK;
}

mill_status sql_bind_limit(sql_select *select)
{
	MILL_TRY(bind_count(select, select->statement->limit_count, "LIMIT", &select->limit));
	return bind_count(select, select->statement->limit_offset, "OFFSET", &select->offset);
}
