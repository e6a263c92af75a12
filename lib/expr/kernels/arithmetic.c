/* + − × ÷ % of integers and floats. A loop writes every row and ORs together a word whose top bit says that some row
 * overflowed; only then a second pass finds the rows, leaving NULL ones out. */
#include "expr/kernels/kernels.h"
#include <math.h>
#include <string.h>

typedef struct operands {
	const void *a, *b;
	int64_t stride_a, stride_b;
	void *out;
} operands;

static operands operands_of(const mill_call *call)
{
	return (operands){mill_call_values(call, 0), mill_call_values(call, 1), mill_call_stride(call, 0),
	                  mill_call_stride(call, 1), call->out->values};
}

/* STEP(x, y, r): sets r, gives a U whose top bit is set when the row is bad. CODE(x, y): the reason. */
#define BINARY_LOOP(NAME, T, U, STEP)                                                                        \
	static MILL_SIMD_BODY U NAME##_loop_body(const T *restrict a, int64_t stride_a, const T *restrict b, \
	                                         int64_t stride_b, T *restrict out, int64_t rows)            \
	{                                                                                                    \
		U bad = 0;                                                                                   \
		if (stride_b == 0) {                                                                         \
			T y = b[0];                                                                          \
			for (int64_t i = 0; i < rows; i++)                                                   \
				bad |= (U)STEP(T, U, a[i], y, out[i]);                                       \
		} else if (stride_a == 0) {                                                                  \
			T x = a[0];                                                                          \
			for (int64_t i = 0; i < rows; i++)                                                   \
				bad |= (U)STEP(T, U, x, b[i], out[i]);                                       \
		} else {                                                                                     \
			for (int64_t i = 0; i < rows; i++)                                                   \
				bad |= (U)STEP(T, U, a[i], b[i], out[i]);                                    \
		}                                                                                            \
		return bad;                                                                                  \
	}                                                                                                    \
	MILL_SIMD_COPIES(static U, NAME##_loop, (a, stride_a, b, stride_b, out, rows), const T *restrict a,  \
	                 int64_t stride_a, const T *restrict b, int64_t stride_b, T *restrict out, int64_t rows)

#define BINARY_KERNEL(NAME, T, U, STEP, CODE)                                                       \
	BINARY_LOOP(NAME, T, U, STEP)                                                               \
	mill_status mill_k_##NAME(mill_call *call, mill_error *err)                                 \
	{                                                                                           \
		operands o = operands_of(call);                                                     \
		(void)err;                                                                          \
		if (NAME##_loop(call->simd, o.a, o.stride_a, o.b, o.stride_b, o.out, call->rows) >> \
		        (sizeof(U) * 8 - 1) ==                                                      \
		    0)                                                                              \
			return MILL_OK;                                                             \
		for (int64_t i = 0; i < call->rows; i++) {                                          \
			T x = ((const T *)o.a)[i * o.stride_a];                                     \
			T y = ((const T *)o.b)[i * o.stride_b];                                     \
			(void)x;                                                                    \
			mill_row_code code = CODE(T, x, y);                                         \
			if (code != MILL_ROW_NONE && mill_call_valid(call, i))                      \
				mill_call_fail_row(call, i, code);                                  \
		}                                                                                   \
		return MILL_OK;                                                                     \
	}

/* All ones where the condition holds. */
#define FLAG(U, condition) ((U)0 - (U)(condition))

#define ADD_SIGNED(T, U, x, y, r)   ((r) = (T)((U)(x) + (U)(y)), ((U)(x) ^ (U)(r)) & ((U)(y) ^ (U)(r)))
#define SUB_SIGNED(T, U, x, y, r)   ((r) = (T)((U)(x) - (U)(y)), ((U)(x) ^ (U)(y)) & ((U)(x) ^ (U)(r)))
#define ADD_UNSIGNED(T, U, x, y, r) ((r) = (T)((x) + (y)), FLAG(U, (r) < (x)))
#define SUB_UNSIGNED(T, U, x, y, r) ((r) = (T)((x) - (y)), FLAG(U, (x) < (y)))
#define MUL_NARROW(T, U, x, y, r) \
	((r) = (T)((int64_t)(x) * (int64_t)(y)), FLAG(U, (int64_t)(r) != (int64_t)(x) * (int64_t)(y)))
#define MUL_U32(T, U, x, y, r)  ((r) = (T)((uint64_t)(x) * (y)), FLAG(U, (uint64_t)(r) != (uint64_t)(x) * (y)))
#define MUL_WIDE(T, U, x, y, r) FLAG(U, __builtin_mul_overflow(x, y, &(r)))
/* No division traps: a bad divisor becomes 1. */
#define SMALLEST(T)             ((T)((uint64_t)1 << (sizeof(T) * 8 - 1)))
#define IS_SIGNED(T)            (!((T)-1 >= 1))
#define IS_BAD_DIVISOR(T, x, y) ((y) == 0 || (IS_SIGNED(T) && (y) == (T)-1 && (x) == SMALLEST(T)))
#define DIV_INTEGER(T, U, x, y, r) \
	((r) = (T)((x) / (IS_BAD_DIVISOR(T, x, y) ? (T)1 : (y))), FLAG(U, IS_BAD_DIVISOR(T, x, y)))
