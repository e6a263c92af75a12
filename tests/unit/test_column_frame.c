/* Frames of every type: written whole and by rows, read back, cut at every byte, damaged at every bit of the head. */
#include "column/frame.h"
#include "random_batch.h"

static mill_mem mem;
static uint64_t state;

#define SHAPES          (RANDOM_TYPE_COUNT + 2)
#define COLUMNS         (SHAPES + 1)
#define NULL_PERCENT(c) ((c) % 4 == 0 ? 0 : (c) % 4 == 3 ? 100 : 30)

static mill_status make_batch(int64_t rows, int64_t dictionary_entries, model *models, mill_batch *out)
{
	mill_batch batch = {0};
	memset(models, 0, COLUMNS * sizeof(model));
	MILL_TRY(mill_batch_new(&mem, COLUMNS, 1, &batch, NULL));
	batch.rows = rows;
	mill_status status = MILL_OK;
	for (int c = 0; c < COLUMNS; c++) {
		mill_type type = c < RANDOM_TYPE_COUNT ? random_types[c] : mill_type_of(MILL_TYPE_STRING);
		int percent = NULL_PERCENT((int)random_below(&state, 4));
		if (c == SHAPES) {
			type = mill_type_of(MILL_TYPE_UINT64);
			percent = 0;
		}
		if (status != MILL_OK)
			continue;
		if (c >= RANDOM_TYPE_COUNT && c < SHAPES) {
			status = random_dictionary(&mem, type, dictionary_entries, rows, percent, &state, &models[c],
			                           &batch.columns[c]);
			continue;
		}
		models[c] = random_model(type, rows, percent, &state);
		status = model_build(&mem, &models[c], &batch.columns[c], NULL);
	}
	if (status != MILL_OK)
		mill_batch_release(&batch);
	else
		*out = batch;
	return status;
}

static void release_models(model *models)
{
	for (int c = 0; c < COLUMNS; c++)
		model_release(&models[c]);
}

static void check_batch(const mill_batch *batch, const model *models, const int32_t *indices, int64_t count)
{
	CU_ASSERT(batch->rows == count && batch->column_count == COLUMNS && batch->id_words == 1);
	CU_ASSERT(mill_batch_validate(batch, NULL) == MILL_OK);
	for (int c = 0; c < COLUMNS; c++) {
		model expected = model_take(&models[c], indices, count);
		check_column(&batch->columns[c], &expected, "frame");
		model_release(&expected);
	}
}

