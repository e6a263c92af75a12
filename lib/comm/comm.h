/* The communicator: two backends behind one face, MPI and a single rank that never calls MPI_Init.
 *
 * Only non-blocking MPI calls are used, polled with back-off, a deadline and a signal check. A wait ends with
 * MILL_LOST_RANK, and main then aborts, once no rank was at work for `--rank-timeout`: at work is a rank that calls
 * mill_comm_progress, so waiting long for a rank that has more to do is fine. Communicators are duplicates with
 * MPI_ERRORS_RETURN. Blobs may exceed 2 GiB. */
#ifndef MILL_COMM_COMM_H
#define MILL_COMM_COMM_H

#include "base/bytes.h"
#include "base/hash.h"

typedef struct mill_comm mill_comm;

typedef struct mill_comm_options {
	bool use_mpi;                    /* false: the single-rank backend */
	int64_t timeout_ns;              /* a wait longer than this in which no rank was at work is a lost rank */
	const volatile int *stop_signal; /* not 0 once a signal asked to stop (set by main's handler); may be NULL */
	int64_t chunk_bytes;             /* largest single message; 0: the default. For tests of the 64-bit paths */
} mill_comm_options;

/* True when a launcher started this process (PMIX_RANK, OMPI_COMM_WORLD_RANK or PMI_RANK). Not collective. */
bool mill_comm_launched(void);

/* MILL_USAGE when Slurm started several tasks that do not see each other (a world of world_size = 1 although
 * SLURM_STEP_NUM_TASKS > 1): each copy would write the same store. open checks it too. Not collective. */
MILL_NODISCARD mill_status mill_comm_check_launch(int world_size, mill_error *err);

/* Collective over the world, once in a process that uses MPI (MILL_INTERNAL after that, even when it failed).
 * timeout_ns 0 means 120 s. MILL_USAGE as mill_comm_check_launch. */
MILL_NODISCARD mill_status mill_comm_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out,
                                          mill_error *err);
/* Collective: finalises MPI, unless a rank was lost (main then calls abort). NULL is fine. */
void mill_comm_close(mill_comm *comm);
/* Not collective: ends all ranks with the code (MPI_Abort), for main alone, after MILL_LOST_RANK. main exits with the
 * same code afterwards: a single rank has nobody to end, and MPI_Abort may return. */
void mill_comm_abort(mill_comm *comm, int exit_code);

/* This rank: 0 … size − 1. Not collective. */
int mill_comm_rank(const mill_comm *comm);
/* How many ranks there are, at least 1. Not collective. */
int mill_comm_size(const mill_comm *comm);
/* How many ranks are on this rank's node; found at open. Not collective. */
int mill_comm_node_ranks(const mill_comm *comm);
/* This rank's place among the ranks of its node: 0 … node_ranks − 1. Not collective. */
int mill_comm_node_rank(const mill_comm *comm);
/* What open was given, defaults filled in; borrowed. Not collective. */
const mill_comm_options *mill_comm_options_of(const mill_comm *comm);

/* Lets pending transfers advance and tells the others that this rank is at work. Call it once per batch, and in long
 * work without batches every few seconds. Not collective, never waits. */
void mill_comm_progress(mill_comm *comm);

/* MILL_INTERRUPTED once a signal asked this rank to stop: looked at once per batch, so that long work ends soon. The
 * caller leaves as with any failure of its own. Not collective. */
MILL_NODISCARD mill_status mill_comm_check_stop(const mill_comm *comm, mill_error *err);

/* What follows is called in the same order on every rank. Where a wait fails (MILL_LOST_RANK) the communicator is of no
 * use any more. */

/* Collective: returns once every rank has called it. */
MILL_NODISCARD mill_status mill_comm_barrier(mill_comm *comm, mill_error *err);
/* Collective: every rank leaves with the same status, the lowest failing rank's, whose message all ranks get. Where the
 * cause may lie in one rank's machine (I/O, memory, a missing file) it names the rank ("rank 3 of 8: …"). A rank that
 * was asked to stop counts as failing with MILL_INTERRUPTED. err holds the message of mine, or is NULL. */
MILL_NODISCARD mill_status mill_comm_agree(mill_comm *comm, mill_status mine, mill_error *err);
/* Collective: mill_comm_agree, but a signal no longer counts: when what was done stands and a stop would only misreport
 * it. */
