/* The block loop for any CPU: SSE2 compares where the compiler's baseline has them, else eight bytes at a time in a
 * word. */
#include "formats/csv/blocks.h"

#include <string.h>

#define BLOCKS_NAME mill_csv_blocks_portable
#define BLOCKS_TARGET
#define BLOCKS_CTZ(x) __builtin_ctzll((x) | ((uint64_t)1 << 63))

#if defined(__SSE2__)
#include <immintrin.h>

static inline uint64_t equal_bits(const __m128i v[4], int byte)
{
	const __m128i all = _mm_set1_epi8((char)byte);
	uint64_t bits = 0;
	for (int i = 0; i < 4; i++)
		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], all)) << (16 * i);
	return bits;
}

static inline uint64_t high_bits(const __m128i v[4])
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3])));
}

#define BLOCK_VECTOR __m128i
#define BLOCK_LANES  4
#else

/* The high bit of every zero byte of x, exactly. */
static inline uint64_t zero_bytes(uint64_t x)
{
	const uint64_t low7 = 0x7F7F7F7F7F7F7F7FULL;
	return ~(((x & low7) + low7) | x | low7);
}

static inline uint64_t equal_bits(const uint64_t v[8], int byte)
{
	const uint64_t all = 0x0101010101010101ULL * (uint8_t)byte;
	uint64_t bits = 0;
	/* The multiplication gathers the eight high bits into the top byte, lowest byte first. */
	for (int i = 0; i < 8; i++)
		bits |= (((zero_bytes(v[i] ^ all) >> 7) * 0x0102040810204080ULL) >> 56) << (8 * i);
	return bits;
}

static inline uint64_t high_bits(const uint64_t v[8])
{
	uint64_t all = 0;
	for (int i = 0; i < 8; i++)
		all |= v[i];
	return all & 0x8080808080808080ULL;
}

#define BLOCK_VECTOR uint64_t
#define BLOCK_LANES  8
#endif

#define BLOCKS_SETUP
#define BLOCKS_CLASSIFY(p, m)                                                       \
	{                                                                           \
		BLOCK_VECTOR v[BLOCK_LANES];                                        \
		memcpy(v, p, sizeof v);                                             \
		(m).quote = equal_bits(v, bytes->quote);                            \
		(m).delimiter = equal_bits(v, bytes->delimiter);                    \
		(m).lf = equal_bits(v, '\n');                                       \
		(m).cr = equal_bits(v, '\r');                                       \
		(m).high = high_bits(v);                                            \
		(m).escape = has_escape != 0 ? equal_bits(v, bytes->escape) : 0;    \
		(m).comment = has_comment != 0 ? equal_bits(v, bytes->comment) : 0; \
	}
#include "formats/csv/blocks_body.h"
