/* The block loop with AVX2 compares. */
#include "base/simd.h"
#include "formats/csv/blocks.h"

#if MILL_SIMD_HAVE_V3
#include <immintrin.h>

#define BLOCKS_NAME   mill_csv_blocks_v3
#define BLOCKS_TARGET MILL_SIMD_V3_TARGET
#define BLOCKS_SETUP                                                            \
	const __m256i all_quote = _mm256_set1_epi8((char)bytes->quote);         \
	const __m256i all_delimiter = _mm256_set1_epi8((char)bytes->delimiter); \
	const __m256i all_lf = _mm256_set1_epi8('\n');                          \
	const __m256i all_cr = _mm256_set1_epi8('\r');                          \
	const __m256i all_escape = _mm256_set1_epi8((char)bytes->escape);       \
	const __m256i all_comment = _mm256_set1_epi8((char)bytes->comment);
#define BITS(low, high) \
	((uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32)
#define EQUAL(x) BITS(_mm256_cmpeq_epi8(low, x), _mm256_cmpeq_epi8(high, x))
#define BLOCKS_CLASSIFY(p, m)                                                                 \
	{                                                                                     \
		__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(p));         \
		__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)((p) + 32)); \
		(m).quote = EQUAL(all_quote);                                                 \
		(m).delimiter = EQUAL(all_delimiter);                                         \
		(m).lf = EQUAL(all_lf);                                                       \
		(m).cr = EQUAL(all_cr);                                                       \
		(m).high = BITS(low, high);                                                   \
		(m).escape = has_escape != 0 ? EQUAL(all_escape) : 0;                         \
		(m).comment = has_comment != 0 ? EQUAL(all_comment) : 0;                      \
	}
#define BLOCKS_CTZ(x) _tzcnt_u64(x)
#include "formats/csv/blocks_body.h"
#else
bool mill_csv_blocks_v3(mill_csv_cursor *cursor, const mill_csv_bytes *bytes)
{
	return mill_csv_blocks_portable(cursor, bytes);
}
#endif
