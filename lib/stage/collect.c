/* Ordered results on rank 0. */
#include "column/frame.h"
#include "stage/compile.h"

#include <string.h>

/* Rows that one rank may send at once without being asked. */
#define SMALL_BYTES ((int64_t)64 << 10)
/* Otherwise ranks send in turn, in pieces of this size or, where the budget is small, of a share of it. */
#define CHUNK_BYTES ((int64_t)4 << 20)
#define CHUNK_SHARE 32

static mill_status push_frames(mill_run *run, const uint8_t *data, size_t size_bytes, mill_sink *sink, mill_error *err)
{
	for (size_t at = 0; at < size_bytes;) {
		mill_frame_info info;
		mill_batch batch = {0};
		MILL_TRY(mill_frame_peek(data + at, size_bytes - at, &info, err));
		MILL_TRY(mill_frame_read(data + at, info.size_bytes, run->mem, &batch, err));
		mill_status status = mill_sink_push(sink, &batch, err);
		mill_batch_release(&batch);
		MILL_TRY(status);
		at += info.size_bytes;
	}
	return MILL_OK;
}

/* Collective: one gather in which each rank sends mine. Rank 0 pushes what arrived, in rank order. */
static mill_status gather_and_push(mill_run *run, const mill_bytes *mine, mill_sink *sink, mill_error *err)
{
	mill_bytes all;
	mill_bytes_init(&all, run->mem);
	size_t *sizes = mill_mem_calloc(run->mem, (size_t)mill_comm_size(run->comm), sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "a result") : MILL_OK;
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_gather(run->comm, 0, mine->data, mine->size_bytes, &all, sizes, err);
	if (status == MILL_OK && mill_comm_rank(run->comm) == 0)
		status = push_frames(run, all.data, all.size_bytes, sink, err);
	mill_bytes_release(&all);
	mill_mem_free(sizes);
	return mill_comm_agree(run->comm, status, err);
}

/* Rank 0's own rows. The others wait, so it tells that it is at work. */
static mill_status push_own(mill_run *run, mill_unit_source *source, int64_t chunk_bytes, mill_bytes *frames,
                            mill_sink *sink, mill_error *err)
{
	do {
		frames->size_bytes = 0;
		mill_comm_progress(run->comm);
		MILL_TRY(mill_comm_check_stop(run->comm, err));
		MILL_TRY(mill_local_take_frames(source, (size_t)chunk_bytes, frames, err));
		MILL_TRY(push_frames(run, frames->data, frames->size_bytes, sink, err));
	} while (frames->size_bytes > 0);
	return MILL_OK;
}

/* Collective: rank r, which is not 0, sends what it has, chunk by chunk; bytes is how much that is. */
static mill_status stream_rank(mill_run *run, mill_unit_source *source, int r, int64_t bytes, int64_t chunk_bytes,
                               mill_bytes *frames, mill_sink *sink, mill_error *err)
{
	bool mine = mill_comm_rank(run->comm) == r;
	for (int64_t i = 0; i < bytes / chunk_bytes + 1; i++) {
		frames->size_bytes = 0;
		mill_status status = mine ? mill_local_take_frames(source, (size_t)chunk_bytes, frames, err) : MILL_OK;
		MILL_TRY(mill_comm_agree(run->comm, status, err));
		MILL_TRY(gather_and_push(run, frames, sink, err));
	}
	return MILL_OK;
}

/* Collective: the kept rows of all ranks, in rank order. frames is working space, empty. */
static mill_status stream_all(mill_run *run, const mill_local *local, mill_unit_source *source, mill_bytes *frames,
                              mill_sink *sink, mill_error *err)
{
	int size = mill_comm_size(run->comm), rank = mill_comm_rank(run->comm);
	int64_t chunk_bytes = mill_min_i64(CHUNK_BYTES, run->least_budget_bytes / CHUNK_SHARE);
	int64_t largest = mill_local_bytes(local);
	MILL_TRY(mill_comm_max_i64(run->comm, &largest, 1, err));
	if (largest <= SMALL_BYTES) {
		MILL_TRY(mill_comm_agree(run->comm, mill_local_take_frames(source, SIZE_MAX, frames, err), err));
		return gather_and_push(run, frames, sink, err);
	}
	int64_t *bytes = mill_arena_array(run->arena, (size_t)size, sizeof *bytes);
	mill_status status = bytes == NULL ? mill_fail_nomem(err, 0, "a result") : MILL_OK;
	if (status == MILL_OK && rank == 0)
		status = push_own(run, source, chunk_bytes, frames, sink, err);
	MILL_TRY(mill_comm_agree(run->comm, status, err));
	bytes[rank] = mill_local_bytes(local);
	MILL_TRY(mill_comm_sum_i64(run->comm, bytes, size, err));
	for (int r = 1; r < size; r++)
		if (bytes[r] > 0)
			MILL_TRY(stream_rank(run, source, r, bytes[r], chunk_bytes, frames, sink, err));
	return MILL_OK;
}

mill_status mill_flow_collect(mill_run *run, mill_flow *flow, mill_sink *sink, mill_error *err)
{
	mill_local *local = NULL;
	mill_unit_source *source = NULL;
	mill_bytes frames;
	MILL_TRY(mill_flow_materialise(run, flow, &local, err));
	mill_bytes_init(&frames, run->mem);
	mill_status status = mill_local_source_new(run, local, true, &source, err);
	if (status == MILL_OK)
		status = source->begin(source, run, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = stream_all(run, local, source, &frames, sink, err);
	if (status == MILL_OK && mill_comm_rank(run->comm) == 0)
		status = sink->finish(sink, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_NOMEM)
		mill_fail_context(err, status, "the result");
	if (source != NULL)
		source->free(source);
	mill_bytes_release(&frames);
	mill_local_free(local);
	return status;
}

/* Row ids order a result that came out of a join or a window. */
static bool leaves_in_order(const mill_plan *plan)
{
	switch (plan->kind) {
	case MILL_PLAN_FILTER:
	case MILL_PLAN_PROJECT:
	case MILL_PLAN_SPLIT:
	case MILL_PLAN_SHARED: return leaves_in_order(plan->inputs[0]);
	case MILL_PLAN_JOIN:
	case MILL_PLAN_WINDOW: return false;
	default: return true;
	}
}

mill_status mill_flow_compile_ordered(mill_run *run, mill_plan *plan, mill_flow *out, mill_error *err)
{
	if (!leaves_in_order(plan))
		MILL_TRY(mill_plan_in_id_order(plan, run->arena, &plan, err));
	return mill_flow_compile(run, plan, false, out, err);
}
