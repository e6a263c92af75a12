/* Exact quotients of wide integers, rounded once. Not collective. */
#ifndef MILL_OPS_STATES_RATIO_H
#define MILL_OPS_STATES_RATIO_H

#include "base/hash.h"
#include <stdbool.h>

/* RN(numerator / divisor), divisor > 0. */
double op_ratio(mill_i128 numerator, uint64_t divisor);

/* (wrapped + carry·2^128) · factor / divisor, half away from zero. False when it has more than 38 digits. */
bool op_ratio_decimal(mill_i128 wrapped, int64_t carry, uint64_t factor, uint64_t divisor, mill_i128 *out);

/* 10^38 − 1, the largest decimal. */
static inline mill_i128 op_decimal_limit(void)
{
	return (mill_i128)10000000000000000000ULL * 10000000000000000000ULL - 1;
}

#endif
