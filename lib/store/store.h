/* The store: sharded HDF5 files, manifest, content hash, views; writing, reading back, verifying, comparing (interface
 * §3, definitions D5, D11, D13).
 *
 * Layout on disk: OUT/manifest.json (renamed in last), OUT/SPLIT/shard-NNNNN.h5, OUT/SPLIT.h5 (virtual-dataset view),
 * OUT/fitted.json, OUT/quarantine/, OUT/.rankmill/run.json while a run is under way. Chunks are encoded by us and
 * placed with H5Dwrite_chunk; any HDF5 reader opens them. Nothing here is collective; the job moves rows and merges
 * counts. */
#ifndef MILL_STORE_STORE_H
#define MILL_STORE_STORE_H

#include "base/hash.h"
#include "base/json.h"
#include "base/knobs.h"
#include "column/tensor.h"
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

/* The run's claim on OUT (D13). Taken by rank 0 before any work; MILL_EXISTS: a store is there and overwrite is not
 * set, a live run holds it, or foreign content. */
typedef struct mill_store_claim mill_store_claim;
MILL_NODISCARD mill_status mill_store_claim_new(const char *path, const char *job_hash, bool overwrite, mill_mem *mem,
                                                mill_store_claim **out, mill_error *err);
/* Removes what this run wrote when it is not committed, and the claim. NULL is fine. */
void mill_store_claim_release(mill_store_claim *claim);

/* Sums that make the content hash: one entry a (split, dataset), added up modulo 2^128 over ranks by the job. */
typedef struct mill_store_spec {
	const char *path;
	const mill_dataset_spec *datasets;
	int dataset_count;
	const char *const *splits; /* names in byte order; {"all"} where there is no split column */
	int split_count;
	const int64_t *split_rows; /* rows of each split over all ranks */
	int64_t shard_rows;        /* rows of every shard but the last of a split */
	mill_compression compression;
	const char *scratch; /* where files are finished when the target is FUSE or remote */
} mill_store_spec;

typedef struct mill_shard_info {
	int split;
	int64_t index; /* of the shard in its split */
	int64_t rows;
	int64_t size_bytes;
	mill_u128 xxh3_128; /* of the whole file */
} mill_shard_info;

/* Writes the shards whose first row this rank holds. */
typedef struct mill_store_writer mill_store_writer;
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
/* OUT/SPLIT.h5: a virtual dataset a tensor over the split's shards; up to 256 shards, none beyond. */
MILL_NODISCARD mill_status mill_store_write_view(const mill_store_spec *spec, int split, const mill_shard_info *shards,
                                                 int64_t shard_count, mill_error *err);
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
MILL_NODISCARD mill_status mill_store_open(const char *path, mill_mem *mem, mill_store **out, mill_error *err);
void mill_store_close(mill_store *store);
/* Checks size and checksum of every file, shapes and types against the manifest, and the content hash from the data.
 * MILL_DIFFERENT names the first damage. Prints nothing. part/parts: verify only every parts-th shard (ranks share the
 * work); sums gets this part's hash sums. */
MILL_NODISCARD mill_status mill_store_verify(const mill_store *store, int part, int parts, mill_u128 *sums,
                                             mill_error *err);
MILL_NODISCARD mill_status mill_store_inspect(const mill_store *store, bool as_json, mill_bytes *out, mill_error *err);
/* The first `rows` rows of a split as an aligned text table. */
MILL_NODISCARD mill_status mill_store_head(const mill_store *store, const char *split, int64_t rows, mill_bytes *out,
                                           mill_error *err);
/* First difference between two stores, jobs and inputs compared first; MILL_DIFFERENT with the report in out. */
MILL_NODISCARD mill_status mill_store_diff(const mill_store *a, const mill_store *b, bool as_json, mill_bytes *out,
                                           mill_error *err);

#endif
