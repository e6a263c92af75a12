/* Rows kept on their rank, unit by unit, as frames: in memory while it lasts, then in one scratch file. */
#include "column/frame.h"
#include "stage/flow.h"

typedef struct kept_frame {
	uint8_t *data; /* NULL: in the file, or let go */
	size_t size_bytes;
	int64_t unit;
	bool in_file; /* the file holds such frames in order */
} kept_frame;

struct mill_local {
	mill_reclaimer reclaimer;
	mill_run *run;
	kept_frame *frames;
	int64_t frame_count;
	int64_t frame_capacity;
	int64_t looked_at; /* frames before it are not in memory */
	int64_t memory_bytes;
	int64_t first_unit;
	int64_t end_unit;
	int64_t rows;
	int64_t bytes;
	mill_spill_file *file;
};

typedef struct local_target {
	mill_stage_target base;
	mill_sink sink;
	const mill_unit_source *source;
	mill_local *local;
	int64_t unit; /* the one whose rows arrive */
} local_target;

int64_t mill_local_rows(const mill_local *local)
{
	return local->rows;
}
int64_t mill_local_bytes(const mill_local *local)
{
	return local->bytes;
}

static void local_clear(mill_local *local)
{
	for (int64_t i = local->looked_at; i < local->frame_count; i++)
		mill_mem_free(local->frames[i].data);
	mill_mem_free(local->frames);
	mill_spill_delete(local->file);
	local->frames = NULL;
	local->file = NULL;
	local->frame_count = local->frame_capacity = local->looked_at = 0;
	local->rows = local->bytes = local->memory_bytes = 0;
}

void mill_local_free(mill_local *local)
{
	if (local == NULL)
		return;
	mill_mem_unregister(&local->reclaimer);
	local_clear(local);
	mill_mem_free(local);
}

static void let_go(mill_local *local, kept_frame *frame)
{
	if (frame->data == NULL)
		return;
	mill_mem_free(frame->data);
	frame->data = NULL;
	local->memory_bytes -= (int64_t)frame->size_bytes;
}

static mill_status spill_frames(mill_local *local, mill_error *err)
{
	if (local->file == NULL)
		MILL_TRY(mill_spill_create(local->run->scratch, "rows", &local->file, err));
	for (; local->looked_at < local->frame_count; local->looked_at++) {
		kept_frame *frame = &local->frames[local->looked_at];
		if (frame->data == NULL)
			continue;
		MILL_TRY(mill_spill_append(local->file, frame->data, frame->size_bytes, err));
		frame->in_file = true;
		let_go(local, frame);
	}
	return mill_spill_flush(local->file, err);
}

static int64_t held_bytes(const mill_reclaimer *self)
{
	return ((const mill_local *)self)->memory_bytes;
}

static mill_status reclaim(mill_reclaimer *self, int64_t bytes, mill_error *err)
{
	(void)bytes;
	return spill_frames((mill_local *)self, err);
}

static mill_status grow_frames(mill_local *local, mill_error *err)
{
	if (local->frame_count < local->frame_capacity)
		return MILL_OK;
	int64_t capacity = local->frame_capacity == 0 ? 64 : 2 * local->frame_capacity;
	size_t size = (size_t)capacity * sizeof *local->frames;
	kept_frame *frames = mill_mem_realloc(local->run->mem, local->frames, size);
	if (frames == NULL)
		return mill_fail_nomem(err, size, "the list of kept rows");
	local->frames = frames;
	local->frame_capacity = capacity;
	return MILL_OK;
}

/* Kept frames are many: room that one did not need goes back. */
static void trim(mill_bytes *frame)
{
	if (frame->capacity_bytes - frame->size_bytes <= frame->size_bytes / 8)
		return;
	void *data = mill_mem_realloc(frame->mem, frame->data, frame->size_bytes);
	if (data != NULL)
		frame->data = data;
}

static mill_status local_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	local_target *target = (local_target *)((char *)self - offsetof(local_target, sink));
	mill_local *local = target->local;
	mill_bytes frame;
	mill_bytes_init(&frame, local->run->mem);
	MILL_TRY(grow_frames(local, err));
	mill_status status = mill_frame_write(batch, NULL, batch->rows, 0, 0, &frame, err);
	if (status != MILL_OK) {
		mill_bytes_release(&frame);
		return status;
	}
	trim(&frame);
	local->frames[local->frame_count++] = (kept_frame){frame.data, frame.size_bytes, target->unit, false};
	local->memory_bytes += (int64_t)frame.size_bytes;
	local->rows += batch->rows;
	local->bytes += (int64_t)frame.size_bytes;
	return local->run->knobs->force_spill ? spill_frames(local, err) : mill_mem_relieve(local->run->mem, err);
}

static mill_status local_finish_unit(mill_sink *self, mill_error *err)
{
	(void)err;
	((local_target *)((char *)self - offsetof(local_target, sink)))->unit++;
	return MILL_OK;
}

