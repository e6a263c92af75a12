/* UTF-8 validity 32 bytes at a time. Source: Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per
 * Byte" (2021): three 16-entry tables, looked up by the nibbles of neighbouring bytes, whose AND is the set of errors
 * they make. */
#include "base/simd.h"
#include "base/utf8.h"

#if MILL_SIMD_HAVE_V3
#include <immintrin.h>
#include <string.h>

#define V3_INLINE static inline __attribute__((always_inline)) MILL_SIMD_V3_TARGET

/* What can be wrong with two neighbouring bytes. */
enum {
	TOO_SHORT = 1 << 0,   /* a lead without its tail */
	TOO_LONG = 1 << 1,    /* a tail without its lead */
	OVERLONG_3 = 1 << 2,  /* E0 80 … E0 9F */
	TOO_LARGE = 1 << 3,   /* F4 90 … */
	SURROGATE = 1 << 4,   /* ED A0 … ED BF */
	OVERLONG_2 = 1 << 5,  /* C0, C1 */
	TOO_LARGE_8 = 1 << 6, /* F5 80 … FF 8F; OVERLONG_4, F0 80 … F0 8F, has the same bit */
	TWO_TAILS = 1 << 7,   /* right only where a lead asks for a third or fourth byte */
	ANYWHERE = TOO_SHORT | TOO_LONG | TWO_TAILS
};

static const uint8_t by_first_high[16] = {TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TOO_LONG,
                                          TWO_TAILS,
                                          TWO_TAILS,
                                          TWO_TAILS,
                                          TWO_TAILS,
                                          TOO_SHORT | OVERLONG_2,
                                          TOO_SHORT,
                                          TOO_SHORT | OVERLONG_3 | SURROGATE,
                                          TOO_SHORT | TOO_LARGE | TOO_LARGE_8};
#define LARGE (ANYWHERE | TOO_LARGE | TOO_LARGE_8)
static const uint8_t by_first_low[16] = {ANYWHERE | OVERLONG_3 | OVERLONG_2 | TOO_LARGE_8,
                                         ANYWHERE | OVERLONG_2,
                                         ANYWHERE,
                                         ANYWHERE,
                                         ANYWHERE | TOO_LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE,
                                         LARGE | SURROGATE,
                                         LARGE,
                                         LARGE};
#define TAIL (TOO_LONG | OVERLONG_2 | TWO_TAILS)
static const uint8_t by_second_high[16] = {TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TAIL | OVERLONG_3 | TOO_LARGE_8,
                                           TAIL | OVERLONG_3 | TOO_LARGE,
                                           TAIL | SURROGATE | TOO_LARGE,
                                           TAIL | SURROGATE | TOO_LARGE,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT,
                                           TOO_SHORT};

V3_INLINE __m256i look_up(const uint8_t table[16], __m256i nibbles)
{
	__m128i half = _mm_loadu_si128((const __m128i *)(const void *)table);
	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), nibbles);
}

V3_INLINE __m256i high_nibbles(__m256i bytes)
{
	return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

/* The bytes `n` places before those of `block`. */
#define SHIFTED(block, before, n) _mm256_alignr_epi8(block, _mm256_permute2x128_si256(before, block, 0x21), 16 - (n))

V3_INLINE __m256i errors_of(__m256i block, __m256i before)
{
	__m256i first = SHIFTED(block, before, 1);
	__m256i found = _mm256_and_si256(look_up(by_first_high, high_nibbles(first)),
	                                 look_up(by_first_low, _mm256_and_si256(first, _mm256_set1_epi8(0x0F))));
	found = _mm256_and_si256(found, look_up(by_second_high, high_nibbles(block)));
	/* A tail two behind E0 … or three behind F0 … must be a second tail in a row, and only there may it be. */
	__m256i third = _mm256_subs_epu8(SHIFTED(block, before, 2), _mm256_set1_epi8((char)(0xE0 - 0x80)));
	__m256i fourth = _mm256_subs_epu8(SHIFTED(block, before, 3), _mm256_set1_epi8((char)(0xF0 - 0x80)));
	__m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
	return _mm256_xor_si256(must, found);
}

MILL_SIMD_V3_TARGET static bool valid_v3(const char *text, size_t size_bytes)
{
	__m256i errors = _mm256_setzero_si256(), before = _mm256_setzero_si256();
	size_t at = 0;
	for (; size_bytes - at >= 32; at += 32) {
		__m256i block = _mm256_loadu_si256((const __m256i *)(const void *)(text + at));
		errors = _mm256_or_si256(errors, errors_of(block, before));
		before = block;
	}
	/* The zeros behind the rest make a sequence that is cut there an error. */
	char rest[32] = {0};
	if (size_bytes > at)
		memcpy(rest, text + at, size_bytes - at);
	__m256i block = _mm256_loadu_si256((const __m256i *)(const void *)rest);
	errors = _mm256_or_si256(errors, errors_of(block, before));
	return _mm256_testz_si256(errors, errors) != 0;
}
#endif

bool mill_utf8_valid_simd(int simd, const char *text, size_t size_bytes)
{
#if MILL_SIMD_HAVE_V3
	if (simd == MILL_SIMD_V3 && size_bytes >= 32)
		return valid_v3(text, size_bytes);
#endif
	(void)simd;
	return mill_utf8_valid(text, size_bytes);
}
