/* Frames: columnar sub-batches addressed to a bucket, self-describing, what exchanges and spill files carry.
 *
 * The payload of a frame is one batch: per column a type tag, null count, validity words, values or offsets + bytes,
 * and a frame-local dictionary where that is smaller. Recursive over LIST and STRUCT from version 1 (tags and child
 * counts are in the format; encoding one is refused until those types are built). OFFSET / SIZE / DESCRIPTION is in
 * frame.c. Not collective. */
#ifndef MILL_COLUMN_FRAME_H
#define MILL_COLUMN_FRAME_H

#include "column/column.h"

#define MILL_FRAME_VERSION 1

typedef struct mill_frame_info {
	uint32_t bucket;
	uint32_t unit; /* the producer's unit, for formats that keep unit order; 0 otherwise */
	int64_t rows;
	size_t size_bytes; /* the whole frame, header included; a multiple of 8 */
} mill_frame_info;

/* Appends one frame with the rows indices[0 … count) of batch (NULL: all rows). out->size_bytes must be a multiple of
 * 8, as frames are. */
MILL_NODISCARD mill_status mill_frame_write(const mill_batch *batch, const int32_t *indices, int64_t count,
                                            uint32_t bucket, uint32_t unit, mill_bytes *out, mill_error *err);
/* Reads the header at data (size_bytes readable). MILL_DATA: not a frame, another version, or cut short. */
MILL_NODISCARD mill_status mill_frame_peek(const void *data, size_t size_bytes, mill_frame_info *out, mill_error *err);
/* Decodes the frame into a new batch that owns copies. Every length is checked against the frame: frames come from
 * files and other hosts. */
MILL_NODISCARD mill_status mill_frame_read(const void *data, size_t size_bytes, mill_mem *mem, mill_batch *out,
                                           mill_error *err);

#endif
