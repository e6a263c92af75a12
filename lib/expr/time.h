/* Dates, timestamps and intervals: range, reading from text. Not collective. */
#ifndef MILL_EXPR_TIME_H
#define MILL_EXPR_TIME_H

#include "base/civil.h"
#include "column/type.h"
#include <stddef.h>

/* Years 0001 to 9999. */
#define MILL_TIME_FIRST_DAY (-719162)
#define MILL_TIME_LAST_DAY  2932896
/* Is it a day of years 0001 to 9999? day: after 1970-01-01. Not collective. */
static inline bool mill_time_day_in_range(int64_t day)
{
	return day >= MILL_TIME_FIRST_DAY && day <= MILL_TIME_LAST_DAY;
}
/* Is it a time of years 0001 to 9999? us: microseconds after 1970-01-01 00:00. Not collective. */
static inline bool mill_time_in_range(int64_t us)
{
	return us >= MILL_TIME_FIRST_DAY * MILL_DAY_US && us < (MILL_TIME_LAST_DAY + 1) * MILL_DAY_US;
}

/* Reads YYYY-MM-DD, then optionally a time, which is ignored as PostgreSQL does; white space may stand around it.
 * *out: days after 1970-01-01. False, and *out undefined: it is no date. Not collective. */
bool mill_time_read_date(const char *text, size_t length_bytes, int32_t *out);
/* Reads D10's forms of a timestamp, white space around. *out: microseconds after 1970-01-01 00:00 UTC. Not
 * collective. */
bool mill_time_read_timestamp(const char *text, size_t length_bytes, int64_t *out);
/* Reads "1 year 2 mons -3 days 04:05:06.7 ago", "30 days", "1.5 hours", "P1Y2M3DT4H5M6S". Not collective. */
bool mill_time_read_interval(const char *text, size_t length_bytes, mill_interval *out);
/* time + interval: months with the day held to the month's end, days, then microseconds. False: out of range. Not
 * collective. */
bool mill_time_add(int64_t us, mill_interval interval, int64_t *out);

#endif
