/* The column kernels, included once a SIMD level by formats/csv/kernels_*.c after defining
 *	KERNELS_TABLE, KERNELS_TARGET      the table to fill and the functions' attribute
 *	KERNELS_NUMBER(p, n, point, out)   reads n bytes as digits, with a point where `point`; false: leave it to the
 *full rules KERNELS_TIMESTAMP(p, n, out)       reads a common ISO timestamp; false: try the next way Not collective. */
#ifndef MILL_FORMATS_CSV_KERNELS_BODY_H
#define MILL_FORMATS_CSV_KERNELS_BODY_H

#include "base/civil_text.h"
#include "base/number.h"
#include "formats/csv/kernels.h"
#include "formats/csv/number.h"

#include <string.h>

#ifdef KERNELS_TABLE

#define KERNEL static KERNELS_TARGET
#define INLINE static inline __attribute__((always_inline)) KERNELS_TARGET

/* The 10^k that a double holds exactly, and a float. */
static const double powers_f64[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const float powers_f32[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
#define EXACT_F64      ((uint64_t)1 << 53)
#define EXACT_F32      ((uint64_t)1 << 24)
#define LAST_POWER_F32 10

/* A field as a kernel sees it: without the quotes of a quoted one. */
typedef struct view {
	const uint8_t *p;
	size_t n;
	bool empty; /* unquoted and of no length: NULL */
} view;

/* What a kernel's step works on, in registers. */
typedef struct work {
	const mill_csv_fields *fields;
	void *values; /* NULL: recognise only */
	double numerators[64];
	double denominators[64];
	mill_i128 limit; /* of decimals: 10^precision */
} work;

/* Converts field v of row `row`, number i of its group of 64, which is not NULL, and stores it; false: the full rules
 * decide. */
typedef bool step_fn(work *w, view v, int64_t row, int i);

INLINE view view_of(const uint8_t *text, const uint32_t *ends, int quote)
{
	uint32_t start = ends[0] + 1;
	view v = {text + start, ends[1] - start, false};
	v.empty = v.n == 0;
	if (*v.p == quote && v.n >= 2) {
		v.p++;
		v.n -= 2;
	}
	return v;
}

/* What became of a group of at most 64 rows. */
typedef struct group {
	uint64_t valid;  /* not NULL */
	uint64_t stored; /* and decided by the step */
} group;

/* The rows from `base` on. `step` is a constant, so that it becomes part of the loop. */
INLINE group run_group(work *w, int64_t base, int count, uint32_t *slow, int64_t *slow_count, step_fn *step)
{
	const uint8_t *text = w->fields->text;
	const uint32_t *ends = w->fields->ends + w->fields->field;
	const uint32_t *first = w->fields->first + base;
	const int quote = w->fields->rules->bytes.quote;
	const uint64_t wary = w->fields->wary_lengths;
	group g = {0, 0};
	int64_t slow_at = *slow_count;
	for (int i = 0; i < count; i++) {
		view v = view_of(text, ends + first[i], quote);
		uint64_t bit = (uint64_t)1 << i;
		if (v.empty)
			continue;
		g.valid |= bit;
		bool is_wary = wary != 0 && ((wary >> (v.n < 63 ? v.n : 63)) & 1) != 0;
		if (!is_wary && step(w, v, base + i, i))
			g.stored |= bit;
		else
			slow[slow_at++] = (uint32_t)(base + i);
	}
	*slow_count = slow_at;
	return g;
}

INLINE uint64_t all_of(int count)
{
	return count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* All rows; a value of `width` bytes that no step stored is 0. */
INLINE void run_rows(work *w, mill_csv_output *output, size_t width, step_fn *step)
{
	int64_t slow_count = 0;
	for (int64_t base = 0; base < w->fields->rows; base += 64) {
		int count = w->fields->rows - base < 64 ? (int)(w->fields->rows - base) : 64;
		group g = run_group(w, base, count, output->slow, &slow_count, step);
		for (uint64_t left = w->values != NULL ? all_of(count) & ~g.stored : 0; left != 0; left &= left - 1)
			memset((char *)w->values + (size_t)(base + __builtin_ctzll(left)) * width, 0, width);
		output->valid[base / 64] = g.valid;
	}
	output->slow_count = slow_count;
}

INLINE bool read_number(view v, bool point, csv_number *out)
{
	out->negative = *v.p == '-';
	return KERNELS_NUMBER(v.p + out->negative, v.n - out->negative, point, out);
}

/* Whether it is a number of so few digits that any float, and an int64, holds it. */
INLINE bool is_short_number(view v, bool point)
{
	csv_number number;
	size_t sign = *v.p == '-' ? 1 : 0;
	return v.n - sign <= 16 && KERNELS_NUMBER(v.p + sign, v.n - sign, point, &number);
}

/* The number as numerator ÷ denominator, both exact, or ÷ 1 where it is rounded already. */
INLINE bool to_quotient(const csv_number *number, double *numerator, double *denominator)
{
	double value;
	if (number->w <= EXACT_F64) {
		value = (double)(int64_t)number->w;
		*denominator = powers_f64[-number->q];
	} else {
		if (!mill_f64_scale10(number->w, number->q, &value))
			return false;
		*denominator = 1;
	}
	*numerator = number->negative ? -value : value;
	return true;
}

INLINE bool to_f32(const csv_number *number, float *out)
{
	float value;
	if (number->w <= EXACT_F32 && number->q >= -LAST_POWER_F32)
		value = (float)(int64_t)number->w / powers_f32[-number->q];
	else if (!mill_f32_scale10(number->w, number->q, &value))
		return false;
	*out = number->negative ? -value : value;
	return true;
}

INLINE bool to_i64(const csv_number *number, int64_t *out)
{
	if (number->w > INT64_MAX)
		return false;
	*out = number->negative ? -(int64_t)number->w : (int64_t)number->w;
	return true;
}

/* At the column's scale where no digit is lost; the limit is 10^precision. */
INLINE bool to_decimal(const csv_number *number, int scale, mill_i128 limit, mill_i128 *out)
{
	static const uint64_t powers[] = {1,
	                                  10,
	                                  100,
	                                  1000,
	                                  10000,
	                                  100000,
	                                  1000000,
	                                  10000000,
	                                  100000000,
	                                  1000000000,
	                                  10000000000,
	                                  100000000000,
	                                  1000000000000,
	                                  10000000000000,
	                                  100000000000000,
	                                  1000000000000000,
	                                  10000000000000000,
	                                  100000000000000000,
	                                  1000000000000000000};
	int up = scale + number->q;
	if (up < 0 || up > 18)
		return false;
	mill_i128 value = (mill_i128)number->w * (mill_i128)powers[up];
	if (value >= limit)
		return false;
	*out = number->negative ? -value : value;
	return true;
}

/* Defines kernel_NAME of values of `ctype`. READ(w, v, out) converts a view or says false; IS_SHORT(v) is enough of a
 * verdict where nothing is stored. */
#define DEFINE_KERNEL(name, ctype, READ, IS_SHORT)                                        \
	INLINE bool store_##name(work *w, view v, int64_t row, int i)                     \
	{                                                                                 \
		(void)i;                                                                  \
		return READ(w, v, (ctype *)w->values + row);                              \
	}                                                                                 \
	INLINE bool check_##name(work *w, view v, int64_t row, int i)                     \
	{                                                                                 \
		ctype unused;                                                             \
		(void)row, (void)i, (void)w;                                              \
		return IS_SHORT(v) || READ(w, v, &unused);                                \
	}                                                                                 \
	KERNEL void kernel_##name(const mill_csv_fields *fields, mill_csv_output *output) \
	{                                                                                 \
		work w = {.fields = fields, .values = output->values};                    \
		if (fields->type.id == MILL_TYPE_DECIMAL)                                 \
			w.limit = decimal_limit(fields->type.precision);                  \
		if (w.values != NULL)                                                     \
			run_rows(&w, output, sizeof(ctype), store_##name);                \
		else                                                                      \
			run_rows(&w, output, sizeof(ctype), check_##name);                \
	}

/* Integers pass through int64; the cast is checked by casting back. */
#define DEFINE_INT_KERNEL(name, ctype, least, IS_SHORT)                         \
	INLINE bool read_##name(work *w, view v, ctype *out)                    \
	{                                                                       \
		csv_number number;                                              \
		int64_t wide;                                                   \
		(void)w;                                                        \
		if (!read_number(v, false, &number) || !to_i64(&number, &wide)) \
			return false;                                           \
		if ((int64_t)(ctype)wide != wide || wide < least)               \
			return false;                                           \
		*out = (ctype)wide;                                             \
		return true;                                                    \
	}                                                                       \
	DEFINE_KERNEL(name, ctype, read_##name, IS_SHORT)

static mill_i128 decimal_limit(int precision)
{
	mill_i128 limit = 1;
	for (; precision > 0; precision--)
		limit *= 10;
	return limit;
}

INLINE bool read_float32(work *w, view v, float *out)
{
	csv_number number;
	(void)w;
	return read_number(v, true, &number) && to_f32(&number, out);
}

INLINE bool read_decimal(work *w, view v, mill_i128 *out)
{
	csv_number number;
	return read_number(v, true, &number) && to_decimal(&number, w->fields->type.scale, w->limit, out);
}

INLINE bool read_timestamp(work *w, view v, int64_t *out)
{
	bool zoned;
	(void)w;
	return KERNELS_TIMESTAMP(v.p, v.n, out) || mill_parse_timestamp((const char *)v.p, v.n, out, &zoned);
}

INLINE bool read_date(work *w, view v, int32_t *out)
{
	(void)w;
	return mill_parse_date((const char *)v.p, v.n, out);
}

#define NEVER_SHORT(v)   false
#define SHORT_INTEGER(v) is_short_number(v, false)
#define SHORT_NUMBER(v)  is_short_number(v, true)

DEFINE_INT_KERNEL(int8, int8_t, INT64_MIN, NEVER_SHORT)
DEFINE_INT_KERNEL(int16, int16_t, INT64_MIN, NEVER_SHORT)
DEFINE_INT_KERNEL(int32, int32_t, INT64_MIN, NEVER_SHORT)
DEFINE_INT_KERNEL(int64, int64_t, INT64_MIN, SHORT_INTEGER)
DEFINE_INT_KERNEL(uint8, uint8_t, 0, NEVER_SHORT)
DEFINE_INT_KERNEL(uint16, uint16_t, 0, NEVER_SHORT)
DEFINE_INT_KERNEL(uint32, uint32_t, 0, NEVER_SHORT)
DEFINE_INT_KERNEL(uint64, uint64_t, 0, NEVER_SHORT)
DEFINE_KERNEL(float32, float, read_float32, SHORT_NUMBER)
DEFINE_KERNEL(decimal, mill_i128, read_decimal, NEVER_SHORT)
DEFINE_KERNEL(date, int32_t, read_date, NEVER_SHORT)
DEFINE_KERNEL(timestamp, int64_t, read_timestamp, NEVER_SHORT)

INLINE bool store_quotient(work *w, view v, int64_t row, int i)
{
	csv_number number;
	(void)row;
	return read_number(v, true, &number) && to_quotient(&number, &w->numerators[i], &w->denominators[i]);
}

/* Doubles are read as quotients, and divided 64 at a time by vector divisions. */
KERNEL void kernel_float64(const mill_csv_fields *fields, mill_csv_output *output)
{
	work w = {.fields = fields};
	double *values = output->values;
	int64_t slow_count = 0;
	if (values == NULL) {
		run_rows(&w, output, sizeof *values, check_float32);
		return;
	}
	for (int i = 0; i < 64; i++)
		w.denominators[i] = 1;
	for (int64_t base = 0; base < fields->rows; base += 64) {
		int count = fields->rows - base < 64 ? (int)(fields->rows - base) : 64;
		group g = run_group(&w, base, count, output->slow, &slow_count, store_quotient);
		output->valid[base / 64] = g.valid;
		for (uint64_t left = ~g.stored; left != 0; left &= left - 1)
			w.numerators[__builtin_ctzll(left)] = 0;
		for (int i = 0; i < 64; i++)
			w.numerators[i] /= w.denominators[i];
		memcpy(values + base, w.numerators, (size_t)count * sizeof *values);
	}
	output->slow_count = slow_count;
}

/* Short texts are copied as one block of 32 bytes: both sides have room behind them. */
INLINE void copy_text(char *out, const char *text, size_t n)
{
	if (n <= 32)
		memcpy(out, text, 32);
	else
		memcpy(out, text, n);
}

KERNEL void kernel_text(const mill_csv_fields *fields, mill_csv_text_output *output)
{
	const mill_csv_rules *rules = fields->rules;
	const bool plain = !rules->options->trim && rules->null_lengths == 0;
	const int quote = rules->bytes.quote;
	char *out = output->bytes;
	output->offsets[0] = 0;
	for (int64_t base = 0; base < fields->rows; base += 64) {
		int64_t count = fields->rows - base < 64 ? fields->rows - base : 64;
		uint64_t valid = 0;
		for (int64_t i = 0; i < count; i++) {
			size_t n;
			const char *field = mill_csv_field(fields, base + i, &n);
			bool some = n > 0;
			if (plain && (!some || (uint8_t)*field != quote)) {
				copy_text(out, field, n);
			} else {
				mill_csv_cell cell = {.length = 0};
				some = mill_csv_content(rules, field, n, out, &cell) == MILL_CSV_VALUE;
				n = some ? cell.length : 0;
				if (cell.text != out)
					copy_text(out, cell.text, n);
			}
			valid |= (uint64_t)some << i;
			out += n;
			output->offsets[base + i + 1] = (int32_t)(out - output->bytes);
		}
		output->valid[base / 64] = valid;
	}
}

const mill_csv_kernels KERNELS_TABLE = {
    .int8 = kernel_int8,
    .int16 = kernel_int16,
    .int32 = kernel_int32,
    .int64 = kernel_int64,
    .uint8 = kernel_uint8,
    .uint16 = kernel_uint16,
    .uint32 = kernel_uint32,
    .uint64 = kernel_uint64,
    .float32 = kernel_float32,
    .float64 = kernel_float64,
    .decimal = kernel_decimal,
    .date = kernel_date,
    .timestamp = kernel_timestamp,
    .text = kernel_text,
};

#endif

#endif
