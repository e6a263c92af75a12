#include "base/number.h"

#include "base/pow10.h"

#include <string.h>

#define MAX_DIGITS     800 /* 767 significant digits decide a double; the rest only tells whether it is above */
#define BIG_WORDS      112 /* 7168 bits: 10^±1200 times a significand */
#define EXPONENT_CLAMP 100000
#define EXACT_DIGITS   19 /* digits that always fit a uint64 */
#define ROUNDED_UP_MIN (-27)
#define HIGH_BIT       ((uint64_t)1 << 63)

/* What Eisel–Lemire needs to know of a binary format. */
typedef struct float_format {
	int mantissa_bits; /* explicit ones */
	int minimum_exponent;
	int infinite_power;
	int round_to_even_min; /* powers of ten where a tie is possible */
	int round_to_even_max;
	int smallest_power10;
	int largest_power10;
} float_format;

static const float_format format_f64 = {52, -1023, 0x7FF, -4, 23, -342, 308};
static const float_format format_f32 = {23, -127, 0xFF, -17, 10, -64, 38};

/* The digits of a number in text, before rounding: value = 0.d1d2d3… kept as the first 19 digits × 10^exponent. */
typedef struct scanned {
	bool negative;
	bool truncated; /* significant digits beyond the 19 in w */
	uint64_t w;
	int64_t exponent;  /* of the last digit in w */
	const char *first; /* first significant digit; a '.' may lie between digits */
	const char *end;   /* behind the last digit or '.' */
} scanned;

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

static mill_parsed parse_magnitude(const char *p, const char *end, uint64_t *out)
{
	if (p == end)
		return MILL_PARSE_SYNTAX;
	uint64_t value = 0;
	bool overflow = false;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return MILL_PARSE_SYNTAX;
		overflow |= __builtin_mul_overflow(value, 10U, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value);
	}
	if (overflow)
		return MILL_PARSE_RANGE;
	*out = value;
	return MILL_PARSED;
}

