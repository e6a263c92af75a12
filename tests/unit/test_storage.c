/* Listings, ranged reads and write-once files on a folder made for the test. */
#include "storage/path.h"
#include "storage/storage.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[128];
static mill_mem mem;
static mill_storage storage;
static mill_error err;

static void make(const char *relative, const char *text)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", root, relative);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	CU_ASSERT_EQUAL(mill_path_make_folders(path, &err), MILL_OK);
	*slash = '/';
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text, strlen(text), &err), MILL_OK);
}

static void set_up(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	snprintf(root, sizeof root, "/tmp/rm-unit-storage.%ld", (long)getpid());
	make("a/day_1.csv", "1");
	make("a/day_2.csv.gz", "22");
	make("a/day_10.csv", "333");
	make("a/.hidden", "x");
	make("a/_SUCCESS", "");
	make("a/sub/deep/x.csv", "x");
	make("h/year=2020/month=01/p.csv", "x");
	make("h/year=2021/month=a%20b/p.csv", "x");
	make("h/year=__HIVE_DEFAULT_PARTITION__/month=3/p.csv", "x");
	make("odd[1].csv", "x");
}

static void tear_down(void)
{
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
	CU_ASSERT_FALSE(mill_path_exists(root));
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* The relative paths that pattern lists, separated by blanks; the error's name where it fails. */
static const char *list(const char *pattern)
{
	static char out[2048];
	char path[512];
	mill_arena arena;
	mill_storage_listing listing;
	mill_arena_init(&arena, &mem);
	snprintf(path, sizeof path, "%s/%s", root, pattern);
	mill_status status = mill_storage_list(&storage, path, &arena, &listing, &err);
	snprintf(out, sizeof out, "%s", mill_status_name(status));
	size_t at = 0;
	for (int64_t i = 0; status == MILL_OK && i < listing.count; i++)
		at += (size_t)snprintf(out + at, sizeof out - at, i == 0 ? "%s" : " %s", listing.entries[i].relative);
	mill_arena_release(&arena);
	return out;
}

static void listings(void)
{
	set_up();
	CU_ASSERT_STRING_EQUAL(list("a"), "day_1.csv day_10.csv day_2.csv.gz sub/deep/x.csv");
	CU_ASSERT_STRING_EQUAL(list("a/"), "day_1.csv day_10.csv day_2.csv.gz sub/deep/x.csv");
	CU_ASSERT_STRING_EQUAL(list("a/day_1.csv"), "day_1.csv");
	CU_ASSERT_STRING_EQUAL(list("a/day_?.csv*"), "day_1.csv day_2.csv.gz");
	CU_ASSERT_STRING_EQUAL(list("a/day_[!1]*"), "day_2.csv.gz");
	CU_ASSERT_STRING_EQUAL(list("a/day_{2,10,2}.csv*"), "day_10.csv day_2.csv.gz");
	CU_ASSERT_STRING_EQUAL(list("{a,h}/**/*.csv"),
	                       "a/day_1.csv a/day_10.csv a/sub/deep/x.csv h/year=2020/month=01/p.csv "
	                       "h/year=2021/month=a%20b/p.csv h/year=__HIVE_DEFAULT_PARTITION__/month=3/p.csv");
	CU_ASSERT_STRING_EQUAL(list("a/**"), "day_1.csv day_10.csv day_2.csv.gz sub/deep/x.csv");
	CU_ASSERT_STRING_EQUAL(list("a/**/**/x.csv"), "sub/deep/x.csv");
	CU_ASSERT_STRING_EQUAL(list("odd[1].csv"), "odd[1].csv");
	CU_ASSERT_STRING_EQUAL(list("a/nothing*"), "NOT_FOUND");
	CU_ASSERT_STRING_EQUAL(list("missing/x.csv"), "NOT_FOUND");
	CU_ASSERT_STRING_EQUAL(list("a/{1,2"), "USAGE");
	CU_ASSERT_STRING_EQUAL(list("a/[1"), "USAGE");
	make("a/day_1.csv.zst", "y");
	CU_ASSERT_STRING_EQUAL(list("a/day_1*"), "USAGE");
	mill_arena arena;
	mill_storage_listing listing;
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL(mill_storage_list(&storage, "https://x/y.csv", &arena, &listing, &err), MILL_NOT_YET);
	CU_ASSERT_EQUAL(mill_storage_list(&storage, "file://x/y.csv", &arena, &listing, &err), MILL_USAGE);
	mill_arena_release(&arena);
	tear_down();
}

static void hive(void)
{
	set_up();
	char path[512];
	mill_arena arena;
	mill_storage_listing listing;
	mill_arena_init(&arena, &mem);
	snprintf(path, sizeof path, "%s/h", root);
	CU_ASSERT_EQUAL_FATAL(mill_storage_list(&storage, path, &arena, &listing, &err), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(listing.count, 3);
	CU_ASSERT_EQUAL(listing.entries[0].hive_count, 2);
	CU_ASSERT_STRING_EQUAL(listing.entries[0].hive_keys[0], "year");
	CU_ASSERT_STRING_EQUAL(listing.entries[0].hive_values[1], "01");
	CU_ASSERT_STRING_EQUAL(listing.entries[1].hive_values[1], "a b");
	CU_ASSERT_PTR_NULL(listing.entries[2].hive_values[0]);
	/* A partition named in the pattern is still a column. */
	snprintf(path, sizeof path, "%s/h/year=2020/*/p.csv", root);
	CU_ASSERT_EQUAL_FATAL(mill_storage_list(&storage, path, &arena, &listing, &err), MILL_OK);
	CU_ASSERT_EQUAL(listing.entries[0].hive_count, 2);
	mill_arena_release(&arena);
	tear_down();
}

static void reading(void)
{
	set_up();
	char path[512], buffer[16];
	snprintf(path, sizeof path, "%s/a/day_10.csv", root);
	mill_reader *reader = NULL;
	size_t got = 0;
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, path, &reader, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_reader_size(reader), 3);
	CU_ASSERT_EQUAL(mill_reader_read(reader, 1, buffer, sizeof buffer, &got, &err), MILL_OK);
	CU_ASSERT_EQUAL(got, 2);
	CU_ASSERT_EQUAL(mill_reader_read(reader, 9, buffer, sizeof buffer, &got, &err), MILL_OK);
	CU_ASSERT_EQUAL(got, 0);
	mill_reader_close(reader);
	snprintf(path, sizeof path, "%s/a", root);
	CU_ASSERT_EQUAL(mill_reader_open(&storage, path, &reader, &err), MILL_IO);
	snprintf(path, sizeof path, "%s/none", root);
	CU_ASSERT_EQUAL(mill_reader_open(&storage, path, &reader, &err), MILL_NOT_FOUND);
	tear_down();
}

static void writing(void)
{
	set_up();
	char path[512];
	snprintf(path, sizeof path, "%s/w/out.bin", root);
	mill_writer *writer = NULL;
	CU_ASSERT_EQUAL(mill_writer_open(&storage, path, &writer, &err), MILL_IO);
	snprintf(path, sizeof path, "%s/a/out.bin", root);
	CU_ASSERT_EQUAL_FATAL(mill_writer_open(&storage, path, &writer, &err), MILL_OK);
	char block[1000];
	memset(block, 'b', sizeof block);
	for (int i = 0; i < 3000; i++)
		CU_ASSERT_EQUAL(mill_writer_append(writer, block, sizeof block, &err), MILL_OK);
	CU_ASSERT_FALSE(mill_path_exists(path));
	mill_writer_close(writer);
	CU_ASSERT_STRING_EQUAL(list("a/*"), "day_1.csv day_10.csv day_2.csv.gz sub/deep/x.csv");
	CU_ASSERT_EQUAL_FATAL(mill_writer_open(&storage, path, &writer, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_writer_append(writer, "abc", 3, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_writer_commit(writer, &err), MILL_OK);
	mill_writer_close(writer);
	mill_bytes bytes;
	mill_bytes_init(&bytes, &mem);
	CU_ASSERT_EQUAL(mill_storage_read_all(&storage, path, &bytes, &err), MILL_OK);
	CU_ASSERT(bytes.size_bytes == 3 && memcmp(bytes.data, "abc", 3) == 0);
	mill_bytes_release(&bytes);
	tear_down();
}

static const unit_case cases[] = {{"listings", listings}, {"hive", hive}, {"reading", reading}, {"writing", writing}};
UNIT_MAIN("storage", cases)
