/* The face of comm over the backend of one rank; tests/suites/comm.fast.sh runs the same face over MPI. */
#include "base/mem.h"
#include "comm/comm.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static mill_mem mem;

static mill_comm *open_single(const volatile int *stop_signal)
{
	mill_comm_options options = {.use_mpi = false, .timeout_ns = 0, .stop_signal = stop_signal};
	mill_comm *comm = NULL;
	mill_mem_init(&mem, INT64_MAX);
	CU_ASSERT_EQUAL_FATAL(mill_comm_open(&options, &mem, &comm, NULL), MILL_OK);
	return comm;
}

static void close_single(mill_comm *comm)
{
	mill_comm_close(comm);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void one_rank_is_the_world(void)
{
	mill_comm *comm = open_single(NULL);
	CU_ASSERT_EQUAL(mill_comm_rank(comm), 0);
	CU_ASSERT_EQUAL(mill_comm_size(comm), 1);
	CU_ASSERT_EQUAL(mill_comm_node_ranks(comm), 1);
	CU_ASSERT_EQUAL(mill_comm_node_rank(comm), 0);
	CU_ASSERT_EQUAL(mill_comm_options_of(comm)->timeout_ns, INT64_C(120000000000));
	mill_comm_progress(comm);
	close_single(comm);
	mill_comm_close(NULL);
}

static void reductions_are_identities(void)
{
	mill_comm *comm = open_single(NULL);
	int64_t values[2] = {-5, INT64_MAX}, before[2] = {9, 9};
	mill_u128 wide[2] = {((mill_u128)1 << 127) + 77, ~(mill_u128)0};
	CU_ASSERT_EQUAL(mill_comm_barrier(comm, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_sum_i64(comm, values, 2, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_min_i64(comm, values, 2, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_max_i64(comm, values, 2, NULL), MILL_OK);
	CU_ASSERT(values[0] == -5 && values[1] == INT64_MAX);
	CU_ASSERT_EQUAL(mill_comm_exscan_i64(comm, values, 2, before, NULL), MILL_OK);
	CU_ASSERT(before[0] == 0 && before[1] == 0);
	CU_ASSERT_EQUAL(mill_comm_sum_u128(comm, wide, 2, NULL), MILL_OK);
	CU_ASSERT(wide[0] == ((mill_u128)1 << 127) + 77 && wide[1] == ~(mill_u128)0);
	close_single(comm);
}

static void blobs_come_back(void)
{
	mill_comm *comm = open_single(NULL);
	mill_bytes blob, out;
	size_t sizes[1] = {0};
	mill_bytes_init(&blob, &mem);
	mill_bytes_init(&out, &mem);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&blob, "a table"), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_broadcast(comm, 0, &blob, NULL), MILL_OK);
	CU_ASSERT(blob.size_bytes == 7 && memcmp(blob.data, "a table", 7) == 0);
	CU_ASSERT_EQUAL(mill_comm_gather(comm, 0, "xyz", 3, &out, sizes, NULL), MILL_OK);
	CU_ASSERT(out.size_bytes == 3 && memcmp(out.data, "xyz", 3) == 0 && sizes[0] == 3);
	CU_ASSERT_EQUAL(mill_comm_allgather(comm, NULL, 0, &out, NULL, NULL), MILL_OK);
	CU_ASSERT_EQUAL(out.size_bytes, 0);
	mill_bytes_release(&blob);
	mill_bytes_release(&out);
	close_single(comm);
}

static void agreement_keeps_the_message(void)
{
	mill_comm *comm = open_single(NULL);
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_comm_agree(comm, MILL_OK, &err), MILL_OK);
	mill_status mine = mill_fail(&err, MILL_DATA, "a.csv: line 7: bad");
	CU_ASSERT_EQUAL(mill_comm_agree(comm, mine, &err), MILL_DATA);
	CU_ASSERT_STRING_EQUAL(err.message, "a.csv: line 7: bad"); /* one rank needs no name */
	CU_ASSERT_EQUAL(mill_comm_agree(comm, MILL_IO, NULL), MILL_IO);
	close_single(comm);
}

static void a_stop_signal_is_an_agreement(void)
{
	volatile int signal_number = 0;
	mill_comm *comm = open_single(&signal_number);
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_comm_agree(comm, MILL_OK, &err), MILL_OK);
	signal_number = 10;
	CU_ASSERT_EQUAL(mill_comm_agree(comm, MILL_OK, &err), MILL_INTERRUPTED);
	CU_ASSERT_STRING_EQUAL(err.message,
	                       "interrupted by a signal; nothing of this run is visible, and it can be started again");
	close_single(comm);
}

