/* Walks over bound expressions. */
#include "sql/bind/binder.h"

mill_status sql_rewrite(sql_binder *binder, mill_expr *expr, sql_replace replace, void *context, mill_expr **out)
{
	mill_expr *replaced = NULL;
	MILL_TRY(replace(context, expr, &replaced));
	if (replaced != NULL || expr->arg_count == 0) {
		*out = replaced != NULL ? replaced : expr;
		return MILL_OK;
	}
	mill_expr *copy = mill_arena_alloc(binder->arena, sizeof *copy);
	mill_expr **args = mill_arena_array(binder->arena, (size_t)expr->arg_count, sizeof *args);
	if (copy == NULL || args == NULL)
		return sql_fail_memory(binder);
	bool is_same = true;
	for (int i = 0; i < expr->arg_count; i++) {
		MILL_TRY(sql_rewrite(binder, expr->args[i], replace, context, &args[i]));
		is_same = is_same && args[i] == expr->args[i];
	}
	*copy = *expr;
	copy->args = args;
	*out = is_same ? expr : copy;
	return MILL_OK;
}

typedef struct column_range {
	int first, end;
	bool is_used;
} column_range;

static void look_at_column(void *context, int column)
{
	column_range *range = context;
	range->is_used = range->is_used || (column >= range->first && column < range->end);
}

bool sql_uses_columns_from(const mill_expr *expr, int first, int end)
{
	column_range range = {first, end, false};
	mill_expr_columns(expr, look_at_column, &range);
	return range.is_used;
}

int64_t sql_expr_size(const mill_expr *expr)
{
	int64_t size = 1;
	for (int i = 0; i < expr->arg_count; i++)
		size += sql_expr_size(expr->args[i]);
	return size;
}
