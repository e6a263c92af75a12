/* Arithmetic that tells when it overflows, and narrowing that asserts its range. Header only. Not collective. */
#ifndef MILL_BASE_CHECKED_H
#define MILL_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the result does not fit; *out then holds the wrapped value. */
#define mill_add_overflows(a, b, out) __builtin_add_overflow(a, b, out)
#define mill_sub_overflows(a, b, out) __builtin_sub_overflow(a, b, out)
#define mill_mul_overflows(a, b, out) __builtin_mul_overflow(a, b, out)

/* The least multiple of `multiple` that is not below value. */
static inline size_t mill_round_up(size_t value, size_t multiple)
{
	return (value + multiple - 1) / multiple * multiple;
}
/* The smaller one. */
static inline int64_t mill_min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
/* The larger one. */
static inline int64_t mill_max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Words of 64 bits that hold `bits` bits. */
static inline size_t mill_bit_words(int64_t bits)
{
	return ((size_t)bits + 63) / 64;
}
/* Whether bit `at` is set. */
static inline bool mill_bit_get(const uint64_t *bits, int64_t at)
{
	return (bits[at >> 6] >> (at & 63)) & 1U;
}
/* Sets bit `at`. */
static inline void mill_bit_set(uint64_t *bits, int64_t at)
{
	bits[at >> 6] |= (uint64_t)1 << (at & 63);
}
/* Clears bit `at`. */
static inline void mill_bit_clear(uint64_t *bits, int64_t at)
{
	bits[at >> 6] &= ~((uint64_t)1 << (at & 63));
}
/* Sets bit `at` or clears it. */
static inline void mill_bit_put(uint64_t *bits, int64_t at, bool value)
{
	uint64_t mask = (uint64_t)1 << (at & 63);
	bits[at >> 6] = (bits[at >> 6] & ~mask) | (value ? mask : 0);
}

#endif
