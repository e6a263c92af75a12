#include "expr/time.h"
#include "base/checked.h"
#include "base/hash.h"
#include <string.h>
#include <strings.h>

typedef struct cursor {
	const char *at, *end;
} cursor;

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static cursor trimmed(const char *text, size_t length)
{
	cursor c = {text, text + length};
	while (c.at < c.end && is_space(*c.at))
		c.at++;
	while (c.end > c.at && is_space(c.end[-1]))
		c.end--;
	return c;
}

static bool take(cursor *c, char wanted)
{
	if (c->at < c->end && *c->at == wanted) {
		c->at++;
		return true;
	}
	return false;
}

/* min to max digits. */
static bool take_digits(cursor *c, int min, int max, int *out)
{
	int value = 0, count = 0;
	while (count < max && c->at < c->end && is_digit(*c->at)) {
		value = value * 10 + (*c->at++ - '0');
		count++;
	}
	*out = value;
	return count >= min;
}

static bool take_date(cursor *c, int64_t *day)
{
	int year, month, date;
	if (!take_digits(c, 4, 4, &year) || !take(c, '-') || !take_digits(c, 1, 2, &month) || !take(c, '-') ||
	    !take_digits(c, 1, 2, &date))
		return false;
	if (year < 1 || month < 1 || month > 12 || date < 1 || date > mill_days_in_month(year, month))
		return false;
	*day = mill_days_from_civil(year, month, date);
	return true;
}

/* ".f{1,9}" as µs, half away from zero; may give 1,000,000. */
static bool take_fraction(cursor *c, int64_t *us)
{
	int64_t value = 0;
	int count = 0;
	for (; c->at < c->end && is_digit(*c->at); c->at++, count++)
		if (count < 9)
			value = value * 10 + (*c->at - '0');
	if (count == 0 || count > 9)
		return false;
	for (; count < 9; count++)
		value *= 10;
	*us = (value + 500) / 1000;
	return true;
}

/* HH:MM[:SS[.f]] as µs. */
static bool take_clock(cursor *c, int max_hour, int64_t *us)
{
	int hour, minute, second = 0;
	int64_t fraction = 0;
	if (!take_digits(c, 1, 2, &hour) || !take(c, ':') || !take_digits(c, 2, 2, &minute))
		return false;
	if (take(c, ':')) {
		if (!take_digits(c, 2, 2, &second))
			return false;
		if (take(c, '.') && !take_fraction(c, &fraction))
			return false;
	}
	if (hour > max_hour || minute > 59 || second > 59)
		return false;
	*us = hour * MILL_HOUR_US + minute * MILL_MINUTE_US + second * MILL_SECOND_US + fraction;
	return true;
}

/* [ ](Z|UTC|GMT|±HH[:]MM|±HH), or nothing; the zone's distance from UTC. */
static bool take_zone(cursor *c, int64_t *us)
{
	int hour, minute = 0;
	*us = 0;
	if (c->at < c->end && *c->at == ' ')
		c->at++;
	size_t left = (size_t)(c->end - c->at);
	if (left == 0 || (left == 1 && (*c->at == 'Z' || *c->at == 'z')) ||
	    (left == 3 && (strncasecmp(c->at, "UTC", 3) == 0 || strncasecmp(c->at, "GMT", 3) == 0))) {
		c->at = c->end;
		return true;
	}
	bool west = *c->at == '-';
	if (!west && *c->at != '+')
		return false;
	c->at++;
	if (!take_digits(c, 2, 2, &hour))
		return false;
	if (c->at < c->end && ((take(c, ':'), !take_digits(c, 2, 2, &minute))))
		return false;
	if (hour > 15 || minute > 59)
		return false;
	*us = (hour * MILL_HOUR_US + minute * MILL_MINUTE_US) * (west ? -1 : 1);
	return true;
}

bool mill_time_read_timestamp(const char *text, size_t length_bytes, int64_t *out)
{
	cursor c = trimmed(text, length_bytes);
	int64_t day, clock = 0, zone = 0;
	if (!take_date(&c, &day))
		return false;
	if (c.at < c.end && (*c.at == 'T' || *c.at == 't' || (*c.at == ' ' && c.at + 1 < c.end && is_digit(c.at[1])))) {
		c.at++;
		if (!take_clock(&c, 23, &clock))
			return false;
	}
	if (!take_zone(&c, &zone) || c.at != c.end)
		return false;
	int64_t us = day * MILL_DAY_US + clock - zone;
	if (!mill_time_in_range(us))
		return false;
	*out = us;
	return true;
}

/* A date ignores the time that follows it, as PostgreSQL does, but the text must be well formed. */
bool mill_time_read_date(const char *text, size_t length_bytes, int32_t *out)
{
	cursor c = trimmed(text, length_bytes);
	int64_t day, us;
	if (!take_date(&c, &day))
		return false;
	if (c.at != c.end && !mill_time_read_timestamp(text, length_bytes, &us))
		return false;
	*out = (int32_t)day;
	return true;
}

