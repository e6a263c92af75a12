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

mill_status mill_file_is_staged(const mill_store_spec *spec, bool *out, mill_error *err)
{
	const char *path = NULL;
	mill_arena arena;
	mill_arena_init(&arena, spec->storage->mem);
	mill_status status = mill_storage_local_path(spec->storage, spec->path, &arena, &path, err);
	if (status == MILL_OK)
		*out = spec->finish_in_scratch || path == NULL || mill_file_needs_staging(path);
	mill_arena_release(&arena);
	return status;
}

/* A file's bytes on their way: hashed, and written to at most one of the two. */
typedef struct pump {
	uint8_t *block;
	mill_h128_stream *stream;
	int out;             /* −1: none */
	mill_writer *writer; /* NULL: none */
	const char *to;
} pump;

static mill_status pump_init(pump *p, mill_mem *mem, mill_error *err)
{
	*p = (pump){.out = -1};
	p->block = mill_mem_alloc(mem, BLOCK_BYTES);
	p->stream = mill_h128_stream_new(mem);
	return p->block != NULL && p->stream != NULL ? MILL_OK
	                                             : mill_fail_nomem(err, BLOCK_BYTES, "checksum of a file");
}

static void pump_release(pump *p)
{
	mill_mem_free(p->stream);
	mill_mem_free(p->block);
}

/* Reads to the end. */
static mill_status pump_all(pump *p, mill_reader *reader, mill_u128 *hash, int64_t *size_bytes, mill_error *err)
{
	int64_t total = 0;
	for (;;) {
		size_t n = 0;
		MILL_TRY(mill_reader_read(reader, total, p->block, BLOCK_BYTES, &n, err));
		mill_h128_stream_add(p->stream, p->block, n);
		if (p->out >= 0)
			MILL_TRY(write_all(p->out, p->block, n, p->to, err));
		if (p->writer != NULL)
			MILL_TRY(mill_writer_append(p->writer, p->block, n, err));
		total += (int64_t)n;
		if (n < BLOCK_BYTES)
			break;
	}
	*hash = mill_h128_stream_sum(p->stream);
	*size_bytes = total;
	return MILL_OK;
}

mill_status mill_file_checksum(mill_storage *storage, const char *uri, mill_u128 *hash, int64_t *size_bytes,
                               mill_error *err)
{
	pump p;
	mill_reader *reader = NULL;
	mill_status status = pump_init(&p, storage->mem, err);
	if (status == MILL_OK)
		status = mill_reader_open(storage, uri, &reader, err);
	if (status == MILL_OK)
		status = pump_all(&p, reader, hash, size_bytes, err);
	mill_reader_close(reader);
	pump_release(&p);
	return status;
}

static mill_status place_local(pump *p, mill_reader *reader, mill_u128 *hash, int64_t *size_bytes, mill_error *err)
{
	p->out = open(p->to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (p->out < 0)
		return fail_errno(err, p->to, "created");
	mill_status status = pump_all(p, reader, hash, size_bytes, err);
	if (status == MILL_OK && fsync(p->out) != 0)
		status = fail_errno(err, p->to, "flushed");
	/* A FUSE mount may report a failed upload only here. */
	if (close(p->out) != 0 && status == MILL_OK)
		status = fail_errno(err, p->to, "closed");
	return status;
}

static mill_status place_away(pump *p, mill_storage *storage, mill_reader *reader, mill_u128 *hash, int64_t *size_bytes,
                              mill_error *err)
{
	MILL_TRY(mill_writer_open(storage, p->to, &p->writer, err));
	mill_status status = pump_all(p, reader, hash, size_bytes, err);
	if (status == MILL_OK)
		status = mill_writer_commit(p->writer, err);
	mill_writer_close(p->writer);
	return status;
}

mill_status mill_file_place(mill_storage *storage, const char *from, const char *to, mill_u128 *hash,
                            int64_t *size_bytes, mill_error *err)
{
	pump p;
	mill_arena arena;
	mill_reader *reader = NULL;
	const char *path = NULL;
	mill_arena_init(&arena, storage->mem);
	mill_status status = pump_init(&p, storage->mem, err);
	if (status == MILL_OK)
		status = mill_storage_local_path(storage, to, &arena, &path, err);
	if (status == MILL_OK)
		status = mill_reader_open(storage, from, &reader, err);
	if (status == MILL_OK) {
		p.to = path == NULL ? to : path;
		status = path == NULL ? place_away(&p, storage, reader, hash, size_bytes, err)
		                      : place_local(&p, reader, hash, size_bytes, err);
	}
	mill_reader_close(reader);
	pump_release(&p);
	mill_arena_release(&arena);
	return status;
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

void mill_file_discard(const char *path)
{
	(void)unlink(path);
}

mill_status mill_file_join(const char *folder, const char *name, mill_bytes *out, mill_error *err)
{
	out->size_bytes = 0;
	if (mill_bytes_printf(out, "%s/%s", folder, name) != MILL_OK || mill_bytes_terminate(out) != MILL_OK)
		return mill_fail_nomem(err, strlen(folder) + strlen(name), "path");
	return MILL_OK;
}
