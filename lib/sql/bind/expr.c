/* Expressions: one case a kind of node of the grammar. */
#include "sql/bind/binder.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

mill_status sql_call(sql_select *select, int position, const char *name, mill_expr *const *args, int arg_count,
                     mill_expr **out)
{
	sql_binder *binder = select->binder;
	binder->builder.position = position;
	return sql_built(binder, mill_expr_call(&binder->builder, name, args, arg_count, &binder->inner), out);
}

mill_status sql_call1(sql_select *select, int position, const char *name, mill_expr *arg, mill_expr **out)
{
	return sql_call(select, position, name, &arg, 1, out);
}

mill_status sql_call2(sql_select *select, int position, const char *name, mill_expr *a, mill_expr *b, mill_expr **out)
{
	mill_expr *args[2] = {a, b};
	return sql_call(select, position, name, args, 2, out);
}

mill_status sql_bind_list(sql_select *select, PgQuery__Node *const *nodes, size_t count, mill_expr ***out)
{
	mill_expr **list = mill_arena_array(select->binder->arena, count + 1, sizeof *list);
	if (list == NULL)
		return sql_fail_memory(select->binder);
	for (size_t i = 0; i < count; i++)
		MILL_TRY(sql_bind_expr(select, nodes[i], &list[i]));
	*out = list;
	return MILL_OK;
}

int sql_position_of(const PgQuery__Node *node)
{
	if (node == NULL)
		return -1;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_RES_TARGET: return node->res_target->location;
	case PG_QUERY__NODE__NODE_COLUMN_REF: return node->column_ref->location;
	case PG_QUERY__NODE__NODE_A_CONST: return node->a_const->location;
	case PG_QUERY__NODE__NODE_A_EXPR:
		return node->a_expr->lexpr != NULL ? sql_position_of(node->a_expr->lexpr) : node->a_expr->location;
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		return node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR
		           ? node->bool_expr->location
		           : sql_position_of(node->bool_expr->args[0]);
	case PG_QUERY__NODE__NODE_FUNC_CALL: return node->func_call->location;
	case PG_QUERY__NODE__NODE_TYPE_CAST:
		return node->type_cast->location >= 0 ? node->type_cast->location
		                                      : node->type_cast->type_name->location;
	case PG_QUERY__NODE__NODE_CASE_EXPR: return node->case_expr->location;
	case PG_QUERY__NODE__NODE_NULL_TEST: return sql_position_of(node->null_test->arg);
	case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return sql_position_of(node->boolean_test->arg);
	case PG_QUERY__NODE__NODE_SUB_LINK: return node->sub_link->location;
	case PG_QUERY__NODE__NODE_COALESCE_EXPR: return node->coalesce_expr->location;
	case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: return node->min_max_expr->location;
	case PG_QUERY__NODE__NODE_ROW_EXPR: return node->row_expr->location;
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return node->a_array_expr->location;
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return node->collate_clause->location;
	case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION: return node->sqlvalue_function->location;
	case PG_QUERY__NODE__NODE_A_INDIRECTION: return sql_position_of(node->a_indirection->arg);
	case PG_QUERY__NODE__NODE_PARAM_REF: return node->param_ref->location;
	default: return -1;
	}
}

mill_status sql_bind_literal(sql_select *select, const PgQuery__AConst *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr_builder *builder = &binder->builder;
	builder->position = node->location;
	if (node->isnull)
		return sql_built(binder, mill_expr_null(builder, &binder->inner), out);
	char text[16];
	switch (node->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		snprintf(text, sizeof text, "%d", node->ival->ival);
		return sql_built(binder, mill_expr_number(builder, text, &binder->inner), out);
	case PG_QUERY__A__CONST__VAL_FVAL:
		return sql_built(binder, mill_expr_number(builder, node->fval->fval, &binder->inner), out);
	case PG_QUERY__A__CONST__VAL_BOOLVAL:
		return sql_built(binder, mill_expr_bool(builder, node->boolval->boolval != 0, &binder->inner), out);
	case PG_QUERY__A__CONST__VAL_SVAL:
		return sql_built(
		    binder, mill_expr_string(builder, node->sval->sval, strlen(node->sval->sval), &binder->inner), out);
	default:
		return sql_fail(binder, MILL_NOT_YET, node->location, "bit strings (B'…', X'…') are not supported yet");
	}
}

