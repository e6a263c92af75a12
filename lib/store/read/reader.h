/* One shard read back: its structure checked against the manifest, rows as blocks. Not collective. */
#ifndef MILL_STORE_READ_READER_H
#define MILL_STORE_READ_READER_H

#include "store/h5.h"
#include "store/store_private.h"
#include "store/write/codec.h"

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

/* Which shard, and what of it; everything it points to outlives the reader. */
typedef struct mill_shard_ask {
	mill_storage *storage;
	const char *path;
	const char *split;
	int64_t first_ordinal; /* of the split: the shard's first row */
	int64_t rows;
	const mill_dataset_spec *datasets; /* all of the manifest's */
	int dataset_count;
	const bool *wanted; /* [dataset_count]; NULL: all. What is not wanted is neither opened nor looked at */
} mill_shard_ask;

typedef struct mill_shard_reader {
	mill_shard_ask ask;
	mill_mem *mem;
	hid_t file;
	mill_chunk_codec codec;
	mill_shard_arrays *arrays; /* a dataset */
	mill_bytes stored;         /* values on their way to a column */
	mill_bytes valid;
	mill_bytes text;
} mill_shard_reader;

/* A shard of an open store, with all its datasets. */
mill_shard_ask mill_store_ask(const mill_store *store, int split, int64_t index);
/* Opens a shard and checks that it has the wanted datasets of the manifest with their types and shapes, and nothing in
 * conflict. MILL_DATA says what is wrong, MILL_IO. */
MILL_NODISCARD mill_status mill_shard_reader_open(const mill_shard_ask *ask, mill_mem *mem, mill_shard_reader **out,
                                                  mill_error *err);
void mill_shard_reader_free(mill_shard_reader *reader); /* NULL is fine */
/* Rows first … first + rows of a dataset as a new block. MILL_DATA: damage. */
MILL_NODISCARD mill_status mill_shard_reader_rows(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows,
                                                  mill_block *out, mill_error *err);
/* Rows first … first + rows of a kept column as a new column. MILL_DATA: damage. */
MILL_NODISCARD mill_status mill_shard_reader_kept(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows,
                                                  mill_column *out, mill_error *err);
/* Rows first … first + rows of `count` features of a tensor, each into out[i]: room for `rows` elements. Each chunk is
 * decoded once, whatever the number of features. MILL_DATA: damage. */
MILL_NODISCARD mill_status mill_shard_reader_features(mill_shard_reader *reader, int dataset, const int *features,
                                                      int count, int64_t first, int64_t rows, void *const *out,
                                                      mill_error *err);
/* Lowers *rows until the text of a kept text column in first … first + *rows is at most most_bytes; at least 1 row is
 * left. Other datasets: nothing happens. MILL_DATA: damage. */
MILL_NODISCARD mill_status mill_shard_reader_fit_text(mill_shard_reader *reader, int dataset, int64_t first,
                                                      int64_t most_bytes, int64_t *rows, mill_error *err);
/* How many rows from first on are read best at once: to the end of a chunk, at most some 64k. */
int64_t mill_shard_reader_run(const mill_shard_reader *reader, int dataset, int64_t first);

#endif
