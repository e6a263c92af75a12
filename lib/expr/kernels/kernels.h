/* Kernels by name, so that registry tables of one file may list kernels of another. Not collective. */
#ifndef MILL_EXPR_KERNELS_KERNELS_H
#define MILL_EXPR_KERNELS_KERNELS_H

#include "expr/functions/function.h"

/* suffix, C type, unsigned of its width, type id */
#define MILL_SIGNED_TYPES(X)             \
	X(i8, int8_t, uint8_t, INT8)     \
	X(i16, int16_t, uint16_t, INT16) \
	X(i32, int32_t, uint32_t, INT32) \
	X(i64, int64_t, uint64_t, INT64)
#define MILL_UNSIGNED_TYPES(X)             \
	X(u8, uint8_t, uint8_t, UINT8)     \
	X(u16, uint16_t, uint16_t, UINT16) \
	X(u32, uint32_t, uint32_t, UINT32) \
	X(u64, uint64_t, uint64_t, UINT64)
#define MILL_INTEGER_TYPES(X) MILL_SIGNED_TYPES(X) MILL_UNSIGNED_TYPES(X)
#define MILL_FLOAT_TYPES(X)              \
	X(f32, float, uint32_t, FLOAT32) \
	X(f64, double, uint64_t, FLOAT64)

#define MILL_DECLARE_KERNEL(name) MILL_NODISCARD mill_status mill_k_##name(mill_call *call, mill_error *err);

#define MILL_DECLARE_ARITHMETIC(s, T, U, ID) \
	MILL_DECLARE_KERNEL(add_##s)         \
	MILL_DECLARE_KERNEL(sub_##s)         \
	MILL_DECLARE_KERNEL(mul_##s)         \
	MILL_DECLARE_KERNEL(div_##s)         \
	MILL_DECLARE_KERNEL(mod_##s)         \
	MILL_DECLARE_KERNEL(neg_##s)         \
	MILL_DECLARE_KERNEL(abs_##s)
MILL_INTEGER_TYPES(MILL_DECLARE_ARITHMETIC)
MILL_FLOAT_TYPES(MILL_DECLARE_ARITHMETIC)
MILL_DECLARE_ARITHMETIC(dec, mill_i128, mill_u128, DECIMAL)

/* timestamp, date, interval arithmetic */
MILL_DECLARE_KERNEL(add_date_days)
MILL_DECLARE_KERNEL(add_days_date)
MILL_DECLARE_KERNEL(sub_date_days)
MILL_DECLARE_KERNEL(sub_date_date)
MILL_DECLARE_KERNEL(add_time_interval)
MILL_DECLARE_KERNEL(add_interval_time)
MILL_DECLARE_KERNEL(sub_time_interval)
MILL_DECLARE_KERNEL(sub_time_time)
MILL_DECLARE_KERNEL(add_intervals)
MILL_DECLARE_KERNEL(sub_intervals)
MILL_DECLARE_KERNEL(neg_interval)
MILL_DECLARE_KERNEL(mul_interval_f64)
MILL_DECLARE_KERNEL(mul_f64_interval)
MILL_DECLARE_KERNEL(div_interval_f64)

/* The result type of a + b and a − b of decimals (D9). Not collective. */
MILL_NODISCARD mill_status mill_derive_decimal_add(const mill_type *args, int arg_count, mill_type *result,
                                                   mill_error *err);
/* The result type of a · b of decimals (D9). Not collective. */
MILL_NODISCARD mill_status mill_derive_decimal_mul(const mill_type *args, int arg_count, mill_type *result,
                                                   mill_error *err);
/* The result type of a / b of decimals (D9). Not collective. */
MILL_NODISCARD mill_status mill_derive_decimal_div(const mill_type *args, int arg_count, mill_type *result,
                                                   mill_error *err);
/* The result type of a % b of decimals (D9). Not collective. */
MILL_NODISCARD mill_status mill_derive_decimal_mod(const mill_type *args, int arg_count, mill_type *result,
                                                   mill_error *err);
MILL_DECLARE_KERNEL(sign_f64)
MILL_DECLARE_KERNEL(sign_dec)
/* decimal(1,0), for sign(). Not collective. */
MILL_NODISCARD mill_status mill_derive_digit(const mill_type *args, int arg_count, mill_type *result, mill_error *err);
/* The type of the first argument. Not collective. */
MILL_NODISCARD mill_status mill_derive_first(const mill_type *args, int arg_count, mill_type *result, mill_error *err);
/* The type of the last argument. Not collective. */
MILL_NODISCARD mill_status mill_derive_last(const mill_type *args, int arg_count, mill_type *result, mill_error *err);

#endif
