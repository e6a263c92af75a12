/* limit, collector, sort keys, sort, top-k and row_number against what a few obvious lines do. */
#include "ops_data.h"

static mill_mem mem;
static mill_knobs knobs;
static mill_op_env env;
static uint64_t state;

#define COLUMNS 4
static const int64_t row_counts[] = {0, 1, 2, 100, 8192, 8193, 20000};
#define ROW_COUNTS ((int)(sizeof(row_counts) / sizeof(row_counts[0])))

/* A text, a float, a small integer and a dictionary. */
static mill_batch random_table(int64_t rows)
{
	static const mill_type_id types[COLUMNS - 1] = {MILL_TYPE_STRING, MILL_TYPE_FLOAT64, MILL_TYPE_INT8};
	mill_column columns[COLUMNS] = {0};
	mill_batch table = {0};
	for (int c = 0; c < COLUMNS - 1; c++) {
		model m = random_model(mill_type_of(types[c]), rows, 20, &state);
		CU_ASSERT_FATAL(model_build(&mem, &m, &columns[c], NULL) == MILL_OK);
		model_release(&m);
	}
	model m;
	CU_ASSERT_FATAL(random_dictionary(&mem, mill_type_of(MILL_TYPE_STRING), 5, rows, 20, &state, &m,
	                                  &columns[COLUMNS - 1]) == MILL_OK);
	model_release(&m);
	CU_ASSERT_FATAL(table_new(&mem, columns, COLUMNS, true, &state, &table) == MILL_OK);
	return table;
}

static mill_batch take_rows(const mill_batch *table, const int32_t *rows, int64_t count)
{
	mill_batch out = {0};
	CU_ASSERT_FATAL(mill_batch_take(table, rows, count, &out, NULL) == MILL_OK);
	return out;
}

static void check_collected(const mill_collector *collector, const mill_batch *want, const char *what)
{
	mill_batch got = {0};
	int64_t count, rows;
	const mill_batch *batches = mill_collector_batches(collector, &count, &rows);
	CU_ASSERT_EQUAL(rows, want->rows);
	for (int64_t b = 0; b < count; b++)
		CU_ASSERT(batches[b].rows > 0 && batches[b].rows <= MILL_BATCH_ROWS);
	CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
	if (want->rows > 0)
		check_same(&got, want, what);
	mill_batch_release(&got);
}

