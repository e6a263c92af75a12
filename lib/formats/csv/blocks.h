/* The block loop of formats/csv/index.c, shared between its SIMD copies. Not collective. */
#ifndef MILL_FORMATS_CSV_BLOCKS_H
#define MILL_FORMATS_CSV_BLOCKS_H

#include "formats/csv/index.h"

#define MILL_CSV_BLOCK_BYTES ((size_t)64)

/* The hot state: all ones or 0 and 1 or 0 flags carried from block to block. */
typedef struct mill_csv_cursor {
	const uint8_t *text;
	size_t at;
	size_t last_block; /* blocks may begin up to here */
	uint32_t *ends;
	size_t end_count;
	size_t end_limit; /* a block begins only below it */
	uint32_t *row_ends;
	size_t row_count;
	size_t row_limit;
	uint64_t in_quote;    /* all ones: inside quotes */
	uint64_t field_start; /* 1: the next byte is a field's first */
	uint64_t row_start;
	uint64_t after_close;
	uint64_t after_cr;
	uint64_t high; /* ≠ 0: non-ASCII bytes seen */
} mill_csv_cursor;

/* Runs whole blocks. Returns true when the block at cursor->at must be run byte by byte. */
typedef bool mill_csv_blocks_fn(mill_csv_cursor *cursor, const mill_csv_bytes *bytes);
/* For any CPU. Not collective. */
bool mill_csv_blocks_portable(mill_csv_cursor *cursor, const mill_csv_bytes *bytes);
/* With AVX2. Not collective. */
bool mill_csv_blocks_v3(mill_csv_cursor *cursor, const mill_csv_bytes *bytes);

#endif
