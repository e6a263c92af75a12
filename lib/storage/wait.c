/* All waiting of this room: for operations under way, and between a failure and the next try. */
#include "base/checked.h"
#include "base/clock.h"
#include "base/hash.h"
#include "storage/io.h"

#include <string.h>
#include <time.h>

#define SLICE_NS (10 * INT64_C(1000000))

void mill_io_fail(mill_io *io, mill_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	io->status = mill_fail_v(&io->error, status, format, args);
	va_end(args);
	io->done = true;
}

void mill_io_init(mill_io *io, const mill_place *place)
{
	memset(io, 0, offsetof(mill_io, error));
	io->uri = place->uri;
	io->shown = place->shown;
	io->backend = place->backend;
	io->state = place->state;
}

static void start(mill_storage *storage, mill_io *io)
{
	io->done = io->is_transient = io->has_changed = false;
	io->status = MILL_OK;
	io->retry_after_ns = io->again_ns = io->begun_ns = 0;
	io->got_bytes = 0;
	io->tries++;
	storage->counters.requests++;
	io->begin(io->state, io);
}

void mill_io_begin(mill_storage *storage, mill_io *io, mill_begin *begin)
{
	io->begin = begin;
	io->tries = 0;
	start(storage, io);
}

void mill_io_cancel(mill_io *io)
{
	if (io->begin != NULL && !io->done && io->again_ns == 0 && io->backend->cancel != NULL)
		io->backend->cancel(io->state, io);
	io->done = true;
	io->is_transient = false;
}

mill_status mill_io_outcome(const mill_io *io, mill_error *err)
{
	if (io->status != MILL_OK && err != NULL)
		*err = io->error;
	return io->status;
}

/* The pause before the next try: doubled each time, a random half to whole of it, so that ranks that failed together
 * do not come back together. What the other side asks for is kept to. */
static int64_t pause_ns(const mill_storage *storage, const mill_io *io, int64_t now_ns)
{
	if (io->retry_after_ns > 0)
		return io->retry_after_ns;
	int64_t most = storage->first_pause_ns;
	for (int i = 1; i < io->tries && most < storage->longest_pause_ns; i++)
		most *= 2;
	most = mill_min_i64(most, storage->longest_pause_ns);
	uint64_t seed[2] = {(uint64_t)now_ns, (uint64_t)(uintptr_t)io};
	return most / 2 + (int64_t)(mill_h64(0, seed, sizeof seed) % (uint64_t)(most / 2 + 1));
}

/* True when the operation is over; one that failed for a while is put by for its next try. */
static bool is_over(mill_storage *storage, mill_io *io, int64_t now_ns)
{
	if (!io->done)
		return false;
	if (io->status == MILL_OK || !io->is_transient)
		return true;
	if (io->tries >= storage->most_tries) {
		io->is_transient = false;
		mill_fail_context(&io->error, io->status, "given up after %d tries", io->tries);
		return true;
	}
	io->done = false;
	io->again_ns = now_ns + pause_ns(storage, io, now_ns);
	return false;
}

/* Begins again what is due; when the earliest of the others is. */
static int64_t begin_due(mill_storage *storage, mill_io *io, int64_t now_ns, int64_t until_ns)
{
	if (io->again_ns == 0)
		return until_ns;
	if (io->again_ns > now_ns)
		return mill_min_i64(until_ns, io->again_ns);
	storage->counters.retries++;
	start(storage, io);
	return now_ns;
}

static void sleep_ns(int64_t duration_ns)
{
	struct timespec time = {duration_ns / 1000000000, duration_ns % 1000000000};
	nanosleep(&time, NULL);
}

/* An operation that is still not done after the time of one try is given up, and may be tried again. */
static void check_time(const mill_storage *storage, mill_io *io, int64_t now_ns)
{
	if (io->begun_ns == 0)
		io->begun_ns = now_ns;
	if (now_ns - io->begun_ns < storage->timeout_ns)
		return;
	mill_io_cancel(io);
	mill_io_fail(io, MILL_IO, "%s: no answer within %lld s", io->shown,
	             (long long)(storage->timeout_ns / 1000000000));
	io->is_transient = true;
}

/* One turn: begins what is due, gives backends up to a slice of time. True when all are over. */
static bool turn(mill_storage *storage, mill_io *const *ios, int count)
{
	int64_t now_ns = mill_clock_ns(), until_ns = now_ns + SLICE_NS;
	const mill_io *waits = NULL;
	bool all = true;
	for (int i = 0; i < count; i++) {
		if (is_over(storage, ios[i], now_ns))
			continue;
		all = false;
		until_ns = begin_due(storage, ios[i], now_ns, until_ns);
		if (ios[i]->again_ns != 0 || ios[i]->done)
			continue;
		check_time(storage, ios[i], now_ns);
		waits = ios[i];
	}
	if (all || until_ns <= now_ns)
		return all;
	if (waits == NULL) {
		sleep_ns(until_ns - now_ns);
		return false;
	}
	if (waits->done)
		return false;
	/* Backends other than the first one's move along too, without being waited for. */
	for (int i = 0; i < count; i++)
		if (ios[i]->backend != waits->backend && ios[i]->again_ns == 0 && !ios[i]->done)
			ios[i]->backend->advance(ios[i]->state, 0);
	waits->backend->advance(waits->state, until_ns - now_ns);
	return false;
}

static bool all_over(mill_io *const *ios, int count)
{
	for (int i = 0; i < count; i++)
		if (!ios[i]->done || (ios[i]->status != MILL_OK && ios[i]->is_transient))
			return false;
	return true;
}

mill_status mill_storage_wait(mill_storage *storage, mill_io *const *ios, int count, int64_t deadline_ns,
                              mill_error *err)
{
	if (all_over(ios, count)) /* as local files always are: no clock is looked at */
		return MILL_OK;
	int64_t begin_ns = mill_clock_ns();
	mill_status status = MILL_OK;
	while (!turn(storage, ios, count)) {
		status = mill_hook_call(&storage->hook, err);
		if (status == MILL_OK && deadline_ns != 0 && mill_clock_ns() >= deadline_ns)
			status = mill_fail(err, MILL_IO, "no answer in time");
		if (status != MILL_OK)
			break;
	}
	storage->counters.waits++;
	storage->counters.wait_ns += mill_clock_ns() - begin_ns;
	return status;
}

mill_status mill_io_run(mill_storage *storage, mill_io *io, mill_begin *begin, mill_error *err)
{
	mill_io_begin(storage, io, begin);
	mill_status status = mill_storage_wait(storage, &io, 1, 0, err);
	if (status == MILL_OK)
		return mill_io_outcome(io, err);
	mill_io_cancel(io);
	return status;
}
