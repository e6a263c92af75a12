/* Comparisons write bitmaps. The order is total (NaN = NaN, above every number), so = and < give all six: a > b is b <
 * a, a <= b is NOT b < a, a <> b is NOT a = b. */
#include "expr/decimal.h"
#include "expr/kernels/kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <string.h>

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

#define COMPARE_LOOP(NAME, T, TEST)                                                                        \
	static MILL_SIMD_BODY void NAME##_body(const T *restrict a, int64_t stride_a, const T *restrict b, \
	                                       int64_t stride_b, uint64_t *restrict out, int64_t rows)     \
	{                                                                                                  \
		if (stride_b == 0) {                                                                       \
			T y = b[0];                                                                        \
			LOOP_WORDS(TEST(a[i], y))                                                          \
		} else if (stride_a == 0) {                                                                \
			T x = a[0];                                                                        \
			LOOP_WORDS(TEST(x, b[i]))                                                          \
		} else {                                                                                   \
			LOOP_WORDS(TEST(a[i], b[i]))                                                       \
		}                                                                                          \
	}                                                                                                  \
	MILL_SIMD_COPIES(static void, NAME, (a, stride_a, b, stride_b, out, rows), const T *restrict a,    \
	                 int64_t stride_a, const T *restrict b, int64_t stride_b, uint64_t *restrict out,  \
	                 int64_t rows)

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

