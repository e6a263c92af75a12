#include "expr/kernels/cast.h"
#include "expr/decimal.h"
#include <math.h>

/* Casts among integers and floats. Float to integer rounds half to even, as PostgreSQL does. */

/* CONVERT(T, U, x, r): sets r, gives a word of flags whose top bit says that x does not fit. */
#define CAST_KERNEL(from, to, F, T, CONVERT)                                                                         \
	static MILL_SIMD_BODY uint64_t loop_##from##_##to##_body(const F *restrict a, T *restrict out, int64_t rows) \
	{                                                                                                            \
		uint64_t bad = 0;                                                                                    \
		for (int64_t i = 0; i < rows; i++)                                                                   \
			bad |= (uint64_t)CONVERT(F, T, a[i], out[i]);                                                \
		return bad;                                                                                          \
	}                                                                                                            \
	MILL_SIMD_COPIES(static uint64_t, loop_##from##_##to, (a, out, rows), const F *restrict a, T *restrict out,  \
	                 int64_t rows)                                                                               \
	mill_status mill_cast_##from##_##to(mill_call *call, mill_error *err)                                        \
	{                                                                                                            \
		const F *a = mill_call_values(call, 0);                                                              \
		(void)err;                                                                                           \
		if (loop_##from##_##to(call->simd, a, call->out->values, call->rows) == 0)                           \
			return MILL_OK;                                                                              \
		for (int64_t i = 0; i < call->rows; i++) {                                                           \
			T ignored;                                                                                   \
			if (CONVERT(F, T, a[i], ignored) && mill_call_valid(call, i))                                \
				mill_call_fail_row(call, i, MILL_ROW_CAST_RANGE);                                    \
			(void)ignored;                                                                               \
		}                                                                                                    \
		return MILL_OK;                                                                                      \
	}

#define IS_NEGATIVE(x)                 (!((x) >= 1) && (x) != 0)
#define INTEGER_TO_INTEGER(F, T, x, r) ((r) = (T)(x), ((F)(r) != (x)) | (IS_NEGATIVE(r) != IS_NEGATIVE(x)))
#define INTEGER_TO_FLOAT(F, T, x, r)   ((r) = (T)(x), 0)
#define FLOAT_TO_FLOAT(F, T, x, r)     ((r) = (T)(x), isinf(r) && !isinf(x))
/* 2^(bits of T): limits that are exact in a double. */
#define IS_UNSIGNED(T)               ((T)-1 >= 1)
#define UPPER_LIMIT(T)               ((double)((T)((uint64_t)1 << (sizeof(T) * 8 - 2))) * (IS_UNSIGNED(T) ? 4.0 : 2.0))
#define LOWER_LIMIT(T)               (IS_UNSIGNED(T) ? 0.0 : -UPPER_LIMIT(T))
#define MISFIT(T, x)                 (!(rint((double)(x)) < UPPER_LIMIT(T) && rint((double)(x)) >= LOWER_LIMIT(T)))
#define FLOAT_TO_INTEGER(F, T, x, r) ((r) = MISFIT(T, x) ? (T)0 : (T)rint((double)(x)), MISFIT(T, x))

#define TO_INTEGERS(from, F, CONVERT)                \
	CAST_KERNEL(from, i8, F, int8_t, CONVERT)    \
	CAST_KERNEL(from, i16, F, int16_t, CONVERT)  \
	CAST_KERNEL(from, i32, F, int32_t, CONVERT)  \
	CAST_KERNEL(from, i64, F, int64_t, CONVERT)  \
	CAST_KERNEL(from, u8, F, uint8_t, CONVERT)   \
	CAST_KERNEL(from, u16, F, uint16_t, CONVERT) \
	CAST_KERNEL(from, u32, F, uint32_t, CONVERT) \
	CAST_KERNEL(from, u64, F, uint64_t, CONVERT)

#define FROM_INTEGER(s, F, U, ID)                       \
	TO_INTEGERS(s, F, INTEGER_TO_INTEGER)           \
	CAST_KERNEL(s, f32, F, float, INTEGER_TO_FLOAT) \
	CAST_KERNEL(s, f64, F, double, INTEGER_TO_FLOAT)
#define FROM_FLOAT(s, F, U, ID)                       \
	TO_INTEGERS(s, F, FLOAT_TO_INTEGER)           \
	CAST_KERNEL(s, f32, F, float, FLOAT_TO_FLOAT) \
	CAST_KERNEL(s, f64, F, double, FLOAT_TO_FLOAT)

MILL_INTEGER_TYPES(FROM_INTEGER)
MILL_FLOAT_TYPES(FROM_FLOAT)

#define LIST_TO(from)                                                                                    \
	{mill_cast_##from##_i8,  mill_cast_##from##_i16, mill_cast_##from##_i32, mill_cast_##from##_i64, \
	 mill_cast_##from##_u8,  mill_cast_##from##_u16, mill_cast_##from##_u32, mill_cast_##from##_u64, \
	 mill_cast_##from##_f32, mill_cast_##from##_f64},
#define LIST_FROM(s, T, U, ID) LIST_TO(s)

mill_kernel mill_cast_number(mill_type from, mill_type to)
{
	static const mill_kernel kernels[10][10] = {MILL_INTEGER_TYPES(LIST_FROM) MILL_FLOAT_TYPES(LIST_FROM)};
	return kernels[from.id - MILL_TYPE_INT8][to.id - MILL_TYPE_INT8];
}

#define BOOL_CASTS(s, T, U, ID)                                               \
	mill_status mill_cast_bool_##s(mill_call *call, mill_error *err)      \
	{                                                                     \
		const uint64_t *bits = mill_call_values(call, 0);             \
		T *out = call->out->values;                                   \
		(void)err;                                                    \
		for (int64_t i = 0; i < call->rows; i++)                      \
			out[i] = (T)mill_bit_get(bits, i);                    \
		return MILL_OK;                                               \
	}                                                                     \
	mill_status mill_cast_##s##_bool(mill_call *call, mill_error *err)    \
	{                                                                     \
		const T *in = mill_call_values(call, 0);                      \
		uint64_t *out = call->out->values;                            \
		(void)err;                                                    \
		for (int64_t w = 0; w * 64 < call->rows; w++) {               \
			uint64_t word = 0;                                    \
			int64_t n = mill_min_i64(64, call->rows - w * 64);    \
			for (int64_t k = 0; k < n; k++)                       \
				word |= (uint64_t)(in[w * 64 + k] != 0) << k; \
			out[w] = word;                                        \
		}                                                             \
		return MILL_OK;                                               \
	}

MILL_INTEGER_TYPES(BOOL_CASTS)

#define LIST_FROM_BOOL(s, T, U, ID) mill_cast_bool_##s,
#define LIST_TO_BOOL(s, T, U, ID)   mill_cast_##s##_bool,

mill_kernel mill_cast_bool(mill_type integer, bool to_bool)
{
	static const mill_kernel from[] = {MILL_INTEGER_TYPES(LIST_FROM_BOOL)};
	static const mill_kernel to[] = {MILL_INTEGER_TYPES(LIST_TO_BOOL)};
	int i = integer.id - MILL_TYPE_INT8;
	return to_bool ? to[i] : from[i];
}

/* Integers to and from decimals. */
#define DECIMAL_CASTS(s, T, U, ID)                                                                                    \
	mill_status mill_cast_##s##_dec(mill_call *call, mill_error *err)                                             \
	{                                                                                                             \
		const T *in = mill_call_values(call, 0);                                                              \
		mill_i128 *out = call->out->values;                                                                   \
		mill_type to = call->out->type;                                                                       \
		mill_i128 unit = mill_decimal_pow10(to.scale);                                                        \
		bool fits = mill_decimal_of_integer(call->args[0]->column.type).precision <= to.precision - to.scale; \
		(void)err;                                                                                            \
		for (int64_t i = 0; fits && i < call->rows; i++)                                                      \
			out[i] = (mill_i128)in[i] * unit;                                                             \
		for (int64_t i = 0; !fits && i < call->rows; i++) {                                                   \
			out[i] = 0;                                                                                   \
			if (mill_call_valid(call, i) &&                                                               \
			    !mill_decimal_rescale(in[i], 0, to.scale, to.precision, &out[i]))                         \
				mill_call_fail_row(call, i, MILL_ROW_CAST_RANGE);                                     \
		}                                                                                                     \
		return MILL_OK;                                                                                       \
	}                                                                                                             \
	mill_status mill_cast_dec_##s(mill_call *call, mill_error *err)                                               \
	{                                                                                                             \
		const mill_i128 *in = mill_call_values(call, 0);                                                      \
		T *out = call->out->values;                                                                           \
		int scale = call->args[0]->column.type.scale;                                                         \
		(void)err;                                                                                            \
		for (int64_t i = 0; i < call->rows; i++) {                                                            \
			mill_i128 whole = 0;                                                                          \
			out[i] = 0;                                                                                   \
			if (!mill_call_valid(call, i))                                                                \
				continue;                                                                             \
			if (!mill_decimal_rescale(in[i], scale, 0, 38, &whole) ||                                     \
			    __builtin_add_overflow(whole, (mill_i128)0, &out[i]))                                     \
				mill_call_fail_row(call, i, MILL_ROW_CAST_RANGE);                                     \
		}                                                                                                     \
		return MILL_OK;                                                                                       \
	}

MILL_INTEGER_TYPES(DECIMAL_CASTS)

#define LIST_TO_DECIMAL(s, T, U, ID)   mill_cast_##s##_dec,
#define LIST_FROM_DECIMAL(s, T, U, ID) mill_cast_dec_##s,

mill_kernel mill_cast_integer_decimal(mill_type integer, bool to_decimal)
{
	static const mill_kernel from[] = {MILL_INTEGER_TYPES(LIST_FROM_DECIMAL)};
	static const mill_kernel to[] = {MILL_INTEGER_TYPES(LIST_TO_DECIMAL)};
	int i = integer.id - MILL_TYPE_INT8;
	return to_decimal ? to[i] : from[i];
}

#define FLOAT_DECIMAL_CASTS(s, T, DIGITS)                                                                   \
	mill_status mill_cast_##s##_dec(mill_call *call, mill_error *err)                                   \
	{                                                                                                   \
		const T *in = mill_call_values(call, 0);                                                    \
		mill_i128 *out = call->out->values;                                                         \
		mill_type to = call->out->type;                                                             \
		(void)err;                                                                                  \
		for (int64_t i = 0; i < call->rows; i++) {                                                  \
			out[i] = 0;                                                                         \
			if (mill_call_valid(call, i) &&                                                     \
			    !mill_decimal_of_float((double)in[i], DIGITS, to.precision, to.scale, &out[i])) \
				mill_call_fail_row(call, i, MILL_ROW_CAST_RANGE);                           \
		}                                                                                           \
		return MILL_OK;                                                                             \
	}                                                                                                   \
	mill_status mill_cast_dec_##s(mill_call *call, mill_error *err)                                     \
	{                                                                                                   \
		const mill_i128 *in = mill_call_values(call, 0);                                            \
		T *out = call->out->values;                                                                 \
		int scale = call->args[0]->column.type.scale;                                               \
		(void)err;                                                                                  \
		for (int64_t i = 0; i < call->rows; i++)                                                    \
			out[i] = mill_call_valid(call, i) ? mill_decimal_##s(in[i], scale) : 0;             \
		return MILL_OK;                                                                             \
	}

FLOAT_DECIMAL_CASTS(f32, float, 6)
FLOAT_DECIMAL_CASTS(f64, double, 15)

mill_status mill_cast_dec_dec(mill_call *call, mill_error *err)
{
	const mill_i128 *in = mill_call_values(call, 0);
	mill_i128 *out = call->out->values;
	mill_type from = call->args[0]->column.type, to = call->out->type;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		out[i] = 0;
		if (mill_call_valid(call, i) &&
		    !mill_decimal_rescale(in[i], from.scale, to.scale, to.precision, &out[i]))
			mill_call_fail_row(call, i, MILL_ROW_CAST_RANGE);
	}
	return MILL_OK;
}
