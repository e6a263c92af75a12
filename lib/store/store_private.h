/* An open store: its manifest as structs. Not collective. */
#ifndef MILL_STORE_STORE_PRIVATE_H
#define MILL_STORE_STORE_PRIVATE_H

#include "store/format.h"

typedef struct mill_stored_shard {
	const char *file; /* relative to the store, as the manifest has it */
	const char *path;
	int64_t first_ordinal;
	int64_t rows;
	int64_t size_bytes;
	mill_u128 xxh3_128;
} mill_stored_shard;

typedef struct mill_stored_split {
	const char *name;
	int64_t rows;
	mill_u128 *hashes; /* a dataset */
	mill_stored_shard *shards;
	int64_t shard_count;
} mill_stored_split;

struct mill_store {
	mill_storage *storage; /* borrowed */
	mill_mem *mem;
	mill_arena arena;
	const char *path;
	mill_json *manifest;
	mill_u128 content_hash;
	mill_dataset_spec *datasets; /* tensors, then kept columns, as in the manifest */
	int dataset_count;
	mill_stored_split *splits;
	int split_count;
};

/* Index of a dataset by name ("dense", "keep/id"), of a split; −1: none. */
int mill_store_find_dataset(const mill_store *store, const char *name);
/* Index of a split by name; −1: none. */
int mill_store_find_split(const mill_store *store, const char *name);
/* Views that are there have the rows and datasets of the manifest. MILL_DIFFERENT. */
MILL_NODISCARD mill_status mill_store_check_views(const mill_store *store, mill_error *err);

#endif
