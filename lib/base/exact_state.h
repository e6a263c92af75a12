/* Private to base/exact: the wide accumulator and the serialised form. Not collective.
 *
 * OFFSET  SIZE  DESCRIPTION
 *      0     1  version, 1
 *      1     1  specials: 1 NaN, 2 +Inf, 4 −Inf
 *      2     1  first: index of the first word that follows
 *      3     1  count
 *      4   8·n  words first … first + count − 1 of the total in units of 2^-2176, two's complement; words below are 0,
 *               words above repeat the sign */
#ifndef MILL_BASE_EXACT_STATE_H
#define MILL_BASE_EXACT_STATE_H

#include "base/exact.h"

#define MILL_EXACT_VERSION 1
/* The last bit weighs 2^-2176: below the least product of subnormals, 2^-2148. The largest product is under 2^2048, so
 * 256 bits are left for the number of values and the sign. */
#define MILL_EXACT_UNIT_BITS 2176
#define MILL_EXACT_WORDS     70

struct mill_exact_wide {
	uint64_t words[MILL_EXACT_WORDS];
};

/* Band and wide together, two's complement. */
void mill_exact_total(const mill_exact *sum, uint64_t words[MILL_EXACT_WORDS]);

#endif
