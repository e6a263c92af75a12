/* Scratch folders, spill files, and what a killed run leaves behind. */
#include "base/mem.h"
#include "spill/spill.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mill_mem mem;
static char base[64];

static void make_base(void)
{
	snprintf(base, sizeof base, "/tmp/rm-unit-spill-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	mill_mem_init(&mem, INT64_MAX);
}

static mill_scratch *open_scratch(const char *run_id, int rank, const char *out_path)
{
	mill_scratch_options options = {.folder = base, .run_id = run_id, .rank = rank, .out_path = out_path};
	mill_scratch *scratch = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_scratch_open(&options, &mem, &scratch, NULL), MILL_OK);
	return scratch;
}

static bool exists(const char *relative)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", base, relative);
	return access(path, F_OK) == 0;
}

/* The base folder must be empty again: rmdir says so. */
static void remove_base(void)
{
	CU_ASSERT_EQUAL(rmdir(base), 0);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Record i: size and bytes by a rule that the reader recomputes. */
static size_t record_size(int i)
{
	return i % 11 == 0 ? 0 : i % 97 == 0 ? 300000 : (size_t)(i % 50) * 13 + 1;
}

static void fill_record(uint8_t *data, int i)
{
	for (size_t b = 0; b < record_size(i); b++)
		data[b] = (uint8_t)((size_t)i * 3 + b * 7);
}

static void append_records(mill_spill_file *file, int from, int to)
{
	static uint8_t data[300000];
	for (int i = from; i < to; i++) {
		fill_record(data, i);
		CU_ASSERT_EQUAL_FATAL(mill_spill_append(file, data, record_size(i), NULL), MILL_OK);
	}
}

static void check_records(mill_spill_file *file, int count)
{
	static uint8_t expected[300000];
	mill_spill_reader *reader = NULL;
	const void *data = NULL;
	size_t size_bytes = 0;
	CU_ASSERT_EQUAL_FATAL(mill_spill_reader_open(file, &reader, NULL), MILL_OK);
	for (int i = 0; i < count; i++) {
		fill_record(expected, i);
		CU_ASSERT_EQUAL_FATAL(mill_spill_next(reader, &data, &size_bytes, NULL), MILL_OK);
		CU_ASSERT_PTR_NOT_NULL_FATAL(data);
		CU_ASSERT_EQUAL_FATAL(size_bytes, record_size(i));
		CU_ASSERT_EQUAL_FATAL((uintptr_t)data % 8, 0);
		CU_ASSERT_EQUAL_FATAL(memcmp(data, expected, size_bytes), 0);
	}
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(mill_spill_next(reader, &data, &size_bytes, NULL), MILL_OK);
		CU_ASSERT_PTR_NULL(data);
	}
	mill_spill_reader_close(reader);
}

static void records_come_back(void)
{
	make_base();
	mill_scratch *scratch = open_scratch("run1", 3, NULL);
	mill_spill_file *file = NULL, *empty = NULL;
	CU_ASSERT_FALSE(exists("rankmill-run1")); /* nothing is made before it is needed */
	CU_ASSERT_EQUAL_FATAL(mill_spill_create(scratch, "by user/bucket 12", &file, NULL), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_spill_create(scratch, "by user/bucket 12", &empty, NULL), MILL_OK);
	CU_ASSERT_TRUE(exists("rankmill-run1/rank-3/marker"));
	append_records(file, 0, 700);
	CU_ASSERT_EQUAL(mill_spill_flush(file, NULL), MILL_OK);
	CU_ASSERT_TRUE(exists("rankmill-run1/rank-3/000000-by_user_bucket_12.spill"));
	check_records(file, 700);
	append_records(file, 700, 1000); /* after a flush, and after reading */
	mill_spill_reader *reader = NULL;
	CU_ASSERT_EQUAL(mill_spill_reader_open(file, &reader, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_spill_flush(file, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_spill_flush(file, NULL), MILL_OK);
	check_records(file, 1000);
	check_records(file, 1000);
	check_records(empty, 0);
	CU_ASSERT_EQUAL(mill_spill_records(file), 1000);
	CU_ASSERT_EQUAL(mill_scratch_written_bytes(scratch), mill_spill_bytes(file));
	mill_spill_delete(file);
	mill_spill_delete(empty);
	mill_spill_delete(NULL);
	CU_ASSERT_FALSE(exists("rankmill-run1/rank-3/000000-by_user_bucket_12.spill"));
	mill_scratch_close(scratch);
	mill_scratch_close(NULL);
	remove_base();
}

/* Flips one byte of the file at offset, or cuts it there. */
static void damage(const char *relative, off_t offset, bool cut)
{
	char path[256];
	uint8_t byte = 0;
	snprintf(path, sizeof path, "%s/%s", base, relative);
	int fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0);
	if (cut) {
		CU_ASSERT_EQUAL(ftruncate(fd, offset), 0);
	} else {
		CU_ASSERT_EQUAL(pread(fd, &byte, 1, offset), 1);
		byte ^= 0x10;
		CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, offset), 1);
	}
	close(fd);
}

