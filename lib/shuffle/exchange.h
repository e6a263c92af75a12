/* The exchange: rows in, buckets out, over all ranks (architecture §3).
 *
 * create → push batches (each rank at its own pace) → drain (Collective, once) → read the local buckets → release.
 * A push computes a bucket for every row, gathers rows column by column into per-bucket staging, cuts frames of at
 * least 64 KB where there is that much, and enters a *round* of comm when its send budget is full or 64 MB of input
 * were consumed since the last. Pushes of different ranks need not match: a rank waits at its next round until the
 * others meet it, ranks without more input keep meeting in drain. The exchange emits nothing before drain has returned.
 *
 * Rows within a bucket come in NO defined order (it depends on ranks, rounds and spilling): who needs an order sorts by
 * row ids. Row ids travel as ordinary columns. What bucket a row is in depends on the data and the spec alone.
 *
 * At most one exchange of a communicator may be between its first push and the end of its drain. */
#ifndef MILL_SHUFFLE_EXCHANGE_H
#define MILL_SHUFFLE_EXCHANGE_H

#include "base/knobs.h"
#include "column/column.h"
#include "comm/comm.h"
#include "spill/spill.h"

#define MILL_EXCHANGE_MAX_BUCKETS 4096

typedef enum mill_exchange_kind {
	MILL_EXCHANGE_BY_HASH,  /* top bits of K (column/value.h) of key_columns */
	MILL_EXCHANGE_BY_U64,   /* top bits of key_columns[0], a non-null UINT64 column */
	MILL_EXCHANGE_BY_RANGE, /* number of splitters <= key_columns[0], a non-null BINARY column, compared as memcmp
	                         */
	MILL_EXCHANGE_TO_ONE    /* everything to bucket 0, which rank 0 owns */
} mill_exchange_kind;

typedef struct mill_exchange_spec {
	const char *name; /* in messages and the ledger; copied */
	mill_exchange_kind kind;
	const int *key_columns; /* indices into the pushed batches; copied. TO_ONE: NULL */
	int key_count;          /* BY_HASH: any, 0 sends all rows to the bucket of H64(0, ""); BY_U64, BY_RANGE: 1 */
	const mill_column
	    *splitters;       /* BY_RANGE: strictly increasing non-null BINARY, the same on all ranks; retained */
	int64_t bucket_count; /* BY_HASH, BY_U64: a power of two, 1 … 4096. BY_RANGE and TO_ONE: 0, it follows */
} mill_exchange_spec;

/* What moved, summed over all ranks once drain has returned; the same on every rank. Before, only the name is set. */
typedef struct mill_ledger {
	const char *name; /* borrowed from the exchange */
	int64_t rows;
	int64_t frames;
	mill_u128 sum; /* of H128(0, frame) over all frames, modulo 2^128 */
	int64_t bytes; /* of frames */
	int64_t spilled_buckets;
	int64_t spilled_bytes;
	int64_t rounds;
} mill_ledger;

typedef struct mill_exchange mill_exchange;

/* Not collective, but all ranks create the exchange and agree that they did before the first push: a rank without one
 * would never meet the others. scratch may be NULL: buckets then never leave memory. comm, mem, scratch and knobs
 * outlive the exchange. MILL_INTERNAL: a spec against the rules above. */
MILL_NODISCARD mill_status mill_exchange_create(mill_comm *comm, mill_mem *mem, mill_scratch *scratch,
                                                const mill_knobs *knobs, const mill_exchange_spec *spec,
                                                mill_exchange **out, mill_error *err);
/* Not collective. Frees buckets and their files. An exchange that took a batch is drained first. NULL is fine. */
void mill_exchange_release(mill_exchange *exchange);

/* The sink that partitions, borrowed; getting it is not collective. push takes batches of one schema (a change is
 * MILL_INTERNAL). finish_unit and finish do nothing; release is NULL (the exchange is released with
 * mill_exchange_release). A push may meet other ranks in a round; when a rank failed, every rank's push or drain
 * returns the lowest failing rank's status and message. */