static void limit_passes_the_middle(void)
{
	for (int n = 0; n < ROW_COUNTS; n++)
		for (int i = 0; i < 20; i++) {
			int64_t rows = row_counts[n], offset = random_below(&state, rows + 10);
			int64_t limit = i == 0 ? -1 : i == 1 ? 0 : random_below(&state, rows + 10);
			int64_t end = limit < 0 ? rows : mill_min_i64(rows, offset + limit);
			mill_batch table = random_table(rows), want = {0};
			mill_collector *collector;
			mill_sink *op;
			CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
			CU_ASSERT_FATAL(
			    mill_limit_new(&env, offset, limit, mill_collector_sink(collector), &op, NULL) == MILL_OK);
			CU_ASSERT(op->done == (limit == 0));
			CU_ASSERT(push_table(op, &table, 0, rows, MILL_BATCH_ROWS, &state, NULL) == MILL_OK);
			if (limit >= 0 && offset + limit <= rows)
				CU_ASSERT(op->done);
			CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
			int32_t *expected = malloc((size_t)rows * 4 + 4);
			int64_t count = 0;
			for (int64_t r = offset; r < end; r++)
				expected[count++] = (int32_t)r;
			want = take_rows(&table, expected, count);
			check_collected(collector, &want, "limit");
			free(expected);
			mill_batch_release(&want);
			mill_batch_release(&table);
			mill_op_release(op);
			mill_collector_free(collector);
		}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* The order of rows by keys, then ids, by a comparison sort that knows nothing of sort keys. */
typedef struct row_order {
	const mill_batch *table;
	const mill_sort_key *keys;
	int key_count;
} row_order;

static int compare_rows(const void *a, const void *b, void *context)
{
	const row_order *order = context;
	int64_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	for (int k = 0; k < order->key_count; k++) {
		const mill_sort_key *key = &order->keys[k];
		const mill_column *c = &order->table->columns[key->column];
		bool null_x = mill_column_is_null(c, x), null_y = mill_column_is_null(c, y);
		if (null_x != null_y)
			return null_x == key->nulls_first ? -1 : 1;
		int compared = null_x ? 0 : mill_value_compare(c, x, c, y);
		if (compared != 0)
			return key->descending ? -compared : compared;
	}
	return compare_ids(order->table, x, y);
}

static int32_t *sorted_rows(const mill_batch *table, int64_t first, int64_t count, const mill_sort_key *keys,
                            int key_count)
{
	int32_t *rows = malloc((size_t)count * 4 + 4);
	row_order order = {table, keys, key_count};
	for (int64_t i = 0; i < count; i++)
		rows[i] = (int32_t)(first + i);
	qsort_r(rows, (size_t)count, sizeof(*rows), compare_rows, &order);
	return rows;
}

static int random_keys(mill_sort_key keys[COLUMNS])
{
	int count = (int)random_below(&state, COLUMNS + 1);
	for (int k = 0; k < count; k++)
		keys[k] = (mill_sort_key){(int)random_below(&state, COLUMNS), random_u64(&state) % 2 == 0,
		                          random_u64(&state) % 2 == 0};
	return count;
}

/* Two units through sort_key → sort. */
static void check_sort(int64_t rows, int64_t limit, bool drop_key)
{
	mill_sort_key keys[COLUMNS];
	int key_count = random_keys(keys);
	mill_batch table = random_table(rows), want = {0};
	int64_t first_unit = random_below(&state, rows + 1), kept = 0;
	mill_collector *collector;
	mill_sink *sort, *encode;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_sort_new(&env, COLUMNS, limit, drop_key, mill_collector_sink(collector), &sort, NULL) ==
	                MILL_OK);
	CU_ASSERT_FATAL(mill_sort_key_new(&env, keys, key_count, true, sort, &encode, NULL) == MILL_OK);
	int32_t *expected = malloc((size_t)rows * 4 + 4);
	for (int u = 0; u < 2; u++) {
		int64_t first = u == 0 ? 0 : first_unit, count = u == 0 ? first_unit : rows - first_unit;
		CU_ASSERT(push_table(encode, &table, first, count, 8192, &state, NULL) == MILL_OK);
		CU_ASSERT(encode->finish_unit(encode, NULL) == MILL_OK);
		int32_t *order = sorted_rows(&table, first, count, keys, key_count);
		int64_t unit_kept = limit < 0 ? count : mill_min_i64(limit, count);
		memcpy(expected + kept, order, (size_t)unit_kept * 4);
		kept += unit_kept;
		free(order);
	}
	CU_ASSERT(encode->finish(encode, NULL) == MILL_OK);
	want = take_rows(&table, expected, kept);
	if (drop_key) {
		check_collected(collector, &want, "sort");
	} else {
		int64_t count, all;
		const mill_batch *got = mill_collector_batches(collector, &count, &all);
		CU_ASSERT_EQUAL(all, kept);
		if (count > 0)
			CU_ASSERT(got[0].columns[COLUMNS].type.id == MILL_TYPE_BINARY && got[0].id_words == 2);
	}
	free(expected);
	mill_batch_release(&want);
	mill_batch_release(&table);
	mill_op_release(encode);
	mill_op_release(sort);
	mill_collector_free(collector);
}