#define TYPED_RUN(s, T, EQ, LT)                                                                                   \
	COMPARE_LOOP(loop_eq_##s, T, EQ)                                                                          \
	COMPARE_LOOP(loop_lt_##s, T, LT)                                                                          \
	static void run_eq_##s(const mill_call *call, int first, bool invert)                                     \
	{                                                                                                         \
		(void)first;                                                                                      \
		loop_eq_##s(call->simd, mill_call_values(call, 0), mill_call_stride(call, 0),                     \
		            mill_call_values(call, 1), mill_call_stride(call, 1), call->out->values, call->rows); \
		finish(call, invert);                                                                             \
	}                                                                                                         \
	static void run_lt_##s(const mill_call *call, int first, bool invert)                                     \
	{                                                                                                         \
		int second = 1 - first;                                                                           \
		loop_lt_##s(call->simd, mill_call_values(call, first), mill_call_stride(call, first),             \
		            mill_call_values(call, second), mill_call_stride(call, second), call->out->values,    \
		            call->rows);                                                                          \
		finish(call, invert);                                                                             \
	}                                                                                                         \
	SIX_KERNELS(s, run_eq_##s, run_lt_##s)

#define INTEGER_RUN(s, T, U, ID) TYPED_RUN(s, T, TEST_EQ, TEST_LT)
#define FLOAT_RUN(s, T, U, ID)   TYPED_RUN(s, T, TEST_EQ_FLOAT, TEST_LT_FLOAT)

MILL_INTEGER_TYPES(INTEGER_RUN)
FLOAT_RUN(f32, float, uint32_t, FLOAT32)

/* float64, the taxi job's every second operator, straight from compare masks: packing bytes costs four times as much.
 */
#if defined(__x86_64__)
#define LANES_EQ(x, y)  _mm_or_pd(_mm_cmpeq_pd(x, y), _mm_and_pd(_mm_cmpunord_pd(x, x), _mm_cmpunord_pd(y, y)))
#define LANES_LT(x, y)  _mm_or_pd(_mm_cmplt_pd(x, y), _mm_and_pd(_mm_cmpunord_pd(y, y), _mm_cmpord_pd(x, x)))
#define UNORDERED(x)    _mm256_cmp_pd(x, x, _CMP_UNORD_Q)
#define ORDERED(x)      _mm256_cmp_pd(x, x, _CMP_ORD_Q)
#define LANES4_EQ(x, y) _mm256_or_pd(_mm256_cmp_pd(x, y, _CMP_EQ_OQ), _mm256_and_pd(UNORDERED(x), UNORDERED(y)))
#define LANES4_LT(x, y) _mm256_or_pd(_mm256_cmp_pd(x, y, _CMP_LT_OQ), _mm256_and_pd(UNORDERED(y), ORDERED(x)))

#define MASK_LOOP(NAME, TARGET, V, WIDTH, LOAD, SET, MOVE, LANES, TEST)                                              \
	TARGET static void NAME(const double *a, int64_t stride_a, const double *b, int64_t stride_b, uint64_t *out, \
	                        int64_t rows)                                                                        \
	{                                                                                                            \
		for (int64_t w = 0; w < rows / 64; w++) {                                                            \
			uint64_t word = 0;                                                                           \
			for (int64_t k = 0; k < 64; k += WIDTH) {                                                    \
				V x = stride_a != 0 ? LOAD(a + w * 64 + k) : SET(*a);                                \
				V y = stride_b != 0 ? LOAD(b + w * 64 + k) : SET(*b);                                \
				word |= (uint64_t)(unsigned)MOVE(LANES(x, y)) << k;                                  \
			}                                                                                            \
			out[w] = word;                                                                               \
		}                                                                                                    \
		uint64_t word = 0;                                                                                   \
		for (int64_t i = rows / 64 * 64; i < rows; i++)                                                      \
			word |= (uint64_t)(TEST(a[i * stride_a], b[i * stride_b])) << (i % 64);                      \
		if (rows % 64 != 0)                                                                                  \
			out[rows / 64] = word;                                                                       \
	}
#define SSE2_LOOP(NAME, LANES, TEST) \
	MASK_LOOP(NAME##_portable, , __m128d, 2, _mm_loadu_pd, _mm_set1_pd, _mm_movemask_pd, LANES, TEST)
#define AVX_LOOP(NAME, LANES, TEST)                                                                                \
	MASK_LOOP(NAME##_v3, MILL_SIMD_V3_TARGET, __m256d, 4, _mm256_loadu_pd, _mm256_set1_pd, _mm256_movemask_pd, \
	          LANES, TEST)
SSE2_LOOP(mask_eq, LANES_EQ, TEST_EQ_FLOAT)
SSE2_LOOP(mask_lt, LANES_LT, TEST_LT_FLOAT)
AVX_LOOP(mask_eq, LANES4_EQ, TEST_EQ_FLOAT)
AVX_LOOP(mask_lt, LANES4_LT, TEST_LT_FLOAT)

static void run_eq_f64(const mill_call *call, int first, bool invert)
{
	(void)first;
	(call->simd == MILL_SIMD_V3 ? mask_eq_v3 : mask_eq_portable)(
	    mill_call_values(call, 0), mill_call_stride(call, 0), mill_call_values(call, 1), mill_call_stride(call, 1),
	    call->out->values, call->rows);
	finish(call, invert);
}

static void run_lt_f64(const mill_call *call, int first, bool invert)
{
	int second = 1 - first;
	(call->simd == MILL_SIMD_V3 ? mask_lt_v3 : mask_lt_portable)(
	    mill_call_values(call, first), mill_call_stride(call, first), mill_call_values(call, second),
	    mill_call_stride(call, second), call->out->values, call->rows);
	finish(call, invert);
}
SIX_KERNELS(f64, run_eq_f64, run_lt_f64)
#else
FLOAT_RUN(f64, double, uint64_t, FLOAT64)
#endif

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

ROWWISE_RUN(rowwise_eq_text, text_eq)

/* A constant side: most rows differ in length or in the last byte, which costs no call. */
static void run_eq_text(const mill_call *call, int first, bool invert)
{
	int constant = call->args[0]->constant ? 0 : 1;
	const mill_column *c = &call->args[1 - constant]->column;
	uint64_t *out = call->out->values;
	int32_t length;
	const char *wanted = mill_call_text(call, constant, 0, &length);
	if (!call->args[constant]->constant || call->rows == 1 || length == 0) {
		rowwise_eq_text(call, first, invert);
		return;
	}
	for (int64_t w = 0; w * 64 < call->rows; w++) {
		uint64_t word = 0;
		int64_t n = mill_min_i64(64, call->rows - w * 64);
		for (int64_t k = 0; k < n; k++) {
			const int32_t *at = c->offsets + w * 64 + k;
			bool equal = at[1] - at[0] == length && c->bytes[at[1] - 1] == wanted[length - 1] &&
			             memcmp(c->bytes + at[0], wanted, (size_t)length) == 0;
			word |= (uint64_t)equal << k;
		}
		out[w] = word;
	}
	finish(call, invert);
}
ROWWISE_RUN(run_lt_text, text_lt)
SIX_KERNELS(text, run_eq_text, run_lt_text)

static inline int decimal_order(const mill_call *call, int first, int second, int64_t row)
{
	const mill_i128 *a = mill_call_values(call, first), *b = mill_call_values(call, second);
	return mill_decimal_compare(a[row * mill_call_stride(call, first)], call->args[first]->column.type.scale,
	                            b[row * mill_call_stride(call, second)], call->args[second]->column.type.scale);
}

#define DECIMAL_EQ(call, a, b, row) (decimal_order(call, a, b, row) == 0)
#define DECIMAL_LT(call, a, b, row) (decimal_order(call, a, b, row) < 0)
ROWWISE_RUN(scaled_eq_dec, DECIMAL_EQ)
ROWWISE_RUN(scaled_lt_dec, DECIMAL_LT)
COMPARE_LOOP(loop_eq_dec, mill_i128, TEST_EQ)
COMPARE_LOOP(loop_lt_dec, mill_i128, TEST_LT)

/* Values at one scale compare as integers; a constant is brought to the column's scale where it fits. */
static bool same_scale(const mill_call *call, mill_i128 constants[2], const mill_i128 *values[2])
{
	const mill_vector *const *args = call->args;
	int scales[2] = {args[0]->column.type.scale, args[1]->column.type.scale};
	values[0] = mill_call_values(call, 0);
	values[1] = mill_call_values(call, 1);
	for (int i = 0; i < 2 && scales[0] != scales[1]; i++)
		if (mill_call_stride(call, i) == 0 && scales[i] < scales[1 - i]) {
			if (!mill_decimal_rescale(*values[i], scales[i], scales[1 - i], 38, &constants[i]))
				return false;
			values[i] = &constants[i];
			return true;
		}
	return scales[0] == scales[1];
}

static void run_eq_dec(const mill_call *call, int first, bool invert)
{
	mill_i128 constants[2];
	const mill_i128 *values[2];
	if (!same_scale(call, constants, values)) {
		scaled_eq_dec(call, first, invert);
		return;
	}
	loop_eq_dec(call->simd, values[0], mill_call_stride(call, 0), values[1], mill_call_stride(call, 1),
	            call->out->values, call->rows);
	finish(call, invert);
}

static void run_lt_dec(const mill_call *call, int first, bool invert)
{
	mill_i128 constants[2];
	const mill_i128 *values[2];
	int second = 1 - first;
	if (!same_scale(call, constants, values)) {
		scaled_lt_dec(call, first, invert);
		return;
	}
	loop_lt_dec(call->simd, values[first], mill_call_stride(call, first), values[second],
	            mill_call_stride(call, second), call->out->values, call->rows);
	finish(call, invert);
}
SIX_KERNELS(dec, run_eq_dec, run_lt_dec)

/* As PostgreSQL: a month counts 30 days, a day 24 hours. */
static inline mill_i128 interval_us(const mill_call *call, int arg, int64_t row)
{
	const mill_interval *v = (const mill_interval *)mill_call_values(call, arg) + row * mill_call_stride(call, arg);
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

#define COMPARISON(symbol, op, text, meant)                                                             \
	{                                                                                               \
		.name = symbol, .group = MILL_GROUP_OPERATOR, .help = text, MILL_LIST(op##_overloads),  \
		.is_operator = true, .is_infix = true, .compares = true, .meaning = MILL_MEANS_##meant, \
		.rejects_nulls = true, .never_fails = mill_never_fails                                  \
	}

static const mill_function functions[] = {
    COMPARISON("=", eq, "a = b: equal (NaN equals NaN); NULL when either is NULL", EQUAL),
    COMPARISON("<>", ne, "a <> b: not equal; also !=", OTHER),
    COMPARISON("!=", ne, "a != b: not equal; also <>", OTHER),
    COMPARISON("<", lt, "a < b: less; text by UTF-8 bytes, NaN above every number", OTHER),
    COMPARISON("<=", le, "a <= b: less or equal", OTHER),
    COMPARISON(">", gt, "a > b: greater", OTHER),
    COMPARISON(">=", ge, "a >= b: greater or equal", OTHER),
};

const mill_function_table mill_functions_compare = MILL_TABLE_OF(functions);
