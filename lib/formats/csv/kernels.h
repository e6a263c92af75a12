/* Stage two of the CSV scan: one column of many rows, straight into its buffers. Not collective.
 *
 * A kernel decides the common spellings itself and leaves every other row to mill_csv_convert, so that it never says
 * no. */
#ifndef MILL_FORMATS_CSV_KERNELS_H
#define MILL_FORMATS_CSV_KERNELS_H

#include "formats/csv/value.h"

/* Rows of one buffer whose fields are counted: field f of row r lies between ends[first[r] + f] and ends[first[r] + f +
 * 1]. */
typedef struct mill_csv_fields {
	const mill_csv_rules *rules;
	const uint8_t *text;
	const uint32_t *ends;
	const uint32_t *first;
	int64_t rows;
	uint32_t field;
	mill_type type;
	uint64_t wary_lengths; /* bit min(length, 63): a null_values entry of that length looks like a number or date */
} mill_csv_fields;

typedef struct mill_csv_output {
	void *values;    /* of the column's width, [rows]; NULL: the rows are recognised only */
	uint64_t *valid; /* [words of rows], written whole: 0 = NULL, 1 = value or slow */
	uint32_t *slow;  /* [rows] rows left to mill_csv_convert; their values are 0 */
	int64_t slow_count;
} mill_csv_output;

typedef void mill_csv_kernel_fn(const mill_csv_fields *fields, mill_csv_output *output);
/* The kernel of a type, NULL where every row of such a column is left to mill_csv_convert. Not for STRING and BINARY.
 * Not collective. */
mill_csv_kernel_fn *mill_csv_kernel_of(const mill_csv_rules *rules, mill_type type, int simd);

/* Text columns: offsets[rows + 1] and bytes, which has room for the fields' lengths and MILL_CSV_TEXT_SPARE more. */
#define MILL_CSV_TEXT_SPARE ((size_t)64)
typedef struct mill_csv_text_output {
	int32_t *offsets;
	char *bytes;
	uint64_t *valid;
} mill_csv_text_output;
/* Fills a text column from the fields of a run. Not collective. */
void mill_csv_read_text(const mill_csv_fields *fields, int simd, mill_csv_text_output *output);
/* The sum of the lengths of a column's fields, quotes included. Not collective. */
size_t mill_csv_text_length(const mill_csv_fields *fields);

/* The bytes of a field as they stand in the text, borrowed. Not collective. */
static inline const char *mill_csv_field(const mill_csv_fields *fields, int64_t row, size_t *length)
{
	const uint32_t *ends = fields->ends + fields->first[row] + fields->field;
	uint32_t start = ends[0] + 1;
	*length = ends[1] - start;
	return (const char *)fields->text + start;
}

/* The SIMD copies, chosen between by mill_csv_kernel_of. */
typedef struct mill_csv_kernels {
	mill_csv_kernel_fn *int8, *int16, *int32, *int64, *uint8, *uint16, *uint32, *uint64;
	mill_csv_kernel_fn *float32, *float64, *decimal, *date, *timestamp;
	void (*text)(const mill_csv_fields *fields, mill_csv_text_output *output);
} mill_csv_kernels;
extern const mill_csv_kernels mill_csv_kernels_portable;
extern const mill_csv_kernels mill_csv_kernels_v3;

#endif
