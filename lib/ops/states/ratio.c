#include "ops/states/ratio.h"
#include <math.h>

static int bit_length(mill_u128 value)
{
	uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
	if (high != 0)
		return 128 - __builtin_clzll(high);
	return low == 0 ? 0 : 64 - __builtin_clzll(low);
}

double op_ratio(mill_i128 numerator, uint64_t divisor)
{
	bool negative = numerator < 0;
	mill_u128 n = negative ? -(mill_u128)numerator : (mill_u128)numerator;
	if (n == 0)
		return 0.0;
	/* A quotient of at least 55 bits and what was lost below it decide the rounding. */
	int wanted = bit_length(divisor) + 55;
	int shift = bit_length(n) < wanted ? wanted - bit_length(n) : 0;
	n <<= shift;
	mill_u128 quotient = n / divisor;
	bool lost = n % divisor != 0;
	int drop = bit_length(quotient) - 54;
	lost |= (quotient & (((mill_u128)1 << drop) - 1)) != 0;
	uint64_t kept = (uint64_t)(quotient >> drop); /* 54 bits: a mantissa and the bit after it */
	uint64_t mantissa = kept >> 1;
	if ((kept & 1) != 0 && (lost || (mantissa & 1) != 0))
		mantissa++;
	double value = ldexp((double)mantissa, drop + 1 - shift);
	return negative ? -value : value;
}

bool op_ratio_decimal(mill_i128 wrapped, int64_t carry, uint64_t factor, uint64_t divisor, mill_i128 *out)
{
	/* Magnitude in three limbs; the value is wrapped + carry·2^128 with both signed. */
	int64_t top = carry + (wrapped < 0 ? -1 : 0);
	uint64_t limbs[4] = {(uint64_t)wrapped, (uint64_t)((mill_u128)wrapped >> 64), (uint64_t)top, 0};
	bool negative = top < 0;
	if (negative) {
		mill_u128 borrow = 1;
		for (int i = 0; i < 3; i++) {
			mill_u128 sum = (mill_u128)~limbs[i] + borrow;
			limbs[i] = (uint64_t)sum;
			borrow = sum >> 64;
		}
	}
	mill_u128 over = 0;
	for (int i = 0; i < 4; i++) {
		over += (mill_u128)limbs[i] * factor;
		limbs[i] = (uint64_t)over;
		over >>= 64;
	}
	mill_u128 rest = 0;
	for (int i = 3; i >= 0; i--) {
		mill_u128 part = rest << 64 | limbs[i];
		limbs[i] = (uint64_t)(part / divisor);
		rest = part % divisor;
	}
	mill_u128 magnitude = (mill_u128)limbs[1] << 64 | limbs[0];
	if (limbs[2] != 0 || limbs[3] != 0 || magnitude > (mill_u128)op_decimal_limit())
		return false;
	magnitude += rest >= divisor - rest;
	if (magnitude > (mill_u128)op_decimal_limit())
		return false;
	*out = negative ? -(mill_i128)magnitude : (mill_i128)magnitude;
	return true;
}
