/* Every allocation of building, compiling and running an expression fails once: no leak, no crash, MILL_NOMEM.
 * Planners' tools, and texts for explain. */
#include "expr_text.h"

#include "expr/aggregate.h"

#include <strings.h>

static const mill_type column_types[] = {
    {MILL_TYPE_INT32, 0, 0, false}, {MILL_TYPE_STRING, 0, 0, false}, {MILL_TYPE_FLOAT64, 0, 0, false}};

static const char *const expressions[] = {
    "(+ #0 1)",
    "(case (> (/ 10 #0) 2) (|| #1 'x') (upper #1))",
    "(and (like #1 '%b%') (~ #1 'a+') (in #1 'a' 'b' 'c' 'd' 'e'))",
    "(or (in #0 1 2 3 4 5 1000000000) (> (exp #2) 5))",
    "(coalesce (try (cast int32 #1)) #0)",
    "(concat_ws '-' #0 #1 #2)",
    "(key_hash #0 #1 #2)",
    "(regexp_replace #1 '(a|b)' '<\\1>' 'g')",
    "(greatest (round #2 2) (cast float64 #0))",
    "(/ 1 #0)",
};

static mill_status attempt(world *w, const char *text, const mill_batch *batch)
{
	const char *at = text;
	mill_program *program = NULL;
	mill_column column = {0};
	mill_row_errors errors;
	mill_expr *expr = parse(w, &at);
	if (expr == NULL)
		return w->err.status;
	mill_status status = mill_program_new(&expr, 1, NULL, &w->mem, &program, &w->err);
	if (status == MILL_OK)
		status = mill_program_run(program, batch, &column, &errors, &w->err);
	mill_column_release(&column);
	mill_program_free(program);
	return status;
}

static void make_batch(mill_mem *mem, mill_batch *batch)
{
	mill_error err = {0};
	CU_ASSERT_EQUAL_FATAL(mill_batch_new(mem, 3, 0, batch, &err), MILL_OK);
	batch->rows = 100;
	for (int c = 0; c < 3; c++) {
		mill_builder builder;
		mill_builder_init(&builder, mem, column_types[c]);
		for (int r = 0; r < 100; r++) {
			mill_status status = r % 7 == 0 ? mill_builder_null(&builder)
			                     : c == 0   ? mill_builder_i64(&builder, r % 5)
			                     : c == 1   ? mill_builder_text(&builder, "abcabc", (size_t)(r % 7))
			                                : mill_builder_f64(&builder, r * 0.25);
			CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
		}
		CU_ASSERT_EQUAL_FATAL(mill_builder_finish(&builder, &batch->columns[c], &err), MILL_OK);
		mill_builder_release(&builder);
	}
}

static void torture(void)
{
	mill_mem batch_mem;
	mill_batch batch;
	mill_mem_init(&batch_mem, INT64_MAX);
	make_batch(&batch_mem, &batch);
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		int64_t allocations = 1;
		for (int64_t fail_at = 0; fail_at <= allocations; fail_at++) {
			world w;
			world_init(&w);
			w.types = column_types;
			w.mem.fail_at = fail_at;
			mill_status status = attempt(&w, expressions[i], &batch);
			if (fail_at == 0) {
				CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
				allocations = w.mem.allocation_count;
			} else if (status != MILL_OK && status != MILL_NOMEM) {
				printf("    %s, allocation %lld: %s\n", expressions[i], (long long)fail_at,
				       w.err.message);
				CU_FAIL("not MILL_NOMEM");
			}
			world_release(&w);
		}
	}
	mill_batch_release(&batch);
	CU_ASSERT_EQUAL(batch_mem.used_bytes, 0);
}

static void add_column(void *context, int column)
{
	*(unsigned *)context |= 1U << column;
}

