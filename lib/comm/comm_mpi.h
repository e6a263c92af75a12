/* Private to the MPI backend: its state, waiting, and chunked point-to-point transfers. The functions that
 * wait are Collective, the others not. */
#ifndef MILL_COMM_COMM_MPI_H
#define MILL_COMM_COMM_MPI_H

#include "comm/comm_private.h"

#include <mpi.h>

/* One direction of a transfer with one peer: size_bytes at data, cut into chunks of which a few are posted at a time.
 */
typedef struct mpi_stream {
	uint8_t *data; /* NULL on a receiver: the bytes are dropped into the spare chunk */
	size_t size_bytes;
	size_t posted_bytes;
	int peer;
	bool sending;
} mpi_stream;

enum { MPI_STREAM_DEPTH = 4 };

typedef struct mpi_transfer {
	mpi_stream *streams;   /* capacity */
	MPI_Request *requests; /* MPI_STREAM_DEPTH per stream, null where idle */
	int *completed;        /* as many: output of MPI_Testsome */
	MPI_Status *statuses;  /* as many */
	int count;             /* streams in use */
	int capacity;
	int pending; /* requests that are not null */
	int tag;
} mpi_transfer;

typedef enum mpi_round_phase { ROUND_IDLE, ROUND_COUNTS, ROUND_PAYLOAD, ROUND_LANDED } mpi_round_phase;

/* The count message: WORD_LENGTH int64 to every rank. */
enum { WORD_BYTES, WORD_FLAGS, WORD_STATUS, WORD_CHANNEL, WORD_LENGTH };
enum { FLAG_DRY = 1, FLAG_STOP = 2 };

typedef struct mpi_round {
	mpi_round_phase phase;
	int64_t *sent_words;     /* [size · WORD_LENGTH] */
	int64_t *received_words; /* the same */
	const void **send_data;  /* [size], the caller's buffers */
	size_t *send_bytes;
	const uint8_t **data; /* [size], what round_end hands out */
	size_t *size_bytes;
	uint8_t *buffer; /* received payloads, one after the other */
	size_t buffer_bytes;
	size_t missing_bytes; /* not 0: no memory for so many, this round's payload is dropped */
	MPI_Request counts;
} mpi_round;

/* Signs of life: comm_mpi_beat.c. */
typedef struct mpi_beat {
	MPI_Request receive; /* from the left neighbour */
	MPI_Request send;    /* to the right one */
	int64_t heard;       /* buffers of the two: an age, or BYE */
	int64_t told;
	int64_t every_ns; /* how often a computing rank tells */
	int64_t told_ns;  /* the time of life that the right neighbour was last told */
	int64_t life_ns;  /* when any rank was last known to compute, by this rank's clock */
	bool left_gone;
} mpi_beat;

typedef struct mpi_comm {
	mill_comm base; /* first: a mill_comm * is an mpi_comm * */
	MPI_Comm world; /* a duplicate with MPI_ERRORS_RETURN */
	bool broken;    /* an MPI call failed or a rank was lost: no further MPI call, finalising included */
	mpi_transfer transfer;
	mpi_round round;
	mpi_beat beat;
	uint8_t *spare; /* a chunk to drop data into; there before it is needed */
} mpi_comm;

/* Back-off of a wait: spin, then yield, then sleep; fails with MILL_LOST_RANK at the deadline. */
typedef struct mpi_wait {
	int turns;
	int64_t start_ns; /* of the wait, or of the last progress seen */
	long sleep_ns;
} mpi_wait;

/* Starts the wait anew: something moved. */
void mpi_wait_progressed(mpi_wait *wait);
/* One turn of a wait for `what` (for the message). MILL_LOST_RANK once no rank was at work for the timeout. */
MILL_NODISCARD mill_status mpi_wait_pause(mpi_comm *self, mpi_wait *wait, const char *what, mill_error *err);
/* MILL_LOST_RANK naming this rank, the call and MPI's text; marks the communicator broken. */
MILL_NODISCARD mill_status mpi_fail(mpi_comm *self, int code, const char *call, mill_error *err);
/* MILL_LOST_RANK when the communicator is broken: nobody would answer, and each wait would take a whole deadline. A
 * message of that kind in err stays. */
MILL_NODISCARD mill_status mpi_check_whole(const mpi_comm *self, mill_error *err);
/* Waits until the request is complete. MILL_LOST_RANK as mpi_wait_pause. */
MILL_NODISCARD mill_status mpi_wait_for(mpi_comm *self, MPI_Request *request, const char *what, mill_error *err);

/* Allocates room for `streams` streams. MILL_NOMEM. */
MILL_NODISCARD mill_status mpi_transfer_init(mpi_comm *self, int streams, mill_error *err);
/* Frees that room; idempotent. Nothing is in flight. */
void mpi_transfer_release(mpi_comm *self);
/* Begins a transfer without streams, whose messages carry the tag. */
void mpi_transfer_reset(mpi_comm *self, int tag);
/* Adds a stream of size_bytes at data, which stays the caller's; 0 adds nothing. Messages between two ranks stay in
 * order, so the streams of one tag need no more names. */
void mpi_transfer_add(mpi_comm *self, int peer, bool sending, void *data, size_t size_bytes);
/* Posts the first chunks. MILL_LOST_RANK when MPI fails. */
MILL_NODISCARD mill_status mpi_transfer_start(mpi_comm *self, mill_error *err);
/* Moves on without waiting; *progressed when a chunk finished. Done when transfer.pending is 0. */
MILL_NODISCARD mill_status mpi_transfer_advance(mpi_comm *self, bool *progressed, mill_error *err);
/* Waits until all streams are through. MILL_LOST_RANK as mpi_wait_pause. */
MILL_NODISCARD mill_status mpi_transfer_finish(mpi_comm *self, const char *what, mill_error *err);

/* Posts the first receive of a sign of life. MILL_LOST_RANK when MPI fails. */
MILL_NODISCARD mill_status mpi_beat_open(mpi_comm *self, mill_error *err);
/* This rank computes; costs a look at the clock, and now and then a message. */
void mpi_beat_computing(mpi_comm *self);
/* Hears and passes on; returns when any rank was last known to compute. */
int64_t mpi_beat_waiting(mpi_comm *self, int64_t now_ns);
/* Collective: exchanges byes, so that nothing is under way when MPI ends. False when that does not work. */
MILL_NODISCARD bool mpi_beat_close(mpi_comm *self);

/* Rounds, in comm_mpi_round.c. */

/* Allocates what rounds need, by number of ranks. MILL_NOMEM. */
MILL_NODISCARD mill_status mpi_round_init(mpi_comm *self, mill_error *err);
/* Frees it. No round is in flight. */
void mpi_round_free(mpi_comm *self);
/* mill_comm_progress: moves a round on and gives a sign of life. */
void mpi_progress(mill_comm *comm);
/* Collective: mill_comm_round_begin. */
MILL_NODISCARD mill_status mpi_round_begin(mill_comm *comm, const void *const *data, const size_t *size_bytes,
                                           mill_round_word mine, mill_error *err);
/* Collective: mill_comm_round_end. */
MILL_NODISCARD mill_status mpi_round_end(mill_comm *comm, mill_round_result *out, mill_error *err);
/* mill_comm_round_release. */
void mpi_round_release(mill_comm *comm);

#endif
