/* Arithmetic of decimal(p ≤ 38, s) in int128 (D9): results over 38 digits are refused, division and rescaling round
 * half away from zero. Each returns false when the result does not fit. Not collective. */
#ifndef MILL_EXPR_DECIMAL_H
#define MILL_EXPR_DECIMAL_H

#include "base/hash.h"
#include "column/type.h"
#include <stdbool.h>
#include <stdint.h>

#define MILL_DECIMAL_DIGITS 38

/* 10^exponent, exponent from 0 to 38. Not collective. */
mill_i128 mill_decimal_pow10(int exponent);
/* Has the value at most `precision` digits? Not collective. */
bool mill_decimal_fits(mill_i128 value, int precision);
/* value·10^(to − from), rounded half away from zero where digits are lost. Not collective. */
bool mill_decimal_rescale(mill_i128 value, int from_scale, int to_scale, int precision, mill_i128 *out);
/* a · b; false, and *out undefined: it has more than 38 digits. Not collective. */
bool mill_decimal_multiply(mill_i128 a, mill_i128 b, mill_i128 *out);
/* a·10^shift / b, half away from zero; b is not 0. Not collective. */
bool mill_decimal_divide(mill_i128 a, mill_i128 b, int shift, mill_i128 *out);
/* <0, 0, >0 of a·10^−sa against b·10^−sb, exact. Not collective. */
int mill_decimal_compare(mill_i128 a, int scale_a, mill_i128 b, int scale_b);
/* value · 10^−scale, correctly rounded. Not collective. */
double mill_decimal_f64(mill_i128 value, int scale);
/* The same as a float32, rounded once. Not collective. */
float mill_decimal_f32(mill_i128 value, int scale);
/* The first `digits` significant digits of x, rounded: 15 of a float64, 6 of a float32, as PostgreSQL converts them
 * to numeric. False: NaN, infinite or beyond precision. Not collective. */
bool mill_decimal_of_float(double x, int digits, int precision, int scale, mill_i128 *out);
/* The decimal type that holds every value of an integer type. Not collective. */
mill_type mill_decimal_of_integer(mill_type type);

#endif
