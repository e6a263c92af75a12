/* What the two backends of comm/ share: the struct behind mill_comm and the primitives each backend offers.
 * comm.c builds the public face on them and checks arguments; backends may assume valid ones. */
#ifndef MILL_COMM_COMM_PRIVATE_H
#define MILL_COMM_COMM_PRIVATE_H

#include "comm/comm.h"

#define MILL_COMM_DEFAULT_TIMEOUT_NS INT64_C(120000000000)
/* Round payloads travel in messages of this size: near peak bandwidth, and small enough to throw away when a rank has
 * no memory to receive into. */
#define MILL_COMM_CHUNK_BYTES ((int64_t)1024 * 1024)
/* One broadcast call carries at most this much: counts are int in MPI 3. */
#define MILL_COMM_BROADCAST_BYTES ((int64_t)1024 * 1024 * 1024)

typedef enum mill_reduce { MILL_REDUCE_SUM, MILL_REDUCE_MIN, MILL_REDUCE_MAX } mill_reduce;

/* All Collective but close, abort, progress, round_release. */
typedef struct mill_comm_vtable {
	void (*close)(mill_comm *comm); /* frees the backend's part and the struct */
	void (*abort)(mill_comm *comm, int exit_code);
	void (*progress)(mill_comm *comm);
	mill_status (*reduce_i64)(mill_comm *comm, mill_reduce op, int64_t *values, int count, mill_error *err);
	mill_status (*exscan_i64)(mill_comm *comm, const int64_t *values, int count, int64_t *out, mill_error *err);
	mill_status (*allgather_i64)(mill_comm *comm, int64_t value, int64_t *out, mill_error *err);
	/* size_bytes is the same on every rank. */
	mill_status (*broadcast)(mill_comm *comm, int root, void *data, size_t size_bytes, mill_error *err);
	/* out (at root) has room for the sum of sizes_bytes. */
	mill_status (*gather)(mill_comm *comm, int root, const void *data, size_t size_bytes, uint8_t *out,
	                      const size_t *sizes_bytes, mill_error *err);
	mill_status (*round_begin)(mill_comm *comm, const void *const *data, const size_t *size_bytes,
	                           mill_round_word mine, mill_error *err);
	mill_status (*round_end)(mill_comm *comm, mill_round_result *out, mill_error *err);
	void (*round_release)(mill_comm *comm);
} mill_comm_vtable;

struct mill_comm {
	const mill_comm_vtable *vtable;
	mill_comm_options options;
	mill_mem *mem;
	int rank;
	int size;
	int node_ranks;
	int node_rank;
	bool round_in_flight;
	uint64_t sequence; /* collectives called so far: debug builds compare it between ranks */
};

/* The backend of a single rank. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_comm_single_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out,
                                                 mill_error *err);
/* Collective: the backend over MPI_COMM_WORLD; see mill_comm_open. */
MILL_NODISCARD mill_status mill_comm_mpi_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out,
                                              mill_error *err);

/* Whether a signal asked this rank to stop. Not collective. */
static inline bool mill_comm_stopping(const mill_comm *comm)
{
	return comm->options.stop_signal != NULL && *comm->options.stop_signal != 0;
}

#endif
