/* The block loop, included once per SIMD level by formats/csv/blocks_*.c after defining
 *	BLOCKS_NAME, BLOCKS_TARGET      the function and its attribute
 *	BLOCKS_SETUP                    declares what CLASSIFY needs
 *	BLOCKS_CLASSIFY(p, masks)       fills a block_masks from the 64 bytes at p
 *	BLOCKS_CTZ(x)                   trailing zeros; anything for 0
 * Not collective. */
#ifndef MILL_FORMATS_CSV_BLOCKS_BODY_H
#define MILL_FORMATS_CSV_BLOCKS_BODY_H

#include "formats/csv/blocks.h"

typedef struct block_masks {
	uint64_t quote;
	uint64_t delimiter;
	uint64_t lf;
	uint64_t cr;
	uint64_t escape;
	uint64_t comment;
	uint64_t high;
} block_masks;

#ifdef BLOCKS_NAME

/* Bit i of the result: the parity of bits 0 … i. */
static inline uint64_t prefix_xor(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

#define WRITE_END(i)                                \
	out[i] = base + (uint32_t)BLOCKS_CTZ(bits); \
	bits &= bits - 1;

/* Writes base + the positions of the bits. Up to 8 entries behind the last one are scribbled on. */
static inline __attribute__((always_inline)) BLOCKS_TARGET void write_ends(uint32_t *out, uint32_t base, uint64_t bits,
                                                                           int count)
{
	for (const uint32_t *end = out + count; out < end; out += 8) {
		WRITE_END(0)
		WRITE_END(1)
		WRITE_END(2)
		WRITE_END(3)
		WRITE_END(4)
		WRITE_END(5)
		WRITE_END(6)
		WRITE_END(7)
	}
}

BLOCKS_TARGET bool BLOCKS_NAME(mill_csv_cursor *cursor, const mill_csv_bytes *bytes)
{
	mill_csv_cursor c = *cursor;
	const uint64_t has_quote = bytes->quote >= 0 ? ~(uint64_t)0 : 0;
	const uint64_t has_escape = bytes->escape >= 0 ? ~(uint64_t)0 : 0;
	const uint64_t has_comment = bytes->comment >= 0 ? ~(uint64_t)0 : 0;
	bool by_byte = false;
	BLOCKS_SETUP
	while (c.at <= c.last_block && c.end_count < c.end_limit && c.row_count < c.row_limit) {
		block_masks m;
		BLOCKS_CLASSIFY(c.text + c.at, m)
		c.high |= m.high;
		uint64_t quote = m.quote & has_quote;
		uint64_t row_end = m.lf | m.cr;
		uint64_t structural = m.delimiter | row_end;
		uint64_t in_quote = c.in_quote;
		uint64_t close = 0;
		if ((quote | c.in_quote | c.after_close) != 0) {
			in_quote ^= prefix_xor(quote);
			row_end &= ~in_quote;
			structural &= ~in_quote;
			uint64_t open = quote & in_quote;
			close = quote & ~in_quote;
			uint64_t starts = (structural << 1) | c.field_start;
			uint64_t behind_close = (close << 1) | c.after_close;
			if (((open & ~(starts | behind_close)) | (behind_close & ~(structural | open))) != 0) {
				by_byte = true;
				break;
			}
		}
		uint64_t row_starts = (row_end << 1) | c.row_start;
		if (((m.escape & has_escape) | (m.comment & has_comment & row_starts)) != 0) {
			by_byte = true;
			break;
		}
		uint64_t cr = m.cr & row_end;
		uint64_t ended = cr | (row_end & ~((cr << 1) | c.after_cr));
		int count = __builtin_popcountll(structural);
		write_ends(c.ends + c.end_count, (uint32_t)c.at, structural, count);
		while (ended != 0) {
			uint64_t below = (ended & (0 - ended)) - 1;
			c.row_ends[c.row_count++] =
			    (uint32_t)c.end_count + (uint32_t)__builtin_popcountll(structural & below);
			ended &= ended - 1;
		}
		c.end_count += (size_t)count;
		c.in_quote = (uint64_t)((int64_t)in_quote >> 63);
		c.field_start = structural >> 63;
		c.row_start = row_end >> 63;
		c.after_close = close >> 63;
		c.after_cr = cr >> 63;
		c.at += MILL_CSV_BLOCK_BYTES;
	}
	*cursor = c;
	return by_byte;
}

#endif

#endif