mill_status sql_settle(sql_select *select, mill_expr *expr, mill_expr **out)
{
	sql_binder *binder = select->binder;
	*out = expr;
	if (expr->type.id != MILL_TYPE_NULL)
		return MILL_OK;
	binder->builder.position = expr->position;
	return sql_built(
	    binder, mill_expr_cast(&binder->builder, expr, mill_type_of(MILL_TYPE_STRING), false, &binder->inner), out);
}

static mill_status bind_bool(sql_select *select, const PgQuery__BoolExpr *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr **args;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &args));
	if (node->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
		return sql_call1(select, node->location, "not", args[0], out);
	binder->builder.position = node->location;
	int count = (int)node->n_args;
	bool is_and = node->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
	return sql_built(binder,
	                 is_and ? mill_expr_and(&binder->builder, args, count, &binder->inner)
	                        : mill_expr_or(&binder->builder, args, count, &binder->inner),
	                 out);
}

static mill_status bind_boolean_test(sql_select *select, const PgQuery__BooleanTest *node, mill_expr **out)
{
	static const char *const names[] = {
	    [PG_QUERY__BOOL_TEST_TYPE__IS_TRUE] = "is_true",
	    [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE] = "is_not_true",
	    [PG_QUERY__BOOL_TEST_TYPE__IS_FALSE] = "is_false",
	    [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE] = "is_not_false",
	    [PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN] = "is_unknown",
	    [PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN] = "is_not_unknown",
	};
	sql_binder *binder = select->binder;
	mill_expr *arg;
	MILL_TRY(sql_bind_expr(select, node->arg, &arg));
	if (!sql_is_condition(arg)) {
		char type[MILL_TYPE_TEXT_BYTES];
		return sql_fail(binder, MILL_USAGE, sql_position_of(node->arg),
		                "IS TRUE and its like need a condition, not %s", mill_type_text(arg->type, type));
	}
	binder->builder.position = node->location;
	MILL_TRY(sql_built(
	    binder, mill_expr_cast(&binder->builder, arg, mill_type_of(MILL_TYPE_BOOL), false, &binder->inner), &arg));
	return sql_call1(select, node->location, names[node->booltesttype], arg, out);
}

/* CASE x WHEN v …: x is compared with each v. */
static mill_status bind_case(sql_select *select, const PgQuery__CaseExpr *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr *subject = NULL;
	if (node->arg != NULL)
		MILL_TRY(sql_bind_expr(select, node->arg, &subject));
	mill_expr **args = mill_arena_array(binder->arena, 2 * node->n_args + 1, sizeof *args);
	if (args == NULL)
		return sql_fail_memory(binder);
	int count = 0;
	for (size_t i = 0; i < node->n_args; i++) {
		const PgQuery__CaseWhen *when = node->args[i]->case_when;
		mill_expr *condition;
		MILL_TRY(sql_bind_expr(select, when->expr, &condition));
		if (subject != NULL)
			MILL_TRY(sql_call2(select, sql_position_of(when->expr), "=", subject, condition, &condition));
		args[count++] = condition;
		MILL_TRY(sql_bind_expr(select, when->result, &args[count++]));
	}
	if (node->defresult != NULL)
		MILL_TRY(sql_bind_expr(select, node->defresult, &args[count++]));
	binder->builder.position = node->location;
	return sql_built(binder, mill_expr_case(&binder->builder, args, count, &binder->inner), out);
}

static mill_status bind_coalesce(sql_select *select, const PgQuery__CoalesceExpr *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	mill_expr **args;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &args));
	binder->builder.position = node->location;
	return sql_built(binder, mill_expr_coalesce(&binder->builder, args, (int)node->n_args, &binder->inner), out);
}

static mill_status bind_min_max(sql_select *select, const PgQuery__MinMaxExpr *node, mill_expr **out)
{
	mill_expr **args;
	MILL_TRY(sql_bind_list(select, node->args, node->n_args, &args));
	bool is_greatest = node->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
	return sql_call(select, node->location, is_greatest ? "greatest" : "least", args, (int)node->n_args, out);
}

