/* strptime-style formats, English names, no locale: `timestamp_format` (definitions.md D10). Not collective. */
#ifndef MILL_FORMATS_TIME_FORMAT_H
#define MILL_FORMATS_TIME_FORMAT_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

#define MILL_TIME_FORMAT_ELEMENTS 64

typedef struct mill_time_format {
	int element_count;
	char elements[MILL_TIME_FORMAT_ELEMENTS]; /* a directive's letter, 'L' a literal byte, ' ' blanks */
	char literals[MILL_TIME_FORMAT_ELEMENTS]; /* of 'L' elements */
	bool has_time;
	bool has_zone;
} mill_time_format;

/* Directives: %Y %y %m %d %j %b %B %a %A %H %I %p %M %S %f %z %Z %%. MILL_USAGE: another one, or a format without a
 * year. Not collective. */
MILL_NODISCARD mill_status mill_time_format_compile(const char *text, mill_time_format *out, mill_error *err);
/* µs since 1970 of the whole text, in UTC when it holds a zone. As Python's strptime: %m %d %H %I %M %S %j take one
 * digit or more up to their width, %Y four, %y 69–99 are 19xx, %f one to nine digits rounded half up to µs, weekday
 * names are not compared with the date. False: no match, or no such date. Not
 * collective. */
bool mill_time_format_parse(const mill_time_format *format, const char *text, size_t length, int64_t *us);

#endif
