#include "storage/path.h"
#include "store/claim_private.h"

#include "base/json_writer.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_JSON_BYTES 4096
#define HOST_BYTES     256
#define BOOT_ID_BYTES  64

typedef struct run_mark {
	char job_hash[128];
	char host[HOST_BYTES];
	char boot_id[BOOT_ID_BYTES];
	int64_t pid;
} run_mark;

static void boot_id(char out[BOOT_ID_BYTES])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, BOOT_ID_BYTES - 1);
	if (fd >= 0)
		close(fd);
	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static void own_mark(const char *job_hash, run_mark *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->job_hash, job_hash, strnlen(job_hash, sizeof(out->job_hash) - 1));
	if (gethostname(out->host, sizeof(out->host) - 1) != 0)
		out->host[0] = '\0';
	boot_id(out->boot_id);
	out->pid = getpid();
}

static void copy_member(const mill_json *node, const char *key, char *out, size_t out_bytes)
{
	const mill_json *member = mill_json_get(node, key);
	if (member != NULL && member->kind == MILL_JSON_STRING)
		memcpy(out, member->text, strnlen(member->text, out_bytes - 1));
}

/* *marked false: the file says nothing, because its run was killed before it wrote anything else. */
static mill_status read_mark(int fd, mill_mem *mem, run_mark *out, bool *marked, mill_error *err)
{
	char text[RUN_JSON_BYTES];
	memset(out, 0, sizeof(*out));
	*marked = false;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return MILL_OK;
	text[n] = '\0';
	mill_arena arena;
	mill_json *node = NULL;
	mill_arena_init(&arena, mem);
	mill_status status = mill_json_parse(text, (size_t)n, "run.json", &arena, &node, NULL);
	if (status == MILL_OK) {
		copy_member(node, "job_hash", out->job_hash, sizeof(out->job_hash));
		copy_member(node, "host", out->host, sizeof(out->host));
		copy_member(node, "boot_id", out->boot_id, sizeof(out->boot_id));
		*marked = mill_json_opt_int(node, "pid", 0, INT32_MAX, &out->pid, NULL) == MILL_OK;
	}
	mill_arena_release(&arena);
	return status == MILL_NOMEM ? mill_fail_nomem(err, (size_t)n, "run.json") : MILL_OK;
}

static mill_status write_mark(mill_store_claim *claim, const run_mark *mark, mill_error *err)
{
	mill_bytes text;
	mill_bytes_init(&text, claim->mem);
	mill_json_writer json;
	mill_json_writer_init(&json, &text, true);
	mill_json_put_object(&json, NULL);
	mill_json_put_text(&json, "job_hash", mark->job_hash);
	mill_json_put_text(&json, "host", mark->host);
	mill_json_put_int(&json, "pid", mark->pid);
	mill_json_put_text(&json, "boot_id", mark->boot_id);
	mill_json_end(&json);
	mill_status status = mill_json_finish(&json);
	if (status != MILL_OK)
		mill_fail_nomem(err, text.size_bytes, "run.json");
	else if (ftruncate(claim->lock, 0) != 0 ||
	         pwrite(claim->lock, text.data, text.size_bytes, 0) != (ssize_t)text.size_bytes ||
	         fsync(claim->lock) != 0)
		status = mill_fail(err, MILL_IO, "%s: cannot be written: %s", claim->run_path, strerror(errno));
	mill_bytes_release(&text);
	return status;
}

/* 1: locked; 0: another holds it; −1: this file system has no locks. An open file description's lock, so that no other
 * descriptor of the file in this process lets it go. */
