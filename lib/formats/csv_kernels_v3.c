/* The column kernels with 16-byte vectors: digits are right-aligned in one load, checked at once and summed by three
 * multiply-adds. Source of the multiply-add chain: W. Mula, "SIMD-ized parsing of series of integers" (2017). */
#include "base/civil.h"
#include "base/simd.h"
#include "formats/csv_number.h"

#if MILL_SIMD_HAVE_V3
#include <immintrin.h>
#include <string.h>

#define V3_INLINE static inline __attribute__((always_inline)) MILL_SIMD_V3_TARGET

/* Sixteen digit values, most significant first → the number. */
V3_INLINE uint64_t sum_digits(__m128i digits)
{
	const __m128i tens = _mm_set1_epi16(0x010A);
	const __m128i hundreds = _mm_set1_epi32(0x00010064);
	const __m128i myriads = _mm_set1_epi32(0x00012710);
	__m128i t = _mm_maddubs_epi16(digits, tens);
	t = _mm_madd_epi16(t, hundreds);
	t = _mm_packus_epi32(t, t);
	t = _mm_madd_epi16(t, myriads);
	uint64_t pair = (uint64_t)_mm_cvtsi128_si64(t);
	return (pair & UINT32_MAX) * 100000000 + (pair >> 32);
}

V3_INLINE bool are_digits(__m128i digits)
{
	const __m128i nine = _mm_set1_epi8(9);
	return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) == 0xFFFF;
}

V3_INLINE bool number_v3(const uint8_t *p, size_t n, bool point, csv_number *out)
{
	if (n - 1 >= 16)
		return csv_number_plain(p, n, point, out);
	const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	/* The bytes before the field are readable and masked away. */
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 16));
	__m128i inside = _mm_cmpgt_epi8(places, _mm_set1_epi8((char)(15 - n)));
	__m128i digits = _mm_and_si128(_mm_sub_epi8(text, _mm_set1_epi8('0')), inside);
	out->q = 0;
	if (point) {
		__m128i points = _mm_and_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')), inside);
		unsigned bits = (unsigned)_mm_movemask_epi8(points);
		if (bits != 0) {
			int place = (int)_tzcnt_u32(bits);
			/* A second point stays a non-digit; a lone one leaves no digit at all. */
			if (n == 1)
				return false;
			__m128i moved = _mm_cmpgt_epi8(_mm_set1_epi8((char)(place + 1)), places);
			digits = _mm_shuffle_epi8(digits, _mm_add_epi8(places, moved));
			out->q = place - 15;
		}
	}
	if (!are_digits(digits))
		return false;
	out->w = sum_digits(digits);
	return true;
}

/* Days since 1970 of a date in the years 1 … 9999, in 32-bit arithmetic. */
V3_INLINE int32_t days_v3(uint32_t year, uint32_t month, uint32_t day)
{
	/* Years begin in March, so that the leap day is their last. */
	uint32_t january = month <= 2 ? 1 : 0;
	uint32_t y = year - january, m = month + 12 * january - 3;
	return (int32_t)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day) - 719469;
}

/* What may follow the seconds: a fraction of at most 9 digits, and nothing, `Z` or ` UTC`. */
V3_INLINE bool tail_v3(const uint8_t *p, size_t n, int64_t *us)
{
	*us = 0;
	if (n > 1 && *p == '.') {
		int64_t value = 0;
		int digits = 0;
		p++;
		n--;
		for (; n > 0 && digits < 9 && (uint8_t)(*p - '0') <= 9; digits++, p++, n--)
			value = value * 10 + (*p - '0');
		if (digits == 0)
			return false;
		for (; digits < 9; digits++)
			value *= 10;
		*us = (value + 500) / 1000;
	}
	return n == 0 || (n == 4 && memcmp(p, " UTC", 4) == 0) || (n == 1 && *p == 'Z');
}

/* `YYYY-MM-DD( |T)HH:MM:SS` and such a tail. */
V3_INLINE bool timestamp_v3(const uint8_t *p, size_t n, int64_t *out)
{
	int64_t us;
	if (n < 19 || !tail_v3(p + 19, n - 19, &us))
		return false;
	const __m128i marks = _mm_setr_epi8(0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 0, 0, 0, ':', 0, 0);
	const int mark_bits = 0x2090, all_mark_bits = 0x2490;
	const __m128i order = _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1);
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
	const __m128i nine = _mm_set1_epi8(9);
	int digit_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine));
	int found = _mm_movemask_epi8(_mm_cmpeq_epi8(text, marks)) & mark_bits;
	unsigned tens = p[17] - (unsigned)'0', ones = p[18] - (unsigned)'0';
	if ((digit_bits | all_mark_bits) != 0xFFFF || found != mark_bits || (p[10] != ' ' && p[10] != 'T') ||
	    p[16] != ':' || tens > 5 || ones > 9)
		return false;
	__m128i pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(digits, order), _mm_set1_epi16(0x010A));
	uint64_t date = (uint64_t)_mm_cvtsi128_si64(pairs);
	uint64_t clock = (uint64_t)_mm_extract_epi64(pairs, 1);
	int year = (int)(date & 0xFFFF) * 100 + (int)((date >> 16) & 0xFFFF);
	int month = (int)((date >> 32) & 0xFFFF), day = (int)(date >> 48);
	int hour = (int)(clock & 0xFFFF), minute = (int)((clock >> 16) & 0xFFFF);
	if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
	    (day > 28 && day > mill_days_in_month(year, month)))
		return false;
	int64_t seconds = (hour * 60 + minute) * 60 + (int)(tens * 10 + ones);
	*out = days_v3((uint32_t)year, (uint32_t)month, (uint32_t)day) * MILL_DAY_US + seconds * MILL_SECOND_US + us;
	return true;
}

#define KERNELS_TABLE                    mill_csv_kernels_v3
#define KERNELS_TARGET                   MILL_SIMD_V3_TARGET
#define KERNELS_NUMBER(p, n, point, out) number_v3(p, n, point, out)
#define KERNELS_TIMESTAMP(p, n, out)     timestamp_v3(p, n, out)
#include "formats/csv_kernels_body.h"
#endif