static void damage_is_found(void)
{
	static const struct {
		off_t offset;
		bool cut;
	} damages[] = {{0, false},  {5, false},   {9, false}, {17, false}, {25, false},
	               {40, false}, {500, false}, {3, true},  {600, true}};
	make_base();
	mill_scratch *scratch = open_scratch("r", 0, NULL);
	for (size_t d = 0; d < sizeof damages / sizeof damages[0]; d++) {
		char name[64];
		mill_spill_file *file = NULL;
		mill_spill_reader *reader = NULL;
		mill_error err = {0};
		const void *data = name;
		size_t size_bytes = 0;
		CU_ASSERT_EQUAL_FATAL(mill_spill_create(scratch, "x", &file, NULL), MILL_OK);
		append_records(file, 1, 11);
		CU_ASSERT_EQUAL(mill_spill_flush(file, NULL), MILL_OK);
		snprintf(name, sizeof name, "rankmill-r/rank-0/%06zu-x.spill", d);
		damage(name, damages[d].offset, damages[d].cut);
		CU_ASSERT_EQUAL_FATAL(mill_spill_reader_open(file, &reader, NULL), MILL_OK);
		mill_status status = MILL_OK;
		while (status == MILL_OK && data != NULL)
			status = mill_spill_next(reader, &data, &size_bytes, &err);
		CU_ASSERT_EQUAL(status, MILL_IO);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.message, name));
		mill_spill_reader_close(reader);
		mill_spill_delete(file);
	}
	mill_scratch_close(scratch);
	remove_base();
}

static void close_removes_what_is_left(void)
{
	make_base();
	mill_scratch *first = open_scratch("r", 0, NULL), *second = open_scratch("r", 1, NULL);
	mill_spill_file *file = NULL;
	mill_bytes path;
	mill_bytes_init(&path, &mem);
	CU_ASSERT_EQUAL_FATAL(mill_scratch_file_path(first, "side.bin", &path, NULL), MILL_OK);
	int fd = open((const char *)path.data, O_CREAT | O_WRONLY, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	CU_ASSERT_EQUAL(mill_scratch_file_path(first, "../x", &path, NULL), MILL_INTERNAL);
	mill_bytes_release(&path);
	CU_ASSERT_EQUAL_FATAL(mill_spill_create(second, "x", &file, NULL), MILL_OK);
	append_records(file, 0, 20);
	mill_scratch_close(first);
	CU_ASSERT_FALSE(exists("rankmill-r/rank-0"));
	CU_ASSERT_TRUE(exists("rankmill-r/rank-1"));
	mill_spill_delete(file);
	mill_scratch_close(second);
	remove_base();
}

static void bad_folders_are_told(void)
{
	make_base();
	mill_scratch_options options = {.folder = "/proc/nowhere", .run_id = "a b"};
	mill_scratch *scratch = NULL;
	mill_spill_file *file = NULL;
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_scratch_open(&options, &mem, &scratch, &err), MILL_USAGE);
	options.run_id = "ok";
	CU_ASSERT_EQUAL_FATAL(mill_scratch_open(&options, &mem, &scratch, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_spill_create(scratch, "x", &file, &err), MILL_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "/proc/nowhere"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "--scratch"));
	mill_scratch_close(scratch);
	remove_base();
}

/* /dev/full cannot be scratch, so the limit on file size stands in for a full disk: the path and the bytes are told. */
static void a_failed_write_is_told(void)
{
	make_base();
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		mill_scratch *scratch = open_scratch("r", 0, NULL);
		mill_spill_file *file = NULL;
		mill_error err = {0};
		if (mill_spill_create(scratch, "x", &file, NULL) != MILL_OK)
			_exit(10);
		char limit[64];
		snprintf(limit, sizeof limit, "prlimit --fsize=1000 --pid %d", (int)getpid());
		signal(SIGXFSZ, SIG_IGN);
		if (system(limit) != 0)
			_exit(77);
		append_records(file, 1, 40);
		if (mill_spill_flush(file, &err) != MILL_IO || strstr(err.message, "000000-x.spill") == NULL ||
		    strstr(err.message, "bytes free") == NULL)
			_exit(11);
		mill_spill_delete(file);
		mill_scratch_close(scratch);
		_exit(mem.used_bytes == 0 ? 0 : 12);
	}
	int result = 0;
	CU_ASSERT_EQUAL(waitpid(child, &result, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(result));
	CU_ASSERT_EQUAL(WEXITSTATUS(result), 0);
	remove_base();
}

