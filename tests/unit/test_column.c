/* Building, filtering, taking, slicing, joining columns and batches of every type against a model of their cells. */
#include "column/bits.h"
#include "random_batch.h"

static mill_mem mem;
static uint64_t state;
static const int64_t row_counts[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 8192, 8193, 20000};
#define ROW_COUNTS ((int)(sizeof(row_counts) / sizeof(row_counts[0])))
static const int null_percents[] = {0, 30, 100};

static mill_column make_shape(int shape, int64_t rows, int null_percent, model *m)
{
	return random_shape(&mem, shape, random_below(&state, 2000), rows, null_percent, &state, m);
}

typedef void (*shape_check)(const mill_column *column, const model *m);
static void over_shapes(shape_check check)
{
	for (int shape = 0; shape < RANDOM_SHAPES; shape++)
		for (int n = 0; n < ROW_COUNTS; n++)
			for (int p = 0; p < 3; p++) {
				model m;
				mill_column column = make_shape(shape, row_counts[n], null_percents[p], &m);
				check(&column, &m);
				mill_column_release(&column);
				mill_column_release(&column);
				model_release(&m);
			}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void check_built(const mill_column *column, const model *m)
{
	check_column(column, m, "built");
	mill_column again = mill_column_retain(column);
	check_column(&again, m, "retained");
	mill_column_release(&again);
	mill_builder b;
	mill_builder_init(&b, &mem, m->type);
	for (int64_t r = 0; r < m->rows; r++)
		CU_ASSERT_FATAL(mill_builder_copy(&b, column, r) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&b, &again, NULL) == MILL_OK);
	check_column(&again, m, "copied");
	mill_column_release(&again);
	CU_ASSERT_FATAL(mill_column_nulls(&mem, m->type, m->rows, &again, NULL) == MILL_OK);
	CU_ASSERT(again.null_count == m->rows && mill_column_validate(&again, NULL) == MILL_OK);
	mill_column_release(&again);
}
static void test_build(void)
{
	over_shapes(check_built);
}

static int32_t *random_indices(int64_t rows, int64_t count, bool with_null)
{
	int32_t *indices = malloc(((size_t)count + 1) * sizeof(int32_t));
	for (int64_t i = 0; i < count; i++)
		indices[i] =
		    rows == 0 || (with_null && random_below(&state, 5) == 0) ? -1 : (int32_t)random_below(&state, rows);
	return indices;
}

static void check_taken(const mill_column *column, const model *m)
{
	for (int with_null = 0; with_null < 2; with_null++) {
		int64_t count = with_null == 0 && m->rows == 0 ? 0 : random_below(&state, 2 * m->rows + 3);
		int32_t *indices = random_indices(m->rows, count, with_null == 1);
		model expected = model_take(m, indices, count);
		mill_column taken = {0};
		CU_ASSERT_FATAL(mill_column_take(&mem, column, indices, count, &taken, NULL) == MILL_OK);
		check_column(&taken, &expected, "taken");
		mill_column_release(&taken);
		model_release(&expected);
		free(indices);
	}
}
static void test_take(void)
{
	over_shapes(check_taken);
}

/* keep_percent −1: whole words set, cleared or mixed, as selective filters over sorted data give. */
static int64_t random_keep(uint64_t *keep, int64_t rows, int keep_percent, int32_t *indices)
{
	int64_t kept = 0;
	int mode = 0;
	for (int64_t r = 0; r < rows; r++) {
		if ((r & 63) == 0) {
			keep[r >> 6] = 0;
			mode = (int)random_below(&state, 3);
		}
		int percent = keep_percent >= 0 ? keep_percent : mode == 0 ? 0 : mode == 1 ? 100 : 50;
		if (random_below(&state, 100) < percent) {
			mill_bit_set(keep, r);
			indices[kept++] = (int32_t)r;
		}
	}
	return kept;
}

static void check_filtered(const mill_column *column, const model *m)
{
	static const int percents[] = {0, 3, 50, 97, 100, -1};
	uint64_t *keep = malloc((mill_bit_words(m->rows) + 1) * 8);
	int32_t *indices = malloc(((size_t)m->rows + 1) * sizeof(int32_t));
	for (int p = 0; p < 6; p++) {
		int64_t kept = random_keep(keep, m->rows, percents[p], indices);
		model expected = model_take(m, indices, kept);
		mill_column filtered = {0};
		CU_ASSERT_FATAL(mill_column_filter(&mem, column, keep, kept, &filtered, NULL) == MILL_OK);
		check_column(&filtered, &expected, "filtered");
		CU_ASSERT(filtered.dictionary == column->dictionary);
		mill_column_release(&filtered);
		model_release(&expected);
	}
	free(keep);
	free(indices);
}
static void test_filter(void)
{
	over_shapes(check_filtered);
}

