/* Value bytes and key hashes against constants made with Python's xxhash from definitions.md D1. */
#include "column/builder.h"
#include "column/value.h"
#include "unit.h"
#include <math.h>
#include <string.h>

static mill_mem mem;

static mill_column finish(mill_builder *builder)
{
	mill_column column = {0};
	CU_ASSERT_FATAL(mill_builder_finish(builder, &column, NULL) == MILL_OK);
	return column;
}

static mill_column one_text(const char *text, size_t size)
{
	mill_builder b;
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_STRING));
	CU_ASSERT_FATAL(mill_builder_text(&b, text, size) == MILL_OK);
	return finish(&b);
}

static mill_column one_integer(mill_type_id id, int64_t value)
{
	mill_builder b;
	mill_builder_init(&b, &mem, mill_type_of(id));
	CU_ASSERT_FATAL(mill_builder_i64(&b, value) == MILL_OK);
	return finish(&b);
}

static mill_column one_float(mill_type_id id, double value)
{
	mill_builder b;
	mill_builder_init(&b, &mem, mill_type_of(id));
	CU_ASSERT_FATAL(mill_builder_f64(&b, value) == MILL_OK);
	return finish(&b);
}

static mill_column one_null(mill_type_id id)
{
	mill_column column = {0};
	CU_ASSERT_FATAL(mill_column_nulls(&mem, mill_type_of(id), 1, &column, NULL) == MILL_OK);
	return column;
}

static uint64_t hash_of(const mill_column *a, const mill_column *b)
{
	const mill_column *keys[] = {a, b};
	mill_bytes scratch;
	mill_bytes_init(&scratch, &mem);
	uint64_t hash = 0;
	CU_ASSERT(mill_key_hash(keys, a == NULL ? 0 : b == NULL ? 1 : 2, 1, &scratch, &hash, NULL) == MILL_OK);
	mill_bytes_release(&scratch);
	return hash;
}

static void check_hash(mill_column a, uint64_t expected)
{
	CU_ASSERT_EQUAL(hash_of(&a, NULL), expected);
	mill_bytes bytes;
	mill_bytes_init(&bytes, &mem);
	CU_ASSERT(mill_value_bytes(&a, 0, &bytes) == MILL_OK);
	CU_ASSERT_EQUAL(mill_h64(0, bytes.data, bytes.size_bytes), expected);
	mill_bytes_release(&bytes);
	mill_column_release(&a);
}

static void check_hash2(mill_column a, mill_column b, uint64_t expected)
{
	CU_ASSERT_EQUAL(hash_of(&a, &b), expected);
	mill_column_release(&a);
	mill_column_release(&b);
}

static void check_hash_text(const char *text, size_t size, uint64_t expected)
{
	check_hash(one_text(text, size), expected);
}

static void test_numbers(void)
{
	CU_ASSERT_EQUAL(hash_of(NULL, NULL), 0x2d06800538d394c2ULL);
	check_hash(one_null(MILL_TYPE_INT64), 0xc44bdff4074eecdbULL);
	check_hash(one_null(MILL_TYPE_STRING), 0xc44bdff4074eecdbULL);
	check_hash(one_null(MILL_TYPE_BOOL), 0xc44bdff4074eecdbULL);
	static const mill_type_id signed_ids[] = {MILL_TYPE_INT8,  MILL_TYPE_INT16, MILL_TYPE_INT32,
	                                          MILL_TYPE_INT64, MILL_TYPE_DATE,  MILL_TYPE_TIMESTAMP};
	for (size_t i = 0; i < 6; i++) {
		check_hash(one_integer(signed_ids[i], 42), 0x3d8e917a3bb2a06cULL);
		check_hash(one_integer(signed_ids[i], -1), 0x53a5f4bc2fc0168cULL);
	}
	for (int id = MILL_TYPE_UINT8; id <= MILL_TYPE_UINT64; id++)
		check_hash(one_integer((mill_type_id)id, 42), 0x3d8e917a3bb2a06cULL);
	check_hash(one_integer(MILL_TYPE_UINT64, -1), 0x53a5f4bc2fc0168cULL);
	check_hash(one_integer(MILL_TYPE_TIMESTAMP, 1245172581000000), 0x4ac102becce82ccfULL);
	for (int id = MILL_TYPE_FLOAT32; id <= MILL_TYPE_FLOAT64; id++) {
		check_hash(one_float((mill_type_id)id, 1.5), 0x2b68e3d95bc408b8ULL);
		check_hash(one_float((mill_type_id)id, 0.0), 0x313c2dd2ec996e80ULL);
		check_hash(one_float((mill_type_id)id, -0.0), 0x313c2dd2ec996e80ULL);
		check_hash(one_float((mill_type_id)id, NAN), 0x6a33929ce40a04d7ULL);
		check_hash(one_float((mill_type_id)id, -NAN), 0x6a33929ce40a04d7ULL);
	}
}

