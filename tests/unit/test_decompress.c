/* gzip (made with Python's gzip) and zstd (made with libzstd 1.5.4) streams: members, frames, skippable frames, cuts.
 */
#include "formats/decompress.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static mill_mem mem;
static mill_storage storage;
static mill_error err;
static char path[128];
static const char text[] = "a,b\n1,x\n2,y\n3,z\n";
/* Two members, two frames with a skippable one between. */
static const uint8_t gzip[] = {0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4B, 0xD4, 0x49, 0xE2,
                               0x32, 0xD4, 0xA9, 0xE0, 0x02, 0x00, 0xF4, 0xA0, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00,
                               0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x33, 0xD2, 0xA9, 0xE4,
                               0x32, 0xD6, 0xA9, 0xE2, 0x02, 0x00, 0x80, 0x0C, 0x86, 0x2A, 0x08, 0x00, 0x00, 0x00};
static const uint8_t zstd[] = {0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x08, 0x41, 0x00, 0x00, 0x61, 0x2C, 0x62,
                               0x0A, 0x31, 0x2C, 0x78, 0x0A, 0x50, 0x2A, 0x4D, 0x18, 0x04, 0x00, 0x00,
                               0x00, 0x01, 0x02, 0x03, 0x04, 0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x08, 0x41,
                               0x00, 0x00, 0x32, 0x2C, 0x79, 0x0A, 0x33, 0x2C, 0x7A, 0x0A};

/* Decompresses data in reads of `step` bytes into out. */
static mill_status decompress(const uint8_t *data, size_t size, size_t step, char *out, size_t *out_bytes,
                              mill_codec *codec)
{
	mill_reader *reader = NULL;
	mill_stream *stream = NULL;
	*out_bytes = 0;
	CU_ASSERT_EQUAL_FATAL(mill_storage_write_all(&storage, path, data, size, &err), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_reader_open(&storage, path, &reader, &err), MILL_OK);
	mill_status status = mill_codec_detect(reader, codec, &err);
	if (status == MILL_OK)
		status = mill_stream_open(reader, *codec, &mem, &stream, &err);
	for (size_t got = 1; status == MILL_OK && got > 0; *out_bytes += got)
		status = mill_stream_read(stream, out + *out_bytes, step, &got, &err);
	mill_stream_close(stream);
	mill_reader_close(reader);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
	return status;
}

static void start(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	snprintf(path, sizeof path, "/tmp/rm-unit-decompress.%ld", (long)getpid());
}

static void check_whole(const uint8_t *data, size_t size, mill_codec expected)
{
	for (size_t step = 1; step < 40; step++) {
		char out[256];
		size_t got;
		mill_codec codec;
		CU_ASSERT_EQUAL(decompress(data, size, step, out, &got, &codec), MILL_OK);
		CU_ASSERT_EQUAL(codec, expected);
		CU_ASSERT(got == strlen(text) && memcmp(out, text, got) == 0);
	}
}

static void whole(void)
{
	start();
	check_whole(gzip, sizeof gzip, MILL_CODEC_GZIP);
	check_whole(zstd, sizeof zstd, MILL_CODEC_ZSTD);
	check_whole((const uint8_t *)text, strlen(text), MILL_CODEC_NONE);
	unlink(path);
}

static void cut(void)
{
	start();
	char out[256];
	size_t got;
	mill_codec codec;
	for (size_t size = 4; size < sizeof gzip; size++) {
		mill_status expected = size == 28 ? MILL_OK : MILL_DATA; /* between the members */
		CU_ASSERT_EQUAL(decompress(gzip, size, 64, out, &got, &codec), expected);
		CU_ASSERT(expected == MILL_OK || strstr(err.message, "cut short") != NULL);
		CU_ASSERT(expected == MILL_OK || strstr(err.message, path) != NULL);
	}
	for (size_t size = 4; size < sizeof zstd; size++) {
		mill_status expected = size == 17 || size == 29 ? MILL_OK : MILL_DATA;
		CU_ASSERT_EQUAL(decompress(zstd, size, 64, out, &got, &codec), expected);
	}
	unlink(path);
}

static void corrupt(void)
{
	start();
	char out[256];
	size_t got;
	mill_codec codec;
	uint8_t copy[sizeof gzip + 8];
	memcpy(copy, gzip, sizeof gzip);
	copy[21] ^= 1; /* the first checksum */
	CU_ASSERT_EQUAL(decompress(copy, sizeof gzip, 64, out, &got, &codec), MILL_DATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "checksum"));
	memcpy(copy, gzip, sizeof gzip);
	memset(copy + sizeof gzip, 0, 8);
	CU_ASSERT_EQUAL(decompress(copy, sizeof copy, 64, out, &got, &codec), MILL_OK); /* padding */
	CU_ASSERT_EQUAL(got, strlen(text));
	copy[sizeof gzip + 3] = 'x';
	CU_ASSERT_EQUAL(decompress(copy, sizeof copy, 64, out, &got, &codec), MILL_DATA);
	memcpy(copy, zstd, sizeof zstd);
	copy[30] = 0; /* the second frame's magic number */
	CU_ASSERT_EQUAL(decompress(copy, sizeof zstd, 64, out, &got, &codec), MILL_DATA);
	unlink(path);
}

static void out_of_memory(void)
{
	start();
	char out[256];
	size_t got;
	mill_codec codec;
	mill_status status = MILL_NOMEM;
	for (int64_t n = 1; status != MILL_OK && n < 100; n++) {
		mill_reader *reader = NULL;
		mill_stream *stream = NULL;
		mill_mem_init(&mem, INT64_MAX);
		mill_storage_init(&storage, &mem);
		CU_ASSERT_EQUAL_FATAL(mill_storage_write_all(&storage, path, zstd, sizeof zstd, &err), MILL_OK);
		mem.allocation_count = 0;
		mem.fail_at = n;
		status = mill_reader_open(&storage, path, &reader, &err);
		if (status == MILL_OK)
			status = mill_codec_detect(reader, &codec, &err);
		if (status == MILL_OK)
			status = mill_stream_open(reader, codec, &mem, &stream, &err);
		if (status == MILL_OK)
			status = mill_stream_read(stream, out, sizeof out, &got, &err);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		mill_stream_close(stream);
		mill_reader_close(reader);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	CU_ASSERT_EQUAL(status, MILL_OK);
	unlink(path);
}

static const unit_case cases[] = {
    {"whole", whole}, {"cut", cut}, {"corrupt", corrupt}, {"out_of_memory", out_of_memory}};
UNIT_MAIN("decompress", cases)