static void tmpfs_counts_as_memory(void)
{
	make_base();
	char shm[64];
	snprintf(shm, sizeof shm, "/dev/shm/rm-unit-spill-XXXXXX");
	if (mkdtemp(shm) == NULL) {
		printf("skip spill.tmpfs: no /dev/shm\n");
		remove_base();
		return;
	}
	mill_scratch_options options = {.folder = shm, .run_id = "r"};
	mill_scratch *scratch = NULL;
	mill_spill_file *file = NULL;
	mill_error err = {0};
	CU_ASSERT_EQUAL_FATAL(mill_scratch_open(&options, &mem, &scratch, NULL), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_spill_create(scratch, "x", &file, NULL), MILL_OK);
	CU_ASSERT_TRUE(mill_scratch_on_tmpfs(scratch));
	int64_t before_bytes = mem.used_bytes;
	append_records(file, 0, 97);
	CU_ASSERT_EQUAL(mill_spill_flush(file, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mem.used_bytes - before_bytes, mill_spill_bytes(file));
	append_records(file, 97, 98);
	mem.budget_bytes = mem.used_bytes + 1000;
	CU_ASSERT_EQUAL(mill_spill_flush(file, &err), MILL_NOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "tmpfs"));
	mill_spill_delete(file);
	mill_scratch_close(scratch);
	CU_ASSERT_EQUAL(rmdir(shm), 0);
	remove_base();
}