/* Text always orders by its bytes. */
static mill_status bind_collate(sql_select *select, const PgQuery__CollateClause *node, mill_expr **out)
{
	const char *name = node->n_collname > 0 ? sql_string_of(node->collname[node->n_collname - 1]) : "";
	if (strcasecmp(name, "C") != 0 && strcasecmp(name, "POSIX") != 0 && strcasecmp(name, "ucs_basic") != 0)
		return sql_fail(select->binder, MILL_NOT_YET, node->location,
		                "COLLATE \"%s\" is not supported yet: text orders by its UTF-8 bytes, COLLATE \"C\"",
		                name);
	return sql_bind_expr(select, node->arg, out);
}

static mill_status refuse_expression(sql_select *select, const PgQuery__Node *node)
{
	int position = sql_position_of(node);
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
		return sql_fail(select->binder, MILL_USAGE, position,
		                "the current time and user would make every run different: pass a value with --set and "
		                "write ${name}");
	case PG_QUERY__NODE__NODE_PARAM_REF:
		return sql_fail(select->binder, MILL_USAGE, position,
		                "$%d has no value: parameters are written ${name} in a job file",
		                node->param_ref->number);
	case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
	case PG_QUERY__NODE__NODE_A_INDIRECTION:
		return sql_fail(select->binder, MILL_NOT_YET, position,
		                "arrays and their elements are not supported yet");
	case PG_QUERY__NODE__NODE_ROW_EXPR:
		return sql_fail(select->binder, MILL_NOT_YET, position,
		                "rows as values, (a, b), are not supported yet");
	case PG_QUERY__NODE__NODE_GROUPING_FUNC:
		return sql_fail(select->binder, MILL_NOT_YET, node->grouping_func->location,
		                "GROUPING() is not supported yet");
	case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
		return sql_fail(select->binder, MILL_USAGE, node->set_to_default->location,
		                "DEFAULT has no meaning here");
	case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
		return sql_fail(select->binder, MILL_USAGE, node->named_arg_expr->location,
		                "functions take their arguments by position, not by name");
	default:
		return sql_fail(select->binder, MILL_NOT_YET, position, "this form of expression is not supported yet");
	}
}

static mill_status bind_node(sql_select *select, const PgQuery__Node *node, mill_expr **out)
{
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_COLUMN_REF: return sql_bind_column(select, node->column_ref, out);
	case PG_QUERY__NODE__NODE_A_CONST: return sql_bind_literal(select, node->a_const, out);
	case PG_QUERY__NODE__NODE_A_EXPR: return sql_bind_operator(select, node->a_expr, out);
	case PG_QUERY__NODE__NODE_BOOL_EXPR: return bind_bool(select, node->bool_expr, out);
	case PG_QUERY__NODE__NODE_NULL_TEST: return sql_bind_null_test(select, node->null_test, out);
	case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return bind_boolean_test(select, node->boolean_test, out);
	case PG_QUERY__NODE__NODE_CASE_EXPR: return bind_case(select, node->case_expr, out);
	case PG_QUERY__NODE__NODE_COALESCE_EXPR: return bind_coalesce(select, node->coalesce_expr, out);
	case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: return bind_min_max(select, node->min_max_expr, out);
	case PG_QUERY__NODE__NODE_FUNC_CALL: return sql_bind_function(select, node->func_call, out);
	case PG_QUERY__NODE__NODE_TYPE_CAST: return sql_bind_cast(select, node->type_cast, out);
	case PG_QUERY__NODE__NODE_SUB_LINK: return sql_bind_sublink(select, node->sub_link, out);
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return bind_collate(select, node->collate_clause, out);
	default: return refuse_expression(select, node);
	}
}

mill_status sql_bind_expr(sql_select *select, const PgQuery__Node *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	MILL_TRY(sql_enter(binder, sql_position_of(node)));
	MILL_TRY(bind_node(select, node, out));
	sql_leave(binder);
	return MILL_OK;
}

mill_status sql_bind_direction(sql_select *select, const PgQuery__SortBy *sort, mill_sort_key *out)
{
	if (sort->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
		return sql_fail(select->binder, MILL_NOT_YET, sort->location, "ORDER BY … USING is not supported yet");
	bool is_descending = sort->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
	*out = (mill_sort_key){.descending = is_descending, .nulls_first = is_descending};
	if (sort->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST)
		out->nulls_first = true;
	else if (sort->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST)
		out->nulls_first = false;
	return MILL_OK;
}
