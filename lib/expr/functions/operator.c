/* + − * / % unary minus, bit operators: overloads of the arithmetic kernels. */
#include "expr/builder.h"
#include "expr/kernels/kernels.h"
#include <string.h>

#define SAME(op, s, ID)                                                                             \
	{                                                                                           \
		{MILL_TYPE_##ID, MILL_TYPE_##ID}, 2, false, MILL_TYPE_##ID, mill_k_##op##_##s, NULL \
	}
#define SIGNED(op)   SAME(op, i8, INT8), SAME(op, i16, INT16), SAME(op, i32, INT32), SAME(op, i64, INT64)
#define UNSIGNED(op) SAME(op, u8, UINT8), SAME(op, u16, UINT16), SAME(op, u32, UINT32), SAME(op, u64, UINT64)
#define FLOATS(op)   SAME(op, f32, FLOAT32), SAME(op, f64, FLOAT64)
#define NUMBERS(op)  SIGNED(op), UNSIGNED(op), FLOATS(op)
#define DECIMALS(op, derive)                                                                                   \
	{                                                                                                      \
		{MILL_TYPE_DECIMAL, MILL_TYPE_DECIMAL}, 2, false, MILL_TYPE_DECIMAL, mill_k_##op##_dec, derive \
	}
#define PAIR(A, B, R, kernel)                                                                  \
	{                                                                                      \
		{MILL_TYPE_##A, MILL_TYPE_##B}, 2, false, MILL_TYPE_##R, mill_k_##kernel, NULL \
	}
#define TIMES(A, B, k, derive)                                                                    \
	{                                                                                         \
		{MILL_TYPE_##A, MILL_TYPE_##B}, 2, false, MILL_TYPE_TIMESTAMP, mill_k_##k, derive \
	}
#define ONE(op, s, ID)                                                              \
	{                                                                           \
		{MILL_TYPE_##ID}, 1, false, MILL_TYPE_##ID, mill_k_##op##_##s, NULL \
	}
#define ONE_SIGNED(op)   ONE(op, i8, INT8), ONE(op, i16, INT16), ONE(op, i32, INT32), ONE(op, i64, INT64)
#define ONE_UNSIGNED(op) ONE(op, u8, UINT8), ONE(op, u16, UINT16), ONE(op, u32, UINT32), ONE(op, u64, UINT64)
#define ONE_FLOAT(op)    ONE(op, f32, FLOAT32), ONE(op, f64, FLOAT64)
#define ONE_DECIMAL(op)                                                                                \
	{                                                                                              \
		{MILL_TYPE_DECIMAL}, 1, false, MILL_TYPE_DECIMAL, mill_k_##op##_dec, mill_derive_first \
	}
#define ONES(op) ONE_SIGNED(op), ONE_UNSIGNED(op), ONE_FLOAT(op), ONE_DECIMAL(op)

static const mill_overload add[] = {
    NUMBERS(add),
    DECIMALS(add, mill_derive_decimal_add),
    PAIR(DATE, INT64, DATE, add_date_days),
    PAIR(INT64, DATE, DATE, add_days_date),
    TIMES(TIMESTAMP, INTERVAL, add_time_interval, mill_derive_first),
    TIMES(INTERVAL, TIMESTAMP, add_interval_time, mill_derive_last),
    PAIR(INTERVAL, INTERVAL, INTERVAL, add_intervals),
};
static const mill_overload subtract[] = {
    NUMBERS(sub),
    DECIMALS(sub, mill_derive_decimal_add),
    PAIR(DATE, INT64, DATE, sub_date_days),
    PAIR(DATE, DATE, INT32, sub_date_date),
    TIMES(TIMESTAMP, INTERVAL, sub_time_interval, mill_derive_first),
    PAIR(TIMESTAMP, TIMESTAMP, INTERVAL, sub_time_time),
    PAIR(INTERVAL, INTERVAL, INTERVAL, sub_intervals),
    ONES(neg),
    {{MILL_TYPE_INTERVAL}, 1, false, MILL_TYPE_INTERVAL, mill_k_neg_interval, NULL},
};
static const mill_overload multiply[] = {
    NUMBERS(mul),
    DECIMALS(mul, mill_derive_decimal_mul),
    PAIR(INTERVAL, FLOAT64, INTERVAL, mul_interval_f64),
    PAIR(FLOAT64, INTERVAL, INTERVAL, mul_f64_interval),
};
static const mill_overload divide[] = {
    NUMBERS(div),
    DECIMALS(div, mill_derive_decimal_div),
    PAIR(INTERVAL, FLOAT64, INTERVAL, div_interval_f64),
};
static const mill_overload modulo[] = {NUMBERS(mod), DECIMALS(mod, mill_derive_decimal_mod)};
static const mill_overload absolute[] = {ONES(abs)};
static const mill_overload sign[] = {
    ONE(sign, f64, FLOAT64),
    {{MILL_TYPE_DECIMAL}, 1, false, MILL_TYPE_DECIMAL, mill_k_sign_dec, mill_derive_digit},
};

/* −literal stays a literal, so that it still takes its type from the context. */
static mill_expr *negated_literal(mill_expr_builder *b, const mill_expr *literal, mill_error *err)
{
	const char *source = literal->literal.source;
	const char *text = source[0] == '-' ? source + 1 : mill_arena_printf(b->arena, "-%s", source);
	if (text == NULL) {
		mill_fail_nomem(err, strlen(source), "number literal");
		return NULL;
	}
	return mill_expr_number(b, text, err);
}

static mill_expr *minus(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	if (arg_count == 1 && args[0]->kind == MILL_EXPR_LITERAL && args[0]->is_wide_literal &&
	    args[0]->literal.source != NULL)
		return negated_literal(b, args[0], err);
	return mill_expr_call(b, "subtract", args, arg_count, err);
}

static mill_expr *plus(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	if (arg_count == 2)
		return mill_expr_call(b, "add", args, arg_count, err);
	if (mill_type_is_numeric(args[0]->type) || args[0]->type.id == MILL_TYPE_NULL)
		return args[0];
	mill_builder_fail(b, b->position, err, MILL_USAGE, "unary + needs a number");
	return NULL;
}

/* The smallest integer has no absolute value. */
static bool is_of_floats(const mill_expr *call)
{
	return mill_type_is_float(call->type);
}

static const mill_function functions[] = {
    {.name = "+",
     .group = MILL_GROUP_OPERATOR,
     .help = "a + b: sum; date + days, timestamp + interval",
     .is_operator = true,
     .rewrite = plus,
     .min_args = 1,
     .max_args = 2},
    {.name = "-",
     .group = MILL_GROUP_OPERATOR,
     .help = "a - b: difference, -a: negative; date - date gives days, timestamp - timestamp an interval",
     .is_operator = true,
     .rewrite = minus,
     .min_args = 1,
     .max_args = 2},
    {.name = "*",
     .group = MILL_GROUP_OPERATOR,
     .help = "a * b: product; interval * number",
     MILL_LIST(multiply),
     .is_operator = true,
     .is_infix = true},
    {.name = "/",
     .group = MILL_GROUP_OPERATOR,
     .help = "a / b: quotient; integers truncate towards zero; interval / number",
     MILL_LIST(divide),
     .is_operator = true,
     .is_infix = true},
    {.name = "%",
     .group = MILL_GROUP_OPERATOR,
     .help = "a % b: remainder, with the sign of a; also mod(a, b)",
     MILL_LIST(modulo),
     .is_operator = true,
     .is_infix = true},
    {.name = "mod", .group = MILL_GROUP_MATH, .help = "mod(a, b): remainder, with the sign of a", MILL_LIST(modulo)},
    {.name = "add",
     .group = MILL_GROUP_MATH,
     .standing = MILL_FUNCTION_INNER,
     .help = "a + b: sum; date + days, timestamp + interval",
     MILL_LIST(add),
     .display = "+",
     .is_infix = true},
    {.name = "subtract",
     .group = MILL_GROUP_MATH,
     .standing = MILL_FUNCTION_INNER,
     .help = "a - b: difference; date - date gives days, timestamp - timestamp an interval",
     MILL_LIST(subtract),
     .display = "-",
     .is_infix = true},
    {.name = "abs",
     .group = MILL_GROUP_MATH,
     .help = "abs(x): absolute value",
     MILL_LIST(absolute),
     .never_fails = is_of_floats},
    {.name = "sign",
     .group = MILL_GROUP_MATH,
     .help = "sign(x): -1, 0 or 1",
     MILL_LIST(sign),
     .never_fails = is_of_floats},
};

const mill_function_table mill_functions_operator = MILL_TABLE_OF(functions);
