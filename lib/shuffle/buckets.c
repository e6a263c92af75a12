/* The receiving half: frames kept by bucket in memory or scratch, and read back as batches. */
#include "column/frame.h"
#include "shuffle/exchange_private.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CHUNK_BYTES ((size_t)4096)
#define LARGE_CHUNK_BYTES ((size_t)1024 * 1024)
/* Frames with fewer rows are put together before they are passed on, up to so many. */
#define SMALL_FRAME_ROWS 2048
#define GATHERED_FRAMES  64

static mill_bucket *local_bucket(const mill_exchange *ex, int64_t bucket)
{
	return bucket >= ex->first_bucket && bucket < ex->end_bucket ? &ex->buckets[bucket - ex->first_bucket] : NULL;
}

static void free_chunks(mill_bucket *bucket)
{
	while (bucket->first != NULL) {
		mill_chunk *next = bucket->first->next;
		mill_mem_free(bucket->first);
		bucket->first = next;
	}
	bucket->last = NULL;
	bucket->memory_bytes = 0;
}

void mill_buckets_release(mill_exchange *ex)
{
	mill_mem_unregister(&ex->reclaimer);
	for (int64_t b = ex->first_bucket; ex->buckets != NULL && b < ex->end_bucket; b++) {
		mill_bucket *bucket = local_bucket(ex, b);
		free_chunks(bucket);
		mill_spill_delete(bucket->file);
	}
	mill_mem_free(ex->buckets);
	ex->buckets = NULL;
}

/* Chunks double with their bucket, so that thousands of small buckets stay small; a small budget bears only small ones.
 */
static size_t next_capacity(const mill_exchange *ex, const mill_bucket *bucket, size_t need_bytes)
{
	size_t capacity = bucket->last == NULL ? FIRST_CHUNK_BYTES : bucket->last->capacity_bytes * 2;
	size_t share = (size_t)(ex->mem->budget_bytes / 64 / (ex->end_bucket - ex->first_bucket));
	if (capacity > LARGE_CHUNK_BYTES)
		capacity = LARGE_CHUNK_BYTES;
	if (capacity > share)
		capacity = share;
	return capacity < need_bytes ? need_bytes : capacity;
}

static mill_status add_chunk(mill_exchange *ex, int64_t number, mill_bucket *bucket, size_t need_bytes, mill_error *err)
{
	size_t capacity = next_capacity(ex, bucket, need_bytes);
	/* Between frames nothing points into a bucket: room is made before it is needed. */
	if (mill_mem_pressure(ex->mem) > MILL_MEM_HIGH_WATER)
		MILL_TRY(mill_buckets_relieve(ex, err)); /* errors name the bucket that was to go */
	mill_chunk *chunk = mill_mem_alloc(ex->mem, sizeof *chunk + capacity);
	if (chunk == NULL)
		return mill_fail_context(err, mill_fail_nomem(err, sizeof *chunk + capacity, "received rows"),
		                         "exchange %s: bucket %lld", ex->name, (long long)number);
	*chunk = (mill_chunk){.capacity_bytes = capacity};
	if (bucket->last == NULL)
		bucket->first = chunk;
	else
		bucket->last->next = chunk;
	bucket->last = chunk;
	return MILL_OK;
}

static mill_status keep_frame(mill_exchange *ex, const uint8_t *frame, const mill_frame_info *info, mill_error *err)
{
	mill_bucket *bucket = local_bucket(ex, info->bucket);
	if (bucket == NULL)
		return mill_fail(err, MILL_INTERNAL,
		                 "exchange %s: a frame of bucket %u came to rank %d, which owns %lld to %lld", ex->name,
		                 info->bucket, mill_comm_rank(ex->comm), (long long)ex->first_bucket,
		                 (long long)ex->end_bucket - 1);
	mill_chunk *chunk = bucket->last;
	if (chunk == NULL || chunk->capacity_bytes - chunk->used_bytes < info->size_bytes) {
		MILL_TRY(add_chunk(ex, info->bucket, bucket, info->size_bytes, err));
		chunk = bucket->last;
	}
	memcpy(chunk->data + chunk->used_bytes, frame, info->size_bytes);
	chunk->used_bytes += info->size_bytes;
	bucket->memory_bytes += (int64_t)info->size_bytes;
	bucket->bytes += (int64_t)info->size_bytes;
	bucket->rows += info->rows;
	return MILL_OK;
}

