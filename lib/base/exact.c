#include "base/exact.h"

#include "base/checked.h"
#include "base/exact_state.h"

#include <string.h>

/* Bits of a significand product and below, a value placed in the band may reach. */
#define BAND_BITS 297
/* A rebased band starts this many bits below the value that places it. */
#define BITS_BELOW 96

/* Adds ±magnitude · 2^position to count words of two's complement; position counts from words[0]. */
static inline void add_to_words(uint64_t *words, uint32_t count, mill_u128 magnitude, bool negative, uint32_t position)
{
	uint32_t word = position >> 6, shift = position & 63;
	uint64_t sign = negative ? UINT64_MAX : 0;
	mill_i128 value = (mill_i128)(negative ? -magnitude : magnitude);
	mill_i128 upper = (value >> 1) >> (63 - shift);
	mill_u128 t = (mill_u128)words[word] + ((uint64_t)value << shift);
	words[word] = (uint64_t)t;
	t = (mill_u128)words[word + 1] + (uint64_t)upper + (uint64_t)(t >> 64);
	words[word + 1] = (uint64_t)t;
	t = (mill_u128)words[word + 2] + (uint64_t)(upper >> 64) + (uint64_t)(t >> 64);
	words[word + 2] = (uint64_t)t;
	uint64_t carry = (uint64_t)(t >> 64);
	for (uint32_t i = word + 3; sign + carry != 0 && i < count; i++) {
		t = (mill_u128)words[i] + sign + carry;
		words[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
}

/* words += addend · 2^(64·at), both two's complement. */
static void add_words(uint64_t *words, uint32_t count, const uint64_t *addend, uint32_t addend_count, uint32_t at)
{
	uint64_t sign = (uint64_t)((int64_t)addend[addend_count - 1] >> 63), carry = 0;
	for (uint32_t i = at; i < count; i++) {
		uint64_t part = i - at < addend_count ? addend[i - at] : sign;
		mill_u128 t = (mill_u128)words[i] + part + carry;
		words[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
}

static mill_status need_wide(mill_exact *sum, mill_mem *mem)
{
	if (sum->wide == NULL)
		sum->wide = mill_mem_calloc(mem, 1, sizeof *sum->wide);
	return sum->wide == NULL ? MILL_NOMEM : MILL_OK;
}

static void empty_band(mill_exact *sum)
{
	memset(sum->band, 0, sizeof sum->band);
	sum->pending = 0;
}

static bool is_small(uint64_t top_word)
{
	int64_t top = (int64_t)top_word;
	return top >= -((int64_t)1 << (BAND_BITS - 257)) && top < (int64_t)1 << (BAND_BITS - 257);
}

/* Makes pending small again: by looking, mostly, else by moving the band's contents. */
static mill_status settle(mill_exact *sum, mill_mem *mem)
{
	if (is_small(sum->band[MILL_EXACT_BAND_WORDS - 1])) {
		sum->pending = 1;
		return MILL_OK;
	}
	MILL_TRY(need_wide(sum, mem));
	add_words(sum->wide->words, MILL_EXACT_WORDS, sum->band, MILL_EXACT_BAND_WORDS, sum->first_word);
	empty_band(sum);
	return MILL_OK;
}

static uint32_t bit_length(mill_u128 value)
{
	uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
	if (high != 0)
		return 128 - (uint32_t)__builtin_clzll(high);
	return low == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(low);
}

/* Adds ±magnitude · 2^position, counted from the accumulator's last bit. */
static mill_status add_magnitude(mill_exact *sum, mill_mem *mem, mill_u128 magnitude, bool negative, uint32_t position)
{
	if (magnitude == 0)
		return MILL_OK;
	if (sum->pending >= MILL_EXACT_MAX_PENDING)
		MILL_TRY(settle(sum, mem));
	if (sum->pending == 0)
		sum->first_word = (uint8_t)(position < BITS_BELOW ? 0 : (position - BITS_BELOW) >> 6);
	uint32_t first = (uint32_t)sum->first_word << 6;
	if (position >= first && position - first + bit_length(magnitude) <= BAND_BITS &&
	    position - first < 64 * (MILL_EXACT_BAND_WORDS - 2)) {
		add_to_words(sum->band, MILL_EXACT_BAND_WORDS, magnitude, negative, position - first);
		sum->pending++;
		return MILL_OK;
	}
	MILL_TRY(need_wide(sum, mem));
	add_to_words(sum->wide->words, MILL_EXACT_WORDS, magnitude, negative, position);
	return MILL_OK;
}

/* A float64 taken apart: ±significand · 2^(position − 1075 − 1101), or a special. */
typedef struct parts {
	uint64_t significand;
	uint32_t position;
	bool negative;
	bool is_finite;
} parts;

static parts take_apart(double x)
{
	uint64_t bits = 0;
	memcpy(&bits, &x, sizeof bits);
	uint32_t exponent = (uint32_t)(bits >> 52) & 0x7FF;
	uint64_t fraction = bits & 0xFFFFFFFFFFFFFU;
	bool is_normal = exponent != 0;
	return (parts){fraction | (uint64_t)is_normal << 52, exponent + !is_normal + 1101, bits >> 63 != 0,
	               exponent != 0x7FF};
}

static void note_special(mill_exact *sum, double x)
{
	if (x != x)
		sum->specials |= MILL_EXACT_NAN;
	else
		sum->specials |= x > 0 ? MILL_EXACT_POS_INF : MILL_EXACT_NEG_INF;
}

mill_status mill_exact_add_slow(mill_exact *sum, mill_mem *mem, double x)
{
	parts p = take_apart(x);
	if (p.is_finite)
		return add_magnitude(sum, mem, p.significand, p.negative, p.position);
	note_special(sum, x);
	return MILL_OK;
}

mill_status mill_exact_add_product(mill_exact *sum, mill_mem *mem, double x, double y)
{
	parts a = take_apart(x), b = take_apart(y);
	if (!a.is_finite || !b.is_finite) {
		note_special(sum, x * y);
		return MILL_OK;
	}
	/* Positions are 2176 up from the exponents, so their sum is one 2176 too high. */
	uint32_t position = a.position + b.position - MILL_EXACT_UNIT_BITS;
	return add_magnitude(sum, mem, (mill_u128)a.significand * b.significand, a.negative != b.negative, position);
}

static bool is_valid(const uint64_t *validity, int64_t row)
{
	return validity == NULL || mill_bit_get(validity, row);
}

mill_status mill_exact_add_products(mill_exact *sum, mill_mem *mem, const double *x, const double *y,
                                    const uint64_t *validity, int64_t rows)
{
	for (int64_t i = 0; i < rows; i++)
		if (is_valid(validity, i))
			MILL_TRY(mill_exact_add_product(sum, mem, x[i], y[i]));
	return MILL_OK;
}

/* A run's own band: an int128 whose last bit is that of biased exponent `base`. */
typedef struct run {
	mill_i128 total;
	uint32_t base;
	int64_t left; /* values that are sure to fit */
} run;

#define RUN_SHIFT_MAX  59
#define RUN_SHIFT_TOP  40                 /* where the largest of the first values is placed */
#define RUN_VALUES_MAX ((int64_t)1 << 13) /* 53 + 59 + 13 bits and a sign fit 128 */

static mill_status flush_run(run *r, mill_exact *sum, mill_mem *mem)
{
	bool negative = r->total < 0;
	mill_u128 magnitude = negative ? -(mill_u128)r->total : (mill_u128)r->total;
	r->total = 0;
	r->left = RUN_VALUES_MAX;
	return add_magnitude(sum, mem, magnitude, negative, r->base + 1101);
}

/* Looks at up to 64 values: the largest of them gets room to grow, the smaller ones to be exact. */
static void place_run(run *r, const double *x, int64_t count)
{
	uint32_t largest = 0;
	for (int64_t i = 0; i < count; i++) {
		uint64_t bits = 0;
		memcpy(&bits, &x[i], sizeof bits);
		uint32_t exponent = (uint32_t)(bits >> 52) & 0x7FF;
		if (exponent != 0x7FF && exponent > largest)
			largest = exponent;
	}
	r->base = largest > RUN_SHIFT_TOP ? largest - RUN_SHIFT_TOP : 1;
}

static mill_status add_run(run *r, mill_exact *sum, mill_mem *mem, const double *restrict x, int64_t rows)
{
	if (r->left < rows)
		MILL_TRY(flush_run(r, sum, mem));
	r->left -= rows;
	mill_i128 total = r->total;
	uint32_t base = r->base;
	for (int64_t i = 0; i < rows; i++) {
		uint64_t bits = 0;
		memcpy(&bits, &x[i], sizeof bits);
		uint32_t exponent = (uint32_t)(bits >> 52) & 0x7FF;
		uint32_t shift = exponent - base;
		if (shift > RUN_SHIFT_MAX || exponent == 0x7FF) {
			if (bits << 1 != 0)
				MILL_TRY(mill_exact_add(sum, mem, x[i]));
			continue;
		}
		int64_t sign = (int64_t)bits >> 63;
		int64_t significand = (int64_t)((bits & 0xFFFFFFFFFFFFFU) | 0x10000000000000U);
		significand = (significand ^ sign) - sign;
		uint64_t low = (uint64_t)significand << shift;
		uint64_t high = (uint64_t)((significand >> 1) >> (63 - shift));
		total = (mill_i128)((mill_u128)total + ((mill_u128)high << 64 | low));
	}
	r->total = total;
	return MILL_OK;
}

static mill_status add_sparse(mill_exact *sum, mill_mem *mem, const double *x, uint64_t valid)
{
	for (; valid != 0; valid &= valid - 1)
		MILL_TRY(mill_exact_add(sum, mem, x[__builtin_ctzll(valid)]));
	return MILL_OK;
}

mill_status mill_exact_add_array(mill_exact *sum, mill_mem *mem, const double *x, const uint64_t *validity,
                                 int64_t rows)
{
	run r = {.base = 1, .left = RUN_VALUES_MAX};
	place_run(&r, x, mill_min_i64(64, rows));
	for (int64_t at = 0; at < rows; at += 64) {
		int64_t count = mill_min_i64(64, rows - at);
		uint64_t all = count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
		uint64_t valid = validity == NULL ? all : validity[at >> 6] & all;
		if (valid == all)
			MILL_TRY(add_run(&r, sum, mem, x + at, count));
		else
			MILL_TRY(add_sparse(sum, mem, x + at, valid));
	}
	return flush_run(&r, sum, mem);
}

/* from's band in the place of into's, when nothing is lost and it is small. */
static bool align_band(const mill_exact *from, uint32_t first_word, uint64_t out[MILL_EXACT_BAND_WORDS])
{
	int up = (int)from->first_word - (int)first_word;
	uint64_t sign = (uint64_t)((int64_t)from->band[MILL_EXACT_BAND_WORDS - 1] >> 63);
	for (int i = 0; i < MILL_EXACT_BAND_WORDS; i++) {
		int source = i - up;
		out[i] = source < 0 ? 0 : source < MILL_EXACT_BAND_WORDS ? from->band[source] : sign;
	}
	for (int i = 0; i < MILL_EXACT_BAND_WORDS; i++) {
		bool is_below = i + up < 0, is_above = i + up >= MILL_EXACT_BAND_WORDS;
		if ((is_below && from->band[i] != 0) || (is_above && from->band[i] != sign))
			return false;
	}
	uint64_t top = out[MILL_EXACT_BAND_WORDS - 1];
	return is_small(top) && (uint64_t)((int64_t)top >> 63) == sign;
}

static mill_status merge_band(mill_exact *into, mill_mem *mem, const mill_exact *from)
{
	if (from->pending == 0)
		return MILL_OK;
	if (into->pending == 0) {
		memcpy(into->band, from->band, sizeof into->band);
		into->first_word = from->first_word;
		into->pending = from->pending;
		return MILL_OK;
	}
	if (into->pending >= MILL_EXACT_MAX_PENDING)
		MILL_TRY(settle(into, mem));
	uint64_t aligned[MILL_EXACT_BAND_WORDS];
	if (into->pending != 0 && align_band(from, into->first_word, aligned)) {
		add_words(into->band, MILL_EXACT_BAND_WORDS, aligned, MILL_EXACT_BAND_WORDS, 0);
		into->pending++;
		return MILL_OK;
	}
	MILL_TRY(need_wide(into, mem));
	add_words(into->wide->words, MILL_EXACT_WORDS, from->band, MILL_EXACT_BAND_WORDS, from->first_word);
	return MILL_OK;
}

mill_status mill_exact_add_integer(mill_exact *sum, mill_mem *mem, const uint64_t *words, int count, int exponent)
{
	uint32_t position = (uint32_t)(exponent + MILL_EXACT_UNIT_BITS), shift = position & 63;
	uint64_t sign = (uint64_t)((int64_t)words[count - 1] >> 63), below = 0, any = 0;
	mill_exact part = {.first_word = (uint8_t)(position >> 6)};
	for (int i = 0; i < MILL_EXACT_BAND_WORDS; i++) {
		uint64_t word = i < count ? words[i] : sign;
		part.band[i] = word << shift | (below >> 1) >> (63 - shift);
		any |= part.band[i];
		below = word;
	}
	part.pending = any == 0 ? 0 : is_small(part.band[MILL_EXACT_BAND_WORDS - 1]) ? 1 : MILL_EXACT_MAX_PENDING;
	return merge_band(sum, mem, &part);
}

mill_status mill_exact_merge(mill_exact *into, mill_mem *mem, const mill_exact *from)
{
	MILL_TRY(merge_band(into, mem, from));
	if (from->wide != NULL) {
		MILL_TRY(need_wide(into, mem));
		add_words(into->wide->words, MILL_EXACT_WORDS, from->wide->words, MILL_EXACT_WORDS, 0);
	}
	into->specials |= from->specials;
	return MILL_OK;
}

void mill_exact_release(mill_exact *sum)
{
	mill_mem_free(sum->wide);
	memset(sum, 0, sizeof *sum);
}

void mill_exact_total(const mill_exact *sum, uint64_t words[MILL_EXACT_WORDS])
{
	if (sum->wide != NULL)
		memcpy(words, sum->wide->words, sizeof sum->wide->words);
	else
		memset(words, 0, MILL_EXACT_WORDS * sizeof words[0]);
	if (sum->pending != 0)
		add_words(words, MILL_EXACT_WORDS, sum->band, MILL_EXACT_BAND_WORDS, sum->first_word);
}

/* The shortest run of words that says the same: without zeros below and copies of the sign above. */
static void trim(const uint64_t *words, uint32_t *first, uint32_t *count)
{
	uint32_t end = MILL_EXACT_WORDS;
	uint64_t sign = (uint64_t)((int64_t)words[end - 1] >> 63);
	while (end > 0 && words[end - 1] == sign && (end == 1 || (uint64_t)((int64_t)words[end - 2] >> 63) == sign))
		end--;
	*first = 0;
	while (*first < end && words[*first] == 0)
		(*first)++;
	*count = end - *first;
	if (*count == 0)
		*first = 0;
}

mill_status mill_exact_write(const mill_exact *sum, mill_bytes *out)
{
	uint64_t words[MILL_EXACT_WORDS];
	uint32_t first = 0, count = 0;
	mill_exact_total(sum, words);
	trim(words, &first, &count);
	MILL_TRY(mill_bytes_reserve(out, 4 + 8 * (size_t)count));
	MILL_TRY(mill_bytes_append_u8(out, MILL_EXACT_VERSION));
	MILL_TRY(mill_bytes_append_u8(out, sum->specials));
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)first));
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)count));
	for (uint32_t i = 0; i < count; i++)
		MILL_TRY(mill_bytes_append_u64(out, words[first + i]));
	return MILL_OK;
}

