/* Value bytes and key hashes against constants made with Python's xxhash from definitions.md D1. */
#include "random_batch.h"
#include <math.h>

static mill_mem mem;
static uint64_t state;

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

static mill_column make_shape(int shape, int64_t rows, int null_percent, model *m)
{
	return random_shape(&mem, shape, shape == RANDOM_TYPE_COUNT ? 20 : 5000, rows, null_percent, &state, m);
}

/* Every fast path gives H64 over V after V, whatever the number of keys. */
static void check_keys(const mill_column *columns, int n, int64_t rows)
{
	const mill_column *keys[4];
	uint64_t *hashes = malloc((size_t)(rows + 1) * sizeof(uint64_t));
	mill_bytes scratch, bytes;
	mill_bytes_init(&scratch, &mem);
	mill_bytes_init(&bytes, &mem);
	for (int k = 0; k < n; k++)
		keys[k] = &columns[k];
	CU_ASSERT(mill_key_hash(keys, n, rows, &scratch, hashes, NULL) == MILL_OK);
	for (int64_t r = 0; r < rows; r++) {
		bytes.size_bytes = 0;
		for (int k = 0; k < n; k++)
			CU_ASSERT(mill_value_bytes(keys[k], r, &bytes) == MILL_OK);
		if (hashes[r] != mill_h64(0, bytes.data, bytes.size_bytes)) {
			printf("hash of %d keys, first of type %u, row %lld\n", n, (unsigned)keys[0]->type.id,
			       (long long)r);
			CU_FAIL_FATAL("hash");
		}
	}
	mill_bytes_release(&scratch);
	mill_bytes_release(&bytes);
	free(hashes);
}

static void test_random_keys(void)
{
	static const int64_t row_counts[] = {0, 1, 255, 256, 257, 1500};
	for (int round = 0; round < 40; round++)
		for (int first = 0; first < RANDOM_SHAPES; first++) {
			int64_t rows = row_counts[random_below(&state, 6)];
			model m[4];
			mill_column columns[4];
			for (int k = 0; k < 4; k++)
				columns[k] = make_shape(k == 0 ? first : (int)random_below(&state, RANDOM_SHAPES), rows,
				                        random_below(&state, 2) ? 0 : 25, &m[k]);
			for (int n = 0; n <= 4; n++)
				check_keys(columns, n, rows);
			for (int k = 0; k < 4; k++) {
				mill_column_release(&columns[k]);
				model_release(&m[k]);
			}
		}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Every length of text around the borders of the hash, at the end of a buffer and inside it. */
static void test_text_lengths(void)
{
	for (int null_percent = 0; null_percent < 2; null_percent++) {
		mill_builder b;
		mill_column column = {0};
		char text[700];
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)random_u64(&state);
		mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_BINARY));
		for (int size = 0; size < 600; size++) {
			if (null_percent != 0 && size % 7 == 0)
				CU_ASSERT(mill_builder_null(&b) == MILL_OK);
			CU_ASSERT(mill_builder_text(&b, text + size % 50, (size_t)size) == MILL_OK);
		}
		column = finish(&b);
		check_keys(&column, 1, column.rows);
		mill_column_release(&column);
		for (size_t size = 0; size < 130; size++) {
			column = one_text(text, size);
			check_keys(&column, 1, 1);
			mill_column_release(&column);
		}
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static int sign_of(long double difference)
{
	return (difference > 0) - (difference < 0);
}

static mill_i128 integer_of(mill_type type, const cell *c)
{
	int64_t low = 0;
	mill_i128 wide;
	mill_interval interval;
	if (type.id == MILL_TYPE_DECIMAL) {
		memcpy(&wide, c->data, sizeof(wide));
		return wide;
	}
	if (type.id == MILL_TYPE_INTERVAL) {
		memcpy(&interval, c->data, sizeof(interval));
		return (mill_i128)(interval.months * 30 + interval.days) * 86400000000 + interval.us;
	}
	memcpy(&low, c->data, (size_t)c->size);
	int spare = 64 - 8 * c->size;
	if (type.id == MILL_TYPE_UINT64)
		return (uint64_t)low;
	return mill_type_is_unsigned(type) || type.id == MILL_TYPE_BOOL ? low
	                                                                : (int64_t)((uint64_t)low << spare) >> spare;
}

