/* The value of one CSV field: the complete rules, which the fast kernels of formats/csv/kernels.c only shortcut. A
 * column that nobody asked for runs the same code without storing, so its verdict cannot differ. Not collective. */
#ifndef MILL_FORMATS_CSV_VALUE_H
#define MILL_FORMATS_CSV_VALUE_H

#include "base/hash.h"
#include "formats/csv/index.h"
#include "formats/time_format.h"

typedef enum mill_csv_kind { MILL_CSV_VALUE, MILL_CSV_NULL, MILL_CSV_BAD } mill_csv_kind;

/* What fields mean in one table, made once. */
typedef struct mill_csv_rules {
	const mill_csv_options *options;
	mill_csv_bytes bytes;
	mill_time_format format; /* step_count 0: ISO */
	uint64_t null_lengths;   /* bit min(length, 63): some null_values entry has that length */
} mill_csv_rules;

MILL_NODISCARD mill_status mill_csv_rules_init(mill_csv_rules *rules, const mill_csv_options *options, mill_error *err);

/* A converted value; which member is set depends on the type: i for signed integers, DATE, TIMESTAMP; u for unsigned
 * ones and BOOL; text, length for STRING and BINARY (borrowed from the row or from scratch). */
typedef struct mill_csv_cell {
	union {
		int64_t i;
		uint64_t u;
		double f64;
		float f32;
		mill_i128 decimal;
	} as;
	const char *text;
	size_t length;
	bool out_of_range; /* of a BAD cell: a number, but not one of this type */
	bool quoted;
} mill_csv_cell;

/* The content of a field's bytes: without quotes, or trimmed; NULL, or VALUE with text and length. scratch is needed
 * for unescaping: at least `length` bytes, or NULL where a field with quotes inside may stay as it is. */
mill_csv_kind mill_csv_content(const mill_csv_rules *rules, const char *field, size_t length, char *scratch,
                               mill_csv_cell *out);
/* Converts field to type. UTF-8 is not checked here. */
mill_csv_kind mill_csv_convert(const mill_csv_rules *rules, mill_type type, const char *field, size_t length,
                               char *scratch, mill_csv_cell *out);
/* Content without quotes → bool. */
bool mill_csv_parse_bool(const mill_csv_options *options, const char *text, size_t length, bool *out);
/* Undoes doubled quotes and escapes of the bytes between the quotes; returns the length. */
size_t mill_csv_unescape(const mill_csv_bytes *bytes, const char *text, size_t length, char *out);

#endif