/* smallest % −1 is 0, not an overflow. */
#define MOD_INTEGER(T, U, x, y, r) ((r) = (T)((x) % (IS_BAD_DIVISOR(T, x, y) ? (T)1 : (y))), FLAG(U, (y) == 0))

#define CODE_ADD(T, x, y) (__builtin_add_overflow(x, y, &(T){0}) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define CODE_SUB(T, x, y) (__builtin_sub_overflow(x, y, &(T){0}) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define CODE_MUL(T, x, y) (__builtin_mul_overflow(x, y, &(T){0}) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define CODE_DIV(T, x, y) ((y) == 0 ? MILL_ROW_DIVISION : IS_BAD_DIVISOR(T, x, y) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define CODE_MOD(T, x, y) ((y) == 0 ? MILL_ROW_DIVISION : MILL_ROW_NONE)

#define SIGNED_KERNELS(s, T, U, ID)                         \
	BINARY_KERNEL(add_##s, T, U, ADD_SIGNED, CODE_ADD)  \
	BINARY_KERNEL(sub_##s, T, U, SUB_SIGNED, CODE_SUB)  \
	BINARY_KERNEL(div_##s, T, U, DIV_INTEGER, CODE_DIV) \
	BINARY_KERNEL(mod_##s, T, U, MOD_INTEGER, CODE_MOD)
#define UNSIGNED_KERNELS(s, T, U, ID)                        \
	BINARY_KERNEL(add_##s, T, U, ADD_UNSIGNED, CODE_ADD) \
	BINARY_KERNEL(sub_##s, T, U, SUB_UNSIGNED, CODE_SUB) \
	BINARY_KERNEL(div_##s, T, U, DIV_INTEGER, CODE_DIV)  \
	BINARY_KERNEL(mod_##s, T, U, MOD_INTEGER, CODE_MOD)

MILL_SIGNED_TYPES(SIGNED_KERNELS)
MILL_UNSIGNED_TYPES(UNSIGNED_KERNELS)
BINARY_KERNEL(mul_i8, int8_t, uint8_t, MUL_NARROW, CODE_MUL)
BINARY_KERNEL(mul_i16, int16_t, uint16_t, MUL_NARROW, CODE_MUL)
BINARY_KERNEL(mul_i32, int32_t, uint32_t, MUL_NARROW, CODE_MUL)
BINARY_KERNEL(mul_i64, int64_t, uint64_t, MUL_WIDE, CODE_MUL)
BINARY_KERNEL(mul_u8, uint8_t, uint8_t, MUL_NARROW, CODE_MUL)
BINARY_KERNEL(mul_u16, uint16_t, uint16_t, MUL_NARROW, CODE_MUL)
BINARY_KERNEL(mul_u32, uint32_t, uint32_t, MUL_U32, CODE_MUL)
BINARY_KERNEL(mul_u64, uint64_t, uint64_t, MUL_WIDE, CODE_MUL)

static MILL_SIMD_BODY uint64_t not_finite_f64(double r)
{
	uint64_t bits;
	memcpy(&bits, &r, sizeof bits);
	return (bits & 0x7fffffffffffffffU) + 0x0010000000000000U;
}

static MILL_SIMD_BODY uint32_t not_finite_f32(float r)
{
	uint32_t bits;
	memcpy(&bits, &r, sizeof bits);
	return (bits & 0x7fffffffU) + 0x00800000U;
}

/* Floats: what was finite and becomes infinite is out of range; underflow rounds towards zero. */
/* The exponent's bits all ones carry into the top bit. */
#define NOT_FINITE(r)            _Generic((r), float : not_finite_f32, double : not_finite_f64)(r)
#define ADD_FLOAT(T, U, x, y, r) ((r) = (x) + (y), NOT_FINITE(r))
#define SUB_FLOAT(T, U, x, y, r) ((r) = (x) - (y), NOT_FINITE(r))
#define MUL_FLOAT(T, U, x, y, r) ((r) = (x) * (y), NOT_FINITE(r))
#define DIV_FLOAT(T, U, x, y, r) ((r) = (x) / (y), NOT_FINITE(r))
#define MOD_FLOAT(T, U, x, y, r) ((r) = (T)fmod((double)(x), (double)(y)), FLAG(U, (y) == 0))

#define CODE_FLOAT(x, y, r)     (isinf(r) && !isinf(x) && !isinf(y) ? MILL_ROW_RANGE : MILL_ROW_NONE)
#define CODE_ADD_FLOAT(T, x, y) CODE_FLOAT(x, y, (T)((x) + (y)))
#define CODE_SUB_FLOAT(T, x, y) CODE_FLOAT(x, y, (T)((x) - (y)))
#define CODE_MUL_FLOAT(T, x, y) CODE_FLOAT(x, y, (T)((x) * (y)))
#define CODE_DIV_FLOAT(T, x, y) ((y) == 0 && !isnan(x) ? MILL_ROW_DIVISION : CODE_FLOAT(x, y, (T)((x) / (y))))
#define CODE_MOD_FLOAT(T, x, y) ((y) == 0 && !isnan(x) ? MILL_ROW_DIVISION : MILL_ROW_NONE)

#define FLOAT_KERNELS(s, T, U, ID)                              \
	BINARY_KERNEL(add_##s, T, U, ADD_FLOAT, CODE_ADD_FLOAT) \
	BINARY_KERNEL(sub_##s, T, U, SUB_FLOAT, CODE_SUB_FLOAT) \
	BINARY_KERNEL(mul_##s, T, U, MUL_FLOAT, CODE_MUL_FLOAT) \
	BINARY_KERNEL(div_##s, T, U, DIV_FLOAT, CODE_DIV_FLOAT) \
	BINARY_KERNEL(mod_##s, T, U, MOD_FLOAT, CODE_MOD_FLOAT)

MILL_FLOAT_TYPES(FLOAT_KERNELS)

/* One argument: −x, |x|, sign(x). */
#define UNARY_KERNEL(NAME, T, U, STEP, CODE)                                                                        \
	static MILL_SIMD_BODY U NAME##_loop_body(const T *restrict a, T *restrict out, int64_t rows)                \
	{                                                                                                           \
		U bad = 0;                                                                                          \
		for (int64_t i = 0; i < rows; i++)                                                                  \
			bad |= (U)STEP(T, U, a[i], out[i]);                                                         \
		return bad;                                                                                         \
	}                                                                                                           \
	MILL_SIMD_COPIES(static U, NAME##_loop, (a, out, rows), const T *restrict a, T *restrict out, int64_t rows) \
	mill_status mill_k_##NAME(mill_call *call, mill_error *err)                                                 \
	{                                                                                                           \
		const T *a = mill_call_values(call, 0);                                                             \
		(void)err;                                                                                          \
		if (NAME##_loop(call->simd, a, call->out->values, call->rows) >> (sizeof(U) * 8 - 1) == 0)          \
			return MILL_OK;                                                                             \
		for (int64_t i = 0; i < call->rows; i++)                                                            \
			if (CODE(T, a[i]) && mill_call_valid(call, i))                                              \
				mill_call_fail_row(call, i, MILL_ROW_RANGE);                                        \
		return MILL_OK;                                                                                     \
	}

#define NEG_SIGNED(T, U, x, r)   ((r) = (T)((U)0 - (U)(x)), FLAG(U, (x) == SMALLEST(T)))
#define NEG_UNSIGNED(T, U, x, r) ((r) = (T)((U)0 - (U)(x)), FLAG(U, (x) != 0))
#define ABS_SIGNED(T, U, x, r)   ((r) = (T)((x) < 0 ? (U)0 - (U)(x) : (U)(x)), FLAG(U, (x) == SMALLEST(T)))
#define ABS_UNSIGNED(T, U, x, r) ((r) = (x), 0)
#define NEG_FLOAT(T, U, x, r)    ((r) = -(x), 0)
#define ABS_FLOAT(T, U, x, r)    ((r) = sizeof(T) == 4 ? (T)fabsf((float)(x)) : (T)fabs((double)(x)), 0)
#define SIGN_FLOAT(T, U, x, r)   ((r) = (T)((x) > 0) - (T)((x) < 0), 0)

#define IS_SMALLEST(T, x) ((x) == SMALLEST(T))
#define IS_POSITIVE(T, x) ((x) != 0)
#define IS_NEVER(T, x)    false

#define SIGNED_UNARY(s, T, U, ID)                            \
	UNARY_KERNEL(neg_##s, T, U, NEG_SIGNED, IS_SMALLEST) \
	UNARY_KERNEL(abs_##s, T, U, ABS_SIGNED, IS_SMALLEST)
#define UNSIGNED_UNARY(s, T, U, ID)                            \
	UNARY_KERNEL(neg_##s, T, U, NEG_UNSIGNED, IS_POSITIVE) \
	UNARY_KERNEL(abs_##s, T, U, ABS_UNSIGNED, IS_NEVER)
#define FLOAT_UNARY(s, T, U, ID)                         \
	UNARY_KERNEL(neg_##s, T, U, NEG_FLOAT, IS_NEVER) \
	UNARY_KERNEL(abs_##s, T, U, ABS_FLOAT, IS_NEVER)

MILL_SIGNED_TYPES(SIGNED_UNARY)
MILL_UNSIGNED_TYPES(UNSIGNED_UNARY)
MILL_FLOAT_TYPES(FLOAT_UNARY)
UNARY_KERNEL(sign_f64, double, uint64_t, SIGN_FLOAT, IS_NEVER)
