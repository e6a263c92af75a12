/* kill -9 at seeded moments: afterwards OUT holds a whole store, old or new, or no manifest, and the next run of the
 * job succeeds and leaves nothing behind. */
#include "storage/path.h"
#include "store_fixture.h"
#include "unit.h"

#include "base/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const two_splits[] = {"train", "val"};
static const int64_t old_rows[] = {500, 90};
static const int64_t new_rows[] = {600, 40};

typedef struct trial {
	char folder[256];
	char out[300];
	mill_mem mem;
	mill_error err;
	mill_u128 old_hash;
	mill_u128 new_hash;
	int64_t duration_ns;
} trial;

static mill_status write_store(trial *t, const int64_t *rows, bool overwrite)
{
	mill_u128 sums[2 * FIXTURE_DATASETS];
	fixture_options options = {.splits = two_splits,
	                           .split_rows = rows,
	                           .split_count = 2,
	                           .shard_rows = 200,
	                           .batch_rows = 64,
	                           .compression = "deflate:1",
	                           .overwrite = overwrite};
	return fixture_write(t->out, &options, &t->mem, sums, &t->err);
}

static mill_u128 verified_hash(trial *t)
{
	mill_storage storage;
	mill_store *store = NULL;
	mill_storage_init(&storage, &t->mem);
	mill_status status = mill_store_open(&storage, t->out, &t->mem, &store, &t->err);
	if (status == MILL_OK)
		status = mill_store_verify(store, 0, 1, NULL, &t->err);
	mill_u128 hash = status == MILL_OK ? mill_store_stored_hash(store) : 0;
	mill_store_close(store);
	if (status != MILL_OK)
		printf("    %s\n", t->err.message);
	CU_ASSERT_EQUAL(status, MILL_OK);
	return hash;
}

static bool exists(trial *t, const char *name)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", t->out, name);
	return mill_path_exists(path);
}

/* Runs a write in a child and kills it after delay_ns; true when it had ended by itself. */
static bool killed_write(trial *t, const int64_t *rows, bool overwrite, int64_t delay_ns)
{
	fflush(stdout);
	pid_t pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		_exit(write_store(t, rows, overwrite) == MILL_OK ? 0 : 9);
	struct timespec delay = {.tv_sec = delay_ns / 1000000000, .tv_nsec = delay_ns % 1000000000};
	nanosleep(&delay, NULL);
	kill(pid, SIGKILL);
	int status = 0;
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	return WIFEXITED(status);
}

/* The state after a kill: a whole store or none, and cleaned up by the next run. */
static void check_aftermath(trial *t, bool overwrite)
{
	if (exists(t, "manifest.json")) {
		mill_u128 hash = verified_hash(t);
		CU_ASSERT(hash == t->new_hash || (overwrite && hash == t->old_hash));
	}
	bool again = overwrite || exists(t, "manifest.json");
	mill_status status = write_store(t, new_rows, again);
	if (status != MILL_OK)
		printf("    %s\n", t->err.message);
	CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
	CU_ASSERT(verified_hash(t) == t->new_hash);
	CU_ASSERT_FALSE(exists(t, ".rankmill"));
	CU_ASSERT_FALSE(exists(t, "train/shard-00003.h5"));
	CU_ASSERT_FALSE(exists(t, "val/shard-00001.h5"));
}

static int64_t timed_write(trial *t, const int64_t *rows, bool overwrite)
{
	int64_t start_ns = mill_clock_ns();
	CU_ASSERT_EQUAL_FATAL(write_store(t, rows, overwrite), MILL_OK);
	return mill_clock_ns() - start_ns;
}

static void trial_init(trial *t)
{
	memset(t, 0, sizeof(*t));
	mill_mem_init(&t->mem, INT64_MAX);
	snprintf(t->folder, sizeof(t->folder), "%s/rankmill-test-kill-XXXXXX", fixture_base());
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t->folder));
	snprintf(t->out, sizeof(t->out), "%s/out", t->folder);
	timed_write(t, old_rows, false);
	t->old_hash = verified_hash(t);
	t->duration_ns = timed_write(t, new_rows, true);
	t->new_hash = verified_hash(t);
}

