/* Signs of life. Waiting long for a rank that computes is right, waiting for one that is gone is not. A rank that
 * computes tells its right neighbour so about once a second (mill_comm_progress), with age 0; a rank that waits passes
 * on what it hears, with the time that has passed added, so that all learn when somebody was last known to work. When
 * nobody was for the whole time of a wait, a rank is lost, or all wait for each other. A ring: O(1) messages per rank
 * and second. Ages, not times, travel, since clocks of hosts differ. */
#include "base/checked.h"
#include "base/clock.h"
#include "comm/comm_mpi.h"

#include <sched.h>

enum { BEAT_TAG = 3, BEATS_A_TIMEOUT = 10, NEWS_A_BEAT = 10 };
#define LONGEST_BEAT_NS INT64_C(1000000000)
#define BYE             INT64_C(-1)

static int left_of(const mpi_comm *self)
{
	return (self->base.rank + self->base.size - 1) % self->base.size;
}

static int right_of(const mpi_comm *self)
{
	return (self->base.rank + 1) % self->base.size;
}

static int listen(mpi_comm *self)
{
	return MPI_Irecv(&self->beat.heard, 1, MPI_INT64_T, left_of(self), BEAT_TAG, self->world, &self->beat.receive);
}

static int tell(mpi_comm *self, int64_t age_ns)
{
	self->beat.told = age_ns;
	return MPI_Isend(&self->beat.told, 1, MPI_INT64_T, right_of(self), BEAT_TAG, self->world, &self->beat.send);
}

mill_status mpi_beat_open(mpi_comm *self, mill_error *err)
{
	self->beat.every_ns = mill_min_i64(LONGEST_BEAT_NS, self->base.options.timeout_ns / BEATS_A_TIMEOUT);
	self->beat.receive = MPI_REQUEST_NULL;
	self->beat.send = MPI_REQUEST_NULL;
	if (self->base.size == 1)
		return MILL_OK;
	int code = listen(self);
	return code == MPI_SUCCESS ? MILL_OK : mpi_fail(self, code, "MPI_Irecv of a sign of life", err);
}

/* Takes what has arrived; false when MPI failed. */
static bool hear(mpi_comm *self, int64_t now_ns)
{
	mpi_beat *beat = &self->beat;
	for (;;) {
		int done = 0;
		if (beat->receive == MPI_REQUEST_NULL)
			return true; /* the neighbour said bye */
		if (MPI_Test(&beat->receive, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
			return false;
		if (!done)
			return true;
		if (beat->heard == BYE) {
			beat->left_gone = true;
			return true;
		}
		if (now_ns - beat->heard > beat->life_ns)
			beat->life_ns = now_ns - beat->heard;
		if (listen(self) != MPI_SUCCESS)
			return false;
	}
}

/* True when the last message to the right has left; *failed when MPI failed. */
static bool may_tell(mpi_comm *self, bool *failed)
{
	int done = 1;
	if (self->beat.send != MPI_REQUEST_NULL && MPI_Test(&self->beat.send, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
		*failed = true;
	return done && !*failed;
}

void mpi_beat_computing(mpi_comm *self)
{
	mpi_beat *beat = &self->beat;
	int64_t now_ns = mill_clock_ns();
	bool failed = false;
	if (self->base.size == 1 || self->broken || now_ns - beat->told_ns < beat->every_ns)
		return;
	beat->life_ns = now_ns;
	if (!hear(self, now_ns))
		failed = true;
	if (!failed && may_tell(self, &failed)) {
		beat->told_ns = now_ns;
		failed = tell(self, 0) != MPI_SUCCESS;
	}
	self->broken = self->broken || failed;
}

int64_t mpi_beat_waiting(mpi_comm *self, int64_t now_ns)
{
	mpi_beat *beat = &self->beat;
	bool failed = !hear(self, now_ns);
	if (!failed && beat->life_ns - beat->told_ns > beat->every_ns / NEWS_A_BEAT && may_tell(self, &failed)) {
		beat->told_ns = beat->life_ns;
		failed = tell(self, now_ns - beat->life_ns) != MPI_SUCCESS;
	}
	self->broken = self->broken || failed;
	return beat->life_ns;
}

bool mpi_beat_close(mpi_comm *self)
{
	mpi_beat *beat = &self->beat;
	bool failed = false, said = self->base.size == 1;
	int64_t start_ns = mill_clock_ns();
	beat->left_gone = beat->left_gone || self->base.size == 1;
	while (!failed) {
		bool idle = may_tell(self, &failed);
		if (idle && !said && !failed) {
			failed = tell(self, BYE) != MPI_SUCCESS;
			said = true;
			continue;
		}
		if (!beat->left_gone)
			failed = failed || !hear(self, mill_clock_ns());
		if (said && idle && beat->left_gone)
			return !failed;
		failed = failed || mill_clock_ns() - start_ns > self->base.options.timeout_ns;
		sched_yield();
	}
	return false;
}
