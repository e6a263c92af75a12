#include "expr/decimal.h"
#include "expr/kernels.h"
#include <string.h>

/* Comparisons write bitmaps. The order is total (NaN = NaN, above every number), so = and < give all six: a > b is b <
 * a, a <= b is NOT b < a, a <> b is NOT a = b. */

/* 64 bytes of 0 or 1 to 64 bits. */
static inline uint64_t pack_bytes(const uint8_t bytes[64])
{
	uint64_t word = 0;
	for (int k = 0; k < 8; k++) {
		uint64_t eight;
		memcpy(&eight, bytes + k * 8, 8);
		word |= ((eight * 0x0102040810204080U) >> 56) << (k * 8);
	}
	return word;
}

#define LOOP_WORDS(EXPRESSION)                                      \
	for (int64_t w = 0; w < rows / 64; w++) {                   \
		uint8_t bytes[64];                                  \
		for (int64_t k = 0; k < 64; k++) {                  \
			int64_t i = w * 64 + k;                     \
			bytes[k] = (uint8_t)(EXPRESSION);           \
		}                                                   \
		out[w] = pack_bytes(bytes);                         \
	}                                                           \
	if (rows % 64 != 0) {                                       \
		uint64_t word = 0;                                  \
		for (int64_t i = rows / 64 * 64; i < rows; i++)     \
			word |= (uint64_t)(EXPRESSION) << (i % 64); \
		out[rows / 64] = word;                              \
	}

#define COMPARE_LOOP(NAME, T, TEST)                                                                                 \
	static MILL_SIMD_BODY void NAME##_body(const T *restrict a, int64_t step_a, const T *restrict b,            \
	                                       int64_t step_b, uint64_t *restrict out, int64_t rows)                \
	{                                                                                                           \
		if (step_b == 0) {                                                                                  \
			T y = b[0];                                                                                 \
			LOOP_WORDS(TEST(a[i], y))                                                                   \
		} else if (step_a == 0) {                                                                           \
			T x = a[0];                                                                                 \
			LOOP_WORDS(TEST(x, b[i]))                                                                   \
		} else {                                                                                            \
			LOOP_WORDS(TEST(a[i], b[i]))                                                                \
		}                                                                                                   \
	}                                                                                                           \
	MILL_SIMD_COPIES(static void, NAME, (a, step_a, b, step_b, out, rows), const T *restrict a, int64_t step_a, \
	                 const T *restrict b, int64_t step_b, uint64_t *restrict out, int64_t rows)

static void finish(const mill_call *call, bool invert)
{
	uint64_t *out = call->out->values;
	size_t words = mill_bit_words(call->rows);
	for (size_t w = 0; invert && w < words; w++)
		out[w] = ~out[w];
}

/* The six operators from a loop of equality and one of less-than, each called (first, second, swap, invert). */
#define SIX_KERNELS(s, RUN_EQ, RUN_LT)                              \
	mill_status mill_k_eq_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_EQ(call, 0, false), MILL_OK;  \
	}                                                           \
	mill_status mill_k_ne_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_EQ(call, 0, true), MILL_OK;   \
	}                                                           \
	mill_status mill_k_lt_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_LT(call, 0, false), MILL_OK;  \
	}                                                           \
	mill_status mill_k_ge_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_LT(call, 0, true), MILL_OK;   \
	}                                                           \
	mill_status mill_k_gt_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_LT(call, 1, false), MILL_OK;  \
	}                                                           \
	mill_status mill_k_le_##s(mill_call *call, mill_error *err) \
	{                                                           \
		return (void)err, RUN_LT(call, 1, true), MILL_OK;   \
	}

#define TEST_EQ(x, y)       ((x) == (y))
#define TEST_LT(x, y)       ((x) < (y))
#define TEST_EQ_FLOAT(x, y) (((x) == (y)) | (((x) != (x)) & ((y) != (y))))
#define TEST_LT_FLOAT(x, y) (((x) < (y)) | (((y) != (y)) & ((x) == (x))))

