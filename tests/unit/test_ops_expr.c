/* filter and project: what passes, what becomes of ids, and of rows whose expression fails. */
#include "ops_data.h"

static mill_mem mem;
static mill_knobs knobs;
static mill_op_env env;
static uint64_t state;

enum { A, B, TEXT, COLUMNS }; /* int32 with NULLs, int32 with zeros, any text */

static mill_batch random_table(int64_t rows)
{
	mill_column columns[COLUMNS] = {0};
	mill_batch table = {0};
	for (int c = 0; c < 2; c++) {
		mill_builder b;
		mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_INT32));
		for (int64_t r = 0; r < rows; r++) {
			mill_status status = c == A && random_below(&state, 6) == 0
			                         ? mill_builder_null(&b)
			                         : mill_builder_i64(&b, random_below(&state, 8));
			CU_ASSERT_FATAL(status == MILL_OK);
		}
		CU_ASSERT_FATAL(mill_builder_finish(&b, &columns[c], NULL) == MILL_OK);
	}
	model m = random_model(mill_type_of(MILL_TYPE_STRING), rows, 20, &state);
	CU_ASSERT_FATAL(model_build(&mem, &m, &columns[TEXT], NULL) == MILL_OK);
	model_release(&m);
	CU_ASSERT_FATAL(table_new(&mem, columns, COLUMNS, true, &state, &table) == MILL_OK);
	return table;
}

static bool a_is_null(const mill_batch *t, int64_t r)
{
	return mill_column_is_null(&t->columns[A], r);
}
static int32_t value(const mill_batch *t, int c, int64_t r)
{
	return ((const int32_t *)t->columns[c].values)[r];
}

typedef struct noting_policy {
	mill_row_error_policy base;
	int64_t errors;
	mill_status answer;
} noting_policy;

static mill_status note_errors(mill_row_error_policy *self, const mill_batch *batch, const mill_row_errors *errors,
                               mill_error *err)
{
	noting_policy *policy = (noting_policy *)self;
	int64_t bits = 0;
	for (int64_t r = 0; r < batch->rows; r++) {
		bool failed = mill_bit_get(errors->rows, r);
		CU_ASSERT_EQUAL(failed, !a_is_null(batch, r) && value(batch, B, r) == 0);
		bits += failed;
	}
	CU_ASSERT_EQUAL(bits, errors->count);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors->detail, "division by zero"));
	policy->errors += errors->count;
	return policy->answer == MILL_OK ? MILL_OK : mill_fail(err, policy->answer, "a bad row");
}

/* a / b */
static mill_expr *quotient(mill_expr_builder *b)
{
	const mill_type i32 = mill_type_of(MILL_TYPE_INT32);
	mill_expr *args[2] = {mill_expr_column(b, A, i32, true, NULL), mill_expr_column(b, B, i32, true, NULL)};
	return mill_expr_call(b, "/", args, 2, NULL);
}

static int64_t good_rows(const mill_batch *table, bool filter, int32_t *rows)
{
	int64_t count = 0;
	for (int64_t r = 0; r < table->rows; r++) {
		bool null = a_is_null(table, r), failed = !null && value(table, B, r) == 0;
		bool passes = filter ? !null && !failed && value(table, A, r) / value(table, B, r) == 1 : !failed;
		if (passes)
			rows[count++] = (int32_t)r;
	}
	return count;
}

static mill_batch expected_batch(const mill_batch *table, bool filter, bool with_ids, const int32_t *rows,
                                 int64_t count)
{
	mill_batch taken = {0}, out = {0};
	CU_ASSERT_FATAL(mill_batch_take(table, rows, count, &taken, NULL) == MILL_OK);
	if (filter)
		return taken;
	int ids = with_ids ? TABLE_ID_WORDS : 0;
	CU_ASSERT_FATAL(mill_batch_new(&mem, 2 + ids, ids, &out, NULL) == MILL_OK);
	out.rows = count;
	mill_builder b;
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_INT32));
	for (int64_t r = 0; r < count; r++) {
		mill_status status = a_is_null(&taken, r)
		                         ? mill_builder_null(&b)
		                         : mill_builder_i64(&b, value(&taken, A, r) / value(&taken, B, r));
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &out.columns[0], NULL) == MILL_OK);
	out.columns[1] = mill_column_retain(&taken.columns[TEXT]);
	for (int w = 0; w < ids; w++)
		out.columns[2 + w] = mill_column_retain(&taken.columns[COLUMNS + w]);
	mill_batch_release(&taken);
	return out;
}

