#include "base/units.h"

#include "base/checked.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct unit {
	const char *name;
	int64_t value;
} unit;

#define KIBI ((int64_t)1 << 10)
#define KILO ((int64_t)1000)

static const unit sizes[] = {
    {"", 1},
    {"b", 1},
    {"k", KIBI},
    {"kib", KIBI},
    {"kb", KILO},
    {"m", KIBI *KIBI},
    {"mib", KIBI *KIBI},
    {"mb", KILO *KILO},
    {"g", KIBI *KIBI *KIBI},
    {"gib", KIBI *KIBI *KIBI},
    {"gb", KILO *KILO *KILO},
    {"t", KIBI *KIBI *KIBI *KIBI},
    {"tib", KIBI *KIBI *KIBI *KIBI},
    {"tb", KILO *KILO *KILO *KILO},
    {NULL, 0},
};

#define SECOND ((int64_t)1000000000)

static const unit durations[] = {
    {"", SECOND},
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", SECOND},
    {"sec", SECOND},
    {"second", SECOND},
    {"seconds", SECOND},
    {"m", 60 * SECOND},
    {"min", 60 * SECOND},
    {"minute", 60 * SECOND},
    {"minutes", 60 * SECOND},
    {"h", 3600 * SECOND},
    {"hour", 3600 * SECOND},
    {"hours", 3600 * SECOND},
    {"d", 86400 * SECOND},
    {"day", 86400 * SECOND},
    {"days", 86400 * SECOND},
    {NULL, 0},
};

/* Digits, perhaps with a point, as digits / 10^decimals; the rest of the text goes to *rest. False on overflow or when
 * there is no digit. */
static bool parse_decimal(const char *text, int64_t *digits, int64_t *divisor, const char **rest)
{
	bool any = false, after_point = false;
	*digits = 0;
	*divisor = 1;
	for (;; text++) {
		if (*text == '.' && !after_point) {
			after_point = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			break;
		any = true;
		if (mill_mul_overflows(*digits, (int64_t)10, digits) ||
		    mill_add_overflows(*digits, (int64_t)(*text - '0'), digits))
			return false;
		if (after_point && mill_mul_overflows(*divisor, (int64_t)10, divisor))
			return false;
	}
	*rest = text;
	return any;
}

static bool parse_with_unit(const char *text, const unit *units, int64_t *out)
{
	int64_t digits = 0, divisor = 1;
	const char *rest = NULL;
	if (!parse_decimal(text, &digits, &divisor, &rest))
		return false;
	while (*rest == ' ')
		rest++;
	for (const unit *u = units; u->name != NULL; u++) {
		if (strcasecmp(rest, u->name) != 0)
			continue;
		mill_i128 value = (mill_i128)digits * u->value / divisor;
		*out = (int64_t)value;
		return value <= INT64_MAX;
	}
	return false;
}

mill_status mill_parse_size(const char *text, int64_t *out_bytes, mill_error *err)
{
	int64_t value = 0;
	if (!parse_with_unit(text, sizes, &value))
		return mill_fail(err, MILL_USAGE, "\"%s\" is no size; write it as \"512 MiB\" or \"4G\"", text);
	*out_bytes = value;
	return MILL_OK;
}

mill_status mill_parse_duration(const char *text, int64_t *out_ns, mill_error *err)
{
	int64_t value = 0;
	if (!parse_with_unit(text, durations, &value))
		return mill_fail(err, MILL_USAGE, "\"%s\" is no duration; write it as \"120s\" or \"30 days\"", text);
	*out_ns = value;
	return MILL_OK;
}

const char *mill_size_text(int64_t size_bytes, char out[MILL_SIZE_TEXT_BYTES])
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)size_bytes;
	size_t at = 0;
	while ((value >= 1024 || value <= -1024) && at + 1 < sizeof names / sizeof names[0]) {
		value /= 1024;
		at++;
	}
	snprintf(out, MILL_SIZE_TEXT_BYTES, at == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, names[at]);
	return out;
}
