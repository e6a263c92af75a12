/* The scratch folder of a rank: where it is, making it, its marker, removing it. */
#include "spill/scratch_private.h"

#include "spill/marker.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS_TYPE 0x01021994L
#define RAMFS_TYPE 0x858458F6L

const char *mill_scratch_choose(const char *folder)
{
	static const char *const variables[] = {"RANKMILL_SCRATCH", "SLURM_TMPDIR", "TMPDIR"};
	if (folder != NULL && folder[0] != '\0')
		return folder;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "/tmp";
}

static bool valid_run_id(const char *text)
{
	if (text == NULL || text[0] == '\0' || strlen(text) > 100)
		return false;
	return strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == strlen(text);
}

mill_status mill_scratch_open(const mill_scratch_options *options, mill_mem *mem, mill_scratch **out, mill_error *err)
{
	if (!valid_run_id(options->run_id))
		return mill_fail(err, MILL_USAGE, "scratch: \"%s\" is not a run id of letters, digits, '-' and '_'",
		                 options->run_id == NULL ? "" : options->run_id);
	const char *base = mill_scratch_choose(options->folder);
	const char *out_path = options->out_path == NULL ? "" : options->out_path;
	size_t base_bytes = strlen(base) + 1, out_bytes = strlen(out_path) + 1;
	size_t run_bytes = base_bytes + strlen(options->run_id) + sizeof "/" MILL_SCRATCH_RUN_PREFIX;
	size_t rank_bytes = run_bytes + sizeof "/" MILL_SCRATCH_RANK_PREFIX + 12;
	size_t text_bytes = base_bytes + run_bytes + rank_bytes + out_bytes;
	mill_scratch *scratch = mill_mem_calloc(mem, 1, sizeof *scratch);
	char *text = mill_mem_alloc(mem, text_bytes);
	if (scratch == NULL || text == NULL) {
		mill_mem_free(scratch);
		mill_mem_free(text);
		return mill_fail_nomem(err, sizeof *scratch + text_bytes, "scratch");
	}
	scratch->mem = mem;
	scratch->log = options->log;
	scratch->base_folder = text;
	scratch->run_folder = scratch->base_folder + base_bytes;
	scratch->rank_folder = scratch->run_folder + run_bytes;
	scratch->out_path = scratch->rank_folder + rank_bytes;
	snprintf(scratch->base_folder, base_bytes, "%s", base);
	snprintf(scratch->run_folder, run_bytes, "%s/%s%s", base, MILL_SCRATCH_RUN_PREFIX, options->run_id);
	snprintf(scratch->rank_folder, rank_bytes, "%s/%s%d", scratch->run_folder, MILL_SCRATCH_RANK_PREFIX,
	         options->rank);
	snprintf(scratch->out_path, out_bytes, "%s", out_path);
	*out = scratch;
	return MILL_OK;
}

/* mkdir -p. The path is changed while it works and restored. */
static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int made = mkdir(path, 0777);
		*slash = '/';
		if (made != 0 && errno != EEXIST)
			return -1;
	}
	return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -1;
}

/* A folder of ours and nobody else's: /tmp is shared, and a planted link must not lead elsewhere. */
static int make_own_folder(const char *path)
{
	struct stat info;
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (lstat(path, &info) != 0)
		return -1;
	if (S_ISDIR(info.st_mode) && info.st_uid == geteuid())
		return 0;
	errno = EPERM;
	return -1;
}

static mill_status fail_folder(const mill_scratch *scratch, const char *path, mill_error *err)
{
	int cause = errno;
	return mill_fail(err, MILL_IO,
	                 "%s: cannot create the scratch folder: %s; choose another with --scratch (now %s)", path,
	                 strerror(cause), scratch->base_folder);
}

mill_status mill_scratch_make(mill_scratch *scratch, mill_error *err)
{
	if (scratch->made)
		return MILL_OK;
	if (make_folders(scratch->base_folder) != 0)
		return fail_folder(scratch, scratch->base_folder, err);
	/* A finishing rank of an earlier run, or a cleaner, may remove the run's folder while it is still empty. */
	for (int attempt = 0;; attempt++) {
		if (make_own_folder(scratch->run_folder) != 0)
			return fail_folder(scratch, scratch->run_folder, err);
		if (make_own_folder(scratch->rank_folder) == 0)
			break;
		if (errno != ENOENT || attempt == 5)
			return fail_folder(scratch, scratch->rank_folder, err);
	}
	MILL_TRY(mill_scratch_write_marker(scratch->rank_folder, scratch->out_path, err));
	struct statfs info;
	if (statfs(scratch->rank_folder, &info) == 0)
		scratch->on_tmpfs = (long)info.f_type == TMPFS_TYPE || (long)info.f_type == RAMFS_TYPE;
	if (scratch->on_tmpfs && scratch->log != NULL)
		mill_warn(scratch->log,
		          "scratch folder %s is in memory (tmpfs): what is spilled there counts against --memory; "
		          "choose a disk with --scratch",
		          scratch->base_folder);
	scratch->made = true;
	return MILL_OK;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info, (void)kind, (void)place;
	return remove(path);
}

bool mill_scratch_remove_tree(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

void mill_scratch_close(mill_scratch *scratch)
{
	if (scratch == NULL)
		return;
	if (scratch->made) {
		if (!mill_scratch_remove_tree(scratch->rank_folder) && scratch->log != NULL)
			mill_warn(scratch->log, "%s: cannot be removed: %s", scratch->rank_folder, strerror(errno));
		rmdir(scratch->run_folder); /* succeeds for the last rank */
	}
	mill_mem_free(scratch->base_folder);
	mill_mem_free(scratch);
}

bool mill_scratch_on_tmpfs(const mill_scratch *scratch)
{
	return scratch->on_tmpfs;
}

int64_t mill_scratch_written_bytes(const mill_scratch *scratch)
{
	return scratch->written_bytes;
}

mill_status mill_scratch_file_path(mill_scratch *scratch, const char *name, mill_bytes *out, mill_error *err)
{
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return mill_fail(err, MILL_INTERNAL, "scratch: \"%s\" is not a file name", name);
	MILL_TRY(mill_scratch_make(scratch, err));
	if (mill_bytes_printf(out, "%s/%s", scratch->rank_folder, name) != MILL_OK ||
	    mill_bytes_terminate(out) != MILL_OK)
		return mill_fail_nomem(err, strlen(scratch->rank_folder) + strlen(name) + 2, "scratch path");
	return MILL_OK;
}
