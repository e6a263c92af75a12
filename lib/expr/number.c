#include "expr/number.h"
#include "base/checked.h"
#include "expr/decimal.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_space(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_space((*text)[*length - 1]))
		(*length)--;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One integer's digits, as a magnitude. False when it is no integer. */
static bool read_digits(const char *text, size_t length, bool *negative, uint64_t *magnitude, bool *range)
{
	uint64_t value = 0;
	trim(&text, &length);
	*negative = length > 0 && *text == '-';
	*range = false;
	if (length > 0 && (*text == '-' || *text == '+')) {
		text++;
		length--;
	}
	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return false;
		if (mill_mul_overflows(value, (uint64_t)10, &value) ||
		    mill_add_overflows(value, (uint64_t)(text[i] - '0'), &value))
			*range = true;
	}
	*magnitude = value;
	return true;
}

bool mill_number_i64(const char *text, size_t length_bytes, int64_t *out, bool *range)
{
	bool negative;
	uint64_t value;
	if (!read_digits(text, length_bytes, &negative, &value, range))
		return false;
	*range = *range || value > (uint64_t)INT64_MAX + negative;
	if (*range)
		return false;
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool mill_number_u64(const char *text, size_t length_bytes, uint64_t *out, bool *range)
{
	bool negative;
	uint64_t value;
	if (!read_digits(text, length_bytes, &negative, &value, range))
		return false;
	*range = *range || (negative && value != 0);
	if (*range)
		return false;
	*out = value;
	return true;
}

/* nan, inf and infinity, signed, in any case. */
static bool read_special(const char *text, size_t length, double *out)
{
	bool negative = length > 0 && *text == '-';
	size_t sign = length > 0 && (*text == '-' || *text == '+');
	text += sign;
	length -= sign;
	if (length == 3 && strncasecmp(text, "nan", 3) == 0)
		*out = (double)NAN;
	else if ((length == 3 && strncasecmp(text, "inf", 3) == 0) ||
	         (length == 8 && strncasecmp(text, "infinity", 8) == 0))
		*out = negative ? -(double)INFINITY : (double)INFINITY;
	else
		return false;
	return true;
}

/* Sign, digits with a point, exponent: what the converters below are given. */
static bool is_number(const char *text, size_t length)
{
	size_t i = length > 0 && (*text == '-' || *text == '+');
	size_t digits = 0, points = 0;
	for (; i < length && (is_digit(text[i]) || text[i] == '.'); i++) {
		digits += is_digit(text[i]);
		points += text[i] == '.';
	}
	if (digits == 0 || points > 1)
		return false;
	if (i == length)
		return true;
	if (text[i] != 'e' && text[i] != 'E')
		return false;
	i++;
	i += i < length && (text[i] == '-' || text[i] == '+');
	if (i == length)
		return false;
	while (i < length && is_digit(text[i]))
		i++;
	return i == length;
}

/* Enough for every digit that can decide a rounding (767 for float64). */
#define FLOAT_TEXT_BYTES 1600

static bool terminated(const char *text, size_t length, char out[FLOAT_TEXT_BYTES])
{
	if (length >= FLOAT_TEXT_BYTES)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

bool mill_number_f64(const char *text, size_t length_bytes, double *out)
{
	char copy[FLOAT_TEXT_BYTES];
	trim(&text, &length_bytes);
	if (read_special(text, length_bytes, out))
		return true;
	if (!is_number(text, length_bytes) || !terminated(text, length_bytes, copy))
		return false;
	double value = strtod(copy, NULL);
	if (isinf(value))
		return false;
	*out = value;
	return true;
}

bool mill_number_f32(const char *text, size_t length_bytes, float *out)
{
	char copy[FLOAT_TEXT_BYTES];
	double special;
	trim(&text, &length_bytes);
	if (read_special(text, length_bytes, &special)) {
		*out = (float)special;
		return true;
	}
	if (!is_number(text, length_bytes) || !terminated(text, length_bytes, copy))
		return false;
	float value = strtof(copy, NULL);
	if (isinf(value))
		return false;
	*out = value;
	return true;
}

/* The exponent after `e`, saturated: beyond 10^6 every result is 0 or out of range. */
static int read_exponent(const char *text, size_t length)
{
	bool negative = length > 0 && *text == '-';
	int value = 0;
	for (size_t i = length > 0 && !is_digit(*text); i < length; i++)
		if (value < 1000000)
			value = value * 10 + (text[i] - '0');
	return negative ? -value : value;
}

bool mill_number_decimal(const char *text, size_t length_bytes, int precision, int scale, mill_i128 *out, bool *range)
{
	*range = false;
	trim(&text, &length_bytes);
	if (!is_number(text, length_bytes))
		return false;
	bool negative = *text == '-';
	size_t end = 0;
	while (end < length_bytes && text[end] != 'e' && text[end] != 'E')
		end++;
	int exponent = end < length_bytes ? read_exponent(text + end + 1, length_bytes - end - 1) : 0;
	const char *point = memchr(text, '.', end);
	/* Digit i of the whole part has weight 10^(whole − 1 − i + exponent). */
	int64_t weight = exponent - 1;
	for (size_t i = 0; i < (point == NULL ? end : (size_t)(point - text)); i++)
		weight += is_digit(text[i]);
	mill_i128 value = 0;
	bool overflow = false, started = false, round_up = false;
	int64_t last = -(int64_t)scale;
	int64_t at = weight;
	for (size_t i = 0; i < end; i++) {
		if (!is_digit(text[i]))
			continue;
		int digit = text[i] - '0';
		if (at >= last) {
			started = started || digit != 0;
			overflow = overflow || (started && (mill_mul_overflows(value, (mill_i128)10, &value) ||
			                                    mill_add_overflows(value, (mill_i128)digit, &value)));
		} else if (at == last - 1) {
			round_up = digit >= 5;
		}
		at--;
	}
	/* Zeros that the text leaves to its exponent. */
	for (; started && !overflow && at >= last; at--)
		overflow = mill_mul_overflows(value, (mill_i128)10, &value);
	*range = overflow || !mill_decimal_fits(value + round_up, precision);
	if (*range)
		return false;
	value += round_up;
	*out = negative ? -value : value;
	return true;
}
