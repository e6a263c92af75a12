/* Expressions against values worked by hand from PostgreSQL's rules. */
#include "column/builder.h"
#include "column/value.h"
#include "expr/expr.h"
#include "unit.h"
#include <string.h>

typedef struct world {
	mill_mem mem;
	mill_arena arena;
	mill_expr_builder b;
	mill_error err;
} world;

static void world_init(world *w)
{
	memset(w, 0, sizeof *w);
	mill_mem_init(&w->mem, INT64_MAX);
	mill_arena_init(&w->arena, &w->mem);
	w->b = (mill_expr_builder){.arena = &w->arena, .position = -1, .failed_position = -1};
}

static void world_release(world *w)
{
	mill_arena_release(&w->arena);
	CU_ASSERT_EQUAL(w->mem.used_bytes, 0);
}

/* Reads one prefix expression: NUMBER, 'text', null, true, false, or (name args…); (cast TYPE x), (case …), (in …). */
static mill_expr *parse(world *w, const char **at);

static mill_expr *parse_list(world *w, const char **at)
{
	char name[64];
	mill_expr *args[32];
	int count = 0, length = 0;
	while (**at != ' ' && **at != ')')
		name[length++] = *(*at)++;
	name[length] = '\0';
	char type_name[64];
	if (strcmp(name, "cast") == 0) {
		length = 0;
		(*at)++;
		while (**at != ' ')
			type_name[length++] = *(*at)++ == '_' ? ' ' : (*at)[-1];
		type_name[length] = '\0';
	}
	while (**at == ' ')
		(*at)++;
	while (**at != ')') {
		args[count] = parse(w, at);
		if (args[count++] == NULL)
			return NULL;
		while (**at == ' ')
			(*at)++;
	}
	(*at)++;
	mill_type type;
	if (strcmp(name, "cast") == 0)
		return mill_type_parse(type_name, &type, &w->err) == MILL_OK
		           ? mill_expr_cast(&w->b, args[0], type, false, &w->err)
		           : NULL;
	if (strcmp(name, "case") == 0)
		return mill_expr_case(&w->b, args, count, &w->err);
	if (strcmp(name, "and") == 0)
		return mill_expr_and(&w->b, args, count, &w->err);
	if (strcmp(name, "or") == 0)
		return mill_expr_or(&w->b, args, count, &w->err);
	if (strcmp(name, "in") == 0)
		return mill_expr_in(&w->b, args, count, &w->err);
	return mill_expr_call(&w->b, name, args, count, &w->err);
}

static mill_expr *parse(world *w, const char **at)
{
	while (**at == ' ')
		(*at)++;
	const char *start = *at;
	if (**at == '(') {
		(*at)++;
		return parse_list(w, at);
	}
	if (**at == '\'') {
		const char *end = strchr(start + 1, '\'');
		*at = end + 1;
		return mill_expr_string(&w->b, start + 1, (size_t)(end - start - 1), &w->err);
	}
	char word[128];
	size_t length = strcspn(start, " )");
	memcpy(word, start, length);
	word[length] = '\0';
	*at = start + length;
	if (strcmp(word, "null") == 0)
		return mill_expr_null(&w->b, &w->err);
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return mill_expr_bool(&w->b, word[0] == 't', &w->err);
	return mill_expr_number(&w->b, word, &w->err);
}

/* "value:type", "NULL:type", "error: why" (at run time) or "refused: why" (at bind time). */
static void evaluate(const char *text, char out[512])
{
	world w;
	world_init(&w);
	const char *at = text;
	mill_expr *expr = parse(&w, &at);
	mill_program *program = NULL;
	mill_batch batch = {.rows = 1};
	mill_column column;
	mill_row_errors errors;
	char type[MILL_TYPE_TEXT_BYTES];
	mill_bytes bytes;
	mill_bytes_init(&bytes, &w.mem);
	if (expr == NULL || mill_program_new(&expr, 1, NULL, &w.mem, &program, &w.err) != MILL_OK) {
		snprintf(out, 512, "refused: %.400s", w.err.message);
	} else if (mill_program_run(program, &batch, &column, &errors, &w.err) != MILL_OK) {
		snprintf(out, 512, "failed: %.400s", w.err.message);
	} else {
		if (errors.count > 0)
			snprintf(out, 512, "error: %s", errors.detail);
		else if (mill_column_is_null(&column, 0))
			snprintf(out, 512, "NULL:%s", mill_type_text(expr->type, type));
		else if (mill_value_text(&column, 0, &bytes) == MILL_OK && mill_bytes_terminate(&bytes) == MILL_OK)
			snprintf(out, 512, "%s:%s", (const char *)bytes.data, mill_type_text(expr->type, type));
		CU_ASSERT_EQUAL(mill_column_validate(&column, &w.err), MILL_OK);
		mill_column_release(&column);
	}
	mill_bytes_release(&bytes);
	mill_program_free(program);
	world_release(&w);
}

typedef struct example {
	const char *text, *expected;
} example;

static void check(const example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char got[512];
		evaluate(examples[i].text, got);
		if (strcmp(got, examples[i].expected) != 0) {
			printf("    %s\n      expected %s\n      got      %s\n", examples[i].text, examples[i].expected,
			       got);
			CU_FAIL("wrong value");
		}
	}
}
#define CHECK(list) check(list, sizeof(list) / sizeof((list)[0]))

