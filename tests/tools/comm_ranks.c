/* usage: mpirun -n N comm_ranks CASE [CHUNK_BYTES]. Checks the collectives of comm/ against values worked out here;
 * rank 0 prints "ok CASE at N ranks". tests/suites/comm.fast.sh runs it. */
#include "base/clock.h"
#include "base/mem.h"
#include "check.h"
#include "comm/comm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static mill_mem mem;
static volatile int stop_signal;
static void differs(const char *what)
{
	fprintf(stderr, "comm_ranks: %s differs\n", what);
	failures++;
}

static void on_signal(int number)
{
	stop_signal = number;
}

/* Byte i of the blob that rank `from` sends to rank `to` in round `turn`. */
static uint8_t expected_byte(int from, int to, int turn, size_t i)
{
	return (uint8_t)((size_t)(from * 7 + to * 13 + turn * 31) + i * 5 + (i >> 8));
}

static size_t expected_size(int from, int to, int turn)
{
	int kind = (from + 2 * to + turn) % 5;
	return kind == 0 ? 0 : kind == 1 ? 1 : kind == 2 ? 4097 : kind == 3 ? 70000 : (size_t)(from + 1) * 1000;
}

static void reductions(mill_comm *comm)
{
	int64_t n = mill_comm_size(comm), r = mill_comm_rank(comm);
	int64_t sums[2] = {r + 1, -r}, lows[1] = {100 - r}, highs[1] = {r * r}, before[2] = {r + 1, 5},
	        scan[2] = {-1, -1};
	CHECK(mill_comm_barrier(comm, NULL) == MILL_OK);
	CHECK(mill_comm_sum_i64(comm, sums, 2, NULL) == MILL_OK);
	CHECK(sums[0] == n * (n + 1) / 2 && sums[1] == -n * (n - 1) / 2);
	CHECK(mill_comm_min_i64(comm, lows, 1, NULL) == MILL_OK);
	CHECK(lows[0] == 100 - (n - 1));
	CHECK(mill_comm_max_i64(comm, highs, 1, NULL) == MILL_OK);
	CHECK(highs[0] == (n - 1) * (n - 1));
	CHECK(mill_comm_exscan_i64(comm, before, 2, scan, NULL) == MILL_OK);
	CHECK(scan[0] == r * (r + 1) / 2 && scan[1] == 5 * r);
	/* 40 values walk more than one block; the sum wraps at 2^128. */
	mill_u128 wide[40];
	for (int i = 0; i < 40; i++)
		wide[i] = ~(mill_u128)0 - (mill_u128)(uint64_t)(r * i);
	CHECK(mill_comm_sum_u128(comm, wide, 40, NULL) == MILL_OK);
	for (int i = 0; i < 40; i++)
		CHECK(wide[i] == (mill_u128)0 - (mill_u128)(uint64_t)n - (mill_u128)(uint64_t)(i * n * (n - 1) / 2));
	CHECK(mill_comm_node_ranks(comm) == n && mill_comm_node_rank(comm) == r);
}

