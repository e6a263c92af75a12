/* Joins against two nested loops: every kind of key, NULLs, skew, residual conditions and their errors. */
#include "ops_data.h"

static mill_mem mem;
static mill_knobs knobs;
static mill_op_env env;
static uint64_t state;

#define MOST_KEYS 3
enum { NUMBER = MOST_KEYS, COLUMNS }; /* the keys, then a small int32 for residuals */

typedef enum residual_kind { RESIDUAL_NONE, RESIDUAL_LESS, RESIDUAL_DIVIDE, RESIDUAL_COUNT } residual_kind;

typedef struct sides {
	mill_batch left, right;
	mill_type types[COLUMNS];
	int key_count;
} sides;

static mill_column numbers(int64_t rows)
{
	mill_builder b;
	mill_column out = {0};
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_INT32));
	for (int64_t r = 0; r < rows; r++) {
		mill_status status = random_below(&state, 10) == 0 ? mill_builder_null(&b)
		                                                   : mill_builder_i64(&b, random_below(&state, 5));
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &out, NULL) == MILL_OK);
	return out;
}

/* A key column of both sides over one pool of values, so that they meet. */
static void key_pair(mill_type type, int64_t left_rows, int64_t right_rows, int64_t pool_size, mill_column out[2])
{
	model pool = random_model(type, pool_size, 10, &state);
	for (int s = 0; s < 2; s++) {
		int64_t rows = s == 0 ? left_rows : right_rows;
		model m = model_new(type, rows);
		for (int64_t r = 0; r < rows; r++)
			m.cells[r] = pool.cells[random_below(&state, pool_size)];
		CU_ASSERT_FATAL(model_build(&mem, &m, &out[s], NULL) == MILL_OK);
		model_release(&m);
	}
	model_release(&pool);
}

/* Dictionaries of their own on both sides, over values that partly agree. */
static void dictionary_pair(int64_t left_rows, int64_t right_rows, mill_column out[2])
{
	for (int s = 0; s < 2; s++) {
		model m;
		CU_ASSERT_FATAL(random_dictionary(&mem, mill_type_of(MILL_TYPE_STRING), 1 + random_below(&state, 40),
		                                  s == 0 ? left_rows : right_rows, 10, &state, &m, &out[s]) == MILL_OK);
		model_release(&m);
	}
}

static sides sides_new(int64_t left_rows, int64_t right_rows, int64_t pool)
{
	sides s = {.key_count = (int)random_below(&state, MOST_KEYS + 1)};
	mill_column left[COLUMNS] = {0}, right[COLUMNS] = {0};
	for (int k = 0; k < MOST_KEYS; k++) {
		mill_column pair[2] = {0};
		s.types[k] = random_types[random_below(&state, RANDOM_TYPE_COUNT)];
		if (random_below(&state, 4) == 0) {
			s.types[k] = mill_type_of(MILL_TYPE_STRING);
			dictionary_pair(left_rows, right_rows, pair);
		} else {
			key_pair(s.types[k], left_rows, right_rows, pool, pair);
		}
		left[k] = pair[0];
		right[k] = pair[1];
	}
	s.types[NUMBER] = mill_type_of(MILL_TYPE_INT32);
	left[NUMBER] = numbers(left_rows);
	right[NUMBER] = numbers(right_rows);
	CU_ASSERT_FATAL(table_new(&mem, left, COLUMNS, true, &state, &s.left) == MILL_OK);
	CU_ASSERT_FATAL(table_new(&mem, right, COLUMNS, true, &state, &s.right) == MILL_OK);
	return s;
}

static void sides_free(sides *s)
{
	mill_batch_release(&s->left);
	mill_batch_release(&s->right);
}

static int32_t number_at(const mill_batch *table, int64_t row)
{
	return ((const int32_t *)table->columns[NUMBER].values)[row];
}

/* 1: passes, 0: does not, −1: an error. */
static int residual_of(const sides *s, residual_kind kind, int64_t l, int64_t r)
{
	if (kind == RESIDUAL_NONE)
		return 1;
	if (mill_column_is_null(&s->left.columns[NUMBER], l) || mill_column_is_null(&s->right.columns[NUMBER], r))
		return 0;
	int32_t a = number_at(&s->left, l), b = number_at(&s->right, r);
	if (kind == RESIDUAL_LESS)
		return a < b;
	return b == 0 ? -1 : a / b == 1;
}

