/* The MPI backend: opening and closing, reductions, broadcast and gather. Nothing specific to one MPI library; after
 * opening only non-blocking calls, each polled with back-off and a deadline. */
#include "comm/comm_mpi.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

enum { GATHER_TAG = 2 };

static void free_parts(mpi_comm *self)
{
	mpi_transfer_release(self);
	mpi_round_free(self);
	mill_mem_free(self->spare);
	mill_mem_free(self);
}

static void mpi_close(mill_comm *comm)
{
	mpi_comm *self = (mpi_comm *)comm;
	if (!self->broken && mpi_beat_close(self)) {
		MPI_Comm_free(&self->world);
		MPI_Finalize();
	}
	free_parts(self);
}

static void mpi_abort(mill_comm *comm, int exit_code)
{
	(void)comm;
	MPI_Abort(MPI_COMM_WORLD, exit_code);
}

static mill_status mpi_reduce_i64(mill_comm *comm, mill_reduce op, int64_t *values, int count, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	MILL_TRY(mpi_check_whole(self, err));
	MPI_Op mpi_op = op == MILL_REDUCE_SUM ? MPI_SUM : op == MILL_REDUCE_MIN ? MPI_MIN : MPI_MAX;
	MPI_Request request;
	int code = MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_INT64_T, mpi_op, self->world, &request);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Iallreduce", err);
	return mpi_wait_for(self, &request, "MPI_Iallreduce", err);
}

static mill_status mpi_exscan_i64(mill_comm *comm, const int64_t *values, int count, int64_t *out, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	MILL_TRY(mpi_check_whole(self, err));
	MPI_Request request;
	int code = MPI_Iexscan(values, out, count, MPI_INT64_T, MPI_SUM, self->world, &request);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Iexscan", err);
	MILL_TRY(mpi_wait_for(self, &request, "MPI_Iexscan", err));
	if (comm->rank == 0) /* MPI leaves it undefined there */
		memset(out, 0, (size_t)count * sizeof *out);
	return MILL_OK;
}

static mill_status mpi_allgather_i64(mill_comm *comm, int64_t value, int64_t *out, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	MILL_TRY(mpi_check_whole(self, err));
	MPI_Request request;
	int code = MPI_Iallgather(&value, 1, MPI_INT64_T, out, 1, MPI_INT64_T, self->world, &request);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Iallgather", err);
	return mpi_wait_for(self, &request, "MPI_Iallgather", err);
}

static mill_status mpi_broadcast(mill_comm *comm, int root, void *data, size_t size_bytes, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	MILL_TRY(mpi_check_whole(self, err));
	/* Tests lower chunk_bytes to walk this loop; otherwise one call carries a gigabyte. */
	size_t limit = comm->options.chunk_bytes < MILL_COMM_CHUNK_BYTES ? (size_t)comm->options.chunk_bytes
	                                                                 : (size_t)MILL_COMM_BROADCAST_BYTES;
	for (size_t done = 0; done < size_bytes; done += limit) {
		size_t left = size_bytes - done;
		MPI_Request request;
		int code = MPI_Ibcast((uint8_t *)data + done, (int)(left < limit ? left : limit), MPI_BYTE, root,
		                      self->world, &request);
		if (code != MPI_SUCCESS)
			return mpi_fail(self, code, "MPI_Ibcast", err);
		MILL_TRY(mpi_wait_for(self, &request, "MPI_Ibcast", err));
	}
	return MILL_OK;
}

static mill_status mpi_gather(mill_comm *comm, int root, const void *data, size_t size_bytes, uint8_t *out,
                              const size_t *sizes_bytes, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	MILL_TRY(mpi_check_whole(self, err));
	mpi_transfer_reset(self, GATHER_TAG);
	if (comm->rank != root) {
		mpi_transfer_add(self, root, true, (void *)(uintptr_t)data, size_bytes);
	} else {
		size_t at = 0;
		for (int r = 0; r < comm->size; r++) {
			if (r != root)
				mpi_transfer_add(self, r, false, out + at, sizes_bytes[r]);
			else if (size_bytes > 0)
				memcpy(out + at, data, size_bytes);
			at += sizes_bytes[r];
		}
	}
	MILL_TRY(mpi_transfer_start(self, err));
	return mpi_transfer_finish(self, "a gather", err);
}

