/* Exact sums: the same digits whatever the order, the ranks or the machine (definitions.md D6).
 *
 * A state holds Σx (or Σxy) of finite float64 as a fixed-point integer in units of 2^-2176; merging is addition, so
 * partial states combine in any order, and one rounding to nearest even happens at the end. NaN and infinities are
 * noted beside. A result of zero is +0. Of the 4,480 bits a band of 320 is kept in the state, placed around the first
 * value; values outside it go to a wide accumulator that is allocated when first needed. Background: Kulisch
 * accumulators; Neal, "Fast exact summation using small and large superaccumulators" (2015). Layout is private; the
 * serialised form is versioned. Not collective. */
#ifndef MILL_BASE_EXACT_H
#define MILL_BASE_EXACT_H

#include "base/bytes.h"
#include "base/hash.h"

#include <string.h>

#define MILL_EXACT_BAND_WORDS  5
#define MILL_EXACT_MAX_PENDING ((uint32_t)1 << 21)

/* Σx. Zero-initialised = empty. Holds memory only after an escape; mill_exact_release is idempotent. */
typedef struct mill_exact {
	uint64_t band[MILL_EXACT_BAND_WORDS]; /* two's complement, words first_word … of the wide accumulator */
	struct mill_exact_wide *wide;         /* NULL until a value does not fit the band */
	uint32_t pending;                     /* 0: the band is empty; |band| < pending · 2^297 */
	uint8_t first_word;
	uint8_t specials; /* MILL_EXACT_NAN … */
} mill_exact;

#define MILL_EXACT_NAN     1
#define MILL_EXACT_POS_INF 2
#define MILL_EXACT_NEG_INF 4

/* What mill_exact_add does with a value that is no ordinary one for the band. */
MILL_NODISCARD mill_status mill_exact_add_slow(mill_exact *sum, mill_mem *mem, double x);