static void blobs(mill_comm *comm)
{
	int n = mill_comm_size(comm), r = mill_comm_rank(comm);
	mill_bytes blob, out;
	mill_bytes_init(&blob, &mem);
	mill_bytes_init(&out, &mem);
	size_t *sizes = mill_mem_calloc(&mem, (size_t)n, sizeof *sizes);
	for (int root = 0; root < n; root++) {
		size_t length = root == 0 ? 0 : (size_t)root * 100003;
		blob.size_bytes = 0;
		for (size_t i = 0; r == root && i < length; i++)
			CHECK(mill_bytes_append_u8(&blob, expected_byte(root, 0, 0, i)) == MILL_OK);
		CHECK(mill_comm_broadcast(comm, root, &blob, NULL) == MILL_OK);
		CHECK(blob.size_bytes == length);
		for (size_t i = 0; i < blob.size_bytes; i++)
			if (blob.data[i] != expected_byte(root, 0, 0, i)) {
				differs("broadcast byte");
				break;
			}
	}
	for (int to_all = 0; to_all < 2; to_all++) {
		int root = n - 1;
		size_t length = (size_t)(r % 3) * 50021;
		blob.size_bytes = 0;
		for (size_t i = 0; i < length; i++)
			CHECK(mill_bytes_append_u8(&blob, expected_byte(r, 1, to_all, i)) == MILL_OK);
		if (to_all)
			CHECK(mill_comm_allgather(comm, blob.data, blob.size_bytes, &out, sizes, NULL) == MILL_OK);
		else
			CHECK(mill_comm_gather(comm, root, blob.data, blob.size_bytes, &out, sizes, NULL) == MILL_OK);
		size_t at = 0;
		for (int from = 0; from < n; from++) {
			CHECK(sizes[from] == (size_t)(from % 3) * 50021);
			for (size_t i = 0; (to_all || r == root) && i < sizes[from]; i++, at++)
				if (out.data[at] != expected_byte(from, 1, to_all, i)) {
					differs("gathered byte");
					at += sizes[from] - i;
					break;
				}
		}
		CHECK(out.size_bytes == at);
	}
	mill_bytes_release(&blob);
	mill_bytes_release(&out);
	mill_mem_free(sizes);
}

static void agreement(mill_comm *comm)
{
	int n = mill_comm_size(comm), r = mill_comm_rank(comm);
	mill_error err = {0};
	char text[64];
	CHECK(mill_comm_agree(comm, MILL_OK, &err) == MILL_OK);
	/* The two last ranks fail differently: the lower one wins, and agreeing again changes nothing. Causes of one
	 * machine name the rank. */
	int first = n > 1 ? n - 2 : 0;
	for (int local = 0; local < 2; local++) {
		mill_status wins = local ? MILL_IO : MILL_DATA, other = local ? MILL_DATA : MILL_IO;
		mill_status mine = r < first ? MILL_OK : mill_fail(&err, r == first ? wins : other, "cause %d", r);
		for (int turn = 0; turn < 2; turn++) {
			mine = mill_comm_agree(comm, mine, &err);
			if (n > 1 && local)
				snprintf(text, sizeof text, "rank %d of %d: cause %d", first, n, first);
			else
				snprintf(text, sizeof text, "cause %d", first);
			CHECK(mine == wins && err.status == wins && strcmp(err.message, text) == 0);
		}
	}
	stop_signal = SIGUSR1;
	CHECK(mill_comm_check_stop(comm, &err) == MILL_INTERRUPTED);
	CHECK(mill_comm_agree_done(comm, MILL_OK, &err) == MILL_OK);
	stop_signal = r == n - 1 ? SIGUSR1 : 0;
	CHECK(mill_comm_agree(comm, MILL_OK, &err) == MILL_INTERRUPTED);
	stop_signal = 0;
}

typedef struct outbox {
	const void **data;
	size_t *sizes;
	mill_bytes *blobs;
} outbox;

static void fill(outbox *box, int n, int r, int turn)
{
	for (int to = 0; to < n; to++) {
		box->blobs[to].size_bytes = 0;
		for (size_t i = 0; i < expected_size(r, to, turn); i++)
			CHECK(mill_bytes_append_u8(&box->blobs[to], expected_byte(r, to, turn, i)) == MILL_OK);
		box->data[to] = box->blobs[to].data;
		box->sizes[to] = box->blobs[to].size_bytes;
	}
}

static void check_landed(const mill_round_result *result, int n, int r, int turn)
{
	for (int from = 0; from < n; from++) {
		CHECK(result->size_bytes[from] == expected_size(from, r, turn));
		for (size_t i = 0; i < result->size_bytes[from]; i++)
			if (result->data[from][i] != expected_byte(from, r, turn, i)) {
				differs("byte of a round");
				break;
			}
	}
}

