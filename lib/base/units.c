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

/* What is written as a number and a unit. */
typedef struct quantity {
	const char *name;
	const unit *units;
	const char *how;   /* how one is written */
	const char *known; /* which units there are */
} quantity;

static const quantity size_quantity = {"size", sizes, "write \"4G\", \"512 MiB\", \"1.5 GB\" or a number of bytes",
                                       "K M G T and KiB MiB GiB TiB are powers of 1,024, kB MB GB TB powers of 1,000"};
static const quantity duration_quantity = {"duration", durations, "write \"120s\", \"5 min\" or \"30 days\"",
                                           "the units are ns, us, ms, s, min, h and d"};

#define DIGITS "0123456789"
#define BLANKS " \t"

/* Reads text[0 … count) as further digits of *value, and of *divisor where it is given. False on overflow. */
static bool read_digits(const char *text, size_t count, int64_t *value, int64_t *divisor)
{
	for (size_t i = 0; i < count; i++)
		if (mill_mul_overflows(*value, (int64_t)10, value) ||
		    mill_add_overflows(*value, (int64_t)(text[i] - '0'), value) ||
		    (divisor != NULL && mill_mul_overflows(*divisor, (int64_t)10, divisor)))
			return false;
	return true;
}

/* Digits, perhaps with a point, as digits / divisor; the rest of the text goes to *rest. */
static mill_status read_decimal(const char *text, const quantity *q, int64_t *digits, int64_t *divisor,
                                const char **rest, mill_error *err)
{
	const char *number = text + strspn(text, BLANKS);
	size_t whole = strspn(number, DIGITS);
	const char *fraction = number + whole + (number[whole] == '.' ? 1 : 0);
	size_t decimals = number[whole] == '.' ? strspn(fraction, DIGITS) : 0;
	*rest = fraction + decimals;
	if (whole + decimals == 0)
		return mill_fail(err, MILL_USAGE, "\"%s\" is not a %s; %s", text, q->name, q->how);
	while (decimals > 0 && fraction[decimals - 1] == '0')
		decimals--;
	*digits = 0;
	*divisor = 1;
	if (!read_digits(number, whole, digits, NULL) || !read_digits(fraction, decimals, digits, divisor))
		return mill_fail(err, MILL_USAGE, "\"%s\" has too many digits for a %s", text, q->name);
	return MILL_OK;
}

static const unit *find_unit(const quantity *q, const char *name, size_t length)
{
	for (const unit *u = q->units; u->name != NULL; u++)
		if (strlen(u->name) == length && strncasecmp(name, u->name, length) == 0)
			return u;
	return NULL;
}

static mill_status parse_quantity(const char *text, const quantity *q, mill_i128 *out, mill_error *err)
{
	int64_t digits = 0, divisor = 1;
	const char *rest = NULL;
	MILL_TRY(read_decimal(text, q, &digits, &divisor, &rest, err));
	rest += strspn(rest, BLANKS);
	size_t length = strlen(rest);
	while (length > 0 && strchr(BLANKS, rest[length - 1]) != NULL)
		length--;
	const unit *u = find_unit(q, rest, length);
	if (u == NULL)
		return mill_fail(err, MILL_USAGE, "\"%s\" is not a %s: there is no unit \"%.*s\"; %s", text, q->name,
		                 (int)length, rest, q->known);
	*out = (mill_i128)digits * u->value / divisor;
	return MILL_OK;
}

mill_status mill_parse_size(const char *text, int64_t min_bytes, int64_t max_bytes, int64_t *out_bytes, mill_error *err)
{
	mill_i128 value = 0;
	char limit[MILL_SIZE_TEXT_BYTES];
	MILL_TRY(parse_quantity(text, &size_quantity, &value, err));
	if (value < min_bytes)
		return mill_fail(err, MILL_USAGE, "\"%s\" is too small a size; the least is %s", text,
		                 mill_size_text(min_bytes, limit));
	if (value > max_bytes)
		return mill_fail(err, MILL_USAGE, "\"%s\" is too large a size; the most is %s", text,
		                 mill_size_text(max_bytes, limit));
	*out_bytes = (int64_t)value;
	return MILL_OK;
}

mill_status mill_parse_duration(const char *text, int64_t min_ns, int64_t max_ns, int64_t *out_ns, mill_error *err)
{
	mill_i128 value = 0;
	MILL_TRY(parse_quantity(text, &duration_quantity, &value, err));
	if (value < min_ns)
		return mill_fail(err, MILL_USAGE, "\"%s\" is too short a duration; the least is %.12g s", text,
		                 (double)min_ns / (double)SECOND);
	if (value > max_ns)
		return mill_fail(err, MILL_USAGE, "\"%s\" is too long a duration; the most is %.12g s", text,
		                 (double)max_ns / (double)SECOND);
	*out_ns = (int64_t)value;
	return MILL_OK;
}

const char *mill_size_text(int64_t size_bytes, char out[MILL_SIZE_TEXT_BYTES])
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)size_bytes;
	size_t at = 0;
	while ((value >= 1024 || value <= -1024) && at + 1 < sizeof names / sizeof names[0]) {
		value /= 1024;
		at++;
	}
	snprintf(out, MILL_SIZE_TEXT_BYTES, at == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, names[at]);
	return out;
}