static bool keys_equal(const sides *s, int64_t l, int64_t r)
{
	for (int k = 0; k < s->key_count; k++)
		if (mill_column_is_null(&s->left.columns[k], l) || mill_column_is_null(&s->right.columns[k], r) ||
		    !mill_value_equal(&s->left.columns[k], l, &s->right.columns[k], r))
			return false;
	return true;
}

static int compare_right(const void *a, const void *b, void *context)
{
	return compare_ids(context, *(const int32_t *)a, *(const int32_t *)b);
}

/* Pairs by left row in the order pushed, right rows in id order; −1: no match. errors: pairs whose residual failed. */
static int64_t brute_pairs(const sides *s, residual_kind kind, bool is_left, int32_t **left, int32_t **right,
                           int64_t *errors)
{
	int64_t count = 0, capacity = s->left.rows * (s->right.rows + 1) + 1;
	int32_t *order = malloc((size_t)s->right.rows * 4 + 4);
	*left = malloc((size_t)capacity * 4);
	*right = malloc((size_t)capacity * 4);
	*errors = 0;
	for (int64_t r = 0; r < s->right.rows; r++)
		order[r] = (int32_t)r;
	qsort_r(order, (size_t)s->right.rows, 4, compare_right, (void *)(uintptr_t)&s->right);
	for (int64_t l = 0; l < s->left.rows; l++) {
		bool matched = false;
		for (int64_t i = 0; i < s->right.rows; i++) {
			if (!keys_equal(s, l, order[i]))
				continue;
			int verdict = residual_of(s, kind, l, order[i]);
			matched |= verdict != 0;
			*errors += verdict < 0;
			if (verdict > 0) {
				(*left)[count] = (int32_t)l;
				(*right)[count++] = order[i];
			}
		}
		if (!matched && is_left) {
			(*left)[count] = (int32_t)l;
			(*right)[count++] = -1;
		}
	}
	free(order);
	return count;
}

static mill_batch expected_batch(const sides *s, const int32_t *left, const int32_t *right, int64_t count,
                                 bool with_ids)
{
	mill_batch l = {0}, r = {0}, out = {0};
	int ids = with_ids ? 2 * TABLE_ID_WORDS : 0;
	CU_ASSERT_FATAL(mill_batch_take(&s->left, left, count, &l, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_batch_take(&s->right, right, count, &r, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_batch_new(&mem, 2 * COLUMNS + ids, ids, &out, NULL) == MILL_OK);
	out.rows = count;
	for (int c = 0; c < COLUMNS; c++) {
		out.columns[c] = mill_column_retain(&l.columns[c]);
		out.columns[COLUMNS + c] = mill_column_retain(&r.columns[c]);
	}
	for (int w = 0; w < ids; w++) {
		mill_column *c = &out.columns[2 * COLUMNS + w];
		const mill_batch *side = w < TABLE_ID_WORDS ? &s->left : &s->right;
		CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_UINT64), count, 0, c, NULL) == MILL_OK);
		for (int64_t i = 0; i < count; i++) {
			int32_t row = w < TABLE_ID_WORDS ? left[i] : right[i];
			((uint64_t *)c->values)[i] = row < 0 ? UINT64_MAX : id_word(side, w % TABLE_ID_WORDS, row);
		}
	}
	mill_batch_release(&l);
	mill_batch_release(&r);
	return out;
}

typedef struct counting_policy {
	mill_row_error_policy base;
	int64_t errors;
	int columns;
} counting_policy;

static mill_status count_errors(mill_row_error_policy *self, const mill_batch *batch, const mill_row_errors *errors,
                                mill_error *err)
{
	counting_policy *policy = (counting_policy *)self;
	(void)err;
	policy->errors += errors->count;
	policy->columns = mill_batch_visible(batch);
	for (int c = 0; c < policy->columns; c++)
		CU_ASSERT(mill_column_validate(&batch->columns[c], NULL) == MILL_OK);
	return MILL_OK;
}

static mill_expr *make_residual(mill_expr_builder *b, residual_kind kind, mill_error *err)
{
	const mill_type i32 = mill_type_of(MILL_TYPE_INT32);
	mill_expr *args[2] = {mill_expr_column(b, NUMBER, i32, true, err),
	                      mill_expr_column(b, COLUMNS + NUMBER, i32, true, err)};
	if (kind == RESIDUAL_NONE || args[0] == NULL || args[1] == NULL)
		return NULL;
	if (kind == RESIDUAL_LESS)
		return mill_expr_call(b, "<", args, 2, err);
	mill_expr *both[2] = {mill_expr_call(b, "/", args, 2, err), mill_expr_number(b, "1", err)};
	return both[0] == NULL || both[1] == NULL ? NULL : mill_expr_call(b, "=", both, 2, err);
}

