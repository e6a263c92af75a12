/* Type inference (definitions.md D10). Not collective.
 *
 * A column's guess is the set of types that every non-NULL value so far can be read as. Sets meet by intersection, so
 * the result depends neither on the order of values nor of files. */
#ifndef MILL_FORMATS_CSV_INFER_H
#define MILL_FORMATS_CSV_INFER_H

#include "formats/csv/rows.h"
#include "formats/csv/value.h"

#define MILL_CSV_SAMPLE_ROWS 1000

typedef struct mill_csv_guess {
	uint32_t types; /* bits of MILL_CSV_MAY_BE_* */
	bool has_value;
} mill_csv_guess;

enum {
	MILL_CSV_MAY_BE_FORMAT = 1, /* matches timestamp_format */
	MILL_CSV_MAY_BE_BOOL = 2,
	MILL_CSV_MAY_BE_INT64 = 4,
	MILL_CSV_MAY_BE_FLOAT64 = 8,
	MILL_CSV_MAY_BE_DATE = 16,
	MILL_CSV_MAY_BE_TIMESTAMP = 32,
	MILL_CSV_MAY_BE_ZONED = 64,
	MILL_CSV_MAY_BE_ALL = 127
};

/* The guess before any value. Not collective. */
static inline mill_csv_guess mill_csv_no_guess(void)
{
	mill_csv_guess guess = {MILL_CSV_MAY_BE_ALL, false};
	return guess;
}
/* Meets the guess with one field. Not collective. */
void mill_csv_guess_field(const mill_csv_rules *rules, const char *field, size_t length, mill_csv_guess *guess);
/* The type of a guess: string where there was no value, or where values have no type in common. Not collective. */
mill_type mill_csv_guessed_type(const mill_csv_rules *rules, const mill_csv_guess *guess);
/* Meets guesses[field_count] with the first MILL_CSV_SAMPLE_ROWS rows from the buffer on. MILL_IO, MILL_DATA,
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_sample(mill_csv_buffer *buffer, const mill_csv_rules *rules, int simd,
                                           int field_count, mill_csv_guess *guesses, mill_error *err);

#endif
