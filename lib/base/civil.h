/* Civil (proleptic Gregorian) dates and days since 1970-01-01. Header only. Not collective.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years are counted from March, in eras of 400
 * years that have 146,097 days. */
#ifndef MILL_BASE_CIVIL_H
#define MILL_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define MILL_DAY_US    INT64_C(86400000000)
#define MILL_HOUR_US   INT64_C(3600000000)
#define MILL_MINUTE_US INT64_C(60000000)
#define MILL_SECOND_US INT64_C(1000000)

typedef struct mill_civil {
	int64_t year; /* astronomical: 0 is 1 BC */
	int month;    /* 1 … 12 */
	int day;      /* 1 … 31 */
} mill_civil;

/* a / b rounded down; b > 0. */
static inline int64_t mill_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
/* What is left of a / b rounded down: 0 … b − 1; b > 0. */
static inline int64_t mill_floor_mod(int64_t a, int64_t b)
{
	return a - mill_floor_div(a, b) * b;
}

/* month 1 … 12; day may be outside its month (32 January is 1 February). |year| up to 2^50. */
static inline int64_t mill_days_from_civil(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

/* The date that is `days` after 1970-01-01. */
static inline mill_civil mill_civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153;
	mill_civil civil;
	civil.day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
	civil.month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	civil.year = year_of_era + era * 400 + (civil.month <= 2);
	return civil;
}

/* Whether the year has a 29 February (Gregorian, year 0 included). */
static inline bool mill_is_leap_year(int64_t year)
{
	return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* 28 … 31; month 1 … 12. */
static inline int mill_days_in_month(int64_t year, int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && mill_is_leap_year(year) ? 29 : days[month - 1];
}

/* 0 = Sunday … 6 = Saturday. */
static inline int mill_weekday(int64_t days)
{
	return (int)mill_floor_mod(days + 4, 7);
}

#endif