mill_status mill_buckets_receive(mill_exchange *ex, int from, const uint8_t *data, size_t size_bytes, mill_error *err)
{
	for (size_t at = 0; at < size_bytes;) {
		mill_frame_info info;
		mill_status status = mill_frame_peek(data + at, size_bytes - at, &info, err);
		if (status != MILL_OK)
			return mill_fail_context(err, MILL_INTERNAL, "exchange %s: from rank %d at byte %zu", ex->name,
			                         from, at);
		const uint8_t *frame = data + at;
		at += info.size_bytes;
		if (ex->lose_next_frame) {
			ex->lose_next_frame = false;
			continue;
		}
		mill_ledger_add(&ex->received, info.rows, frame, info.size_bytes);
		MILL_TRY(keep_frame(ex, frame, &info, err));
	}
	return MILL_OK;
}

/* Moves a bucket's chunks to its file. */
static mill_status spill_bucket(mill_exchange *ex, int64_t number, mill_bucket *bucket, mill_error *err)
{
	if (bucket->first == NULL)
		return MILL_OK;
	if (bucket->file == NULL) {
		char name[64];
		snprintf(name, sizeof name, "%.32s-%lld", ex->name, (long long)number);
		MILL_TRY(mill_spill_create(ex->scratch, name, &bucket->file, err));
		ex->spilled_buckets++;
	}
	while (bucket->first != NULL) {
		mill_chunk *chunk = bucket->first;
		MILL_TRY(mill_spill_append(bucket->file, chunk->data, chunk->used_bytes, err));
		ex->spilled_bytes += (int64_t)chunk->used_bytes;
		bucket->memory_bytes -= (int64_t)chunk->used_bytes;
		bucket->first = chunk->next;
		if (chunk->next == NULL)
			bucket->last = NULL;
		mill_mem_free(chunk);
	}
	return mill_spill_flush(bucket->file, err);
}

/* Spills the largest bucket; *freed_bytes is 0 when nothing is left in memory. */
static mill_status spill_largest(mill_exchange *ex, int64_t *freed_bytes, mill_error *err)
{
	int64_t largest = -1, most = 0;
	for (int64_t b = ex->first_bucket; b < ex->end_bucket; b++)
		if (b != ex->reading && local_bucket(ex, b)->memory_bytes > most) {
			most = local_bucket(ex, b)->memory_bytes;
			largest = b;
		}
	*freed_bytes = most;
	if (largest < 0)
		return MILL_OK;
	mill_status status = spill_bucket(ex, largest, local_bucket(ex, largest), err);
	if (status != MILL_OK)
		return mill_fail_context(err, status, "exchange %s: bucket %lld", ex->name, (long long)largest);
	return MILL_OK;
}

mill_status mill_exchange_reclaim(mill_exchange *ex, int64_t bytes, int64_t *freed_bytes, mill_error *err)
{
	int64_t freed = 0, last = 1;
	while (ex->scratch != NULL && ex->buckets != NULL && freed < bytes && last > 0) {
		MILL_TRY(spill_largest(ex, &last, err));
		freed += last;
	}
	if (freed_bytes != NULL)
		*freed_bytes = freed;
	return MILL_OK;
}

static mill_exchange *of_reclaimer(const mill_reclaimer *self)
{
	return (mill_exchange *)((uintptr_t)self - offsetof(mill_exchange, reclaimer));
}

