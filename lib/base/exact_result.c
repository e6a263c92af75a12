/* From exact sums to floats: the one rounding. */
#include "base/checked.h"
#include "base/exact_state.h"
#include "base/wide.h"

#include <math.h>

static const mill_float_format float64 = {53, -1074, 1023};
static const mill_float_format float32 = {24, -149, 127};

static void load(const mill_exact *sum, mill_wide *out)
{
	if (sum->wide == NULL) {
		int exponent = 64 * (int)sum->first_word - MILL_EXACT_UNIT_BITS;
		mill_wide_from_words(out, sum->band, MILL_EXACT_BAND_WORDS, exponent);
		return;
	}
	uint64_t words[MILL_EXACT_WORDS];
	mill_exact_total(sum, words);
	mill_wide_from_words(out, words, MILL_EXACT_WORDS, -MILL_EXACT_UNIT_BITS);
}

/* True when the sum is NaN or an infinity. */
static bool special_sum(const mill_exact *sum, double *out)
{
	if (sum->specials == 0)
		return false;
	if (sum->specials == MILL_EXACT_POS_INF)
		*out = INFINITY;
	else if (sum->specials == MILL_EXACT_NEG_INF)
		*out = -INFINITY;
	else
		*out = NAN;
	return true;
}

static mill_status beyond(const char *what, const char *type, mill_error *err)
{
	return mill_fail(err, MILL_DATA, "the %s of these values is beyond the range of %s; divide them first", what,
	                 type);
}

mill_status mill_exact_sum(const mill_exact *sum, double *out, mill_error *err)
{
	if (special_sum(sum, out))
		return MILL_OK;
	mill_wide total;
	load(sum, &total);
	return mill_wide_round(&total, 0, false, float64, out) ? MILL_OK : beyond("sum", "float64", err);
}

mill_status mill_exact_sum_f32(const mill_exact *sum, float *out, mill_error *err)
{
	double rounded = 0;
	if (!special_sum(sum, &rounded)) {
		mill_wide total;
		load(sum, &total);
		if (!mill_wide_round(&total, 0, false, float32, &rounded))
			return beyond("sum", "float32", err);
	}
	*out = (float)rounded;
	return MILL_OK;
}

mill_status mill_exact_mean(const mill_exact *sum, int64_t n, double *out, mill_error *err)
{
	if (special_sum(sum, out))
		return MILL_OK;
	mill_wide total;
	load(sum, &total);
	bool rest = mill_wide_divide(&total, (uint64_t)n, 2);
	return mill_wide_round(&total, 0, rest, float64, out) ? MILL_OK : beyond("mean", "float64", err);
}

/* n·Σxy − Σx·Σy */
static void centred(const mill_exact *x, const mill_exact *y, const mill_exact *xy, int64_t n, mill_wide *out)
{
	mill_wide a, b, product;
	load(x, &a);
	load(y, &b);
	mill_wide_multiply(&a, &b, &product);
	load(xy, out);
	mill_wide_multiply_u64(out, (uint64_t)n);
	mill_wide_subtract(out, &product, out);
}

mill_status mill_exact_covariance(const mill_exact *x, const mill_exact *y, const mill_exact *xy, int64_t n,
                                  int64_t divisor, mill_mem *mem, double *out, mill_error *err)
{
	(void)mem;
	if ((x->specials | y->specials | xy->specials) != 0) {
		*out = NAN;
		return MILL_OK;
	}
	mill_wide value;
	centred(x, y, xy, n, &value);
	/* Dividing twice cuts off what one division by the product would. */
	bool rest = mill_wide_divide(&value, (uint64_t)n, 2);
	rest = mill_wide_divide(&value, (uint64_t)divisor, 2) || rest;
	return mill_wide_round(&value, 0, rest, float64, out) ? MILL_OK : beyond("variance", "float64", err);
}

mill_status mill_exact_variance(const mill_exact *sum, const mill_exact *squares, int64_t n, int64_t divisor,
                                mill_mem *mem, double *out, mill_error *err)
{
	return mill_exact_covariance(sum, sum, squares, n, divisor, mem, out, err);
}

/* The even power of two that brings a into [1, 4). */
static int even_scale(const mill_wide *a)
{
	int top = mill_wide_log2(a);
	return -(top - (top & 1));
}

mill_status mill_exact_corr(const mill_exact *x, const mill_exact *y, const mill_exact *xx, const mill_exact *yy,
                            const mill_exact *xy, int64_t n, mill_mem *mem, double *out, bool *is_null, mill_error *err)
{
	(void)mem;
	if ((x->specials | y->specials | xx->specials | yy->specials | xy->specials) != 0) {
		*out = NAN;
		*is_null = false;
		return MILL_OK;
	}
	mill_wide a, b, c;
	centred(x, x, xx, n, &a);
	centred(y, y, yy, n, &b);
	centred(x, y, xy, n, &c);
	if (a.size == 0 || b.size == 0) {
		*out = 0;
		*is_null = true;
		return MILL_OK;
	}
	int a_scale = even_scale(&a), b_scale = even_scale(&b);
	double a_rounded = 0, b_rounded = 0, c_rounded = 0;
	if (!mill_wide_round(&a, a_scale, false, float64, &a_rounded) ||
	    !mill_wide_round(&b, b_scale, false, float64, &b_rounded) ||
	    !mill_wide_round(&c, (a_scale + b_scale) / 2, false, float64, &c_rounded))
		return mill_fail(err, MILL_DATA, "corr: sums that belong to different values");
	double r = c_rounded / (sqrt(a_rounded) * sqrt(b_rounded));
	*out = r > 1 ? 1 : r < -1 ? -1 : r;
	*is_null = false;
	return MILL_OK;
}

bool mill_exact_add_i64(mill_i128 *sum, const int64_t *x, const uint64_t *validity, int64_t rows)
{
	mill_i128 total = 0; /* 2^63 values of 64 bits fit 128 */
	for (int64_t at = 0; at < rows; at += 64) {
		int64_t count = mill_min_i64(64, rows - at);
		uint64_t valid = validity == NULL ? UINT64_MAX : validity[at >> 6];
		if (valid == UINT64_MAX) {
			for (int64_t i = 0; i < count; i++)
				total += x[at + i];
			continue;
		}
		if (count < 64)
			valid &= ((uint64_t)1 << count) - 1;
		for (; valid != 0; valid &= valid - 1)
			total += x[at + __builtin_ctzll(valid)];
	}
	if (mill_add_overflows(*sum, total, &total))
		return false;
	*sum = total;
	return true;
}

bool mill_exact_add_i128(mill_i128 *sum, const mill_i128 *x, const uint64_t *validity, int64_t rows)
{
	mill_i128 total = *sum;
	for (int64_t i = 0; i < rows; i++)
		if (validity == NULL || mill_bit_get(validity, i))
			if (mill_add_overflows(total, x[i], &total))
				return false;
	*sum = total;
	return true;
}

double mill_exact_mean_i128(mill_i128 sum, int64_t n)
{
	const uint64_t words[2] = {(uint64_t)sum, (uint64_t)((mill_u128)sum >> 64)};
	mill_wide value;
	mill_wide_from_words(&value, words, 2, 0);
	bool rest = mill_wide_divide(&value, (uint64_t)n, 2);
	double out = 0;
	/* Below 2^127, so it cannot overflow. */
	(void)mill_wide_round(&value, 0, rest, float64, &out);
	return out;
}
