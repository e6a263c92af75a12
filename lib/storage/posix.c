/* Local files: every operation is done once begun. A version is the time of the last change and the size, not the
 * inode, which mounts of the network number on each node by themselves. */
#include "storage/posix.h"

#include "storage/list.h"
#include "storage/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_IO_BYTES ((size_t)1 << 30) /* Linux moves at most 2 GiB a call */

typedef struct posix_file {
	mill_mem *mem;
	int fd;
	bool is_regular; /* a pipe's time changes with every byte */
	int64_t size_bytes;
	int64_t mtime_ns;
	char *path;      /* writing: the name to be */
	char *temporary; /* writing: the name until then; removed by close unless committed */
} posix_file;

static int64_t time_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void describe(const struct stat *st, mill_object *out)
{
	out->kind = S_ISDIR(st->st_mode)   ? MILL_OBJECT_FOLDER
	            : S_ISREG(st->st_mode) ? MILL_OBJECT_FILE
	                                   : MILL_OBJECT_OTHER;
	out->size_bytes = st->st_size;
	out->mtime_ns = time_of(st);
	snprintf(out->version, sizeof out->version, "%lld-%lld", (long long)out->mtime_ns, (long long)out->size_bytes);
}

static void finish(mill_io *io)
{
	io->done = true;
}

static mill_status posix_start(const mill_storage_backend *self, mill_mem *mem, void **state, mill_error *err)
{
	(void)self;
	(void)err;
	*state = mem;
	return MILL_OK;
}

static mill_status posix_canonical(const char *uri, mill_arena *arena, const char **out, mill_error *err)
{
	const char *scheme = strstr(uri, "://");
	if (scheme == NULL) {
		*out = uri;
		return MILL_OK;
	}
	const char *path = scheme + 3;
	if (strncmp(path, "localhost/", 10) == 0)
		path += 9;
	if (path[0] != '/')
		return mill_fail(err, MILL_USAGE, "%s: write file:/// and an absolute path", uri);
	*out = mill_storage_percent_decode(arena, path, strlen(path));
	return *out == NULL ? mill_fail_nomem(err, strlen(path), "a path") : MILL_OK;
}

static void posix_stat(void *state, mill_io *io)
{
	(void)state;
	struct stat st;
	if (stat(io->uri[0] == '\0' ? "." : io->uri, &st) != 0) {
		bool absent = errno == ENOENT || errno == ENOTDIR;
		mill_io_fail(io, absent ? MILL_NOT_FOUND : MILL_IO, "cannot open %s: %s", io->shown, strerror(errno));
		return;
	}
	describe(&st, &io->object);
	finish(io);
}

static mill_object_kind kind_of(DIR *dir, const struct dirent *entry)
{
	switch (entry->d_type) {
	case DT_REG: return MILL_OBJECT_FILE;
	case DT_DIR: return MILL_OBJECT_FOLDER;
	case DT_LNK: return MILL_OBJECT_LINK;
	case DT_UNKNOWN: break;
	default: return MILL_OBJECT_OTHER;
	}
	struct stat st;
	if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(st.st_mode))
		return MILL_OBJECT_FILE; /* what is wrong with it is told when it is opened */
	return S_ISDIR(st.st_mode) ? MILL_OBJECT_FOLDER : S_ISLNK(st.st_mode) ? MILL_OBJECT_LINK : MILL_OBJECT_OTHER;
}

static bool add_entry(mill_page *page, int64_t *capacity, DIR *dir, const struct dirent *from)
{
	if (page->count == *capacity) {
		int64_t more = *capacity == 0 ? 16 : *capacity * 2;
		mill_page_entry *entries = mill_arena_array(page->arena, (size_t)more, sizeof *entries);
		if (entries == NULL)
			return false;
		if (page->count > 0)
			memcpy(entries, page->entries, (size_t)page->count * sizeof *entries);
		page->entries = entries;
		*capacity = more;
	}
	mill_page_entry *entry = &page->entries[page->count++];
	entry->name = mill_arena_strdup(page->arena, from->d_name);
	entry->object = (mill_object){.kind = kind_of(dir, from), .size_bytes = -1};
	return entry->name != NULL;
}

