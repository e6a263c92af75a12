/* The face of comm/: launch checks, agreement, and blobs of any size built on the backends' primitives. */
#include "comm/comm.h"
#include "base/checked.h"
#include "comm/comm_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool mill_comm_launched(void)
{
	return getenv("PMIX_RANK") != NULL || getenv("OMPI_COMM_WORLD_RANK") != NULL || getenv("PMI_RANK") != NULL;
}

mill_status mill_comm_check_launch(int world_size, mill_error *err)
{
	const char *text = getenv("SLURM_STEP_NUM_TASKS");
	if (world_size != 1 || text == NULL)
		return MILL_OK;
	char *end = NULL;
	long tasks = strtol(text, &end, 10);
	if (end == text || tasks <= 1)
		return MILL_OK;
	return mill_fail(err, MILL_USAGE,
	                 "srun started %ld tasks that do not see each other, and each would write the same store; "
	                 "use \"srun --mpi=pmix\" (srun --mpi=list shows what this cluster offers)",
	                 tasks);
}

mill_status mill_comm_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out, mill_error *err)
{
	mill_comm_options filled = *options;
	if (filled.timeout_ns <= 0)
		filled.timeout_ns = MILL_COMM_DEFAULT_TIMEOUT_NS;
	if (filled.chunk_bytes <= 0)
		filled.chunk_bytes = MILL_COMM_CHUNK_BYTES;
	if (filled.use_mpi)
		return mill_comm_mpi_open(&filled, mem, out, err);
	MILL_TRY(mill_comm_check_launch(1, err));
	return mill_comm_single_open(&filled, mem, out, err);
}

void mill_comm_close(mill_comm *comm)
{
	if (comm != NULL)
		comm->vtable->close(comm);
}

void mill_comm_abort(mill_comm *comm, int exit_code)
{
	comm->vtable->abort(comm, exit_code);
}

int mill_comm_rank(const mill_comm *comm)
{
	return comm->rank;
}
int mill_comm_size(const mill_comm *comm)
{
	return comm->size;
}
int mill_comm_node_ranks(const mill_comm *comm)
{
	return comm->node_ranks;
}
int mill_comm_node_rank(const mill_comm *comm)
{
	return comm->node_rank;
}
const mill_comm_options *mill_comm_options_of(const mill_comm *comm)
{
	return &comm->options;
}
void mill_comm_progress(mill_comm *comm)
{
	comm->vtable->progress(comm);
}

typedef enum call_kind {
	CALL_BARRIER = 1,
	CALL_AGREE,
	CALL_ADOPT,
	CALL_SUM,
	CALL_MIN,
	CALL_MAX,
	CALL_EXSCAN,
	CALL_BROADCAST,
	CALL_GATHER,
	CALL_ALLGATHER
} call_kind;

/* Called first in every collective. Debug builds compare kind, argument and number of the call over all ranks with one
 * reduction, the same whatever was called, so that a mismatch is a message and not a hang. */
static mill_status enter(mill_comm *comm, call_kind kind, int argument, mill_error *err)
{
	comm->sequence++;
	if (comm->round_in_flight)
		return mill_fail(err, MILL_INTERNAL, "collective %d called while a round is in flight", (int)kind);
#ifdef MILL_DEBUG
	int64_t code =
	    (int64_t)((comm->sequence & 0xFFFFFF) << 32 | (uint64_t)kind << 24 | ((uint32_t)argument & 0xFFFFFF));
	int64_t range[2] = {code, -code};
	MILL_TRY(comm->vtable->reduce_i64(comm, MILL_REDUCE_MIN, range, 2, err));
	if (range[0] != -range[1])
		return mill_fail(err, MILL_INTERNAL,
		                 "ranks call different collectives: rank %d call %llu of kind %d with argument %d",
		                 comm->rank, (unsigned long long)comm->sequence, (int)kind, argument);
#else
	(void)argument;
#endif
	return MILL_OK;
}

mill_status mill_comm_barrier(mill_comm *comm, mill_error *err)
{
	int64_t nothing = 0;
	MILL_TRY(enter(comm, CALL_BARRIER, 0, err));
	return comm->vtable->reduce_i64(comm, MILL_REDUCE_MAX, &nothing, 1, err);
}

mill_status mill_comm_check_stop(const mill_comm *comm, mill_error *err)
{
	if (!mill_comm_stopping(comm))
		return MILL_OK;
	return mill_fail(err, MILL_INTERRUPTED,
	                 "interrupted by a signal; nothing of this run is visible, and it can be started again");
}

