#include "base/civil_text.h"

#include "base/civil.h"

#include <string.h>

#define MAX_ZONE_HOURS 15 /* PostgreSQL's limit */

/* n digits at p; −1: not digits. */
static inline int digits(const char *p, int n)
{
	int value = 0;
	for (int i = 0; i < n; i++) {
		unsigned d = (unsigned char)p[i] - (unsigned)'0';
		if (d > 9)
			return -1;
		value = value * 10 + (int)d;
	}
	return value;
}

static bool parse_day(const char *p, int64_t *days)
{
	int year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);
	if (p[4] != '-' || p[7] != '-' || year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (day > mill_days_in_month(year, month))
		return false;
	*days = mill_days_from_civil(year, month, day);
	return true;
}

bool mill_parse_date(const char *text, size_t length, int32_t *days)
{
	int64_t value = 0;
	if (length != 10 || !parse_day(text, &value))
		return false;
	*days = (int32_t)value;
	return true;
}

bool mill_parse_zone(const char *text, size_t length, int32_t *offset_seconds)
{
	if ((length == 1 && text[0] == 'Z') || (length == 3 && memcmp(text, "UTC", 3) == 0) ||
	    (length == 3 && memcmp(text, "GMT", 3) == 0)) {
		*offset_seconds = 0;
		return true;
	}
	if (length < 3 || (text[0] != '+' && text[0] != '-'))
		return false;
	int hours = digits(text + 1, 2), minutes = 0;
	if (length == 5)
		minutes = digits(text + 3, 2);
	else if (length == 6 && text[3] == ':')
		minutes = digits(text + 4, 2);
	else if (length != 3)
		return false;
	if (hours < 0 || hours > MAX_ZONE_HOURS || minutes < 0 || minutes > 59)
		return false;
	int32_t seconds = (hours * 60 + minutes) * 60;
	*offset_seconds = text[0] == '-' ? -seconds : seconds;
	return true;
}

/* `.f{1,9}` at p, rounded half up to µs; NULL: malformed. */
static const char *parse_fraction(const char *p, const char *end, int64_t *us)
{
	int64_t value = 0;
	int n = 0;
	for (p++; p < end && (unsigned char)(*p - '0') <= 9; p++) {
		if (n == 9)
			return NULL;
		value = value * 10 + (*p - '0');
		n++;
	}
	if (n == 0)
		return NULL;
	for (; n < 9; n++)
		value *= 10;
	*us = (value + 500) / 1000;
	return p;
}

/* `HH:MM[:SS[.f]]` at p; NULL: malformed. */
static const char *parse_clock(const char *p, const char *end, int64_t *us)
{
	if (end - p < 5 || p[2] != ':')
		return NULL;
	int hour = digits(p, 2), minute = digits(p + 3, 2), second = 0;
	int64_t fraction = 0;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return NULL;
	p += 5;
	if (p < end && *p == ':') {
		if (end - p < 3)
			return NULL;
		second = digits(p + 1, 2);
		if (second < 0 || second > 59)
			return NULL;
		p += 3;
		if (p < end && *p == '.')
			p = parse_fraction(p, end, &fraction);
	}
	*us = ((int64_t)(hour * 60 + minute) * 60 + second) * MILL_SECOND_US + fraction;
	return p;
}

bool mill_parse_timestamp(const char *text, size_t length, int64_t *us, bool *zoned)
{
	int64_t days = 0, clock = 0;
	int32_t offset = 0;
	if (length < 10 || !parse_day(text, &days))
		return false;
	const char *p = text + 10, *end = text + length;
	/* "2020-01-01 UTC": a blank may lead to a time or to a zone. */
	if (end - p > 1 && (*p == ' ' || *p == 'T') && (unsigned char)(p[1] - '0') <= 9) {
		p = parse_clock(p + 1, end, &clock);
		if (p == NULL)
			return false;
	}
	bool has_zone = p < end;
	if (has_zone) {
		p += *p == ' ' ? 1 : 0;
		if (!mill_parse_zone(p, (size_t)(end - p), &offset))
			return false;
	}
	*us = days * MILL_DAY_US + clock - offset * MILL_SECOND_US;
	*zoned = has_zone;
	return true;
}