static void check_concatenated(const mill_column *column, const model *m)
{
	model parts_m[4];
	mill_column parts[4], joined = {0};
	const mill_column *pointers[5] = {column};
	int64_t rows = m->rows;
	for (int i = 0; i < 4; i++) {
		int64_t part_rows = random_below(&state, 200) * (i != 2);
		/* Row 2 is empty, part 3 shares a dictionary if there is one. */
		parts_m[i] = random_model(m->type, part_rows, i == 1 ? 0 : 20, &state);
		if (i == 3 && m->rows > 0) {
			int32_t *indices = random_indices(m->rows, part_rows, true);
			model_release(&parts_m[i]);
			parts_m[i] = model_take(m, indices, part_rows);
			CU_ASSERT_FATAL(mill_column_take(&mem, column, indices, part_rows, &parts[i], NULL) == MILL_OK);
			free(indices);
		} else {
			CU_ASSERT_FATAL(model_build(&mem, &parts_m[i], &parts[i], NULL) == MILL_OK);
		}
		pointers[i + 1] = &parts[i];
		rows += part_rows;
	}
	model expected = model_new(m->type, rows);
	memcpy(expected.cells, m->cells, (size_t)m->rows * sizeof(cell));
	int64_t at = m->rows;
	for (int i = 0; i < 4; i++) {
		memcpy(expected.cells + at, parts_m[i].cells, (size_t)parts_m[i].rows * sizeof(cell));
		at += parts_m[i].rows;
	}
	CU_ASSERT_FATAL(mill_column_concat(&mem, pointers, 5, &joined, NULL) == MILL_OK);
	check_column(&joined, &expected, "joined");
	mill_column_release(&joined);
	const mill_column *twice[] = {column, &parts[3]};
	CU_ASSERT_FATAL(mill_column_concat(&mem, twice, 2, &joined, NULL) == MILL_OK);
	CU_ASSERT(joined.dictionary == (m->rows > 0 && parts[3].dictionary != NULL ? column->dictionary : NULL) ||
	          m->rows == 0);
	mill_column_release(&joined);
	for (int i = 0; i < 4; i++) {
		mill_column_release(&parts[i]);
		model_release(&parts_m[i]);
	}
	model_release(&expected);
}
static void test_concat(void)
{
	over_shapes(check_concatenated);
}

#define BATCH_ID_WORDS 2
static mill_batch random_batch(int64_t rows, model *models)
{
	mill_batch batch = {0};
	CU_ASSERT_FATAL(mill_batch_new(&mem, RANDOM_SHAPES + BATCH_ID_WORDS, BATCH_ID_WORDS, &batch, NULL) == MILL_OK);
	batch.rows = rows;
	for (int c = 0; c < RANDOM_SHAPES; c++)
		batch.columns[c] = make_shape(c, rows, null_percents[random_below(&state, 2)], &models[c]);
	for (int c = RANDOM_SHAPES; c < RANDOM_SHAPES + BATCH_ID_WORDS; c++) {
		models[c] = random_model(mill_type_of(MILL_TYPE_UINT64), rows, 0, &state);
		CU_ASSERT_FATAL(model_build(&mem, &models[c], &batch.columns[c], NULL) == MILL_OK);
	}
	return batch;
}

static void check_batch(const mill_batch *batch, const model *models, const int32_t *indices, int64_t count)
{
	CU_ASSERT_EQUAL_FATAL(batch->column_count, RANDOM_SHAPES + BATCH_ID_WORDS);
	CU_ASSERT(batch->rows == count && batch->id_words == BATCH_ID_WORDS &&
	          mill_batch_visible(batch) == RANDOM_SHAPES);
	CU_ASSERT(mill_batch_validate(batch, NULL) == MILL_OK);
	for (int c = 0; c < batch->column_count; c++) {
		model expected = model_take(&models[c], indices, count);
		check_column(&batch->columns[c], &expected, "batch");
		model_release(&expected);
	}
}

