/* What is above the backends (waiting, trying again, reading ahead, parts, versions), over the tests' object store. */
#include "../backend/test_backend.h"
#include "base/clock.h"
#include "storage/path.h"
#include "storage/storage.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE (300 * 1000) /* five blocks of the test backend, the last one not full */

static char root[128];
static mill_mem mem;
static mill_storage storage;
static mill_error err;
static uint8_t content[SIZE];
static uint8_t got[SIZE + 1000];

static void set_up(const char *options)
{
	char text[512];
	snprintf(root, sizeof root, "/tmp/rm-unit-seam.%ld", (long)getpid());
	CU_ASSERT_EQUAL(mill_path_make_folders(root, &err), MILL_OK);
	snprintf(text, sizeof text, "root=%s,%s", root, options);
	setenv("RANKMILL_TEST_STORAGE", text, 1);
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	storage.first_pause_ns = 1000;
	storage.longest_pause_ns = 100000;
	CU_ASSERT_EQUAL(mill_storage_add(&storage, &test_backend, &err), MILL_OK);
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
}

/* Another storage over the same objects, with other things going wrong. */
static void set_again(const char *options)
{
	mill_storage_release(&storage);
	set_up(options);
}

static void tear_down(void)
{
	mill_storage_release(&storage);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
}

static void put(const char *uri, const void *data, size_t size_bytes)
{
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, uri, data, size_bytes, &err), MILL_OK);
}

static bool is_content(const char *uri)
{
	mill_bytes bytes;
	mill_bytes_init(&bytes, &mem);
	mill_status status = mill_storage_read_all(&storage, uri, &bytes, &err);
	bool same = status == MILL_OK && bytes.size_bytes == SIZE && memcmp(bytes.data, content, SIZE) == 0;
	mill_bytes_release(&bytes);
	return same;
}

static bool leaves_no_parts(void)
{
	char path[256];
	mill_arena arena;
	mill_page page = {0};
	mill_arena_init(&arena, &mem);
	snprintf(path, sizeof path, "%s/.parts", root);
	mill_status status = mill_storage_list_folder(&storage, path, &arena, &page, &err);
	mill_arena_release(&arena);
	return status == MILL_NOT_FOUND || page.count == 0;
}

static void schemes(void)
{
	mill_arena arena;
	const char *path = "";
	bool exists = false;
	set_up("page=2");
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL(mill_storage_add(&storage, &test_backend, &err), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_storage_exists(&storage, "other://x/y", &exists, &err), MILL_NOT_YET);
	CU_ASSERT_EQUAL(mill_storage_local_path(&storage, "test://b/y", &arena, &path, &err), MILL_OK);
	CU_ASSERT_PTR_NULL(path);
	CU_ASSERT_EQUAL(mill_storage_local_path(&storage, "file:///a%20b", &arena, &path, &err), MILL_OK);
	CU_ASSERT_STRING_EQUAL(path, "/a b");
	CU_ASSERT_EQUAL(mill_storage_make_folders(&storage, "test://b/no/such", &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_storage_exists(&storage, "test://b/no/such", &exists, &err), MILL_OK);
	CU_ASSERT_FALSE(exists);
	mill_arena_release(&arena);
	tear_down();
}

static void parts(void)
{
	set_up("short_every=2,transient_every=3");
	put("test://b/k/five", content, SIZE);
	CU_ASSERT(is_content("test://b/k/five"));
	CU_ASSERT(storage.counters.retries > 0 && storage.counters.waits > 0 && storage.counters.wait_ns > 0);
	CU_ASSERT(storage.counters.written_bytes == SIZE && storage.counters.read_bytes == SIZE);
	CU_ASSERT(leaves_no_parts());
	put("test://b/k/empty", "", 0);
	mill_object object;
	CU_ASSERT_EQUAL(mill_storage_stat(&storage, "test://b/k/empty", &object, &err), MILL_OK);
	CU_ASSERT(object.kind == MILL_OBJECT_FILE && object.size_bytes == 0);
	CU_ASSERT_EQUAL(mill_storage_stat(&storage, "test://b/k", &object, &err), MILL_OK);
	CU_ASSERT_EQUAL(object.kind, MILL_OBJECT_FOLDER);

	/* Closed without a commit: nothing is seen, nothing is left. */
	mill_writer *writer = NULL;
	bool exists = true;
	CU_ASSERT_EQUAL_FATAL(mill_writer_open(&storage, "test://b/k/none", &writer, &err), MILL_OK);
	for (size_t at = 0; at < SIZE; at += 1000)
		CU_ASSERT_EQUAL(mill_writer_append(writer, content + at, 1000, &err), MILL_OK);
	mill_writer_close(writer);
	CU_ASSERT_EQUAL(mill_storage_exists(&storage, "test://b/k/none", &exists, &err), MILL_OK);
	CU_ASSERT_FALSE(exists);
	CU_ASSERT(leaves_no_parts());
	tear_down();
}

/* Reads of any size at any offset are what the bytes are. */
static void ranges(void)
{
	set_up("short_every=3,transient_every=7,latency_us=20");
	put("test://b/x", content, SIZE);
	mill_reader *reader = NULL;
	uint64_t random = 1;
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, "test://b/x", &reader, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_reader_size(reader), SIZE);
	for (int i = 0; i < 300; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		int64_t offset = (int64_t)((random >> 33) % (SIZE + 100));
		size_t size = (random >> 20) % (i % 10 == 0 ? SIZE : 3000), n = 0;
		int64_t there = offset < SIZE ? SIZE - offset : 0;
		CU_ASSERT_EQUAL(mill_reader_read(reader, offset, got, size, &n, &err), MILL_OK);
		CU_ASSERT_EQUAL((int64_t)n, there < (int64_t)size ? there : (int64_t)size);
		CU_ASSERT(n == 0 || memcmp(got, content + offset, n) == 0);
	}
	mill_read_range scattered[40];
	for (int i = 0; i < 40; i++)
		scattered[i] = (mill_read_range){.offset = (i * 7919) % SIZE, .size_bytes = 500, .out = got + i * 500};
	scattered[39].offset = SIZE - 100;
	CU_ASSERT_EQUAL(mill_reader_read_ranges(reader, scattered, 40, &err), MILL_OK);
	for (int i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL(scattered[i].got_bytes, i == 39 ? 100 : 500);
		CU_ASSERT(memcmp(scattered[i].out, content + scattered[i].offset, scattered[i].got_bytes) == 0);
	}
	mill_reader_close(reader);
	tear_down();
}

