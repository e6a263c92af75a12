/* Writing, reading back, verifying; the names, the claim. Values are checked against HDF5 and NumPy in suites/store. */
#include "storage/path.h"
#include "store/write/codec.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const two_splits[] = {"train", "val"};

/* Two splits of rows[0] and rows[1] rows. */
static fixture_options two(const int64_t rows[2], int64_t shard_rows, int64_t batch_rows, const char *compression)
{
	return (fixture_options){.splits = two_splits,
	                         .split_rows = rows,
	                         .split_count = 2,
	                         .shard_rows = shard_rows,
	                         .batch_rows = batch_rows,
	                         .compression = compression};
}

static mill_mem unlimited(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	return mem;
}

/* A fresh folder for one test; removed by the caller through remove_tree. */
static void fresh_folder(char out[256])
{
	snprintf(out, 256, "%s/rankmill-test-store-XXXXXX", fixture_base());
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(out));
}

static void remove_tree(const char *path)
{
	CU_ASSERT_EQUAL(mill_path_remove_tree(path, NULL), MILL_OK);
}

static const char *join(const char *folder, const char *name)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void expect_ok(mill_status status, const mill_error *err)
{
	if (status != MILL_OK)
		printf("    %s: %s\n", mill_status_name(status), err->message);
	CU_ASSERT_EQUAL(status, MILL_OK);
}

