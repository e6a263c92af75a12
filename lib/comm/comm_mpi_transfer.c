/* Waiting with back-off, and point-to-point transfers of 64-bit sizes in chunks. */
#include "base/checked.h"
#include "base/clock.h"
#include "comm/comm_mpi.h"

#include <sched.h>
#include <time.h>

enum { SPIN_TURNS = 100 };
/* Yielding keeps large messages moving: MPI copies them in pieces, of which we only see the last one finish. */
#define YIELD_NS          INT64_C(5000000)
#define SHORTEST_SLEEP_NS 10000L
#define LONGEST_SLEEP_NS  500000L

void mpi_wait_progressed(mpi_wait *wait)
{
	*wait = (mpi_wait){0};
}

mill_status mpi_wait_pause(mpi_comm *self, mpi_wait *wait, const char *what, mill_error *err)
{
	if (wait->turns++ < SPIN_TURNS)
		return MILL_OK;
	int64_t now_ns = mill_clock_ns();
	if (wait->start_ns == 0)
		wait->start_ns = now_ns;
	int64_t life_ns = self->broken ? 0 : mpi_beat_waiting(self, now_ns);
	int64_t since_ns = mill_max_i64(wait->start_ns, life_ns);
	if (now_ns - since_ns > self->base.options.timeout_ns) {
		self->broken = true;
		return mill_fail(err, MILL_LOST_RANK,
		                 "rank %d of %d waited %.0f s in %s and no rank was at work: one was lost or is stuck "
		                 "(--rank-timeout sets how long to wait)",
		                 self->base.rank, self->base.size, (double)(now_ns - since_ns) / 1e9, what);
	}
	if (now_ns - wait->start_ns < YIELD_NS) {
		sched_yield();
		return MILL_OK;
	}
	wait->sleep_ns = wait->sleep_ns == 0 ? SHORTEST_SLEEP_NS : wait->sleep_ns * 2;
	if (wait->sleep_ns > LONGEST_SLEEP_NS)
		wait->sleep_ns = LONGEST_SLEEP_NS;
	struct timespec pause = {0, wait->sleep_ns};
	nanosleep(&pause, NULL); /* a signal cuts it short, which is what we want */
	return MILL_OK;
}

mill_status mpi_fail(mpi_comm *self, int code, const char *call, mill_error *err)
{
	char text[MPI_MAX_ERROR_STRING + 1] = "";
	int length = 0;
	if (MPI_Error_string(code, text, &length) != MPI_SUCCESS || length < 0)
		length = 0;
	text[length] = '\0';
	self->broken = true;
	return mill_fail(err, MILL_LOST_RANK, "rank %d of %d: %s failed: %s", self->base.rank, self->base.size, call,
	                 text);
}

mill_status mpi_check_whole(const mpi_comm *self, mill_error *err)
{
	if (!self->broken)
		return MILL_OK;
	if (err != NULL && err->status == MILL_LOST_RANK) /* the first message says more */
		return MILL_LOST_RANK;
	return mill_fail(err, MILL_LOST_RANK, "rank %d of %d: another rank was lost before", self->base.rank,
	                 self->base.size);
}

mill_status mpi_wait_for(mpi_comm *self, MPI_Request *request, const char *what, mill_error *err)
{
	mpi_wait wait = {0};
	for (;;) {
		int done = 0;
		int code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
		if (code != MPI_SUCCESS)
			return mpi_fail(self, code, what, err);
		if (done)
			return MILL_OK;
		MILL_TRY(mpi_wait_pause(self, &wait, what, err));
	}
}

mill_status mpi_transfer_init(mpi_comm *self, int streams, mill_error *err)
{
	mpi_transfer *t = &self->transfer;
	size_t slots = (size_t)streams * MPI_STREAM_DEPTH;
	t->streams = mill_mem_calloc(self->base.mem, (size_t)streams, sizeof *t->streams);
	t->requests = mill_mem_calloc(self->base.mem, slots, sizeof *t->requests);
	t->completed = mill_mem_calloc(self->base.mem, slots, sizeof *t->completed);
	t->statuses = mill_mem_calloc(self->base.mem, slots, sizeof *t->statuses);
	if (t->streams == NULL || t->requests == NULL || t->completed == NULL || t->statuses == NULL)
		return mill_fail_nomem(err, slots * sizeof *t->requests, "communicator");
	t->capacity = streams;
	return MILL_OK;
}

