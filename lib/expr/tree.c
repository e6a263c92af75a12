/* Tools for planners: references, copies with columns changed, equality. */
#include "expr/builder.h"

void mill_expr_columns(const mill_expr *expr, mill_expr_visit_column visit, void *context)
{
	if (expr->kind == MILL_EXPR_COLUMN)
		visit(context, expr->column);
	for (int i = 0; i < expr->arg_count; i++)
		mill_expr_columns(expr->args[i], visit, context);
}

/* What to put in place of a leaf; one of the three is set. */
typedef struct replacement {
	mill_arena *arena;
	const int *map;
	mill_expr *const *columns;
	mill_expr *const *params;
} replacement;

static mill_expr *copy_node(mill_arena *arena, const mill_expr *expr, mill_error *err)
{
	mill_expr *copy = mill_arena_alloc(arena, sizeof *copy);
	mill_expr **args = mill_arena_array(arena, (size_t)expr->arg_count + 1, sizeof *args);
	if (copy == NULL || args == NULL) {
		mill_fail_nomem(err, sizeof *copy, "expression");
		return NULL;
	}
	*copy = *expr;
	copy->args = args;
	return copy;
}

static mill_expr *replace_leaf(const replacement *r, const mill_expr *expr, mill_error *err)
{
	if (expr->kind == MILL_EXPR_COLUMN && r->columns != NULL)
		return r->columns[expr->column];
	if (expr->kind == MILL_EXPR_PARAM && r->params != NULL)
		return r->params[expr->param];
	mill_expr *copy = copy_node(r->arena, expr, err);
	if (copy != NULL && expr->kind == MILL_EXPR_COLUMN && r->map != NULL)
		copy->column = r->map[expr->column];
	return copy;
}

static mill_expr *replace(const replacement *r, const mill_expr *expr, mill_error *err)
{
	if (expr->arg_count == 0)
		return replace_leaf(r, expr, err);
	mill_expr *copy = copy_node(r->arena, expr, err);
	for (int i = 0; copy != NULL && i < expr->arg_count; i++) {
		copy->args[i] = replace(r, expr->args[i], err);
		if (copy->args[i] == NULL)
			return NULL;
	}
	return copy;
}

mill_expr *mill_expr_remap(mill_arena *arena, const mill_expr *expr, const int *map, mill_error *err)
{
	replacement r = {.arena = arena, .map = map};
	return replace(&r, expr, err);
}

mill_expr *mill_expr_substitute(mill_arena *arena, const mill_expr *expr, mill_expr *const *with, mill_error *err)
{
	replacement r = {.arena = arena, .columns = with};
	return replace(&r, expr, err);
}

mill_expr *mill_expr_bind_params(mill_arena *arena, const mill_expr *expr, mill_expr *const *values, mill_error *err)
{
	replacement r = {.arena = arena, .params = values};
	return replace(&r, expr, err);
}

static bool same_leaf(const mill_expr *a, const mill_expr *b)
{
	switch (a->kind) {
	case MILL_EXPR_COLUMN: return a->column == b->column;
	case MILL_EXPR_PARAM: return a->param == b->param;
	case MILL_EXPR_LITERAL: return mill_literal_equal(a->type, &a->literal, &b->literal);
	default: return true;
	}
}

bool mill_expr_equal(const mill_expr *a, const mill_expr *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || !mill_type_equal(a->type, b->type) || a->function != b->function ||
	    a->overload != b->overload || a->is_try != b->is_try || a->arg_count != b->arg_count || !same_leaf(a, b))
		return false;
	for (int i = 0; i < a->arg_count; i++)
		if (!mill_expr_equal(a->args[i], b->args[i]))
			return false;
	return true;
}
