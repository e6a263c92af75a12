/* Functions of float64 and decimals. Integers and decimals become float64 where a function has no form of their own. */
#include "expr/math.h"
#include "expr/builder.h"
#include "expr/decimal.h"
#include "expr/kernels/kernels.h"
#include <math.h>
#include <string.h>

/* Marks the valid rows for which CODE is not NONE. */
#define MARK_ROWS(call, CODE)                                                  \
	do {                                                                   \
		for (int64_t i = 0; i < (call)->rows; i++) {                   \
			mill_row_code code = CODE;                             \
			if (code != MILL_ROW_NONE && mill_call_valid(call, i)) \
				mill_call_fail_row(call, i, code);             \
		}                                                              \
	} while (0)

#define RANGE_OF(x, result) (isinf(result) && !isinf(x) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define NEVER(x, result)    MILL_ROW_NONE
#define NEGATIVE_ROOT(x, r) ((x) < 0 ? MILL_ROW_NEGATIVE_ROOT : MILL_ROW_NONE)
#define LOG_DOMAIN(x, r)    ((x) == 0 ? MILL_ROW_LOG_ZERO : (x) < 0 ? MILL_ROW_LOG_NEGATIVE : MILL_ROW_NONE)
#define LOG1P_DOMAIN(x, r)  ((x) == -1 ? MILL_ROW_LOG_ZERO : (x) < -1 ? MILL_ROW_LOG_NEGATIVE : MILL_ROW_NONE)
#define UNIT_DOMAIN(x, r)   ((x) < -1 || (x) > 1 ? MILL_ROW_DOMAIN : MILL_ROW_NONE)
#define FINITE_DOMAIN(x, r) (isinf(x) ? MILL_ROW_DOMAIN : MILL_ROW_NONE)
#define ONE_OVERLOAD(NAME)                                \
	static const mill_overload NAME##_overloads[] = { \
	    {{MILL_TYPE_FLOAT64}, 1, false, MILL_TYPE_FLOAT64, NAME##_kernel, NULL}};

/* A transcendental function over the batch, then its domain. */
#define MATH_FUNCTION(NAME, ID, CODE)                                            \
	static mill_status NAME##_kernel(mill_call *call, mill_error *err)       \
	{                                                                        \
		const double *in = mill_call_values(call, 0);                    \
		double *out = call->out->values;                                 \
		(void)err;                                                       \
		mill_math_map1(call->simd, MILL_MATH_##ID, in, out, call->rows); \
		MARK_ROWS(call, CODE(in[i], out[i]));                            \
		return MILL_OK;                                                  \
	}                                                                        \
	ONE_OVERLOAD(NAME)

MATH_FUNCTION(exp, EXP, RANGE_OF)
MATH_FUNCTION(expm1, EXPM1, RANGE_OF)
MATH_FUNCTION(ln, LN, LOG_DOMAIN)
MATH_FUNCTION(log2, LOG2, LOG_DOMAIN)
MATH_FUNCTION(log10, LOG10, LOG_DOMAIN)
MATH_FUNCTION(log1p, LOG1P, LOG1P_DOMAIN)
MATH_FUNCTION(sin, SIN, FINITE_DOMAIN)
MATH_FUNCTION(cos, COS, FINITE_DOMAIN)
MATH_FUNCTION(tan, TAN, FINITE_DOMAIN)
MATH_FUNCTION(asin, ASIN, UNIT_DOMAIN)
MATH_FUNCTION(acos, ACOS, UNIT_DOMAIN)
MATH_FUNCTION(atan, ATAN, NEVER)
MATH_FUNCTION(sinh, SINH, RANGE_OF)
MATH_FUNCTION(cosh, COSH, RANGE_OF)
MATH_FUNCTION(tanh, TANH, NEVER)
MATH_FUNCTION(cbrt, CBRT, NEVER)

/* A cheap function, in a loop that vectorises; the domain is looked at only where CHECKED. */
#define LOOP_FUNCTION(NAME, T, ID, EXPRESSION, CHECKED, CODE)                                              \
	static MILL_SIMD_BODY void NAME##_loop_body(const T *restrict in, T *restrict out, int64_t rows)   \
	{                                                                                                  \
		for (int64_t i = 0; i < rows; i++) {                                                       \
			T x = in[i];                                                                       \
			out[i] = EXPRESSION;                                                               \
		}                                                                                          \
	}                                                                                                  \
	MILL_SIMD_COPIES(static void, NAME##_loop, (in, out, rows), const T *restrict in, T *restrict out, \
	                 int64_t rows)                                                                     \
	static mill_status NAME##_kernel(mill_call *call, mill_error *err)                                 \
	{                                                                                                  \
		const T *in = mill_call_values(call, 0);                                                   \
		T *out = call->out->values;                                                                \
		(void)err;                                                                                 \
		NAME##_loop(call->simd, in, out, call->rows);                                              \
		if (CHECKED)                                                                               \
			MARK_ROWS(call, CODE(in[i], out[i]));                                              \
		return MILL_OK;                                                                            \
	}

#define DEGREE 57.295779513082320876798154814105
#define RADIAN 0.017453292519943295769236907684886
LOOP_FUNCTION(sqrt, double, FLOAT64, sqrt(x), true, NEGATIVE_ROOT)
LOOP_FUNCTION(degrees, double, FLOAT64, x *DEGREE, true, RANGE_OF)
LOOP_FUNCTION(radians, double, FLOAT64, x *RADIAN, false, NEVER)
LOOP_FUNCTION(floor_f64, double, FLOAT64, floor(x), false, NEVER)
LOOP_FUNCTION(ceil_f64, double, FLOAT64, ceil(x), false, NEVER)
LOOP_FUNCTION(trunc_f64, double, FLOAT64, trunc(x), false, NEVER)
LOOP_FUNCTION(rint_f64, double, FLOAT64, rint(x), false, NEVER)
ONE_OVERLOAD(sqrt)
ONE_OVERLOAD(degrees)
ONE_OVERLOAD(radians)

/* floor, ceil, round and trunc of a decimal to a whole number. */
static mill_i128 floor_decimal(mill_i128 x, mill_i128 unit)
{
	mill_i128 rest = x % unit;
	return x / unit - (rest < 0);
}

static mill_i128 ceil_decimal(mill_i128 x, mill_i128 unit)
{
	mill_i128 rest = x % unit;
	return x / unit + (rest > 0);
}

static mill_i128 trunc_decimal(mill_i128 x, mill_i128 unit)
{
	return x / unit;
}

static mill_i128 round_decimal(mill_i128 x, mill_i128 unit)
{
	mill_i128 rest = x % unit;
	mill_i128 size = rest < 0 ? -rest : rest;
	return x / unit + (size >= unit - size ? (x < 0 ? -1 : 1) : 0) * (rest != 0);
}

#define WHOLE_DECIMAL(NAME)                                                            \
	static mill_status NAME##_dec_kernel(mill_call *call, mill_error *err)         \
	{                                                                              \
		const mill_i128 *in = mill_call_values(call, 0);                       \
		mill_i128 *out = call->out->values;                                    \
		mill_i128 unit = mill_decimal_pow10(call->args[0]->column.type.scale); \
		(void)err;                                                             \
		for (int64_t i = 0; i < call->rows; i++)                               \
			out[i] = NAME##_decimal(in[i], unit);                          \
		return MILL_OK;                                                        \
	}

WHOLE_DECIMAL(floor)
WHOLE_DECIMAL(ceil)
WHOLE_DECIMAL(trunc)
WHOLE_DECIMAL(round)

static mill_status derive_whole(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	int whole = args[0].precision - args[0].scale + (args[0].scale > 0);
	(void)arg_count;
	(void)err;
	*result = mill_type_decimal(whole < 1 ? 1 : whole > 38 ? 38 : whole, 0);
	return MILL_OK;
}

#define WHOLE_OVERLOADS(NAME, F64)                                         \
	static const mill_overload NAME##_overloads[] = {                  \
	    {{MILL_TYPE_FLOAT64}, 1, false, MILL_TYPE_FLOAT64, F64, NULL}, \
	    {{MILL_TYPE_DECIMAL}, 1, false, MILL_TYPE_DECIMAL, NAME##_dec_kernel, derive_whole}};
WHOLE_OVERLOADS(floor, floor_f64_kernel)
WHOLE_OVERLOADS(ceil, ceil_f64_kernel)
WHOLE_OVERLOADS(trunc, trunc_f64_kernel)
WHOLE_OVERLOADS(round, rint_f64_kernel)

/* x to n places through its 15 significant digits, as PostgreSQL's round(x::numeric, n); the nearest float64 of that.
 */
static double places_slow(double x, int64_t n, bool truncate)
{
	mill_i128 digits;
	if (n > 20 || !mill_decimal_of_float(x, 15, 38, 20, &digits))
		return x;
	mill_i128 unit = n < -18 ? 0 : mill_decimal_pow10((int)(20 - n));
	if (unit == 0)
		return 0;
	digits = truncate ? trunc_decimal(digits, unit) : round_decimal(digits, unit);
	return n >= 0 ? mill_decimal_f64(digits, (int)n) : mill_decimal_f64(digits * mill_decimal_pow10((int)-n), 0);
}

static double places(double x, int64_t n, bool truncate)
{
	static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
	if (isnan(x) || isinf(x))
		return x;
	if (n < 0 || n > 6 || fabs(x) > 1e8)
		return places_slow(x, n, truncate);
	/* Far from a tie (or a whole number) the scaled product cannot mislead, and the quotient of two exact
	 * float64 is the correctly rounded result. */
	double scaled = fabs(x) * tens[n];
	double whole = floor(scaled), fraction = scaled - whole;
	if (fabs(fraction - 0.5) < 1e-3 || fraction < 1e-3 || fraction > 0.999)
		return places_slow(x, n, truncate);
	double result = (whole + (!truncate && fraction > 0.5)) / tens[n];
	return copysign(result, x);
}

static mill_status places_rows(mill_call *call, bool truncate)
{
	const double *x = mill_call_values(call, 0);
	const int64_t *n = mill_call_values(call, 1);
	int64_t stride_x = mill_call_stride(call, 0), stride_n = mill_call_stride(call, 1);
	double *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = mill_call_valid(call, i) ? places(x[i * stride_x], n[i * stride_n], truncate) : 0;
	return MILL_OK;
}

static mill_status round_places_f64(mill_call *call, mill_error *err)
{
	(void)err;
	return places_rows(call, false);
}

static mill_status trunc_places_f64(mill_call *call, mill_error *err)
{
	(void)err;
	return places_rows(call, true);
}

/* Decimals keep their scale; digits past place n become 0. */
static mill_status places_decimal(mill_call *call, bool truncate)
{
	const mill_i128 *x = mill_call_values(call, 0);
	const int64_t *n = mill_call_values(call, 1);
	int64_t stride_x = mill_call_stride(call, 0), stride_n = mill_call_stride(call, 1);
	int scale = call->args[0]->column.type.scale;
	mill_i128 *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++) {
		int64_t lost = scale - n[i * stride_n];
		mill_i128 value = x[i * stride_x];
		out[i] = lost > 38 ? 0 : value;
		if (lost <= 0 || lost > 38 || !mill_call_valid(call, i))
			continue;
		mill_i128 unit = mill_decimal_pow10((int)lost);
		mill_i128 whole = truncate ? trunc_decimal(value, unit) : round_decimal(value, unit);
		if (!mill_decimal_rescale(whole, 0, (int)lost, call->out->type.precision, &out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

static mill_status round_places_dec(mill_call *call, mill_error *err)
{
	(void)err;
	return places_decimal(call, false);
}

static mill_status trunc_places_dec(mill_call *call, mill_error *err)
{
	(void)err;
	return places_decimal(call, true);
}

/* Rounding may carry into one more digit. */
static mill_status derive_places(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)arg_count;
	(void)err;
	*result = mill_type_decimal(args[0].precision < 38 ? args[0].precision + 1 : 38, args[0].scale);
	return MILL_OK;
}

#define PLACES(NAME)                                                                                      \
	static const mill_overload NAME##_places_overloads[] = {                                          \
	    {{MILL_TYPE_FLOAT64, MILL_TYPE_INT64}, 2, false, MILL_TYPE_FLOAT64, NAME##_places_f64, NULL}, \
	    {{MILL_TYPE_DECIMAL, MILL_TYPE_INT64}, 2, false, MILL_TYPE_DECIMAL, NAME##_places_dec, derive_places}};
PLACES(round)
PLACES(trunc)

/* round(x, n): of integers as decimals; a literal n from 0 up is the scale of a decimal result. */
static mill_expr *with_places(mill_expr_builder *b, const char *function, mill_expr *const *args, mill_error *err)
{
	mill_expr *pair[2] = {args[0], args[1]};
	if (mill_type_is_integer(pair[0]->type)) {
		pair[0] = mill_expr_coerce(b, pair[0], mill_decimal_of_integer(pair[0]->type), err);
		if (pair[0] == NULL)
			return NULL;
	}
	mill_expr *rounded = mill_expr_call(b, function, pair, 2, err);
	const mill_expr *n = args[1];
	if (rounded == NULL || rounded->type.id != MILL_TYPE_DECIMAL || n->kind != MILL_EXPR_LITERAL ||
	    n->literal.is_null || !mill_type_is_integer(n->type) || n->literal.as.i64 < 0 || n->literal.as.i64 > 38)
		return rounded;
	int scale = (int)n->literal.as.i64;
	int precision = rounded->type.precision - rounded->type.scale + scale;
	return mill_expr_coerce(b, rounded,
	                        mill_type_decimal(precision > 38  ? 38
	                                          : precision < 1 ? 1
	                                                          : precision,
	                                          scale),
	                        err);
}

static mill_expr *round_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return arg_count == 1 ? mill_expr_call(b, "round_whole", args, 1, err)
	                      : with_places(b, "round_places", args, err);
}

static mill_expr *trunc_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return arg_count == 1 ? mill_expr_call(b, "trunc_whole", args, 1, err)
	                      : with_places(b, "trunc_places", args, err);
}

static mill_row_code power_code(double x, double y, double result)
{
	if (isnan(x) || isnan(y))
		return MILL_ROW_NONE;
	if (x == 0 && y < 0)
		return MILL_ROW_POWER_ZERO;
	if (x < 0 && !isinf(x) && !isinf(y) && y != rint(y))
		return MILL_ROW_POWER_NEGATIVE;
	return isinf(result) && !isinf(x) && !isinf(y) ? MILL_ROW_RANGE : MILL_ROW_NONE;
}

/* Both arguments as whole arrays: constants are spread here, a block at a time. */
#define BLOCK 512
static mill_status map_two(mill_call *call, mill_math2 function)
{
	const double *x = mill_call_values(call, 0), *y = mill_call_values(call, 1);
	int64_t stride_x = mill_call_stride(call, 0), stride_y = mill_call_stride(call, 1);
	double *out = call->out->values;
	double block_x[BLOCK], block_y[BLOCK];
	for (int64_t base = 0; base < call->rows; base += BLOCK) {
		int64_t n = mill_min_i64(BLOCK, call->rows - base);
		for (int64_t i = 0; i < n; i++) {
			bool valid = mill_call_valid(call, base + i);
			block_x[i] = valid ? x[(base + i) * stride_x] : 1;
			block_y[i] = valid ? y[(base + i) * stride_y] : 1;
		}
		mill_math_map2(function, block_x, block_y, out + base, n);
	}
	return MILL_OK;
}

static mill_status power_kernel(mill_call *call, mill_error *err)
{
	const double *x = mill_call_values(call, 0), *y = mill_call_values(call, 1);
	int64_t stride_x = mill_call_stride(call, 0), stride_y = mill_call_stride(call, 1);
	const double *out = call->out->values;
	(void)err;
	MILL_TRY(map_two(call, MILL_MATH_POW));
	MARK_ROWS(call, power_code(x[i * stride_x], y[i * stride_y], out[i]));
	return MILL_OK;
}

static mill_status atan2_kernel(mill_call *call, mill_error *err)
{
	(void)err;
	return map_two(call, MILL_MATH_ATAN2);
}

/* log(b, x) = ln x / ln b. */
static mill_status log_base_kernel(mill_call *call, mill_error *err)
{
	const double *base = mill_call_values(call, 0), *x = mill_call_values(call, 1);
	int64_t stride_base = mill_call_stride(call, 0), stride_x = mill_call_stride(call, 1);
	double *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		double b = base[i * stride_base], v = x[i * stride_x];
		out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		mill_row_code code = LOG_DOMAIN(b, 0) != MILL_ROW_NONE ? LOG_DOMAIN(b, 0) : LOG_DOMAIN(v, 0);
		if (code == MILL_ROW_NONE && b == 1)
			code = MILL_ROW_DIVISION;
		if (code != MILL_ROW_NONE)
			mill_call_fail_row(call, i, code);
		else
			out[i] = mill_math_one(MILL_MATH_LN, v) / mill_math_one(MILL_MATH_LN, b);
	}
	return MILL_OK;
}

#define TWO_FLOATS(NAME, kernel)                          \
	static const mill_overload NAME##_overloads[] = { \
	    {{MILL_TYPE_FLOAT64, MILL_TYPE_FLOAT64}, 2, false, MILL_TYPE_FLOAT64, kernel, NULL}};
TWO_FLOATS(power, power_kernel)
TWO_FLOATS(atan2, atan2_kernel)
static const mill_overload log_overloads[] = {
    {{MILL_TYPE_FLOAT64}, 1, false, MILL_TYPE_FLOAT64, log10_kernel, NULL},
    {{MILL_TYPE_FLOAT64, MILL_TYPE_FLOAT64}, 2, false, MILL_TYPE_FLOAT64, log_base_kernel, NULL}};

#define FLOAT_TEST(NAME, T, TEST)                                           \
	static mill_status NAME(mill_call *call, mill_error *err)           \
	{                                                                   \
		const T *in = mill_call_values(call, 0);                    \
		uint64_t *out = call->out->values;                          \
		(void)err;                                                  \
		memset(out, 0, mill_bit_words(call->rows) * 8);             \
		for (int64_t i = 0; i < call->rows; i++)                    \
			out[i / 64] |= (uint64_t)(TEST(in[i])) << (i % 64); \
		return MILL_OK;                                             \
	}
#define IS_NAN(x)    ((x) != (x))
#define IS_FINITE(x) ((x) - (x) == 0)
#define IS_INF(x)    ((x) == (x) && !((x) - (x) == 0))
FLOAT_TEST(isnan_f64, double, IS_NAN)
FLOAT_TEST(isnan_f32, float, IS_NAN)
FLOAT_TEST(isfinite_f64, double, IS_FINITE)
FLOAT_TEST(isfinite_f32, float, IS_FINITE)
FLOAT_TEST(isinf_f64, double, IS_INF)
FLOAT_TEST(isinf_f32, float, IS_INF)
#define TEST_OVERLOADS(NAME)                                                   \
	static const mill_overload NAME##_overloads[] = {                      \
	    {{MILL_TYPE_FLOAT64}, 1, false, MILL_TYPE_BOOL, NAME##_f64, NULL}, \
	    {{MILL_TYPE_FLOAT32}, 1, false, MILL_TYPE_BOOL, NAME##_f32, NULL}};
TEST_OVERLOADS(isnan)
TEST_OVERLOADS(isfinite)
TEST_OVERLOADS(isinf)

static mill_expr *pi(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_literal value = {.as.f64 = 3.14159265358979323846};
	(void)args;
	(void)arg_count;
	return mill_expr_literal(b, mill_type_of(MILL_TYPE_FLOAT64), &value, err);
}

/* div(a, b): the whole quotient; of integers that is a / b. */
static mill_expr *div_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *quotient = mill_expr_call(b, "/", args, arg_count, err);
	if (quotient == NULL || mill_type_is_integer(quotient->type))
		return quotient;
	if (quotient->type.id != MILL_TYPE_DECIMAL)
		return mill_expr_call(b, "trunc", &quotient, 1, err);
	/* (a − a % b) / b is exact, where a rounded quotient could reach the next whole number. */
	mill_expr *rest = mill_expr_call(b, "%", args, 2, err);
	mill_expr *minus[2] = {args[0], rest};
	mill_expr *multiple = rest == NULL ? NULL : mill_expr_call(b, "-", minus, 2, err);
	mill_expr *parts[2] = {multiple, args[1]};
	mill_expr *exact = multiple == NULL ? NULL : mill_expr_call(b, "/", parts, 2, err);
	return exact == NULL ? NULL : mill_expr_call(b, "trunc", &exact, 1, err);
}

#define BIT_KERNEL(NAME, T, EXPRESSION)                                                             \
	static mill_status NAME(mill_call *call, mill_error *err)                                   \
	{                                                                                           \
		const T *a = mill_call_values(call, 0), *b = mill_call_values(call, 1);             \
		int64_t stride_a = mill_call_stride(call, 0), stride_b = mill_call_stride(call, 1); \
		T *out = call->out->values;                                                         \
		(void)err;                                                                          \
		for (int64_t i = 0; i < call->rows; i++) {                                          \
			T x = a[i * stride_a], y = b[i * stride_b];                                 \
			out[i] = (T)(EXPRESSION);                                                   \
		}                                                                                   \
		return MILL_OK;                                                                     \
	}
/* Shifts count modulo the width, as PostgreSQL's do on this machine. */
#define WIDTH_MASK(T) ((int64_t)sizeof(T) * 8 - 1)
#define BIT_KERNELS(s, T, U, ID)                                            \
	BIT_KERNEL(bit_and_##s, T, x &y)                                    \
	BIT_KERNEL(bit_or_##s, T, x | y)                                    \
	BIT_KERNEL(bit_xor_##s, T, x ^ y)                                   \
	BIT_KERNEL(shift_left_##s, T, (U)x << ((int64_t)y & WIDTH_MASK(T))) \
	BIT_KERNEL(shift_right_##s, T, x >> ((int64_t)y & WIDTH_MASK(T)))   \
	static mill_status bit_not_##s(mill_call *call, mill_error *err)    \
	{                                                                   \
		const T *in = mill_call_values(call, 0);                    \
		T *out = call->out->values;                                 \
		(void)err;                                                  \
		for (int64_t i = 0; i < call->rows; i++)                    \
			out[i] = (T)~in[i];                                 \
		return MILL_OK;                                             \
	}
MILL_INTEGER_TYPES(BIT_KERNELS)

#define BITS(op, s, ID)                                                                    \
	{                                                                                  \
		{MILL_TYPE_##ID, MILL_TYPE_##ID}, 2, false, MILL_TYPE_##ID, op##_##s, NULL \
	}
#define BIT_OVERLOADS(op)                                                                           \
	static const mill_overload op##_overloads[] = {                                             \
	    BITS(op, i32, INT32), BITS(op, i64, INT64),  BITS(op, i16, INT16),  BITS(op, i8, INT8), \
	    BITS(op, u8, UINT8),  BITS(op, u16, UINT16), BITS(op, u32, UINT32), BITS(op, u64, UINT64)};
BIT_OVERLOADS(bit_and)
BIT_OVERLOADS(bit_or)
BIT_OVERLOADS(bit_xor)
BIT_OVERLOADS(shift_left)
BIT_OVERLOADS(shift_right)
#define NOT_OF(s, ID)                                                         \
	{                                                                     \
		{MILL_TYPE_##ID}, 1, false, MILL_TYPE_##ID, bit_not_##s, NULL \
	}
static const mill_overload bit_not_overloads[] = {NOT_OF(i8, INT8),    NOT_OF(i16, INT16), NOT_OF(i32, INT32),
                                                  NOT_OF(i64, INT64),  NOT_OF(u8, UINT8),  NOT_OF(u16, UINT16),
                                                  NOT_OF(u32, UINT32), NOT_OF(u64, UINT64)};

#define MATH(text, list, line)                                                                    \
	{                                                                                         \
		.name = text, .group = MILL_GROUP_MATH, .help = line, MILL_LIST(list##_overloads) \
	}
#define INNER(text, list, line, shown)                                                                 \
	{                                                                                              \
		.name = text, .group = MILL_GROUP_MATH, .standing = MILL_FUNCTION_INNER, .help = line, \
		MILL_LIST(list##_overloads), .display = shown                                          \
	}
#define SYMBOL(text, list, line)                                                                       \
	{                                                                                              \
		.name = text, .group = MILL_GROUP_OPERATOR, .help = line, MILL_LIST(list##_overloads), \
		.is_operator = true, .is_infix = true                                                  \
	}
#define REWRITE(text, function, low, high, line)                                                            \
	{                                                                                                   \
		.name = text, .group = MILL_GROUP_MATH, .help = line, .rewrite = function, .min_args = low, \
		.max_args = high                                                                            \
	}

static const mill_function functions[] = {
    REWRITE("round", round_rewrite, 1, 2,
            "round(x [, n]): to n places; decimals half away from zero, floats half to even"),
    REWRITE("trunc", trunc_rewrite, 1, 2, "trunc(x [, n]): towards zero, to n places"),
    INNER("round_whole", round, "round(x): to a whole number", "round"),
    INNER("trunc_whole", trunc, "trunc(x): towards zero", "trunc"),
    INNER("round_places", round_places, "round(x, n): to n places", "round"),
    INNER("trunc_places", trunc_places, "trunc(x, n): to n places, towards zero", "trunc"),
    MATH("floor", floor, "floor(x): the next whole number below"),
    MATH("ceil", ceil, "ceil(x): the next whole number above"),
    MATH("ceiling", ceil, "ceiling(x): the next whole number above"),
    MATH("sqrt", sqrt, "sqrt(x): square root"),
    MATH("cbrt", cbrt, "cbrt(x): cube root"),
    MATH("exp", exp, "exp(x): e to the x"),
    MATH("expm1", expm1, "expm1(x): exp(x) - 1, exact near 0"),
    MATH("ln", ln, "ln(x): natural logarithm"),
    MATH("log", log, "log(x): logarithm to base 10; log(b, x): to base b"),
    MATH("log2", log2, "log2(x): logarithm to base 2"),
    MATH("log10", log10, "log10(x): logarithm to base 10"),
    MATH("log1p", log1p, "log1p(x): ln(1 + x), exact near 0"),
    MATH("ln1p", log1p, "ln1p(x): ln(1 + x), exact near 0"),
    MATH("power", power, "power(x, y): x to the y, a float64"),
    MATH("pow", power, "pow(x, y): x to the y, a float64"),
    SYMBOL("^", power, "x ^ y: x to the y, a float64"),
    MATH("sin", sin, "sin(x): sine of radians"),
    MATH("cos", cos, "cos(x): cosine of radians"),
    MATH("tan", tan, "tan(x): tangent of radians"),
    MATH("asin", asin, "asin(x): arc sine"),
    MATH("acos", acos, "acos(x): arc cosine"),
    MATH("atan", atan, "atan(x): arc tangent"),
    MATH("atan2", atan2, "atan2(y, x): angle of the point (x, y)"),
    MATH("sinh", sinh, "sinh(x): hyperbolic sine"),
    MATH("cosh", cosh, "cosh(x): hyperbolic cosine"),
    MATH("tanh", tanh, "tanh(x): hyperbolic tangent"),
    MATH("degrees", degrees, "degrees(x): radians to degrees"),
    MATH("radians", radians, "radians(x): degrees to radians"),
    REWRITE("pi", pi, 0, 0, "pi(): 3.141592653589793"),
    REWRITE("div", div_rewrite, 2, 2, "div(a, b): quotient truncated to a whole number"),
    MATH("isnan", isnan, "isnan(x): whether a float is NaN"),
    MATH("isfinite", isfinite, "isfinite(x): whether a float is neither NaN nor infinite"),
    MATH("isinf", isinf, "isinf(x): whether a float is infinite"),
    SYMBOL("&", bit_and, "a & b: bits set in both"),
    SYMBOL("|", bit_or, "a | b: bits set in either"),
    SYMBOL("#", bit_xor, "a # b: bits set in one only"),
    SYMBOL("<<", shift_left, "a << n: bits shifted up"),
    SYMBOL(">>", shift_right, "a >> n: bits shifted down, keeping the sign"),
    INNER("bit_not", bit_not, "~a: every bit inverted", "~"),
};

const mill_function_table mill_functions_math = MILL_TABLE_OF(functions);
