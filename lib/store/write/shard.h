/* A shard being written: one HDF5 file with a stream or two a dataset. Not collective. */
#ifndef MILL_STORE_WRITE_SHARD_H
#define MILL_STORE_WRITE_SHARD_H

#include "store/write/stream.h"

typedef struct mill_shard_dataset {
	mill_shard_stream values;  /* of text: the bytes */
	mill_shard_stream offsets; /* text only */
	mill_shard_stream valid;   /* kept columns only */
	int64_t text_bytes;        /* so far */
} mill_shard_dataset;

typedef struct mill_shard {
	const mill_store_spec *spec; /* borrowed, as are codec and scratch */
	mill_chunk_codec *codec;
	mill_bytes *scratch;
	int simd;
	int split;
	int64_t index;
	int64_t rows;      /* when complete */
	int64_t done_rows; /* so far */
	int64_t first_ordinal;
	hid_t file;
	char *path;
	mill_shard_dataset *datasets;
} mill_shard;

/* What HDF5 itself holds for an open file, charged to the budget. */
#define MILL_SHARD_HDF5_BYTES ((int64_t)2 << 20)

/* Creates path with every dataset whose size is known. path is copied. */
MILL_NODISCARD mill_status mill_shard_open(const mill_store_spec *spec, int split, int64_t index, const char *path,
                                           mill_chunk_codec *codec, int simd, mill_bytes *scratch, mill_shard **out,
                                           mill_error *err);
/* Closes the file without completing it; removing it is the caller's. NULL is fine. */
void mill_shard_free(mill_shard *shard);

/* Rows from … from + rows of blocks[dataset_count]; they must fit. Adds to sums[dataset_count]. */
MILL_NODISCARD mill_status mill_shard_append(mill_shard *shard, const mill_block *blocks, int64_t from, int64_t rows,
                                             mill_u128 *sums, mill_error *err);
/* Writes what is staged and closes the file. The shard must be complete. */
MILL_NODISCARD mill_status mill_shard_finish(mill_shard *shard, mill_error *err);

#endif
