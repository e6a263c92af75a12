#include "base/simd.h"
#include "store/codec.h"

#include <string.h>

#define BLOCK 16 /* elements: constant trip counts let compilers turn the loops into vector code */

static void shuffle_tail(const uint8_t *restrict in, size_t from, size_t count, size_t width, uint8_t *restrict out)
{
	for (size_t e = from; e < count; e++)
		for (size_t b = 0; b < width; b++)
			out[b * count + e] = in[e * width + b];
}

#define SHUFFLE_BODY(width)                                                                                       \
	static MILL_SIMD_BODY void shuffle##width##_body(const uint8_t *restrict in, size_t count,                \
	                                                 uint8_t *restrict out)                                   \
	{                                                                                                         \
		size_t whole = count / BLOCK * BLOCK;                                                             \
		for (size_t e = 0; e < whole; e += BLOCK)                                                         \
			for (size_t b = 0; b < (width); b++)                                                      \
				for (size_t i = 0; i < BLOCK; i++)                                                \
					out[b * count + e + i] = in[(e + i) * (width) + b];                       \
		shuffle_tail(in, whole, count, width, out);                                                       \
	}                                                                                                         \
	MILL_SIMD_COPIES(static void, shuffle##width, (in, count, out), const uint8_t *restrict in, size_t count, \
	                 uint8_t *restrict out)

SHUFFLE_BODY(2)
SHUFFLE_BODY(4)
SHUFFLE_BODY(8)

void mill_byte_shuffle(int simd, const void *in, size_t size_bytes, size_t element_bytes, void *out)
{
	size_t count = element_bytes <= 1 ? 0 : size_bytes / element_bytes;
	switch (element_bytes) {
	case 2: shuffle2(simd, in, count, out); break;
	case 4: shuffle4(simd, in, count, out); break;
	case 8: shuffle8(simd, in, count, out); break;
	default: shuffle_tail(in, 0, count, element_bytes, out); break;
	}
	size_t done = count * element_bytes;
	memcpy((uint8_t *)out + done, (const uint8_t *)in + done, size_bytes - done);
}

void mill_byte_unshuffle(const void *in, size_t size_bytes, size_t element_bytes, void *out)
{
	const uint8_t *restrict from = in;
	uint8_t *restrict to = out;
	size_t count = element_bytes <= 1 ? 0 : size_bytes / element_bytes;
	for (size_t b = 0; b < element_bytes && count > 0; b++)
		for (size_t e = 0; e < count; e++)
			to[e * element_bytes + b] = from[b * count + e];
	size_t done = count * element_bytes;
	memcpy(to + done, from + done, size_bytes - done);
}
