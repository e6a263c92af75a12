/* Local files: ranged reads with read-ahead, write-once commit. */
#include "base/checked.h"
#include "storage/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_AHEAD_BYTES   ((int64_t)16 << 20)
#define WRITE_BUFFER_BYTES ((size_t)1 << 20)
#define MAX_IO_BYTES       ((size_t)1 << 30) /* Linux moves at most 2 GiB a call */

struct mill_reader {
	mill_mem *mem;
	char *uri;
	int fd;
	int64_t size_bytes;
	int64_t ahead_bytes; /* the kernel was asked for everything before this offset */
};

struct mill_writer {
	mill_mem *mem;
	char *uri;
	char *path;
	char *temporary; /* unlinked by close unless committed */
	int fd;
	size_t buffered_bytes;
	uint8_t *buffer;
};

static char *copy_text(mill_mem *mem, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = mill_mem_alloc(mem, size);
	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

/* The local path of uri as an own copy. */
static mill_status local_path(const char *uri, mill_mem *mem, char **out, mill_error *err)
{
	mill_arena arena;
	mill_arena_init(&arena, mem);
	const char *path = NULL;
	mill_status status = mill_storage_local_path(uri, &arena, &path, err);
	if (status == MILL_OK) {
		char *copy = copy_text(mem, path);
		if (copy == NULL)
			status = mill_fail_nomem(err, strlen(path) + 1, uri);
		else
			*out = copy;
	}
	mill_arena_release(&arena);
	return status;
}

static mill_status open_reader(mill_reader *reader, const char *path, mill_error *err)
{
	struct stat st;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0)
		return mill_fail(err, errno == ENOENT ? MILL_NOT_FOUND : MILL_IO, "cannot open %s: %s", reader->uri,
		                 strerror(errno));
	if (fstat(reader->fd, &st) != 0)
		return mill_fail(err, MILL_IO, "cannot stat %s: %s", reader->uri, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return mill_fail(err, MILL_IO, "cannot read %s: it is a folder", reader->uri);
	reader->size_bytes = st.st_size;
	return MILL_OK;
}

mill_status mill_reader_open(mill_storage *storage, const char *uri, mill_reader **out, mill_error *err)
{
	mill_mem *mem = storage->mem;
	mill_reader *reader = mill_mem_calloc(mem, 1, sizeof *reader);
	char *path = NULL;
	if (reader == NULL)
		return mill_fail_nomem(err, sizeof *reader, uri);
	reader->mem = mem;
	reader->fd = -1;
	reader->uri = copy_text(mem, uri);
	mill_status status = reader->uri == NULL ? mill_fail_nomem(err, strlen(uri), uri) : MILL_OK;
	if (status == MILL_OK)
		status = local_path(uri, mem, &path, err);
	if (status == MILL_OK)
		status = open_reader(reader, path, err);
	mill_mem_free(path);
	if (status != MILL_OK) {
		mill_reader_close(reader);
		return status;
	}
	*out = reader;
	return MILL_OK;
}

/* Asks the kernel for the next stretch once half of the last one is used, so that the disk works while we parse. */
static void read_ahead(mill_reader *reader, int64_t end)
{
	if (end + READ_AHEAD_BYTES / 2 <= reader->ahead_bytes && end >= reader->ahead_bytes - 2 * READ_AHEAD_BYTES)
		return;
	int64_t from = mill_max_i64(end, reader->ahead_bytes);
	int64_t until = mill_min_i64(end + READ_AHEAD_BYTES, reader->size_bytes);
	if (end < reader->ahead_bytes - 2 * READ_AHEAD_BYTES)
		from = end;
	if (until > from)
		(void)posix_fadvise(reader->fd, from, until - from, POSIX_FADV_WILLNEED);
	reader->ahead_bytes = end + READ_AHEAD_BYTES;
}

mill_status mill_reader_read(mill_reader *reader, int64_t offset, void *out, size_t size_bytes, size_t *got_bytes,
                             mill_error *err)
{
	size_t got = 0;
	while (got < size_bytes) {
		size_t want = size_bytes - got < MAX_IO_BYTES ? size_bytes - got : MAX_IO_BYTES;
		ssize_t n = pread(reader->fd, (char *)out + got, want, offset + (int64_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mill_fail(err, MILL_IO, "cannot read %s at offset %lld: %s", reader->uri,
			                 (long long)(offset + (int64_t)got), strerror(errno));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	read_ahead(reader, offset + (int64_t)got);
	*got_bytes = got;
	return MILL_OK;
}

int64_t mill_reader_size(const mill_reader *reader)
{
	return reader->size_bytes;
}

const char *mill_reader_uri(const mill_reader *reader)
{
	return reader->uri;
}

void mill_reader_close(mill_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	mill_mem_free(reader->uri);
	mill_mem_free(reader);
}

/* "dir/.name.PID.tmp": hidden, so that a folder listing never takes it for data. */
static char *temporary_name(mill_mem *mem, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	mill_bytes name;
	mill_bytes_init(&name, mem);
	char *out = NULL;
	if (mill_bytes_append(&name, path, folder) == MILL_OK &&
	    mill_bytes_printf(&name, ".%s.%ld.tmp", path + folder, (long)getpid()) == MILL_OK &&
	    mill_bytes_terminate(&name) == MILL_OK)
		out = copy_text(mem, (const char *)name.data);
	mill_bytes_release(&name);
	return out;
}

static mill_status open_writer(mill_writer *writer, const char *uri, mill_error *err)
{
	writer->uri = copy_text(writer->mem, uri);
	writer->buffer = mill_mem_alloc(writer->mem, WRITE_BUFFER_BYTES);
	if (writer->uri == NULL || writer->buffer == NULL)
		return mill_fail_nomem(err, WRITE_BUFFER_BYTES, uri);
	MILL_TRY(local_path(uri, writer->mem, &writer->path, err));
	char *temporary = temporary_name(writer->mem, writer->path);
	if (temporary == NULL)
		return mill_fail_nomem(err, strlen(uri), uri);
	writer->fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (writer->fd < 0) {
		mill_status status = mill_fail(err, MILL_IO, "cannot write %s: %s", uri, strerror(errno));
		mill_mem_free(temporary);
		return status;
	}
	writer->temporary = temporary;
	return MILL_OK;
}

mill_status mill_writer_open(mill_storage *storage, const char *uri, mill_writer **out, mill_error *err)
{
	mill_mem *mem = storage->mem;
	mill_writer *writer = mill_mem_calloc(mem, 1, sizeof *writer);
	if (writer == NULL)
		return mill_fail_nomem(err, sizeof *writer, uri);
	writer->mem = mem;
	writer->fd = -1;
	mill_status status = open_writer(writer, uri, err);
	if (status != MILL_OK) {
		mill_writer_close(writer);
		return status;
	}
	*out = writer;
	return MILL_OK;
}

static mill_status write_fully(mill_writer *writer, const uint8_t *data, size_t size_bytes, mill_error *err)
{
	while (size_bytes > 0) {
		ssize_t n = write(writer->fd, data, size_bytes < MAX_IO_BYTES ? size_bytes : MAX_IO_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mill_fail(err, MILL_IO, "cannot write %s: %s", writer->uri, strerror(errno));
		data += n;
		size_bytes -= (size_t)n;
	}
	return MILL_OK;
}

static mill_status flush_writer(mill_writer *writer, mill_error *err)
{
	size_t size = writer->buffered_bytes;
	writer->buffered_bytes = 0;
	return write_fully(writer, writer->buffer, size, err);
}

mill_status mill_writer_append(mill_writer *writer, const void *data, size_t size_bytes, mill_error *err)
{
	if (size_bytes > WRITE_BUFFER_BYTES - writer->buffered_bytes)
		MILL_TRY(flush_writer(writer, err));
	if (size_bytes >= WRITE_BUFFER_BYTES)
		return write_fully(writer, data, size_bytes, err);
	if (size_bytes > 0)
		memcpy(writer->buffer + writer->buffered_bytes, data, size_bytes);
	writer->buffered_bytes += size_bytes;
	return MILL_OK;
}

/* Makes a rename durable. Mounts that cannot sync a folder say EINVAL or the like: nothing more can be done there. */
static void sync_folder_of(const char *path)
{
	char folder[4096] = ".";
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (length >= sizeof folder)
		return;
	if (length > 0) {
		memcpy(folder, path, length);
		folder[length] = '\0';
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

mill_status mill_writer_commit(mill_writer *writer, mill_error *err)
{
	MILL_TRY(flush_writer(writer, err));
	if (fsync(writer->fd) != 0 && errno != EINVAL && errno != ENOSYS)
		return mill_fail(err, MILL_IO, "cannot write %s to disk: %s", writer->uri, strerror(errno));
	int fd = writer->fd;
	writer->fd = -1;
	if (close(fd) != 0)
		return mill_fail(err, MILL_IO, "cannot close %s: %s", writer->uri, strerror(errno));
	if (rename(writer->temporary, writer->path) != 0)
		return mill_fail(err, MILL_IO, "cannot rename %s to %s: %s", writer->temporary, writer->path,
		                 strerror(errno));
	mill_mem_free(writer->temporary);
	writer->temporary = NULL;
	sync_folder_of(writer->path);
	return MILL_OK;
}

void mill_writer_close(mill_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->temporary != NULL)
		(void)unlink(writer->temporary);
	mill_mem_free(writer->temporary);
	mill_mem_free(writer->path);
	mill_mem_free(writer->buffer);
	mill_mem_free(writer->uri);
	mill_mem_free(writer);
}