void mpi_transfer_release(mpi_comm *self)
{
	mpi_transfer *t = &self->transfer;
	mill_mem_free(t->streams);
	mill_mem_free(t->requests);
	mill_mem_free(t->completed);
	mill_mem_free(t->statuses);
	*t = (mpi_transfer){0};
}

void mpi_transfer_reset(mpi_comm *self, int tag)
{
	mpi_transfer *t = &self->transfer;
	t->count = 0;
	t->pending = 0;
	t->tag = tag;
}

void mpi_transfer_add(mpi_comm *self, int peer, bool sending, void *data, size_t size_bytes)
{
	mpi_transfer *t = &self->transfer;
	if (size_bytes == 0)
		return;
	t->streams[t->count++] = (mpi_stream){.data = data, .size_bytes = size_bytes, .peer = peer, .sending = sending};
}

static mill_status post_chunk(mpi_comm *self, int slot, mill_error *err)
{
	mpi_transfer *t = &self->transfer;
	mpi_stream *s = &t->streams[slot / MPI_STREAM_DEPTH];
	size_t left = s->size_bytes - s->posted_bytes;
	if (left == 0)
		return MILL_OK;
	size_t limit = (size_t)self->base.options.chunk_bytes;
	int bytes = (int)(left < limit ? left : limit);
	uint8_t *at = s->data == NULL ? self->spare : s->data + s->posted_bytes;
	int code = s->sending ? MPI_Isend(at, bytes, MPI_BYTE, s->peer, t->tag, self->world, &t->requests[slot])
	                      : MPI_Irecv(at, bytes, MPI_BYTE, s->peer, t->tag, self->world, &t->requests[slot]);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, s->sending ? "MPI_Isend" : "MPI_Irecv", err);
	s->posted_bytes += (size_t)bytes;
	t->pending++;
	return MILL_OK;
}

mill_status mpi_transfer_start(mpi_comm *self, mill_error *err)
{
	mpi_transfer *t = &self->transfer;
	for (int slot = 0; slot < t->count * MPI_STREAM_DEPTH; slot++)
		t->requests[slot] = MPI_REQUEST_NULL;
	for (int slot = 0; slot < t->count * MPI_STREAM_DEPTH; slot++)
		MILL_TRY(post_chunk(self, slot, err));
	return MILL_OK;
}

/* Which transfer failed, when MPI says that one of several did. */
static mill_status fail_some(mpi_comm *self, int code, int finished, mill_error *err)
{
	const mpi_transfer *t = &self->transfer;
	for (int i = 0; code == MPI_ERR_IN_STATUS && i < finished; i++) {
		if (t->statuses[i].MPI_ERROR == MPI_SUCCESS || t->statuses[i].MPI_ERROR == MPI_ERR_PENDING)
			continue;
		const mpi_stream *stream = &t->streams[t->completed[i] / MPI_STREAM_DEPTH];
		mill_status status =
		    mpi_fail(self, t->statuses[i].MPI_ERROR, stream->sending ? "MPI_Isend" : "MPI_Irecv", err);
		return mill_fail_context(err, status, "%s rank %d", stream->sending ? "to" : "from", stream->peer);
	}
	return mpi_fail(self, code, "MPI_Testsome", err);
}

mill_status mpi_transfer_advance(mpi_comm *self, bool *progressed, mill_error *err)
{
	mpi_transfer *t = &self->transfer;
	*progressed = false;
	while (t->pending > 0) {
		int finished = 0;
		int code = MPI_Testsome(t->count * MPI_STREAM_DEPTH, t->requests, &finished, t->completed, t->statuses);
		if (code != MPI_SUCCESS)
			return fail_some(self, code, finished, err);
		if (finished == MPI_UNDEFINED || finished <= 0)
			return MILL_OK;
		*progressed = true;
		t->pending -= finished;
		/* Chunks of a stream are posted in their order, whichever slot is free: MPI keeps messages between two
		 * ranks in order. */
		for (int i = 0; i < finished; i++)
			MILL_TRY(post_chunk(self, t->completed[i], err));
	}
	return MILL_OK;
}

mill_status mpi_transfer_finish(mpi_comm *self, const char *what, mill_error *err)
{
	mpi_wait wait = {0};
	for (;;) {
		bool progressed = false;
		MILL_TRY(mpi_transfer_advance(self, &progressed, err));
		if (self->transfer.pending == 0)
			return MILL_OK;
		if (progressed)
			mpi_wait_progressed(&wait);
		MILL_TRY(mpi_wait_pause(self, &wait, what, err));
	}
}
