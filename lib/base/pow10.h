/* Powers of ten to 128 bits: what shortest float printing and correctly rounded float parsing stand on.
 * The table is written by tests/tools/pow10_table.py. Not collective. */
#ifndef MILL_BASE_POW10_H
#define MILL_BASE_POW10_H

#include <stdint.h>

#define MILL_POW10_MIN (-342)
#define MILL_POW10_MAX 324

/* The leading 128 bits of 10^e, cut (exact for 0 ≤ e ≤ 55), top bit set:
 * 10^e = (high·2^64 + low + fraction) · 2^(mill_log2_pow10(e) − 127). */
typedef struct mill_pow10 {
	uint64_t high;
	uint64_t low;
} mill_pow10;

extern const mill_pow10 mill_pow10_table[MILL_POW10_MAX - MILL_POW10_MIN + 1];

/* floor(log2(10^e)) for |e| ≤ 1233. */
static inline int mill_log2_pow10(int e)
{
	return (e * 1741647) >> 19;
}

#endif
