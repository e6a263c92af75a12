/* Kernels of casts by type; cast.c chooses among them. Not collective. */
#ifndef MILL_EXPR_KERNELS_CAST_H
#define MILL_EXPR_KERNELS_CAST_H

#include "expr/kernels/kernels.h"

#define MILL_DECLARE_CAST(name) MILL_NODISCARD mill_status mill_cast_##name(mill_call *call, mill_error *err);

/* The kernel from one integer or float type to another. Not collective. */
mill_kernel mill_cast_number(mill_type from, mill_type to);
/* The kernel between an integer type and boolean. Not collective. */
mill_kernel mill_cast_bool(mill_type integer, bool to_bool);
/* The kernel between an integer type and decimals. Not collective. */
mill_kernel mill_cast_integer_decimal(mill_type integer, bool to_decimal);
MILL_DECLARE_CAST(f32_dec)
MILL_DECLARE_CAST(f64_dec)
MILL_DECLARE_CAST(dec_f32)
MILL_DECLARE_CAST(dec_f64)
MILL_DECLARE_CAST(dec_dec)
/* The same values under another type: timestamps with and without zone, NULL of no type. */
MILL_DECLARE_CAST(same)
MILL_DECLARE_CAST(date_timestamp)
MILL_DECLARE_CAST(timestamp_date)
MILL_DECLARE_CAST(any_text)
MILL_DECLARE_CAST(text_number)
MILL_DECLARE_CAST(text_bool)
MILL_DECLARE_CAST(text_date)
MILL_DECLARE_CAST(text_timestamp)
MILL_DECLARE_CAST(text_interval)
MILL_DECLARE_CAST(text_binary)

#endif