static int64_t held_bytes(const mill_reclaimer *self)
{
	const mill_exchange *ex = of_reclaimer(self);
	int64_t sum = 0;
	for (int64_t b = ex->first_bucket; b < ex->end_bucket; b++)
		if (b != ex->reading)
			sum += local_bucket(ex, b)->memory_bytes;
	return sum;
}

static mill_status reclaim(mill_reclaimer *self, int64_t bytes, mill_error *err)
{
	return mill_exchange_reclaim(of_reclaimer(self), bytes, NULL, err);
}

void mill_buckets_register(mill_exchange *ex)
{
	ex->reading = -1;
	ex->reclaimer.held_bytes = held_bytes;
	ex->reclaimer.reclaim = reclaim;
	if (ex->scratch != NULL)
		mill_mem_register(ex->mem, &ex->reclaimer);
}

mill_status mill_buckets_relieve(mill_exchange *ex, mill_error *err)
{
	if (ex->knobs->force_spill)
		return mill_exchange_reclaim(ex, INT64_MAX, NULL, err);
	return mill_mem_relieve(ex->mem, err);
}

/* Small batches on their way to a sink, put together. */
typedef struct gathered {
	mill_batch batches[GATHERED_FRAMES];
	int count;
	int64_t rows;
} gathered;

static void forget(gathered *g)
{
	for (int i = 0; i < g->count; i++)
		mill_batch_release(&g->batches[i]);
	g->count = 0;
	g->rows = 0;
}

static mill_status pass_on(mill_exchange *ex, gathered *g, mill_sink *sink, mill_error *err)
{
	mill_status status = MILL_OK;
	if (g->count == 1) {
		status = mill_sink_push(sink, &g->batches[0], err);
	} else if (g->count > 1) {
		mill_batch whole;
		status = mill_batch_concat(ex->mem, g->batches, g->count, &whole, err);
		if (status == MILL_OK) {
			status = mill_sink_push(sink, &whole, err);
			mill_batch_release(&whole);
		} else {
			status = mill_fail_context(err, status, "exchange %s", ex->name);
		}
	}
	forget(g);
	return status;
}

/* Errors of reading name the exchange; those of the sink are the sink's. */
static mill_status read_frame(mill_exchange *ex, gathered *g, const uint8_t *frame, const mill_frame_info *info,
                              mill_error *err)
{
	mill_status status = mill_frame_read(frame, info->size_bytes, ex->mem, &g->batches[g->count], err);
	if (status != MILL_OK)
		return mill_fail_context(err, status, "exchange %s: bucket %u", ex->name, info->bucket);
	g->count++;
	g->rows += info->rows;
	return MILL_OK;
}

/* Decodes the frames of one run of memory. */
static mill_status pass_frames(mill_exchange *ex, gathered *g, const uint8_t *data, size_t size_bytes, mill_sink *sink,
                               mill_error *err)
{
	for (size_t at = 0; at < size_bytes && !sink->done;) {
		mill_frame_info info;
		MILL_TRY(mill_frame_peek(data + at, size_bytes - at, &info, err));
		bool small = info.rows < SMALL_FRAME_ROWS;
		if (g->count == GATHERED_FRAMES || !small || g->rows + info.rows > ex->knobs->batch_rows)
			MILL_TRY(pass_on(ex, g, sink, err));
		MILL_TRY(read_frame(ex, g, data + at, &info, err));
		at += info.size_bytes;
		if (!small)
			MILL_TRY(pass_on(ex, g, sink, err));
	}
	return MILL_OK;
}

static mill_status pass_file(mill_exchange *ex, gathered *g, mill_bucket *bucket, mill_sink *sink, mill_error *err)
{
	mill_spill_reader *reader = NULL;
	if (bucket->file == NULL)
		return MILL_OK;
	MILL_TRY(mill_spill_reader_open(bucket->file, &reader, err));
	mill_status status = MILL_OK;
	const void *data = NULL;
	do {
		size_t size_bytes = 0;
		status = mill_spill_next(reader, &data, &size_bytes, err);
		if (status == MILL_OK && data != NULL)
			status = pass_frames(ex, g, data, size_bytes, sink, err);
	} while (status == MILL_OK && data != NULL && !sink->done);
	mill_spill_reader_close(reader);
	return status;
}