static void a_round_hands_data_over(void)
{
	mill_comm *comm = open_single(NULL);
	const void *data[1] = {"payload"};
	size_t size_bytes[1] = {7};
	mill_round_result result = {0};
	mill_round_word word = {.dry = true, .status = MILL_OK};
	int64_t value = 0;
	CU_ASSERT_EQUAL(mill_comm_round_end(comm, &result, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_comm_round_begin(comm, data, size_bytes, word, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_round_begin(comm, data, size_bytes, word, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_comm_sum_i64(comm, &value, 1, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_comm_round_end(comm, &result, NULL), MILL_OK);
	CU_ASSERT(result.all_dry && result.worst == MILL_OK && !result.any_stop);
	CU_ASSERT(result.data[0] == data[0] && result.size_bytes[0] == 7); /* not copied */
	mill_comm_round_release(comm);
	close_single(comm);
}

static void slurm_without_pmix_is_refused(void)
{
	mill_error err = {0};
	setenv("SLURM_STEP_NUM_TASKS", "4", 1);
	CU_ASSERT_EQUAL(mill_comm_check_launch(4, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_comm_check_launch(1, &err), MILL_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "srun --mpi=pmix"));
	setenv("SLURM_STEP_NUM_TASKS", "1", 1);
	CU_ASSERT_EQUAL(mill_comm_check_launch(1, &err), MILL_OK);
	unsetenv("SLURM_STEP_NUM_TASKS");
	CU_ASSERT_EQUAL(mill_comm_check_launch(1, &err), MILL_OK);
}

static void launched_looks_at_the_environment(void)
{
	unsetenv("PMIX_RANK");
	unsetenv("OMPI_COMM_WORLD_RANK");
	unsetenv("PMI_RANK");
	CU_ASSERT_FALSE(mill_comm_launched());
	setenv("PMI_RANK", "0", 1);
	CU_ASSERT_TRUE(mill_comm_launched());
	unsetenv("PMI_RANK");
}

/* Fails every allocation in turn: each failure is MILL_NOMEM, and nothing leaks. */
static void every_allocation_may_fail(void)
{
	static const char payload[1000]; /* mill_bytes asks twice for a small block */
	for (int64_t n = 1; n < 100; n++) {
		mill_comm_options options = {0};
		mill_comm *comm = NULL;
		mill_bytes out;
		mill_error err = {0};
		mill_mem_init(&mem, INT64_MAX);
		mem.fail_at = n;
		mill_bytes_init(&out, &mem);
		mill_status status = mill_comm_open(&options, &mem, &comm, &err);
		if (status == MILL_OK)
			status = mill_comm_gather(comm, 0, payload, sizeof payload, &out, NULL, &err);
		mill_bytes_release(&out);
		mill_comm_close(comm);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
		if (mem.allocation_count < n) {
			CU_ASSERT_EQUAL(status, MILL_OK);
			CU_ASSERT(n > 3);
			return;
		}
		CU_ASSERT_EQUAL(status, MILL_NOMEM);
	}
	CU_FAIL("allocations without end");
}

static const unit_case cases[] = {
    {"one_rank_is_the_world", one_rank_is_the_world},
    {"reductions_are_identities", reductions_are_identities},
    {"blobs_come_back", blobs_come_back},
    {"agreement_keeps_the_message", agreement_keeps_the_message},
    {"a_stop_signal_is_an_agreement", a_stop_signal_is_an_agreement},
    {"a_round_hands_data_over", a_round_hands_data_over},
    {"slurm_without_pmix_is_refused", slurm_without_pmix_is_refused},
    {"launched_looks_at_the_environment", launched_looks_at_the_environment},
    {"every_allocation_may_fail", every_allocation_may_fail},
};
UNIT_MAIN("comm", cases)