static void round_trip(int64_t rows, int64_t count, int64_t dictionary_entries)
{
	model models[COLUMNS];
	mill_batch batch = {0}, back = {0};
	mill_bytes out;
	mill_frame_info info;
	CU_ASSERT_FATAL(make_batch(rows, dictionary_entries, models, &batch) == MILL_OK);
	int32_t *all = malloc(((size_t)rows + 1) * sizeof(int32_t)),
	        *some = malloc(((size_t)count + 1) * sizeof(int32_t));
	for (int64_t r = 0; r < rows; r++)
		all[r] = (int32_t)r;
	for (int64_t r = 0; r < count; r++)
		some[r] = (int32_t)random_below(&state, rows);
	mill_bytes_init(&out, &mem);
	CU_ASSERT_FATAL(mill_frame_write(&batch, NULL, 0, 7, 9, &out, NULL) == MILL_OK);
	size_t first_bytes = out.size_bytes;
	CU_ASSERT_FATAL(mill_frame_write(&batch, some, count, 4000000000U, 0, &out, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_frame_peek(out.data, out.size_bytes, &info, NULL) == MILL_OK);
	CU_ASSERT(info.bucket == 7 && info.unit == 9 && info.rows == rows && info.size_bytes == first_bytes);
	CU_ASSERT_FATAL(mill_frame_read(out.data, out.size_bytes, &mem, &back, NULL) == MILL_OK);
	check_batch(&back, models, all, rows);
	mill_batch_release(&back);
	const uint8_t *second = out.data + first_bytes;
	CU_ASSERT_FATAL(mill_frame_peek(second, out.size_bytes - first_bytes, &info, NULL) == MILL_OK);
	CU_ASSERT(info.bucket == 4000000000U && info.unit == 0 && info.rows == count && info.size_bytes % 8 == 0 &&
	          first_bytes + info.size_bytes == out.size_bytes);
	CU_ASSERT_FATAL(mill_frame_read(second, info.size_bytes, &mem, &back, NULL) == MILL_OK);
	check_batch(&back, models, some, count);
	mill_batch_release(&back);
	mill_bytes_release(&out);
	mill_batch_release(&batch);
	release_models(models);
	free(all);
	free(some);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void test_round_trips(void)
{
	static const int64_t rows[] = {0, 1, 7, 63, 64, 65, 1000, 8192, 12345};
	static const int64_t entries[] = {0, 1, 3, 200, 300, 70000};
	for (int n = 0; n < 9; n++)
		for (int e = 0; e < 6; e++)
			round_trip(rows[n], rows[n] == 0 ? 0 : random_below(&state, 2 * rows[n]), entries[e]);
}

/* A frame cut anywhere is refused, and reading it touches nothing past the cut (the copy ends there). */
static void test_cut(void)
{
	model models[COLUMNS];
	mill_batch batch = {0}, back;
	mill_bytes out;
	CU_ASSERT_FATAL(make_batch(5, 3, models, &batch) == MILL_OK);
	mill_bytes_init(&out, &mem);
	CU_ASSERT_FATAL(mill_frame_write(&batch, NULL, 0, 1, 1, &out, NULL) == MILL_OK);
	for (size_t size = 0; size < out.size_bytes; size++) {
		uint8_t *cut = malloc(size + 1);
		mill_frame_info info;
		memcpy(cut, out.data, size);
		CU_ASSERT(mill_frame_peek(cut, size, &info, NULL) == MILL_DATA);
		CU_ASSERT(mill_frame_read(cut, size, &mem, &back, NULL) == MILL_DATA);
		free(cut);
	}
	mill_bytes_release(&out);
	mill_batch_release(&batch);
	release_models(models);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Any damage gives an error or a batch that keeps every rule; never a crash, never a leak. */
static void test_damage(void)
{
	model models[COLUMNS];
	mill_batch batch = {0}, back;
	mill_bytes out;
	mem.budget_bytes = 1 << 26;
	CU_ASSERT_FATAL(make_batch(9, 3, models, &batch) == MILL_OK);
	mill_bytes_init(&out, &mem);
	CU_ASSERT_FATAL(mill_frame_write(&batch, NULL, 0, 1, 1, &out, NULL) == MILL_OK);
	int64_t held = mem.used_bytes;
	for (size_t bit = 0; bit < out.size_bytes * 8; bit++) {
		out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		mill_status status = mill_frame_read(out.data, out.size_bytes, &mem, &back, NULL);
		CU_ASSERT(status == MILL_OK || status == MILL_DATA || status == MILL_NOMEM || status == MILL_NOT_YET);
		if (status == MILL_OK) {
			CU_ASSERT(mill_batch_validate(&back, NULL) == MILL_OK);
			mill_batch_release(&back);
		}
		CU_ASSERT_EQUAL(mem.used_bytes, held);
		out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	mill_bytes_release(&out);
	mill_batch_release(&batch);
	release_models(models);
	mem.budget_bytes = INT64_MAX;
}

static mill_status write_and_read(void)
{
	model models[COLUMNS];
	mill_batch batch = {0}, back = {0};
	mill_bytes out;
	mill_error err;
	mill_bytes_init(&out, &mem);
	mill_status status = make_batch(40, 5, models, &batch);
	release_models(models);
	MILL_TRY_GOTO(status, done);
	MILL_TRY_GOTO(mill_frame_write(&batch, NULL, 0, 1, 1, &out, &err), done);
	size_t whole = out.size_bytes;
	static const int32_t some[] = {3, 3, 9, 0};
	status = mill_frame_write(&batch, some, 4, 1, 1, &out, &err);
	CU_ASSERT(status == MILL_OK || out.size_bytes == whole);
	MILL_TRY_GOTO(status, done);
	MILL_TRY_GOTO(mill_frame_read(out.data, out.size_bytes, &mem, &back, &err), done);
done:
	mill_batch_release(&batch);
	mill_batch_release(&back);
	mill_bytes_release(&out);
	return status;
}

static void test_torture(void)
{
	mill_status status = MILL_NOMEM;
	for (int64_t n = 1; status != MILL_OK && n < 2000; n++) {
		mem.fail_at = mem.allocation_count + n;
		status = write_and_read();
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	mem.fail_at = 0;
	CU_ASSERT(status == MILL_OK);
}

/* The first bytes as frame_format.h states them, worked by hand: one int16 column 5, NULL, −2. */
static void test_bytes(void)
{
	static const uint8_t expected[] = {'R',
	                                   'M',
	                                   'F',
	                                   'R',
	                                   1,
	                                   0,
	                                   0,
	                                   0,
	                                   6,
	                                   0,
	                                   0,
	                                   0,
	                                   3,
	                                   0,
	                                   0,
	                                   0,
	                                   3,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   96,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   1,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   MILL_TYPE_INT16,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   1,
	                                   0,
	                                   0,
	                                   1,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   6,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   5,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   0,
	                                   5,
	                                   0,
	                                   0,
	                                   0,
	                                   0xfe,
	                                   0xff,
	                                   0,
	                                   0};
	mill_builder b;
	mill_batch batch = {0};
	mill_bytes out;
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_INT16));
	CU_ASSERT(mill_builder_i64(&b, 5) == MILL_OK && mill_builder_null(&b) == MILL_OK);
	CU_ASSERT(mill_builder_i64(&b, -2) == MILL_OK);
	CU_ASSERT_FATAL(mill_batch_new(&mem, 1, 0, &batch, NULL) == MILL_OK);
	batch.rows = 3;
	CU_ASSERT_FATAL(mill_builder_finish(&b, &batch.columns[0], NULL) == MILL_OK);
	((int16_t *)batch.columns[0].values)[1] = 77;
	mill_bytes_init(&out, &mem);
	CU_ASSERT_FATAL(mill_frame_write(&batch, NULL, 0, 6, 3, &out, NULL) == MILL_OK);
	CU_ASSERT_EQUAL_FATAL(out.size_bytes, sizeof(expected));
	CU_ASSERT(memcmp(out.data, expected, sizeof(expected)) == 0);
	CU_ASSERT(mill_bytes_append_u8(&out, 0) == MILL_OK);
	CU_ASSERT(mill_frame_write(&batch, NULL, 0, 6, 3, &out, NULL) == MILL_INTERNAL);
	mill_bytes_release(&out);
	mill_batch_release(&batch);
}

static const unit_case cases[] = {{"bytes", test_bytes},
                                  {"round_trips", test_round_trips},
                                  {"cut", test_cut},
                                  {"damage", test_damage},
                                  {"torture", test_torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	state = random_seed("column_frame");
	return unit_main("column_frame", cases, sizeof(cases) / sizeof(cases[0]));
}
