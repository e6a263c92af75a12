#include "expr/kernels/search.h"
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Places where both the first and the last byte of the needle stand are looked at closer. Source: Muła, "SIMD-friendly
 * algorithms for substring searching" (generic SIMD). */
const char *mill_text_search(const char *text, size_t size_bytes, const char *needle, size_t needle_bytes)
{
#if defined(__SSE2__)
	if (needle_bytes >= 2 && size_bytes >= needle_bytes + 15) {
		const __m128i first = _mm_set1_epi8(needle[0]);
		const __m128i last = _mm_set1_epi8(needle[needle_bytes - 1]);
		const char *at = text;
		const char *stop = text + size_bytes - needle_bytes - 15; /* the last block that may be loaded */
		for (; at <= stop; at += 16) {
			__m128i heads = _mm_loadu_si128((const __m128i *)(const void *)at);
			__m128i tails = _mm_loadu_si128((const __m128i *)(const void *)(at + needle_bytes - 1));
			__m128i both = _mm_and_si128(_mm_cmpeq_epi8(heads, first), _mm_cmpeq_epi8(tails, last));
			for (unsigned bits = (unsigned)_mm_movemask_epi8(both); bits != 0; bits &= bits - 1) {
				const char *here = at + __builtin_ctz(bits);
				if (memcmp(here + 1, needle + 1, needle_bytes - 2) == 0)
					return here;
			}
		}
		size_bytes -= (size_t)(at - text);
		text = at;
	}
#endif
	return memmem(text, size_bytes, needle, needle_bytes);
}
