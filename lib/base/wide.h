/* Wide integers on the stack: just what the final rounding of exact sums needs. Not collective.
 * Source: schoolbook algorithms (Knuth, TAOCP 4.3.1); operands are a few words, seldom dozens. */
#ifndef MILL_BASE_WIDE_H
#define MILL_BASE_WIDE_H

#include "base/hash.h"
#include <stdbool.h>
#include <stddef.h>

#define MILL_WIDE_WORDS 160

/* ±Σ words[i] · 2^(64·i + exponent), exponent a multiple of 64; neither words[0] nor words[size − 1] is 0; zero has
 * size 0. Only the first `size` words are set. Operations trust their operands to fit (see exact.c for the bounds). */
typedef struct mill_wide {
	bool negative;
	int size;
	int exponent;
	uint64_t words[MILL_WIDE_WORDS];
} mill_wide;

/* From count words of two's complement, units of 2^exponent. */
void mill_wide_from_words(mill_wide *out, const uint64_t *words, int count, int exponent);
void mill_wide_multiply(const mill_wide *a, const mill_wide *b, mill_wide *out); /* out is neither a nor b */
/* a = a · factor. */
void mill_wide_multiply_u64(mill_wide *a, uint64_t factor);
/* out = a − b; out may be a or b. */
void mill_wide_subtract(const mill_wide *a, const mill_wide *b, mill_wide *out);
/* a = a / divisor towards zero, with at least `extra_words` more words of quotient below; true when something was cut
 * off. divisor > 0. */
bool mill_wide_divide(mill_wide *a, uint64_t divisor, int extra_words);
/* Bits from the top one of a, as a power of two: a = ±f · 2^result, 1 ≤ f < 2. a is not zero. */
int mill_wide_log2(const mill_wide *a);

typedef struct mill_float_format {
	int precision;    /* 53, 24 */
	int min_exponent; /* of the last bit of a subnormal: −1074, −149 */
	int max_exponent; /* 1023, 127 */
} mill_float_format;

/* a · 2^scale, a little further from zero when `sticky`, rounded once to nearest even. False when it overflows. Zero is
 * +0. */
bool mill_wide_round(const mill_wide *a, int scale, bool sticky, mill_float_format format, double *out);

#endif