/* Adds x; the fast path takes 2 to 4 ns. MILL_NOMEM. */
MILL_NODISCARD static inline mill_status mill_exact_add(mill_exact *sum, mill_mem *mem, double x)
{
	uint64_t bits = 0;
	memcpy(&bits, &x, sizeof bits);
	uint32_t exponent = (uint32_t)(bits >> 52) & 0x7FF;
	/* The significand's last bit has the weight 2^(exponent − 1075): bit exponent + 1101 of the accumulator. */
	uint32_t word = ((exponent + 1101) >> 6) - sum->first_word, shift = (exponent + 1101) & 63;
	if (exponent - 1 >= 0x7FE || word > 2 || sum->pending - 1 >= MILL_EXACT_MAX_PENDING - 1)
		return mill_exact_add_slow(sum, mem, x);
	int64_t sign = (int64_t)bits >> 63;
	int64_t significand = (int64_t)((bits & 0xFFFFFFFFFFFFFU) | 0x10000000000000U);
	significand = (significand ^ sign) - sign;
	uint64_t *band = sum->band + word;
	mill_u128 low = (mill_u128)band[0] + ((uint64_t)significand << shift);
	mill_u128 high = (mill_u128)band[1] + (uint64_t)((significand >> 1) >> (63 - shift)) + (uint64_t)(low >> 64);
	band[0] = (uint64_t)low;
	band[1] = (uint64_t)high;
	/* A sign word plus the carry: 0 when nothing travels further up. */
	uint64_t carry = (uint64_t)(high >> 64), ripple = (uint64_t)sign + carry;
	for (uint32_t i = word + 2; ripple != 0 && i < MILL_EXACT_BAND_WORDS; i++) {
		mill_u128 t = (mill_u128)sum->band[i] + (uint64_t)sign + carry;
		sum->band[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
		ripple = (uint64_t)sign + carry;
	}
	sum->pending++;
	return MILL_OK;
}

/* Adds x[i] for every i < rows whose bit is set in validity (NULL: all). MILL_NOMEM. */
MILL_NODISCARD mill_status mill_exact_add_array(mill_exact *sum, mill_mem *mem, const double *x,
                                                const uint64_t *validity, int64_t rows);
/* Adds x·y exactly (106-bit significand products; never floating hi + lo). */
MILL_NODISCARD mill_status mill_exact_add_product(mill_exact *sum, mill_mem *mem, double x, double y);
/* Adds x[i]·y[i]; y may be x. */
MILL_NODISCARD mill_status mill_exact_add_products(mill_exact *sum, mill_mem *mem, const double *x, const double *y,
                                                   const uint64_t *validity, int64_t rows);
/* Adds words · 2^exponent, words an integer of 1 to 4 words in two's complement: for callers that keep bands of their
 * own. −2176 ≤ exponent ≤ 1900. */
MILL_NODISCARD mill_status mill_exact_add_integer(mill_exact *sum, mill_mem *mem, const uint64_t *words, int count,
                                                  int exponent);
/* Adds what from holds. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_exact_merge(mill_exact *into, mill_mem *mem, const mill_exact *from);
/* Equal sums give equal bytes. */
MILL_NODISCARD mill_status mill_exact_write(const mill_exact *sum, mill_bytes *out);
/* Reads into an empty state. MILL_DATA: not what write wrote. */
MILL_NODISCARD mill_status mill_exact_read(mill_exact *sum, mill_mem *mem, mill_bytes_view *in, mill_error *err);
/* Frees what the sum holds; idempotent. */
void mill_exact_release(mill_exact *sum);
/* Whether the specials seen include a NaN. */
static inline bool mill_exact_has_nan(const mill_exact *sum)
{
	return (sum->specials & MILL_EXACT_NAN) != 0;
}

/* RN(Σx); +0 for an empty or zero sum; NaN or an infinity by the specials. MILL_DATA when finite values sum beyond
 * float64. sum_f32 rounds once to float32. */
MILL_NODISCARD mill_status mill_exact_sum(const mill_exact *sum, double *out, mill_error *err);
/* The sum rounded once to float32; else as mill_exact_sum. */
MILL_NODISCARD mill_status mill_exact_sum_f32(const mill_exact *sum, float *out, mill_error *err);
/* RN(Σx / n), n > 0. */
MILL_NODISCARD mill_status mill_exact_mean(const mill_exact *sum, int64_t n, double *out, mill_error *err);
/* RN((nΣx² − (Σx)²) / (n·divisor)), divisor n − 1 (samp) or n (pop), > 0. NaN when the values hold a NaN or an
 * infinity. MILL_DATA when it is beyond float64. mem is not used yet. */
MILL_NODISCARD mill_status mill_exact_variance(const mill_exact *sum, const mill_exact *squares, int64_t n,
                                               int64_t divisor, mill_mem *mem, double *out, mill_error *err);
/* RN((nΣxy − ΣxΣy) / (n·divisor)), as mill_exact_variance. */
MILL_NODISCARD mill_status mill_exact_covariance(const mill_exact *x, const mill_exact *y, const mill_exact *xy,
                                                 int64_t n, int64_t divisor, mill_mem *mem, double *out,
                                                 mill_error *err);
/* corr of D6 over n pairs: with A = nΣx² − (Σx)², B and C alike, each rounded once, C/(sqrt A·sqrt B) clamped to
 * [−1, 1]. A and B are first scaled by even powers of two to between 1 and 4 and C by the root of their product: that
 * changes no digit, and nothing overflows or gets lost however far apart x and y are. *is_null is set (and *out is 0)
 * when A or B is 0. NaN when the values hold a NaN or an infinity. mem is not used yet. */
MILL_NODISCARD mill_status mill_exact_corr(const mill_exact *x, const mill_exact *y, const mill_exact *xx,
                                           const mill_exact *yy, const mill_exact *xy, int64_t n, mill_mem *mem,
                                           double *out, bool *is_null, mill_error *err);

/* *sum += x[i] for every valid i; false (sum untouched) when int128 overflows. */
MILL_NODISCARD bool mill_exact_add_i64(mill_i128 *sum, const int64_t *x, const uint64_t *validity, int64_t rows);
/* As mill_exact_add_i64, for wide values. */
MILL_NODISCARD bool mill_exact_add_i128(mill_i128 *sum, const mill_i128 *x, const uint64_t *validity, int64_t rows);
/* RN(sum / n), n > 0. */
double mill_exact_mean_i128(mill_i128 sum, int64_t n);

#endif
