/* Markers, and cleaning what dead runs left. */
#include "spill/marker.h"

#include "spill/scratch_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MARKER_NAME        "marker"
#define UNMARKED_AGE_S     3600
#define MARKER_LIMIT_BYTES (PATH_MAX + 1024)

/* Who a process is, beyond its pid: pids are reused, and mean something only in their pid namespace on one boot. */
typedef struct identity {
	char host[256];
	char boot[64];
	char pidns[64];
	long pid;
	unsigned long long start_ticks; /* 0: no such process */
} identity;

/* Reads a small file into text, NUL-terminated; false when it cannot be read. */
static bool read_text(const char *path, char *text, size_t capacity_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	size_t used = 0;
	ssize_t got = 1;
	while (got > 0 && used < capacity_bytes - 1) {
		got = read(fd, text + used, capacity_bytes - 1 - used);
		if (got > 0)
			used += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	close(fd);
	text[used] = '\0';
	return got >= 0;
}

/* Start time of a process in clock ticks since boot (proc(5), field 22 of stat), or 0 when there is none: one that
 * ended and was not waited for is none either, and in a container whose first process never waits it stays for good. */
static unsigned long long start_of(long pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (!read_text(path, text, sizeof text))
		return 0;
	const char *at = strrchr(text, ')'); /* the command's name may hold anything */
	if (at != NULL && (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0))
		return 0;
	for (int field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

static void identify_self(identity *self)
{
	*self = (identity){.pid = (long)getpid()};
	if (gethostname(self->host, sizeof self->host - 1) != 0)
		self->host[0] = '\0';
	if (read_text("/proc/sys/kernel/random/boot_id", self->boot, sizeof self->boot))
		self->boot[strcspn(self->boot, "\n")] = '\0';
	ssize_t length = readlink("/proc/self/ns/pid", self->pidns, sizeof self->pidns - 1);
	self->pidns[length > 0 ? length : 0] = '\0';
	self->start_ticks = start_of(self->pid);
}

static bool write_all(int fd, const char *text, size_t size_bytes)
{
	for (size_t done = 0; done < size_bytes;) {
		ssize_t put = write(fd, text + done, size_bytes - done);
		if (put < 0 && errno != EINTR)
			return false;
		done += put > 0 ? (size_t)put : 0;
	}
	return true;
}

mill_status mill_scratch_write_marker(const char *rank_folder, const char *out_path, mill_error *err)
{
	char path[PATH_MAX], partial[PATH_MAX], text[MARKER_LIMIT_BYTES];
	identity self;
	identify_self(&self);
	int length =
	    snprintf(text, sizeof text, "rankmill-scratch 1\nhost %s\nboot %s\npidns %s\npid %ld\nstart %llu\nout %s",
	             self.host, self.boot, self.pidns, self.pid, self.start_ticks, out_path);
	int room = snprintf(path, sizeof path, "%s/%s", rank_folder, MARKER_NAME);
	int partial_room = snprintf(partial, sizeof partial, "%s/%s.partial", rank_folder, MARKER_NAME);
	if (length >= (int)sizeof text || room >= (int)sizeof path || partial_room >= (int)sizeof partial)
		return mill_fail(err, MILL_IO, "%s: the path is too long", rank_folder);
	int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool written = fd >= 0 && write_all(fd, text, (size_t)length);
	if (fd >= 0)
		written = close(fd) == 0 && written;
	/* A reader sees the whole marker or none. */
	if (!written || rename(partial, path) != 0)
		return mill_fail(err, MILL_IO, "%s: cannot write: %s", path, strerror(errno));
	return MILL_OK;
}

/* Cuts "key value\n" off *text; false when the line does not start with key. */
static bool take_line(char **text, const char *key, char **value)
{
	size_t length = strlen(key);
	if (strncmp(*text, key, length) != 0 || (*text)[length] != ' ')
		return false;
	*value = *text + length + 1;
	char *end = strchr(*value, '\n');
	if (end == NULL)
		return false;
	*end = '\0';
	*text = end + 1;
	return true;
}

static bool is_old(const char *folder)
{
	struct stat info;
	return stat(folder, &info) == 0 && time(NULL) - info.st_mtime > UNMARKED_AGE_S;
}

bool mill_scratch_is_stale(const char *rank_folder, const char *out_path)
{
	char path[PATH_MAX], text[MARKER_LIMIT_BYTES];
	if (snprintf(path, sizeof path, "%s/%s", rank_folder, MARKER_NAME) >= (int)sizeof path)
		return false;
	char *at = text, *version, *host, *boot, *pidns, *pid_text, *start_text;
	if (!read_text(path, text, sizeof text) || !take_line(&at, "rankmill-scratch", &version) ||
	    !take_line(&at, "host", &host) || !take_line(&at, "boot", &boot) || !take_line(&at, "pidns", &pidns) ||
	    !take_line(&at, "pid", &pid_text) || !take_line(&at, "start", &start_text) || strncmp(at, "out ", 4) != 0)
		return is_old(rank_folder);
	if (out_path[0] != '\0' && strcmp(at + 4, out_path) == 0)
		return true;
	identity self;
	identify_self(&self);
	if (strcmp(host, self.host) != 0)
		return false;
	if (strcmp(boot, self.boot) != 0)
		return true;
	return strcmp(pidns, self.pidns) == 0 && start_of(strtol(pid_text, NULL, 10)) != strtoull(start_text, NULL, 10);
}

/* True when path is a folder of this user, not a link to one. */
static bool is_own_folder(const char *path)
{
	struct stat info;
	return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

static int clean_run(const mill_scratch_options *options, const char *run_folder)
{
	int removed = 0;
	DIR *folder = opendir(run_folder);
	if (folder == NULL)
		return 0;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		char path[PATH_MAX];
		if (strncmp(entry->d_name, MILL_SCRATCH_RANK_PREFIX, strlen(MILL_SCRATCH_RANK_PREFIX)) != 0 ||
		    snprintf(path, sizeof path, "%s/%s", run_folder, entry->d_name) >= (int)sizeof path ||
		    !is_own_folder(path) ||
		    !mill_scratch_is_stale(path, options->out_path == NULL ? "" : options->out_path))
			continue;
		if (mill_scratch_remove_tree(path))
			removed++;
		else if (options->log != NULL && errno != ENOENT) /* another run removes it too */
			mill_warn(options->log, "%s: left by an earlier run, cannot be removed: %s", path,
			          strerror(errno));
	}
	closedir(folder);
	rmdir(run_folder); /* fails while a rank of it lives */
	return removed;
}

int mill_scratch_clean_stale(const mill_scratch_options *options)
{
	const char *base = mill_scratch_choose(options->folder);
	int removed = 0;
	DIR *folder = opendir(base);
	if (folder == NULL)
		return 0;
	size_t prefix_bytes = strlen(MILL_SCRATCH_RUN_PREFIX);
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		char path[PATH_MAX];
		if (strncmp(entry->d_name, MILL_SCRATCH_RUN_PREFIX, prefix_bytes) != 0 ||
		    strcmp(entry->d_name + prefix_bytes, options->run_id) == 0 ||
		    snprintf(path, sizeof path, "%s/%s", base, entry->d_name) >= (int)sizeof path ||
		    !is_own_folder(path))
			continue;
		removed += clean_run(options, path);
	}
	closedir(folder);
	return removed;
}