static int try_lock(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

/* Without locks only a process of this host can be told alive. */
static bool is_alive(const run_mark *mark)
{
	run_mark own;
	own_mark("", &own);
	if (strcmp(mark->host, own.host) != 0 || strcmp(mark->boot_id, own.boot_id) != 0 || mark->pid == own.pid)
		return false;
	return mark->pid > 0 && (kill((pid_t)mark->pid, 0) == 0 || errno == EPERM);
}

/* A locked descriptor of the file that is at run_path now; *marked and mark: what an earlier run wrote there. */
static mill_status lock_run(mill_store_claim *claim, run_mark *mark, bool *marked, mill_error *err)
{
	for (;;) {
		MILL_TRY(mill_path_make_folders(claim->run_folder, err));
		int fd = open(claim->run_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0 && errno == ENOENT)
			continue; /* its run is just ending */
		if (fd < 0)
			return mill_fail(err, MILL_IO, "%s: cannot be opened: %s", claim->run_path, strerror(errno));
		int locked = try_lock(fd);
		mill_status status = read_mark(fd, claim->mem, mark, marked, err);
		if (status != MILL_OK) {
			close(fd);
			return status;
		}
		struct stat held;
		struct stat named;
		if (locked != 0 && (fstat(fd, &held) != 0 || stat(claim->run_path, &named) != 0 ||
		                    held.st_ino != named.st_ino || held.st_dev != named.st_dev)) {
			close(fd); /* removed by its run between open and lock */
			continue;
		}
		if (locked == 0 || (locked < 0 && *marked && is_alive(mark))) {
			close(fd);
			return mill_fail(err, MILL_EXISTS,
			                 "%s: a run is writing here now (host %s, pid %lld); wait for it or "
			                 "choose another --out",
			                 claim->out, *marked ? mark->host : "unknown",
			                 (long long)(*marked ? mark->pid : 0));
		}
		claim->lock = fd;
		return MILL_OK;
	}
}

static mill_status check_survey(const mill_store_claim *claim, const mill_folder_survey *survey, bool overwrite,
                                mill_error *err)
{
	if (survey->has_manifest && !overwrite)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: a store is there already; replace it with --overwrite or choose another "
		                 "--out",
		                 claim->out);
	if (survey->foreign[0] != '\0')
		return mill_fail(err, MILL_EXISTS,
		                 "%s: holds \"%s\", which no run of rankmill wrote; choose another --out or "
		                 "move it away",
		                 claim->out, survey->foreign);
	if (survey->has_content && !survey->has_manifest && !survey->has_run)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: holds parts of a store without manifest.json; choose another --out or "
		                 "remove them",
		                 claim->out);
	return MILL_OK;
}

/* What a dead run left, and failed/ of an earlier one. Without a manifest everything of a store's is left over. */
static mill_status clear_leftovers(mill_store_claim *claim, const mill_folder_survey *survey, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, claim->mem);
	mill_status status;
	MILL_TRY_GOTO(mill_folder_empty(claim->run_folder, MILL_STORE_RUN_FILE, claim->mem, err), done);
	MILL_TRY_GOTO(mill_file_join(claim->out, MILL_STORE_FAILED, &path, err), done);
	MILL_TRY_GOTO(mill_path_remove_tree((const char *)path.data, err), done);
	if (!survey->has_manifest)
		status = mill_folder_clear(claim->out, true, claim->mem, err);
done:
	mill_bytes_release(&path);
	return status;
}

static mill_status take(mill_store_claim *claim, const char *job_hash, bool overwrite, mill_error *err)
{
	mill_folder_survey survey;
	run_mark old;
	run_mark own;
	bool marked = false;
	MILL_TRY(mill_folder_survey_of(claim->out, claim->mem, &survey, err));
	MILL_TRY(check_survey(claim, &survey, overwrite, err));
	MILL_TRY(lock_run(claim, &old, &marked, err));
	/* Between the first look and the lock another run may have come and gone. */
	bool had_run = survey.has_run;
	MILL_TRY(mill_folder_survey_of(claim->out, claim->mem, &survey, err));
	survey.has_run = had_run || marked;
	MILL_TRY(check_survey(claim, &survey, overwrite, err));
	own_mark(job_hash, &own);
	if (marked && strcmp(old.job_hash, own.job_hash) != 0 && !overwrite)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: holds what an unfinished run of another job left (host %s, pid %lld); "
		                 "discard it with --overwrite or choose another --out",
		                 claim->out, old.host, (long long)old.pid);
	if (survey.has_manifest) {
		claim->folder = mill_arena_printf(&claim->arena, "%s/new", claim->run_folder);
		if (claim->folder == NULL)
			return mill_fail_nomem(err, strlen(claim->run_folder), "claim");
	}
	MILL_TRY(clear_leftovers(claim, &survey, err));
	MILL_TRY(write_mark(claim, &own, err));
	MILL_TRY(mill_file_flush(claim->run_folder, err));
	return mill_path_make_folders(claim->folder, err);
}