/* Causes that may lie in one rank's machine. Everything else would read the same on any number of ranks. */
static bool is_local_cause(mill_status status, int rank)
{
	switch (status) {
	case MILL_NOMEM:
	case MILL_IO:
	case MILL_LOST_RANK:
	case MILL_INTERNAL: return true;
	case MILL_NOT_FOUND: return rank != 0; /* rank 0 lists the input */
	default: return false;
	}
}

/* True when the message already names a rank of this world: agreeing twice must not name two. */
static bool names_rank(const char *message, int size)
{
	int rank = 0, ranks = 0, length = 0;
	return sscanf(message, "rank %d of %d: %n", &rank, &ranks, &length) == 2 && length > 0 && ranks == size;
}

/* Root's failure goes to everyone. */
static mill_status share_failure(mill_comm *comm, int root, mill_status mine, mill_error *err)
{
	mill_error shared = {0};
	if (comm->rank == root) {
		if (err != NULL && err->status != MILL_OK && err->message[0] != '\0')
			shared = *err;
		else
			mill_fail(&shared, mine, "%s", mill_status_text(mine));
		shared.status = mine;
		bool local = comm->size > 1 && is_local_cause(mine, comm->rank);
		if (local && !names_rank(shared.message, comm->size))
			mill_fail_context(&shared, mine, "rank %d of %d", comm->rank, comm->size);
	}
	MILL_TRY(comm->vtable->broadcast(comm, root, &shared, sizeof shared, err));
	if (shared.status <= MILL_OK || shared.status >= MILL_STATUS_COUNT)
		return mill_fail(err, MILL_INTERNAL, "rank %d of %d failed without a status", root, comm->size);
	shared.message[sizeof shared.message - 1] = '\0';
	if (err != NULL)
		*err = shared;
	return shared.status;
}

mill_status mill_comm_agree(mill_comm *comm, mill_status mine, mill_error *err)
{
	if (mine == MILL_OK)
		mine = mill_comm_check_stop(comm, err);
	return mill_comm_agree_done(comm, mine, err);
}

mill_status mill_comm_agree_done(mill_comm *comm, mill_status mine, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_AGREE, 0, err));
	int64_t first = mine == MILL_OK ? comm->size : comm->rank;
	MILL_TRY(comm->vtable->reduce_i64(comm, MILL_REDUCE_MIN, &first, 1, err));
	return first == comm->size ? MILL_OK : share_failure(comm, (int)first, mine, err);
}

mill_status mill_comm_adopt(mill_comm *comm, int root, mill_status mine, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_ADOPT, root, err));
	return share_failure(comm, root, mine, err);
}

mill_status mill_comm_sum_i64(mill_comm *comm, int64_t *values, int count, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_SUM, count, err));
	return comm->vtable->reduce_i64(comm, MILL_REDUCE_SUM, values, count, err);
}

mill_status mill_comm_min_i64(mill_comm *comm, int64_t *values, int count, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_MIN, count, err));
	return comm->vtable->reduce_i64(comm, MILL_REDUCE_MIN, values, count, err);
}

mill_status mill_comm_max_i64(mill_comm *comm, int64_t *values, int count, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_MAX, count, err));
	return comm->vtable->reduce_i64(comm, MILL_REDUCE_MAX, values, count, err);
}

/* Four lanes of 32 bits in int64, so that a plain sum over up to 2^31 ranks carries nothing away. */
enum { U128_LANES = 4, U128_BLOCK = 16 };

mill_status mill_comm_sum_u128(mill_comm *comm, mill_u128 *values, int count, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_SUM, count, err));
	for (int done = 0; done < count; done += U128_BLOCK) {
		int64_t lanes[U128_BLOCK * U128_LANES];
		int n = count - done < U128_BLOCK ? count - done : U128_BLOCK;
		for (int i = 0; i < n * U128_LANES; i++)
			lanes[i] = (int64_t)(uint32_t)(values[done + i / U128_LANES] >> (32 * (i % U128_LANES)));
		MILL_TRY(comm->vtable->reduce_i64(comm, MILL_REDUCE_SUM, lanes, n * U128_LANES, err));
		for (int i = 0; i < n; i++) {
			mill_u128 sum = 0;
			for (int lane = 0; lane < U128_LANES; lane++)
				sum += (mill_u128)(uint64_t)lanes[i * U128_LANES + lane] << (32 * lane);
			values[done + i] = sum;
		}
	}
	return MILL_OK;
}

