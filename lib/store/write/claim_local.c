/* OUT on a local file system: run.json is locked as long as its run lives (D13). */
#include "store/write/claim_private.h"

#include "storage/path.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_JSON_BYTES 4096

/* *marked false: the file says nothing, because its run was killed before it wrote anything else. */
static mill_status read_mark(int fd, mill_mem *mem, mill_claim_mark *out, bool *marked, mill_error *err)
{
	char text[RUN_JSON_BYTES];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	n = n < 0 ? 0 : n;
	text[n] = '\0';
	return mill_claim_parse_mark(text, (size_t)n, mem, out, marked, err);
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

/* A locked descriptor of the file that is at run_path now; *marked and mark: what an earlier run wrote there. */
static mill_status lock_run(mill_store_claim *claim, mill_claim_mark *mark, bool *marked, mill_error *err)
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
		if (locked == 0 || (locked < 0 && *marked && mill_claim_life_of(mark) == MILL_CLAIM_ALIVE)) {
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

static mill_status write_mark(mill_store_claim *claim, mill_error *err)
{
	mill_bytes text;
	mill_bytes_init(&text, claim->mem);
	mill_status status = mill_claim_mark_text(&claim->own, &text, err);
	if (status == MILL_OK &&
	    (ftruncate(claim->lock, 0) != 0 ||
	     pwrite(claim->lock, text.data, text.size_bytes, 0) != (ssize_t)text.size_bytes || fsync(claim->lock) != 0))
		status = mill_fail(err, MILL_IO, "%s: cannot be written: %s", claim->run_path, strerror(errno));
	mill_bytes_release(&text);
	return status;
}

mill_status mill_claim_local_hold(mill_store_claim *claim, bool *marked, mill_error *err)
{
	mill_claim_mark old;
	MILL_TRY(lock_run(claim, &old, marked, err));
	return *marked ? mill_claim_check_mark(claim, &old, err) : MILL_OK;
}

mill_status mill_claim_local_mark(mill_store_claim *claim, mill_error *err)
{
	MILL_TRY(write_mark(claim, err));
	return mill_file_flush(claim->run_folder, err);
}

void mill_claim_local_make(mill_store_claim *claim)
{
	claim->made_out = !mill_path_exists(claim->out);
}

mill_status mill_claim_local_drop(mill_store_claim *claim, mill_error *err)
{
	MILL_TRY(mill_file_remove(claim->run_path, err));
	rmdir(claim->run_folder);
	if (claim->made_out && !claim->committed)
		rmdir(claim->out);
	return MILL_OK;
}

void mill_claim_local_unmake(mill_store_claim *claim)
{
	/* rmdir takes only what is empty: nothing that was there goes. */
	if (claim->lock >= 0 && claim->made_out) {
		(void)unlink(claim->run_path);
		rmdir(claim->run_folder);
	}
	if (claim->made_out)
		rmdir(claim->out);
}
