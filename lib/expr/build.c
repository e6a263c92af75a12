/* Constructors of expressions: each checks its arguments and works out the type. */
#include "expr/builder.h"
#include <string.h>

mill_status mill_builder_fail(mill_expr_builder *b, int position, mill_error *err, mill_status status,
                              const char *format, ...)
{
	va_list args;
	va_start(args, format);
	mill_fail_v(err, status, format, args);
	va_end(args);
	b->failed_position = position;
	return status;
}

mill_expr *mill_expr_new(mill_expr_builder *b, mill_expr_kind kind, mill_type type, mill_expr *const *args,
                         int arg_count, mill_error *err)
{
	mill_expr *expr = mill_arena_alloc(b->arena, sizeof *expr);
	mill_expr **copy = arg_count == 0 ? NULL : mill_arena_array(b->arena, (size_t)arg_count, sizeof *copy);
	if (expr == NULL || (arg_count > 0 && copy == NULL)) {
		mill_fail_nomem(err, sizeof *expr, "expression");
		return NULL;
	}
	for (int i = 0; i < arg_count; i++)
		copy[i] = args[i];
	expr->kind = kind;
	expr->type = type;
	expr->nullable = true;
	expr->position = b->position;
	expr->column = -1;
	expr->param = -1;
	expr->arg_count = arg_count;
	expr->args = copy;
	return expr;
}

mill_expr *mill_expr_column(mill_expr_builder *b, int column, mill_type type, bool nullable, mill_error *err)
{
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_COLUMN, type, NULL, 0, err);
	if (expr != NULL) {
		expr->column = column;
		expr->nullable = nullable;
	}
	return expr;
}

mill_expr *mill_expr_null(mill_expr_builder *b, mill_error *err)
{
	mill_literal literal = {.is_null = true};
	return mill_expr_literal(b, mill_type_of(MILL_TYPE_NULL), &literal, err);
}

mill_expr *mill_expr_bool(mill_expr_builder *b, bool value, mill_error *err)
{
	mill_literal literal = {.as.boolean = value};
	return mill_expr_literal(b, mill_type_of(MILL_TYPE_BOOL), &literal, err);
}

mill_expr *mill_expr_literal(mill_expr_builder *b, mill_type type, const mill_literal *value, mill_error *err)
{
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_LITERAL, type, NULL, 0, err);
	if (expr == NULL)
		return NULL;
	expr->literal = *value;
	expr->nullable = value->is_null;
	return expr;
}

mill_expr *mill_expr_string(mill_expr_builder *b, const char *text, size_t length_bytes, mill_error *err)
{
	if (length_bytes > INT32_MAX) {
		mill_builder_fail(b, b->position, err, MILL_USAGE, "text literal of more than 2 GiB");
		return NULL;
	}
	char *copy = mill_arena_strndup(b->arena, text, length_bytes);
	if (copy == NULL) {
		mill_fail_nomem(err, length_bytes, "text literal");
		return NULL;
	}
	mill_literal literal = {.as.string = {copy, (int32_t)length_bytes}};
	mill_expr *expr = mill_expr_literal(b, mill_type_of(MILL_TYPE_STRING), &literal, err);
	if (expr != NULL)
		expr->is_wide_literal = true;
	return expr;
}

mill_expr *mill_expr_param(mill_expr_builder *b, int param, mill_type type, mill_error *err)
{
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_PARAM, type, NULL, 0, err);
	if (expr != NULL)
		expr->param = param;
	return expr;
}

static bool any_nullable(mill_expr *const *args, int arg_count)
{
	for (int i = 0; i < arg_count; i++)
		if (args[i]->nullable)
			return true;
	return false;
}

static void unknown_function(mill_expr_builder *b, const char *name, mill_error *err)
{
	const char *near = mill_function_suggest(name);
	if (near != NULL)
		mill_builder_fail(b, b->position, err, MILL_USAGE, "unknown function %s (did you mean %s?)", name,
		                  near);
	else
		mill_builder_fail(b, b->position, err, MILL_USAGE,
		                  "unknown function %s; `rankmill help functions` lists them", name);
}