bool mill_time_add(int64_t us, mill_interval interval, int64_t *out)
{
	int64_t day = mill_floor_div(us, MILL_DAY_US);
	int64_t clock = us - day * MILL_DAY_US;
	if (interval.months != 0) {
		mill_civil civil = mill_civil_from_days(day);
		int64_t months = civil.year * 12 + (civil.month - 1) + interval.months;
		int64_t year = mill_floor_div(months, 12);
		int month = (int)mill_floor_mod(months, 12) + 1;
		int last = mill_days_in_month(year, month);
		if (year < -1000000 || year > 1000000)
			return false;
		day = mill_days_from_civil(year, month, civil.day < last ? civil.day : last);
	}
	int64_t result;
	if (mill_mul_overflows(day + interval.days, MILL_DAY_US, &result) ||
	    mill_add_overflows(result, clock, &result) || mill_add_overflows(result, interval.us, &result) ||
	    !mill_time_in_range(result))
		return false;
	*out = result;
	return true;
}

/* Units of interval text: how many months, days or µs one is. */
typedef struct unit {
	const char *name;
	int months, days;
	int64_t us;
} unit;

static const unit units[] = {
    {"millennium", 12000, 0, 0},
    {"millennia", 12000, 0, 0},
    {"century", 1200, 0, 0},
    {"centuries", 1200, 0, 0},
    {"decade", 120, 0, 0},
    {"year", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"y", 12, 0, 0},
    {"quarter", 3, 0, 0},
    {"month", 1, 0, 0},
    {"mon", 1, 0, 0},
    {"week", 0, 7, 0},
    {"w", 0, 7, 0},
    {"day", 0, 1, 0},
    {"d", 0, 1, 0},
    {"hour", 0, 0, MILL_HOUR_US},
    {"hr", 0, 0, MILL_HOUR_US},
    {"h", 0, 0, MILL_HOUR_US},
    {"minute", 0, 0, MILL_MINUTE_US},
    {"min", 0, 0, MILL_MINUTE_US},
    {"m", 0, 0, MILL_MINUTE_US},
    {"second", 0, 0, MILL_SECOND_US},
    {"sec", 0, 0, MILL_SECOND_US},
    {"s", 0, 0, MILL_SECOND_US},
    {"millisecond", 0, 0, 1000},
    {"msec", 0, 0, 1000},
    {"ms", 0, 0, 1000},
    {"microsecond", 0, 0, 1},
    {"usec", 0, 0, 1},
    {"us", 0, 0, 1},
};

static const unit *find_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t known = strlen(units[i].name);
		/* "ms" are milliseconds, not several m. */
		bool plural = known > 1 && length == known + 1 && (name[known] == 's' || name[known] == 'S');
		if ((length == known || plural) && strncasecmp(name, units[i].name, known) == 0)
			return &units[i];
	}
	return NULL;
}

static void skip_spaces(cursor *c)
{
	while (c->at < c->end && is_space(*c->at))
		c->at++;
}

/* A number with up to 9 places, in units of 10^-9. */
static bool take_number(cursor *c, bool *negative, int64_t *whole, int64_t *nano)
{
	int64_t value = 0, fraction = 0, place = 100000000;
	bool any = false;
	*negative = take(c, '-');
	if (!*negative)
		take(c, '+');
	skip_spaces(c);
	for (; c->at < c->end && is_digit(*c->at); c->at++, any = true)
		if (mill_mul_overflows(value, 10, &value) || mill_add_overflows(value, *c->at - '0', &value))
			return false;
	if (take(c, '.'))
		for (; c->at < c->end && is_digit(*c->at); c->at++, any = true) {
			fraction += (*c->at - '0') * place;
			place /= 10;
		}
	*whole = value;
	*nano = fraction;
	return any;
}

/* Adds value·unit; a fraction of a year rounds to months, one of a month spills into days of 1/30 month, one of a day
 * into time. */
static bool add_unit(mill_interval *sum, const unit *u, bool negative, int64_t whole, int64_t nano)
{
	int64_t sign = negative ? -1 : 1;
	mill_i128 months = (mill_i128)u->months * whole * sign;
	mill_i128 days = (mill_i128)u->days * whole * sign;
	mill_i128 us = (mill_i128)u->us * whole * sign;
	if (u->months > 0) {
		mill_i128 part = (mill_i128)u->months * nano * sign; /* of months, ·1e9 */
		if (u->months > 1)
			part = (part + sign * 500000000) / 1000000000 * 1000000000;
		months += part / 1000000000;
		days += part % 1000000000 * 30 / 1000000000;
	} else if (u->days > 0) {
		mill_i128 part = (mill_i128)u->days * nano * sign;
		days += part / 1000000000;
		us += part % 1000000000 * MILL_DAY_US / 1000000000;
	} else {
		us += (mill_i128)u->us * nano * sign / 1000000000;
	}
	months += sum->months;
	days += sum->days;
	us += sum->us;
	if (months != (int32_t)months || days != (int32_t)days || us != (int64_t)us)
		return false;
	*sum = (mill_interval){(int32_t)months, (int32_t)days, (int64_t)us};
	return true;
}