/* A caller that goes through a file waits for the first blocks only: the next ones are under way meanwhile. */
static void reading_ahead(void)
{
	set_up("latency_us=20000");
	put("test://b/x", content, SIZE);
	mill_reader *reader = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, "test://b/x", &reader, &err), MILL_OK);
	int64_t before_ns = storage.counters.wait_ns;
	for (int64_t at = 0; at < SIZE; at += 10000) {
		size_t n = 0;
		CU_ASSERT_EQUAL(mill_reader_read(reader, at, got + at, 10000, &n, &err), MILL_OK);
	}
	CU_ASSERT(memcmp(got, content, SIZE) == 0);
	/* Five blocks one after the other would be 100 ms. */
	CU_ASSERT(storage.counters.wait_ns - before_ns < 70 * 1000000);
	mill_reader_close(reader);
	tear_down();
}

static void conditions(void)
{
	static const char *const uris[] = {"test://b/c", "/tmp/rm-unit-seam-c"};
	char first[MILL_VERSION_BYTES], second[MILL_VERSION_BYTES];
	set_up("page=2");
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(mill_storage_remove(&storage, uris[i], &err), MILL_OK);
		CU_ASSERT_EQUAL(mill_storage_write_if(&storage, uris[i], "a", 1, MILL_IF_ABSENT, NULL, first, &err),
		                MILL_OK);
		CU_ASSERT_EQUAL(mill_storage_write_if(&storage, uris[i], "bb", 2, MILL_IF_ABSENT, NULL, second, &err),
		                MILL_EXISTS);
		CU_ASSERT_EQUAL(mill_storage_write_if(&storage, uris[i], "bb", 2, MILL_IF_VERSION, first, second, &err),
		                MILL_OK);
		CU_ASSERT_STRING_NOT_EQUAL(first, second);
		CU_ASSERT_EQUAL(mill_storage_write_if(&storage, uris[i], "ccc", 3, MILL_IF_VERSION, first, NULL, &err),
		                MILL_EXISTS);
		mill_object object;
		CU_ASSERT_EQUAL(mill_storage_stat(&storage, uris[i], &object, &err), MILL_OK);
		CU_ASSERT_EQUAL(object.size_bytes, 2);
		CU_ASSERT_STRING_EQUAL(object.version, second);
		CU_ASSERT_EQUAL(mill_storage_remove(&storage, uris[i], &err), MILL_OK);
		CU_ASSERT_EQUAL(mill_storage_stat(&storage, uris[i], &object, &err), MILL_NOT_FOUND);
	}
	CU_ASSERT(leaves_no_parts());
	tear_down();
}

