/* Rounds over MPI: counts by Ialltoall, then payloads point to point; a state machine that mpi_progress drives. */
#include "base/checked.h"
#include "comm/comm_mpi.h"

#include <string.h>

enum { ROUND_TAG = 1 };
/* A receive buffer this much larger than needed is given back: one skewed round must not hold memory for good. */
enum { BUFFER_SLACK = 4 };

mill_status mpi_round_init(mpi_comm *self, mill_error *err)
{
	mpi_round *round = &self->round;
	mill_mem *mem = self->base.mem;
	size_t size = (size_t)self->base.size;
	round->sent_words = mill_mem_calloc(mem, size * WORD_LENGTH, sizeof *round->sent_words);
	round->received_words = mill_mem_calloc(mem, size * WORD_LENGTH, sizeof *round->received_words);
	round->send_data = mill_mem_calloc(mem, size, sizeof *round->send_data);
	round->send_bytes = mill_mem_calloc(mem, size, sizeof *round->send_bytes);
	round->data = mill_mem_calloc(mem, size, sizeof *round->data);
	round->size_bytes = mill_mem_calloc(mem, size, sizeof *round->size_bytes);
	if (round->sent_words == NULL || round->received_words == NULL || round->send_data == NULL ||
	    round->send_bytes == NULL || round->data == NULL || round->size_bytes == NULL)
		return mill_fail_nomem(err, size * WORD_LENGTH * sizeof(int64_t), "communicator");
	return MILL_OK;
}

void mpi_round_release(mill_comm *comm)
{
	mpi_round *round = &((mpi_comm *)comm)->round;
	mill_mem_free(round->buffer);
	round->buffer = NULL;
	round->buffer_bytes = 0;
}

void mpi_round_free(mpi_comm *self)
{
	mpi_round *round = &self->round;
	mpi_round_release(&self->base);
	mill_mem_free(round->sent_words);
	mill_mem_free(round->received_words);
	mill_mem_free(round->send_data);
	mill_mem_free(round->send_bytes);
	mill_mem_free(round->data);
	mill_mem_free(round->size_bytes);
	*round = (mpi_round){0};
}

mill_status mpi_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes, mill_round_word mine,
                            mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	mpi_round *round = &self->round;
	MILL_TRY(mpi_check_whole(self, err));
	comm->sequence++;
	bool stop = mine.stop || mill_comm_stopping(comm);
	for (int r = 0; r < comm->size; r++) {
		int64_t *word = round->sent_words + (size_t)r * WORD_LENGTH;
		round->send_data[r] = data[r];
		round->send_bytes[r] = size_bytes[r];
		word[WORD_BYTES] = (int64_t)size_bytes[r];
		word[WORD_FLAGS] = (mine.dry ? FLAG_DRY : 0) | (stop ? FLAG_STOP : 0);
		word[WORD_STATUS] = (int64_t)mine.status;
		word[WORD_CHANNEL] = mine.channel;
	}
	int code = MPI_Ialltoall(round->sent_words, WORD_LENGTH, MPI_INT64_T, round->received_words, WORD_LENGTH,
	                         MPI_INT64_T, self->world, &round->counts);
	if (code != MPI_SUCCESS)
		return mpi_fail(self, code, "MPI_Ialltoall of a round's counts", err);
	round->phase = ROUND_COUNTS;
	return MILL_OK;
}

/* Room for what this round brings. Without memory the payload is dropped, since others are already sending it. */
static void make_room(mpi_comm *self, size_t need_bytes)
{
	mpi_round *round = &self->round;
	round->missing_bytes = 0;
	if (round->buffer_bytes < need_bytes || round->buffer_bytes / BUFFER_SLACK > need_bytes)
		mpi_round_release(&self->base);
	if (need_bytes == 0 || round->buffer != NULL)
		return;
	round->buffer = mill_mem_alloc(self->base.mem, need_bytes);
	if (round->buffer == NULL)
		round->missing_bytes = need_bytes;
	else
		round->buffer_bytes = need_bytes;
}

