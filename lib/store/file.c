#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FUSE_MAGIC  0x65735546
#define BLOCK_BYTES ((size_t)256 << 10) /* stays in the cache between reading and hashing */
#define PATH_LIMIT  4096

bool mill_file_needs_staging(const char *path)
{
	char folder[PATH_LIMIT];
	size_t length_bytes = strlen(path);
	struct statfs info;
	if (length_bytes == 0 || length_bytes >= sizeof(folder))
		return false;
	memcpy(folder, path, length_bytes + 1);
	while (statfs(folder, &info) != 0) {
		char *slash = strrchr(folder, '/');
		if (slash == NULL)
			return statfs(".", &info) == 0 && info.f_type == FUSE_MAGIC;
		if (slash == folder)
			return statfs("/", &info) == 0 && info.f_type == FUSE_MAGIC;
		*slash = '\0';
	}
	return info.f_type == FUSE_MAGIC;
}

static mill_status fail_errno(mill_error *err, const char *path, const char *what)
{
	return mill_fail(err, MILL_IO, "%s: cannot be %s: %s", path, what, strerror(errno));
}

static mill_status write_all(int fd, const uint8_t *data, size_t size_bytes, const char *path, mill_error *err)
{
	while (size_bytes > 0) {
		ssize_t n = write(fd, data, size_bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(err, path, "written");
		data += n;
		size_bytes -= (size_t)n;
	}
	return MILL_OK;
}

/* Reads `in` to its end through block, hashing, and writes it to `out` unless that is −1. */
static mill_status pump(int in, const char *from, int out, const char *to, uint8_t *block, mill_h128_stream *stream,
                        int64_t *size_bytes, mill_error *err)
{
	int64_t total = 0;
	for (;;) {
		ssize_t n = read(in, block, BLOCK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(err, from, "read");
		if (n == 0)
			break;
		mill_h128_stream_add(stream, block, (size_t)n);
		if (out >= 0)
			MILL_TRY(write_all(out, block, (size_t)n, to, err));
		total += n;
	}
	*size_bytes = total;
	return MILL_OK;
}

static mill_status hash_and_copy(const char *from, const char *to, mill_mem *mem, mill_u128 *hash, int64_t *size_bytes,
                                 mill_error *err)
{
	mill_status status = MILL_OK;
	int out = -1;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	uint8_t *block = mill_mem_alloc(mem, BLOCK_BYTES);
	mill_h128_stream *stream = mill_h128_stream_new(mem);
	if (block == NULL || stream == NULL) {
		status = mill_fail_nomem(err, BLOCK_BYTES, "checksum of a file");
		goto done;
	}
	if (in < 0) {
		status = fail_errno(err, from, "opened");
		goto done;
	}
	if (to != NULL && (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0) {
		status = fail_errno(err, to, "created");
		goto done;
	}
	MILL_TRY_GOTO(pump(in, from, out, to, block, stream, size_bytes, err), done);
	*hash = mill_h128_stream_sum(stream);
	if (out >= 0 && fsync(out) != 0)
		status = fail_errno(err, to, "flushed");
done:
	/* A FUSE mount may report a failed upload only here. */
	if (out >= 0 && close(out) != 0 && status == MILL_OK)
		status = fail_errno(err, to, "closed");
	if (in >= 0)
		close(in);
	mill_mem_free(stream);
	mill_mem_free(block);
	return status;
}

mill_status mill_file_checksum(const char *path, mill_mem *mem, mill_u128 *hash, int64_t *size_bytes, mill_error *err)
{
	return hash_and_copy(path, NULL, mem, hash, size_bytes, err);
}

mill_status mill_file_copy(const char *from, const char *to, mill_mem *mem, mill_u128 *hash, int64_t *size_bytes,
                           mill_error *err)
{
	return hash_and_copy(from, to, mem, hash, size_bytes, err);
}

void mill_file_start_flush(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	close(fd);
}

mill_status mill_file_flush(const char *path, mill_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(err, path, "opened");
	/* EINVAL: a file system that cannot flush folders. */
	bool failed = fsync(fd) != 0 && errno != EINVAL;
	mill_status status = failed ? fail_errno(err, path, "flushed") : MILL_OK;
	close(fd);
	return status;
}

mill_status mill_file_remove(const char *path, mill_error *err)
{
	return unlink(path) == 0 || errno == ENOENT ? MILL_OK : fail_errno(err, path, "removed");
}

mill_status mill_file_join(const char *folder, const char *name, mill_bytes *out, mill_error *err)
{
	out->size_bytes = 0;
	if (mill_bytes_printf(out, "%s/%s", folder, name) != MILL_OK || mill_bytes_terminate(out) != MILL_OK)
		return mill_fail_nomem(err, strlen(folder) + strlen(name), "path");
	return MILL_OK;
}