mill_status mill_comm_exscan_i64(mill_comm *comm, const int64_t *values, int count, int64_t *out, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_EXSCAN, count, err));
	return comm->vtable->exscan_i64(comm, values, count, out, err);
}

/* Every rank fails when one has no memory for a result: otherwise the others would go on to wait for it. */
static mill_status agree_memory(mill_comm *comm, bool have, size_t size_bytes, const char *what, mill_error *err)
{
	int64_t missing = have ? 0 : 1;
	MILL_TRY(comm->vtable->reduce_i64(comm, MILL_REDUCE_MAX, &missing, 1, err));
	return missing == 0 ? MILL_OK : mill_fail_nomem(err, size_bytes, what);
}

/* Makes bytes hold size_bytes of undefined contents. */
static bool resize(mill_bytes *bytes, size_t size_bytes)
{
	bytes->size_bytes = 0;
	if (mill_bytes_reserve(bytes, size_bytes) != MILL_OK)
		return false;
	bytes->size_bytes = size_bytes;
	return true;
}

mill_status mill_comm_broadcast(mill_comm *comm, int root, mill_bytes *blob, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_BROADCAST, root, err));
	int64_t size_bytes = comm->rank == root ? (int64_t)blob->size_bytes : 0;
	MILL_TRY(comm->vtable->broadcast(comm, root, &size_bytes, sizeof size_bytes, err));
	bool have = comm->rank == root || resize(blob, (size_t)size_bytes);
	MILL_TRY(agree_memory(comm, have, (size_t)size_bytes, "broadcast", err));
	return size_bytes == 0 ? MILL_OK : comm->vtable->broadcast(comm, root, blob->data, (size_t)size_bytes, err);
}

/* Gather to root and, with to_all, on from there: two hops, but no rank holds more than the result. */
static mill_status gather(mill_comm *comm, int root, bool to_all, const void *data, size_t size_bytes, mill_bytes *out,
                          size_t *sizes_bytes, mill_error *err)
{
	mill_status status;
	size_t *sizes = mill_mem_calloc(comm->mem, (size_t)comm->size, sizeof *sizes);
	MILL_TRY_GOTO(agree_memory(comm, sizes != NULL, (size_t)comm->size * sizeof *sizes, "gather", err), done);
	MILL_TRY_GOTO(comm->vtable->allgather_i64(comm, (int64_t)size_bytes, (int64_t *)sizes, err), done);
	size_t total = 0;
	for (int r = 0; r < comm->size; r++)
		total += sizes[r];
	bool mine = to_all || comm->rank == root;
	MILL_TRY_GOTO(agree_memory(comm, resize(out, mine ? total : 0), total, "gather", err), done);
	MILL_TRY_GOTO(comm->vtable->gather(comm, root, data, size_bytes, out->data, sizes, err), done);
	if (to_all && total > 0)
		MILL_TRY_GOTO(comm->vtable->broadcast(comm, root, out->data, total, err), done);
	if (sizes_bytes != NULL)
		memcpy(sizes_bytes, sizes, (size_t)comm->size * sizeof *sizes);
done:
	mill_mem_free(sizes);
	return status;
}

mill_status mill_comm_gather(mill_comm *comm, int root, const void *data, size_t size_bytes, mill_bytes *out,
                             size_t *sizes_bytes, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_GATHER, root, err));
	return gather(comm, root, false, data, size_bytes, out, sizes_bytes, err);
}

mill_status mill_comm_allgather(mill_comm *comm, const void *data, size_t size_bytes, mill_bytes *out,
                                size_t *sizes_bytes, mill_error *err)
{
	MILL_TRY(enter(comm, CALL_ALLGATHER, 0, err));
	return gather(comm, 0, true, data, size_bytes, out, sizes_bytes, err);
}

mill_status mill_comm_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes,
                                  mill_round_word mine, mill_error *err)
{
	if (comm->round_in_flight)
		return mill_fail(err, MILL_INTERNAL, "a round begins while another is in flight");
	MILL_TRY(comm->vtable->round_begin(comm, data, size_bytes, mine, err));
	comm->round_in_flight = true;
	return MILL_OK;
}

mill_status mill_comm_round_end(mill_comm *comm, mill_round_result *out, mill_error *err)
{
	if (!comm->round_in_flight)
		return mill_fail(err, MILL_INTERNAL, "a round ends that never began");
	comm->round_in_flight = false;
	return comm->vtable->round_end(comm, out, err);
}

void mill_comm_round_release(mill_comm *comm)
{
	if (!comm->round_in_flight)
		comm->vtable->round_release(comm);
}
