#include "column/bits.h"

void mill_bits_slice(uint64_t *restrict out, const uint64_t *restrict in, int64_t from, int64_t count)
{
	if (count == 0)
		return;
	size_t words = mill_bit_words(count);
	const uint64_t *first = in + (from >> 6);
	unsigned shift = (unsigned)(from & 63);
	size_t in_words = mill_bit_words((from & 63) + count);
	if (shift == 0) {
		memcpy(out, first, words * 8);
	} else {
		for (size_t w = 0; w < words; w++) {
			uint64_t high = w + 1 < in_words ? first[w + 1] << (64 - shift) : 0;
			out[w] = first[w] >> shift | high;
		}
	}
	if ((count & 63) != 0)
		out[words - 1] &= mill_bits_mask(count & 63);
}

void mill_bits_append(uint64_t *restrict out, int64_t at, const uint64_t *restrict in, int64_t count)
{
	if (count == 0)
		return;
	size_t words = mill_bit_words(count), out_words = mill_bit_words(at + count);
	size_t to = (size_t)(at >> 6);
	unsigned shift = (unsigned)(at & 63);
	for (size_t w = 0; w < words; w++, to++) {
		uint64_t word = w + 1 < words ? in[w] : in[w] & mill_bits_mask(count - (int64_t)w * 64);
		if (shift == 0) {
			out[to] = word;
			continue;
		}
		out[to] |= word << shift;
		if (to + 1 < out_words)
			out[to + 1] = word >> (64 - shift);
	}
}

void mill_bits_append_ones(uint64_t *out, int64_t at, int64_t count)
{
	while (count > 0) {
		int64_t room = 64 - (at & 63), now = count < room ? count : room;
		uint64_t mask = mill_bits_mask(now) << (at & 63);
		if ((at & 63) == 0)
			out[at >> 6] = mask;
		else
			out[at >> 6] |= mask;
		at += now;
		count -= now;
	}
}

/* Where packed bits go: `pending` collects `filled` < 64 bits until a word is full. */
typedef struct bit_writer {
	uint64_t *out;
	uint64_t pending;
	unsigned filled;
} bit_writer;

static inline void put_bits(bit_writer *writer, uint64_t bits, unsigned count)
{
	writer->pending |= bits << writer->filled;
	unsigned room = 64 - writer->filled;
	if (count < room) {
		writer->filled += count;
		return;
	}
	*writer->out++ = writer->pending;
	writer->filled = count - room;
	writer->pending = room == 64 ? 0 : bits >> room;
}

static inline uint64_t extract_portable(uint64_t bits, uint64_t mask)
{
	uint64_t out = 0;
	for (unsigned at = 0; mask != 0; mask &= mask - 1, at++)
		out |= (bits >> __builtin_ctzll(mask) & 1) << at;
	return out;
}

void mill_bits_filter(uint64_t *restrict out, const uint64_t *restrict in, const uint64_t *restrict keep, int64_t rows,
                      int64_t kept)
{
	bit_writer writer = {out, 0, 0};
	size_t words = mill_bit_words(rows);
	for (size_t w = 0; w < words; w++) {
		uint64_t mask = keep[w];
		if (mask == 0)
			continue;
		uint64_t bits = mask == ~(uint64_t)0 ? in[w] : extract_portable(in[w], mask);
		put_bits(&writer, bits, (unsigned)__builtin_popcountll(mask));
	}
	if ((kept & 63) != 0)
		*writer.out = writer.pending;
}

void mill_bits_take(uint64_t *restrict out, const uint64_t *restrict in, const int32_t *restrict indices, int64_t count)
{
	for (int64_t base = 0; base < count; base += 64) {
		int64_t now = mill_min_i64(64, count - base);
		uint64_t word = 0;
		for (int64_t i = 0; i < now; i++) {
			int32_t index = indices[base + i];
			int64_t at = index < 0 ? 0 : index;
			uint64_t bit = in[at >> 6] >> (at & 63) & (uint64_t)(index >= 0);
			word |= bit << i;
		}
		out[base >> 6] = word;
	}
}

int64_t mill_bits_indices(const uint64_t *restrict bits, int64_t rows, int32_t *restrict out)
{
	int64_t count = 0;
	size_t words = mill_bit_words(rows);
	for (size_t w = 0; w < words; w++) {
		uint64_t word = bits[w];
		int32_t base = (int32_t)(w * 64);
		if (word == ~(uint64_t)0) {
			for (int32_t i = 0; i < 64; i++)
				out[count + i] = base + i;
			count += 64;
			continue;
		}
		for (; word != 0; word &= word - 1)
			out[count++] = base + (int32_t)__builtin_ctzll(word);
	}
	return count;
}
