/* Values as text, as CSV, JSON and messages show them. */
#include "base/civil.h"
#include "column/canonical.h"
#include "column/value.h"

/* "170141183460469231731687303715884105728" and a sign, or "−39 digits with a point and leading zero". */
#define WIDE_TEXT_BYTES 48

static const char digit_pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293"
    "949596979899";

/* The digits of value end before `end`; returns where they start. Nothing is written for 0. */
static char *digits_before(uint64_t value, char *end)
{
	for (; value >= 10; value /= 100) {
		end -= 2;
		memcpy(end, digit_pairs + value % 100 * 2, 2);
	}
	if (value != 0)
		*--end = (char)('0' + value);
	return end;
}

/* Exactly 18 digits of value < 10^18 before `end`. */
static char *eighteen_digits_before(uint64_t value, char *end)
{
	for (int i = 0; i < 9; i++, value /= 100) {
		end -= 2;
		memcpy(end, digit_pairs + value % 100 * 2, 2);
	}
	return end;
}

/* At least `least` digits, zeros in front; returns how many. */
static int unsigned_digits(mill_u128 value, int least, char *out)
{
	char text[WIDE_TEXT_BYTES], *end = text + sizeof(text), *start = end;
	while (value > UINT64_MAX) {
		start = eighteen_digits_before((uint64_t)(value % 1000000000000000000U), start);
		value /= 1000000000000000000U;
	}
	start = digits_before((uint64_t)value, start);
	while (end - start < least)
		*--start = '0';
	memcpy(out, start, (size_t)(end - start));
	return (int)(end - start);
}

int mill_i64_text(int64_t value, char out[MILL_INTEGER_TEXT_BYTES])
{
	int sign = value < 0;
	out[0] = '-';
	uint64_t magnitude = sign ? 0 - (uint64_t)value : (uint64_t)value;
	int size = sign + unsigned_digits(magnitude, 1, out + sign);
	out[size] = '\0';
	return size;
}

static mill_status put_unsigned(uint64_t value, mill_bytes *out)
{
	char text[WIDE_TEXT_BYTES];
	return mill_bytes_append(out, text, (size_t)unsigned_digits(value, 1, text));
}

static mill_status put_signed(int64_t value, mill_bytes *out)
{
	char text[MILL_INTEGER_TEXT_BYTES];
	return mill_bytes_append(out, text, (size_t)mill_i64_text(value, text));
}

static mill_status put_decimal(mill_i128 value, int scale, mill_bytes *out)
{
	char text[WIDE_TEXT_BYTES];
	bool negative = value < 0;
	int size = 0;
	if (negative)
		text[size++] = '-';
	size += unsigned_digits(negative ? 0 - (mill_u128)value : (mill_u128)value, scale + 1, text + size);
	if (scale > 0) {
		memmove(text + size - scale + 1, text + size - scale, (size_t)scale);
		text[size - scale] = '.';
		size++;
	}
	return mill_bytes_append(out, text, (size_t)size);
}

static int two_digits(int value, char *out)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
	return 2;
}

/* YYYY-MM-DD; years before 1 as PostgreSQL writes them, with " BC" at the very end (returned in *era). */
static int date_text(int64_t days, char *out, const char **era)
{
	mill_civil civil = mill_civil_from_days(days);
	*era = civil.year <= 0 ? " BC" : "";
	uint64_t year = (uint64_t)(civil.year <= 0 ? 1 - civil.year : civil.year);
	int size = unsigned_digits(year, 4, out);
	out[size++] = '-';
	size += two_digits(civil.month, out + size);
	out[size++] = '-';
	return size + two_digits(civil.day, out + size);
}

static int fraction_text(uint64_t us, char *out)
{
	char text[8];
	if (us == 0)
		return 0;
	int size = unsigned_digits(us, 6, text);
	while (text[size - 1] == '0')
		size--;
	out[0] = '.';
	memcpy(out + 1, text, (size_t)size);
	return size + 1;
}

/* Hours may pass 24. */
static int clock_text(uint64_t us, char *out)
{
	int size = unsigned_digits(us / MILL_HOUR_US, 2, out);
	out[size++] = ':';
	size += two_digits((int)(us / MILL_MINUTE_US % 60), out + size);
	out[size++] = ':';
	size += two_digits((int)(us / MILL_SECOND_US % 60), out + size);
	return size + fraction_text(us % MILL_SECOND_US, out + size);
}