/* A child that makes scratch and is killed before it removes it. */
static void leave_behind(const char *run_id, const char *out_path)
{
	pid_t child = fork();
	if (child == 0) {
		mill_spill_file *file = NULL;
		mill_scratch *scratch = open_scratch(run_id, 0, out_path);
		if (mill_spill_create(scratch, "x", &file, NULL) != MILL_OK)
			_exit(1);
		append_records(file, 0, 20);
		if (mill_spill_flush(file, NULL) != MILL_OK)
			_exit(1);
		raise(SIGKILL);
	}
	int result = 0;
	CU_ASSERT_EQUAL(waitpid(child, &result, 0), child);
	CU_ASSERT_TRUE(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
}

/* A process that ended and that nobody waited for. */
static void scratch_of_a_zombie_is_removed(void)
{
	make_base();
	fflush(stdout);
	mill_scratch_options options = {.folder = base, .run_id = "now"};
	mill_bytes path;
	pid_t child = fork();
	if (child == 0) {
		mill_bytes_init(&path, &mem);
		_exit(mill_scratch_file_path(open_scratch("zombie", 0, NULL), "f", &path, NULL) == MILL_OK ? 0 : 1);
	}
	siginfo_t ended;
	CU_ASSERT_EQUAL_FATAL(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
	CU_ASSERT_TRUE(ended.si_code == CLD_EXITED && ended.si_status == 0);
	CU_ASSERT_TRUE(exists("rankmill-zombie/rank-0"));
	CU_ASSERT_EQUAL(mill_scratch_clean_stale(&options), 1);
	CU_ASSERT_FALSE(exists("rankmill-zombie"));
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	remove_base();
}

/* Writes a marker of somebody else over a folder of ours. */
static void forge(const char *run_id, const char *host, const char *out_path)
{
	char path[256];
	snprintf(path, sizeof path, "%s/rankmill-%s/rank-0/marker", base, run_id);
	FILE *marker = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(marker);
	fprintf(marker, "rankmill-scratch 1\nhost %s\nboot b\npidns p\npid 1\nstart 1\nout %s", host, out_path);
	fclose(marker);
}

static void stale_scratch_is_removed(void)
{
	make_base();
	fflush(stdout);
	mill_scratch_options options = {.folder = base, .run_id = "now", .out_path = "/data/out"};
	mill_scratch *alive = open_scratch("alive", 0, NULL), *mine = open_scratch("now", 0, "/data/out");
	mill_bytes path;
	mill_bytes_init(&path, &mem);
	CU_ASSERT_EQUAL(mill_scratch_file_path(alive, "f", &path, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_scratch_file_path(mine, "f", &path, NULL), MILL_OK);
	mill_bytes_release(&path);
	leave_behind("dead", NULL);
	leave_behind("dead2", "/data/other");
	leave_behind("elsewhere", NULL);
	forge("elsewhere", "another-host", "/data/other");
	leave_behind("same-out", NULL);
	forge("same-out", "another-host", "/data/out");
	leave_behind("young", NULL);
	char marker[256];
	snprintf(marker, sizeof marker, "%s/rankmill-young/rank-0/marker", base);
	CU_ASSERT_EQUAL(unlink(marker), 0);
	CU_ASSERT_EQUAL(mill_scratch_clean_stale(&options), 3);
	CU_ASSERT_FALSE(exists("rankmill-dead"));
	CU_ASSERT_FALSE(exists("rankmill-dead2"));
	CU_ASSERT_FALSE(exists("rankmill-same-out"));
	CU_ASSERT_TRUE(exists("rankmill-elsewhere/rank-0")); /* cannot know */
	CU_ASSERT_TRUE(exists("rankmill-young/rank-0"));     /* may be in the making */
	CU_ASSERT_TRUE(exists("rankmill-alive/rank-0"));
	CU_ASSERT_TRUE(exists("rankmill-now/rank-0"));
	options.out_path = NULL;
	CU_ASSERT_EQUAL(mill_scratch_clean_stale(&options), 0);
	mill_scratch_close(alive);
	mill_scratch_close(mine);
	/* One whose owner can no longer be told is ours to remove by name. */
	options.out_path = "/data/other";
	CU_ASSERT_EQUAL(mill_scratch_clean_stale(&options), 1);
	char command[128];
	snprintf(command, sizeof command, "rm -r %s/rankmill-young", base);
	CU_ASSERT_EQUAL(system(command), 0);
	remove_base();
}

static void the_environment_chooses(void)
{
	unsetenv("RANKMILL_SCRATCH");
	unsetenv("SLURM_TMPDIR");
	unsetenv("TMPDIR");
	CU_ASSERT_STRING_EQUAL(mill_scratch_choose(NULL), "/tmp");
	setenv("TMPDIR", "/t", 1);
	CU_ASSERT_STRING_EQUAL(mill_scratch_choose(NULL), "/t");
	setenv("SLURM_TMPDIR", "/s", 1);
	CU_ASSERT_STRING_EQUAL(mill_scratch_choose(NULL), "/s");
	setenv("RANKMILL_SCRATCH", "/r", 1);
	CU_ASSERT_STRING_EQUAL(mill_scratch_choose(""), "/r");
	CU_ASSERT_STRING_EQUAL(mill_scratch_choose("/o"), "/o");
	unsetenv("RANKMILL_SCRATCH");
	unsetenv("SLURM_TMPDIR");
	unsetenv("TMPDIR");
}

static mill_status write_and_read(void)
{
	mill_scratch_options options = {.folder = base, .run_id = "r"};
	mill_scratch *scratch = NULL;
	mill_spill_file *file = NULL;
	mill_spill_reader *reader = NULL;
	const void *data = "";
	size_t size_bytes = 0;
	static const uint8_t record[5000];
	mill_status status;
	MILL_TRY_GOTO(mill_scratch_open(&options, &mem, &scratch, NULL), done);
	MILL_TRY_GOTO(mill_spill_create(scratch, "x", &file, NULL), done);
	MILL_TRY_GOTO(mill_spill_append(file, record, sizeof record, NULL), done);
	MILL_TRY_GOTO(mill_spill_flush(file, NULL), done);
	MILL_TRY_GOTO(mill_spill_reader_open(file, &reader, NULL), done);
	while (data != NULL)
		MILL_TRY_GOTO(mill_spill_next(reader, &data, &size_bytes, NULL), done);
done:
	mill_spill_reader_close(reader);
	mill_spill_delete(file);
	mill_scratch_close(scratch);
	return status;
}

static void every_allocation_may_fail(void)
{
	make_base();
	for (int64_t n = 1;; n++) {
		mill_mem_init(&mem, INT64_MAX);
		mem.fail_at = n;
		mill_status status = write_and_read();
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		if (mem.allocation_count < n) {
			CU_ASSERT_EQUAL(status, MILL_OK);
			CU_ASSERT(n > 6);
			break;
		}
	}
	remove_base();
}

static const unit_case cases[] = {
    {"records_come_back", records_come_back},
    {"damage_is_found", damage_is_found},
    {"close_removes_what_is_left", close_removes_what_is_left},
    {"bad_folders_are_told", bad_folders_are_told},
    {"a_failed_write_is_told", a_failed_write_is_told},
    {"tmpfs_counts_as_memory", tmpfs_counts_as_memory},
    {"stale_scratch_is_removed", stale_scratch_is_removed},
    {"scratch_of_a_zombie_is_removed", scratch_of_a_zombie_is_removed},
    {"the_environment_chooses", the_environment_chooses},
    {"every_allocation_may_fail", every_allocation_may_fail},
};
UNIT_MAIN("spill", cases)
