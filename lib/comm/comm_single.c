/* The backend of one rank: every collective is the identity, and MPI is never touched (MPI_Init costs 0.6 s). */
#include "comm/comm_private.h"

#include <string.h>

typedef struct single_comm {
	mill_comm base; /* first: a mill_comm * is a single_comm * */
	mill_round_word word;
	const uint8_t *data[1];
	size_t size_bytes[1];
} single_comm;

static void single_close(mill_comm *comm)
{
	mill_mem_free(comm);
}

static void single_abort(mill_comm *comm, int exit_code)
{
	(void)comm, (void)exit_code;
}

static void single_progress(mill_comm *comm)
{
	(void)comm;
}

static mill_status single_reduce(mill_comm *comm, mill_reduce op, int64_t *values, int count, mill_error *err)
{
	(void)comm, (void)op, (void)values, (void)count, (void)err;
	return MILL_OK;
}

static mill_status single_exscan(mill_comm *comm, const int64_t *values, int count, int64_t *out, mill_error *err)
{
	(void)comm, (void)values, (void)err;
	memset(out, 0, (size_t)count * sizeof *out);
	return MILL_OK;
}

static mill_status single_allgather(mill_comm *comm, int64_t value, int64_t *out, mill_error *err)
{
	(void)comm, (void)err;
	out[0] = value;
	return MILL_OK;
}

static mill_status single_broadcast(mill_comm *comm, int root, void *data, size_t size_bytes, mill_error *err)
{
	(void)comm, (void)root, (void)data, (void)size_bytes, (void)err;
	return MILL_OK;
}

static mill_status single_gather(mill_comm *comm, int root, const void *data, size_t size_bytes, uint8_t *out,
                                 const size_t *sizes_bytes, mill_error *err)
{
	(void)comm, (void)root, (void)sizes_bytes, (void)err;
	if (size_bytes > 0)
		memcpy(out, data, size_bytes);
	return MILL_OK;
}

static mill_status single_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes,
                                      mill_round_word mine, mill_error *err)
{
	(void)err;
	single_comm *self = (single_comm *)comm;
	self->data[0] = data[0];
	self->size_bytes[0] = size_bytes[0];
	self->word = mine;
	return MILL_OK;
}

static mill_status single_round_end(mill_comm *comm, mill_round_result *out, mill_error *err)
{
	(void)err;
	single_comm *self = (single_comm *)comm;
	out->all_dry = self->word.dry;
	out->worst = self->word.status;
	out->worst_rank = 0;
	out->any_stop = self->word.stop || mill_comm_stopping(comm);
	out->data = self->data;
	out->size_bytes = self->size_bytes;
	return MILL_OK;
}

static void single_round_release(mill_comm *comm)
{
	(void)comm;
}

static const mill_comm_vtable single_vtable = {
    .close = single_close,
    .abort = single_abort,
    .progress = single_progress,
    .reduce_i64 = single_reduce,
    .exscan_i64 = single_exscan,
    .allgather_i64 = single_allgather,
    .broadcast = single_broadcast,
    .gather = single_gather,
    .round_begin = single_round_begin,
    .round_end = single_round_end,
    .round_release = single_round_release,
};

mill_status mill_comm_single_open(const mill_comm_options *options, mill_mem *mem, mill_comm **out, mill_error *err)
{
	single_comm *self = mill_mem_calloc(mem, 1, sizeof *self);
	if (self == NULL)
		return mill_fail_nomem(err, sizeof *self, "communicator");
	self->base = (mill_comm){
	    .vtable = &single_vtable, .options = *options, .mem = mem, .rank = 0, .size = 1, .node_ranks = 1};
	*out = &self->base;
	return MILL_OK;
}