/* A store in a fresh folder. */
static void fresh_store(char folder[256], const fixture_options *options, mill_mem *mem)
{
	mill_error err = {0};
	mill_u128 sums[2 * FIXTURE_DATASETS];
	fresh_folder(folder);
	expect_ok(fixture_write(folder, options, mem, sums, &err), &err);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	FILE *file = fopen(join(folder, name), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static mill_status verify(const char *path, mill_mem *mem, mill_u128 *hash, mill_error *err)
{
	mill_storage storage;
	mill_store *store = NULL;
	mill_storage_init(&storage, mem);
	MILL_TRY(mill_store_open(&storage, path, mem, &store, err));
	mill_status status = mill_store_verify(store, 0, 1, NULL, err);
	if (hash != NULL)
		*hash = mill_store_stored_hash(store);
	mill_store_close(store);
	return status;
}

static void compression_text(void)
{
	mill_compression c;
	mill_error err;
	CU_ASSERT_EQUAL(mill_compression_parse("none", &c, &err), MILL_OK);
	CU_ASSERT_EQUAL(c.kind, MILL_COMPRESS_NONE);
	CU_ASSERT_EQUAL(mill_compression_parse("deflate:9", &c, &err), MILL_OK);
	CU_ASSERT(c.kind == MILL_COMPRESS_DEFLATE && c.level == 9);
	CU_ASSERT_EQUAL(mill_compression_parse("shuffle+deflate:1", &c, &err), MILL_OK);
	CU_ASSERT(c.kind == MILL_COMPRESS_SHUFFLE_DEFLATE && c.level == 1);
	static const char *const bad[] = {"",           "deflate", "deflate:", "deflate:0",
	                                  "deflate:10", "gzip",    "shuffle",  "None"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(mill_compression_parse(bad[i], &c, &err), MILL_USAGE);
}

/* The content hash is the same however the rows arrive, are cut and are encoded. */
static void hash_ignores_layout(void)
{
	static const int64_t rows[] = {1000, 37};
	static const struct {
		int64_t shard_rows, batch_rows;
		const char *compression;
		bool in_scratch;
	} shapes[] = {{1000000, 8192, "none", false},
	              {100, 7, "none", false},
	              {7, 64, "none", false},
	              {333, 1, "deflate:1", false},
	              {500, 500, "shuffle+deflate:1", true},
	              {999, 8192, "deflate:6", false},
	              {64, 100, "shuffle+deflate:9", false}};
	mill_mem mem = unlimited();
	mill_u128 first = 0;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		char folder[256], out[300], scratch[300];
		mill_error err = {0};
		mill_u128 sums[2 * FIXTURE_DATASETS], hash = 0;
		fresh_folder(folder);
		snprintf(out, sizeof(out), "%s/out/deep", folder);
		snprintf(scratch, sizeof(scratch), "%s/scratch", folder);
		mill_scratch_options place = {.folder = scratch, .run_id = "test"};
		mill_scratch *opened = NULL;
		expect_ok(mill_scratch_open(&place, &mem, &opened, &err), &err);
		fixture_options options = two(rows, shapes[i].shard_rows, shapes[i].batch_rows, shapes[i].compression);
		options.in_scratch = shapes[i].in_scratch;
		options.scratch = opened;
		expect_ok(fixture_write(out, &options, &mem, sums, &err), &err);
		expect_ok(verify(out, &mem, &hash, &err), &err);
		if (i == 0)
			first = hash;
		CU_ASSERT(hash == first && hash != 0);
		mill_scratch_close(opened);
		CU_ASSERT_FALSE(mill_path_exists(join(out, ".rankmill")));
		remove_tree(folder);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void empty_stores(void)
{
	static const int64_t rows[][2] = {{0, 0}, {5, 0}, {0, 1}};
	mill_mem mem = unlimited();
	for (size_t i = 0; i < 3; i++) {
		char folder[256];
		mill_error err = {0};
		fixture_options options = two(rows[i], 3, 2, "none");
		fresh_store(folder, &options, &mem);
		expect_ok(verify(folder, &mem, NULL, &err), &err);
		remove_tree(folder);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Equal rows and equal cuts give equal files, however the rows arrive. */
static void files_are_deterministic(void)
{
	static const int64_t rows[] = {140000, 300};
	static const int64_t batches[] = {8192, 1000};
	mill_mem mem = unlimited();
	mill_storage storage;
	char folders[2][256];
	mill_bytes files[2];
	mill_storage_init(&storage, &mem);
	for (int i = 0; i < 2; i++) {
		fixture_options options = two(rows, 135000, batches[i], "shuffle+deflate:1");
		fresh_store(folders[i], &options, &mem);
	}
	static const char *const names[] = {"train/shard-00000.h5", "train/shard-00001.h5", "train.h5",
	                                    "manifest.json"};
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		for (int i = 0; i < 2; i++) {
			mill_bytes_init(&files[i], &mem);
			CU_ASSERT_EQUAL(mill_storage_read_all(&storage, join(folders[i], names[n]), &files[i], NULL),
			                MILL_OK);
		}
		CU_ASSERT_EQUAL_FATAL(files[0].size_bytes, files[1].size_bytes);
		CU_ASSERT_EQUAL(memcmp(files[0].data, files[1].data, files[0].size_bytes), 0);
		mill_bytes_release(&files[0]);
		mill_bytes_release(&files[1]);
	}
	remove_tree(folders[0]);
	remove_tree(folders[1]);
}

/* Equal chunks give equal bytes, whatever the memory of the encoder held before: ISA-L's init leaves some of it alone.
 */
static void encoder_has_no_memory(void)
{
	enum { CHUNK_BYTES = 1 << 20 };
	mill_mem mem = unlimited();
	mill_error err = {0};
	mill_chunk_codec codec;
	const void *out = NULL;
	size_t sizes[2] = {0};
	bool filtered = false;
	uint8_t *raw = malloc(CHUNK_BYTES), *first = malloc(CHUNK_BYTES);
	for (uint32_t i = 0, x = 1; i < CHUNK_BYTES; i++, x = x * 1664525 + 1013904223)
		raw[i] = (uint8_t)(x >> 30);
	mill_chunk_codec_init(&codec, (mill_compression){MILL_COMPRESS_DEFLATE, 1}, &mem);
	expect_ok(mill_chunk_codec_encode(&codec, raw, CHUNK_BYTES, 1, &out, &sizes[0], &filtered, &err), &err);
	CU_ASSERT(filtered);
	memcpy(first, out, sizes[0]);
	for (int i = 0; i < 128; i++)
		memcpy((uint8_t *)codec.isal + 2 * i, &(uint16_t){9}, 2);
	expect_ok(mill_chunk_codec_encode(&codec, raw, CHUNK_BYTES, 1, &out, &sizes[1], &filtered, &err), &err);
	CU_ASSERT_EQUAL(sizes[1], sizes[0]);
	CU_ASSERT(memcmp(first, out, sizes[0]) == 0);
	mill_chunk_codec_release(&codec);
	free(first);
	free(raw);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Any flipped byte, a cut file, a missing shard: verify names it. */
static void verify_finds_damage(void)
{
	static const int64_t rows[] = {900, 40};
	mill_mem mem = unlimited();
	char folder[256];
	mill_error err = {0};
	fixture_options options = two(rows, 400, 128, "shuffle+deflate:1");
	fresh_store(folder, &options, &mem);
	const char *path = join(folder, "train/shard-00001.h5");
	int fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0);
	off_t size = lseek(fd, 0, SEEK_END);
	for (off_t at = 0; at < size; at += size / 97 + 1) {
		uint8_t byte = 0;
		CU_ASSERT_EQUAL(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, at), 1);
		CU_ASSERT_EQUAL(verify(folder, &mem, NULL, &err), MILL_DIFFERENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "train/shard-00001.h5"));
		byte ^= 0x10;
		CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, at), 1);
	}
	expect_ok(verify(folder, &mem, NULL, &err), &err);
	CU_ASSERT_EQUAL(ftruncate(fd, size - 1), 0);
	CU_ASSERT_EQUAL(verify(folder, &mem, NULL, &err), MILL_DIFFERENT);
	close(fd);
	CU_ASSERT_EQUAL(unlink(join(folder, "train/shard-00001.h5")), 0);
	CU_ASSERT_EQUAL(verify(folder, &mem, NULL, &err), MILL_DIFFERENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "missing"));
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* As `rankmill verify` does. */
static mill_status verify_whole(const char *folder, mill_mem *mem, mill_error *err)
{
	mill_storage storage;
	mill_storage_init(&storage, mem);
	MILL_TRY(mill_store_check_manifest(&storage, folder, mem, err));
	return verify(folder, mem, NULL, err);
}

/* Where `path` differs by a flipped bit at many places, by one byte less, or is gone: verify says so. */
static void damage_file(const char *folder, const char *path, mill_mem *mem)
{
	mill_error err = {0};
	int fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0);
	off_t size = lseek(fd, 0, SEEK_END);
	for (off_t at = 0; at < size; at += 1 + size / 499) {
		uint8_t byte = 0;
		CU_ASSERT_EQUAL(pread(fd, &byte, 1, at), 1);
		uint8_t flipped = byte ^ (uint8_t)(1 << at % 8);
		CU_ASSERT_EQUAL(pwrite(fd, &flipped, 1, at), 1);
		CU_ASSERT_EQUAL(verify_whole(folder, mem, &err), MILL_DIFFERENT);
		CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, at), 1);
	}
	uint8_t last = 0;
	CU_ASSERT_EQUAL(pread(fd, &last, 1, size - 1), 1);
	CU_ASSERT_EQUAL(ftruncate(fd, size - 1), 0);
	CU_ASSERT_EQUAL(verify_whole(folder, mem, &err), MILL_DIFFERENT);
	CU_ASSERT_EQUAL(pwrite(fd, &last, 1, size - 1), 1);
	close(fd);
	char aside[512];
	snprintf(aside, sizeof aside, "%s/.aside", folder);
	CU_ASSERT_EQUAL(rename(path, aside), 0);
	CU_ASSERT_NOT_EQUAL(verify_whole(folder, mem, &err), MILL_OK); /* without a manifest it is no store */
	CU_ASSERT_EQUAL(rename(aside, path), 0);
	expect_ok(verify_whole(folder, mem, &err), &err);
}