static void sort_orders_units(void)
{
	for (int n = 0; n < ROW_COUNTS; n++)
		for (int i = 0; i < 6; i++)
			check_sort(row_counts[n], -1, i != 0);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void sort_keeps_the_first(void)
{
	static const int64_t limits[] = {0, 1, 10, 3000, 8192, 20001};
	for (int n = 0; n < ROW_COUNTS; n++)
		for (int i = 0; i < 6; i++)
			check_sort(row_counts[n], limits[i], true);
	check_sort(60000, 100, true);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Keys that agree on hundreds of bytes, are prefixes of one another, hold zeros at the end. */
static void sort_long_keys(void)
{
	enum { ROWS = 3000 };
	mill_builder b;
	mill_column columns[2] = {0};
	mill_batch table = {0}, got = {0};
	char text[800];
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_BINARY));
	for (int r = 0; r < ROWS; r++) {
		size_t common = random_below(&state, 3) == 0 ? 0 : (size_t)random_below(&state, 3) * 299;
		memset(text, 'x', sizeof(text));
		size_t size = common + (size_t)random_below(&state, 12);
		for (size_t i = common; i < size; i++)
			text[i] = (char)random_below(&state, 3);
		CU_ASSERT_FATAL(mill_builder_text(&b, text, size) == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &columns[0], NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_INT32), ROWS, 0, &columns[1], NULL) == MILL_OK);
	for (int r = 0; r < ROWS; r++)
		((int32_t *)columns[1].values)[r] = r;
	CU_ASSERT_FATAL(table_new(&mem, columns, 2, true, &state, &table) == MILL_OK);
	mill_collector *collector;
	mill_sink *sort;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_sort_new(&env, 0, -1, false, mill_collector_sink(collector), &sort, NULL) == MILL_OK);
	CU_ASSERT(push_table(sort, &table, 0, ROWS, 500, &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(sort, NULL) == MILL_OK);
	CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
	CU_ASSERT_EQUAL_FATAL(got.rows, ROWS);
	const int32_t *numbers = got.columns[1].values;
	for (int r = 1; r < ROWS; r++) {
		int order = mill_value_compare(&got.columns[0], r - 1, &got.columns[0], r);
		CU_ASSERT_FATAL(order < 0 || (order == 0 && numbers[r - 1] < numbers[r]));
	}
	mill_batch_release(&got);
	mill_batch_release(&table);
	mill_op_release(sort);
	mill_collector_free(collector);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_batch with_numbers(const mill_batch *table, const int32_t *order, const int64_t *numbers, int64_t rows)
{
	mill_batch taken = take_rows(table, order, rows), out = {0};
	CU_ASSERT_FATAL(mill_batch_new(&mem, COLUMNS + 1 + TABLE_ID_WORDS, TABLE_ID_WORDS, &out, NULL) == MILL_OK);
	out.rows = rows;
	for (int c = 0; c < taken.column_count; c++)
		out.columns[c < COLUMNS ? c : c + 1] = mill_column_retain(&taken.columns[c]);
	CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_INT64), rows, 0, &out.columns[COLUMNS], NULL) ==
	                MILL_OK);
	if (rows > 0)
		memcpy(out.columns[COLUMNS].values, numbers, (size_t)rows * sizeof(*numbers));
	mill_batch_release(&taken);
	return out;
}