/* Order of two cells that are not NULL. */
static int model_order(mill_type type, const cell *a, const cell *b)
{
	if (mill_type_is_text(type)) {
		int order = memcmp(a->data, b->data, (size_t)(a->size < b->size ? a->size : b->size));
		return order != 0 ? order : a->size - b->size;
	}
	if (mill_type_is_float(type)) {
		float narrow_a, narrow_b;
		double x, y;
		memcpy(&narrow_a, a->data, 4);
		memcpy(&narrow_b, b->data, 4);
		memcpy(&x, a->data, 8);
		memcpy(&y, b->data, 8);
		if (type.id == MILL_TYPE_FLOAT32)
			x = (double)narrow_a, y = (double)narrow_b;
		if (isnan(x) || isnan(y))
			return (isnan(x) != 0) - (isnan(y) != 0);
		return (x > y) - (x < y);
	}
	mill_i128 x = integer_of(type, a), y = integer_of(type, b);
	return (x > y) - (x < y);
}

static void check_order(const mill_column *column, const model *m)
{
	mill_bytes va, vb;
	mill_bytes_init(&va, &mem);
	mill_bytes_init(&vb, &mem);
	for (int i = 0; i < 2000; i++) {
		int64_t a = random_below(&state, m->rows), b = random_below(&state, m->rows);
		const cell *x = &m->cells[a], *y = &m->cells[b];
		int expected =
		    x->is_null || y->is_null ? (int)x->is_null - (int)y->is_null : model_order(m->type, x, y);
		va.size_bytes = vb.size_bytes = 0;
		CU_ASSERT(sign_of(mill_value_compare(column, a, column, b)) == sign_of(expected));
		CU_ASSERT(mill_value_equal(column, a, column, b) == (expected == 0));
		CU_ASSERT(mill_value_bytes(column, a, &va) == MILL_OK && mill_value_bytes(column, b, &vb) == MILL_OK);
		bool same = va.size_bytes == vb.size_bytes && memcmp(va.data, vb.data, va.size_bytes) == 0;
		CU_ASSERT(same == (expected == 0));
	}
	mill_bytes_release(&va);
	mill_bytes_release(&vb);
}