/* Not only shards: the manifest, the views, what else the run wrote, and the list of checksums itself. */
static void verify_finds_damage_anywhere(void)
{
	static const int64_t rows[] = {30, 7};
	static const char *const files[] = {"manifest.json", "checksums.xxh128", "train.h5", "val.h5",
	                                    "train/shard-00000.h5"};
	static const char *const added[] = {"notes.txt", "train/shard-00001.h5", "train/copy/shard-00000.h5"};
	mill_mem mem = unlimited();
	char folder[256];
	mill_error err = {0};
	fixture_options options = two(rows, 400, 128, "none");
	fresh_store(folder, &options, &mem);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		damage_file(folder, join(folder, files[i]), &mem);
	CU_ASSERT_EQUAL(mill_path_make_folders(join(folder, "train/copy"), NULL), MILL_OK);
	for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
		write_text(folder, added[i], "");
		CU_ASSERT_EQUAL(verify_whole(folder, &mem, &err), MILL_DIFFERENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.message, added[i]));
		CU_ASSERT_EQUAL(unlink(join(folder, added[i])), 0);
	}
	expect_ok(verify_whole(folder, &mem, &err), &err);
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Text of the manifest with one occurrence of `from` replaced by `to` of the same length. */
static void edit_manifest(const char *folder, mill_mem *mem, const char *from, const char *to)
{
	mill_storage storage;
	mill_bytes text;
	mill_storage_init(&storage, mem);
	mill_bytes_init(&text, mem);
	CU_ASSERT_EQUAL(mill_storage_read_all(&storage, join(folder, "manifest.json"), &text, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&text), MILL_OK);
	char *at = strstr((char *)text.data, from);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(at, to, strlen(to));
	write_text(folder, "manifest.json", (const char *)text.data);
	mill_bytes_release(&text);
}

