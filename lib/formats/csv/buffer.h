/* The stretch of a file's decompressed text that the CSV scan looks at. Not collective.
 *
 * text[0 … size_bytes) are the bytes from `offset` of the file; SLACK bytes before and behind are readable (zero
 * behind), so that vector loads need no care at the edges. */
#ifndef MILL_FORMATS_CSV_BUFFER_H
#define MILL_FORMATS_CSV_BUFFER_H

#include "formats/decompress.h"

#define MILL_CSV_SLACK_BYTES ((size_t)64)
/* Positions in a buffer are uint32; a row of more bytes than this is refused. */
#define MILL_CSV_MAX_ROW_BYTES ((size_t)INT32_MAX - 64)

typedef struct mill_csv_buffer {
	mill_mem *mem;
	mill_reader *reader;
	mill_stream *stream; /* NULL: not compressed */
	uint8_t *block;
	size_t block_bytes;
	const uint8_t *text;
	size_t size_bytes;
	int64_t offset;
	size_t step_bytes; /* read at a time */
	bool at_end;       /* nothing follows the buffer */
} mill_csv_buffer;

/* A buffer of no bytes at the file's begin. MILL_NOT_FOUND, MILL_IO, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_buffer_open(mill_csv_buffer *buffer, mill_storage *storage,
                                                const mill_input_file *file, size_t step_bytes, mill_mem *mem,
                                                mill_error *err);
/* The same for a file that is open; the reader is the buffer's from then on, also on failure. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_csv_buffer_take(mill_csv_buffer *buffer, mill_reader *reader, mill_codec codec,
                                                size_t step_bytes, mill_mem *mem, mill_error *err);
/* Closes the file; idempotent. Not collective. */
void mill_csv_buffer_close(mill_csv_buffer *buffer);
/* Moves to offset (forward only in a compressed file), keeping what the buffer already holds from there on.
 * MILL_IO, MILL_DATA (a corrupt stream), MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_buffer_seek(mill_csv_buffer *buffer, int64_t offset, mill_error *err);
/* Forgets the first size_bytes. Not collective. */
void mill_csv_buffer_drop(mill_csv_buffer *buffer, size_t size_bytes);
/* Reads further bytes behind the buffer; text may move. At least one more, or at_end is set. MILL_DATA: the buffer
 * would pass MILL_CSV_MAX_ROW_BYTES, or a corrupt stream; MILL_IO, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_buffer_more(mill_csv_buffer *buffer, mill_error *err);

#endif