/* Rows become NULL by errors too, but then the row fails; so a strict function is nullable when an argument is. */
mill_expr *mill_expr_call(mill_expr_builder *b, const char *name, mill_expr *const *args, int arg_count,
                          mill_error *err)
{
	const mill_function *function = mill_function_find(name);
	if (function == NULL) {
		unknown_function(b, name, err);
		return NULL;
	}
	if (function->standing == MILL_FUNCTION_REFUSED) {
		mill_builder_fail(b, b->position, err, MILL_USAGE, "%s: %s", function->name, function->help);
		return NULL;
	}
	if (function->standing == MILL_FUNCTION_NOT_YET) {
		mill_builder_fail(b, b->position, err, MILL_NOT_YET, "function %s is not supported yet",
		                  function->name);
		return NULL;
	}
	if (function->rewrite != NULL) {
		if (arg_count > function->max_args && function->max_args > 8) { /* of many, help says nothing */
			mill_builder_fail(b, b->position, err, MILL_USAGE, "%s takes at most %d arguments, not %d",
			                  function->name, function->max_args, arg_count);
			return NULL;
		}
		if (arg_count < function->min_args || arg_count > function->max_args) {
			mill_builder_fail(b, b->position, err, MILL_USAGE, "wrong number of arguments: %s",
			                  function->help);
			return NULL;
		}
		return function->rewrite(b, args, arg_count, err);
	}
	mill_expr *call = mill_expr_new(b, MILL_EXPR_CALL, mill_type_of(MILL_TYPE_NULL), args, arg_count, err);
	if (call == NULL ||
	    mill_resolve(b, function, call->args, arg_count, &call->overload, &call->type, err) != MILL_OK)
		return NULL;
	call->function = function;
	call->nullable = function->never_null ? false : function->sees_nulls || any_nullable(call->args, arg_count);
	return function->check == NULL || function->check(b, call, err) == MILL_OK ? call : NULL;
}

bool mill_expr_literal_text(const mill_expr *call, int i, const char **text, size_t *size_bytes)
{
	const mill_expr *arg = i < call->arg_count ? call->args[i] : NULL;
	if (arg == NULL || arg->kind != MILL_EXPR_LITERAL || arg->type.id != MILL_TYPE_STRING || arg->literal.is_null)
		return false;
	*text = arg->literal.as.string.text;
	*size_bytes = (size_t)arg->literal.as.string.length_bytes;
	return true;
}

mill_expr *mill_expr_cast(mill_expr_builder *b, mill_expr *arg, mill_type type, bool is_try, mill_error *err)
{
	if (arg->kind == MILL_EXPR_LITERAL && (arg->is_wide_literal || arg->literal.is_null) && !is_try)
		return mill_expr_coerce(b, arg, type, err);
	if (mill_type_equal(arg->type, type) && !is_try)
		return arg;
	if (mill_cast_kernel(arg->type, type) == NULL) {
		char from[MILL_TYPE_TEXT_BYTES], to[MILL_TYPE_TEXT_BYTES];
		mill_type_text(arg->type, from);
		mill_type_text(type, to);
		mill_builder_fail(b, b->position, err, MILL_USAGE, "cannot cast %s to %s", from, to);
		return NULL;
	}
	mill_expr *cast = mill_expr_new(b, MILL_EXPR_CAST, type, &arg, 1, err);
	if (cast != NULL) {
		cast->is_try = is_try;
		cast->nullable = arg->nullable || is_try;
	}
	return cast;
}