static mill_status post_payload(mpi_comm *self, mill_error *err)
{
	mpi_round *round = &self->round;
	int size = self->base.size, rank = self->base.rank;
	size_t need_bytes = 0;
	for (int r = 0; r < size; r++) {
		round->size_bytes[r] = (size_t)round->received_words[(size_t)r * WORD_LENGTH + WORD_BYTES];
		if (r != rank)
			need_bytes += mill_round_up(round->size_bytes[r], 64);
	}
	make_room(self, need_bytes);
	mpi_transfer_reset(self, ROUND_TAG);
	uint8_t *at = round->buffer;
	/* Each rank starts with another peer, so that not all send to rank 0 first. */
	for (int i = 1; i < size; i++) {
		int from = (rank + size - i) % size;
		mpi_transfer_add(self, from, false, at, round->size_bytes[from]);
		round->data[from] = at;
		if (at != NULL)
			at += mill_round_up(round->size_bytes[from], 64);
	}
	for (int i = 1; i < size; i++) {
		int to = (rank + i) % size;
		mpi_transfer_add(self, to, true, (void *)(uintptr_t)round->send_data[to], round->send_bytes[to]);
	}
	round->data[rank] = round->send_data[rank];
	round->phase = ROUND_PAYLOAD;
	return mpi_transfer_start(self, err);
}

static mill_status round_advance(mpi_comm *self, bool *progressed, mill_error *err)
{
	mpi_round *round = &self->round;
	*progressed = false;
	if (round->phase == ROUND_COUNTS) {
		int done = 0;
		int code = MPI_Test(&round->counts, &done, MPI_STATUS_IGNORE);
		if (code != MPI_SUCCESS)
			return mpi_fail(self, code, "MPI_Ialltoall of a round's counts", err);
		if (!done)
			return MILL_OK;
		*progressed = true;
		MILL_TRY(post_payload(self, err));
	}
	if (round->phase == ROUND_PAYLOAD) {
		bool moved = false;
		MILL_TRY(mpi_transfer_advance(self, &moved, err));
		*progressed = *progressed || moved;
		if (self->transfer.pending == 0)
			round->phase = ROUND_LANDED;
	}
	return MILL_OK;
}

void mpi_progress(mill_comm *comm)
{
	mpi_comm *self = (mpi_comm *)comm;
	bool progressed = false;
	mpi_beat_computing(self);
	/* A failure marks the communicator broken, and round_end tells it. */
	if (comm->round_in_flight && !self->broken && round_advance(self, &progressed, NULL) != MILL_OK)
		self->broken = true;
}

static mill_status read_words(mpi_comm *self, mill_round_result *out, mill_error *err)
{
	mpi_round *round = &self->round;
	int64_t channel = round->sent_words[WORD_CHANNEL];
	*out = (mill_round_result){
	    .all_dry = true, .worst = MILL_OK, .data = round->data, .size_bytes = round->size_bytes};
	for (int r = 0; r < self->base.size; r++) {
		const int64_t *word = round->received_words + (size_t)r * WORD_LENGTH;
		if (word[WORD_CHANNEL] != channel)
			return mill_fail(
			    err, MILL_INTERNAL, "rank %d is in a round of another exchange than rank %d (%llx, %llx)",
			    r, self->base.rank, (unsigned long long)word[WORD_CHANNEL], (unsigned long long)channel);
		out->all_dry = out->all_dry && (word[WORD_FLAGS] & FLAG_DRY) != 0;
		out->any_stop = out->any_stop || (word[WORD_FLAGS] & FLAG_STOP) != 0;
		if (out->worst == MILL_OK && word[WORD_STATUS] != MILL_OK) {
			out->worst = (mill_status)word[WORD_STATUS];
			out->worst_rank = r;
		}
	}
	return MILL_OK;
}

mill_status mpi_round_end(mill_comm *comm, mill_round_result *out, mill_error *err)
{
	mpi_comm *self = (mpi_comm *)comm;
	mpi_round *round = &self->round;
	mpi_wait wait = {0};
	if (self->broken)
		return mill_fail(err, MILL_LOST_RANK, "rank %d of %d: an exchange round broke off", comm->rank,
		                 comm->size);
	while (round->phase != ROUND_LANDED) {
		bool progressed = false;
		MILL_TRY(round_advance(self, &progressed, err));
		if (round->phase == ROUND_LANDED)
			break;
		if (progressed)
			mpi_wait_progressed(&wait);
		MILL_TRY(mpi_wait_pause(self, &wait, "an exchange round", err));
	}
	round->phase = ROUND_IDLE;
	mill_round_result result;
	MILL_TRY(read_words(self, &result, err));
	*out = result;
	if (round->missing_bytes > 0)
		return mill_fail_nomem(err, round->missing_bytes, "what an exchange round brought");
	return MILL_OK;
}
