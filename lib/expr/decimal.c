#include "expr/decimal.h"
#include "base/checked.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define E18 1000000000000000000LL

mill_i128 mill_decimal_pow10(int exponent)
{
	static const int64_t small[19] = {1,
	                                  10,
	                                  100,
	                                  1000,
	                                  10000,
	                                  100000,
	                                  1000000,
	                                  10000000,
	                                  100000000,
	                                  1000000000,
	                                  10000000000,
	                                  100000000000,
	                                  1000000000000,
	                                  10000000000000,
	                                  100000000000000,
	                                  1000000000000000,
	                                  10000000000000000,
	                                  100000000000000000,
	                                  E18};
	if (exponent <= 18)
		return small[exponent];
	if (exponent <= 36)
		return (mill_i128)E18 * small[exponent - 18];
	return (mill_i128)E18 * E18 * small[exponent - 36];
}

bool mill_decimal_fits(mill_i128 value, int precision)
{
	mill_i128 bound = mill_decimal_pow10(precision);
	return value < bound && value > -bound;
}

static mill_u128 magnitude(mill_i128 value)
{
	return value < 0 ? -(mill_u128)value : (mill_u128)value;
}

static mill_i128 divide_rounded(mill_i128 value, mill_i128 divisor)
{
	mill_u128 v = magnitude(value), d = magnitude(divisor);
	mill_u128 quotient = v / d, rest = v % d;
	quotient += rest >= d - rest;
	return (value < 0) != (divisor < 0) ? -(mill_i128)quotient : (mill_i128)quotient;
}

bool mill_decimal_rescale(mill_i128 value, int from_scale, int to_scale, int precision, mill_i128 *out)
{
	int shift = to_scale - from_scale;
	mill_i128 result = value;
	if (shift > 38)
		result = value; /* cannot be: scales are 0 … 38 */
	else if (shift > 0 && mill_mul_overflows(value, mill_decimal_pow10(shift), &result))
		return false;
	else if (shift < 0)
		result = divide_rounded(value, mill_decimal_pow10(-shift));
	if (!mill_decimal_fits(result, precision))
		return false;
	*out = result;
	return true;
}

bool mill_decimal_multiply(mill_i128 a, mill_i128 b, mill_i128 *out)
{
	mill_i128 result;
	if (mill_mul_overflows(a, b, &result) || !mill_decimal_fits(result, MILL_DECIMAL_DIGITS))
		return false;
	*out = result;
	return true;
}

/* 256 bits as hi·2^128 + lo. */
typedef struct wide {
	mill_u128 hi, lo;
} wide;

static wide multiply_wide(mill_u128 a, mill_u128 b)
{
	mill_u128 mask = ~(uint64_t)0;
	mill_u128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
	mill_u128 low = a0 * b0, mid1 = a1 * b0, mid2 = a0 * b1;
	mill_u128 carry = (low >> 64) + (mid1 & mask) + (mid2 & mask);
	wide result = {a1 * b1 + (mid1 >> 64) + (mid2 >> 64) + (carry >> 64), (carry << 64) | (low & mask)};
	return result;
}

/* Schoolbook, a bit at a time: only for quotients that need more than 128 bits on the way. n.hi < d. */
static mill_u128 divide_wide(wide n, mill_u128 d, mill_u128 *rest)
{
	mill_u128 quotient = 0, r = n.hi;
	for (int bit = 127; bit >= 0; bit--) {
		bool carry = (r >> 127) != 0;
		r = (r << 1) | ((n.lo >> bit) & 1);
		quotient <<= 1;
		if (carry || r >= d) {
			r -= d;
			quotient |= 1;
		}
	}
	*rest = r;
	return quotient;
}

bool mill_decimal_divide(mill_i128 a, mill_i128 b, int shift, mill_i128 *out)
{
	mill_u128 d = magnitude(b);
	mill_i128 scaled;
	mill_i128 result;
	if (shift > MILL_DECIMAL_DIGITS)
		return a == 0 ? (*out = 0, true) : false;
	if (!mill_mul_overflows(a, mill_decimal_pow10(shift), &scaled)) {
		result = divide_rounded(scaled, b);
	} else {
		wide n = multiply_wide(magnitude(a), (mill_u128)mill_decimal_pow10(shift));
		mill_u128 rest;
		if (n.hi >= d)
			return false;
		mill_u128 quotient = divide_wide(n, d, &rest);
		if (quotient >= (mill_u128)mill_decimal_pow10(MILL_DECIMAL_DIGITS))
			return false;
		quotient += rest >= d - rest;
		result = (a < 0) != (b < 0) ? -(mill_i128)quotient : (mill_i128)quotient;
	}
	if (!mill_decimal_fits(result, MILL_DECIMAL_DIGITS))
		return false;
	*out = result;
	return true;
}

int mill_decimal_compare(mill_i128 a, int scale_a, mill_i128 b, int scale_b)
{
	int sign_a = a < 0 ? -1 : 1, sign_b = b < 0 ? -1 : 1;
	/* What does not fit is larger in magnitude than any 38 digits. */
	if (scale_a < scale_b && mill_mul_overflows(a, mill_decimal_pow10(scale_b - scale_a), &a))
		return sign_a;
	if (scale_b < scale_a && mill_mul_overflows(b, mill_decimal_pow10(scale_a - scale_b), &b))
		return -sign_b;
	return a < b ? -1 : a > b;
}

#define DECIMAL_TEXT_BYTES 64

/* "123e-4": digits and exponent, which a float reader rounds once. Returns the length; *start is where it begins. */
static size_t plain_text(mill_u128 value, int scale, char text[DECIMAL_TEXT_BYTES], const char **start)
{
	int at = 40;
	int length = snprintf(text + at, DECIMAL_TEXT_BYTES - 40, "e-%d", scale);
	do {
		text[--at] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value != 0);
	*start = text + at;
	return (size_t)(40 - at + length);
}

double mill_decimal_f64(mill_i128 value, int scale)
{
	mill_u128 v = magnitude(value);
	double result = 0;
	if (v <= UINT64_MAX) {
		if (!mill_f64_scale10((uint64_t)v, -scale, &result))
			return 0;
	} else {
		char text[DECIMAL_TEXT_BYTES];
		const char *start;
		size_t length = plain_text(v, scale, text, &start);
		if (mill_parse_f64(start, length, &result) != MILL_PARSED)
			return 0;
	}
	return value < 0 ? -result : result;
}

float mill_decimal_f32(mill_i128 value, int scale)
{
	mill_u128 v = magnitude(value);
	float result = 0;
	if (v <= UINT64_MAX) {
		if (!mill_f32_scale10((uint64_t)v, -scale, &result))
			return 0;
	} else {
		char text[DECIMAL_TEXT_BYTES];
		const char *start;
		size_t length = plain_text(v, scale, text, &start);
		if (mill_parse_f32(start, length, &result) != MILL_PARSED)
			return 0;
	}
	return value < 0 ? -result : result;
}

bool mill_decimal_of_float(double x, int digits, int precision, int scale, mill_i128 *out)
{
	char text[40];
	if (isnan(x) || isinf(x))
		return false;
	/* "d<point>dddddddddddddde±xx", whatever the locale's point is. */
	int length = snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
	if (digits > 1)
		text[1] = '.';
	if (mill_parse_decimal(text, (size_t)length, precision, scale, out) != MILL_PARSED)
		return false;
	if (x < 0)
		*out = -*out;
	return true;
}

mill_type mill_decimal_of_integer(mill_type type)
{
	return mill_type_decimal(mill_traits_of(type)->integer_digits, 0);
}
