#include "test_backend.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_OPERATIONS 64
#define PATH_BYTES      1024

struct store;

typedef struct operation {
	mill_io *io; /* NULL: free */
	void (*run)(struct store *store, mill_io *io);
	int64_t due_ns;
} operation;

typedef struct store {
	mill_mem *mem;
	char text[1024]; /* the environment's, cut into the options below */
	const char *root;
	const char *refuse, *refuse_commit, *kill_commit, *change, *stall;
	int64_t latency_us, page, short_every, transient_every;
	int64_t operations, reads, shorts, transients, most_in_flight, changed_reads, uploads;
	operation in_flight[MOST_OPERATIONS];
} store;

typedef struct test_file {
	mill_mem *mem;
	int64_t upload; /* of a file being written: its number in this process */
	int64_t parts;
} test_file;

static const char *key_of(const char *uri)
{
	const char *bucket = uri + strlen("test://");
	const char *slash = strchr(bucket, '/');
	return slash == NULL ? "" : slash + 1;
}

/* ROOT/BUCKET, and the object's file below it where key is given. */
static void object_path(const store *s, const char *uri, const char *key, char out[PATH_BYTES])
{
	const char *bucket = uri + strlen("test://");
	size_t n = (size_t)snprintf(out, PATH_BYTES, "%s/%.*s", s->root, (int)strcspn(bucket, "/"), bucket);
	if (key != NULL && n + 1 < PATH_BYTES)
		out[n++] = '/';
	for (; key != NULL && *key != '\0' && n + 4 < PATH_BYTES; key++) {
		if (*key == '/' || *key == '%')
			n += (size_t)snprintf(out + n, 4, "%%%02X", *key);
		else
			out[n++] = *key;
	}
	out[n] = '\0';
}

static void part_path(const store *s, const test_file *file, int64_t part, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s/.parts/%ld-%lld-%lld", s->root, (long)getpid(), (long long)file->upload,
	         (long long)part);
}

static void describe(const struct stat *st, mill_object *out)
{
	*out = (mill_object){.kind = MILL_OBJECT_FILE, .size_bytes = st->st_size};
	out->mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	snprintf(out->version, sizeof out->version, "\"%llx-%llx-%llx\"", (unsigned long long)st->st_ino,
	         (unsigned long long)out->mtime_ns, (unsigned long long)st->st_size);
}

static bool holds(const char *key, const char *text)
{
	return text != NULL && strstr(key, text) != NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const mill_page_entry *)a)->name, ((const mill_page_entry *)b)->name);
}

static char *decoded(mill_arena *arena, const char *name)
{
	char *out = mill_arena_strdup(arena, name);
	size_t n = 0;
	for (const char *p = name; out != NULL && *p != '\0'; p++) {
		bool slash = strncmp(p, "%2F", 3) == 0, percent = strncmp(p, "%25", 3) == 0;
		out[n++] = slash ? '/' : *p;
		p += slash || percent ? 2 : 0;
	}
	if (out != NULL)
		out[n] = '\0';
	return out;
}

/* Every key below a folder, as names below it, sorted. *count is −1 when there is no such bucket or memory is short. */
static mill_page_entry *names_below(store *s, mill_io *io, mill_arena *arena, int64_t *count)
{
	char path[PATH_BYTES];
	const char *key = key_of(io->uri);
	size_t length = strlen(key);
	object_path(s, io->uri, NULL, path);
	struct dirent **found = NULL;
	int n = scandir(path, &found, NULL, NULL);
	mill_page_entry *entries = n < 0 ? NULL : mill_arena_array(arena, (size_t)n + 1, sizeof *entries);
	*count = entries == NULL ? -1 : 0;
	for (int i = 0; i < n; i++) {
		struct stat st;
		char *name = decoded(arena, found[i]->d_name);
		bool below = name != NULL && strncmp(name, key, length) == 0 && (length == 0 || name[length] == '/');
		if (entries != NULL && below && found[i]->d_name[0] != '~') {
			mill_page_entry *entry = &entries[*count];
			entry->name = name + length + (length == 0 || key[length - 1] == '/' ? 0 : 1);
			object_path(s, io->uri, name, path);
			if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
				describe(&st, &entry->object);
				++*count;
			}
		}
		free(found[i]);
	}
	free(found);
	if (*count > 1)
		qsort(entries, (size_t)*count, sizeof *entries, compare_names);
	return entries;
}