static const int key_columns[MOST_KEYS] = {0, 1, 2};

static mill_join_spec spec_of(const sides *s, bool is_left, bool with_ids, mill_expr *residual)
{
	return (mill_join_spec){key_columns, key_columns, s->key_count,   is_left,  COLUMNS,
	                        s->types,    COLUMNS,     TABLE_ID_WORDS, with_ids, residual};
}

/* units: the build side is pushed once (1), or once and again after a reset with other rows before it (2). */
static void check_join(const sides *s, residual_kind kind, bool is_left, bool with_ids, bool reset)
{
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	mill_expr_builder builder = {&arena, -1, -1};
	mill_error err = {0};
	mill_join_spec spec = spec_of(s, is_left, with_ids, make_residual(&builder, kind, &err));
	CU_ASSERT((spec.residual == NULL) == (kind == RESIDUAL_NONE));
	mill_join_build *build;
	mill_collector *collector;
	mill_sink *probe;
	counting_policy policy = {{count_errors}, 0, 0};
	CU_ASSERT_FATAL(mill_join_build_new(&env, &spec, &build, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_join_probe_new(&env, build, &policy.base, mill_collector_sink(collector), &probe, NULL) ==
	                MILL_OK);
	mill_sink *sink = mill_join_build_sink(build);
	if (reset) {
		CU_ASSERT(push_table(sink, &s->right, 0, s->right.rows / 2, 100, &state, NULL) == MILL_OK);
		CU_ASSERT(sink->finish_unit(sink, NULL) == MILL_OK);
		mill_join_build_reset(build);
		CU_ASSERT_EQUAL(mill_sink_push(probe, &s->left, &err), s->left.rows == 0 ? MILL_OK : MILL_INTERNAL);
	}
	int64_t cut = random_below(&state, s->right.rows + 1); /* two units make one side */
	CU_ASSERT(push_table(sink, &s->right, 0, cut, 100, &state, NULL) == MILL_OK);
	CU_ASSERT(sink->finish_unit(sink, NULL) == MILL_OK);
	CU_ASSERT(push_table(sink, &s->right, cut, s->right.rows - cut, 100, &state, NULL) == MILL_OK);
	CU_ASSERT(sink->finish_unit(sink, NULL) == MILL_OK);
	CU_ASSERT(push_table(probe, &s->left, 0, s->left.rows, 100, &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(probe, NULL) == MILL_OK);
	int32_t *left, *right;
	int64_t errors, count = brute_pairs(s, kind, is_left, &left, &right, &errors);
	mill_batch want = expected_batch(s, left, right, count, with_ids);
	check_collector(collector, &want, &knobs, &mem, "join");
	CU_ASSERT_EQUAL(policy.errors, errors);
	CU_ASSERT_EQUAL(policy.columns, errors > 0 ? 2 * COLUMNS : 0);
	free(left);
	free(right);
	mill_batch_release(&want);
	mill_op_release(probe);
	mill_collector_free(collector);
	mill_join_build_free(build);
	mill_arena_release(&arena);
}

static void random_joins(void)
{
	static const int64_t row_counts[] = {0, 1, 2, 40, 400};
	for (int i = 0; i < 300; i++) {
		sides s = sides_new(row_counts[random_below(&state, 5)], row_counts[random_below(&state, 5)],
		                    1 + random_below(&state, 200));
		knobs.batch_rows = random_below(&state, 2) == 0 ? 8192 : 1 + random_below(&state, 50);
		check_join(&s, (residual_kind)random_below(&state, RESIDUAL_COUNT), random_below(&state, 2) == 0,
		           random_below(&state, 2) == 0, random_below(&state, 2) == 0);
		sides_free(&s);
	}
	knobs.batch_rows = 8192;
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

typedef struct counting_sink {
	mill_sink sink;
	int64_t rows;
	int64_t most_rows;
	int64_t most_bytes;
} counting_sink;

static mill_status count_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	counting_sink *sink = (counting_sink *)self;
	(void)err;
	sink->rows += batch->rows;
	sink->most_rows = mill_max_i64(sink->most_rows, batch->rows);
	sink->most_bytes = mill_max_i64(sink->most_bytes, mem.used_bytes);
	if (sink->rows > 60000000)
		self->done = true;
	return MILL_OK;
}

static mill_column constant_column(int64_t rows)
{
	mill_column out = {0};
	CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_INT64), rows, 0, &out, NULL) == MILL_OK);
	for (int64_t r = 0; r < rows; r++)
		((int64_t *)out.values)[r] = 7;
	return out;
}