/* Both versions are named, whether the object changes before the reader opens it or while it reads. */
static void changes(void)
{
	mill_reader *reader = NULL;
	char path[256], was[MILL_VERSION_BYTES];
	size_t n = 0;
	set_up("page=2");
	put("test://b/x", content, SIZE);
	set_again("change=x");
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, "test://b/x", &reader, &err), MILL_OK);
	snprintf(was, sizeof was, "%s", mill_reader_version(reader));
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, SIZE, &n, &err), MILL_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "test://b/x changed while being read"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, was));
	mill_reader_close(reader);
	CU_ASSERT_EQUAL(mill_reader_open_version(&storage, "test://b/x", was, &reader, &err), MILL_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, was));
	CU_ASSERT_EQUAL(mill_reader_open_version(&storage, "test://b/x", "", &reader, &err), MILL_OK);
	mill_reader_close(reader);

	snprintf(path, sizeof path, "%s/local", root);
	put(path, content, SIZE);
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, path, &reader, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, 10, &n, &err), MILL_OK);
	put(path, "other", 5); /* another file under the name: this one is still whole */
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, SIZE, &n, &err), MILL_OK);
	CU_ASSERT(n == SIZE && memcmp(got, content, SIZE) == 0);
	mill_reader_close(reader);
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, path, &reader, &err), MILL_OK);
	FILE *file = fopen(path, "a");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("more", file);
	fclose(file);
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, 10, &n, &err), MILL_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, mill_reader_version(reader)));
	mill_reader_close(reader);
	tear_down();
}

static mill_status read_whole(const char *uri)
{
	mill_bytes bytes;
	mill_bytes_init(&bytes, &mem);
	mill_status status = mill_storage_read_all(&storage, uri, &bytes, &err);
	mill_bytes_release(&bytes);
	return status;
}

static void giving_up(void)
{
	set_up("page=2");
	put("test://b/x", content, SIZE);
	set_again("transient_every=1");
	CU_ASSERT_EQUAL(read_whole("test://b/x"), MILL_IO);
	CU_ASSERT_STRING_EQUAL(err.message, "given up after 8 tries: test://b/x: 503 busy");
	CU_ASSERT_EQUAL(storage.counters.retries, 7);
	set_again("refuse=x");
	CU_ASSERT_EQUAL(read_whole("test://b/x"), MILL_IO);
	CU_ASSERT_STRING_EQUAL(err.message, "test://b/x: 403 refused");
	CU_ASSERT_EQUAL(storage.counters.retries, 0);
	set_again("stall=x");
	storage.timeout_ns = 20 * 1000000;
	storage.most_tries = 2;
	CU_ASSERT_EQUAL(read_whole("test://b/x"), MILL_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "no answer"));
	set_again("refuse_commit=y");
	bool exists = true;
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, "test://b/y", content, SIZE, &err), MILL_IO);
	CU_ASSERT_EQUAL(mill_storage_exists(&storage, "test://b/y", &exists, &err), MILL_OK);
	CU_ASSERT_FALSE(exists);
	CU_ASSERT(leaves_no_parts());
	tear_down();
}

typedef struct waiting {
	int64_t calls;
	int64_t last_ns;
	int64_t longest_ns;
	int64_t stop_after;
} waiting;

static mill_status note(void *context, mill_error *error)
{
	waiting *w = context;
	int64_t now = mill_clock_ns();
	if (w->calls++ > 0 && now - w->last_ns > w->longest_ns)
		w->longest_ns = now - w->last_ns;
	w->last_ns = now;
	return w->stop_after > 0 && w->calls >= w->stop_after ? mill_fail(error, MILL_INTERRUPTED, "stopped") : MILL_OK;
}

