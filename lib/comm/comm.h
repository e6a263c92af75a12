/* The communicator: two backends behind one face, MPI and a single rank that never calls MPI_Init.
 *
 * Only non-blocking MPI calls are used, polled with back-off, a deadline and a signal check; every call that waits ends
 * with MILL_LOST_RANK once the deadline (`--rank-timeout`) has passed, and main then aborts. Communicators are
 * duplicates with MPI_ERRORS_RETURN. Blobs may exceed 2 GiB. */
#ifndef MILL_COMM_COMM_H
#define MILL_COMM_COMM_H

#include "base/bytes.h"
#include "base/hash.h"

typedef struct mill_comm mill_comm;

typedef struct mill_comm_options {
	bool use_mpi;                    /* false: the single-rank backend */
	int64_t timeout_ns;              /* a wait longer than this is a lost rank */
	const volatile int *stop_signal; /* not 0 once a signal asked to stop (set by main's handler) */
} mill_comm_options;

/* True when a launcher started this process (PMIX_RANK, OMPI_COMM_WORLD_RANK or PMI_RANK). Not collective. */
bool mill_comm_launched(void);

/* Collective over the world. argc and argv may be NULL. MILL_USAGE: a world of 1 although SLURM_STEP_NUM_TASKS > 1. */
MILL_NODISCARD mill_status mill_comm_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out,
                                          mill_error *err);
/* Collective: finalises MPI. NULL is fine. */
void mill_comm_close(mill_comm *comm);
/* Not collective: MPI_Abort with the code, for main alone; the single backend exits. */
_Noreturn void mill_comm_abort(mill_comm *comm, int exit_code);

int mill_comm_rank(const mill_comm *comm);
int mill_comm_size(const mill_comm *comm);
int mill_comm_node_ranks(const mill_comm *comm); /* ranks on this rank's node; found at open */
int mill_comm_node_rank(const mill_comm *comm);  /* this rank's place among them */
const mill_comm_options *mill_comm_options_of(const mill_comm *comm);

/* Lets pending transfers advance; called once a batch. Not collective, never waits. */
void mill_comm_progress(mill_comm *comm);

/* All Collective, in the same order on every rank. */
MILL_NODISCARD mill_status mill_comm_barrier(mill_comm *comm, mill_error *err);
/* Every rank leaves with the same status: the lowest failing rank's, whose message (naming rank) all ranks get. */
MILL_NODISCARD mill_status mill_comm_agree(mill_comm *comm, mill_status mine, mill_error *err);
MILL_NODISCARD mill_status mill_comm_sum_i64(mill_comm *comm, int64_t *values, int count,
                                             mill_error *err); /* in place */
MILL_NODISCARD mill_status mill_comm_min_i64(mill_comm *comm, int64_t *values, int count, mill_error *err);
MILL_NODISCARD mill_status mill_comm_max_i64(mill_comm *comm, int64_t *values, int count, mill_error *err);
MILL_NODISCARD mill_status mill_comm_sum_u128(mill_comm *comm, mill_u128 *values, int count,
                                              mill_error *err); /* mod 2^128 */
/* out[i] = Σ of values[i] over lower ranks. */
MILL_NODISCARD mill_status mill_comm_exscan_i64(mill_comm *comm, const int64_t *values, int count, int64_t *out,
                                                mill_error *err);
/* Replaces blob on every rank by root's. */
MILL_NODISCARD mill_status mill_comm_broadcast(mill_comm *comm, int root, mill_bytes *blob, mill_error *err);
/* Every rank's blob, concatenated in rank order; sizes_bytes has one entry a rank (caller's array of size ranks). On
 * ranks other than root gather leaves out empty. */
MILL_NODISCARD mill_status mill_comm_gather(mill_comm *comm, int root, const void *data, size_t size_bytes,
                                            mill_bytes *out, size_t *sizes_bytes, mill_error *err);
MILL_NODISCARD mill_status mill_comm_allgather(mill_comm *comm, const void *data, size_t size_bytes, mill_bytes *out,
                                               size_t *sizes_bytes, mill_error *err);

/* One round of a pipelined all-to-all. begin posts the round and returns; the send buffers stay untouched by the caller
 * until end. While a round flies the caller fills the next one's buffers (double buffering). The count message of a
 * round carries {bytes, dry, status, stop}, so agreement on the end costs no collective of its own; a failed rank keeps
 * meeting with zero bytes and its status until all leave together. At most one round of a comm is in flight. */
typedef struct mill_round_word {
	bool dry;           /* this rank sends nothing more after this round */
	mill_status status; /* not OK: this rank failed; it sends zero bytes */
	bool stop;          /* a signal asked this rank to stop */
} mill_round_word;

typedef struct mill_round_result {
	bool all_dry;      /* every rank is dry: the last round */
	mill_status worst; /* status of the lowest failing rank, or MILL_OK */
	int worst_rank;
	bool any_stop;
	const uint8_t **data;     /* [size] received blobs, by source rank; owned by comm until the next begin */
	const size_t *size_bytes; /* [size] */
} mill_round_result;

/* Collective. data[r] and size_bytes[r] are what goes to rank r (own rank: handed over without copying). */
MILL_NODISCARD mill_status mill_comm_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes,
                                                 mill_round_word mine, mill_error *err);
/* Collective with begin: waits for the round to land. The status is of the transfer itself. */
MILL_NODISCARD mill_status mill_comm_round_end(mill_comm *comm, mill_round_result *out, mill_error *err);

#endif
