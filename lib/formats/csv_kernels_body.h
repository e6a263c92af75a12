/* The column kernels, included once a SIMD level by csv_kernels_*.c after defining
 *	KERNELS_TABLE, KERNELS_TARGET      the table to fill and the functions' attribute
 *	KERNELS_NUMBER(p, n, point, out)   reads n bytes as digits, with a point where `point`; false: leave it to the
 *full rules KERNELS_TIMESTAMP(p, n, out)       reads a common ISO timestamp; false: try the next way Not collective. */
#ifndef MILL_FORMATS_CSV_KERNELS_BODY_H
#define MILL_FORMATS_CSV_KERNELS_BODY_H

#include "base/civil_text.h"
#include "base/number.h"
#include "formats/csv_kernels.h"
#include "formats/csv_number.h"

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

INLINE view view_of(const mill_csv_run *run, int64_t row)
{
	const uint32_t *ends = run->ends + run->first[row] + run->field;
	uint32_t start = ends[0] + 1;
	view v = {run->text + start, ends[1] - start, false};
	v.empty = v.n == 0;
	if (v.n >= 2 && *v.p == run->rules->bytes.quote) {
		v.p++;
		v.n -= 2;
	}
	return v;
}

INLINE bool is_wary(const mill_csv_run *run, size_t n)
{
	return ((run->wary_lengths >> (n < 63 ? n : 63)) & 1) != 0;
}

INLINE bool read_number(view v, bool point, csv_number *out)
{
	out->negative = *v.p == '-';
	return KERNELS_NUMBER(v.p + out->negative, v.n - out->negative, point, out);
}

INLINE bool to_f64(const csv_number *number, double *out)
{
	double value;
	if (number->w <= EXACT_F64)
		value = (double)number->w / powers_f64[-number->q];
	else if (!mill_f64_scale10(number->w, number->q, &value))
		return false;
	*out = number->negative ? -value : value;
	return true;
}

INLINE bool to_f32(const csv_number *number, float *out)
{
	float value;
	if (number->w <= EXACT_F32 && number->q >= -LAST_POWER_F32)
		value = (float)number->w / powers_f32[-number->q];
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

INLINE bool read_timestamp(view v, int64_t *out)
{
	bool zoned;
	return KERNELS_TIMESTAMP(v.p, v.n, out) || mill_parse_timestamp((const char *)v.p, v.n, out, &zoned);
}

INLINE bool read_date(view v, int32_t *out)
{
	return mill_parse_date((const char *)v.p, v.n, out);
}

/* Defines a kernel of values of `type`. READ(v, out) converts a view or says false; it may use `run` and `setup`'s
 * names. */
#define DEFINE_KERNEL(name, type, setup, READ)                                               \
	KERNEL void name(const mill_csv_run *run, mill_csv_target *target)                   \
	{                                                                                    \
		const bool store = target->values != NULL;                                   \
		type *restrict values = target->values;                                      \
		uint32_t *restrict slow = target->slow;                                      \
		int64_t slow_count = 0;                                                      \
		setup;                                                                       \
		for (int64_t base = 0; base < run->rows; base += 64) {                       \
			int64_t count = run->rows - base < 64 ? run->rows - base : 64;       \
			uint64_t valid = 0;                                                  \
			for (int64_t i = 0; i < count; i++) {                                \
				view v = view_of(run, base + i);                             \
				type value = 0;                                              \
				valid |= (uint64_t)!v.empty << i;                            \
				if (!v.empty && (is_wary(run, v.n) || !(READ(v, &value)))) { \
					slow[slow_count++] = (uint32_t)(base + i);           \
					value = 0;                                           \
				}                                                            \
				if (store)                                                   \
					values[base + i] = value;                            \
			}                                                                    \
			target->valid[base / 64] = valid;                                    \
		}                                                                            \
		target->slow_count = slow_count;                                             \
	}

/* Integers pass through int64; the cast is checked by casting back. */
#define DEFINE_INT_KERNEL(name, type, least)                                    \
	INLINE bool read_##name(view v, type *out)                              \
	{                                                                       \
		csv_number number;                                              \
		int64_t wide;                                                   \
		if (!read_number(v, false, &number) || !to_i64(&number, &wide)) \
			return false;                                           \
		*out = (type)wide;                                              \
		return (int64_t)*out == wide && wide >= least;                  \
	}                                                                       \
	DEFINE_KERNEL(name, type, , read_##name)

#define READ_F64(v, out)     (read_number(v, true, &number) && to_f64(&number, out))
#define READ_F32(v, out)     (read_number(v, true, &number) && to_f32(&number, out))
#define READ_DECIMAL(v, out) (read_number(v, true, &number) && to_decimal(&number, run->type.scale, limit, out))

static mill_i128 decimal_limit(int precision)
{
	mill_i128 limit = 1;
	for (; precision > 0; precision--)
		limit *= 10;
	return limit;
}

DEFINE_INT_KERNEL(kernel_int8, int8_t, INT64_MIN)
DEFINE_INT_KERNEL(kernel_int16, int16_t, INT64_MIN)
DEFINE_INT_KERNEL(kernel_int32, int32_t, INT64_MIN)
DEFINE_INT_KERNEL(kernel_int64, int64_t, INT64_MIN)
DEFINE_INT_KERNEL(kernel_uint8, uint8_t, 0)
DEFINE_INT_KERNEL(kernel_uint16, uint16_t, 0)
DEFINE_INT_KERNEL(kernel_uint32, uint32_t, 0)
DEFINE_INT_KERNEL(kernel_uint64, uint64_t, 0)
DEFINE_KERNEL(kernel_float64, double, csv_number number, READ_F64)
DEFINE_KERNEL(kernel_float32, float, csv_number number, READ_F32)
DEFINE_KERNEL(kernel_decimal, mill_i128, csv_number number;
              const mill_i128 limit = decimal_limit(run->type.precision), READ_DECIMAL)
DEFINE_KERNEL(kernel_date, int32_t, , read_date)
DEFINE_KERNEL(kernel_timestamp, int64_t, , read_timestamp)

/* Short texts are copied as one block of 32 bytes: both sides have room behind them. */
INLINE void copy_text(char *out, const char *text, size_t n)
{
	if (n <= 32)
		memcpy(out, text, 32);
	else
		memcpy(out, text, n);
}

KERNEL void kernel_text(const mill_csv_run *run, mill_csv_text_target *target)
{
	const mill_csv_rules *rules = run->rules;
	const bool plain = !rules->options->trim && rules->null_lengths == 0;
	const int quote = rules->bytes.quote;
	char *out = target->bytes;
	target->offsets[0] = 0;
	for (int64_t base = 0; base < run->rows; base += 64) {
		int64_t count = run->rows - base < 64 ? run->rows - base : 64;
		uint64_t valid = 0;
		for (int64_t i = 0; i < count; i++) {
			size_t n;
			const char *field = mill_csv_field(run, base + i, &n);
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
			target->offsets[base + i + 1] = (int32_t)(out - target->bytes);
		}
		target->valid[base / 64] = valid;
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
