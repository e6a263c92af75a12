/* Constants: their values as columns, as text, in another type. */
#include "column/canonical.h"
#include "expr/builder.h"
#include "expr/decimal.h"
#include "expr/number.h"
#include <string.h>

mill_status mill_literal_column(mill_mem *mem, mill_type type, const mill_literal *literal, mill_column *out,
                                mill_error *err)
{
	if (literal->is_null)
		return mill_column_nulls(mem, type, 1, out, err);
	size_t text_bytes = mill_type_is_text(type) ? (size_t)literal->as.string.length_bytes : 0;
	mill_column column;
	MILL_TRY(mill_column_new(mem, type, 1, text_bytes, &column, err));
	switch (type.id) {
	case MILL_TYPE_BOOL: *(uint64_t *)column.values = literal->as.boolean; break;
	case MILL_TYPE_FLOAT32: *(float *)column.values = (float)literal->as.f64; break;
	case MILL_TYPE_FLOAT64: *(double *)column.values = literal->as.f64; break;
	case MILL_TYPE_DECIMAL: *(mill_i128 *)column.values = literal->as.decimal; break;
	case MILL_TYPE_INTERVAL: *(mill_interval *)column.values = literal->as.interval; break;
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
		memcpy(column.bytes, literal->as.string.text, text_bytes);
		column.offsets[1] = literal->as.string.length_bytes;
		break;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: /* little-endian: the low bytes of an int64 are the narrow integer */
		memcpy(column.values, &literal->as.i64, mill_type_width_bytes(type));
		break;
	case MILL_TYPE_NULL: /* has no values; the others have no columns yet */
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	*out = column;
	return MILL_OK;
}

mill_status mill_literal_of(mill_arena *arena, const mill_column *column, mill_literal *out, mill_error *err)
{
	mill_literal literal = {.is_null = mill_column_is_null(column, 0)};
	int32_t length = 0;
	const char *text = NULL;
	mill_type_id id = literal.is_null ? MILL_TYPE_NULL : column->type.id;
	switch (id) {
	case MILL_TYPE_BOOL: literal.as.boolean = mill_bit_get(column->values, 0); break;
	case MILL_TYPE_FLOAT32: literal.as.f64 = (double)*(const float *)column->values; break;
	case MILL_TYPE_FLOAT64: literal.as.f64 = *(const double *)column->values; break;
	case MILL_TYPE_DECIMAL: literal.as.decimal = *(const mill_i128 *)column->values; break;
	case MILL_TYPE_INTERVAL: literal.as.interval = *(const mill_interval *)column->values; break;
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
		text = mill_column_text(column, 0, &length);
		literal.as.string.text = mill_arena_strndup(arena, text, (size_t)length);
		literal.as.string.length_bytes = length;
		if (literal.as.string.text == NULL)
			return mill_fail_nomem(err, (size_t)length, "text literal");
		break;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: literal.as.u64 = mill_integer_bits(column, 0); break;
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	*out = literal;
	return MILL_OK;
}

bool mill_literal_equal(mill_type type, const mill_literal *a, const mill_literal *b)
{
	if (a->is_null || b->is_null)
		return a->is_null == b->is_null;
	switch (type.id) {
	case MILL_TYPE_BOOL: return a->as.boolean == b->as.boolean;
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64: return memcmp(&a->as.f64, &b->as.f64, sizeof a->as.f64) == 0;
	case MILL_TYPE_DECIMAL: return a->as.decimal == b->as.decimal;
	case MILL_TYPE_INTERVAL: return memcmp(&a->as.interval, &b->as.interval, sizeof a->as.interval) == 0;
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
		return a->as.string.length_bytes == b->as.string.length_bytes &&
		       memcmp(a->as.string.text, b->as.string.text, (size_t)a->as.string.length_bytes) == 0;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: return a->as.i64 == b->as.i64;
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* no literals but NULL */
	}
	return true;
}

/* Shape of a number in SQL: digits, point, exponent. */
typedef struct number_shape {
	bool negative;
	int digits; /* without leading zeros */
	int scale;
	bool has_point;
	bool has_exponent;
} number_shape;

static bool scan_number(const char *text, number_shape *shape)
{
	const char *p = text + (*text == '-' || *text == '+');
	bool any = false;
	*shape = (number_shape){.negative = *text == '-'};
	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !shape->has_point); p++) {
		if (*p == '.') {
			shape->has_point = true;
			continue;
		}
		any = true;
		shape->digits += shape->digits > 0 || *p != '0';
		shape->scale += shape->has_point;
	}
	if (any && (*p == 'e' || *p == 'E')) {
		shape->has_exponent = true;
		p += 1 + (p[1] == '-' || p[1] == '+');
		any = *p >= '0' && *p <= '9';
		while (*p >= '0' && *p <= '9')
			p++;
	}
	return any && *p == '\0';
}

static mill_i128 number_digits(const char *text)
{
	mill_i128 value = 0;
	for (const char *p = text; *p != '\0'; p++)
		if (*p >= '0' && *p <= '9')
			value = value * 10 + (*p - '0');
	return text[0] == '-' ? -value : value;
}