MILL_NODISCARD mill_status mill_comm_agree_done(mill_comm *comm, mill_status mine, mill_error *err);
/* Collective: every rank leaves with root's status, which is a failure, and its message: when a round told that root
 * failed. mine and err: as in mill_comm_agree. */
MILL_NODISCARD mill_status mill_comm_adopt(mill_comm *comm, int root, mill_status mine, mill_error *err);
/* Collective: values[i] becomes the sum over all ranks; count is the same on all. */
MILL_NODISCARD mill_status mill_comm_sum_i64(mill_comm *comm, int64_t *values, int count, mill_error *err);
/* Collective: values[i] becomes the least over all ranks; count is the same on all. */
MILL_NODISCARD mill_status mill_comm_min_i64(mill_comm *comm, int64_t *values, int count, mill_error *err);
/* Collective: values[i] becomes the greatest over all ranks; count is the same on all. */
MILL_NODISCARD mill_status mill_comm_max_i64(mill_comm *comm, int64_t *values, int count, mill_error *err);
/* Collective: values[i] becomes the sum over all ranks, modulo 2^128; count is the same on all. */
MILL_NODISCARD mill_status mill_comm_sum_u128(mill_comm *comm, mill_u128 *values, int count, mill_error *err);
/* Collective: out[i] becomes the sum of values[i] over the lower ranks, 0 on rank 0; count is the same on all. */
MILL_NODISCARD mill_status mill_comm_exscan_i64(mill_comm *comm, const int64_t *values, int count, int64_t *out,
                                                mill_error *err);
/* Collective: replaces blob on every rank by root's. When a rank has no memory for it, every rank fails with MILL_NOMEM
 * (blobs then are undefined). */
MILL_NODISCARD mill_status mill_comm_broadcast(mill_comm *comm, int root, mill_bytes *blob, mill_error *err);
/* Collective: out at root becomes every rank's blob, one after the other by rank; on other ranks it becomes empty.
 * sizes_bytes (the caller's array of one entry per rank, or NULL) is filled on every rank. When root has no memory for
 * the result, every rank fails with MILL_NOMEM. */
MILL_NODISCARD mill_status mill_comm_gather(mill_comm *comm, int root, const void *data, size_t size_bytes,
                                            mill_bytes *out, size_t *sizes_bytes, mill_error *err);
/* Collective: mill_comm_gather whose result every rank gets. */
MILL_NODISCARD mill_status mill_comm_allgather(mill_comm *comm, const void *data, size_t size_bytes, mill_bytes *out,
                                               size_t *sizes_bytes, mill_error *err);

/* One round of a pipelined all-to-all. begin posts the round and returns; the send buffers stay untouched by the caller
 * until end. While a round flies the caller fills the next one's buffers (double buffering). The count message of a
 * round carries {bytes, dry, status, stop}, so agreement on the end costs no collective of its own; a failed rank keeps
 * meeting with zero bytes and its status until all leave together. At most one round of a comm is in flight, and no
 * other collective is called while it is. A rank without memory for what it is sent drops it, returns MILL_NOMEM from
 * round_end and tells the others in the word of its next round. */
typedef struct mill_round_word {
	bool dry;           /* this rank sends nothing more after this round */
	mill_status status; /* not OK: this rank failed; it sends zero bytes */
	bool stop;          /* a signal asked this rank to stop; the options' stop_signal is looked at in any case */
	uint32_t channel;   /* what the round is for: ranks that differ get MILL_INTERNAL */
} mill_round_word;

typedef struct mill_round_result {
	bool all_dry;      /* every rank is dry: the last round */
	mill_status worst; /* status of the lowest failing rank, or MILL_OK */
	int worst_rank;
	bool any_stop;
	const uint8_t **data;     /* [size] received blobs, by source rank, 64-byte aligned but for this rank's own;
	                             owned by comm until the next begin */
	const size_t *size_bytes; /* [size] */
} mill_round_result;

/* Collective: begins a round. data[r] and size_bytes[r] are what goes to rank r (own rank: handed over without
 * copying). */
MILL_NODISCARD mill_status mill_comm_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes,
                                                 mill_round_word mine, mill_error *err);
/* Collective with begin: waits for the round to land. The status is of the transfer itself. */
MILL_NODISCARD mill_status mill_comm_round_end(mill_comm *comm, mill_round_result *out, mill_error *err);
/* Frees the buffers that the last round was received in: after the last round of an exchange. Not collective. */
void mill_comm_round_release(mill_comm *comm);

#endif