static mill_status make_op(mill_expr_builder *b, bool filter, bool with_ids, mill_row_error_policy *policy,
                           mill_sink *next, mill_sink **out, mill_error *err)
{
	mill_expr *q = quotient(b), *one = mill_expr_number(b, "1", err);
	mill_expr *both[2] = {q, one};
	mill_expr *columns[2] = {q, mill_expr_column(b, TEXT, mill_type_of(MILL_TYPE_STRING), true, err)};
	if (q == NULL || one == NULL || columns[1] == NULL)
		return MILL_NOMEM;
	if (!filter)
		return mill_project_new(&env, columns, 2, with_ids, policy, next, out, err);
	mill_expr *predicate = mill_expr_call(b, "=", both, 2, err);
	return predicate == NULL ? MILL_NOMEM : mill_filter_new(&env, predicate, policy, next, out, err);
}

static void check_op(int64_t rows, bool filter, bool with_ids)
{
	mill_batch table = random_table(rows), got = {0};
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	mill_expr_builder builder = {&arena, -1, -1};
	noting_policy policy = {{note_errors}, 0, MILL_OK};
	mill_collector *collector;
	mill_sink *op;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(make_op(&builder, filter, with_ids, &policy.base, mill_collector_sink(collector), &op, NULL) ==
	                MILL_OK);
	CU_ASSERT(push_table(op, &table, 0, rows, 300, &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
	int32_t *kept = malloc((size_t)rows * 4 + 4);
	int64_t count = good_rows(&table, filter, kept), errors = 0;
	for (int64_t r = 0; r < rows; r++)
		errors += !a_is_null(&table, r) && value(&table, B, r) == 0;
	CU_ASSERT_EQUAL(policy.errors, errors);
	mill_batch want = expected_batch(&table, filter, with_ids, kept, count);
	CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
	CU_ASSERT_EQUAL(got.rows, count);
	if (count > 0)
		check_same(&got, &want, filter ? "filter" : "project");
	free(kept);
	mill_batch_release(&want);
	mill_batch_release(&got);
	mill_batch_release(&table);
	mill_op_release(op);
	mill_collector_free(collector);
	mill_arena_release(&arena);
}

static void random_batches(void)
{
	static const int64_t row_counts[] = {0, 1, 2, 63, 64, 65, 1000, 8193};
	for (int n = 0; n < 8; n++)
		for (int i = 0; i < 8; i++)
			check_op(row_counts[n], i % 2 == 0, i % 4 < 2);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Without a policy the first error ends the run; a policy's refusal does too. */
static void errors_end_the_run(void)
{
	for (int i = 0; i < 4; i++) {
		mill_batch table = random_table(1000);
		mill_arena arena;
		mill_arena_init(&arena, &mem);
		mill_expr_builder builder = {&arena, -1, -1};
		noting_policy policy = {{note_errors}, 0, MILL_DATA};
		mill_collector *collector;
		mill_sink *op;
		mill_error err = {0};
		CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
		CU_ASSERT_FATAL(make_op(&builder, i % 2 == 0, true, i < 2 ? &policy.base : NULL,
		                        mill_collector_sink(collector), &op, NULL) == MILL_OK);
		CU_ASSERT_EQUAL(mill_sink_push(op, &table, &err), MILL_DATA);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.message, i < 2 ? "a bad row" : "division by zero"));
		mill_op_release(op);
		mill_collector_free(collector);
		mill_batch_release(&table);
		mill_arena_release(&arena);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void torture(void)
{
	mill_batch table = random_table(200);
	mill_mem safe; /* the expressions are not what is tried here */
	mill_mem_init(&safe, INT64_MAX);
	for (int64_t n = 1;; n++) {
		mill_arena arena;
		mill_error err = {0};
		noting_policy policy = {{note_errors}, 0, MILL_OK};
		mill_collector *collector = NULL;
		mill_sink *filter = NULL, *project = NULL;
		mem.fail_at = mem.allocation_count + n;
		mill_arena_init(&arena, &safe);
		mill_expr_builder builder = {&arena, -1, -1};
		mill_status status = mill_collector_new(&env, &collector, &err);
		if (status == MILL_OK)
			status =
			    make_op(&builder, true, true, &policy.base, mill_collector_sink(collector), &filter, &err);
		if (status == MILL_OK)
			status = make_op(&builder, false, true, &policy.base, mill_collector_sink(collector), &project,
			                 &err);
		if (status == MILL_OK)
			status = mill_sink_push(filter, &table, &err);
		if (status == MILL_OK)
			status = mill_sink_push(project, &table, &err);
		mill_op_release(filter);
		mill_op_release(project);
		mill_collector_free(collector);
		mill_arena_release(&arena);
		bool reached = mem.allocation_count >= mem.fail_at;
		mem.fail_at = 0;
		if (!reached)
			break;
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
	}
	mill_batch_release(&table);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {{"random", random_batches}, {"errors", errors_end_the_run}, {"torture", torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	knobs = mill_knobs_defaults();
	env = (mill_op_env){&mem, &knobs};
	state = random_seed("ops_expr");
	return unit_main("ops_expr", cases, sizeof(cases) / sizeof(cases[0]));
}