static mill_status not_a_sum(mill_error *err)
{
	return mill_fail(err, MILL_DATA, "an exact sum is damaged or from another version of rankmill");
}

mill_status mill_exact_read(mill_exact *sum, mill_mem *mem, mill_bytes_view *in, mill_error *err)
{
	uint8_t version = 0, specials = 0, first = 0, count = 0;
	if (!mill_view_u8(in, &version) || !mill_view_u8(in, &specials) || !mill_view_u8(in, &first) ||
	    !mill_view_u8(in, &count))
		return not_a_sum(err);
	if (version != MILL_EXACT_VERSION || specials > 7 || first + count > MILL_EXACT_WORDS)
		return not_a_sum(err);
	uint64_t words[MILL_EXACT_WORDS];
	for (uint32_t i = 0; i < count; i++)
		if (!mill_view_u64(in, &words[i]))
			return not_a_sum(err);
	mill_exact result = {.specials = specials};
	if (count > 0 && count < MILL_EXACT_BAND_WORDS && first + MILL_EXACT_BAND_WORDS <= MILL_EXACT_WORDS) {
		/* A word stays free below for what comes later. */
		uint32_t free_words = first > 0;
		result.first_word = (uint8_t)(first - free_words);
		add_words(result.band, MILL_EXACT_BAND_WORDS, words, count, free_words);
		result.pending = is_small(result.band[MILL_EXACT_BAND_WORDS - 1]) ? 1 : MILL_EXACT_MAX_PENDING;
	} else if (count > 0) {
		if (need_wide(&result, mem) != MILL_OK)
			return mill_fail_nomem(err, sizeof *result.wide, "an exact sum");
		add_words(result.wide->words, MILL_EXACT_WORDS, words, count, first);
	}
	*sum = result;
	return MILL_OK;
}
