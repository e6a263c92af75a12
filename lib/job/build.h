/* Building a store (architecture §3, "Store path"): rows go to the rank that orders them while transforms are fitted,
 * then ordinals are given, rows that straddle a shard boundary move to the owner of its first row, and every rank
 * writes its shards. Private to the job room. */
#ifndef MILL_JOB_BUILD_H
#define MILL_JOB_BUILD_H

#include "features/features.h"
#include "job/compile.h"
#include "job/jobfile.h"
#include "store/store.h"

/* Names of splits as they turn up on this rank, with the rows of each for every rank that will order them. */
typedef struct mill_split_counts {
	mill_mem *mem;
	int ranks;
	const char **names;
	int count;
	int capacity;
	int64_t *rows; /* [capacity][ranks] */
	mill_arena *arena;
} mill_split_counts;

/* The `store` block of a job, read. */
typedef struct mill_store_block {
	const mill_json *node;
	const char *name; /* "" for the only one */
	const char *path;
	mill_plan *plan;    /* of `from` */
	const char *fit_on; /* NULL: not given */
	const mill_json *tensors;
	const mill_json *keep;
	bool shuffle;
	int64_t shard_rows;
	mill_compression compression;
} mill_store_block;

typedef struct mill_build {
	mill_engine *engine;
	mill_run *run;
	const mill_job_file *job;
	const mill_store_block *block;
	mill_features *features;
	int feature_columns; /* of an exchanged batch: first these, then the split, then the order key, then ids */
	int split_column;    /* in an exchanged batch; −1: none */
	int order_column;    /* in an exchanged batch; −1: order input */
	uint64_t shuffle_seed;
	int64_t bucket_count; /* shuffle */
	int64_t row_bytes;    /* of a row on the move, on average over all ranks */
	mill_split_counts counts;
	/* once counted: the same on every rank */
	const char **splits; /* by bytes */
	int split_count;
	int64_t *split_rows;    /* [split_count] over all ranks */
	int64_t *first_ordinal; /* [split_count][ranks + 1] */
	mill_store_spec spec;
	mill_store_writer *writer;
	bool refuses; /* this rank met a row that no tensor takes, and writes no more */
} mill_build;

/* Collective. Reads and checks the store block against the catalog. */
MILL_NODISCARD mill_status mill_store_block_read(const mill_job_file *job, mill_job_catalog *catalog,
                                                 mill_store_block *out, mill_error *err);
/* Makes the features of the block anew: at the start, and when an attempt is repeated. Not collective. */
MILL_NODISCARD mill_status mill_build_features(mill_build *build, mill_error *err);

/* Counts rows by split, adds the shuffle key, fits pass 0: the last operator before rows move. Not collective. */
mill_op_maker *mill_make_tag(mill_run *run, mill_build *build);
/* Fits a later pass; rows go no further. Not collective. */
mill_op_maker *mill_make_fit(mill_run *run, mill_build *build, int pass);
/* Gives ordinals to ordered rows, writes this rank's shards; rows of shards that another rank owns go on with (owner,
 * split, ordinal) as sort key. Not collective. */
mill_op_maker *mill_make_place(mill_run *run, mill_build *build);
/* Writes rows that came with a sort key of place; rows go no further. Not collective. */
mill_op_maker *mill_make_write(mill_run *run, mill_build *build);

/* Row counts by split and rank become names in byte order and first ordinals. Collective. */
MILL_NODISCARD mill_status mill_build_count(mill_build *build, mill_error *err);
/* The rank that writes the shard of ordinal `ordinal` of split: it holds the shard's first row. Not collective. */
int mill_build_owner(const mill_build *build, int split, int64_t ordinal);
/* Splitters for the exchange of rows that straddle: the same number of ranges for every owner. Not collective. */
MILL_NODISCARD mill_status mill_build_splitters(const mill_build *build, mill_column *out, mill_error *err);

/* Collective. Runs the job's store to its commit. claim: rank 0's. */
MILL_NODISCARD mill_status mill_build_store(mill_build *build, mill_store_claim *claim, mill_error *err);
/* Collective. Shards, hashes, views, fitted state, manifest. */
MILL_NODISCARD mill_status mill_build_commit(mill_build *build, mill_store_claim *claim, mill_error *err);

/* Key of a straddling row: owner, split (big-endian u32), ordinal (big-endian u64). */
#define MILL_PLACE_KEY_BYTES 16
void mill_place_key(uint32_t owner, uint32_t split, uint64_t ordinal, uint8_t out[MILL_PLACE_KEY_BYTES]);

#endif