static void test_others(void)
{
	mill_builder b;
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_BOOL));
	CU_ASSERT(mill_builder_bool(&b, true) == MILL_OK);
	check_hash(finish(&b), 0x070d80d6a76865f3ULL);
	CU_ASSERT(mill_builder_bool(&b, false) == MILL_OK);
	check_hash(finish(&b), 0xab94ac0ace7276c0ULL);
	mill_i128 wide = -12345;
	mill_builder_init(&b, &mem, mill_type_decimal(10, 2));
	CU_ASSERT(mill_builder_fixed(&b, &wide) == MILL_OK);
	check_hash(finish(&b), 0xd4566e24a6605b88ULL);
	mill_interval interval = {14, 3, 5};
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_INTERVAL));
	CU_ASSERT(mill_builder_fixed(&b, &interval) == MILL_OK);
	check_hash(finish(&b), 0xee4376584a314b51ULL);
}

static void test_text(void)
{
	char run[400];
	check_hash_text("", 0, 0x313c2dd2ec996e80ULL);
	check_hash_text("a", 1, 0x2852e64fbf447921ULL);
	check_hash_text("abcdefg", 7, 0x3f6575b1cbf7737eULL);
	check_hash_text("abcdefgh", 8, 0xdc39665dd6d4f913ULL);
	check_hash_text("abcdefghijklmno", 15, 0xf76bfe41a61d75c7ULL);
	check_hash_text("abcdefghijklmnop", 16, 0x79679174a9958457ULL);
	check_hash_text("abcdefghijklmnopq", 17, 0xdeaf8fdd5cbb222dULL);
	memset(run, 'w', 119);
	check_hash_text(run, 119, 0x50670f2f93638719ULL);
	memset(run, 'w', 120);
	check_hash_text(run, 120, 0xc43834985702d4bbULL);
	memset(run, 'x', 232);
	check_hash_text(run, 200, 0x42774c43831ad124ULL);
	check_hash_text(run, 231, 0x0fc8113a776cba28ULL);
	check_hash_text(run, 232, 0x2178e705800537ecULL);
	memset(run, 'y', 300);
	check_hash_text(run, 300, 0x478a49bd868691fbULL);
}

static void test_pairs(void)
{
	check_hash2(one_integer(MILL_TYPE_INT16, 42), one_text("abc", 3), 0x1ae26fd46c5c3eceULL);
	check_hash2(one_integer(MILL_TYPE_INT32, 7), one_integer(MILL_TYPE_DATE, 8), 0x8345e6150f4e4207ULL);
	check_hash2(one_null(MILL_TYPE_INT32), one_integer(MILL_TYPE_INT64, 8), 0x56c376d443b1a46cULL);
	check_hash2(one_integer(MILL_TYPE_INT64, 7), one_null(MILL_TYPE_FLOAT32), 0xcf96b5fe13f7809bULL);
	check_hash2(one_null(MILL_TYPE_STRING), one_null(MILL_TYPE_FLOAT32), 0x3325230e1f285505ULL);
	CU_ASSERT(mem.used_bytes == 0);
}

static const unit_case cases[] = {
    {"hash_numbers", test_numbers}, {"hash_others", test_others}, {"hash_text", test_text}, {"hash_pairs", test_pairs}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	return unit_main("column_value", cases, sizeof(cases) / sizeof(cases[0]));
}
