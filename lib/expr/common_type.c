/* Common types: what CASE branches, comparisons and keys are cast to. */
#include "expr/builder.h"
#include "expr/decimal.h"

static mill_type common_integer(mill_type a, mill_type b)
{
	if (mill_type_is_signed(a) == mill_type_is_signed(b))
		return a.id > b.id ? a : b;
	mill_type is_signed = mill_type_is_signed(a) ? a : b;
	mill_type is_unsigned = mill_type_is_signed(a) ? b : a;
	int signed_size = is_signed.id - MILL_TYPE_INT8;
	int unsigned_size = is_unsigned.id - MILL_TYPE_UINT8;
	if (signed_size > unsigned_size)
		return is_signed;
	if (is_unsigned.id == MILL_TYPE_UINT64)
		return mill_type_decimal(20, 0);
	return mill_type_of((mill_type_id)(MILL_TYPE_INT8 + unsigned_size + 1));
}

static mill_type common_decimal(mill_type a, mill_type b)
{
	int whole_a = a.precision - a.scale, whole_b = b.precision - b.scale;
	int scale = a.scale > b.scale ? a.scale : b.scale;
	int precision = (whole_a > whole_b ? whole_a : whole_b) + scale;
	return mill_type_decimal(precision > 38 ? 38 : precision, scale);
}

static mill_type common_number(mill_type a, mill_type b)
{
	if (mill_type_is_float(a) || mill_type_is_float(b))
		return mill_type_of(a.id == MILL_TYPE_FLOAT32 && b.id == MILL_TYPE_FLOAT32 ? MILL_TYPE_FLOAT32
		                                                                           : MILL_TYPE_FLOAT64);
	if (mill_type_is_integer(a) && mill_type_is_integer(b))
		return common_integer(a, b);
	return common_decimal(mill_type_is_integer(a) ? mill_decimal_of_integer(a) : a,
	                      mill_type_is_integer(b) ? mill_decimal_of_integer(b) : b);
}

mill_status mill_common_type(mill_type a, mill_type b, mill_type *out, mill_error *err)
{
	char a_text[MILL_TYPE_TEXT_BYTES], b_text[MILL_TYPE_TEXT_BYTES];
	if (mill_type_equal(a, b) || b.id == MILL_TYPE_NULL)
		*out = a;
	else if (a.id == MILL_TYPE_NULL)
		*out = b;
	else if (mill_type_is_numeric(a) && mill_type_is_numeric(b))
		*out = common_number(a, b);
	else if (mill_type_is_time(a) && mill_type_is_time(b))
		*out = mill_type_timestamp(a.zoned || b.zoned);
	else
		return mill_fail(err, MILL_USAGE, "%s and %s have no common type; CAST one of them",
		                 mill_type_text(a, a_text), mill_type_text(b, b_text));
	return MILL_OK;
}

static bool is_untyped_text(const mill_expr *e)
{
	return e->kind == MILL_EXPR_LITERAL && e->is_wide_literal && e->type.id == MILL_TYPE_STRING;
}

static bool is_untyped_number(const mill_expr *e)
{
	return e->kind == MILL_EXPR_LITERAL && e->is_wide_literal && e->type.id != MILL_TYPE_STRING;
}

static mill_type join_literal(mill_type type, const mill_expr *literal, mill_type joined)
{
	if (type.id == MILL_TYPE_FLOAT32)
		return type;
	if (type.id == MILL_TYPE_UINT64 && mill_type_is_signed(literal->type) && literal->literal.as.i64 >= 0)
		return type;
	return joined;
}

/* Typed arguments first; then number literals, which widen integers and decimals but never a float; untyped text reads
 * as whatever that gave. */
mill_status mill_expr_unify(mill_expr_builder *b, mill_expr **args, int count, const char *what, mill_type *type,
                            mill_error *err)
{
	mill_type common = mill_type_of(MILL_TYPE_NULL);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++) {
			mill_type joined;
			if (is_untyped_text(args[i]) || is_untyped_number(args[i]) != (pass == 1))
				continue;
			if (mill_common_type(common, args[i]->type, &joined, err) != MILL_OK) {
				b->failed_position = args[i]->position;
				return mill_fail_context(err, MILL_USAGE, "%s", what);
			}
			common = pass == 1 ? join_literal(common, args[i], joined) : joined;
		}
	if (common.id == MILL_TYPE_NULL) /* nothing but NULL and untyped text */
		common = mill_type_of(MILL_TYPE_STRING);
	for (int i = 0; i < count; i++) {
		args[i] = mill_expr_coerce(b, args[i], common, err);
		if (args[i] == NULL)
			return mill_failed(err);
	}
	*type = common;
	return MILL_OK;
}
