/* What planners may rely on of an expression, as the rows of its functions say. */
#include "expr/functions/function.h"

bool mill_never_fails(const mill_expr *call)
{
	(void)call;
	return true;
}

static bool node_can_fail(const mill_expr *expr)
{
	switch (expr->kind) {
	case MILL_EXPR_COLUMN:
	case MILL_EXPR_LITERAL:
	case MILL_EXPR_PARAM:
	case MILL_EXPR_CASE:
	case MILL_EXPR_AND:
	case MILL_EXPR_OR:
	case MILL_EXPR_COALESCE:
	case MILL_EXPR_IN:
	case MILL_EXPR_TRY: return false;
	case MILL_EXPR_CAST: return !mill_cast_never_fails(expr->args[0]->type, expr->type);
	case MILL_EXPR_CALL: return expr->function->never_fails == NULL || !expr->function->never_fails(expr);
	}
	return true;
}

bool mill_expr_can_fail(const mill_expr *expr)
{
	if (expr->kind == MILL_EXPR_TRY || (expr->kind == MILL_EXPR_CAST && expr->is_try))
		return false;
	if (node_can_fail(expr))
		return true;
	for (int i = 0; i < expr->arg_count; i++)
		if (mill_expr_can_fail(expr->args[i]))
			return true;
	return false;
}

int mill_expr_not_null_args(const mill_expr *expr)
{
	if (expr->kind == MILL_EXPR_IN)
		return 1;
	return expr->kind == MILL_EXPR_CALL && expr->function->rejects_nulls ? expr->arg_count : 0;
}

static bool means(const mill_expr *expr, mill_meaning meaning)
{
	return expr->kind == MILL_EXPR_CALL && expr->function->meaning == meaning;
}

bool mill_expr_is_equality(const mill_expr *expr)
{
	return means(expr, MILL_MEANS_EQUAL);
}

bool mill_expr_is_not_null(const mill_expr *expr)
{
	return means(expr, MILL_MEANS_NOT_NULL);
}

bool mill_expr_is_constant(const mill_expr *expr)
{
	if (expr->kind == MILL_EXPR_COLUMN || expr->kind == MILL_EXPR_PARAM)
		return false;
	for (int i = 0; i < expr->arg_count; i++)
		if (!mill_expr_is_constant(expr->args[i]))
			return false;
	return true;
}