/* Where names go on below a folder, only its name is kept, once. */
static int64_t fold(mill_arena *arena, mill_page_entry *entries, int64_t count)
{
	int64_t n = 0;
	for (int64_t i = 0; i < count; i++) {
		const char *slash = strchr(entries[i].name, '/');
		mill_page_entry entry = entries[i];
		if (slash != NULL) {
			entry.name = mill_arena_strndup(arena, entry.name, (size_t)(slash - entry.name));
			entry.object = (mill_object){.kind = MILL_OBJECT_FOLDER};
		}
		if (n == 0 || entry.name == NULL || strcmp(entries[n - 1].name, entry.name) != 0)
			entries[n++] = entry;
	}
	return n;
}

static void run_list(store *s, mill_io *io)
{
	mill_page *page = io->page;
	int64_t count = 0;
	mill_page_entry *all = names_below(s, io, page->arena, &count);
	const char *next = page->next;
	int64_t from = next == NULL ? 0 : strtoll(next, NULL, 10);
	page->entries = NULL;
	page->count = 0;
	page->next = NULL;
	if (count < 0)
		return;
	if (!io->recursive)
		count = fold(page->arena, all, count);
	/* The second page is empty, which it may be without being the last. */
	bool is_second = next != NULL && next[0] == 'e';
	if (is_second)
		from = strtoll(next + 1, NULL, 10);
	int64_t end = is_second ? from : from + s->page;
	end = end < count ? end : count;
	page->entries = all + from;
	page->count = end - from;
	bool is_first = from == 0 && !is_second;
	if (end < count)
		page->next = mill_arena_printf(page->arena, is_first ? "e%lld" : "%lld", (long long)end);
}

static void run_stat(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	struct stat st;
	int64_t count = 0;
	mill_arena arena;
	object_path(s, io->uri, key_of(io->uri), path);
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		describe(&st, &io->object);
		return;
	}
	mill_arena_init(&arena, s->mem);
	names_below(s, io, &arena, &count);
	mill_arena_release(&arena);
	if (count > 0)
		io->object = (mill_object){.kind = MILL_OBJECT_FOLDER};
	else
		mill_io_fail(io, MILL_NOT_FOUND, "cannot open %s: 404", io->shown);
}

static void new_file(store *s, mill_io *io)
{
	test_file *file = mill_mem_calloc(s->mem, 1, sizeof *file);
	if (file == NULL) {
		io->status = mill_fail_nomem(&io->error, sizeof *file, io->shown);
		return;
	}
	file->mem = s->mem;
	file->upload = ++s->uploads;
	io->file = file;
}

static void run_open(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	struct stat st;
	object_path(s, io->uri, key_of(io->uri), path);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		mill_io_fail(io, MILL_NOT_FOUND, "cannot open %s: 404", io->shown);
		return;
	}
	describe(&st, &io->object);
	new_file(s, io);
}

/* Another object of the same bytes under the name. */
static void change_object(const char *path)
{
	char other[PATH_BYTES + 8], block[4096];
	snprintf(other, sizeof other, "%s~", path);
	int in = open(path, O_RDONLY | O_CLOEXEC), out = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	for (ssize_t n = 1; in >= 0 && out >= 0 && n > 0;) {
		n = read(in, block, sizeof block);
		if (n > 0 && write(out, block, (size_t)n) != n)
			break;
	}
	close(in);
	close(out);
	rename(other, path);
}

static void run_read(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	mill_object object;
	struct stat st;
	const char *key = key_of(io->uri);
	object_path(s, io->uri, key, path);
	if (holds(key, s->change) && ++s->changed_reads == 3)
		change_object(path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (holds(key, s->refuse) || fd < 0 || fstat(fd, &st) != 0) {
		mill_io_fail(io, MILL_IO, "%s: 403 refused", io->shown);
		close(fd);
		return;
	}
	describe(&st, &object);
	if (strcmp(object.version, io->version) != 0) {
		io->has_changed = true;
		mill_io_fail(io, MILL_IO, "%s: 412", io->shown);
		close(fd);
		return;
	}
	size_t want = io->size_bytes;
	if (s->short_every > 0 && ++s->reads % s->short_every == 0 && want > 1) {
		want /= 2;
		s->shorts++;
	}
	ssize_t n = pread(fd, io->out, want, io->offset);
	close(fd);
	if (n < 0)
		mill_io_fail(io, MILL_IO, "%s: %s", io->shown, strerror(errno));
	else
		io->got_bytes = (size_t)n;
}

static void run_create(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	snprintf(path, sizeof path, "%s/.parts", s->root);
	mkdir(path, 0777);
	new_file(s, io);
}

static void run_put(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	test_file *file = io->file;
	part_path(s, file, io->part, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, io->data, io->size_bytes) != (ssize_t)io->size_bytes)
		mill_io_fail(io, MILL_IO, "%s: part %lld: %s", io->shown, (long long)io->part, strerror(errno));
	close(fd);
	if (io->part >= file->parts)
		file->parts = io->part + 1;
}

