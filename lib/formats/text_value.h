/* A value from bare text, without quotes and escapes: what text formats and key=value folders share. Not collective. */
#ifndef MILL_FORMATS_TEXT_VALUE_H
#define MILL_FORMATS_TEXT_VALUE_H

#include "base/hash.h"
#include "base/number.h"
#include "column/column.h"
#include "formats/time_format.h"

#include <string.h>

/* What words and times look like in one source; borrowed. */
typedef struct mill_text_rules {
	const mill_time_format *time_format; /* NULL: ISO */
	const char *const *true_values;      /* "true" in any case where none are given */
	int true_value_count;
	const char *const *false_values;
	int false_value_count;
} mill_text_rules;

/* Which member is set depends on the type: i for signed integers, DATE, TIMESTAMP; u for unsigned ones and BOOL. The
 * first bytes are the value as a column of the type holds it (little-endian). */
typedef union mill_text_value {
	int64_t i;
	uint64_t u;
	double f64;
	float f32;
	mill_i128 decimal;
} mill_text_value;

/* Reads a value of the type from the whole text; see formats/csv/csv.h for what numbers, dates and times look like. Not
 * collective. */
mill_parsed mill_text_parse(const mill_text_rules *rules, mill_type type, const char *text, size_t length,
                            mill_text_value *out);
/* Reads a boolean from the whole text; false where it is none. Not collective. */
bool mill_text_parse_bool(const mill_text_rules *rules, const char *text, size_t length, bool *out);
/* Takes blanks and tabs off both ends. Not collective. */
void mill_text_strip(const char **text, size_t *length);
/* Puts value into row `row` of a column of fixed width that is being filled. Not collective. */
static inline void mill_text_store(mill_type type, void *values, int64_t row, const mill_text_value *value)
{
	size_t width = mill_type_width_bytes(type);
	if (type.id == MILL_TYPE_BOOL)
		mill_bit_put(values, row, value->u != 0);
	else
		/* Little-endian: a narrow integer is the first bytes of the wide one. */
		memcpy((char *)values + (size_t)row * width, value, width);
}

#endif