/* All rows of one key: a hundred million pairs stream through a few batches of memory; a consumer that has enough stops
 * them. */
static void skewed_keys(void)
{
	const mill_type type = mill_type_of(MILL_TYPE_INT64);
	mill_column columns[2] = {constant_column(100000), constant_column(1000)};
	mill_batch left = {0}, right = {0};
	counting_sink next = {.sink = {.push = count_push}};
	mill_join_build *build;
	mill_sink *probe;
	CU_ASSERT_FATAL(table_new(&mem, &columns[0], 1, true, &state, &left) == MILL_OK);
	CU_ASSERT_FATAL(table_new(&mem, &columns[1], 1, true, &state, &right) == MILL_OK);
	mill_join_spec spec = {key_columns, key_columns, 1, true, 1, &type, 1, TABLE_ID_WORDS, true, NULL};
	CU_ASSERT_FATAL(mill_join_build_new(&env, &spec, &build, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_join_probe_new(&env, build, NULL, &next.sink, &probe, NULL) == MILL_OK);
	mill_sink *sink = mill_join_build_sink(build);
	CU_ASSERT(mill_sink_push(sink, &right, NULL) == MILL_OK);
	CU_ASSERT(sink->finish_unit(sink, NULL) == MILL_OK);
	int64_t before = mem.used_bytes;
	CU_ASSERT(push_table(probe, &left, 0, left.rows, 8192, &state, NULL) == MILL_OK);
	CU_ASSERT(next.rows > 60000000 && next.rows <= 60000000 + 8192);
	CU_ASSERT_EQUAL(next.most_rows, 8192);
	CU_ASSERT(next.most_bytes - before < 2 << 20);
	mill_op_release(probe);
	mill_join_build_free(build);
	mill_batch_release(&left);
	mill_batch_release(&right);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_status join_once(const sides *s, mill_expr *residual, mill_error *err)
{
	mill_join_spec spec = spec_of(s, true, true, residual);
	mill_join_build *build = NULL;
	mill_collector *collector = NULL;
	mill_sink *probe = NULL;
	counting_policy policy = {{count_errors}, 0, 0};
	uint64_t seed = 1;
	mill_status status = mill_collector_new(&env, &collector, err);
	if (status == MILL_OK)
		status = mill_join_build_new(&env, &spec, &build, err);
	if (status == MILL_OK)
		status = mill_join_probe_new(&env, build, &policy.base, mill_collector_sink(collector), &probe, err);
	if (status == MILL_OK) {
		mill_sink *sink = mill_join_build_sink(build);
		status = push_table(sink, &s->right, 0, s->right.rows, 20, &seed, err);
		if (status == MILL_OK)
			status = sink->finish_unit(sink, err);
	}
	if (status == MILL_OK)
		status = push_table(probe, &s->left, 0, s->left.rows, 20, &seed, err);
	if (status == MILL_OK)
		status = finish_sink(probe, err);
	mill_op_release(probe);
	mill_collector_free(collector);
	mill_join_build_free(build);
	return status;
}

static void torture(void)
{
	sides s = sides_new(60, 60, 10);
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	mill_expr_builder builder = {&arena, -1, -1};
	mill_error err = {0};
	mill_expr *residual = make_residual(&builder, RESIDUAL_DIVIDE, &err);
	for (int64_t n = 1;; n++) {
		mem.fail_at = mem.allocation_count + n;
		err = (mill_error){0};
		mill_status status = join_once(&s, residual, &err);
		bool reached = mem.allocation_count >= mem.fail_at;
		mem.fail_at = 0;
		if (!reached)
			break;
		CU_ASSERT(status == MILL_OK || (status == MILL_NOMEM && err.status == MILL_NOMEM));
	}
	mill_arena_release(&arena);
	sides_free(&s);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {{"random", random_joins}, {"skew", skewed_keys}, {"torture", torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	knobs = mill_knobs_defaults();
	env = (mill_op_env){&mem, &knobs};
	state = random_seed("ops_join");
	return unit_main("ops_join", cases, sizeof(cases) / sizeof(cases[0]));
}
