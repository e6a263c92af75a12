#include "base/float_text.h"

#include "base/hash.h"
#include "base/pow10.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* digits · 10^exponent */
typedef struct decimal {
	uint64_t digits;
	int exponent;
} decimal;

/* c · 2^q with the interval that rounds to it: from c − 1/2 (1/4 at a power of two) to c + 1/2, ends included for
 * even c. */
typedef struct binary {
	uint64_t c;
	int q;
	bool lower_is_closer;
} binary;

/* g = ceil(10^e / 2^(floor(log2 10^e) − 127)): the paper's g. */
static mill_u128 pow10_up(int e)
{
	mill_pow10 cut = mill_pow10_table[e - MILL_POW10_MIN];
	mill_u128 g = (mill_u128)cut.high << 64 | cut.low;
	return e >= 0 && e <= 55 ? g : g + 1;
}

/* The top 64 bits of g · c >> 128, with the last bit set when anything was cut off (the paper's rounding to odd). */
static uint64_t multiply_to_odd(mill_u128 g, uint64_t c)
{
	mill_u128 low = (mill_u128)(uint64_t)g * c;
	mill_u128 high = (mill_u128)(uint64_t)(g >> 64) * c + (uint64_t)(low >> 64);
	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* Figure 4 of the paper, for either width. */
static decimal shortest(binary b)
{
	bool even = (b.c & 1) == 0;
	uint64_t left = 4 * b.c - 2 + b.lower_is_closer, right = 4 * b.c + 2;
	/* floor(log10(2^q)), or of 3/4·2^q */
	int k = (b.q * 1262611 - (b.lower_is_closer ? 524031 : 0)) >> 22;
	int h = b.q + mill_log2_pow10(-k) + 1;
	mill_u128 g = pow10_up(-k);
	uint64_t lower = multiply_to_odd(g, left << h) + !even;
	uint64_t middle = multiply_to_odd(g, (4 * b.c) << h);
	uint64_t upper = multiply_to_odd(g, right << h) - !even;
	uint64_t s = middle / 4;
	if (s >= 10) {
		uint64_t tens = s / 10;
		bool down_fits = lower <= 40 * tens, up_fits = 40 * tens + 40 <= upper;
		if (down_fits != up_fits)
			return (decimal){tens + up_fits, k + 1};
	}
	bool down_fits = lower <= 4 * s, up_fits = 4 * s + 4 <= upper;
	if (down_fits != up_fits)
		return (decimal){s + up_fits, k};
	uint64_t half = 4 * s + 2;
	bool round_up = middle > half || (middle == half && (s & 1) != 0);
	return (decimal){s + round_up, k};
}

static binary split(uint64_t bits, int fraction_bits, int bias)
{
	uint64_t fraction = bits & (((uint64_t)1 << fraction_bits) - 1);
	int exponent = (int)(bits >> fraction_bits);
	if (exponent == 0)
		return (binary){fraction, 1 - bias - fraction_bits, false};
	uint64_t c = fraction | (uint64_t)1 << fraction_bits;
	return (binary){c, exponent - bias - fraction_bits, fraction == 0 && exponent > 1};
}

static int write_digits(uint64_t value, char *out)
{
	char reversed[20];
	int size = 0;
	do {
		reversed[size++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	for (int i = 0; i < size; i++)
		out[i] = reversed[size - 1 - i];
	return size;
}

/* "d.ddde±xx" */
static int write_scientific(const char *digits, int count, int exponent, char *out)
{
	int size = 0;
	out[size++] = digits[0];
	if (count > 1) {
		out[size++] = '.';
		memcpy(out + size, digits + 1, (size_t)count - 1);
		size += count - 1;
	}
	out[size++] = 'e';
	out[size++] = exponent < 0 ? '-' : '+';
	unsigned magnitude = (unsigned)(exponent < 0 ? -exponent : exponent);
	if (magnitude < 10)
		out[size++] = '0';
	return size + write_digits(magnitude, out + size);
}

static int write_decimal(decimal d, char *out)
{
	while (d.digits % 10 == 0) {
		d.digits /= 10;
		d.exponent++;
	}
	char digits[20];
	int count = write_digits(d.digits, digits);
	int point = count + d.exponent; /* digits before the decimal point */
	if (point > 16 || point <= -4)
		return write_scientific(digits, count, point - 1, out);
	if (point <= 0) {
		memcpy(out, "0.000", 5);
		memcpy(out + 2 - point, digits, (size_t)count);
		return 2 - point + count;
	}
	int whole = count < point ? count : point;
	memcpy(out, digits, (size_t)whole);
	memset(out + whole, '0', (size_t)(point - whole));
	if (count <= point)
		return point;
	out[point] = '.';
	memcpy(out + point + 1, digits + point, (size_t)(count - point));
	return count + 1;
}

static int finish(int size, char *out)
{
	out[size] = '\0';
	return size;
}

/* magnitude ≥ 0 or NaN; b is the same number in its own width. */
static int write_magnitude(double magnitude, binary b, char *out)
{
	if (isnan(magnitude) || isinf(magnitude)) {
		memcpy(out, isnan(magnitude) ? "nan" : "inf", 3);
		return 3;
	}
	if (magnitude < 100000 && magnitude == (double)(uint64_t)magnitude)
		return write_digits((uint64_t)magnitude, out);
	return write_decimal(shortest(b), out);
}

int mill_f64_text(double value, char out[MILL_FLOAT_TEXT_BYTES])
{
	int sign = signbit(value) && !isnan(value);
	out[0] = '-';
	uint64_t bits = 0;
	memcpy(&bits, &value, sizeof bits);
	return finish(sign + write_magnitude(fabs(value), split(bits & INT64_MAX, 52, 1023), out + sign), out);
}

int mill_f32_text(float value, char out[MILL_FLOAT_TEXT_BYTES])
{
	int sign = signbit(value) && !isnan(value);
	out[0] = '-';
	uint32_t bits = 0;
	memcpy(&bits, &value, sizeof bits);
	return finish(sign + write_magnitude(fabs((double)value), split(bits & INT32_MAX, 23, 127), out + sign), out);
}
