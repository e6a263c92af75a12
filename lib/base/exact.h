/* Exact sums: the same digits whatever the order, the ranks or the machine (definitions.md D6).
 *
 * A state holds the exact value of Σx (and, where asked, Σx²) of finite float64 as fixed point in wide integers;
 * merging is addition, so partial states combine in any order. NaN, +Inf and −Inf are counted beside. One rounding to
 * nearest even happens at the end. The fast path is an int128 window that covers ordinary magnitudes; values outside go
 * to a wide superaccumulator that is allocated when first needed. Background: Kulisch accumulators; Neal, "Fast exact
 * summation using small and large superaccumulators" (2015). Layout is private; serialised form is versioned.
 * Not collective. */
#ifndef MILL_BASE_EXACT_H
#define MILL_BASE_EXACT_H

#include "base/bytes.h"
#include "base/hash.h"

/* Σx of float64. Zero-initialised = empty. Holds memory only after an escape; mill_exact_release is idempotent. */
typedef struct mill_exact {
	mill_i128 window; /* Σ of the values that fit, in units of 2^MILL_EXACT_WINDOW_EXPONENT */
	int64_t pending;  /* values added to the window since it was last emptied into wide */
	int64_t nan_count;
	int64_t pos_inf_count;
	int64_t neg_inf_count;
	struct mill_exact_wide *wide; /* NULL until a value does not fit the window */
} mill_exact;

/* Adds x[i] for every i whose bit is set in validity (NULL: all). MILL_NOMEM. */
MILL_NODISCARD mill_status mill_exact_add(mill_exact *sum, mill_mem *mem, double x);
MILL_NODISCARD mill_status mill_exact_add_array(mill_exact *sum, mill_mem *mem, const double *x,
                                                const uint64_t *validity, int64_t rows);
/* Adds x·y exactly (106-bit significand products; never floating hi + lo). */
MILL_NODISCARD mill_status mill_exact_add_product(mill_exact *sum, mill_mem *mem, double x, double y);
MILL_NODISCARD mill_status mill_exact_merge(mill_exact *into, mill_mem *mem, const mill_exact *from);
MILL_NODISCARD mill_status mill_exact_write(const mill_exact *sum, mill_bytes *out);
MILL_NODISCARD mill_status mill_exact_read(mill_exact *sum, mill_mem *mem, mill_bytes_view *in, mill_error *err);
void mill_exact_release(mill_exact *sum);

/* RN(Σx); +0 for an empty or zero sum; NaN by the counted specials. MILL_DATA when finite values sum beyond float64. */
MILL_NODISCARD mill_status mill_exact_sum(const mill_exact *sum, double *out, mill_error *err);
/* RN(Σx / n), n > 0. */
MILL_NODISCARD mill_status mill_exact_mean(const mill_exact *sum, int64_t n, double *out, mill_error *err);
/* RN((nΣx² − (Σx)²) / (n·divisor)), divisor n − 1 (samp) or n (pop), > 0. */
MILL_NODISCARD mill_status mill_exact_variance(const mill_exact *sum, const mill_exact *squares, int64_t n,
                                               int64_t divisor, mill_mem *mem, double *out, mill_error *err);
/* corr of D6 over n pairs. *is_null is set when A or B is 0. */
MILL_NODISCARD mill_status mill_exact_corr(const mill_exact *x, const mill_exact *y, const mill_exact *xx,
                                           const mill_exact *yy, const mill_exact *xy, int64_t n, mill_mem *mem,
                                           double *out, bool *is_null, mill_error *err);

#endif