mill_expr *mill_expr_number(mill_expr_builder *b, const char *text, mill_error *err)
{
	number_shape shape;
	mill_literal literal = {0};
	mill_type type;
	if (!scan_number(text, &shape)) {
		mill_builder_fail(b, b->position, err, MILL_USAGE, "\"%s\" is not a number", text);
		return NULL;
	}
	int precision = shape.digits > shape.scale ? shape.digits : shape.scale;
	if (shape.has_exponent) {
		type = mill_type_of(MILL_TYPE_FLOAT64);
		if (mill_number_f64(text, strlen(text), &literal.as.f64) != MILL_PARSED) {
			mill_builder_fail(b, b->position, err, MILL_USAGE, "%s is beyond float64", text);
			return NULL;
		}
	} else if (precision > 38) {
		mill_builder_fail(b, b->position, err, MILL_USAGE,
		                  "%s has more than 38 digits; write it with an exponent for a float64", text);
		return NULL;
	} else {
		mill_i128 value = number_digits(text);
		bool narrow = value >= INT32_MIN && value <= INT32_MAX;
		bool fits = value >= INT64_MIN && value <= INT64_MAX;
		type = shape.has_point || !fits ? mill_type_decimal(precision == 0 ? 1 : precision, shape.scale)
		                                : mill_type_of(narrow ? MILL_TYPE_INT32 : MILL_TYPE_INT64);
		if (type.id == MILL_TYPE_DECIMAL)
			literal.as.decimal = value;
		else
			literal.as.i64 = (int64_t)value;
	}
	literal.source = mill_arena_strdup(b->arena, text);
	if (literal.source == NULL) {
		mill_fail_nomem(err, strlen(text), "number literal");
		return NULL;
	}
	mill_expr *expr = mill_expr_literal(b, type, &literal, err);
	if (expr != NULL)
		expr->is_wide_literal = true;
	return expr;
}

/* Evaluates CAST(literal AS type) now. */
static mill_expr *cast_literal(mill_expr_builder *b, const mill_expr *literal, mill_type type, mill_error *err)
{
	mill_expr operand = *literal;
	operand.is_wide_literal = false;
	mill_expr *args[1] = {&operand};
	mill_expr *cast = mill_expr_new(b, MILL_EXPR_CAST, type, args, 1, err);
	mill_program *program = NULL;
	mill_batch batch = {.rows = 1};
	mill_column column = {0};
	mill_row_errors errors;
	mill_literal value;
	/* One row: asking the CPU what it can do would take longer. */
	mill_knobs knobs = {.simd = MILL_SIMD_PORTABLE};
	if (cast == NULL || mill_program_new(&cast, 1, &knobs, b->arena->mem, &program, err) != MILL_OK)
		return NULL;
	mill_status status = mill_program_run(program, &batch, &column, &errors, err);
	if (status == MILL_OK && errors.count > 0)
		status = mill_builder_fail(b, literal->position, err, MILL_USAGE, "%s", errors.detail);
	if (status == MILL_OK)
		status = mill_literal_of(b->arena, &column, &value, err);
	mill_column_release(&column);
	mill_program_free(program);
	if (status != MILL_OK)
		return NULL;
	mill_expr *expr = mill_expr_literal(b, type, &value, err);
	if (expr != NULL)
		expr->position = literal->position;
	return expr;
}

/* A number beside a float is rounded once, from its text (D8). */
static mill_expr *float_literal(mill_expr_builder *b, const mill_expr *literal, mill_type type, mill_error *err)
{
	mill_literal value = {0};
	const char *text = literal->literal.source;
	bool fits;
	if (type.id == MILL_TYPE_FLOAT32) {
		float narrow = 0;
		fits = mill_number_f32(text, strlen(text), &narrow) == MILL_PARSED;
		value.as.f64 = (double)narrow;
	} else {
		fits = mill_number_f64(text, strlen(text), &value.as.f64) == MILL_PARSED;
	}
	if (!fits) {
		char type_text[MILL_TYPE_TEXT_BYTES];
		mill_builder_fail(b, literal->position, err, MILL_USAGE, "%s is beyond %s", text,
		                  mill_type_text(type, type_text));
		return NULL;
	}
	mill_expr *expr = mill_expr_literal(b, type, &value, err);
	if (expr != NULL)
		expr->position = literal->position;
	return expr;
}

static mill_expr *typed_literal(mill_expr_builder *b, const mill_expr *literal, mill_type type, mill_error *err)
{
	mill_expr *expr = mill_expr_literal(b, type, &literal->literal, err);
	if (expr != NULL)
		expr->position = literal->position;
	return expr;
}

mill_expr *mill_expr_coerce(mill_expr_builder *b, mill_expr *arg, mill_type type, mill_error *err)
{
	bool is_literal = arg->kind == MILL_EXPR_LITERAL;
	if (mill_type_equal(arg->type, type) && !arg->is_wide_literal)
		return arg;
	if (is_literal && (arg->literal.is_null || mill_type_equal(arg->type, type)))
		return typed_literal(b, arg, type, err);
	if (mill_cast_kernel(arg->type, type) == NULL) {
		char from[MILL_TYPE_TEXT_BYTES], to[MILL_TYPE_TEXT_BYTES];
		mill_builder_fail(b, arg->position, err, MILL_USAGE, "cannot use %s as %s",
		                  mill_type_text(arg->type, from), mill_type_text(type, to));
		return NULL;
	}
	if (is_literal && arg->is_wide_literal && mill_type_is_float(type) && arg->literal.source != NULL)
		return float_literal(b, arg, type, err);
	if (is_literal && arg->is_wide_literal)
		return cast_literal(b, arg, type, err);
	mill_expr *cast = mill_expr_new(b, MILL_EXPR_CAST, type, &arg, 1, err);
	if (cast != NULL) {
		cast->nullable = arg->nullable;
		cast->position = arg->position;
	}
	return cast;
}
