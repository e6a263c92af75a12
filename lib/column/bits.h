/* Bitmaps a word at a time: counting, copying at any bit, selecting. Bits past the end are written as 0.
 * Not collective. */
#ifndef MILL_COLUMN_BITS_H
#define MILL_COLUMN_BITS_H

#include "base/checked.h"
#include <string.h>

/* The low `bits` bits set, 0 ≤ bits ≤ 64. */
static inline uint64_t mill_bits_mask(int64_t bits)
{
	return bits >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
}

/* Sets bits 0 … bits − 1 and clears the rest of the last word. */
static inline void mill_bits_fill(uint64_t *out, int64_t bits)
{
	size_t words = mill_bit_words(bits);
	memset(out, 0xff, words * 8);
	if ((bits & 63) != 0)
		out[words - 1] = mill_bits_mask(bits & 63);
}

/* How many of the first `count` bits are set. */
static inline int64_t mill_bits_count(const uint64_t *bits, int64_t count)
{
	int64_t ones = 0;
	size_t words = mill_bit_words(count);
	for (size_t w = 0; w < words; w++)
		ones += __builtin_popcountll(bits[w]);
	return ones;
}

/* Copies `count` bits of in from bit `from` to out from bit 0; reads no word that holds none of them. */
void mill_bits_slice(uint64_t *restrict out, const uint64_t *restrict in, int64_t from, int64_t count);

/* Appends `count` bits of in (from bit 0) to out at bit `at`; out's bits from `at` on in its last word must be 0. */
void mill_bits_append(uint64_t *restrict out, int64_t at, const uint64_t *restrict in, int64_t count);
/* Sets bits at … at + count − 1; those before stay. */
void mill_bits_append_ones(uint64_t *out, int64_t at, int64_t count);

/* Packs those bits of in whose bit in keep is set: `kept` bits from bit 0 of out, mill_bit_words(kept) words written.
 */
void mill_bits_filter(uint64_t *restrict out, const uint64_t *restrict in, const uint64_t *restrict keep, int64_t rows,
                      int64_t kept);

/* out bit i = in bit indices[i], 0 where the index is negative. */
void mill_bits_take(uint64_t *restrict out, const uint64_t *restrict in, const int32_t *restrict indices,
                    int64_t count);

/* Positions of the set bits, in order; returns how many. out needs room for all of them. */
int64_t mill_bits_indices(const uint64_t *restrict bits, int64_t rows, int32_t *restrict out);

#endif