#define TYPED_RUN(s, T, EQ, LT)                                                                                        \
	COMPARE_LOOP(loop_eq_##s, T, EQ)                                                                               \
	COMPARE_LOOP(loop_lt_##s, T, LT)                                                                               \
	static void run_eq_##s(const mill_call *call, int first, bool invert)                                          \
	{                                                                                                              \
		(void)first;                                                                                           \
		loop_eq_##s(call->simd, mill_call_values(call, 0), mill_call_step(call, 0), mill_call_values(call, 1), \
		            mill_call_step(call, 1), call->out->values, call->rows);                                   \
		finish(call, invert);                                                                                  \
	}                                                                                                              \
	static void run_lt_##s(const mill_call *call, int first, bool invert)                                          \
	{                                                                                                              \
		int second = 1 - first;                                                                                \
		loop_lt_##s(call->simd, mill_call_values(call, first), mill_call_step(call, first),                    \
		            mill_call_values(call, second), mill_call_step(call, second), call->out->values,           \
		            call->rows);                                                                               \
		finish(call, invert);                                                                                  \
	}                                                                                                              \
	SIX_KERNELS(s, run_eq_##s, run_lt_##s)

#define INTEGER_RUN(s, T, U, ID) TYPED_RUN(s, T, TEST_EQ, TEST_LT)
#define FLOAT_RUN(s, T, U, ID)   TYPED_RUN(s, T, TEST_EQ_FLOAT, TEST_LT_FLOAT)

MILL_INTEGER_TYPES(INTEGER_RUN)
MILL_FLOAT_TYPES(FLOAT_RUN)

static uint64_t bool_word(const mill_vector *v, size_t w)
{
	const uint64_t *bits = v->column.values;
	return v->constant ? (uint64_t)0 - (bits[0] & 1) : bits[w];
}

static void run_eq_bool(const mill_call *call, int first, bool invert)
{
	uint64_t *out = call->out->values;
	(void)first;
	for (size_t w = 0; w < mill_bit_words(call->rows); w++)
		out[w] = ~(bool_word(call->args[0], w) ^ bool_word(call->args[1], w));
	finish(call, invert);
}

static void run_lt_bool(const mill_call *call, int first, bool invert)
{
	uint64_t *out = call->out->values;
	for (size_t w = 0; w < mill_bit_words(call->rows); w++)
		out[w] = ~bool_word(call->args[first], w) & bool_word(call->args[1 - first], w);
	finish(call, invert);
}

SIX_KERNELS(bool, run_eq_bool, run_lt_bool)

/* Rows that are valid, one at a time, for types without a vector form. */
#define ROWWISE_RUN(NAME, TEST)                                                          \
	static void NAME(const mill_call *call, int first, bool invert)                  \
	{                                                                                \
		uint64_t *out = call->out->values;                                       \
		memset(out, 0, mill_bit_words(call->rows) * 8);                          \
		for (int64_t i = 0; i < call->rows; i++)                                 \
			if (mill_call_valid(call, i) && TEST(call, first, 1 - first, i)) \
				mill_bit_set(out, i);                                    \
		finish(call, invert);                                                    \
	}

static inline bool text_eq(const mill_call *call, int first, int second, int64_t row)
{
	int32_t a_length, b_length;
	const char *a = mill_call_text(call, first, row, &a_length);
	const char *b = mill_call_text(call, second, row, &b_length);
	return a_length == b_length && memcmp(a, b, (size_t)a_length) == 0;
}

static inline bool text_lt(const mill_call *call, int first, int second, int64_t row)
{
	int32_t a_length, b_length;
	const char *a = mill_call_text(call, first, row, &a_length);
	const char *b = mill_call_text(call, second, row, &b_length);
	int order = memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length));
	return order < 0 || (order == 0 && a_length < b_length);
}

ROWWISE_RUN(run_eq_text, text_eq)
ROWWISE_RUN(run_lt_text, text_lt)
SIX_KERNELS(text, run_eq_text, run_lt_text)

