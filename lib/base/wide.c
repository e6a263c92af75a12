#include "base/wide.h"

#include <math.h>
#include <string.h>

static void copy(mill_wide *to, const mill_wide *from)
{
	memmove(to, from, offsetof(mill_wide, words) + (size_t)from->size * sizeof from->words[0]);
}

static void normalise(mill_wide *a)
{
	while (a->size > 0 && a->words[a->size - 1] == 0)
		a->size--;
	int low = 0;
	while (low < a->size && a->words[low] == 0)
		low++;
	if (low > 0) {
		a->size -= low;
		a->exponent += 64 * low;
		memmove(a->words, a->words + low, (size_t)a->size * sizeof a->words[0]);
	}
	if (a->size == 0) {
		a->negative = false;
		a->exponent = 0;
	}
}

void mill_wide_from_words(mill_wide *out, const uint64_t *words, int count, int exponent)
{
	out->negative = count > 0 && (words[count - 1] >> 63) != 0;
	out->size = count;
	out->exponent = exponent;
	uint64_t flip = out->negative ? UINT64_MAX : 0, carry = out->negative;
	for (int i = 0; i < count; i++) {
		uint64_t word = (words[i] ^ flip) + carry;
		carry = carry && word == 0;
		out->words[i] = word;
	}
	normalise(out);
}

void mill_wide_multiply(const mill_wide *a, const mill_wide *b, mill_wide *out)
{
	out->negative = a->negative != b->negative;
	out->size = a->size + b->size;
	out->exponent = a->exponent + b->exponent;
	memset(out->words, 0, (size_t)out->size * sizeof out->words[0]);
	for (int i = 0; i < a->size; i++) {
		uint64_t carry = 0;
		for (int j = 0; j < b->size; j++) {
			mill_u128 t = (mill_u128)a->words[i] * b->words[j] + out->words[i + j] + carry;
			out->words[i + j] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
		out->words[i + b->size] = carry;
	}
	normalise(out);
}

void mill_wide_multiply_u64(mill_wide *a, uint64_t factor)
{
	uint64_t carry = 0;
	for (int i = 0; i < a->size; i++) {
		mill_u128 t = (mill_u128)a->words[i] * factor + carry;
		a->words[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
	a->words[a->size++] = carry;
	normalise(a);
}

/* Word of a at a place counted from 2^exponent. */
static uint64_t word_at(const mill_wide *a, int exponent, int index)
{
	int at = index - (a->exponent - exponent) / 64;
	return at >= 0 && at < a->size ? a->words[at] : 0;
}

static int top_of(const mill_wide *a)
{
	return a->exponent + 64 * a->size;
}

/* |a| < |b| over a common frame of `size` words. */
static bool is_less(const mill_wide *a, const mill_wide *b, int exponent, int size)
{
	for (int i = size - 1; i >= 0; i--) {
		uint64_t x = word_at(a, exponent, i), y = word_at(b, exponent, i);
		if (x != y)
			return x < y;
	}
	return false;
}

void mill_wide_subtract(const mill_wide *a, const mill_wide *b, mill_wide *out)
{
	if (b->size == 0 || a->size == 0) {
		bool negate = b->size != 0;
		copy(out, negate ? b : a);
		out->negative = negate ? !out->negative : out->negative;
		return;
	}
	int exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
	int top = top_of(a) > top_of(b) ? top_of(a) : top_of(b);
	int size = (top - exponent) / 64;
	mill_wide result;
	result.exponent = exponent;
	result.negative = a->negative;
	if (a->negative != b->negative) {
		uint64_t carry = 0;
		for (int i = 0; i < size; i++) {
			mill_u128 t = (mill_u128)word_at(a, exponent, i) + word_at(b, exponent, i) + carry;
			result.words[i] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
		result.words[size] = carry;
		result.size = size + 1;
	} else {
		bool swap = is_less(a, b, exponent, size);
		const mill_wide *large = swap ? b : a, *small = swap ? a : b;
		result.negative = swap ? !a->negative : a->negative;
		uint64_t borrow = 0;
		for (int i = 0; i < size; i++) {
			mill_u128 t = (mill_u128)word_at(large, exponent, i) - word_at(small, exponent, i) - borrow;
			result.words[i] = (uint64_t)t;
			borrow = (uint64_t)(t >> 64) & 1;
		}
		result.size = size;
	}
	normalise(&result);
	copy(out, &result);
}

bool mill_wide_divide(mill_wide *a, uint64_t divisor, int extra_words)
{
	memmove(a->words + extra_words, a->words, (size_t)a->size * sizeof a->words[0]);
	memset(a->words, 0, (size_t)extra_words * sizeof a->words[0]);
	a->size += extra_words;
	a->exponent -= 64 * extra_words;
	uint64_t remainder = 0;
	for (int i = a->size - 1; i >= 0; i--) {
		mill_u128 t = (mill_u128)remainder << 64 | a->words[i];
		a->words[i] = (uint64_t)(t / divisor);
		remainder = (uint64_t)(t % divisor);
	}
	normalise(a);
	return remainder != 0;
}

int mill_wide_log2(const mill_wide *a)
{
	return top_of(a) - 1 - __builtin_clzll(a->words[a->size - 1]);
}

/* The 64 bits of |a| from the one that weighs 2^at. */
static uint64_t bits_from(const mill_wide *a, int at)
{
	int bit = at - a->exponent;
	if (bit <= -64 || bit >= 64 * a->size)
		return 0;
	if (bit < 0)
		return a->words[0] << -bit;
	int word = bit / 64, shift = bit % 64;
	uint64_t bits = a->words[word] >> shift;
	if (shift != 0 && word + 1 < a->size)
		bits |= a->words[word + 1] << (64 - shift);
	return bits;
}

static bool any_bit_below(const mill_wide *a, int at)
{
	int bits = at - a->exponent;
	if (bits <= 0 || a->size == 0)
		return false;
	if (bits >= 64 * a->size)
		return true;
	for (int i = 0; i < bits / 64; i++)
		if (a->words[i] != 0)
			return true;
	return bits % 64 != 0 && a->words[bits / 64] << (64 - bits % 64) != 0;
}

bool mill_wide_round(const mill_wide *a, int scale, bool sticky, mill_float_format format, double *out)
{
	if (a->size == 0) {
		*out = 0;
		return true;
	}
	int top = mill_wide_log2(a) + scale;
	int last = top - format.precision + 1;
	if (last < format.min_exponent)
		last = format.min_exponent;
	uint64_t kept = top >= last ? bits_from(a, last - scale) : 0;
	bool half = (bits_from(a, last - 1 - scale) & 1) != 0;
	bool more = sticky || any_bit_below(a, last - 1 - scale);
	kept += half && (more || (kept & 1) != 0);
	/* kept ≤ 2^53, so neither step rounds again. */
	double magnitude = ldexp((double)kept, last);
	if (top > format.max_exponent || magnitude >= ldexp(1, format.max_exponent) * 2)
		return false;
	*out = a->negative && kept != 0 ? -magnitude : magnitude;
	return true;
}