static void test_order(void)
{
	for (int shape = 0; shape < RANDOM_SHAPES; shape++) {
		model m;
		mill_column column = make_shape(shape, 300, 15, &m);
		check_order(&column, &m);
		mill_column_release(&column);
		model_release(&m);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static int model_rows(const mill_sort_key *keys, int n, const model *models, int64_t a, int64_t b)
{
	for (int k = 0; k < n; k++) {
		const model *m = &models[keys[k].column];
		const cell *x = &m->cells[a], *y = &m->cells[b];
		if (x->is_null != y->is_null)
			return x->is_null == keys[k].nulls_first ? -1 : 1;
		int order = x->is_null ? 0 : sign_of(model_order(m->type, x, y));
		if (order != 0)
			return keys[k].descending ? -order : order;
	}
	return 0;
}

static int encoded_order(const mill_column *c, int64_t a, int64_t b)
{
	int32_t size_a, size_b;
	const char *x = mill_column_text(c, a, &size_a), *y = mill_column_text(c, b, &size_b);
	int order = memcmp(x, y, (size_t)(size_a < size_b ? size_a : size_b));
	return order != 0 ? order : size_a - size_b;
}

static void check_encoding(const mill_batch *batch, const model *models, int64_t rows)
{
	mill_sort_key keys[3];
	mill_column plain = {0}, with_ids = {0};
	int n = 1 + (int)random_below(&state, 3);
	for (int k = 0; k < n; k++)
		keys[k] = (mill_sort_key){(int)random_below(&state, RANDOM_SHAPES), random_below(&state, 2),
		                          random_below(&state, 2)};
	CU_ASSERT_FATAL(mill_sort_encode(&mem, batch, keys, n, false, &plain, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_sort_encode(&mem, batch, keys, n, true, &with_ids, NULL) == MILL_OK);
	CU_ASSERT(mill_column_validate(&plain, NULL) == MILL_OK && mill_column_validate(&with_ids, NULL) == MILL_OK);
	const uint64_t *ids = batch->columns[RANDOM_SHAPES].values;
	for (int i = 0; rows > 0 && i < 1000; i++) {
		int64_t a = random_below(&state, rows), b = random_below(&state, rows);
		int expected = model_rows(keys, n, models, a, b);
		int by_id = (ids[a] > ids[b]) - (ids[a] < ids[b]);
		CU_ASSERT(sign_of(encoded_order(&plain, a, b)) == expected);
		CU_ASSERT(sign_of(encoded_order(&with_ids, a, b)) == (expected != 0 ? expected : by_id));
	}
	mill_column_release(&plain);
	mill_column_release(&with_ids);
}

static void test_sort_keys(void)
{
	static const int64_t row_counts[] = {0, 1, 256, 700};
	for (int n = 0; n < 4; n++) {
		model models[RANDOM_SHAPES + 1];
		mill_batch batch = {0};
		int64_t rows = row_counts[n];
		CU_ASSERT_FATAL(mill_batch_new(&mem, RANDOM_SHAPES + 1, 1, &batch, NULL) == MILL_OK);
		batch.rows = rows;
		for (int c = 0; c < RANDOM_SHAPES; c++)
			batch.columns[c] = make_shape(c, rows, c % 2 ? 0 : 20, &models[c]);
		models[RANDOM_SHAPES] = random_model(mill_type_of(MILL_TYPE_UINT64), rows, 0, &state);
		CU_ASSERT_FATAL(model_build(&mem, &models[RANDOM_SHAPES], &batch.columns[RANDOM_SHAPES], NULL) ==
		                MILL_OK);
		for (int round = 0; round < 200; round++)
			check_encoding(&batch, models, rows);
		mill_batch_release(&batch);
		for (int c = 0; c <= RANDOM_SHAPES; c++)
			model_release(&models[c]);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void test_sort_torture(void)
{
	model m;
	mill_batch batch = {0};
	mill_sort_key key = {0, false, true};
	mill_column out;
	CU_ASSERT_FATAL(mill_batch_new(&mem, 1, 0, &batch, NULL) == MILL_OK);
	batch.rows = 10;
	batch.columns[0] = make_shape(12, 10, 20, &m);
	int64_t held = mem.used_bytes;
	for (int n = 1; n <= 2; n++) {
		mem.fail_at = mem.allocation_count + n;
		CU_ASSERT(mill_sort_encode(&mem, &batch, &key, 1, false, &out, NULL) == MILL_NOMEM);
		CU_ASSERT_EQUAL(mem.used_bytes, held);
	}
	mem.fail_at = 0;
	mill_batch_release(&batch);
	model_release(&m);
}

/* A dictionary and a long text take memory; each refusal is reported and leaves nothing behind. */
static void test_hash_torture(void)
{
	model m;
	mill_column columns[2] = {make_shape(RANDOM_TYPE_COUNT, 50, 10, &m), one_text("", 0)};
	char text[500] = {0};
	uint64_t hashes[50];
	mill_column_release(&columns[1]);
	columns[1] = one_text(text, sizeof(text));
	int64_t held = mem.used_bytes;
	for (int c = 0; c < 2; c++) {
		const mill_column *key = &columns[c];
		mill_bytes scratch;
		mill_bytes_init(&scratch, &mem);
		mem.fail_at = mem.allocation_count + 1;
		CU_ASSERT(mill_key_hash(&key, 1, key->rows, &scratch, hashes, NULL) == MILL_NOMEM);
		CU_ASSERT(mill_key_hash(&key, 1, key->rows, &scratch, hashes, NULL) == MILL_OK);
		mill_bytes_release(&scratch);
		CU_ASSERT_EQUAL(mem.used_bytes, held);
		mill_column_release(&columns[c]);
		held = mem.used_bytes;
	}
	mem.fail_at = 0;
	model_release(&m);
}

static const unit_case cases[] = {{"hash_numbers", test_numbers},
                                  {"hash_others", test_others},
                                  {"hash_text", test_text},
                                  {"hash_pairs", test_pairs},
                                  {"hash_random", test_random_keys},
                                  {"hash_lengths", test_text_lengths},
                                  {"order", test_order},
                                  {"sort_keys", test_sort_keys},
                                  {"sort_torture", test_sort_torture},
                                  {"hash_torture", test_hash_torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	state = random_seed("column_value");
	return unit_main("column_value", cases, sizeof(cases) / sizeof(cases[0]));
}