/* Rank r is dry after turn 3 + r, so the last rank decides when all are. */
static void rounds(mill_comm *comm)
{
	int n = mill_comm_size(comm), r = mill_comm_rank(comm);
	outbox boxes[2];
	for (int b = 0; b < 2; b++) {
		boxes[b].data = mill_mem_calloc(&mem, (size_t)n, sizeof *boxes[b].data);
		boxes[b].sizes = mill_mem_calloc(&mem, (size_t)n, sizeof *boxes[b].sizes);
		boxes[b].blobs = mill_mem_calloc(&mem, (size_t)n, sizeof *boxes[b].blobs);
		for (int to = 0; to < n; to++)
			mill_bytes_init(&boxes[b].blobs[to], &mem);
	}
	mill_round_result result = {0};
	for (int turn = 0; !result.all_dry; turn++) {
		outbox *box = &boxes[turn % 2];
		mill_round_word word = {.dry = turn >= 3 + r, .channel = 7};
		fill(box, n, r, turn);
		mill_comm_progress(comm);
		CHECK(turn < 4 + n);
		if (turn > 0) {
			CHECK(mill_comm_round_end(comm, &result, NULL) == MILL_OK);
			check_landed(&result, n, r, turn - 1);
			CHECK(result.all_dry == (turn - 1 >= 2 + n));
		}
		if (!result.all_dry)
			CHECK(mill_comm_round_begin(comm, box->data, box->sizes, word, NULL) == MILL_OK);
		if (failures > 0)
			break;
	}
	mill_comm_round_release(comm);
	for (int b = 0; b < 2; b++) {
		for (int to = 0; to < n; to++)
			mill_bytes_release(&boxes[b].blobs[to]);
		mill_mem_free(boxes[b].data);
		mill_mem_free(boxes[b].sizes);
		mill_mem_free(boxes[b].blobs);
	}
}

/* One round in which every rank sends `bytes` to each other with its own word. */
static mill_status one_round(mill_comm *comm, size_t bytes, mill_round_word word, mill_round_result *result,
                             mill_error *err)
{
	int n = mill_comm_size(comm);
	uint8_t *payload = mill_mem_calloc(&mem, 1, bytes + 1);
	const void **data = mill_mem_calloc(&mem, (size_t)n, sizeof *data);
	size_t *sizes = mill_mem_calloc(&mem, (size_t)n, sizeof *sizes);
	for (int to = 0; to < n; to++) {
		data[to] = payload;
		sizes[to] = bytes;
	}
	mill_status status = mill_comm_round_begin(comm, data, sizes, word, err);
	if (status == MILL_OK)
		status = mill_comm_round_end(comm, result, err);
	mill_mem_free(payload);
	mill_mem_free(data);
	mill_mem_free(sizes);
	return status;
}

/* Status, stop and a rank without memory travel in the words; different channels are told. */
static void words(mill_comm *comm)
{
	int n = mill_comm_size(comm), r = mill_comm_rank(comm);
	mill_round_result result = {0};
	mill_error err = {0};
	mill_round_word word = {.status = r >= n / 2 ? MILL_DATA : MILL_OK, .stop = r == n - 1};
	CHECK(one_round(comm, 0, word, &result, &err) == MILL_OK);
	CHECK(result.worst == MILL_DATA && result.worst_rank == n / 2 && result.any_stop && !result.all_dry);
	if (n > 1) {
		size_t bytes = 3000000;
		word = (mill_round_word){.dry = true};
		if (r == 0)
			mem.budget_bytes = mem.used_bytes + (int64_t)bytes + 100000;
		mill_status status = one_round(comm, bytes, word, &result, &err);
		mem.budget_bytes = INT64_MAX;
		CHECK(status == (r == 0 ? MILL_NOMEM : MILL_OK));
		word.status = status;
		CHECK(one_round(comm, bytes, word, &result, &err) == MILL_OK);
		CHECK(result.worst == MILL_NOMEM && result.worst_rank == 0 && result.all_dry);
		word = (mill_round_word){.channel = (uint32_t)r};
		CHECK(one_round(comm, 10, word, &result, &err) == MILL_INTERNAL);
	}
	mill_comm_round_release(comm);
}

