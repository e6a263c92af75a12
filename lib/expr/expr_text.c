/* Expressions as SQL text, for `explain` and messages. */
#include "column/value.h"
#include "expr/builder.h"
#include <string.h>

static mill_status append(const mill_expr *expr, const mill_schema *input, mill_bytes *out);

static mill_status append_quoted(const char *text, size_t length, char quote, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)quote));
	for (size_t i = 0; i < length; i++) {
		if (text[i] == quote)
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)quote));
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)text[i]));
	}
	return mill_bytes_append_u8(out, (uint8_t)quote);
}

static bool is_plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
		      (p > name && *p >= '0' && *p <= '9')))
			return false;
	return *name != '\0';
}

static mill_status append_column(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	if (input == NULL || expr->column < 0 || expr->column >= input->count)
		return mill_bytes_printf(out, "#%d", expr->column);
	const char *name = input->fields[expr->column].name;
	return is_plain_name(name) ? mill_bytes_append_text(out, name) : append_quoted(name, strlen(name), '"', out);
}

static mill_status append_literal(const mill_expr *expr, mill_bytes *out)
{
	const mill_literal *l = &expr->literal;
	char type[MILL_TYPE_TEXT_BYTES];
	if (l->is_null)
		return mill_bytes_append_text(out, "NULL");
	if (mill_type_is_text(expr->type))
		return append_quoted(l->as.string.text, (size_t)l->as.string.length_bytes, '\'', out);
	if (l->source != NULL && expr->is_wide_literal)
		return mill_bytes_append_text(out, l->source);
	mill_column column;
	MILL_TRY(mill_literal_column(out->mem, expr->type, l, &column, NULL));
	bool quote = mill_traits_of(expr->type)->print == MILL_PRINT_FORM;
	mill_status status = quote ? mill_bytes_printf(out, "%s '", mill_type_text(expr->type, type)) : MILL_OK;
	if (status == MILL_OK)
		status = mill_value_text(&column, 0, out);
	if (status == MILL_OK && quote)
		status = mill_bytes_append_u8(out, '\'');
	mill_column_release(&column);
	return status;
}

static mill_status append_list(const mill_expr *expr, int from, const char *separator, const mill_schema *input,
                               mill_bytes *out)
{
	for (int i = from; i < expr->arg_count; i++) {
		if (i > from)
			MILL_TRY(mill_bytes_append_text(out, separator));
		MILL_TRY(append(expr->args[i], input, out));
	}
	return MILL_OK;
}

static mill_status append_call(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	const char *name = mill_function_display(expr->function);
	if (expr->function->is_infix && expr->arg_count == 2) {
		MILL_TRY(mill_bytes_append_u8(out, '('));
		MILL_TRY(append(expr->args[0], input, out));
		MILL_TRY(mill_bytes_printf(out, " %s ", name));
		MILL_TRY(append(expr->args[1], input, out));
		return mill_bytes_append_u8(out, ')');
	}
	MILL_TRY(mill_bytes_printf(out, "%s(", name));
	MILL_TRY(append_list(expr, 0, ", ", input, out));
	return mill_bytes_append_u8(out, ')');
}

static mill_status append_case(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "CASE"));
	for (int i = 0; i + 1 < expr->arg_count; i += 2) {
		MILL_TRY(mill_bytes_append_text(out, " WHEN "));
		MILL_TRY(append(expr->args[i], input, out));
		MILL_TRY(mill_bytes_append_text(out, " THEN "));
		MILL_TRY(append(expr->args[i + 1], input, out));
	}
	if (expr->arg_count % 2 == 1) {
		MILL_TRY(mill_bytes_append_text(out, " ELSE "));
		MILL_TRY(append(expr->args[expr->arg_count - 1], input, out));
	}
	return mill_bytes_append_text(out, " END");
}

static mill_status append_cast(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	char type[MILL_TYPE_TEXT_BYTES];
	mill_type_text(expr->type, type);
	MILL_TRY(mill_bytes_append_text(out, expr->is_try ? "try_cast(" : "CAST("));
	MILL_TRY(append(expr->args[0], input, out));
	return mill_bytes_printf(out, expr->is_try ? ", '%s')" : " AS %s)", type);
}

static mill_status append_form(const mill_expr *expr, const char *open, const char *separator, const mill_schema *input,
                               mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, open));
	MILL_TRY(append_list(expr, 0, separator, input, out));
	return mill_bytes_append_u8(out, ')');
}

static mill_status append(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	switch (expr->kind) {
	case MILL_EXPR_COLUMN: return append_column(expr, input, out);
	case MILL_EXPR_LITERAL: return append_literal(expr, out);
	case MILL_EXPR_PARAM: return mill_bytes_printf(out, "(sub-query %d)", expr->param);
	case MILL_EXPR_CALL: return append_call(expr, input, out);
	case MILL_EXPR_CAST: return append_cast(expr, input, out);
	case MILL_EXPR_CASE: return append_case(expr, input, out);
	case MILL_EXPR_AND: return append_form(expr, "(", " AND ", input, out);
	case MILL_EXPR_OR: return append_form(expr, "(", " OR ", input, out);
	case MILL_EXPR_COALESCE: return append_form(expr, "coalesce(", ", ", input, out);
	case MILL_EXPR_TRY: return append_form(expr, "try(", ", ", input, out);
	case MILL_EXPR_IN: break;
	}
	MILL_TRY(mill_bytes_append_u8(out, '('));
	MILL_TRY(append(expr->args[0], input, out));
	MILL_TRY(mill_bytes_append_text(out, " IN ("));
	MILL_TRY(append_list(expr, 1, ", ", input, out));
	return mill_bytes_append_text(out, "))");
}

mill_status mill_expr_text(const mill_expr *expr, const mill_schema *input, mill_bytes *out)
{
	return append(expr, input, out);
}
