/* Batches of rows of a buffer: index, check of the field count, structural verdicts. Not collective. */
#ifndef MILL_FORMATS_CSV_ROWS_H
#define MILL_FORMATS_CSV_ROWS_H

#include "formats/csv/buffer.h"
#include "formats/csv/index.h"

/* A batch ends when its text passes this, whatever its rows. */
#define MILL_CSV_BATCH_TEXT_BYTES ((size_t)64 << 20)

/* A bad row, or a bad cell of it. Positions are in the buffer. */
typedef struct mill_csv_bad {
	uint32_t start;      /* of the row */
	uint32_t end;        /* of the row, without its row end */
	uint32_t at;         /* where the trouble is */
	int32_t column;      /* −1: the row as a whole */
	uint32_t cell_start; /* column ≥ 0: the field's bytes, to describe the trouble */
	uint32_t cell_end;
	mill_bad_reason reason;
	uint32_t field_count; /* of a FIELD_COUNT row */
} mill_csv_bad;

typedef struct mill_csv_rows {
	mill_mem *mem;
	mill_csv_index index;
	uint32_t *first; /* [count] of sound rows: see mill_csv_fields */
	int64_t count;
	size_t capacity;
	mill_csv_bad *bad;
	int64_t bad_count;
	size_t bad_capacity;
	int64_t seen;          /* data rows, bad ones included */
	size_t consumed_bytes; /* from the buffer's begin to the begin of the row after these */
	bool at_end;           /* no row follows in the text */
} mill_csv_rows;

/* No rows, nothing allocated. Not collective. */
void mill_csv_rows_init(mill_csv_rows *rows, mill_mem *mem);
/* Frees its arrays; idempotent, usable again. Not collective. */
void mill_csv_rows_release(mill_csv_rows *rows);
/* The rows that begin in the buffer, a row start, and before end_offset of the file: at most max_rows of them, fewer
 * where the text is large. Reads on as needed. field_count 0: rows of any count are sound. MILL_IO,
 * MILL_DATA, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_rows_next(mill_csv_rows *rows, mill_csv_buffer *buffer, const mill_csv_bytes *bytes,
                                              int simd, int field_count, int64_t max_rows, int64_t end_offset,
                                              mill_error *err);
/* Appends to rows->bad. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_rows_add_bad(mill_csv_rows *rows, const mill_csv_bad *bad, mill_error *err);
/* The last byte of row `first`, exclusive: where its row end lies. Not collective. */
static inline uint32_t mill_csv_row_end(const mill_csv_rows *rows, uint32_t first, int field_count)
{
	return rows->index.ends[first + (uint32_t)field_count];
}

#endif