static void check_row_number(int64_t rows)
{
	mill_sort_key keys[2 * COLUMNS];
	int order_count = random_keys(keys + COLUMNS), partition_count = (int)random_below(&state, 3);
	int partitions[2] = {COLUMNS - 1, (int)random_below(&state, COLUMNS)};
	mill_sort_key all_keys[COLUMNS + 2];
	for (int p = 0; p < partition_count; p++)
		all_keys[p] = (mill_sort_key){partitions[p], false, false};
	for (int o = 0; o < order_count; o++)
		all_keys[partition_count + o] = keys[COLUMNS + o];
	mill_batch table = random_table(rows);
	mill_collector *collector;
	mill_sink *op;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_row_number_new(&env, partitions, partition_count, keys + COLUMNS, order_count,
	                                    mill_collector_sink(collector), &op, NULL) == MILL_OK);
	CU_ASSERT(push_table(op, &table, 0, rows, 8192, &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
	int32_t *order = sorted_rows(&table, 0, rows, all_keys, partition_count + order_count);
	int64_t *numbers = malloc((size_t)rows * 8 + 8);
	for (int64_t i = 0; i < rows; i++) {
		bool same = i > 0;
		for (int p = 0; same && p < partition_count; p++)
			same = mill_value_equal(&table.columns[partitions[p]], order[i], &table.columns[partitions[p]],
			                        order[i - 1]);
		numbers[i] = same ? numbers[i - 1] + 1 : 1;
	}
	mill_batch want = with_numbers(&table, order, numbers, rows);
	check_collected(collector, &want, "row_number");
	free(order);
	free(numbers);
	mill_batch_release(&want);
	mill_batch_release(&table);
	mill_op_release(op);
	mill_collector_free(collector);
}

static void row_numbers(void)
{
	for (int n = 0; n < ROW_COUNTS; n++)
		for (int i = 0; i < 5; i++)
			check_row_number(row_counts[n]);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* A sort over the budget says so, and what to do. */
static void sort_out_of_memory(void)
{
	mill_batch table = random_table(20000);
	mill_sort_key key = {0, false, false};
	mill_error err = {0};
	mill_collector *collector;
	mill_sink *sort, *encode;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_sort_new(&env, COLUMNS, -1, true, mill_collector_sink(collector), &sort, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_sort_key_new(&env, &key, 1, true, sort, &encode, NULL) == MILL_OK);
	CU_ASSERT(push_table(encode, &table, 0, table.rows, 8192, &state, NULL) == MILL_OK);
	mem.budget_bytes = mem.used_bytes + 1000;
	CU_ASSERT_EQUAL(encode->finish_unit(encode, &err), MILL_NOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "sort"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "--memory"));
	mem.budget_bytes = INT64_MAX;
	mill_batch_release(&table);
	mill_op_release(encode);
	mill_op_release(sort);
	mill_collector_free(collector);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Every allocation fails once; nothing leaks and the failure is reported. */
static void torture(void)
{
	mill_batch table = random_table(300);
	mill_sort_key keys[2] = {{0, false, false}, {1, true, true}};
	int partition = 3;
	for (int64_t n = 1;; n++) {
		mill_collector *collector = NULL;
		mill_sink *sort = NULL, *encode = NULL, *number = NULL, *limit = NULL;
		mill_error err = {0};
		mem.fail_at = mem.allocation_count + n;
		mill_status status = mill_collector_new(&env, &collector, &err);
		if (status == MILL_OK)
			status = mill_limit_new(&env, 10, 200, mill_collector_sink(collector), &limit, &err);
		if (status == MILL_OK)
			status = mill_row_number_new(&env, &partition, 1, keys, 2, limit, &number, &err);
		if (status == MILL_OK)
			status = mill_sort_new(&env, COLUMNS, 50, true, number, &sort, &err);
		if (status == MILL_OK)
			status = mill_sort_key_new(&env, keys, 2, true, sort, &encode, &err);
		if (status == MILL_OK)
			status = push_table(encode, &table, 0, table.rows, 100, &(uint64_t){1}, &err);
		if (status == MILL_OK)
			status = finish_sink(encode, &err);
		mill_op_release(encode);
		mill_op_release(sort);
		mill_op_release(number);
		mill_op_release(limit);
		mill_collector_free(collector);
		bool reached = mem.allocation_count >= mem.fail_at;
		mem.fail_at = 0;
		if (!reached)
			break;
		CU_ASSERT_EQUAL(status, MILL_NOMEM);
		CU_ASSERT_EQUAL(err.status, MILL_NOMEM);
	}
	mill_batch_release(&table);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {{"limit", limit_passes_the_middle},
                                  {"sort", sort_orders_units},
                                  {"top_k", sort_keeps_the_first},
                                  {"long_keys", sort_long_keys},
                                  {"row_number", row_numbers},
                                  {"out_of_memory", sort_out_of_memory},
                                  {"torture", torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	knobs = mill_knobs_defaults();
	env = (mill_op_env){&mem, &knobs};
	state = random_seed("ops_rows");
	return unit_main("ops_rows", cases, sizeof(cases) / sizeof(cases[0]));
}
