/* Nanoseconds a row of the expressions of the taxi job, beside copying 8 bytes a row. Usage: bench_expr [portable|v3]
 */
#include "base/clock.h"
#include "base/simd.h"
#include "column/builder.h"
#include "expr/expr.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS   8192
#define REPEAT 2000

typedef struct bench {
	mill_mem mem;
	mill_arena arena;
	mill_expr_builder b;
	mill_error err;
	mill_knobs knobs;
	mill_batch batch;
} bench;

static void die(const bench *w)
{
	fprintf(stderr, "bench_expr: %s\n", w->err.message);
	exit(1);
}

/* 0 … 3: longitudes and latitudes; 4 fare; 5 passengers; 6 pickup; 7 key text; 8 fare with NULLs; 9 decimal(10,2) */
static const mill_type_id types[] = {MILL_TYPE_FLOAT64, MILL_TYPE_FLOAT64, MILL_TYPE_FLOAT64,   MILL_TYPE_FLOAT64,
                                     MILL_TYPE_FLOAT64, MILL_TYPE_INT32,   MILL_TYPE_TIMESTAMP, MILL_TYPE_STRING,
                                     MILL_TYPE_FLOAT64, MILL_TYPE_DECIMAL};
#define COLUMNS (int)(sizeof types / sizeof types[0])

static mill_type type_of(int column)
{
	return types[column] == MILL_TYPE_DECIMAL ? mill_type_decimal(10, 2) : mill_type_of(types[column]);
}

static void fill_column(bench *w, int column)
{
	mill_builder builder;
	mill_builder_init(&builder, &w->mem, type_of(column));
	uint64_t state = 1234567 + (uint64_t)column;
	for (int i = 0; i < ROWS; i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		double u = (double)(state >> 11) / 9007199254740992.0;
		mill_status status = MILL_OK;
		char text[32];
		mill_i128 decimal = (int64_t)(u * 10000);
		switch (types[column]) {
		case MILL_TYPE_FLOAT64:
			status = column == 8 && u < 0.1 ? mill_builder_null(&builder)
			                                : mill_builder_f64(&builder, u * 6 - 76);
			break;
		case MILL_TYPE_INT32: status = mill_builder_i64(&builder, (int64_t)(u * 8)); break;
		case MILL_TYPE_TIMESTAMP:
			status = mill_builder_i64(&builder, (int64_t)(u * 4e14) + 1230000000000000);
			break;
		case MILL_TYPE_DECIMAL: status = mill_builder_fixed(&builder, &decimal); break;
		default:
			snprintf(text, sizeof text, "vendor %d", (int)(u * 50));
			status = mill_builder_text(&builder, text, strlen(text));
		}
		if (status != MILL_OK)
			die(w);
	}
	if (mill_builder_finish(&builder, &w->batch.columns[column], &w->err) != MILL_OK)
		die(w);
}

static mill_expr *parse(bench *w, const char **at)
{
	char word[64];
	mill_expr *args[16];
	int count = 0;
	while (**at == ' ')
		(*at)++;
	size_t length = strcspn(*at + (**at == '('), " )");
	snprintf(word, sizeof word, "%.*s", (int)length, *at + (**at == '('));
	if (**at == '#') {
		*at += length;
		int column = (int)strtol(word + 1, NULL, 10);
		return mill_expr_column(&w->b, column, type_of(column), column == 8, &w->err);
	}
	if (**at == '\'') {
		const char *end = strchr(*at + 1, '\'');
		mill_expr *text = mill_expr_string(&w->b, *at + 1, (size_t)(end - *at - 1), &w->err);
		*at = end + 1;
		return text;
	}
	if (**at != '(') {
		*at += length;
		return mill_expr_number(&w->b, word, &w->err);
	}
	*at += length + 1;
	for (; **at == ' ' && count < 16; count++)
		args[count] = parse(w, at);
	(*at)++;
	for (int i = 0; i < count; i++)
		if (args[i] == NULL)
			return NULL;
	if (strcmp(word, "and") == 0)
		return mill_expr_and(&w->b, args, count, &w->err);
	if (strcmp(word, "case") == 0)
		return mill_expr_case(&w->b, args, count, &w->err);
	if (strcmp(word, "in") == 0)
		return mill_expr_in(&w->b, args, count, &w->err);
	return mill_expr_call(&w->b, word, args, count, &w->err);
}

