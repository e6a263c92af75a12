/* A chunked dataset on its way into a shard: rows are staged, whole chunks are encoded and placed with H5Dwrite_chunk.
 * Three kinds: FIXED knows its rows when it is created; GROWING (text bytes) is created at its first full chunk or at
 * the end; SPARSE (validity) is created with its first chunk that holds a NULL and stores no other. Not collective. */
#ifndef MILL_STORE_WRITE_STREAM_H
#define MILL_STORE_WRITE_STREAM_H

#include "store/format.h"
#include "store/h5.h"
#include "store/write/codec.h"

typedef enum mill_shard_stream_kind {
	MILL_STREAM_FIXED,
	MILL_STREAM_GROWING,
	MILL_STREAM_SPARSE
} mill_shard_stream_kind;

typedef struct mill_shard_stream {
	mill_shard_stream_kind kind;
	hid_t file; /* borrowed */
	hid_t type; /* owned */
	hid_t dataset;
	char link[MILL_LINK_BYTES];
	int rank;
	int64_t width; /* elements a row */
	size_t element_bytes;
	size_t row_bytes;
	int64_t total_rows; /* GROWING: so far */
	int64_t chunk_rows;
	int64_t chunks_done;
	int64_t staged_rows;
	int64_t staging_rows;    /* room */
	uint8_t *staging;        /* SPARSE: NULL while the chunk has no NULL */
	mill_chunk_codec *codec; /* borrowed: shared by the streams of a writer */
} mill_shard_stream;

/* FIXED and SPARSE: total_rows rows. type is taken over, also on failure. */
MILL_NODISCARD mill_status mill_shard_stream_open(mill_shard_stream *stream, mill_shard_stream_kind kind, hid_t file,
                                                  const char *link, hid_t type, int rank, int64_t width,
                                                  int64_t total_rows, mill_chunk_codec *codec, mill_error *err);
void mill_shard_stream_release(mill_shard_stream *stream); /* idempotent */

/* Rows until the staged chunk of a FIXED or SPARSE stream is full: at least 1. */
int64_t mill_shard_stream_room(const mill_shard_stream *stream);
/* Where the next `rows` rows are to be put (FIXED: at most mill_shard_stream_room; GROWING: any). The caller fills
 * them. */
MILL_NODISCARD mill_status mill_shard_stream_stage(mill_shard_stream *stream, int64_t rows, void **out,
                                                   mill_error *err);
/* SPARSE: rows rows (at most the room) with a bitmap that starts at bit `from`; NULL: all valid. */
MILL_NODISCARD mill_status mill_shard_stream_stage_validity(mill_shard_stream *stream, const uint64_t *validity,
                                                            int64_t from, int64_t rows, mill_error *err);
/* Writes the whole chunks that are staged. */
MILL_NODISCARD mill_status mill_shard_stream_flush(mill_shard_stream *stream, mill_error *err);
/* Writes what is left, the last chunk padded with zeros. */
MILL_NODISCARD mill_status mill_shard_stream_finish(mill_shard_stream *stream, mill_error *err);

#endif