static mill_status set_paths(mill_store_claim *claim, const char *path, mill_error *err)
{
	static const char local[] = "file://";
	const char *scheme = strstr(path, "://");
	if (strncmp(path, local, sizeof(local) - 1) == 0)
		path += sizeof(local) - 1;
	else if (scheme != NULL)
		return mill_fail(err, MILL_NOT_YET,
		                 "%s: a store cannot be written to a remote address yet; give a folder", path);
	if (*path == '\0')
		return mill_fail(err, MILL_USAGE, "the store has no path; give --out");
	claim->out = mill_arena_strdup(&claim->arena, path);
	claim->run_folder = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN, path);
	claim->run_path = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN "/" MILL_STORE_RUN_FILE, path);
	claim->new_manifest = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN "/" MILL_STORE_MANIFEST, path);
	claim->folder = claim->out;
	if (claim->out == NULL || claim->run_folder == NULL || claim->run_path == NULL || claim->new_manifest == NULL)
		return mill_fail_nomem(err, strlen(path), "claim");
	return MILL_OK;
}

static void free_claim(mill_store_claim *claim)
{
	if (claim->lock >= 0)
		close(claim->lock);
	mill_arena_release(&claim->arena);
	mill_mem_free(claim);
}

mill_status mill_store_claim_new(mill_storage *storage, const char *path, const char *job_hash, bool overwrite,
                                 mill_mem *mem, mill_store_claim **out, mill_error *err)
{
	mill_store_claim *claim = mill_mem_calloc(mem, 1, sizeof(*claim));
	if (claim == NULL)
		return mill_fail_nomem(err, sizeof(*claim), "claim");
	claim->storage = storage;
	claim->mem = mem;
	claim->lock = -1;
	mill_arena_init(&claim->arena, mem);
	mill_status status;
	MILL_TRY_GOTO(set_paths(claim, path, err), fail);
	claim->made_out = !mill_path_exists(claim->out);
	MILL_TRY_GOTO(mill_path_make_folders(claim->out, err), fail);
	MILL_TRY_GOTO(take(claim, job_hash, overwrite, err), fail);
	*out = claim;
	return MILL_OK;
fail:
	/* rmdir takes only what is empty: nothing that was there goes. */
	if (claim->lock >= 0 && claim->made_out) {
		unlink(claim->run_path);
		rmdir(claim->run_folder);
	}
	if (claim->made_out)
		rmdir(claim->out);
	free_claim(claim);
	return status;
}

const char *mill_store_claim_folder(const mill_store_claim *claim)
{
	return claim->folder;
}

mill_status mill_claim_drop(mill_store_claim *claim, mill_error *err)
{
	/* run.json goes last: as long as anything is left, it says whose it is. */
	MILL_TRY(mill_folder_empty(claim->run_folder, MILL_STORE_RUN_FILE, claim->mem, err));
	MILL_TRY(mill_file_remove(claim->run_path, err));
	rmdir(claim->run_folder);
	return MILL_OK;
}

void mill_store_claim_release(mill_store_claim *claim)
{
	if (claim == NULL)
		return;
	mill_folder_survey survey;
	if (!claim->committed && mill_folder_survey_of(claim->out, claim->mem, &survey, NULL) == MILL_OK) {
		/* With a manifest, an older store is still whole. What cannot be removed the next claim removes. */
		mill_status status =
		    survey.has_manifest ? MILL_OK : mill_folder_clear(claim->out, false, claim->mem, NULL);
		if (status == MILL_OK)
			status = mill_claim_drop(claim, NULL);
		if (status == MILL_OK && claim->made_out)
			rmdir(claim->out);
	}
	free_claim(claim);
}