/* The hook is called while there is nothing else to do, and may end the wait. */
static void hook(void)
{
	waiting w = {0};
	set_up("latency_us=100000");
	put("test://b/x", content, 10);
	storage.hook = (mill_hook){note, &w};
	mill_reader *reader = NULL;
	size_t n = 0;
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, "test://b/x", &reader, &err), MILL_OK);
	CU_ASSERT(w.calls >= 8);
	CU_ASSERT(w.longest_ns < 50 * 1000000); /* 10 ms, but for what else the machine does */
	w = (waiting){.stop_after = 2};
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, 10, &n, &err), MILL_INTERRUPTED);
	w.stop_after = 0;
	CU_ASSERT_EQUAL(mill_reader_read(reader, 0, got, 10, &n, &err), MILL_OK);
	CU_ASSERT(n == 10 && memcmp(got, content, 10) == 0);
	mill_reader_close(reader);
	tear_down();
}

static const char *listed(const char *pattern)
{
	static char out[1024];
	mill_arena arena;
	mill_storage_listing listing;
	mill_arena_init(&arena, &mem);
	mill_status status = mill_storage_list(&storage, pattern, &arena, &listing, &err);
	snprintf(out, sizeof out, "%s", status == MILL_OK ? "" : mill_status_name(status));
	for (int64_t i = 0; status == MILL_OK && i < listing.count; i++) {
		size_t length = strlen(out);
		snprintf(out + length, sizeof out - length, "%s%s", i > 0 ? " " : "", listing.entries[i].relative);
		CU_ASSERT_EQUAL(listing.entries[i].size_bytes, 1);
		CU_ASSERT_STRING_NOT_EQUAL(listing.entries[i].version, "");
	}
	mill_arena_release(&arena);
	return out;
}

static void listings(void)
{
	static const char *const names[] = {"d/a1.csv", "d/a2.csv",    "d/b%.csv", "d/e/f/g.csv", "d/e/_h/i.csv",
	                                    "d/.j",     "d/k=1/l.csv", "da.csv",   "m/n.csv"};
	char uri[256];
	set_up("page=2,transient_every=5");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(uri, sizeof uri, "test://b/%s", names[i]);
		put(uri, "x", 1);
	}
	CU_ASSERT_STRING_EQUAL(listed("test://b/d/a*.csv"), "a1.csv a2.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/d"), "a1.csv a2.csv b%.csv e/f/g.csv k=1/l.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/**/*.csv"),
	                       "d/a1.csv d/a2.csv d/b%.csv d/e/f/g.csv d/k=1/l.csv da.csv m/n.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/{m,d/e}/**/*.csv"), "d/e/f/g.csv m/n.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/d/e/_h/*"), "i.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/da.csv"), "da.csv");
	CU_ASSERT_STRING_EQUAL(listed("test://b/none*"), "NOT_FOUND");
	CU_ASSERT_STRING_EQUAL(listed("test://none/x"), "NOT_FOUND");
	CU_ASSERT_EQUAL(mill_storage_remove_tree(&storage, "test://b/d", &err), MILL_OK);
	CU_ASSERT_STRING_EQUAL(listed("test://b/**"), "da.csv m/n.csv");
	tear_down();
}

/* Every allocation fails once; then all goes well, and nothing stays charged. */
static void out_of_memory(void)
{
	set_up("latency_us=0");
	put("test://b/x", content, SIZE);
	bool finished = false;
	for (int64_t nth = 1; !finished; nth++) {
		mill_storage_release(&storage);
		mill_mem_init(&mem, INT64_MAX);
		mill_storage_init(&storage, &mem);
		CU_ASSERT_EQUAL(mill_storage_add(&storage, &test_backend, &err), MILL_OK);
		mem.fail_at = nth;
		mill_bytes bytes;
		mill_bytes_init(&bytes, &mem);
		mill_status status = mill_storage_read_all(&storage, "test://b/x", &bytes, &err);
		if (status == MILL_OK)
			status = mill_storage_write_all(&storage, "test://b/y", bytes.data, bytes.size_bytes, &err);
		if (status == MILL_OK)
			status = strcmp(listed("test://b/z*"), "NOT_FOUND") == 0 ? MILL_OK : MILL_NOMEM;
		finished = mem.allocation_count < nth;
		CU_ASSERT(status == MILL_NOMEM || status == MILL_OK);
		CU_ASSERT(!finished || status == MILL_OK);
		mill_bytes_release(&bytes);
		mill_storage_release(&storage);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
}

static const unit_case cases[] = {{"schemes", schemes},       {"parts", parts},
                                  {"ranges", ranges},         {"reading_ahead", reading_ahead},
                                  {"conditions", conditions}, {"changes", changes},
                                  {"giving_up", giving_up},   {"hook", hook},
                                  {"listings", listings},     {"out_of_memory", out_of_memory}};
UNIT_MAIN("storage_seam", cases)