static const mill_comm_vtable mpi_vtable = {
    .close = mpi_close,
    .abort = mpi_abort,
    .progress = mpi_progress,
    .reduce_i64 = mpi_reduce_i64,
    .exscan_i64 = mpi_exscan_i64,
    .allgather_i64 = mpi_allgather_i64,
    .broadcast = mpi_broadcast,
    .gather = mpi_gather,
    .round_begin = mpi_round_begin,
    .round_end = mpi_round_end,
    .round_release = mpi_round_release,
};

/* Ranks that share memory with this one. */
static int find_node(mpi_comm *self)
{
	MPI_Comm node;
	int code = MPI_Comm_split_type(self->world, MPI_COMM_TYPE_SHARED, self->base.rank, MPI_INFO_NULL, &node);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_rank(node, &self->base.node_rank);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_size(node, &self->base.node_ranks);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_free(&node);
	return code;
}

/* The path of a loaded library behind the others in context, a mill_bytes. Not 0: no memory. */
static int note_library(struct dl_phdr_info *info, size_t size_bytes, void *context)
{
	(void)size_bytes;
	if (info->dlpi_name == NULL || info->dlpi_name[0] != '/')
		return 0;
	return mill_bytes_append(context, info->dlpi_name, strlen(info->dlpi_name) + 1) != MILL_OK;
}

/* MPI_Finalize unloads plugins, and a progress thread of the library's own may be about to call one then: seen as a
 * crash of ranks that were done, once in some thousand runs on a loaded machine. What is loaded stays until the process
 * ends; what cannot be kept for want of memory is unloaded as before. */
static void keep_plugins(mill_mem *mem)
{
	mill_bytes paths;
	mill_bytes_init(&paths, mem);
	(void)dl_iterate_phdr(note_library, &paths);
	for (size_t at = 0; at < paths.size_bytes; at += strlen((const char *)paths.data + at) + 1)
		(void)dlopen((const char *)paths.data + at, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
	mill_bytes_release(&paths);
}

/* Everything after MPI_Init. */
static mill_status set_up(mpi_comm *self, mill_error *err)
{
	int code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_rank(MPI_COMM_WORLD, &self->base.rank);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_size(MPI_COMM_WORLD, &self->base.size);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Comm_size", err);
	MILL_TRY(mill_comm_check_launch(self->base.size, err));
	code = MPI_Comm_dup(MPI_COMM_WORLD, &self->world);
	if (code == MPI_SUCCESS)
		code = MPI_Comm_set_errhandler(self->world, MPI_ERRORS_RETURN);
	if (code == MPI_SUCCESS)
		code = find_node(self);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Comm_dup or MPI_Comm_split_type", err);
	self->spare = mill_mem_alloc(self->base.mem, (size_t)self->base.options.chunk_bytes);
	if (self->spare == NULL)
		return mill_fail_nomem(err, (size_t)self->base.options.chunk_bytes, "communicator");
	MILL_TRY(mpi_transfer_init(self, 2 * self->base.size, err));
	MILL_TRY(mpi_round_init(self, err));
	return mpi_beat_open(self, err);
}

mill_status mill_comm_mpi_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out, mill_error *err)
{
	int begun = 0;
	if (MPI_Initialized(&begun) != MPI_SUCCESS || begun != 0) /* it aborts a process that begins twice */
		return mill_fail(err, MILL_INTERNAL, "a process opens one communicator, and once");
	mpi_comm *self = mill_mem_calloc(mem, 1, sizeof *self);
	if (self == NULL)
		return mill_fail_nomem(err, sizeof *self, "communicator");
	self->base = (mill_comm){.vtable = &mpi_vtable, .options = *options, .mem = mem};
	int provided = 0;
	int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
	mill_status status = code == MPI_SUCCESS ? MILL_OK : mpi_fail(self, code, "MPI_Init_thread", err);
	if (status == MILL_OK) {
		keep_plugins(mem);
		status = set_up(self, err);
		if (status != MILL_OK && self->base.size == 1) /* in a larger world the others may not be failing */
			MPI_Finalize();
	}
	if (status != MILL_OK) {
		free_parts(self);
		return status;
	}
	*out = &self->base;
	return MILL_OK;
}
