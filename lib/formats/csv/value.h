/* The value of one CSV field: the complete rules, which the fast kernels of formats/csv/kernels.c only shortcut. A
 * column that nobody asked for runs the same code without storing, so its verdict cannot differ. Not collective. */
#ifndef MILL_FORMATS_CSV_VALUE_H
#define MILL_FORMATS_CSV_VALUE_H

#include "formats/csv/index.h"
#include "formats/text_value.h"

typedef enum mill_csv_kind { MILL_CSV_VALUE, MILL_CSV_NULL, MILL_CSV_BAD } mill_csv_kind;

/* What fields mean in one table, made once. Not to be copied: text refers to format. */
typedef struct mill_csv_rules {
	const mill_csv_options *options;
	mill_csv_bytes bytes;
	mill_time_format format; /* element_count 0: ISO */
	mill_text_rules text;
	uint64_t null_lengths; /* bit min(length, 63): some null_values entry has that length */
} mill_csv_rules;

/* Rules of the options, which are borrowed. MILL_USAGE: the time format is none. Not collective. */
MILL_NODISCARD mill_status mill_csv_rules_init(mill_csv_rules *rules, const mill_csv_options *options, mill_error *err);

/* A converted value: `as`, or text and length for STRING and BINARY (borrowed from the row or from scratch). */
typedef struct mill_csv_cell {
	mill_text_value as;
	const char *text;
	size_t length;
	bool out_of_range; /* of a BAD cell: a number, but not one of this type */
	bool quoted;
} mill_csv_cell;

/* The content of a field's bytes: without quotes, or trimmed; NULL, or VALUE with text and length. scratch is needed
 * for unescaping: at least `length` bytes, or NULL where a field with quotes inside may stay as it is. Not collective.
 */
mill_csv_kind mill_csv_content(const mill_csv_rules *rules, const char *field, size_t length, char *scratch,
                               mill_csv_cell *out);
/* Converts field to type. UTF-8 is not checked here. Not collective. */
mill_csv_kind mill_csv_convert(const mill_csv_rules *rules, mill_type type, const char *field, size_t length,
                               char *scratch, mill_csv_cell *out);
/* Undoes doubled quotes and escapes of the bytes between the quotes; returns the length. Not collective. */
size_t mill_csv_unescape(const mill_csv_bytes *bytes, const char *text, size_t length, char *out);

#endif