static mill_status pass_memory(mill_exchange *ex, gathered *g, mill_bucket *bucket, mill_sink *sink, bool consume,
                               mill_error *err)
{
	for (mill_chunk *chunk = bucket->first; chunk != NULL && !sink->done;) {
		MILL_TRY(pass_frames(ex, g, chunk->data, chunk->used_bytes, sink, err));
		mill_chunk *next = chunk->next;
		if (consume) {
			bucket->memory_bytes -= (int64_t)chunk->used_bytes;
			bucket->first = next;
			mill_mem_free(chunk);
		}
		chunk = next;
	}
	if (bucket->first == NULL)
		bucket->last = NULL;
	return MILL_OK;
}

/* Reading needs a block of the file, and a batch as frames, decoded, and put together; who reads sorts, groups or joins
 * the whole bucket. Buckets that wait make room. */
static mill_status make_room(mill_exchange *ex, const mill_bucket *bucket, mill_error *err)
{
	if (bucket->rows == 0)
		return MILL_OK;
	int64_t batch_bytes = bucket->bytes / bucket->rows * mill_min_i64(bucket->rows, ex->knobs->batch_rows);
	int64_t need_bytes = 3 * batch_bytes + 2 * bucket->bytes + ex->mem->budget_bytes / 8;
	if (bucket->file != NULL)
		need_bytes += 2 * MILL_SPILL_BLOCK_BYTES;
	int64_t free_bytes = ex->mem->budget_bytes - ex->mem->used_bytes;
	return free_bytes < need_bytes ? mill_mem_reclaim(ex->mem, need_bytes - free_bytes, err) : MILL_OK;
}

mill_status mill_exchange_read_bucket(mill_exchange *ex, int64_t number, mill_sink *sink, bool consume, mill_error *err)
{
	mill_bucket *bucket = local_bucket(ex, number);
	if (bucket == NULL || !ex->drained)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: bucket %lld is read %s", ex->name, (long long)number,
		                 bucket == NULL ? "by a rank that does not own it" : "before the exchange is drained");
	MILL_TRY(make_room(ex, bucket, err));
	gathered *g = mill_mem_calloc(ex->mem, 1, sizeof *g);
	if (g == NULL)
		return mill_fail_nomem(err, sizeof *g, "reading a bucket");
	ex->reading = number;
	mill_status status = pass_file(ex, g, bucket, sink, err);
	if (status == MILL_OK)
		status = pass_memory(ex, g, bucket, sink, consume, err);
	if (status == MILL_OK)
		status = pass_on(ex, g, sink, err);
	ex->reading = -1;
	forget(g);
	mill_mem_free(g);
	if (consume) {
		free_chunks(bucket);
		mill_spill_delete(bucket->file);
		bucket->file = NULL;
	}
	if (status == MILL_OK)
		status = sink->finish_unit(sink, err);
	if (status == MILL_NOMEM)
		mill_fail_context(err, status, "bucket %lld of exchange %s (%lld rows in %lld MiB)", (long long)number,
		                  ex->name, (long long)bucket->rows, (long long)(bucket->bytes >> 20));
	return status;
}

int64_t mill_exchange_bucket_rows(const mill_exchange *ex, int64_t bucket)
{
	const mill_bucket *local = local_bucket(ex, bucket);
	return local == NULL ? 0 : local->rows;
}

int64_t mill_exchange_bucket_bytes(const mill_exchange *ex, int64_t bucket)
{
	const mill_bucket *local = local_bucket(ex, bucket);
	return local == NULL ? 0 : local->bytes;
}
