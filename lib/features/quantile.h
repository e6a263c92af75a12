/* Exact order statistics by counting: the 64-bit keys of float64, in their order, are narrowed down digit by digit,
 * with one pass over the rows each, however many rows there are and wherever they lie. Memory is a histogram of 2^digit
 * counters for every prefix that is still looked into. Source: radix selection. Not collective, but for
 * mill_quantiles_exchange. */
#ifndef MILL_FEATURES_QUANTILE_H
#define MILL_FEATURES_QUANTILE_H

#include "comm/comm.h"
#include "features/transform.h"

/* The quantile at numerator / denominator, 0 ≤ numerator ≤ denominator ≤ 10^15. */
typedef struct mill_quantile_at {
	int64_t numerator;
	int64_t denominator;
} mill_quantile_at;

typedef struct mill_order_statistic {
	uint64_t prefix; /* digits found so far */
	int64_t rank;    /* among values with that prefix */
} mill_order_statistic;

typedef struct mill_quantiles {
	mill_mem *mem;
	const mill_quantile_at *at; /* borrowed */
	int at_count;
	int64_t count;      /* values seen */
	uint64_t low_bits;  /* union of the values' bits */
	int unknown_bits;   /* low bits of the keys that are not found yet */
	int digit_bits;     /* found in this pass */
	int64_t *histogram; /* prefix_count × 2^digit_bits; NULL until rows come */
	uint64_t *prefixes; /* ascending */
	int prefix_count;
	mill_order_statistic *statistics; /* two per quantile: below and above; once values were counted */
	bool done;
} mill_quantiles;

/* Starts a search for at_count quantiles. `at` is borrowed. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_quantiles_init(mill_quantiles *q, mill_mem *mem, const mill_quantile_at *at,
                                               int at_count, mill_error *err);
void mill_quantiles_release(mill_quantiles *q); /* frees what init and add allocated; idempotent */
/* How many passes are needed at most from here on; 0: done. */
int mill_quantiles_passes(const mill_quantiles *q);
/* Counts the valid values of x in this pass: finite or infinite, no NaN. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_quantiles_add(mill_quantiles *q, const double *x, const uint64_t *validity,
                                              int64_t rows, mill_error *err);
/* Collective: adds up the pass's histograms over ranks. All ranks return one status. */
MILL_NODISCARD mill_status mill_quantiles_exchange(mill_quantiles *q, mill_comm *comm, mill_error *err);
/* After the exchange: one digit more of every statistic. done is set when all are found. */
MILL_NODISCARD mill_status mill_quantiles_narrow(mill_quantiles *q, mill_error *err);
/* lo + (hi − lo)·fraction of quantile i (D6), once done; count > 0. */
double mill_quantiles_value(const mill_quantiles *q, int i);

#endif
