/* The build room: a store's way from a plan's rows to its commit (architecture §3, "Store path"). Rows go to the rank
 * that orders them while transforms are fitted, then ordinals are given, rows that straddle a shard boundary move to
 * the owner of its first row, and every rank writes its shards.
 *
 * It must not know job files, catalogs, command lines or formats: whoever builds a store gives the values it needs
 * (mill_build_request). */
#ifndef MILL_BUILD_BUILD_H
#define MILL_BUILD_BUILD_H

#include "features/features.h"
#include "stage/compile.h"
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

/* What a store is made of, as a job's store block says. Everything is borrowed and outlives the build. */
typedef struct mill_build_request {
	const char *job_name;
	const char *job_json; /* the job as the manifest keeps it */
	uint64_t seed;        /* the job's */
	const char *name;     /* the store's; "" for the only one */
	mill_plan *plan;      /* whose rows the store holds */
	const char *fit_on;   /* the split that transforms are fitted on */
	const mill_json *tensors;
	const mill_json *keep;
	bool shuffle; /* order by a hash of the row id; else input order */
	int64_t shard_rows;
	mill_compression compression;
	/* Not collective. Puts what this rank kept aside of bad rows into the store's folder, before the manifest. */
	mill_status (*write_bad_rows)(mill_run *run, const char *folder, mill_error *err);
} mill_build_request;

typedef struct mill_build {
	mill_run *run;
	const mill_build_request *request;
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

/* Makes the features of the request anew: at the start, and when an attempt is repeated. Not collective. */
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

#define MILL_PLACE_KEY_BYTES 16
/* Key of a straddling row: owner, split (big-endian u32), ordinal (big-endian u64). Not collective. */
void mill_place_key(uint32_t owner, uint32_t split, uint64_t ordinal, uint8_t out[MILL_PLACE_KEY_BYTES]);

#endif