static mill_status want_bool(mill_expr_builder *b, mill_expr **arg, const char *what, mill_error *err)
{
	if ((*arg)->type.id != MILL_TYPE_BOOL) {
		bool untyped = (*arg)->kind == MILL_EXPR_LITERAL &&
		               ((*arg)->literal.is_null || (*arg)->is_wide_literal) &&
		               !mill_type_is_numeric((*arg)->type);
		char type[MILL_TYPE_TEXT_BYTES];
		if (!untyped)
			return mill_builder_fail(b, (*arg)->position, err, MILL_USAGE, "%s must be boolean, not %s",
			                         what, mill_type_text((*arg)->type, type));
		*arg = mill_expr_coerce(b, *arg, mill_type_of(MILL_TYPE_BOOL), err);
		if (*arg == NULL)
			return mill_failed(err);
	}
	return MILL_OK;
}

static mill_expr *junction(mill_expr_builder *b, mill_expr_kind kind, mill_expr *const *args, int arg_count,
                           mill_error *err)
{
	const char *what = kind == MILL_EXPR_AND ? "argument of AND" : "argument of OR";
	mill_expr *expr = mill_expr_new(b, kind, mill_type_of(MILL_TYPE_BOOL), args, arg_count, err);
	for (int i = 0; expr != NULL && i < arg_count; i++)
		if (want_bool(b, &expr->args[i], what, err) != MILL_OK)
			return NULL;
	if (expr != NULL)
		expr->nullable = any_nullable(expr->args, arg_count);
	return expr;
}

mill_expr *mill_expr_and(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return junction(b, MILL_EXPR_AND, args, arg_count, err);
}

mill_expr *mill_expr_or(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return junction(b, MILL_EXPR_OR, args, arg_count, err);
}

mill_expr *mill_expr_case(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	int whens = arg_count / 2;
	int values = whens + arg_count % 2;
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_CASE, mill_type_of(MILL_TYPE_NULL), args, arg_count, err);
	mill_expr **list = mill_arena_array(b->arena, (size_t)values + 1, sizeof *list);
	if (expr == NULL || list == NULL || arg_count < 2) {
		mill_builder_fail(b, b->position, err, arg_count < 2 ? MILL_USAGE : MILL_NOMEM, "CASE needs a WHEN");
		return NULL;
	}
	for (int i = 0; i < whens; i++) {
		if (want_bool(b, &expr->args[2 * i], "condition of CASE", err) != MILL_OK)
			return NULL;
		list[i] = expr->args[2 * i + 1];
	}
	if (arg_count % 2 == 1)
		list[whens] = expr->args[arg_count - 1];
	if (mill_expr_unify(b, list, values, "branches of CASE", &expr->type, err) != MILL_OK)
		return NULL;
	for (int i = 0; i < whens; i++)
		expr->args[2 * i + 1] = list[i];
	if (arg_count % 2 == 1)
		expr->args[arg_count - 1] = list[whens];
	expr->nullable = arg_count % 2 == 0 || any_nullable(list, values);
	return expr;
}

mill_expr *mill_expr_coalesce(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_COALESCE, mill_type_of(MILL_TYPE_NULL), args, arg_count, err);
	if (expr == NULL ||
	    mill_expr_unify(b, expr->args, arg_count, "arguments of COALESCE", &expr->type, err) != MILL_OK)
		return NULL;
	for (int i = 0; i < arg_count; i++)
		if (!expr->args[i]->nullable)
			expr->nullable = false;
	return expr;
}

mill_expr *mill_expr_in(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *expr = mill_expr_new(b, MILL_EXPR_IN, mill_type_of(MILL_TYPE_BOOL), args, arg_count, err);
	mill_type type;
	if (expr == NULL || mill_expr_unify(b, expr->args, arg_count, "sides of IN", &type, err) != MILL_OK)
		return NULL;
	expr->nullable = any_nullable(expr->args, arg_count);
	return expr;
}

mill_expr *mill_expr_try(mill_expr_builder *b, mill_expr *arg, mill_error *err)
{
	return mill_expr_new(b, MILL_EXPR_TRY, arg->type, &arg, 1, err);
}