/* The last rank hangs; the others must end with MILL_LOST_RANK, here by the short deadline. */
static void stuck(mill_comm *comm)
{
	while (mill_comm_rank(comm) == mill_comm_size(comm) - 1)
		pause();
	int64_t value = 1;
	mill_error err = {0};
	mill_status status = mill_comm_sum_i64(comm, &value, 1, &err);
	/* Later calls fail at once, with the same message. */
	mill_error first = err;
	int64_t start_ns = mill_clock_ns();
	CHECK(mill_comm_agree(comm, status, &err) == MILL_LOST_RANK && strcmp(err.message, first.message) == 0);
	CHECK(mill_comm_barrier(comm, NULL) == MILL_LOST_RANK);
	CHECK(mill_clock_ns() - start_ns < mill_comm_options_of(comm)->timeout_ns);
	if (failures == 0)
		printf("%s: %s\n", mill_status_name(status), err.message);
	fflush(stdout);
	mill_comm_abort(comm, mill_status_exit_code(status));
	_exit(mill_status_exit_code(status));
}

/* The first and, later, the middle rank work three times longer than the deadline: the others wait as long as it takes.
 */
static void busy(mill_comm *comm)
{
	int workers[2] = {0, mill_comm_size(comm) / 2};
	for (int w = 0; w < 2; w++) {
		for (int i = 0; i < 300 && mill_comm_rank(comm) == workers[w]; i++) {
			struct timespec pause = {0, 10000000};
			nanosleep(&pause, NULL);
			mill_comm_progress(comm);
		}
		int64_t value = 1;
		mill_error err = {0};
		CHECK(mill_comm_sum_i64(comm, &value, 1, &err) == MILL_OK && value == mill_comm_size(comm));
	}
}

/* Debug builds name the ranks' disagreement; without the check this would hang until the deadline. */
static void mismatch(mill_comm *comm)
{
#ifdef MILL_DEBUG
	int64_t value = 1;
	mill_error err = {0};
	mill_status status =
	    mill_comm_rank(comm) == 0 ? mill_comm_sum_i64(comm, &value, 1, &err) : mill_comm_barrier(comm, &err);
	CHECK(mill_comm_size(comm) == 1 || status == MILL_INTERNAL);
#else
	(void)comm;
#endif
}

static const struct {
	const char *name;
	void (*run)(mill_comm *comm);
} cases[] = {
    {"reductions", reductions}, {"blobs", blobs}, {"agreement", agreement}, {"rounds", rounds},
    {"words", words},           {"stuck", stuck}, {"busy", busy},           {"mismatch", mismatch},
};

int main(int argc, char **argv)
{
	mill_comm_options options = {.use_mpi = mill_comm_launched(), .stop_signal = &stop_signal};
	mill_comm *comm = NULL;
	mill_error err = {0};
	if (argc < 2)
		return 2;
	if (argc > 2)
		options.chunk_bytes = strtoll(argv[2], NULL, 10);
	if (strcmp(argv[1], "stuck") == 0 || strcmp(argv[1], "busy") == 0)
		options.timeout_ns = 1000000000;
	signal(SIGUSR1, on_signal);
	mill_mem_init(&mem, INT64_MAX);
	if (mill_comm_open(&options, &mem, &comm, &err) != MILL_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	bool found = false;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(cases[i].name, argv[1]) == 0 || strcmp(argv[1], "all") == 0) {
			if (strcmp(argv[1], "all") == 0 &&
			    (strcmp(cases[i].name, "stuck") == 0 || strcmp(cases[i].name, "busy") == 0))
				continue;
			found = true;
			failures = 0;
			cases[i].run(comm);
			int64_t sum = failures;
			CHECK(mill_comm_sum_i64(comm, &sum, 1, NULL) == MILL_OK);
			if (mill_comm_rank(comm) == 0)
				printf("%s comm.%s at %d ranks, chunk %s\n", sum == 0 ? "ok" : "not ok", cases[i].name,
				       mill_comm_size(comm), argc > 2 ? argv[2] : "default");
		}
	mill_comm_close(comm);
	if (mem.used_bytes != 0)
		fprintf(stderr, "comm_ranks: %lld bytes leaked\n", (long long)mem.used_bytes);
	return found && mem.used_bytes == 0 && failures == 0 ? 0 : 1;
}