mill_sink *mill_exchange_sink(mill_exchange *exchange);
/* Not collective: decoded input bytes that the stage consumed since it started, filtered rows included. Counts for the
 * 64 MB rule at the next push or mill_exchange_tick. */
void mill_exchange_consumed(mill_exchange *exchange, int64_t total_bytes);
/* Not collective, but like a push it may meet the others: enters a round when one is due although nothing was pushed (a
 * filter that keeps nothing). Call it once per batch. Status and message as of a push. */
MILL_NODISCARD mill_status mill_exchange_tick(mill_exchange *exchange, mill_error *err);

/* Collective, called once by every rank that created the exchange, whatever happened to it: mine is its status so far
 * (MILL_OK, or the failure whose message err holds). Sends what is staged, meets the others until all are dry, checks
 * the ledger. Every rank leaves with the same status and message: the lowest failing rank's, MILL_INTERRUPTED on a stop
 * signal, MILL_INTERNAL when rows or frame sums sent and received differ. */
MILL_NODISCARD mill_status mill_exchange_drain(mill_exchange *exchange, mill_status mine, mill_error *err);

/* What follows holds after a successful drain. Rank r owns the buckets b with b·size/bucket_count = r: a contiguous,
 * possibly empty run [first, end). Counts are exact, and known before a bucket is read. */

/* How many buckets there are, on all ranks together. Not collective. */
int64_t mill_exchange_bucket_count(const mill_exchange *exchange);
/* The rank that owns a bucket. Not collective. */
int mill_exchange_owner(const mill_exchange *exchange, int64_t bucket);
/* This rank's first bucket. Not collective. */
int64_t mill_exchange_first_bucket(const mill_exchange *exchange);
/* The bucket after this rank's last one. Not collective. */
int64_t mill_exchange_end_bucket(const mill_exchange *exchange);
/* Rows of a bucket; 0 where another rank owns it. Not collective. */
int64_t mill_exchange_bucket_rows(const mill_exchange *exchange, int64_t bucket);
/* Bytes of a bucket's frames; 0 where another rank owns it. Not collective. */
int64_t mill_exchange_bucket_bytes(const mill_exchange *exchange, int64_t bucket);
/* Rows of this rank's buckets. Not collective. */
int64_t mill_exchange_local_rows(const mill_exchange *exchange);
/* Rows of all buckets, on all ranks together. Not collective. */
int64_t mill_exchange_rows(const mill_exchange *exchange);
/* What moved; borrowed. Not collective. */
const mill_ledger *mill_exchange_ledger(const mill_exchange *exchange);

/* Pushes the rows of a local bucket into sink in batches of at most knobs.batch_rows, then calls its finish_unit (also
 * for an empty bucket). Stops early when sink->done. consume: the bucket's memory and file are freed as they are read;
 * without it the bucket can be read again. Not collective. */
MILL_NODISCARD mill_status mill_exchange_read_bucket(mill_exchange *exchange, int64_t bucket, mill_sink *sink,
                                                     bool consume, mill_error *err);

/* Moves in-memory buckets, largest first, to scratch until `bytes` were freed or nothing is left; *freed_bytes (may be
 * NULL) gets the amount. The bucket being read stays. mill_mem_relieve does so by itself. Not collective. */
MILL_NODISCARD mill_status mill_exchange_reclaim(mill_exchange *exchange, int64_t bytes, int64_t *freed_bytes,
                                                 mill_error *err);

#define MILL_SPLITTER_SAMPLES 16384
/* Collective. Splitters for BY_RANGE from samples of every rank's keys: at most bucket_count − 1 distinct keys in
 * memcmp order that cut the rows into parts of about equal size (duplicates removed, so there may be fewer). samples:
 * non-null BINARY, any number of rows (at most MILL_SPLITTER_SAMPLES of them travel, evenly spaced in key order); NULL
 * or empty on a rank without rows. rows: how many rows of this rank the samples stand for. out: equal on all ranks. */
MILL_NODISCARD mill_status mill_splitters_from_samples(mill_comm *comm, mill_mem *mem, const mill_column *samples,
                                                       int64_t rows, int64_t bucket_count, mill_column *out,
                                                       mill_error *err);

#endif
