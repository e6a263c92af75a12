/* Time formats: compiled to steps, matched step by step. */
#include "formats/time_format.h"

#include "base/civil.h"
#include "base/civil_text.h"

#include <string.h>

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};
static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

typedef struct fields {
	int year, month, day, day_of_year;
	int hour, minute, second;
	int afternoon; /* −1: no %p */
	bool twelve_hours;
	int64_t fraction_us;
	int32_t offset_seconds;
} fields;

static mill_status add_step(mill_time_format *f, char element, char literal, const char *text, mill_error *err)
{
	if (f->element_count == MILL_TIME_FORMAT_ELEMENTS)
		return mill_fail(err, MILL_USAGE, "the time format \"%s\" has more than %d parts", text,
		                 MILL_TIME_FORMAT_ELEMENTS);
	f->elements[f->element_count] = element;
	f->literals[f->element_count++] = literal;
	return MILL_OK;
}

mill_status mill_time_format_compile(const char *text, mill_time_format *out, mill_error *err)
{
	mill_time_format f = {0};
	bool has_year = false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == ' ' || *p == '\t') {
			MILL_TRY(add_step(&f, ' ', 0, text, err));
			p += strspn(p, " \t") - 1;
		} else if (*p != '%' || p[1] == '%') {
			p += *p == '%' ? 1 : 0;
			MILL_TRY(add_step(&f, 'L', *p, text, err));
		} else {
			p++;
			if (*p == '\0' || strchr("YymdjbBaAHIpMSfzZ", *p) == NULL)
				return mill_fail(err, MILL_USAGE,
				                 "the time format \"%s\" has %%%.1s; known are %%Y %%y %%m %%d %%j %%b "
				                 "%%B %%a %%A %%H %%I %%p %%M %%S %%f %%z %%Z %%%%",
				                 text, p);
			has_year |= *p == 'Y' || *p == 'y';
			f.has_time |= strchr("HIpMSf", *p) != NULL;
			f.has_zone |= *p == 'z' || *p == 'Z';
			MILL_TRY(add_step(&f, *p, 0, text, err));
		}
	}
	if (!has_year)
		return mill_fail(err, MILL_USAGE, "the time format \"%s\" has no year: %%Y or %%y is needed", text);
	*out = f;
	return MILL_OK;
}

/* min to max digits at *p; −1: too few. */
static int take_digits(const char **p, const char *end, int min, int max)
{
	int value = 0, n = 0;
	for (; n < max && *p < end && (unsigned char)(**p - '0') <= 9; n++, (*p)++)
		value = value * 10 + (**p - '0');
	return n < min ? -1 : value;
}

static bool starts_with(const char *p, const char *end, const char *word, size_t length)
{
	if ((size_t)(end - p) < length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((p[i] | 0x20) != word[i])
			return false;
	return true;
}

/* The index of the full or three-letter name at *p; −1: none. */
static int take_name(const char **p, const char *end, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		size_t length = strlen(names[i]);
		if (!starts_with(*p, end, names[i], length))
			length = starts_with(*p, end, names[i], 3) ? 3 : 0;
		*p += length;
		if (length > 0)
			return i;
	}
	return -1;
}

static bool take_fraction(const char **p, const char *end, int64_t *us)
{
	int64_t value = 0;
	int n = 0;
	for (; n < 9 && *p < end && (unsigned char)(**p - '0') <= 9; n++, (*p)++)
		value = value * 10 + (**p - '0');
	if (n == 0)
		return false;
	for (; n < 9; n++)
		value *= 10;
	*us = (value + 500) / 1000;
	return true;
}

static bool take_zone(const char **p, const char *end, bool named, int32_t *offset)
{
	/* The longest suffix form that fits. */
	for (size_t length = 6; length >= 1; length--) {
		if ((size_t)(end - *p) < length || !mill_parse_zone(*p, length, offset))
			continue;
		if (named && (**p == '+' || **p == '-'))
			return false;
		*p += length;
		return true;
	}
	return false;
}

static bool take_am_pm(const char **p, const char *end, int *afternoon)
{
	if (!starts_with(*p, end, "am", 2) && !starts_with(*p, end, "pm", 2))
		return false;
	*afternoon = (**p | 0x20) == 'p' ? 1 : 0;
	*p += 2;
	return true;
}

static bool take_number(char element, const char **p, const char *end, fields *f)
{
	int *target = NULL, width = 2, least = 1, low = 0, high = 59;
	switch (element) {
	case 'Y':
		target = &f->year;
		width = least = 4;
		low = 1;
		high = 9999;
		break;
	case 'y':
		target = &f->year;
		least = 2;
		high = 99;
		break;
	case 'm':
		target = &f->month;
		low = 1;
		high = 12;
		break;
	case 'd':
		target = &f->day;
		low = 1;
		high = 31;
		break;
	case 'j':
		target = &f->day_of_year;
		width = 3;
		low = 1;
		high = 366;
		break;
	case 'H':
		target = &f->hour;
		high = 23;
		break;
	case 'I':
		target = &f->hour;
		low = 1;
		high = 12;
		break;
	case 'M': target = &f->minute; break;
	default: target = &f->second; break;
	}
	int value = take_digits(p, end, least, width);
	if (value < low || value > high)
		return false;
	if (element == 'y')
		value += value < 69 ? 2000 : 1900;
	f->twelve_hours |= element == 'I';
	*target = value;
	return true;
}

static bool take_step(const mill_time_format *format, int at, const char **p, const char *end, fields *f)
{
	char element = format->elements[at];
	switch (element) {
	case 'L':
		if (*p == end || **p != format->literals[at])
			return false;
		(*p)++;
		return true;
	case ' ':
		if (*p == end || (**p != ' ' && **p != '\t'))
			return false;
		while (*p < end && (**p == ' ' || **p == '\t'))
			(*p)++;
		return true;
	case 'b':
	case 'B': f->month = take_name(p, end, months, 12) + 1; return f->month > 0;
	case 'a':
	case 'A': return take_name(p, end, weekdays, 7) >= 0;
	case 'p': return take_am_pm(p, end, &f->afternoon);
	case 'f': return take_fraction(p, end, &f->fraction_us);
	case 'z': return take_zone(p, end, false, &f->offset_seconds);
	case 'Z': return take_zone(p, end, true, &f->offset_seconds);
	default: return take_number(element, p, end, f);
	}
}

static bool assemble(const fields *f, int64_t *us)
{
	int64_t days;
	if (f->day_of_year > 0) {
		if (f->day_of_year > (mill_is_leap_year(f->year) ? 366 : 365))
			return false;
		days = mill_days_from_civil(f->year, 1, 1) + f->day_of_year - 1;
	} else {
		if (f->day > mill_days_in_month(f->year, f->month))
			return false;
		days = mill_days_from_civil(f->year, f->month, f->day);
	}
	int hour = f->hour;
	if (f->twelve_hours)
		hour = hour % 12 + (f->afternoon == 1 ? 12 : 0);
	int64_t seconds = ((int64_t)hour * 60 + f->minute) * 60 + f->second - f->offset_seconds;
	*us = days * MILL_DAY_US + seconds * MILL_SECOND_US + f->fraction_us;
	return true;
}

bool mill_time_format_parse(const mill_time_format *format, const char *text, size_t length, int64_t *us)
{
	fields f = {.year = 1970, .month = 1, .day = 1, .afternoon = -1};
	const char *p = text, *end = text + length;
	for (int i = 0; i < format->element_count; i++)
		if (!take_step(format, i, &p, end, &f))
			return false;
	return p == end && assemble(&f, us);
}