/* The whole folder is one page. */
static void posix_list(void *state, mill_io *io)
{
	(void)state;
	mill_page *page = io->page;
	const char *path = io->uri[0] == '\0' ? "." : io->uri;
	int64_t capacity = 0;
	DIR *dir = opendir(path);
	page->entries = NULL;
	page->count = 0;
	page->next = NULL;
	if (dir == NULL) {
		mill_io_fail(io, errno == ENOENT ? MILL_NOT_FOUND : MILL_IO, "cannot read the folder %s: %s", path,
		             strerror(errno));
		return;
	}
	errno = 0;
	for (struct dirent *e = readdir(dir); e != NULL && !io->done; errno = 0, e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !add_entry(page, &capacity, dir, e))
			mill_io_fail(io, MILL_NOMEM, "out of memory for a file listing");
	if (!io->done && errno != 0)
		mill_io_fail(io, MILL_IO, "cannot read the folder %s: %s", path, strerror(errno));
	closedir(dir);
	finish(io);
}

static posix_file *new_file(mill_mem *mem, mill_io *io)
{
	posix_file *file = mill_mem_calloc(mem, 1, sizeof *file);
	if (file == NULL) {
		mill_fail_nomem(&io->error, sizeof *file, io->shown);
		io->status = MILL_NOMEM;
		io->done = true;
		return NULL;
	}
	file->mem = mem;
	file->fd = -1;
	return file;
}

static void posix_close(void *state, void *opaque)
{
	(void)state;
	posix_file *file = opaque;
	if (file->fd >= 0)
		close(file->fd);
	if (file->temporary != NULL)
		(void)unlink(file->temporary);
	mill_mem_free(file->temporary);
	mill_mem_free(file->path);
	mill_mem_free(file);
}

static void open_at(posix_file *file, mill_io *io)
{
	struct stat st;
	file->fd = open(io->uri, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0) {
		mill_io_fail(io, errno == ENOENT || errno == ENOTDIR ? MILL_NOT_FOUND : MILL_IO, "cannot open %s: %s",
		             io->shown, strerror(errno));
		return;
	}
	if (fstat(file->fd, &st) != 0) {
		mill_io_fail(io, MILL_IO, "cannot stat %s: %s", io->shown, strerror(errno));
		return;
	}
	describe(&st, &io->object);
	if (io->object.kind == MILL_OBJECT_FOLDER) {
		mill_io_fail(io, MILL_IO, "cannot read %s: it is a folder", io->shown);
		return;
	}
	file->is_regular = io->object.kind == MILL_OBJECT_FILE;
	file->size_bytes = io->object.size_bytes;
	file->mtime_ns = io->object.mtime_ns;
}

static void posix_open(void *state, mill_io *io)
{
	posix_file *file = new_file(state, io);
	if (file == NULL)
		return;
	open_at(file, io);
	if (io->status == MILL_OK)
		io->file = file;
	else
		posix_close(state, file);
	finish(io);
}

/* An open file stays what it was when its name is given to another one; it changes when written in place. */
static void check_unchanged(const posix_file *file, mill_io *io)
{
	struct stat st;
	if (!file->is_regular || fstat(file->fd, &st) != 0 ||
	    (st.st_size == file->size_bytes && time_of(&st) == file->mtime_ns))
		return;
	describe(&st, &io->object);
	io->has_changed = true;
	mill_io_fail(io, MILL_IO, "%s has changed", io->shown);
}

static void posix_read(void *state, mill_io *io)
{
	(void)state;
	const posix_file *file = io->file;
	while (io->got_bytes < io->size_bytes) {
		size_t want = io->size_bytes - io->got_bytes;
		int64_t offset = io->offset + (int64_t)io->got_bytes;
		ssize_t n =
		    pread(file->fd, (char *)io->out + io->got_bytes, want < MAX_IO_BYTES ? want : MAX_IO_BYTES, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			mill_io_fail(io, MILL_IO, "cannot read %s at offset %lld: %s", io->shown, (long long)offset,
			             strerror(errno));
			return;
		}
		if (n == 0)
			break;
		io->got_bytes += (size_t)n;
	}
	check_unchanged(file, io);
	finish(io);
}

static void posix_will_read(void *state, void *opaque, int64_t offset, int64_t size_bytes)
{
	(void)state;
	const posix_file *file = opaque;
	(void)posix_fadvise(file->fd, offset, size_bytes, POSIX_FADV_WILLNEED);
}