static void verify_finds_edited_manifest(void)
{
	static const int64_t rows[] = {90, 40};
	static const struct {
		const char *from, *to;
		mill_status status;
	} edits[] = {
	    {"\"fare\"", "\"fair\"", MILL_DIFFERENT},    {"\"content_hash\": \"", "\"content_hash\": \"g", MILL_DATA},
	    {"\"rows\": 90", "\"rows\": 91", MILL_DATA}, {"\"float32\"", "\"float64\"", MILL_DIFFERENT},
	    {"train/shard", "../../shard", MILL_DATA},   {"\"format_version\": 1", "\"format_version\": 2", MILL_DATA}};
	mill_mem mem = unlimited();
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char folder[256];
		mill_error err = {0};
		fixture_options options = two(rows, 400, 128, "none");
		fresh_store(folder, &options, &mem);
		edit_manifest(folder, &mem, edits[i].from, edits[i].to);
		CU_ASSERT_EQUAL(verify(folder, &mem, NULL, &err), edits[i].status);
		remove_tree(folder);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void names_are_checked(void)
{
	mill_mem mem = unlimited();
	mill_error err = {0};
	mill_dataset_spec specs[2] = {fixture_datasets[0], fixture_datasets[5]};
	CU_ASSERT_EQUAL(mill_store_check_datasets(specs, 2, &mem, &err), MILL_OK);
	specs[0].name = "keep";
	CU_ASSERT_EQUAL(mill_store_check_datasets(specs, 2, &mem, &err), MILL_USAGE);
	specs[0].name = "";
	CU_ASSERT_EQUAL(mill_store_check_datasets(specs, 2, &mem, &err), MILL_USAGE);
	specs[0] = fixture_datasets[5];
	specs[1] = fixture_datasets[5];
	specs[1].name = "keep/id.valid";
	CU_ASSERT_EQUAL(mill_store_check_datasets(specs, 2, &mem, &err), MILL_USAGE);
	specs[1] = fixture_datasets[5];
	specs[1].name = "keep/iv";
	specs[1].dtype = mill_type_of(MILL_TYPE_INTERVAL);
	CU_ASSERT_EQUAL(mill_store_check_datasets(specs, 2, &mem, &err), MILL_NOT_YET);
	CU_ASSERT_EQUAL(mill_store_check_split("train", &err), MILL_OK);
	static const char *const bad[] = {"", "..", ".x", "a/b", "fitted", "quarantine", "x.h5", "a\nb"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(mill_store_check_split(bad[i], &err), MILL_DATA);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void claim_rules(void)
{
	mill_mem mem = unlimited();
	mill_error err = {0};
	char folder[256], out[300];
	mill_storage storage;
	mill_store_claim *claim = NULL;
	mill_storage_init(&storage, &mem);
	mill_store_claim *second = NULL;
	fresh_folder(folder);
	snprintf(out, sizeof(out), "%s/out", folder);
	expect_ok(mill_store_claim_new(&storage, out, "job-a", false, &mem, &claim, &err), &err);
	CU_ASSERT_STRING_EQUAL(mill_store_claim_folder(claim), out);
	CU_ASSERT_TRUE(mill_path_exists(join(out, ".rankmill/run.json")));
	CU_ASSERT_EQUAL(mill_store_claim_new(&storage, out, "job-a", true, &mem, &second, &err), MILL_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "writing here now"));
	write_text(out, "fitted.json", "{}");
	mill_store_claim_release(claim);
	CU_ASSERT_FALSE(mill_path_exists(out));

	CU_ASSERT_EQUAL(mkdir(out, 0777), 0);
	write_text(out, "notes.txt", "mine");
	CU_ASSERT_EQUAL(mill_store_claim_new(&storage, out, "job-a", true, &mem, &claim, &err), MILL_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "notes.txt"));
	CU_ASSERT_TRUE(mill_path_exists(join(out, "notes.txt")));
	CU_ASSERT_FALSE(mill_path_exists(join(out, ".rankmill")));
	unlink(join(out, "notes.txt"));
	write_text(out, "fitted.json", "{}");
	CU_ASSERT_EQUAL(mill_store_claim_new(&storage, out, "job-a", true, &mem, &claim, &err), MILL_EXISTS);
	CU_ASSERT_EQUAL(mill_store_claim_new(&storage, "abfss://a@b/c", "job-a", true, &mem, &claim, &err),
	                MILL_NOT_YET);

	/* What a killed run leaves. */
	CU_ASSERT_EQUAL(mkdir(join(out, ".rankmill"), 0777), 0);
	write_text(out, ".rankmill/run.json",
	           "{\"job_hash\": \"job-b\", \"host\": \"x\", \"pid\": 1, \"boot_id\": \"y\"}");
	CU_ASSERT_EQUAL(mkdir(join(out, "train"), 0777), 0);
	write_text(out, "train/shard-00000.h5", "half");
	write_text(out, "train.h5", "half");
	CU_ASSERT_EQUAL(mill_store_claim_new(&storage, out, "job-a", false, &mem, &claim, &err), MILL_EXISTS);
	CU_ASSERT_TRUE(mill_path_exists(join(out, "train/shard-00000.h5")));
	expect_ok(mill_store_claim_new(&storage, out, "job-b", false, &mem, &claim, &err), &err);
	CU_ASSERT_FALSE(mill_path_exists(join(out, "train")));
	CU_ASSERT_FALSE(mill_path_exists(join(out, "train.h5")));
	CU_ASSERT_FALSE(mill_path_exists(join(out, "fitted.json")));
	mill_store_claim_release(claim);
	CU_ASSERT_TRUE(mill_path_exists(out));
	CU_ASSERT_FALSE(mill_path_exists(join(out, ".rankmill")));
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void overwriting(void)
{
	static const int64_t rows[] = {90, 40};
	static const int64_t fewer[] = {20};
	mill_mem mem = unlimited();
	char folder[256];
	mill_error err = {0};
	mill_u128 sums[2 * FIXTURE_DATASETS];
	mill_u128 old_hash = 0;
	mill_u128 new_hash = 0;
	fresh_folder(folder);
	fixture_options options = two(rows, 10, 128, "none");
	expect_ok(fixture_write(folder, &options, &mem, sums, &err), &err);
	expect_ok(verify(folder, &mem, &old_hash, &err), &err);
	CU_ASSERT_EQUAL(fixture_write(folder, &options, &mem, sums, &err), MILL_EXISTS);

	/* A run that fails leaves the old store whole. */
	mill_storage storage;
	mill_store_claim *claim = NULL;
	mill_storage_init(&storage, &mem);
	expect_ok(mill_store_claim_new(&storage, folder, "job", true, &mem, &claim, &err), &err);
	CU_ASSERT_STRING_NOT_EQUAL(mill_store_claim_folder(claim), folder);
	write_text(mill_store_claim_folder(claim), "fitted.json", "{}");
	expect_ok(verify(folder, &mem, &new_hash, &err), &err);
	mill_store_claim_release(claim);
	expect_ok(verify(folder, &mem, &new_hash, &err), &err);
	CU_ASSERT(new_hash == old_hash);
	CU_ASSERT_FALSE(mill_path_exists(join(folder, ".rankmill")));

	options.split_rows = fewer;
	options.split_count = 1;
	options.overwrite = true;
	expect_ok(fixture_write(folder, &options, &mem, sums, &err), &err);
	expect_ok(verify(folder, &mem, &new_hash, &err), &err);
	CU_ASSERT(new_hash != old_hash);
	CU_ASSERT_FALSE(mill_path_exists(join(folder, "val")));
	CU_ASSERT_FALSE(mill_path_exists(join(folder, "val.h5")));
	CU_ASSERT_FALSE(mill_path_exists(join(folder, "train/shard-00002.h5")));
	CU_ASSERT_FALSE(mill_path_exists(join(folder, ".rankmill")));
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void not_a_store(void)
{
	mill_mem mem = unlimited();
	mill_error err = {0};
	mill_storage storage;
	mill_store *store = NULL;
	char folder[256];
	mill_storage_init(&storage, &mem);
	fresh_folder(folder);
	CU_ASSERT_EQUAL(mill_store_open(&storage, folder, &mem, &store, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_store_open(&storage, join(folder, "none"), &mem, &store, &err), MILL_NOT_FOUND);
	write_text(folder, "manifest.json", "{\"format_version\": 1");
	CU_ASSERT_EQUAL(mill_store_open(&storage, folder, &mem, &store, &err), MILL_DATA);
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Every allocation fails once; nothing leaks and no store becomes visible. */
static void allocation_failures(void)
{
	static const int64_t rows[] = {30, 4};
	mill_mem mem = unlimited();
	mill_error err = {0};
	mill_u128 sums[2 * FIXTURE_DATASETS];
	char folder[256];
	fresh_folder(folder);
	fixture_options options = two(rows, 16, 16, "shuffle+deflate:1");
	int64_t failures = 0;
	int64_t at = 0;
	do {
		remove_tree(join(folder, "out"));
		mem.allocation_count = 0;
		mem.fail_at = ++at;
		mill_status status = fixture_write(join(folder, "out"), &options, &mem, sums, &err);
		bool visible = mill_path_exists(join(folder, "out/manifest.json"));
		CU_ASSERT_EQUAL_FATAL(visible, status == MILL_OK);
		CU_ASSERT_EQUAL_FATAL(mem.used_bytes, 0);
		failures += status != MILL_OK;
		if (status != MILL_OK && status != MILL_NOMEM)
			printf("    allocation %lld: %s: %s\n", (long long)at, mill_status_name(status), err.message);
		CU_ASSERT_FATAL(status == MILL_OK || status == MILL_NOMEM);
	} while (mem.allocation_count >= at);
	CU_ASSERT(failures > 50);
	mem.fail_at = 0;
	expect_ok(verify(join(folder, "out"), &mem, NULL, &err), &err);
	remove_tree(folder);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {
    {"compression_text", compression_text},
    {"hash_ignores_layout", hash_ignores_layout},
    {"empty_stores", empty_stores},
    {"files_are_deterministic", files_are_deterministic},
    {"encoder_has_no_memory", encoder_has_no_memory},
    {"verify_finds_damage", verify_finds_damage},
    {"verify_finds_damage_anywhere", verify_finds_damage_anywhere},
    {"verify_finds_edited_manifest", verify_finds_edited_manifest},
    {"names_are_checked", names_are_checked},
    {"claim_rules", claim_rules},
    {"overwriting", overwriting},
    {"not_a_store", not_a_store},
    {"allocation_failures", allocation_failures},
};
UNIT_MAIN("store", cases)