static inline int decimal_order(const mill_call *call, int first, int second, int64_t row)
{
	const mill_i128 *a = mill_call_values(call, first), *b = mill_call_values(call, second);
	return mill_decimal_compare(a[row * mill_call_step(call, first)], call->args[first]->column.type.scale,
	                            b[row * mill_call_step(call, second)], call->args[second]->column.type.scale);
}

#define DECIMAL_EQ(call, a, b, row) (decimal_order(call, a, b, row) == 0)
#define DECIMAL_LT(call, a, b, row) (decimal_order(call, a, b, row) < 0)
ROWWISE_RUN(run_eq_dec, DECIMAL_EQ)
ROWWISE_RUN(run_lt_dec, DECIMAL_LT)
SIX_KERNELS(dec, run_eq_dec, run_lt_dec)

/* As PostgreSQL: a month counts 30 days, a day 24 hours. */
static inline mill_i128 interval_us(const mill_call *call, int arg, int64_t row)
{
	const mill_interval *v = (const mill_interval *)mill_call_values(call, arg) + row * mill_call_step(call, arg);
	return ((mill_i128)v->months * 30 + v->days) * INT64_C(86400000000) + v->us;
}

#define INTERVAL_EQ(call, a, b, row) (interval_us(call, a, row) == interval_us(call, b, row))
#define INTERVAL_LT(call, a, b, row) (interval_us(call, a, row) < interval_us(call, b, row))
ROWWISE_RUN(run_eq_interval, INTERVAL_EQ)
ROWWISE_RUN(run_lt_interval, INTERVAL_LT)
SIX_KERNELS(interval, run_eq_interval, run_lt_interval)

#define OVERLOAD(op, ID, s) {{MILL_TYPE_##ID, MILL_TYPE_##ID}, 2, false, MILL_TYPE_BOOL, mill_k_##op##_##s, NULL},
#define OVERLOADS_OF(op)                                                                                              \
	static const mill_overload op##_overloads[] = {                                                               \
	    OVERLOAD(op, INT8, i8) OVERLOAD(op, INT16, i16) OVERLOAD(op, INT32, i32) OVERLOAD(op, INT64, i64)         \
	        OVERLOAD(op, UINT8, u8) OVERLOAD(op, UINT16, u16) OVERLOAD(op, UINT32, u32) OVERLOAD(op, UINT64, u64) \
	            OVERLOAD(op, FLOAT32, f32) OVERLOAD(op, FLOAT64, f64) OVERLOAD(op, DECIMAL, dec)                  \
	                OVERLOAD(op, STRING, text) OVERLOAD(op, BINARY, text) OVERLOAD(op, BOOL, bool)                \
	                    OVERLOAD(op, DATE, i32) OVERLOAD(op, TIMESTAMP, i64) OVERLOAD(op, INTERVAL, interval)};

OVERLOADS_OF(eq)
OVERLOADS_OF(ne)
OVERLOADS_OF(lt)
OVERLOADS_OF(le)
OVERLOADS_OF(gt)
OVERLOADS_OF(ge)

#define COMPARISON(symbol, op, text)                                                                           \
	{                                                                                                      \
		.name = symbol, .group = "operator", .help = text, MILL_LIST(op##_overloads), .compares = true \
	}

static const mill_function functions[] = {
    COMPARISON("=", eq, "a = b: equal (NaN equals NaN); NULL when either is NULL"),
    COMPARISON("<>", ne, "a <> b: not equal; also !="),
    COMPARISON("!=", ne, "a != b: not equal; also <>"),
    COMPARISON("<", lt, "a < b: less; text by UTF-8 bytes, NaN above every number"),
    COMPARISON("<=", le, "a <= b: less or equal"),
    COMPARISON(">", gt, "a > b: greater"),
    COMPARISON(">=", ge, "a >= b: greater or equal"),
};

mill_function_table mill_functions_compare(void)
{
	return MILL_TABLE_OF(functions);
}