static void test_batches(void)
{
	for (int n = 0; n < ROW_COUNTS; n++) {
		int64_t rows = row_counts[n];
		model models[RANDOM_SHAPES + BATCH_ID_WORDS];
		mill_batch batch = random_batch(rows, models), other = {0};
		uint64_t *keep = malloc((mill_bit_words(rows) + 1) * 8);
		int32_t *indices = malloc(((size_t)rows * 3 + 1) * sizeof(int32_t));
		int64_t kept = random_keep(keep, rows, 40, indices);
		CU_ASSERT_FATAL(mill_batch_filter(&batch, keep, kept, &other, NULL) == MILL_OK);
		check_batch(&other, models, indices, kept);
		mill_batch joined = {0}, parts[] = {batch, other, batch};
		CU_ASSERT_FATAL(mill_batch_concat(&mem, parts, 3, &joined, NULL) == MILL_OK);
		memmove(indices + rows, indices, (size_t)kept * sizeof(int32_t));
		for (int64_t r = 0; r < rows; r++)
			indices[r] = indices[rows + kept + r] = (int32_t)r;
		check_batch(&joined, models, indices, 2 * rows + kept);
		mill_batch_release(&joined);
		mill_batch_release(&other);
		CU_ASSERT_FATAL(mill_batch_retain(&batch, &other, NULL) == MILL_OK);
		check_batch(&other, models, indices, rows);
		CU_ASSERT(mill_batch_bytes(&other) == mill_batch_bytes(&batch));
		mill_batch_release(&batch);
		mill_batch_release(&other);
		mill_batch_release(&other);
		for (int c = 0; c < RANDOM_SHAPES + BATCH_ID_WORDS; c++)
			model_release(&models[c]);
		free(keep);
		free(indices);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
}

/* Every allocation of a build, filter, take and concat fails once; nothing leaks, nothing is half done. */
static mill_status all_steps(const model *m, const uint64_t *keep, int64_t kept, const int32_t *indices)
{
	mill_batch batch = {0}, filtered = {0}, taken = {0}, joined = {0};
	mill_error err;
	mill_status status;
	MILL_TRY_GOTO(mill_batch_new(&mem, 1, 0, &batch, &err), done);
	batch.rows = m->rows;
	MILL_TRY_GOTO(model_build(&mem, m, &batch.columns[0], &err), done);
	MILL_TRY_GOTO(mill_batch_filter(&batch, keep, kept, &filtered, &err), done);
	MILL_TRY_GOTO(mill_batch_take(&batch, indices, m->rows, &taken, &err), done);
	mill_batch parts[] = {batch, filtered, taken};
	MILL_TRY_GOTO(mill_batch_concat(&mem, parts, 3, &joined, &err), done);
	mill_batch_release(&taken);
done:
	mill_batch_release(&batch);
	mill_batch_release(&filtered);
	mill_batch_release(&taken);
	mill_batch_release(&joined);
	return status;
}

static void test_torture(void)
{
	for (int t = 0; t < RANDOM_TYPE_COUNT; t++) {
		model m = random_model(random_types[t], 150, 20, &state);
		uint64_t keep[3];
		int32_t positions[150], *indices = random_indices(150, 150, true);
		int64_t kept = random_keep(keep, 150, 50, positions);
		mill_status status = MILL_NOMEM;
		for (int64_t n = 1; status != MILL_OK && n < 1000; n++) {
			mem.fail_at = mem.allocation_count + n;
			status = all_steps(&m, keep, kept, indices);
			CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
			CU_ASSERT_EQUAL(mem.used_bytes, 0);
		}
		mem.fail_at = 0;
		CU_ASSERT(status == MILL_OK);
		free(indices);
		model_release(&m);
	}
}

static void test_validate_refuses(void)
{
	mill_builder b;
	mill_column c = {0};
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_STRING));
	CU_ASSERT(mill_builder_text(&b, "ab", 2) == MILL_OK && mill_builder_null(&b) == MILL_OK);
	CU_ASSERT(mill_builder_text(&b, "c", 1) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&b, &c, NULL) == MILL_OK);
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_OK);
	c.null_count = 2;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.null_count = 1;
	c.validity[0] |= 8;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.validity[0] &= ~(uint64_t)8;
	c.bytes[2] = (char)0xc3;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.bytes[2] = 'c';
	c.offsets[1] = 1;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.offsets[1] = 3;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.offsets[1] = 2;
	c.offsets[3] = 1000;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	c.offsets[3] = 3;
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_OK);
	mill_column_release(&c);
	mill_i128 big = 1000;
	mill_builder_init(&b, &mem, mill_type_decimal(3, 1));
	CU_ASSERT(mill_builder_fixed(&b, &big) == MILL_OK && mill_builder_finish(&b, &c, NULL) == MILL_OK);
	CU_ASSERT(mill_column_validate(&c, NULL) == MILL_DATA);
	mill_column_release(&c);
	CU_ASSERT(mill_column_new(&mem, mill_type_of(MILL_TYPE_LIST), 1, 0, &c, NULL) == MILL_NOT_YET);
	CU_ASSERT(mill_column_new(&mem, mill_type_of(MILL_TYPE_INT8), (int64_t)1 << 31, 0, &c, NULL) == MILL_DATA);
	CU_ASSERT(mill_column_new(&mem, mill_type_of(MILL_TYPE_STRING), 1, (size_t)1 << 31, &c, NULL) == MILL_DATA);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {{"build", test_build},
                                  {"take", test_take},
                                  {"filter", test_filter},
                                  {"concat", test_concat},
                                  {"batches", test_batches},
                                  {"torture", test_torture},
                                  {"validate", test_validate_refuses}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	state = random_seed("column");
	return unit_main("column", cases, sizeof(cases) / sizeof(cases[0]));
}
