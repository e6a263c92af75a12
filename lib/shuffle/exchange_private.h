/* The parts of an exchange, one file each: partition (rows → buckets), staging (rows of a bucket → frames), buckets
 * (received frames → memory and scratch → batches), exchange (rounds, agreement, ledger). Private to the room.
 * Not collective, but for mill_exchange_emit and what calls it: it may meet the other ranks in a round. */
#ifndef MILL_SHUFFLE_EXCHANGE_PRIVATE_H
#define MILL_SHUFFLE_EXCHANGE_PRIVATE_H

#include "shuffle/exchange.h"

/* A frame is cut once a bucket has staged this much, or batch_rows rows. */
#define MILL_FRAME_TARGET_BYTES ((size_t)64 * 1024)
/* Very wide rows still travel in frames of at least so many rows: readers pay per frame and column. */
#define MILL_FRAME_MIN_ROWS 256
/* A rank meets the others at least this often, whatever its filters keep. */
#define MILL_ROUND_INPUT_BYTES ((int64_t)64 * 1024 * 1024)

typedef struct mill_partition {
	mill_mem *mem;
	mill_exchange_kind kind;
	const char *name; /* of the exchange, borrowed */
	int *key_columns;
	const mill_column **keys; /* [key_count] of the current batch */
	int key_count;
	int shift; /* bucket = value >> shift, for 1 < bucket_count */
	int64_t bucket_count;
	mill_column splitters;
	uint64_t *prefixes; /* first 8 bytes of each splitter, big-endian, zero-padded */
	mill_bytes hash_scratch;
	int64_t capacity_rows;
	uint64_t *hashes;  /* [capacity_rows] */
	uint16_t *ids;     /* [capacity_rows] bucket of each row */
	int32_t *order;    /* [capacity_rows] rows, those of one bucket together and in batch order */
	uint32_t *counts;  /* [bucket_count] rows of this batch */
	uint32_t *starts;  /* [bucket_count] where a bucket's rows start in order */
	uint16_t *touched; /* [bucket_count] buckets with rows in this batch, in order of first row */
	int touched_count;
} mill_partition;

/* Copies what it needs of spec; splitters are retained. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_partition_init(mill_partition *partition, mill_mem *mem, const mill_exchange_spec *spec,
                                               int64_t bucket_count, mill_error *err);
void mill_partition_release(mill_partition *partition); /* frees all; idempotent */
/* Fills order, starts, counts and touched for the batch. MILL_NOMEM; MILL_INTERNAL: keys against the spec.
 */
MILL_NODISCARD mill_status mill_partition_run(mill_partition *partition, const mill_batch *batch, mill_error *err);

/* Staging blocks come in sizes of 64 << class rows. */
enum { MILL_STAGING_CLASSES = 8, MILL_STAGING_FIRST_ROWS = 64 };

/* Columns of a bucket side by side in one block: int32 null counts, then per column validity words and values. */
typedef struct mill_staged {
	uint8_t *block;
	mill_bytes *texts; /* [text_count] of STRING and BINARY columns */
	int32_t rows;
	int8_t class; /* of block */
} mill_staged;

typedef struct mill_staging {
	mill_mem *mem;
	int64_t bucket_count;
	mill_staged *buckets;
	int column_count; /* 0 until the first batch fixes the schema */
	int id_words;
	mill_type *types;
	int *text_of; /* [column_count] index into texts, or −1 */
	int text_count;
	size_t fixed_bits;                         /* of one row, without text bytes */
	int32_t limit_rows;                        /* rows of a full frame */
	size_t *validity_at[MILL_STAGING_CLASSES]; /* offsets in the block, by class and column */
	size_t *values_at[MILL_STAGING_CLASSES];
	size_t block_bytes[MILL_STAGING_CLASSES];
	mill_column *view; /* [column_count] of the bucket being cut */
	size_t held_bytes; /* by all blocks and texts */
	size_t limit_bytes;
} mill_staging;

/* Empty staging for so many buckets. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_staging_init(mill_staging *staging, mill_mem *mem, int64_t bucket_count,
                                             mill_error *err);
void mill_staging_release(mill_staging *staging); /* frees all; idempotent */

/* A run of frames of one bucket in memory. */
typedef struct mill_chunk {
	struct mill_chunk *next;
	size_t used_bytes;
	size_t capacity_bytes;
	size_t padding; /* data starts 8-aligned */
	uint8_t data[];
} mill_chunk;