static void expect_text(const mill_expr *expr, const mill_schema *schema, mill_mem *mem, const char *expected)
{
	mill_bytes out;
	mill_bytes_init(&out, mem);
	CU_ASSERT_EQUAL(mill_expr_text(expr, schema, &out), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&out), MILL_OK);
	if (strcmp((const char *)out.data, expected) != 0)
		printf("    %s\n", (const char *)out.data);
	CU_ASSERT_STRING_EQUAL((const char *)out.data, expected);
	mill_bytes_release(&out);
}

static void tools(void)
{
	world w;
	mill_field fields[3] = {{"passengers", {MILL_TYPE_INT32, 0, 0, false}, true},
	                        {"my key", {MILL_TYPE_STRING, 0, 0, false}, true},
	                        {"fare", {MILL_TYPE_FLOAT64, 0, 0, false}, true}};
	mill_schema schema = {fields, 3};
	unsigned seen = 0;
	world_init(&w);
	w.types = column_types;
	const char *at = "(and (> #0 1) (like #1 'a%') (is_null #2))", *again = at;
	mill_expr *a = parse(&w, &at), *b = parse(&w, &again);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_TRUE(mill_expr_equal(a, b));
	mill_expr_columns(a, add_column, &seen);
	CU_ASSERT_EQUAL(seen, 7);
	expect_text(a, &schema, &w.mem, "((passengers > 1) AND (\"my key\" like 'a%') AND is_null(fare))");
	const char *sum_text = "(+ #0 #0)";
	mill_expr *sum = parse(&w, &sum_text);
	mill_expr *moved = mill_expr_remap(&w.arena, sum, (int[]){2}, &w.err);
	CU_ASSERT_EQUAL(moved->args[0]->column, 2);
	CU_ASSERT_EQUAL(sum->args[0]->column, 0);
	mill_expr *with[1] = {sum};
	mill_expr *doubled = mill_expr_substitute(&w.arena, sum, with, &w.err);
	expect_text(doubled, &schema, &w.mem, "((passengers + passengers) + (passengers + passengers))");
	CU_ASSERT_FALSE(mill_expr_equal(sum, doubled));
	CU_ASSERT_FALSE(mill_expr_is_constant(sum));
	mill_expr *param = mill_expr_param(&w.b, 0, column_types[0], &w.err);
	mill_expr *pair[2] = {param, sum};
	mill_expr *less = mill_expr_call(&w.b, "<", pair, 2, &w.err);
	const char *five_text = "5";
	mill_expr *five[1] = {parse(&w, &five_text)};
	mill_expr *bound = mill_expr_bind_params(&w.arena, less, five, &w.err);
	expect_text(bound, &schema, &w.mem, "(5 < (passengers + passengers))");
	mill_program *program;
	CU_ASSERT_EQUAL(mill_program_new(&less, 1, NULL, &w.mem, &program, &w.err), MILL_INTERNAL);
	world_release(&w);
}

static void registry(void)
{
	int count = mill_function_count();
	CU_ASSERT_TRUE(count > 150);
	for (int i = 0; i < count; i++) {
		mill_function_info info = mill_function_list(i);
		mill_function_info found = {.name = NULL};
		CU_ASSERT_TRUE(info.name[0] != '\0' && mill_function_group_text(info.group)[0] != '\0');
		CU_ASSERT_EQUAL(info.help[0] == '\0', info.standing == MILL_FUNCTION_NOT_YET);
		CU_ASSERT_TRUE(mill_function_lookup(info.name, &found));
		CU_ASSERT_PTR_EQUAL(found.name, info.name);
		mill_aggregate_info aggregate;
		CU_ASSERT_FALSE(mill_aggregate_lookup(info.name, &aggregate));
		for (int k = 0; k < i; k++)
			if (strcasecmp(mill_function_list(k).name, info.name) == 0) {
				printf("    %s twice\n", info.name);
				CU_FAIL("name twice");
			}
	}
	mill_function_info none;
	CU_ASSERT_FALSE(mill_function_lookup("no_such", &none));
}

