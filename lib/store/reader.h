/* One shard read back: its structure checked against the manifest, rows as blocks. Not collective. */
#ifndef MILL_STORE_READER_H
#define MILL_STORE_READER_H

#include "store/codec.h"
#include "store/h5.h"
#include "store/store_private.h"

/* A chunked (or contiguous) dataset and the chunk that was read last. */
typedef struct mill_h5_array {
	hid_t dataset; /* H5I_INVALID_HID: absent, which means all valid */
	size_t row_bytes;
	size_t element_bytes;
	int64_t rows;
	int64_t chunk_rows; /* 0: nothing is stored */
	bool deflated;
	bool shuffled;
	int64_t held_chunk; /* −1: none */
	uint8_t *chunk;
	uint8_t *encoded;
	size_t encoded_capacity_bytes;
} mill_h5_array;

typedef struct mill_shard_arrays {
	mill_h5_array values;
	mill_h5_array offsets;
	mill_h5_array valid;
} mill_shard_arrays;

typedef struct mill_shard_reader {
	const mill_store *store; /* borrowed */
	const mill_stored_shard *shard;
	hid_t file;
	mill_chunk_codec codec;
	mill_shard_arrays *arrays; /* a dataset */
	mill_bytes stored;         /* values on their way to a column */
	mill_bytes valid;
	mill_bytes text;
} mill_shard_reader;

/* Opens a shard and checks that it has the datasets of the manifest with their types and shapes, and nothing in
 * conflict. MILL_DATA says what is wrong, MILL_IO. */
MILL_NODISCARD mill_status mill_shard_reader_open(const mill_store *store, int split, int64_t index,
                                                  mill_shard_reader **out, mill_error *err);
void mill_shard_reader_free(mill_shard_reader *reader); /* NULL is fine */
/* Rows first … first + rows of a dataset as a new block. MILL_DATA: damage. */
MILL_NODISCARD mill_status mill_shard_reader_rows(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows,
                                                  mill_block *out, mill_error *err);
/* How many rows from first on are read best at once: to the end of a chunk, at most some 64k. */
int64_t mill_shard_reader_run(const mill_shard_reader *reader, int dataset, int64_t first);

#endif