/* The parts end to end as a file beside the others, hidden from listings. */
static bool join_parts(store *s, mill_io *io, const char *joined)
{
	char path[PATH_BYTES], block[65536];
	int out = open(joined, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool ok = out >= 0;
	for (int64_t part = 0; ok && part < io->part; part++) {
		part_path(s, io->file, part, path);
		int in = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n;
		while (in >= 0 && (n = read(in, block, sizeof block)) > 0)
			ok = ok && write(out, block, (size_t)n) == n;
		ok = ok && in >= 0;
		close(in);
	}
	close(out);
	return ok;
}

static bool may_take(const char *path, const mill_io *io)
{
	mill_object object = {.version = ""};
	struct stat st;
	bool there = stat(path, &st) == 0;
	if (there)
		describe(&st, &object);
	if (io->condition == MILL_IF_ABSENT)
		return !there;
	return io->condition == MILL_ALWAYS || (there && strcmp(object.version, io->version) == 0);
}

static int lock_root(const store *s)
{
	char path[PATH_BYTES];
	snprintf(path, sizeof path, "%s/.lock", s->root);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static void run_commit(store *s, mill_io *io)
{
	char path[PATH_BYTES], joined[PATH_BYTES + 64];
	const char *key = key_of(io->uri);
	struct stat st;
	if (holds(key, s->kill_commit))
		raise(SIGKILL);
	if (holds(key, s->refuse_commit)) {
		mill_io_fail(io, MILL_IO, "%s: 403 refused to commit", io->shown);
		return;
	}
	object_path(s, io->uri, NULL, path);
	mkdir(path, 0777);
	snprintf(joined, sizeof joined, "%s/~%ld-%lld", path, (long)getpid(), (long long)++s->uploads);
	object_path(s, io->uri, key, path);
	if (!join_parts(s, io, joined)) {
		mill_io_fail(io, MILL_IO, "%s: cannot be made of its parts: %s", io->shown, strerror(errno));
		unlink(joined);
		return;
	}
	int lock = lock_root(s);
	if (!may_take(path, io))
		mill_io_fail(io, MILL_EXISTS, "%s: 412 another one is there", io->shown);
	else if (rename(joined, path) != 0 || stat(path, &st) != 0)
		mill_io_fail(io, MILL_IO, "%s: %s", io->shown, strerror(errno));
	else
		describe(&st, &io->object);
	unlink(joined);
	close(lock);
}

static void run_remove(store *s, mill_io *io)
{
	char path[PATH_BYTES];
	int lock = lock_root(s);
	object_path(s, io->uri, key_of(io->uri), path);
	if (!may_take(path, io))
		mill_io_fail(io, MILL_EXISTS, "%s: 412 another one is there", io->shown);
	else if (key_of(io->uri)[0] == '\0' || unlink(path) != 0)
		mill_io_fail(io, MILL_NOT_FOUND, "%s: 404", io->shown);
	close(lock);
}

static void add(void *state, mill_io *io, void (*run)(store *s, mill_io *io))
{
	store *s = state;
	int64_t in_flight = 1;
	operation *free_one = NULL;
	for (int i = 0; i < MOST_OPERATIONS; i++) {
		if (s->in_flight[i].io == NULL)
			free_one = &s->in_flight[i];
		else
			in_flight++;
	}
	if (free_one == NULL) {
		mill_io_fail(io, MILL_IO, "%s: too many operations", io->shown);
		return;
	}
	*free_one = (operation){io, run, mill_clock_ns() + s->latency_us * 1000};
	if (in_flight > s->most_in_flight)
		s->most_in_flight = in_flight;
}

#define BEGIN(name)                                       \
	static void test_##name(void *state, mill_io *io) \
	{                                                 \
		add(state, io, run_##name);               \
	}
BEGIN(stat)
BEGIN(list)
BEGIN(open)
BEGIN(read)
BEGIN(create)
BEGIN(put)
BEGIN(commit)
BEGIN(remove)

static void complete(store *s, operation *op)
{
	mill_io *io = op->io;
	if (op->run == run_read && holds(key_of(io->uri), s->stall))
		return;
	void (*run)(store *, mill_io *) = op->run;
	op->io = NULL;
	if (s->transient_every > 0 && ++s->operations % s->transient_every == 0) {
		s->transients++;
		mill_io_fail(io, MILL_IO, "%s: 503 busy", io->shown);
		io->is_transient = true;
		io->retry_after_ns = 100000;
		return;
	}
	run(s, io);
	io->done = true;
}

/* What was begun last is done first. */
static void test_advance(void *state, int64_t timeout_ns)
{
	store *s = state;
	int64_t now = mill_clock_ns(), next = now + timeout_ns;
	bool any = false;
	for (int i = MOST_OPERATIONS - 1; i >= 0; i--) {
		if (s->in_flight[i].io == NULL)
			continue;
		if (s->in_flight[i].due_ns <= now) {
			complete(s, &s->in_flight[i]);
			any = true;
		} else if (s->in_flight[i].due_ns < next) {
			next = s->in_flight[i].due_ns;
		}
	}
	if (any || timeout_ns == 0)
		return;
	struct timespec pause = {(next - now) / 1000000000, (next - now) % 1000000000};
	nanosleep(&pause, NULL);
}

static void test_cancel(void *state, mill_io *io)
{
	store *s = state;
	for (int i = 0; i < MOST_OPERATIONS; i++)
		if (s->in_flight[i].io == io)
			s->in_flight[i].io = NULL;
}

static void test_close(void *state, void *opaque)
{
	store *s = state;
	test_file *file = opaque;
	char path[PATH_BYTES];
	for (int64_t part = 0; part < file->parts; part++) {
		part_path(s, file, part, path);
		unlink(path);
	}
	mill_mem_free(file);
}

static void set_option(store *s, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *number;
	} options[] = {
	    {"root", &s->root, NULL},
	    {"refuse", &s->refuse, NULL},
	    {"refuse_commit", &s->refuse_commit, NULL},
	    {"kill_commit", &s->kill_commit, NULL},
	    {"change", &s->change, NULL},
	    {"stall", &s->stall, NULL},
	    {"latency_us", NULL, &s->latency_us},
	    {"page", NULL, &s->page},
	    {"short_every", NULL, &s->short_every},
	    {"transient_every", NULL, &s->transient_every},
	};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (strcmp(options[i].name, name) != 0)
			continue;
		if (options[i].text != NULL)
			*options[i].text = value;
		else
			*options[i].number = strtoll(value, NULL, 10);
		return;
	}
	fprintf(stderr, "RANKMILL_TEST_STORAGE: unknown option %s\n", name);
	abort();
}

static mill_status test_start(const mill_storage_backend *self, mill_mem *mem, void **state, mill_error *err)
{
	(void)self;
	const char *text = getenv("RANKMILL_TEST_STORAGE");
	if (text == NULL)
		return mill_fail(err, MILL_USAGE, "test:// needs RANKMILL_TEST_STORAGE=root=DIR");
	store *s = mill_mem_calloc(mem, 1, sizeof *s);
	if (s == NULL)
		return mill_fail_nomem(err, sizeof *s, "the test storage");
	s->mem = mem;
	s->latency_us = 200;
	s->page = 3;
	snprintf(s->text, sizeof s->text, "%s", text);
	char *rest = NULL;
	for (char *part = strtok_r(s->text, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(part, '=');
		if (value != NULL)
			*value++ = '\0';
		set_option(s, part, value == NULL ? "" : value);
	}
	*state = s;
	return MILL_OK;
}

static void test_stop(void *state)
{
	store *s = state;
	char path[PATH_BYTES];
	snprintf(path, sizeof path, "%s/.log", s->root);
	FILE *log = fopen(path, "ae");
	if (log != NULL) {
		fprintf(log, "shorts %lld transients %lld in-flight %lld\n", (long long)s->shorts,
		        (long long)s->transients, (long long)s->most_in_flight);
		fclose(log);
	}
	mill_mem_free(s);
}

static const char *const schemes[] = {"test", NULL};

const mill_storage_backend test_backend = {
    .schemes = schemes,
    .can = MILL_CAN_RECURSE,
    .read_bytes = (size_t)64 << 10,
    .reads_in_flight = 4,
    .part_bytes = (size_t)64 << 10,
    .parts_in_flight = 3,
    .start = test_start,
    .stop = test_stop,
    .stat = test_stat,
    .list = test_list,
    .open = test_open,
    .read = test_read,
    .create = test_create,
    .put = test_put,
    .commit = test_commit,
    .remove = test_remove,
    .close = test_close,
    .advance = test_advance,
    .cancel = test_cancel,
};