static void trial_release(trial *t)
{
	CU_ASSERT_EQUAL(mill_path_remove_tree(t->folder, NULL), MILL_OK);
	CU_ASSERT_EQUAL(t->mem.used_bytes, 0);
}

/* The state that a write starts from: the old store, or nothing. */
static void set_stage(trial *t, bool overwrite)
{
	CU_ASSERT_EQUAL_FATAL(mill_path_remove_tree(t->out, NULL), MILL_OK);
	if (overwrite)
		timed_write(t, old_rows, false);
}

static void kill_at_random(bool overwrite)
{
	trial t;
	uint64_t seed = (uint64_t)mill_clock_wall_us();
	const char *given = getenv("RANKMILL_TEST_SEED");
	if (given != NULL)
		seed = strtoull(given, NULL, 10);
	printf("    RANKMILL_TEST_SEED=%llu\n", (unsigned long long)seed);
	trial_init(&t);
	int killed = 0;
	for (int i = 0; i < 10; i++) {
		set_stage(&t, overwrite);
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		killed += !killed_write(&t, new_rows, overwrite, (int64_t)(seed >> 33) % (t.duration_ns * 5 / 4));
		check_aftermath(&t, overwrite);
	}
	printf("    killed %d of 10\n", killed);
	trial_release(&t);
}

static void kill_first_write(void)
{
	kill_at_random(false);
}

static void kill_overwrite(void)
{
	kill_at_random(true);
}

#if defined(__x86_64__)
/* A system call that changes names or creates files: what the order of a commit is made of. */
static bool changes_names(const struct user_regs_struct *registers)
{
	switch (registers->orig_rax) {
	case SYS_rename:
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_unlink:
	case SYS_unlinkat:
	case SYS_mkdir:
	case SYS_mkdirat:
	case SYS_rmdir:
	case SYS_ftruncate: return true;
	case SYS_openat: return (registers->rdx & O_CREAT) != 0;
	case SYS_open: return (registers->rsi & O_CREAT) != 0;
	default: return false;
	}
}

/* Runs a traced write and kills it just before its n-th such call. 1: killed, 0: it ended before, -1: no tracing here.
 */
static int killed_before(trial *t, bool overwrite, int n)
{
	struct user_regs_struct registers;
	int status = 0;
	bool entering = true;
	fflush(stdout);
	pid_t pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(77);
		raise(SIGSTOP);
		_exit(write_store(t, new_rows, overwrite) == MILL_OK ? 0 : 9);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == SIGTRAP) {
			if (entering && ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 &&
			    changes_names(&registers) && n-- == 0) {
				kill(pid, SIGKILL);
				CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
				return 1;
			}
			entering = !entering;
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return -1;
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}

/* Every change of the folder's names is once the last one. */
static void kill_everywhere(bool overwrite)
{
	trial t;
	trial_init(&t);
	int n = 0;
	int result = 1;
	while (result == 1) {
		set_stage(&t, overwrite);
		result = killed_before(&t, overwrite, n++);
		if (result == 1)
			check_aftermath(&t, overwrite);
	}
	printf("    killed at %d places%s\n", n - 1, result < 0 ? ": tracing is not allowed here" : "");
	CU_ASSERT(result < 0 || n > 40);
	trial_release(&t);
}
#else
static void kill_everywhere(bool overwrite)
{
	printf("    not on this machine: overwrite %d\n", overwrite);
}
#endif

static void kill_first_write_everywhere(void)
{
	kill_everywhere(false);
}

static void kill_overwrite_everywhere(void)
{
	kill_everywhere(true);
}

static const unit_case cases[] = {{"kill_first_write", kill_first_write},
                                  {"kill_overwrite", kill_overwrite},
                                  {"kill_first_write_everywhere", kill_first_write_everywhere},
                                  {"kill_overwrite_everywhere", kill_overwrite_everywhere}};
UNIT_MAIN("store_kill", cases)
