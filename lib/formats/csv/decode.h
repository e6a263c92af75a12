/* One column of a batch: kernel, then the full rules for what it left over. Not collective. */
#ifndef MILL_FORMATS_CSV_DECODE_H
#define MILL_FORMATS_CSV_DECODE_H

#include "formats/csv/kernels.h"
#include "formats/csv/rows.h"

/* Scratch for the columns of one reader, and what they found. */
typedef struct mill_csv_decoder {
	mill_mem *mem;
	const mill_csv_rules *rules;
	int simd;
	uint64_t wary_lengths;
	bool null_bad_cells; /* policy NULL: a bad cell does not make its row bad */
	int64_t capacity_rows;
	uint64_t *valid;
	uint64_t *dropped; /* rows with a bad cell */
	int64_t dropped_count;
	uint32_t *slow;
	mill_bytes unescaped;
} mill_csv_decoder;

/* A decoder with nothing allocated; rules are borrowed. null_bad_cells: bad cells become NULL. Not collective. */
void mill_csv_decoder_init(mill_csv_decoder *decoder, const mill_csv_rules *rules, int simd, bool null_bad_cells,
                           mill_mem *mem);
/* Frees its scratch; idempotent. Not collective. */
void mill_csv_decoder_release(mill_csv_decoder *decoder);
/* Begins a batch of rows: no row is dropped yet. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_decoder_begin(mill_csv_decoder *decoder, int64_t rows, mill_error *err);
/* Field `field` of all sound rows as type. out NULL: the verdicts only. text_is_valid: the rows' text is known to be
 * UTF-8. Bad cells go to rows->bad and to dropped. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_decode(mill_csv_decoder *decoder, mill_csv_rows *rows, const uint8_t *text,
                                           int field, int field_count, mill_type type, bool text_is_valid,
                                           mill_column *out, mill_error *err);

#endif