static mill_status put_date(int64_t days, mill_bytes *out)
{
	char text[64];
	const char *era;
	int size = date_text(days, text, &era);
	MILL_TRY(mill_bytes_append(out, text, (size_t)size));
	return mill_bytes_append_text(out, era);
}

static mill_status put_timestamp(int64_t us, bool zoned, mill_bytes *out)
{
	char text[96];
	const char *era;
	int64_t days = mill_floor_div(us, MILL_DAY_US);
	int size = date_text(days, text, &era);
	text[size++] = ' ';
	size += clock_text((uint64_t)(us - days * MILL_DAY_US), text + size);
	MILL_TRY(mill_bytes_append(out, text, (size_t)size));
	MILL_TRY(mill_bytes_append_text(out, zoned ? "+00" : ""));
	return mill_bytes_append_text(out, era);
}

/* "1 year 2 mons -3 days": PostgreSQL puts a + before a positive part that follows a negative one. */
static mill_status put_interval_part(int64_t value, const char *unit, bool *any, bool *after_negative, mill_bytes *out)
{
	if (value == 0)
		return MILL_OK;
	MILL_TRY(mill_bytes_append_text(out, *any ? " " : ""));
	MILL_TRY(mill_bytes_append_text(out, *after_negative && value > 0 ? "+" : ""));
	MILL_TRY(put_signed(value, out));
	MILL_TRY(mill_bytes_append_text(out, unit));
	*any = true;
	*after_negative = value < 0;
	return mill_bytes_append_text(out, value == 1 ? "" : "s");
}

static mill_status put_interval(mill_interval interval, mill_bytes *out)
{
	bool any = false, after_negative = false;
	char text[64];
	MILL_TRY(put_interval_part(interval.months / 12, " year", &any, &after_negative, out));
	MILL_TRY(put_interval_part(interval.months % 12, " mon", &any, &after_negative, out));
	MILL_TRY(put_interval_part(interval.days, " day", &any, &after_negative, out));
	if (any && interval.us == 0)
		return MILL_OK;
	int size = 0;
	if (any)
		text[size++] = ' ';
	if (interval.us < 0)
		text[size++] = '-';
	else if (after_negative)
		text[size++] = '+';
	uint64_t magnitude = interval.us < 0 ? 0 - (uint64_t)interval.us : (uint64_t)interval.us;
	size += clock_text(magnitude, text + size);
	return mill_bytes_append(out, text, (size_t)size);
}

static mill_status put_hex(const char *bytes, int32_t length, mill_bytes *out)
{
	static const char hex[] = "0123456789abcdef";
	MILL_TRY(mill_bytes_reserve(out, 2 + 2 * (size_t)length));
	MILL_TRY(mill_bytes_append(out, "\\x", 2));
	for (int32_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)bytes[i];
		out->data[out->size_bytes++] = (uint8_t)hex[byte >> 4];
		out->data[out->size_bytes++] = (uint8_t)hex[byte & 15];
	}
	return MILL_OK;
}

static mill_status put_text(const mill_column *column, int64_t row, mill_bytes *out)
{
	int32_t length;
	const char *text = mill_column_text(column, row, &length);
	if (column->type.id == MILL_TYPE_BINARY)
		return put_hex(text, length, out);
	return mill_bytes_append(out, text, (size_t)length);
}

mill_status mill_value_text(const mill_column *column, int64_t row, mill_bytes *out)
{
	char text[MILL_FLOAT_TEXT_BYTES];
	const void *values = column->values;
	switch (column->type.id) {
	case MILL_TYPE_BOOL: return mill_bytes_append_text(out, mill_bit_get(values, row) ? "true" : "false");
	case MILL_TYPE_FLOAT32:
		return mill_bytes_append(out, text, (size_t)mill_f32_text(((const float *)values)[row], text));
	case MILL_TYPE_FLOAT64:
		return mill_bytes_append(out, text, (size_t)mill_f64_text(((const double *)values)[row], text));
	case MILL_TYPE_DECIMAL: return put_decimal(((const mill_i128 *)values)[row], column->type.scale, out);
	case MILL_TYPE_UINT64: return put_unsigned(((const uint64_t *)values)[row], out);
	case MILL_TYPE_DATE: return put_date(((const int32_t *)values)[row], out);
	case MILL_TYPE_TIMESTAMP: return put_timestamp(((const int64_t *)values)[row], column->type.zoned, out);
	case MILL_TYPE_INTERVAL: return put_interval(((const mill_interval *)values)[row], out);
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY: return put_text(column, row, out);
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32: return put_signed((int64_t)mill_integer_bits(column, row), out);
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return MILL_INTERNAL;
}