static char *copy_text(mill_mem *mem, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = mill_mem_alloc(mem, size);
	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

/* "dir/.name.PID.tmp": hidden, so that a folder listing never takes it for data. */
static char *temporary_name(mill_mem *mem, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	size_t size = strlen(path) + 32;
	char *name = mill_mem_alloc(mem, size);
	if (name != NULL)
		snprintf(name, size, "%.*s.%s.%ld.tmp", (int)folder, path, path + folder, (long)getpid());
	return name;
}

static void posix_create(void *state, mill_io *io)
{
	posix_file *file = new_file(state, io);
	if (file == NULL)
		return;
	file->path = copy_text(state, io->uri);
	char *temporary = temporary_name(state, io->uri);
	if (file->path == NULL || temporary == NULL) {
		io->status = mill_fail_nomem(&io->error, strlen(io->uri), io->shown);
	} else {
		file->fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (file->fd < 0)
			mill_io_fail(io, MILL_IO, "cannot write %s: %s", io->shown, strerror(errno));
	}
	if (io->status == MILL_OK) {
		file->temporary = temporary;
		io->file = file;
	} else {
		mill_mem_free(temporary);
		posix_close(state, file);
	}
	finish(io);
}

static void posix_put(void *state, mill_io *io)
{
	(void)state;
	const posix_file *file = io->file;
	for (size_t done = 0; done < io->size_bytes;) {
		size_t want = io->size_bytes - done;
		ssize_t n = pwrite(file->fd, (const char *)io->data + done, want < MAX_IO_BYTES ? want : MAX_IO_BYTES,
		                   io->offset + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			mill_io_fail(io, MILL_IO, "cannot write %s: %s", io->shown, strerror(errno));
			return;
		}
		done += (size_t)n;
	}
	finish(io);
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

/* What is at path has this version. Another process may change it before the rename: on local files this guards
 * against what happened before, not against a rival (claims of local stores are locks). */
static bool has_version(const char *path, const char *version)
{
	struct stat st;
	mill_object object;
	if (stat(path, &st) != 0)
		return false;
	describe(&st, &object);
	return strcmp(object.version, version) == 0;
}

static int take_name(posix_file *file, const mill_io *io)
{
	if (io->condition == MILL_IF_ABSENT)
		return link(file->temporary, file->path); /* close removes the other name */
	if (io->condition == MILL_IF_VERSION && !has_version(file->path, io->version)) {
		errno = EEXIST;
		return -1;
	}
	if (rename(file->temporary, file->path) != 0)
		return -1;
	mill_mem_free(file->temporary);
	file->temporary = NULL;
	return 0;
}

static void posix_commit(void *state, mill_io *io)
{
	(void)state;
	posix_file *file = io->file;
	struct stat st;
	if (fsync(file->fd) != 0 && errno != EINVAL && errno != ENOSYS) {
		mill_io_fail(io, MILL_IO, "cannot write %s to disk: %s", io->shown, strerror(errno));
		return;
	}
	if (fstat(file->fd, &st) == 0)
		describe(&st, &io->object);
	int fd = file->fd;
	file->fd = -1;
	if (close(fd) != 0) {
		mill_io_fail(io, MILL_IO, "cannot close %s: %s", io->shown, strerror(errno));
		return;
	}
	if (take_name(file, io) != 0) {
		if (io->condition != MILL_ALWAYS && errno == EEXIST)
			mill_io_fail(io, MILL_EXISTS, "%s: another one is there already", io->shown);
		else
			mill_io_fail(io, MILL_IO, "cannot rename %s to %s: %s", file->temporary, file->path,
			             strerror(errno));
		return;
	}
	sync_folder_of(file->path);
	finish(io);
}

static void posix_remove(void *state, mill_io *io)
{
	(void)state;
	if (io->condition == MILL_IF_VERSION && !has_version(io->uri, io->version)) {
		mill_io_fail(io, MILL_EXISTS, "%s: another one is there", io->shown);
		return;
	}
	if (remove(io->uri) != 0)
		mill_io_fail(io, errno == ENOENT || errno == ENOTDIR ? MILL_NOT_FOUND : MILL_IO,
		             "%s: cannot be removed: %s", io->shown, strerror(errno));
	finish(io);
}

static void posix_make_folders(void *state, mill_io *io)
{
	(void)state;
	io->status = mill_path_make_folders(io->uri, &io->error);
	finish(io);
}

static const char *const schemes[] = {"", "file", NULL};

const mill_storage_backend mill_posix_backend = {
    .schemes = schemes,
    .can = MILL_CAN_FOLDERS | MILL_CAN_LOCAL_PATH,
    .part_bytes = (size_t)1 << 20,
    .parts_in_flight = 1,
    .start = posix_start,
    .canonical = posix_canonical,
    .stat = posix_stat,
    .list = posix_list,
    .open = posix_open,
    .read = posix_read,
    .create = posix_create,
    .put = posix_put,
    .commit = posix_commit,
    .remove = posix_remove,
    .make_folders = posix_make_folders,
    .close = posix_close,
    .will_read = posix_will_read,
};