static void arithmetic(void)
{
	static const example list[] = {
	    {"(+ 1 2)", "3:int32"},
	    {"(+ 2147483647 1)", "error: int32 out of range in 2147483647 + 1"},
	    {"(+ 2147483648 1)", "2147483649:int64"},
	    {"(- 5)", "-5:int32"},
	    {"(- 2147483648)", "-2147483648:int64"},
	    {"(* 46341 46341)", "error: int32 out of range in 46341 * 46341"},
	    {"(/ 7 2)", "3:int32"},
	    {"(/ -7 2)", "-3:int32"},
	    {"(% -7 2)", "-1:int32"},
	    {"(/ 1 0)", "error: division by zero in 1 / 0"},
	    {"(/ 1.0 3)", "0.3333333333333333:decimal(38,16)"},
	    {"(+ 1.25 2)", "3.25:decimal(13,2)"},
	    {"(* 1.5 1.5)", "2.25:decimal(4,2)"},
	    {"(+ 1e0 0.1)", "1.1:float64"},
	    {"(/ 1e0 0)", "error: division by zero in 1 / 0"},
	    {"(* 1e308 10)", "error: float64 out of range in 1e+308 * 10"},
	    {"(+ null 1)", "NULL:int32"},
	    {"(abs -5)", "5:int32"},
	    {"(abs -2.5)", "2.5:decimal(2,1)"},
	    {"(+ 'a' 1)", "refused: \"a\" is not a valid int32"},
	    {"(foo 1)", "refused: unknown function foo; `rankmill help functions` lists them"},
	};
	CHECK(list);
}

static void logic(void)
{
	static const example list[] = {
	    {"(and true null)", "NULL:bool"},
	    {"(and false null)", "false:bool"},
	    {"(or true null)", "true:bool"},
	    {"(or false null)", "NULL:bool"},
	    {"(and false (= 1 (/ 1 0)))", "false:bool"},
	    {"(and (= 1 (/ 1 0)) false)", "false:bool"},
	    {"(and true (= 1 (/ 1 0)))", "error: division by zero in 1 / 0"},
	    {"(not null)", "NULL:bool"},
	    {"(is_null null)", "true:bool"},
	    {"(is_distinct_from 1 null)", "true:bool"},
	    {"(is_distinct_from null null)", "false:bool"},
	    {"(is_true null)", "false:bool"},
	    {"(in 1 2 3)", "false:bool"},
	    {"(in 1 2 null)", "NULL:bool"},
	    {"(in 1 1 null)", "true:bool"},
	    {"(case (= 1 2) (/ 1 0) 5)", "5:int32"},
	    {"(case true 1 2.5)", "1.0:decimal(11,1)"},
	    {"(coalesce null 3)", "3:int32"},
	    {"(coalesce 3 (/ 1 0))", "3:int32"},
	    {"(nullif 3 3)", "NULL:int32"},
	    {"(try (/ 1 0))", "NULL:int32"},
	    {"(try_cast 'x' 'int')", "NULL:int32"},
	    {"(between 2 1 3)", "true:bool"},
	};
	CHECK(list);
}

static void casts(void)
{
	static const example list[] = {
	    {"(cast int32 2.5)", "3:int32"},
	    {"(cast int32 25e-1)", "2:int32"},
	    {"(cast int32 '  12 ')", "12:int32"},
	    {"(cast int8 300)", "refused: 300 does not fit int8"},
	    {"(cast bool 'yes')", "true:bool"},
	    {"(cast decimal(5,2) 1.005)", "1.01:decimal(5,2)"},
	    {"(cast decimal(5,2) 1.005e0)", "1.01:decimal(5,2)"},
	    {"(cast float64 0.1)", "0.1:float64"},
	    {"(cast text 1.50)", "1.50:string"},
	    {"(cast date '2024-02-29')", "2024-02-29:date"},
	    {"(cast date '2023-02-29')", "refused: \"2023-02-29\" is not a valid date"},
	    {"(cast timestamp '2009-06-15 17:26:21 UTC')", "2009-06-15 17:26:21:timestamp"},
	    {"(+ (cast timestamp '2024-01-31 10:00:00') (cast interval '1 month'))", "2024-02-29 10:00:00:timestamp"},
	    {"(- (cast date '2024-03-01') (cast date '2024-02-01'))", "29:int32"},
	    {"(extract 'dow' (cast date '2024-02-29'))", "4:int64"},
	    {"(extract 'week' (cast date '2021-01-03'))", "53:int64"},
	    {"(extract 'doy' (cast date '2024-12-31'))", "366:int64"},
	    {"(extract 'second' (cast timestamp '2024-01-01 00:00:07.25'))", "7.250000:decimal(18,6)"},
	    {"(dayofweek (cast date '2024-02-25'))", "1:int64"},
	    {"(hour (cast timestamp '2009-06-15 17:26:21 UTC'))", "17:int64"},
	};
	CHECK(list);
}

static const unit_case cases[] = {
    {"arithmetic", arithmetic},
    {"logic", logic},
    {"casts", casts},
};
UNIT_MAIN("expr", cases)