typedef struct mill_bucket {
	mill_chunk *first; /* what is not in file */
	mill_chunk *last;
	mill_spill_file *file; /* NULL, or frames in records of one chunk */
	int64_t rows;
	int64_t bytes;
	int64_t memory_bytes; /* used bytes of the chunks */
} mill_bucket;

typedef struct mill_ledger_side {
	int64_t rows;
	int64_t frames;
	int64_t bytes;
	mill_u128 sum;
} mill_ledger_side;

struct mill_exchange {
	mill_sink sink; /* first: the sink is the exchange */
	mill_comm *comm;
	mill_mem *mem;
	mill_scratch *scratch;
	const mill_knobs *knobs;
	char *name;
	uint32_t channel;
	int64_t bucket_count;
	int64_t first_bucket;
	int64_t end_bucket;
	mill_partition partition;
	mill_staging staging;

	/* Rounds: outbox[filling] takes frames, the other one flies. */
	mill_bytes *outbox[2]; /* [size] each; this rank's own stays empty */
	mill_bytes own_frame;  /* a frame on its way to a bucket of this rank, which needs no round */
	const void **send_data;
	size_t *send_bytes;
	int filling;
	int64_t outbox_bytes; /* in outbox[filling] */
	int64_t round_bytes;
	int64_t consumed_bytes;
	int64_t met_at_bytes; /* consumed when the last round began */
	bool in_flight;
	bool all_dry;
	bool drained;
	bool closed;        /* the ranks left together with failure, or the communicator broke: meet no more */
	mill_error failure; /* of this rank, or once closed of all */

	mill_reclaimer reclaimer;
	int64_t reading;      /* the bucket that is being read and must stay as it is; −1: none */
	mill_bucket *buckets; /* [end_bucket − first_bucket] */
	mill_ledger_side sent;
	mill_ledger_side received;
	int64_t spilled_buckets;
	int64_t spilled_bytes;
	int64_t rounds;
	mill_ledger ledger;
	bool lose_next_frame; /* tests: the ledger must notice */
};

/* Stages the rows rows[0 … count) of the batch for the bucket; full frames are emitted. MILL_NOMEM, and what emit says.
 */
MILL_NODISCARD mill_status mill_staging_add(mill_exchange *ex, const mill_batch *batch, int64_t bucket,
                                            const int32_t *rows, int64_t count, mill_error *err);
/* Checks a batch before it is staged: the first one fixes the schema, later ones must have it (MILL_INTERNAL). */
MILL_NODISCARD mill_status mill_staging_accept(mill_exchange *ex, const mill_batch *batch, mill_error *err);
/* Emits everything that is staged and frees the blocks. */
MILL_NODISCARD mill_status mill_staging_flush_all(mill_exchange *ex, mill_error *err);

/* Writes the rows as a frame into the outbox, or into an own bucket, and enters a round when the send budget is full.
 * rows NULL: the rows 0 … count − 1. MILL_NOMEM, or what the round says. */
MILL_NODISCARD mill_status mill_exchange_emit(mill_exchange *ex, const mill_batch *batch, const int32_t *rows,
                                              int64_t count, int64_t bucket, mill_error *err);

/* Puts the frames that rank `from` sent into buckets. MILL_INTERNAL: they are damaged, or not for this rank. */
MILL_NODISCARD mill_status mill_buckets_receive(mill_exchange *ex, int from, const uint8_t *data, size_t size_bytes,
                                                mill_error *err);
/* Offers the buckets' memory to whoever runs out of it; called once there are buckets. */
void mill_buckets_register(mill_exchange *ex);
/* Moves buckets to scratch under memory pressure, or all of them with knobs.force_spill. MILL_IO, MILL_NOMEM. */
MILL_NODISCARD mill_status mill_buckets_relieve(mill_exchange *ex, mill_error *err);
/* Frees the buckets and deletes their files; idempotent. */
void mill_buckets_release(mill_exchange *ex);

/* Counts a frame of so many rows, and adds its hash. */
static inline void mill_ledger_add(mill_ledger_side *side, int64_t rows, const void *frame, size_t size_bytes)
{
	side->rows += rows;
	side->frames++;
	side->bytes += (int64_t)size_bytes;
	side->sum += mill_h128(0, frame, size_bytes);
}

#endif
