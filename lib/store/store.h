/* The store: sharded HDF5 files, manifest, content hash, views; writing, reading back, verifying, comparing
 * (docs/store.md, D5, D11, D13).
 *
 * Layout on disk: OUT/manifest.json (renamed in last), OUT/SPLIT/shard-NNNNN.h5, OUT/SPLIT.h5 (virtual-dataset view),
 * OUT/fitted.json, OUT/quarantine/, OUT/checksums.xxh128, OUT/.rankmill/run.json while a run is under way. Chunks are
 * encoded by us and placed with H5Dwrite_chunk; any HDF5 reader opens them. Nothing here is collective; the job moves
 * rows and merges counts. */
#ifndef MILL_STORE_STORE_H
#define MILL_STORE_STORE_H

#include "base/hash.h"
#include "base/json.h"
#include "base/knobs.h"
#include "column/tensor.h"
#include "spill/spill.h"
#include "storage/storage.h"

typedef enum mill_compression_kind {
	MILL_COMPRESS_NONE,
	MILL_COMPRESS_DEFLATE,
	MILL_COMPRESS_SHUFFLE_DEFLATE
} mill_compression_kind;
typedef struct mill_compression {
	mill_compression_kind kind;
	int level; /* 1 … 9 */
} mill_compression;
/* "none", "deflate:6", "shuffle+deflate:1". MILL_USAGE. */
MILL_NODISCARD mill_status mill_compression_parse(const char *text, mill_compression *out, mill_error *err);

/* What a dataset and a split may be called and be made of; before any work. MILL_USAGE (MILL_NOT_YET: a type no store
 * can hold; MILL_DATA for splits, whose names are values). */
MILL_NODISCARD mill_status mill_store_check_datasets(const mill_dataset_spec *datasets, int count, mill_mem *mem,
                                                     mill_error *err);
/* Whether a part may be called so. MILL_DATA. */
MILL_NODISCARD mill_status mill_store_check_split(const char *name, mill_error *err);

/* The run's claim on OUT (D13), taken by rank 0 before any work: OUT/.rankmill/run.json, written and locked.
 * MILL_EXISTS: a store is there and overwrite is not set, a live run holds it, an unfinished run of another job left it
 * and overwrite is not set, or foreign content (never touched). MILL_IO.
 *
 * At every moment OUT holds either a whole store or no manifest.json. Without an older store the run writes in place.
 * Where one is to be overwritten the run writes to OUT/.rankmill/new; commit then removes the old manifest, the old
 * files, moves the new files one by one (folders are made, not renamed) and moves the manifest in last. Killed at any
 * point, the next claim of the same job (or with overwrite) removes what is left. OUT/failed is kept until the next
 * claim. */
typedef struct mill_store_claim mill_store_claim;
/* Takes the claim. job_hash says which job it is of. */
MILL_NODISCARD mill_status mill_store_claim_new(mill_storage *storage, const char *path, const char *job_hash,
                                                bool overwrite, mill_mem *mem, mill_store_claim **out, mill_error *err);
/* Where this run writes everything it makes but failed/: shards, fitted.json, fitted/, quarantine/, reports. OUT or
 * OUT/.rankmill/new; the job broadcasts it to be every rank's mill_store_spec.path. Borrowed. */
const char *mill_store_claim_folder(const mill_store_claim *claim);
/* Removes what this run wrote when it is not committed, and the claim. NULL is fine. */
void mill_store_claim_release(mill_store_claim *claim);

typedef struct mill_store_spec {
	mill_storage *storage;
	const char *path; /* the claim's folder */
	const mill_dataset_spec *datasets;
	int dataset_count;
	const char *const *splits; /* names in byte order; {"all"} where there is no split column */
	int split_count;
	const int64_t *split_rows; /* rows of each split over all ranks */
	int64_t shard_rows;        /* rows of every shard but the last of a split */
	mill_compression compression;
	mill_scratch *scratch;  /* where files are finished when the target is FUSE or remote; NULL: nowhere */
	bool finish_in_scratch; /* do so on any file system */
} mill_store_spec;

typedef struct mill_shard_info {
	int split;
	int64_t index; /* of the shard in its split */
	int64_t rows;
	int64_t size_bytes;
	mill_u128 xxh3_128; /* of the whole file */
} mill_shard_info;

/* Writes the shards whose first row this rank holds, several splits' at a time. spec is borrowed until free. */
typedef struct mill_store_writer mill_store_writer;
/* A writer without rows. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_store_writer_new(const mill_store_spec *spec, const mill_knobs *knobs, mill_mem *mem,
                                                 mill_store_writer **out, mill_error *err);
/* Rows first_ordinal … first_ordinal + rows of a split, blocks[dataset_count]. Ordinals of a split are appended
 * ascending and without gaps inside a shard. Adds to the hash sums; encodes and writes a chunk when full; closes a
 * shard when complete. */