mill_parsed mill_parse_i64(const char *text, size_t length, int64_t *out)
{
	const char *end = text + length;
	bool negative = length > 0 && *text == '-';
	uint64_t value = 0;
	if (length > 0 && (*text == '-' || *text == '+'))
		text++;
	mill_parsed parsed = parse_magnitude(text, end, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	if (value > (uint64_t)INT64_MAX + (negative ? 1U : 0U))
		return MILL_PARSE_RANGE;
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return MILL_PARSED;
}

mill_parsed mill_parse_u64(const char *text, size_t length, uint64_t *out)
{
	const char *end = text + length;
	bool negative = length > 0 && *text == '-';
	uint64_t value = 0;
	if (length > 0 && (*text == '-' || *text == '+'))
		text++;
	mill_parsed parsed = parse_magnitude(text, end, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	if (negative && value != 0)
		return MILL_PARSE_RANGE;
	*out = value;
	return MILL_PARSED;
}

static inline void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
	mill_u128 product = (mill_u128)a * b;
	*high = (uint64_t)(product >> 64);
	*low = (uint64_t)product;
}

/* w (high bit set) × 5^q to the precision that rounding to `bits` needs. The paper's proof wants the powers that divide
 * a 64-bit word evenly at times, 10^−27 … 10^−1, rounded up where the table cuts. */
static inline void multiply_power5(uint64_t w, int64_t q, int bits, uint64_t *high, uint64_t *low)
{
	const mill_pow10 *power = &mill_pow10_table[q - MILL_POW10_MIN];
	uint64_t power_low = power->low + (q < 0 && q >= ROUNDED_UP_MIN ? 1 : 0);
	uint64_t mask = UINT64_MAX >> bits;
	multiply(w, power->high, high, low);
	if ((*high & mask) != mask)
		return;
	uint64_t second_high, second_low;
	multiply(w, power_low, &second_high, &second_low);
	*low += second_high;
	if (second_high > *low)
		(*high)++;
}

/* The bits of RN(w × 10^q), biased exponent above the explicit mantissa; infinity's bits when too large. */
static inline uint64_t scale10(const float_format *f, uint64_t w, int64_t q)
{
	uint64_t infinity = (uint64_t)f->infinite_power << f->mantissa_bits;
	if (w == 0 || q < f->smallest_power10)
		return 0;
	if (q > f->largest_power10)
		return infinity;
	int zeros = __builtin_clzll(w);
	uint64_t high, low;
	multiply_power5(w << zeros, q, f->mantissa_bits + 3, &high, &low);
	int upper = (int)(high >> 63);
	int shift = upper + 64 - f->mantissa_bits - 3;
	uint64_t mantissa = high >> shift;
	int64_t power2 = ((217706 * q) >> 16) + 63 + upper - zeros - f->minimum_exponent;
	if (power2 <= 0) {
		if (-power2 + 1 >= 64)
			return 0;
		mantissa >>= -power2 + 1;
		mantissa += mantissa & 1;
		return mantissa >> 1; /* a carry into the exponent makes the smallest normal number */
	}
	bool may_tie = low <= 1 && q >= f->round_to_even_min && q <= f->round_to_even_max && (mantissa & 3) == 1;
	if (may_tie && (mantissa << shift) == high)
		mantissa &= ~(uint64_t)1;
	mantissa += mantissa & 1;
	mantissa >>= 1;
	if (mantissa >= (uint64_t)2 << f->mantissa_bits) {
		mantissa = (uint64_t)1 << f->mantissa_bits;
		power2++;
	}
	if (power2 >= f->infinite_power)
		return infinity;
	return (mantissa & ~((uint64_t)1 << f->mantissa_bits)) | ((uint64_t)power2 << f->mantissa_bits);
}

static inline double f64_of_bits(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline float f32_of_bits(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

bool mill_f64_scale10(uint64_t w, int64_t q, double *out)
{
	uint64_t bits = scale10(&format_f64, w, q);
	if (bits >= (uint64_t)format_f64.infinite_power << format_f64.mantissa_bits)
		return false;
	*out = f64_of_bits(bits);
	return true;
}

bool mill_f32_scale10(uint64_t w, int64_t q, float *out)
{
	uint64_t bits = scale10(&format_f32, w, q);
	if (bits >= (uint64_t)format_f32.infinite_power << format_f32.mantissa_bits)
		return false;
	*out = f32_of_bits((uint32_t)bits);
	return true;
}

typedef struct big {
	int count; /* words used; value 0 has none */
	uint64_t words[BIG_WORDS];
} big;

static void big_multiply_add(big *b, uint64_t factor, uint64_t addend)
{
	mill_u128 carry = addend;
	for (int i = 0; i < b->count; i++) {
		carry += (mill_u128)b->words[i] * factor;
		b->words[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry != 0 && b->count < BIG_WORDS)
		b->words[b->count++] = (uint64_t)carry;
}

static void big_multiply_power5(big *b, int64_t power)
{
	const uint64_t step = 7450580596923828125ULL; /* 5^27 */
	for (; power >= 27; power -= 27)
		big_multiply_add(b, step, 0);
	uint64_t rest = 1;
	for (; power > 0; power--)
		rest *= 5;
	big_multiply_add(b, rest, 0);
}

static void big_shift_left(big *b, int64_t bits)
{
	int words = (int)(bits / 64), rest = (int)(bits % 64);
	if (rest != 0)
		big_multiply_add(b, (uint64_t)1 << rest, 0);
	if (words == 0 || b->count == 0 || b->count + words > BIG_WORDS)
		return;
	memmove(b->words + words, b->words, (size_t)b->count * sizeof b->words[0]);
	memset(b->words, 0, (size_t)words * sizeof b->words[0]);
	b->count += words;
}

static int big_compare(const big *a, const big *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (int i = a->count - 1; i >= 0; i--)
		if (a->words[i] != b->words[i])
			return a->words[i] < b->words[i] ? -1 : 1;
	return 0;
}

/* Loads at most MAX_DIGITS significant digits; *exponent is that of the last one, *more tells of non-zero ones behind.
 */
static void big_load(const scanned *s, big *b, int64_t *exponent, bool *more)
{
	int digits = 0;
	*more = false;
	b->count = 0;
	for (const char *p = s->first; p < s->end; p++) {
		if (!is_digit(*p))
			continue;
		if (digits < MAX_DIGITS) {
			big_multiply_add(b, 10, (uint64_t)(*p - '0'));
			if (b->count == 0 && *p != '0')
				b->words[b->count++] = (uint64_t)(*p - '0');
			digits++;
		} else {
			*more |= *p != '0';
		}
	}
	/* s->exponent belongs to the 19th digit. */
	*exponent = s->exponent - (digits - EXACT_DIGITS);
}

/* Whether the number is below (<0), at (0) or above (>0) the midpoint between the float of `bits` and the next one up.
 */
static int compare_with_midpoint(const scanned *s, const float_format *f, uint64_t bits)
{
	big value, half;
	int64_t exponent10;
	bool more;
	big_load(s, &value, &exponent10, &more);
	int64_t power = (int64_t)(bits >> f->mantissa_bits);
	uint64_t mantissa = bits & (((uint64_t)1 << f->mantissa_bits) - 1);
	if (power > 0)
		mantissa |= (uint64_t)1 << f->mantissa_bits;
	else
		power = 1;
	half.count = 1;
	half.words[0] = 2 * mantissa + 1;
	int64_t exponent2 = power + f->minimum_exponent - f->mantissa_bits - 1;
	/* value·10^e against half·2^k: multiply both by what makes every power positive. */
	if (exponent10 >= 0)
		big_multiply_power5(&value, exponent10);
	else
		big_multiply_power5(&half, -exponent10);
	int64_t shift = exponent10 - exponent2;
	if (shift >= 0)
		big_shift_left(&value, shift);
	else
		big_shift_left(&half, -shift);
	int c = big_compare(&value, &half);
	return c != 0 || !more ? c : 1;
}

static inline bool is_eight_digits(uint64_t chunk)
{
	return ((chunk & 0xF0F0F0F0F0F0F0F0ULL) | (((chunk + 0x0606060606060606ULL) & 0xF0F0F0F0F0F0F0F0ULL) >> 4)) ==
	       0x3333333333333333ULL;
}

/* Eight ASCII digits, first one in the lowest byte. */
static inline uint64_t eight_digits(uint64_t chunk)
{
	chunk -= 0x3030303030303030ULL;
	chunk = (chunk * 10) + (chunk >> 8);
	return (((chunk & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
	        (((chunk >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
	       32;
}

static inline const char *scan_digits(const char *p, const char *end, uint64_t *w)
{
	while (end - p >= 8) {
		uint64_t chunk;
		memcpy(&chunk, p, sizeof chunk);
		if (!is_eight_digits(chunk))
			break;
		*w = *w * 100000000 + eight_digits(chunk);
		p += 8;
	}
	for (; p < end && is_digit(*p); p++)
		*w = *w * 10 + (uint64_t)(*p - '0');
	return p;
}

static bool scan_exponent(const char *p, const char *end, int64_t *exponent)
{
	bool negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	int64_t value = 0;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		if (value < INT64_C(100000000000))
			value = value * 10 + (*p - '0');
	}
	*exponent += negative ? -value : value;
	return true;
}

/* Re-reads the first 19 significant digits where w wrapped. */
static void scan_truncated(scanned *s, int64_t point_exponent)
{
	int digits = 0;
	int64_t behind = 0; /* digits of the text not taken into w */
	s->w = 0;
	s->truncated = false;
	for (const char *p = s->first; p < s->end; p++) {
		if (!is_digit(*p))
			continue;
		if (digits < EXACT_DIGITS) {
			s->w = s->w * 10 + (uint64_t)(*p - '0');
			digits++;
		} else {
			behind++;
			s->truncated |= *p != '0';
		}
	}
	s->exponent = point_exponent + behind;
}

/* Digits, point and exponent behind the sign; false: not a number. */
static bool scan_number(const char *p, const char *end, scanned *s)
{
	uint64_t w = 0;
	const char *start = p;
	p = scan_digits(p, end, &w);
	int64_t digits = p - start;
	int64_t exponent = 0;
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		p = scan_digits(p, end, &w);
		digits += p - fraction;
		exponent = fraction - p;
	}
	if (digits == 0)
		return false;
	s->end = p;
	if (p < end && ((*p | 0x20) != 'e' || !scan_exponent(p + 1, end, &exponent)))
		return false;
	s->w = w;
	s->exponent = exponent;
	s->truncated = false;
	if (digits <= EXACT_DIGITS)
		return true;
	while (start < s->end && (*start == '0' || *start == '.'))
		start++;
	s->first = start;
	scan_truncated(s, exponent);
	return true;
}

static bool equals_word(const char *p, const char *end, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(end - p) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((p[i] | 0x20) != word[i])
			return false;
	return true;
}

static int64_t clamp_exponent(int64_t exponent)
{
	if (exponent > EXPONENT_CLAMP)
		return EXPONENT_CLAMP;
	return exponent < -EXPONENT_CLAMP ? -EXPONENT_CLAMP : exponent;
}

/* The bits of the rounded magnitude. */
static uint64_t round_scanned(const scanned *s, const float_format *f)
{
	int64_t q = clamp_exponent(s->exponent);
	uint64_t bits = scale10(f, s->w, q);
	if (!s->truncated)
		return bits;
	uint64_t above = scale10(f, s->w + 1, q);
	if (bits == above)
		return bits;
	int c = compare_with_midpoint(s, f, bits);
	if (c == 0)
		return (bits & 1) == 0 ? bits : above;
	return c < 0 ? bits : above;
}

/* Sign, words and number; bits of the magnitude. */
static mill_parsed parse_float(const char *text, size_t length, const float_format *f, bool *negative, uint64_t *bits)
{
	const char *p = text, *end = text + length;
	uint64_t infinity = (uint64_t)f->infinite_power << f->mantissa_bits;
	scanned s;
	*negative = length > 0 && *p == '-';
	if (length > 0 && (*p == '-' || *p == '+'))
		p++;
	if (scan_number(p, end, &s)) {
		*bits = round_scanned(&s, f);
		return *bits >= infinity ? MILL_PARSE_RANGE : MILL_PARSED;
	}
	if (equals_word(p, end, "inf") || equals_word(p, end, "infinity")) {
		*bits = infinity;
		return MILL_PARSED;
	}
	if (!equals_word(p, end, "nan"))
		return MILL_PARSE_SYNTAX;
	*negative = false;
	*bits = infinity | (uint64_t)1 << (f->mantissa_bits - 1);
	return MILL_PARSED;
}

mill_parsed mill_parse_f64(const char *text, size_t length, double *out)
{
	bool negative;
	uint64_t bits;
	mill_parsed parsed = parse_float(text, length, &format_f64, &negative, &bits);
	if (parsed == MILL_PARSED)
		*out = f64_of_bits(bits | (negative ? HIGH_BIT : 0));
	return parsed;
}

mill_parsed mill_parse_f32(const char *text, size_t length, float *out)
{
	bool negative;
	uint64_t bits;
	mill_parsed parsed = parse_float(text, length, &format_f32, &negative, &bits);
	if (parsed == MILL_PARSED)
		*out = f32_of_bits((uint32_t)bits | (negative ? 0x80000000U : 0));
	return parsed;
}

static mill_i128 power10_i128(int n)
{
	mill_i128 value = 1;
	for (; n > 0; n--)
		value *= 10;
	return value;
}

/* Digits before the decimal point once the exponent is applied, leading zeros not counted, and the first digit that is
 * not zero (digits_end where there is none). */
static bool locate_point(const char *p, const char *end, const char **first, const char **digits_end, int64_t *before)
{
	const char *point = NULL, *leading = NULL;
	int64_t digits = 0, exponent = 0;
	for (; p < end && (is_digit(*p) || (*p == '.' && point == NULL)); p++) {
		if (*p == '.') {
			point = p;
			continue;
		}
		digits++;
		if (*p != '0' && leading == NULL)
			leading = p;
	}
	if (digits == 0)
		return false;
	*digits_end = p;
	if (p < end && ((*p | 0x20) != 'e' || !scan_exponent(p + 1, end, &exponent)))
		return false;
	if (point == NULL)
		point = *digits_end;
	*first = leading == NULL ? *digits_end : leading;
	/* A leading digit behind the point has zeros between, not the point itself. */
	*before = point - *first + (*first > point ? 1 : 0) + exponent;
	return true;
}

mill_parsed mill_parse_decimal(const char *text, size_t length, int precision, int scale, mill_i128 *out)
{
	const char *p = text, *end = text + length, *digits_end = NULL;
	bool negative = length > 0 && *p == '-';
	if (length > 0 && (*p == '-' || *p == '+'))
		p++;
	int64_t before = 0;
	if (!locate_point(p, end, &p, &digits_end, &before))
		return MILL_PARSE_SYNTAX;
	int64_t wanted = before + scale; /* significant digits to keep; the one behind them rounds */
	mill_i128 value = 0;
	const mill_i128 limit = power10_i128(precision);
	if (p == digits_end) {
		*out = 0;
		return MILL_PARSED;
	}
	if (wanted > precision)
		return MILL_PARSE_RANGE;
	for (; p < digits_end && wanted > 0; p++) {
		if (*p == '.')
			continue;
		value = value * 10 + (*p - '0');
		wanted--;
	}
	p += p < digits_end && *p == '.' ? 1 : 0;
	if (p < digits_end && wanted == 0 && *p >= '5')
		value++;
	for (; wanted > 0; wanted--)
		value *= 10;
	if (value >= limit)
		return MILL_PARSE_RANGE;
	*out = negative ? -value : value;
	return MILL_PARSED;
}
