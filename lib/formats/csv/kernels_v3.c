/* The column kernels with 16-byte vectors: digits are right-aligned in one load, checked at once and summed by three
 * multiply-adds. Source of the multiply-add chain: W. Mula, "SIMD-ized parsing of series of integers" (2017). */
#include "base/civil.h"
#include "base/simd.h"
#include "formats/csv/number.h"

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

/* Constants that the compiler would otherwise build anew for every field, in three instructions each. */
typedef struct v3_constants {
	__m128i zero;  /* '0' */
	__m128i point; /* '.' */
	__m128i limit; /* what lifts a byte above 9 to 128 or more */
} v3_constants;
static const volatile v3_constants constants = {
    {0x3030303030303030, 0x3030303030303030},
    {0x2E2E2E2E2E2E2E2E, 0x2E2E2E2E2E2E2E2E},
    {0x7676767676767676, 0x7676767676767676},
};

/* Loaded from byte n on: zeros and then n bytes of ones. */
static const uint8_t keep_last[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
/* Row k moves bytes 0 … k − 1 up by one, over byte k, and clears byte 0. */
/* clang-format off */
static const uint8_t over_point[16][16] = {
    {0xFF, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0D, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0E, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0F},
    {0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E},
};
/* clang-format on */

#define DIGIT_ERRORS(digits) _mm_movemask_epi8(_mm_adds_epu8(digits, constants.limit))

V3_INLINE bool number_v3(const uint8_t *p, size_t n, bool point, csv_number *out)
{
	if (n - 1 >= 16)
		return csv_number_plain(p, n, point, out);
	/* The bytes before the field are readable and masked away. */
	__m128i inside = _mm_loadu_si128((const __m128i *)(const void *)(keep_last + n));
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 16));
	__m128i digits = _mm_and_si128(_mm_xor_si128(text, constants.zero), inside);
	out->q = 0;
	if (point) {
		unsigned bits =
		    (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(text, constants.point), inside));
		if (bits != 0) {
			/* A second point stays a non-digit; a lone one leaves no digit at all. */
			if (n == 1)
				return false;
			unsigned place = _tzcnt_u32(bits);
			const __m128i *order = (const __m128i *)(const void *)over_point[place];
			digits = _mm_shuffle_epi8(digits, _mm_loadu_si128(order));
			out->q = (int)place - 15;
		}
	}
	if (DIGIT_ERRORS(digits) != 0)
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
	__m128i digits = _mm_xor_si128(text, constants.zero);
	int error_bits = DIGIT_ERRORS(digits);
	int found = _mm_movemask_epi8(_mm_cmpeq_epi8(text, marks)) & mark_bits;
	unsigned tens = p[17] - (unsigned)'0', ones = p[18] - (unsigned)'0';
	if ((error_bits & ~all_mark_bits) != 0 || found != mark_bits || (p[10] != ' ' && p[10] != 'T') ||
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
#include "formats/csv/kernels_body.h"
#endif