MILL_NODISCARD mill_status mill_store_writer_append(mill_store_writer *writer, int split, int64_t first_ordinal,
                                                    const mill_block *blocks, mill_error *err);
/* Closes everything; MILL_INTERNAL when a shard is not complete. shards: borrowed, valid until free. sums has
 * split_count × dataset_count entries, row-major by split. */
MILL_NODISCARD mill_status mill_store_writer_finish(mill_store_writer *writer, const mill_shard_info **shards,
                                                    int64_t *shard_count, mill_u128 *sums, mill_error *err);
void mill_store_writer_free(mill_store_writer *writer); /* NULL is fine; unfinished shards are removed */

/* content_hash of D5 from the sums of all ranks. */
MILL_NODISCARD mill_status mill_store_content_hash(const mill_store_spec *spec, const mill_u128 *sums, mill_mem *mem,
                                                   mill_u128 *out, mill_error *err);
/* SPLIT.h5 in spec.path: a virtual dataset a tensor and a kept column (text columns have none) over the split's shards,
 * which are picked out of `shards`; up to 256 shards, no file beyond. One rank, before the commit. */
MILL_NODISCARD mill_status mill_store_write_view(const mill_store_spec *spec, int split, const mill_shard_info *shards,
                                                 int64_t shard_count, mill_mem *mem, mill_error *err);
/* What only the job knows, as JSON text to be placed in the manifest. */
typedef struct mill_manifest_extra {
	const char *key; /* "job_name", "job", "seed", "partial", "order", "inputs", "ledger", "checks", "bad_rows" … */
	const char *json; /* its value */
} mill_manifest_extra;
/* Writes manifest.json, renamed in last, after everything else is flushed. */
MILL_NODISCARD mill_status mill_store_commit(const mill_store_spec *spec, const mill_shard_info *shards,
                                             int64_t shard_count, const mill_u128 *sums,
                                             const mill_manifest_extra *extra, int extra_count, mill_store_claim *claim,
                                             mill_mem *mem, mill_error *err);

/* Reading. MILL_NOT_FOUND / MILL_USAGE: not a store; MILL_DATA: manifest damaged. */
typedef struct mill_store mill_store;
/* Reads the manifest of a store, which is taken as it is: verify checks it. storage and mem outlive the result. */
MILL_NODISCARD mill_status mill_store_open(mill_storage *storage, const char *path, mill_mem *mem, mill_store **out,
                                           mill_error *err);
/* Frees the store; NULL is fine. */
void mill_store_close(mill_store *store);
/* For messages and for allocating sums: split_count × dataset_count. */
int mill_store_split_count(const mill_store *store);
/* How many datasets each split has. */
int mill_store_dataset_count(const mill_store *store);
mill_u128 mill_store_stored_hash(const mill_store *store); /* the manifest's content_hash */
/* Whether manifest.json is what the run wrote, before it is opened: whatever it says now. MILL_DIFFERENT; a folder
 * without one passes. */
MILL_NODISCARD mill_status mill_store_check_manifest(mill_storage *storage, const char *path, mill_mem *mem,
                                                     mill_error *err);
/* Checks size and checksum of every file, that none is missing or was added, shapes and types against the manifest, and
 * the content hash from the data.
 * MILL_DIFFERENT names the first damage. Prints nothing. part/parts: only every parts-th shard (ranks share the work)
 * and, with parts > 1, not the sums: add them up over ranks and give them to mill_store_check_sums. sums may be NULL;
 * else it gets this part's hash sums, row-major by split. */
MILL_NODISCARD mill_status mill_store_verify(const mill_store *store, int part, int parts, mill_u128 *sums,
                                             mill_error *err);
/* Compares the content hash with that of sums, which are those of all parts. MILL_DIFFERENT. */
MILL_NODISCARD mill_status mill_store_check_sums(const mill_store *store, const mill_u128 *sums, mill_error *err);
/* Appends what the manifest says, as text or as JSON. */
MILL_NODISCARD mill_status mill_store_inspect(const mill_store *store, bool as_json, mill_bytes *out, mill_error *err);
/* The first `rows` rows of a split as an aligned text table. */
MILL_NODISCARD mill_status mill_store_head(const mill_store *store, const char *split, int64_t rows, mill_bytes *out,
                                           mill_error *err);
/* First difference between two stores, jobs and inputs compared first; MILL_DIFFERENT with the report in out. */
MILL_NODISCARD mill_status mill_store_diff(const mill_store *a, const mill_store *b, bool as_json, mill_bytes *out,
                                           mill_error *err);

#endif