/* The first failing row, its expression, its place and its reason. */
static void row_errors(void)
{
	world w;
	mill_batch batch;
	mill_mem batch_mem;
	mill_column columns[2];
	mill_row_errors errors;
	mill_program *program;
	world_init(&w);
	w.types = column_types;
	mill_mem_init(&batch_mem, INT64_MAX);
	make_batch(&batch_mem, &batch);
	const char *first = "(cast int32 #1)", *second = "(/ 12 #0)";
	mill_expr *exprs[2];
	w.b.position = 7;
	exprs[0] = parse(&w, &first);
	w.b.position = 40;
	exprs[1] = parse(&w, &second);
	CU_ASSERT_EQUAL_FATAL(mill_program_new(exprs, 2, NULL, &w.mem, &program, &w.err), MILL_OK);
	CU_ASSERT_EQUAL(mill_program_run(program, &batch, columns, &errors, &w.err), MILL_OK);
	/* Every text that is not NULL ("a" … "abcabc") is no integer: rows that are no multiple of 7. */
	CU_ASSERT_EQUAL(errors.count, 85);
	CU_ASSERT_EQUAL(errors.first_row, 1);
	CU_ASSERT_EQUAL(errors.first_expr, 0);
	CU_ASSERT_EQUAL(errors.position, 7);
	CU_ASSERT_STRING_EQUAL(errors.detail, "\"a\" is not a valid int32");
	CU_ASSERT_EQUAL(columns[0].null_count, 100);
	CU_ASSERT_EQUAL(columns[1].null_count, 15 + 17); /* NULLs and the zeros among the others */
	mill_column_release(&columns[0]);
	mill_column_release(&columns[1]);
	mill_program_free(program);
	CU_ASSERT_EQUAL_FATAL(mill_program_new(&exprs[1], 1, NULL, &w.mem, &program, &w.err), MILL_OK);
	CU_ASSERT_EQUAL(mill_program_run(program, &batch, columns, &errors, &w.err), MILL_OK);
	CU_ASSERT_EQUAL(errors.count, 17);
	CU_ASSERT_EQUAL(errors.first_row, 5);
	CU_ASSERT_EQUAL(errors.position, 40);
	CU_ASSERT_STRING_EQUAL(errors.detail, "division by zero in 12 / 0");
	mill_column_release(&columns[0]);
	mill_program_free(program);
	world_release(&w);
	mill_batch_release(&batch);
}

/* CASE, COALESCE, AND, OR and try drop the errors of what was not needed; shared sub-expressions included. */
static void lazy_errors(void)
{
	static const char *const clean[] = {"(case (= #0 0) -1 (/ 12 #0))", "(and (<> #0 0) (> (/ 12 #0) 2))",
	                                    "(and (> (/ 12 #0) 2) (<> #0 0))", "(or (= #0 0) (> (/ 12 #0) 2))",
	                                    "(coalesce (try (/ 12 #0)) 0)"};
	mill_batch batch;
	mill_mem batch_mem;
	mill_mem_init(&batch_mem, INT64_MAX);
	make_batch(&batch_mem, &batch);
	for (size_t i = 0; i < 5; i++) {
		world w;
		mill_column column;
		mill_row_errors errors;
		mill_program *program;
		world_init(&w);
		w.types = column_types;
		const char *at = clean[i];
		mill_expr *expr = parse(&w, &at);
		CU_ASSERT_PTR_NOT_NULL_FATAL(expr);
		CU_ASSERT_EQUAL_FATAL(mill_program_new(&expr, 1, NULL, &w.mem, &program, &w.err), MILL_OK);
		CU_ASSERT_EQUAL(mill_program_run(program, &batch, &column, &errors, &w.err), MILL_OK);
		if (errors.count != 0)
			printf("    %s: %s\n", clean[i], errors.detail);
		CU_ASSERT_EQUAL(errors.count, 0);
		mill_column_release(&column);
		mill_program_free(program);
		world_release(&w);
	}
	mill_batch_release(&batch);
}

static const unit_case cases[] = {
    {"torture", torture},         {"tools", tools}, {"registry", registry}, {"row_errors", row_errors},
    {"lazy_errors", lazy_errors},
};
UNIT_MAIN("expr_memory", cases)