static void run(bench *w, const char *text)
{
	const char *at = text;
	mill_program *program;
	mill_column column;
	mill_row_errors errors;
	mill_expr *expr = parse(w, &at);
	if (expr == NULL || mill_program_new(&expr, 1, &w->knobs, &w->mem, &program, &w->err) != MILL_OK)
		die(w);
	int64_t best = INT64_MAX;
	for (int round = 0; round < 20; round++) {
		int64_t start = mill_clock_ns();
		for (int i = 0; i < REPEAT / 20; i++) {
			if (mill_program_run(program, &w->batch, &column, &errors, &w->err) != MILL_OK)
				die(w);
			mill_column_release(&column);
		}
		int64_t took = mill_clock_ns() - start;
		best = took < best ? took : best;
	}
	printf("%8.3f ns/row  %s\n", (double)best / ((double)REPEAT / 20 * ROWS), text);
	mill_program_free(program);
}

static void copy(void)
{
	static double from[ROWS * 64], to[ROWS * 64];
	int64_t best = INT64_MAX;
	memset(from, 1, sizeof from);
	for (int round = 0; round < 20; round++) {
		int64_t start = mill_clock_ns();
		memcpy(to, from, sizeof to);
		int64_t took = mill_clock_ns() - start;
		best = took < best ? took : best;
	}
	printf("%8.3f ns/row  memcpy of 8 bytes a row, 4 MB (%g)\n", (double)best / (ROWS * 64), to[5]);
}

#define PREDICATE                                                                                                \
	"(and (>= #0 -76) (<= #0 -72) (>= #1 38) (<= #1 42) (> #4 0) (< #4 250) (>= #5 1) (<= #5 6) (<> #0 #2) " \
	"(<> #1 #3))"

int main(int argc, char **argv)
{
	static bench w;
	static const char *const expressions[] = {
	    "(+ #0 #1)",
	    "(- #0 -73.78)",
	    "(+ (abs (- #0 #2)) (abs (- #1 #3)))",
	    "(+ (abs (- #0 -73.7822222222)) (abs (- #1 40.6441666667)))",
	    "(+ #8 1)",
	    "(* #5 2)",
	    "(+ #5 #5)",
	    "(> #4 0)",
	    "(>= #5 1)",
	    "(and (>= #0 -76) (<= #0 -72) (>= #1 -76) (<= #1 -72))",
	    PREDICATE,
	    "(hour #6)",
	    "(year #6)",
	    "(month #6)",
	    "(dayofweek #6)",
	    "(weekofyear #6)",
	    "(case (and (>= (hour #6) 16) (<= (hour #6) 20)) 1 0)",
	    "(exp (/ #4 100))",
	    "(log1p (abs #4))",
	    "(round #4 2)",
	    "(= #7 'vendor 7')",
	    "(in #7 'vendor 1' 'vendor 2' 'vendor 3' 'vendor 4' 'vendor 5' 'vendor 6' 'vendor 7' 'vendor 8')",
	    "(in #5 1 2 3 5 7 9 11 13)",
	    "(like #7 '%dor 1%')",
	    "(upper #7)",
	    "(coalesce #8 0)",
	    "(+ #9 #9)",
	    "(* #9 1.25)",
	    "(> #9 12.5)",
	};
	mill_mem_init(&w.mem, INT64_MAX);
	mill_arena_init(&w.arena, &w.mem);
	w.b = (mill_expr_builder){.arena = &w.arena, .position = -1};
	w.knobs = mill_knobs_defaults();
	if (argc > 1)
		w.knobs.simd = strcmp(argv[1], "portable") == 0 ? MILL_SIMD_PORTABLE : MILL_SIMD_V3;
	if (mill_batch_new(&w.mem, COLUMNS, 0, &w.batch, &w.err) != MILL_OK)
		die(&w);
	w.batch.rows = ROWS;
	for (int i = 0; i < COLUMNS; i++)
		fill_column(&w, i);
	copy();
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++)
		run(&w, expressions[i]);
	mill_batch_release(&w.batch);
	mill_arena_release(&w.arena);
	return 0;
}