static bool at_ago(const cursor *c)
{
	return c->end - c->at == 3 && strncasecmp(c->at, "ago", 3) == 0;
}

static bool at_clock(const cursor *c)
{
	cursor look = *c;
	int hour;
	if (!take(&look, '-'))
		take(&look, '+');
	return take_digits(&look, 1, 9, &hour) && take(&look, ':');
}

/* [±]H+:MM[:SS[.f]] when one stands here. */
static bool take_clock_item(cursor *c, mill_interval *sum, bool *is_clock)
{
	cursor look = *c;
	int64_t clock;
	int hour, minute;
	*is_clock = at_clock(c);
	if (!*is_clock)
		return true;
	bool negative = take(&look, '-');
	if (!negative)
		take(&look, '+');
	if (!take_digits(&look, 1, 9, &hour) || !take(&look, ':') || !take_digits(&look, 1, 2, &minute) || minute > 59)
		return false;
	clock = hour * MILL_HOUR_US + minute * MILL_MINUTE_US;
	if (take(&look, ':')) {
		int second;
		int64_t fraction = 0;
		if (!take_digits(&look, 1, 2, &second) || second > 59 ||
		    (take(&look, '.') && !take_fraction(&look, &fraction)))
			return false;
		clock += second * MILL_SECOND_US + fraction;
	}
	*c = look;
	return !mill_add_overflows(sum->us, negative ? -clock : clock, &sum->us);
}

/* ISO 8601: P[nY][nM][nW][nD][T[nH][nM][nS]]. */
static bool read_iso(cursor c, mill_interval *sum)
{
	static const unit date_units[] = {{"Y", 12, 0, 0}, {"M", 1, 0, 0}, {"W", 0, 7, 0}, {"D", 0, 1, 0}};
	static const unit time_units[] = {
	    {"H", 0, 0, MILL_HOUR_US}, {"M", 0, 0, MILL_MINUTE_US}, {"S", 0, 0, MILL_SECOND_US}};
	bool in_time = false, any = false;
	while (c.at < c.end) {
		bool negative;
		int64_t whole, nano;
		if (!in_time && take(&c, 'T')) {
			in_time = true;
			continue;
		}
		if (!take_number(&c, &negative, &whole, &nano) || c.at == c.end)
			return false;
		const unit *found = NULL;
		for (int i = 0; i < (in_time ? 3 : 4); i++) {
			const unit *u = in_time ? &time_units[i] : &date_units[i];
			if (*c.at == u->name[0])
				found = u;
		}
		if (found == NULL || !add_unit(sum, found, negative, whole, nano))
			return false;
		c.at++;
		any = true;
	}
	return any;
}

static bool negate(mill_interval *v)
{
	return !mill_sub_overflows(0, v->months, &v->months) && !mill_sub_overflows(0, v->days, &v->days) &&
	       !mill_sub_overflows(0, v->us, &v->us);
}

/* What a number without a unit counts: days before a clock, seconds at the end. NULL: nothing, as in "3 4". */
static const unit *silent_unit(const cursor *c)
{
	if (at_clock(c))
		return find_unit("day", 3);
	return c->at == c->end || at_ago(c) ? find_unit("second", 6) : NULL;
}

/* The -MONTHS of years-months, as in "1-2"; a date has a second '-' and is none. */
static bool take_months(cursor *c, mill_interval *sum, bool negative, int64_t years)
{
	int months;
	if (!take_digits(c, 1, 2, &months) || months > 11 || (c->at < c->end && !is_space(*c->at)))
		return false;
	return add_unit(sum, find_unit("year", 4), negative, years, 0) &&
	       add_unit(sum, find_unit("month", 5), negative, months, 0);
}

/* One "NUMBER UNIT" or "YEARS-MONTHS". */
static bool take_item(cursor *c, mill_interval *sum)
{
	bool negative;
	int64_t whole, nano;
	if (!take_number(c, &negative, &whole, &nano))
		return false;
	if (nano == 0 && take(c, '-'))
		return take_months(c, sum, negative, whole);
	skip_spaces(c);
	const char *name = c->at;
	while (!at_ago(c) && c->at < c->end && is_letter(*c->at))
		c->at++;
	size_t length = (size_t)(c->at - name);
	const unit *u = length == 0 ? silent_unit(c) : find_unit(name, length);
	return u != NULL && add_unit(sum, u, negative, whole, nano);
}

bool mill_time_read_interval(const char *text, size_t length_bytes, mill_interval *out)
{
	cursor c = trimmed(text, length_bytes);
	mill_interval sum = {0, 0, 0};
	bool any = false;
	if (take(&c, 'P')) {
		if (!read_iso(c, &sum))
			return false;
		*out = sum;
		return true;
	}
	take(&c, '@');
	for (skip_spaces(&c); c.at < c.end; skip_spaces(&c)) {
		bool is_clock;
		if (at_ago(&c) && any) {
			if (!negate(&sum))
				return false;
			break;
		}
		if (!take_clock_item(&c, &sum, &is_clock) || (!is_clock && !take_item(&c, &sum)))
			return false;
		any = true;
	}
	*out = sum;
	return any;
}