static mill_status local_finish(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

static mill_status local_begin(mill_stage_target *self, mill_run *run, mill_sink **sink, mill_error *err)
{
	(void)run;
	(void)err;
	local_target *target = (local_target *)self;
	local_clear(target->local);
	target->unit = target->source->first_unit;
	target->local->first_unit = target->source->first_unit;
	target->local->end_unit = target->source->end_unit;
	*sink = &target->sink;
	return MILL_OK;
}

static mill_status local_end(mill_stage_target *self, mill_run *run, mill_status mine, mill_error *err)
{
	(void)self;
	return mill_comm_agree(run->comm, mine, err);
}

mill_status mill_flow_materialise(mill_run *run, mill_flow *flow, mill_local **out, mill_error *err)
{
	mill_local *local = mill_mem_calloc(run->mem, 1, sizeof *local);
	local_target target = {.source = flow->source, .local = local};
	mill_status status = local == NULL ? mill_fail_nomem(err, sizeof *local, "kept rows") : MILL_OK;
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK) {
		local->run = run;
		local->reclaimer.held_bytes = held_bytes;
		local->reclaimer.reclaim = reclaim;
		mill_mem_register(run->mem, &local->reclaimer);
		target.base.begin = local_begin;
		target.base.end = local_end;
		target.sink.push = local_push;
		target.sink.finish_unit = local_finish_unit;
		target.sink.finish = local_finish;
		status = mill_stage_run(run, flow, &target.base, err);
	}
	if (status != MILL_OK) {
		mill_local_free(local);
		return status;
	}
	*out = local;
	return MILL_OK;
}

typedef struct local_source {
	mill_unit_source base;
	mill_local *local;
	bool consume;
	mill_spill_reader *reader; /* NULL until a frame is wanted from the file */
	int64_t at;                /* frame to read next */
	int64_t skip;              /* records of the file before that frame, not read yet */
} local_source;

static mill_status local_source_begin(mill_unit_source *self, mill_run *run, mill_error *err)
{
	(void)run;
	(void)err;
	local_source *source = (local_source *)self;
	mill_spill_reader_close(source->reader);
	source->reader = NULL;
	source->at = source->skip = 0;
	return MILL_OK;
}

/* Finds frame `at`, borrowed until the next call or until it is let go. It may have gone to the file, with all after
 * it, since the one before was read. */
static mill_status find_frame(local_source *source, const void **out, size_t *size_bytes, mill_error *err)
{
	const mill_local *local = source->local;
	const kept_frame *frame = &local->frames[source->at];
	const void *data = frame->data;
	*size_bytes = frame->size_bytes;
	if (data == NULL && source->reader == NULL) {
		for (int64_t i = 0; i < source->at; i++)
			source->skip += local->frames[i].in_file;
		MILL_TRY(mill_spill_reader_open(local->file, &source->reader, err));
	}
	while (data == NULL) {
		MILL_TRY(mill_spill_next(source->reader, &data, size_bytes, err));
		if (data == NULL)
			return mill_fail(err, MILL_INTERNAL, "a scratch file of kept rows is short");
		if (source->skip > 0) {
			source->skip--;
			data = NULL;
		}
	}
	*out = data;
	return MILL_OK;
}

static void pass_frame(local_source *source)
{
	if (source->consume)
		let_go(source->local, &source->local->frames[source->at]);
	source->at++;
}

static mill_status local_source_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	local_source *source = (local_source *)self;
	mill_local *local = source->local;
	while (source->at < local->frame_count && local->frames[source->at].unit == unit && !sink->done) {
		mill_batch batch = {0};
		const void *data;
		size_t size_bytes;
		MILL_TRY(find_frame(source, &data, &size_bytes, err));
		MILL_TRY(mill_frame_read(data, size_bytes, local->run->mem, &batch, err));
		pass_frame(source);
		mill_status status = mill_sink_push(sink, &batch, err);
		mill_batch_release(&batch);
		MILL_TRY(status);
	}
	return sink->finish_unit(sink, err);
}

mill_status mill_local_take_frames(mill_unit_source *self, size_t wanted_bytes, mill_bytes *out, mill_error *err)
{
	local_source *source = (local_source *)self;
	while (source->at < source->local->frame_count && out->size_bytes < wanted_bytes) {
		const void *data;
		size_t size_bytes;
		MILL_TRY(find_frame(source, &data, &size_bytes, err));
		if (mill_bytes_append(out, data, size_bytes) != MILL_OK)
			return mill_fail_nomem(err, out->size_bytes + size_bytes, "kept rows to be sent");
		pass_frame(source);
	}
	return MILL_OK;
}

static void local_source_free(mill_unit_source *self)
{
	local_source *source = (local_source *)self;
	mill_spill_reader_close(source->reader);
	source->reader = NULL;
}

mill_status mill_local_source_new(mill_run *run, mill_local *local, bool consume, mill_unit_source **out,
                                  mill_error *err)
{
	local_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a stage's source");
	source->base.name = "rows";
	source->base.first_unit = local->first_unit;
	source->base.end_unit = local->end_unit;
	source->base.begin = local_source_begin;
	source->base.read = local_source_read;
	source->base.free = local_source_free;
	source->local = local;
	source->consume = consume;
	*out = &source->base;
	return MILL_OK;
}
