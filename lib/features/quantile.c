#include "features/quantile.h"

#include "column/canonical.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BITS 64

static int digit_bits_for(int prefixes)
{
	return prefixes <= 8 ? 16 : prefixes <= 256 ? 12 : prefixes <= 8192 ? 8 : 4;
}

static uint64_t key_of(double x)
{
	return (uint64_t)mill_order_f64(x) ^ (uint64_t)1 << 63;
}

static double value_of(uint64_t key)
{
	int64_t order = (int64_t)(key ^ (uint64_t)1 << 63);
	int64_t bits = order ^ (int64_t)((uint64_t)(order >> 63) >> 1);
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* How many bits a pass over the prefixes that are set finds. */
static void start_pass(mill_quantiles *q)
{
	int bits = digit_bits_for(q->prefix_count);
	q->digit_bits = bits < q->unknown_bits ? bits : q->unknown_bits;
	mill_mem_free(q->histogram);
	q->histogram = NULL;
}

static mill_status need_histogram(mill_quantiles *q, mill_error *err)
{
	size_t cells = (size_t)q->prefix_count << q->digit_bits;
	if (q->histogram != NULL)
		return MILL_OK;
	q->histogram = mill_mem_calloc(q->mem, cells, sizeof *q->histogram);
	return q->histogram == NULL ? mill_fail_nomem(err, cells * sizeof *q->histogram, "histograms of quantiles")
	                            : MILL_OK;
}

mill_status mill_quantiles_init(mill_quantiles *q, mill_mem *mem, const mill_quantile_at *at, int at_count,
                                mill_error *err)
{
	*q = (mill_quantiles){.mem = mem, .at = at, .at_count = at_count, .unknown_bits = KEY_BITS, .prefix_count = 1};
	q->prefixes = mill_mem_calloc(mem, 2 * (size_t)at_count + 1, sizeof *q->prefixes);
	q->statistics = mill_mem_calloc(mem, 2 * (size_t)at_count + 1, sizeof *q->statistics);
	if (q->prefixes == NULL || q->statistics == NULL)
		return mill_fail_nomem(err, (size_t)at_count * sizeof *q->statistics, "quantiles");
	start_pass(q);
	return MILL_OK;
}

void mill_quantiles_release(mill_quantiles *q)
{
	mill_mem_free(q->histogram);
	mill_mem_free(q->prefixes);
	mill_mem_free(q->statistics);
	q->histogram = NULL;
	q->prefixes = NULL;
	q->statistics = NULL;
}

int mill_quantiles_passes(const mill_quantiles *q)
{
	if (q->done)
		return 0;
	int later = digit_bits_for(2 * q->at_count), left = q->unknown_bits - q->digit_bits;
	return 1 + (left + later - 1) / later;
}

/* Index of the histogram of a prefix, −1 where there is none. */
static inline int find_prefix(const mill_quantiles *q, uint64_t prefix)
{
	int low = 0, high = q->prefix_count;
	while (high - low > 1) {
		int middle = (low + high) / 2;
		if (q->prefixes[middle] <= prefix)
			low = middle;
		else
			high = middle;
	}
	return q->prefixes[low] == prefix ? low : -1;
}

mill_status mill_quantiles_add(mill_quantiles *q, const double *x, const uint64_t *validity, int64_t rows,
                               mill_error *err)
{
	MILL_TRY(need_histogram(q, err));
	bool first = q->unknown_bits == KEY_BITS;
	int shift = q->unknown_bits - q->digit_bits;
	uint64_t mask = ((uint64_t)1 << q->digit_bits) - 1;
	for (int64_t r = 0; r < rows; r++) {
		if (validity != NULL && !mill_bit_get(validity, r))
			continue;
		uint64_t key = key_of(x[r]);
		int at = first ? 0 : find_prefix(q, key >> q->unknown_bits);
		if (at < 0)
			continue;
		q->histogram[(size_t)at << q->digit_bits | (size_t)(key >> shift & mask)]++;
		if (first) {
			q->low_bits |= mill_canonical_f64(x[r]);
			q->count++;
		}
	}
	return MILL_OK;
}

mill_status mill_quantiles_exchange(mill_quantiles *q, mill_comm *comm, mill_error *err)
{
	const size_t most = (size_t)1 << 24;
	size_t cells = (size_t)q->prefix_count << q->digit_bits;
	MILL_TRY(mill_comm_agree(comm, need_histogram(q, err), err)); /* a rank without rows has none yet */
	for (size_t at = 0; at < cells; at += most) {
		size_t now = cells - at < most ? cells - at : most;
		MILL_TRY(mill_comm_sum_i64(comm, q->histogram + at, (int)now, err));
	}
	if (q->unknown_bits != KEY_BITS)
		return MILL_OK;
	/* A bit is in the union where any rank has it: no more than 64 flags. */
	int64_t flags[KEY_BITS];
	for (int b = 0; b < KEY_BITS; b++)
		flags[b] = (int64_t)(q->low_bits >> b & 1);
	MILL_TRY(mill_comm_max_i64(comm, flags, KEY_BITS, err));
	q->low_bits = 0;
	for (int b = 0; b < KEY_BITS; b++)
		q->low_bits |= (uint64_t)flags[b] << b;
	return mill_comm_sum_i64(comm, &q->count, 1, err);
}

/* h = (n − 1)·p exactly: its whole part, and its fraction rounded once. */
static int64_t split_position(int64_t n, mill_quantile_at at, double *fraction)
{
	mill_u128 h = (mill_u128)(uint64_t)(n - 1) * (uint64_t)at.numerator;
	uint64_t rest = (uint64_t)(h % (uint64_t)at.denominator);
	*fraction = (double)rest / (double)at.denominator;
	return (int64_t)(h / (uint64_t)at.denominator);
}

static void set_targets(mill_quantiles *q)
{
	for (int i = 0; i < q->at_count; i++) {
		double fraction;
		int64_t at = split_position(q->count, q->at[i], &fraction);
		q->statistics[2 * i] = (mill_order_statistic){0, at};
		q->statistics[2 * i + 1] = (mill_order_statistic){0, mill_min_i64(at + (fraction > 0), q->count - 1)};
	}
}

static mill_status narrow_target(const mill_quantiles *q, mill_order_statistic *statistic, mill_error *err)
{
	const int64_t *histogram = q->histogram + ((size_t)find_prefix(q, statistic->prefix) << q->digit_bits);
	uint64_t digit = 0, digits = (uint64_t)1 << q->digit_bits;
	while (digit < digits && statistic->rank >= histogram[digit])
		statistic->rank -= histogram[digit++];
	if (digit == digits)
		return mill_fail(err, MILL_INTERNAL, "the rows of a fit changed from one pass to the next");
	statistic->prefix = statistic->prefix << q->digit_bits | digit;
	return MILL_OK;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The bits that no value sets are known without counting: zeros, or ones in the keys of negative values. */
static bool rest_is_known(const mill_quantiles *q)
{
	return q->unknown_bits == 0 || (q->low_bits & (((uint64_t)1 << q->unknown_bits) - 1)) == 0;
}

static void complete_targets(mill_quantiles *q)
{
	uint64_t low = q->unknown_bits == 0 ? 0 : ((uint64_t)1 << q->unknown_bits) - 1;
	for (int t = 0; t < 2 * q->at_count; t++) {
		uint64_t prefix = q->statistics[t].prefix;
		uint64_t key = q->unknown_bits == 0 ? prefix : prefix << q->unknown_bits;
		q->statistics[t].prefix = key >> 63 == 0 ? key | low : key;
	}
	q->unknown_bits = 0;
	q->done = true;
}

mill_status mill_quantiles_narrow(mill_quantiles *q, mill_error *err)
{
	if (q->count == 0) {
		q->done = true;
		return MILL_OK;
	}
	if (q->unknown_bits == KEY_BITS)
		set_targets(q);
	for (int t = 0; t < 2 * q->at_count; t++)
		MILL_TRY(narrow_target(q, &q->statistics[t], err));
	q->unknown_bits -= q->digit_bits;
	if (rest_is_known(q)) {
		complete_targets(q);
		mill_mem_free(q->histogram);
		q->histogram = NULL;
		return MILL_OK;
	}
	for (int t = 0; t < 2 * q->at_count; t++)
		q->prefixes[t] = q->statistics[t].prefix;
	qsort(q->prefixes, 2 * (size_t)q->at_count, sizeof *q->prefixes, compare_u64);
	q->prefix_count = 0;
	for (int t = 0; t < 2 * q->at_count; t++)
		if (t == 0 || q->prefixes[t] != q->prefixes[q->prefix_count - 1])
			q->prefixes[q->prefix_count++] = q->prefixes[t];
	start_pass(q);
	return MILL_OK;
}

double mill_quantiles_value(const mill_quantiles *q, int i)
{
	double fraction, low = value_of(q->statistics[2 * i].prefix), high = value_of(q->statistics[2 * i + 1].prefix);
	split_position(q->count, q->at[i], &fraction);
	if (fraction == 0.0 || low == high)
		return low;
	double span = high - low;
	if (isinf(span) && isfinite(low) && isfinite(high))
		return low * (1.0 - fraction) + high * fraction;
	return low + span * fraction;
}
