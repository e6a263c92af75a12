/* Batches against their own rows one by one (which test_expr_postgres.c checks against PostgreSQL), portable loops
 * against v3 ones, every type, NULLs everywhere, sizes around words. */
#include "base/simd.h"
#include "expr_text.h"
#include <math.h>
#include <string.h>

static const mill_type types[] = {
    {MILL_TYPE_INT8, 0, 0, false},      {MILL_TYPE_INT16, 0, 0, false},    {MILL_TYPE_INT32, 0, 0, false},
    {MILL_TYPE_INT64, 0, 0, false},     {MILL_TYPE_UINT8, 0, 0, false},    {MILL_TYPE_UINT16, 0, 0, false},
    {MILL_TYPE_UINT32, 0, 0, false},    {MILL_TYPE_UINT64, 0, 0, false},   {MILL_TYPE_FLOAT32, 0, 0, false},
    {MILL_TYPE_FLOAT64, 0, 0, false},   {MILL_TYPE_DECIMAL, 10, 2, false}, {MILL_TYPE_DECIMAL, 38, 6, false},
    {MILL_TYPE_BOOL, 0, 0, false},      {MILL_TYPE_STRING, 0, 0, false},   {MILL_TYPE_DATE, 0, 0, false},
    {MILL_TYPE_TIMESTAMP, 0, 0, false}, {MILL_TYPE_INTERVAL, 0, 0, false}, {MILL_TYPE_BINARY, 0, 0, false}};
#define TYPES   (int)(sizeof types / sizeof types[0])
#define COLUMNS (2 * TYPES) /* #t and #(t + 18) are of one type */

static mill_type column_types[COLUMNS];
static uint64_t state = 1;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int64_t draw_integer(mill_type type)
{
	static const int64_t edges[] = {0,   1,         -1,        2,         -2,        3,         7,   10,   64,
	                                100, INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN, INT16_MIN, 127, -128, 255};
	int64_t value =
	    next() % 3 == 0 ? edges[next() % (sizeof edges / sizeof edges[0])] : (int64_t)next() >> (next() % 64);
	int bits = (int)mill_type_width_bytes(type) * 8;
	if (type.id == MILL_TYPE_DATE)
		return (int64_t)(next() % 3652059) - 719162;
	if (type.id == MILL_TYPE_TIMESTAMP)
		return (int64_t)(next() % 315537897600000000U) - 62135596800000000;
	if (mill_type_is_unsigned(type))
		return bits == 64 ? value : (int64_t)((uint64_t)value & (((uint64_t)1 << bits) - 1));
	return bits == 64 ? value : (int64_t)((uint64_t)value << (64 - bits)) >> (64 - bits);
}

static double draw_float(void)
{
	static const double edges[] = {0,      -0.0,   1,    -1,       0.5,       1.5, 2.5, -2.5,   1e308,
	                               -1e308, 1e-308, 3e38, INFINITY, -INFINITY, NAN, 100, 9.3e18, 1e15};
	if (next() % 4 == 0)
		return edges[next() % (sizeof edges / sizeof edges[0])];
	return (double)(int64_t)next() / (double)(1 + next() % 1000) * (next() % 2 == 0 ? 1e-18 : 1e-14);
}

static mill_i128 draw_decimal(mill_type type)
{
	mill_i128 limit = 1;
	for (int i = 0; i < type.precision; i++)
		limit *= 10;
	mill_i128 value = next() % 2 == 0 ? (mill_i128)(int64_t)next() >> (next() % 64)
	                                  : (mill_i128)((mill_u128)next() << 64 | (mill_u128)next()) >> (next() % 100);
	return value % limit;
}

static mill_status draw_value(mill_builder *builder, mill_type type)
{
	static const char *const texts[] = {"",
	                                    "a",
	                                    "abc",
	                                    "ABC abc",
	                                    "  x ",
	                                    "ÄÖü ß€",
	                                    "𝄞",
	                                    "12",
	                                    "-7.5",
	                                    "1e3",
	                                    "2024-02-29",
	                                    "a,b,,c",
	                                    "100%",
	                                    "a\\b",
	                                    "true",
	                                    "a much longer text than the others, with spaces",
	                                    "2009-06-15 17:26:21 UTC",
	                                    "x_y",
	                                    "1 day",
	                                    "nan"};
	mill_i128 decimal;
	mill_interval interval;
	const char *text;
	switch (type.id) {
	case MILL_TYPE_BOOL: return mill_builder_bool(builder, next() % 2 == 0);
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64: return mill_builder_f64(builder, draw_float());
	case MILL_TYPE_UINT64: {
		uint64_t value = (uint64_t)draw_integer(type);
		return mill_builder_fixed(builder, &value);
	}
	case MILL_TYPE_DECIMAL: decimal = draw_decimal(type); return mill_builder_fixed(builder, &decimal);
	case MILL_TYPE_INTERVAL:
		interval = (mill_interval){(int32_t)(next() % 100) - 50, (int32_t)(next() % 100) - 50,
		                           (int64_t)(next() % 100000000000) - 50000000000};
		return mill_builder_fixed(builder, &interval);
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
		text = texts[next() % (sizeof texts / sizeof texts[0])];
		return mill_builder_text(builder, text, strlen(text));
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: return mill_builder_i64(builder, draw_integer(type));
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return MILL_INTERNAL;
}

/* What a NULL row's value holds must not matter. */
static void fill_nulls(mill_column *column)
{
	size_t width = mill_type_width_bytes(column->type);
	for (int64_t r = 0; r < column->rows; r++)
		for (size_t k = 0; mill_column_is_null(column, r) && k < width; k++)
			((uint8_t *)column->values)[(size_t)r * width + k] = (uint8_t)next();
	for (int64_t r = 0; r < column->rows && column->type.id == MILL_TYPE_BOOL; r++)
		if (mill_column_is_null(column, r))
			mill_bit_put(column->values, r, next() % 2 == 0);
}

/* null_share in 16ths. */
static void make_batch(mill_mem *mem, int64_t rows, int null_share, mill_batch *batch)
{
	mill_error err = {0};
	CU_ASSERT_EQUAL_FATAL(mill_batch_new(mem, COLUMNS, 0, batch, &err), MILL_OK);
	batch->rows = rows;
	for (int c = 0; c < COLUMNS; c++) {
		mill_builder builder;
		mill_builder_init(&builder, mem, column_types[c]);
		for (int64_t r = 0; r < rows; r++)
			CU_ASSERT_EQUAL_FATAL((int)(next() % 16) < null_share ? mill_builder_null(&builder)
			                                                      : draw_value(&builder, column_types[c]),
			                      MILL_OK);
		CU_ASSERT_EQUAL_FATAL(mill_builder_finish(&builder, &batch->columns[c], &err), MILL_OK);
		mill_builder_release(&builder);
		fill_nulls(&batch->columns[c]);
	}
}

typedef struct result {
	mill_column column;
	mill_row_errors errors;
	uint64_t bits[MILL_BATCH_ROWS / 64];
} result;

static void run(mill_program *program, const mill_batch *batch, result *out)
{
	mill_error err = {0};
	memset(out, 0, sizeof *out);
	mill_status status = mill_program_run(program, batch, &out->column, &out->errors, &err);
	if (status != MILL_OK)
		printf("    %s\n", err.message);
	CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
	if (out->errors.count > 0)
		memcpy(out->bits, out->errors.rows, mill_bit_words(batch->rows) * 8);
	status = mill_column_validate(&out->column, &err);
	if (status != MILL_OK)
		printf("    %s\n", err.message);
	CU_ASSERT_EQUAL(status, MILL_OK);
}

/* Values bit for bit (so −0 is not 0), validity, errors of rows of a against rows of b from 0. */
static bool same_row(const result *a, int64_t row_a, const result *b, int64_t row_b)
{
	const mill_column *x = &a->column, *y = &b->column;
	if (mill_bit_get(a->bits, row_a) != mill_bit_get(b->bits, row_b))
		return false;
	if (mill_column_is_null(x, row_a) || mill_column_is_null(y, row_b))
		return mill_column_is_null(x, row_a) == mill_column_is_null(y, row_b);
	size_t width = mill_type_width_bytes(x->type);
	if (width == 0 || mill_type_is_float(x->type))
		return mill_value_equal(x, row_a, y, row_b);
	return memcmp((const char *)x->values + (size_t)row_a * width, (const char *)y->values + (size_t)row_b * width,
	              width) == 0;
}

static void differ(const char *text, int64_t row, const char *what)
{
	printf("    %s: row %lld differs %s\n", text, (long long)row, what);
	CU_FAIL("rows differ");
}

static void check_rows(mill_program *portable, const mill_batch *batch, const char *text, const result *whole,
                       int64_t step)
{
	for (int64_t r = 0; r < batch->rows; r += step) {
		mill_batch one;
		mill_error err = {0};
		result single;
		int32_t index = (int32_t)r;
		CU_ASSERT_EQUAL_FATAL(mill_batch_take(batch, &index, 1, &one, &err), MILL_OK);
		run(portable, &one, &single);
		if (!same_row(whole, r, &single, 0))
			differ(text, r, "from the row alone");
		mill_column_release(&single.column);
		mill_batch_release(&one);
	}
}

static void check_expression(const char *text, const mill_batch *batch, int64_t step)
{
	world w;
	result a, b;
	mill_program *programs[2] = {NULL, NULL};
	world_init(&w);
	w.types = column_types;
	const char *at = text;
	mill_expr *expr = parse(&w, &at);
	for (int i = 0; expr != NULL && i < 2; i++) {
		mill_knobs knobs;
		CU_ASSERT_EQUAL_FATAL(mill_knobs_read(&knobs, &w.err), MILL_OK);
		if (i == 0) /* against the best, or what RANKMILL_SIMD says */
			knobs.simd = MILL_SIMD_PORTABLE;
		if (mill_program_new(&expr, 1, &knobs, &w.mem, &programs[i], &w.err) != MILL_OK)
			break;
	}
	if (programs[1] == NULL) {
		printf("    %s: %s\n", text, w.err.message);
		CU_FAIL("no program");
	} else {
		run(programs[0], batch, &a);
		run(programs[1], batch, &b);
		for (int64_t r = 0; r < batch->rows; r++)
			if (!same_row(&a, r, &b, r)) {
				differ(text, r, "between portable and v3");
				break;
			}
		check_rows(programs[0], batch, text, &a, step);
		mill_column_release(&a.column);
		mill_column_release(&b.column);
		run(programs[1], batch, &b); /* buffers used again */
		mill_column_release(&b.column);
	}
	mill_program_free(programs[0]);
	mill_program_free(programs[1]);
	world_release(&w);
}

/* $a, $b: columns of the type, $t its name. */
static void expand(const char *pattern, int type, char out[256])
{
	char name[MILL_TYPE_TEXT_BYTES];
	size_t used = 0;
	mill_type_text(types[type], name);
	for (const char *p = pattern; *p != '\0' && used < 200; p++) {
		if (p[0] == '$' && p[1] == 'a')
			used += (size_t)snprintf(out + used, 20, "#%d", type), p++;
		else if (p[0] == '$' && p[1] == 'b')
			used += (size_t)snprintf(out + used, 20, "#%d", type + TYPES), p++;
		else if (p[0] == '$' && p[1] == 't')
			used += (size_t)snprintf(out + used, 40, "%s", name), p++;
		else
			out[used++] = *p;
	}
	out[used] = '\0';
}

static const char *const any_patterns[] = {"(= $a $b)",
                                           "(<> $a $b)",
                                           "(< $a $b)",
                                           "(<= $a $b)",
                                           "(> $a $b)",
                                           "(>= $a $b)",
                                           "(is_null $a)",
                                           "(is_not_null $a)",
                                           "(is_distinct_from $a $b)",
                                           "(coalesce $a $b)",
                                           "(case #12 $a $b)",
                                           "(case #12 $a #30 $b)",
                                           "(case (is_null #12) $a #30 $b $a)",
                                           "(nullif $a $b)",
                                           "(greatest $a $b)",
                                           "(least $b $a)",
                                           "(cast text $a)",
                                           "(key_hash $a $b)",
                                           "(in $a $b $b)",
                                           "(try (nullif $a $b))"};
static const char *const number_patterns[] = {"(+ $a $b)",
                                              "(- $a $b)",
                                              "(* $a $b)",
                                              "(/ $a $b)",
                                              "(% $a $b)",
                                              "(- $a)",
                                              "(abs $a)",
                                              "(sign $a)",
                                              "(+ $a 1)",
                                              "(- 1 $a)",
                                              "(* $a 3)",
                                              "(/ 10 $a)",
                                              "(/ $a 7)",
                                              "(% $a 7)",
                                              "(> $a 5)",
                                              "(< 5 $a)",
                                              "(= $a 2)",
                                              "(cast int8 $a)",
                                              "(cast int16 $a)",
                                              "(cast int32 $a)",
                                              "(cast int64 $a)",
                                              "(cast uint8 $a)",
                                              "(cast uint16 $a)",
                                              "(cast uint32 $a)",
                                              "(cast uint64 $a)",
                                              "(cast float32 $a)",
                                              "(cast float64 $a)",
                                              "(cast decimal(10,2) $a)",
                                              "(cast decimal(38,10) $a)",
                                              "(sqrt (abs $a))",
                                              "(floor $a)",
                                              "(round $a)",
                                              "(power $a 2)",
                                              "(+ $a 0.5)",
                                              "(+ $a 1.5e0)",
                                              "(try (/ $a $b))",
                                              "(and (> $a 0) (> (/ 1 $a) 0))",
                                              "(case (= $a 0) 0 (/ 1 $a))",
                                              "(coalesce (try (+ $a $b)) $a)",
                                              "(in $a 1 2 3)",
                                              "(in $a 1 2 3 null)",
                                              "(in $a 1 2 3 4 5 6 7 8 9 10 100 127)"};
static const char *const text_patterns[] = {"(lower #13)",
                                            "(upper #13)",
                                            "(initcap #13)",
                                            "(length #13)",
                                            "(octet_length #13)",
                                            "(reverse #13)",
                                            "(substr #13 2 2)",
                                            "(substr #13 #2)",
                                            "(left #13 2)",
                                            "(right #13 -1)",
                                            "(trim #13)",
                                            "(lpad #13 6 'xy')",
                                            "(rpad #13 4)",
                                            "(repeat #13 2)",
                                            "(replace #13 'a' 'bb')",
                                            "(strpos #13 'b')",
                                            "(split_part #13 ',' 2)",
                                            "(|| #13 #31)",
                                            "(|| #13 '!')",
                                            "(concat #13 #2 #12)",
                                            "(concat_ws '-' #13 #31 #9)",
                                            "(like #13 '%b%')",
                                            "(like #13 #31)",
                                            "(ilike #13 '_BC')",
                                            "(like #13 'a%')",
                                            "(~ #13 '[a-c]+')",
                                            "(~* #13 'ABC')",
                                            "(regexp_replace #13 'a' 'z' 'g')",
                                            "(regexp_substr #13 '[0-9]+')",
                                            "(starts_with #13 'a')",
                                            "(ends_with #13 #31)",
                                            "(contains #13 'b')",
                                            "(cast int32 #13)",
                                            "(cast float64 #13)",
                                            "(cast decimal(10,2) #13)",
                                            "(cast bool #13)",
                                            "(cast date #13)",
                                            "(cast timestamp #13)",
                                            "(cast interval #13)",
                                            "(try_cast #13 'int')",
                                            "(try_cast #13 'date')",
                                            "(ascii #13)",
                                            "(xxh3_64 #13)",
                                            "(translate #13 'abc' 'x')",
                                            "(in #13 'a' 'abc' '12' 'zzz' '100%' 'b' 'c' 'd' 'e' 'f')",
                                            "(in #13 'a' 'b')",
                                            "(= #13 'abc')",
                                            "(< #13 'abc')",
                                            "(cast binary #13)",
                                            "(cast text #17)",
                                            "(length #17)"};
static const char *const time_patterns[] = {"(year #14)",
                                            "(month #14)",
                                            "(day #14)",
                                            "(quarter #14)",
                                            "(dayofyear #14)",
                                            "(dayofweek #14)",
                                            "(weekofyear #14)",
                                            "(extract 'isoyear' #14)",
                                            "(extract 'isodow' #14)",
                                            "(extract 'century' #14)",
                                            "(extract 'epoch' #14)",
                                            "(year #15)",
                                            "(month #15)",
                                            "(day #15)",
                                            "(hour #15)",
                                            "(minute #15)",
                                            "(second #15)",
                                            "(extract 'second' #15)",
                                            "(extract 'epoch' #15)",
                                            "(extract 'week' #15)",
                                            "(extract 'doy' #15)",
                                            "(extract 'dow' #15)",
                                            "(extract 'milliseconds' #15)",
                                            "(extract 'microseconds' #15)",
                                            "(date_trunc 'month' #15)",
                                            "(date_trunc 'week' #15)",
                                            "(date_trunc 'hour' #15)",
                                            "(date_trunc #13 #15)",
                                            "(cast date #15)",
                                            "(cast timestamp #14)",
                                            "(+ #14 #2)",
                                            "(- #14 #32)",
                                            "(+ #15 #16)",
                                            "(- #15 #16)",
                                            "(- #15 #33)",
                                            "(+ #16 #34)",
                                            "(- #16)",
                                            "(* #16 #9)",
                                            "(/ #16 #9)",
                                            "(last_day #14)",
                                            "(< #14 #15)",
                                            "(make_date #2 #0 #4)",
                                            "(extract 'epoch' #16)",
                                            "(extract 'day' #16)",
                                            "(to_timestamp #9)",
                                            "(>= #15 '2009-01-01')"};
static const char *const math_patterns[] = {"(exp #9)",
                                            "(ln #9)",
                                            "(log #9)",
                                            "(log2 #9)",
                                            "(log1p #9)",
                                            "(sin #9)",
                                            "(cos #9)",
                                            "(tan #9)",
                                            "(asin #9)",
                                            "(atan #9)",
                                            "(atan2 #9 #27)",
                                            "(cbrt #9)",
                                            "(power #9 #27)",
                                            "(^ #9 0.5)",
                                            "(round #9 2)",
                                            "(trunc #9 1)",
                                            "(round #10 1)",
                                            "(round #11 #2)",
                                            "(degrees #9)",
                                            "(isnan #9)",
                                            "(isfinite #9)",
                                            "(div #2 #20)",
                                            "(& #2 #20)",
                                            "(| #3 #21)",
                                            "(# #4 #22)",
                                            "(<< #2 3)",
                                            "(>> #3 #21)",
                                            "(~ #2)",
                                            "(+ #2 #3)",
                                            "(* #8 #9)",
                                            "(+ #10 #2)",
                                            "(* #10 #11)",
                                            "(/ #11 #10)",
                                            "(+ #4 #0)",
                                            "(= #7 #3)",
                                            "(< #7 #3)",
                                            "(and #12 #30)",
                                            "(or #12 #30)",
                                            "(not #12)",
                                            "(and #12 (> (/ 1 #2) 0))",
                                            "(or #12 (> (/ 1 #2) 0))",
                                            "(is_true #12)",
                                            "(is_not_false #12)",
                                            "(cast int32 #12)",
                                            "(cast bool #2)",
                                            "(and (> #9 0) (< #9 1) #12)"};

#define EACH(list) for (size_t i = 0; i < sizeof(list) / sizeof((list)[0]); i++)

static void all_expressions(const mill_batch *batch, int64_t step)
{
	char text[256];
	for (int t = 0; t < TYPES; t++)
		EACH(any_patterns)
		{
			bool orders = types[t].id != MILL_TYPE_BINARY || strstr(any_patterns[i], "text") == NULL;
			expand(any_patterns[i], t, text);
			if (orders)
				check_expression(text, batch, step);
		}
	for (int t = 0; t < 12; t++)
		EACH(number_patterns)
		{
			bool is_unsigned_minus =
			    types[t].id == MILL_TYPE_UINT64 && strstr(number_patterns[i], "(- 1 $a)") != NULL;
			expand(number_patterns[i], t, text);
			if (!is_unsigned_minus)
				check_expression(text, batch, step);
		}
	EACH(text_patterns) check_expression(text_patterns[i], batch, step);
	EACH(time_patterns) check_expression(time_patterns[i], batch, step);
	EACH(math_patterns) check_expression(math_patterns[i], batch, step);
}

static void with_batch(int64_t rows, int null_share, int64_t step)
{
	mill_mem mem;
	mill_batch batch;
	for (int c = 0; c < COLUMNS; c++)
		column_types[c] = types[c % TYPES];
	state = (uint64_t)(rows * 31 + null_share) * 2654435761U + 88172645463325252U;
	printf("    seed %llu\n", (unsigned long long)state);
	mill_mem_init(&mem, INT64_MAX);
	make_batch(&mem, rows, null_share, &batch);
	all_expressions(&batch, step);
	mill_batch_release(&batch);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Random trees of int32 (i), float64 (f), boolean (b) and text (t), errors and shared parts included. */
typedef struct tree {
	char text[8192];
	size_t used;
} tree;

static void put(tree *t, const char *text)
{
	size_t length = strlen(text);
	if (t->used + length < sizeof t->text) {
		memcpy(t->text + t->used, text, length + 1);
		t->used += length;
	}
}

static void grow(tree *t, char kind, int depth);

/* %i … %t are sub-trees. */
static void fill(tree *t, const char *pattern, int depth)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		char one[2] = {*p, '\0'};
		if (*p == '%')
			grow(t, *++p, depth - 1);
		else
			put(t, one);
	}
}

static void grow(tree *t, char kind, int depth)
{
	static const char *const leaves[4][4] = {{"#2", "#20", "3", "-7"},
	                                         {"#9", "#27", "0.5", "1e3"},
	                                         {"#12", "#30", "true", "(is_null #2)"},
	                                         {"#13", "#31", "(lower 'ABC')", "'12'"}};
	static const char *const inner[4][12] = {
	    {"(+ %i %i)", "(* %i %i)", "(/ %i %i)", "(% %i %i)", "(case %b %i %i)", "(case %b %i %b %i)",
	     "(coalesce %i %i)", "(cast int32 %t)", "(cast int32 %f)", "(try (/ %i %i))", "(nullif %i %i)",
	     "(length %t)"},
	    {"(+ %f %f)", "(* %f %f)", "(/ %f %f)", "(- %f)", "(case %b %f %f)", "(coalesce %f %f)",
	     "(cast float64 %i)", "(cast float64 %t)", "(sqrt %f)", "(ln %f)", "(greatest %f %f)", "(round %f)"},
	    {"(and %b %b)", "(or %b %b)", "(not %b)", "(< %i %i)", "(> %f %f)", "(= %t %t)", "(is_null %i)",
	     "(in %i 1 2 3 4 %i)", "(case %b %b %b)", "(and %b %b %b)", "(like %t '%%a%%')",
	     "(is_distinct_from %i %i)"},
	    {"(|| %t %t)", "(upper %t)", "(case %b %t %t)", "(coalesce %t %t)", "(substr %t %i 2)", "(cast text %i)",
	     "(cast text %b)", "(nullif %t %t)", "(concat %t %i)", "(replace %t 'a' %t)", "(left %t %i)",
	     "(try (cast text (/ %i %i)))"}};
	int k = kind == 'i' ? 0 : kind == 'f' ? 1 : kind == 'b' ? 2 : 3;
	if (kind == '%' || kind == 'a') {
		char both[3] = {'%', kind == 'a' ? 'a' : '\0', '\0'};
		put(t, both);
	} else if (kind == ' ') {
		put(t, "% ");
	} else if (depth <= 0 || next() % 8 == 0) {
		put(t, leaves[k][next() % 4]);
	} else {
		fill(t, inner[k][next() % 12], depth);
	}
}

static void random_trees(void)
{
	mill_mem mem;
	mill_batch batch;
	for (int c = 0; c < COLUMNS; c++)
		column_types[c] = types[c % TYPES];
	state = 0x123456789ABCDEFU;
	printf("    seed %llu\n", (unsigned long long)state);
	mill_mem_init(&mem, INT64_MAX);
	make_batch(&mem, 131, 2, &batch);
	for (int i = 0; i < 400; i++) {
		tree t = {.used = 0};
		grow(&t, "ifbt"[i % 4], 5);
		if (t.used + 1 < sizeof t.text)
			check_expression(t.text, &batch, 3);
	}
	mill_batch_release(&batch);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* A call that says it never fails has no row that does, and one that says it rejects NULLs is TRUE for none of them. */
static void check_facts(mill_expr *call, const char *name, const mill_batch *batch, mill_mem *mem, int checked[2])
{
	mill_program *program;
	mill_error err = {0};
	result r;
	int not_null = call->type.id == MILL_TYPE_BOOL ? mill_expr_not_null_args(call) : 0;
	bool never_fails = !mill_expr_can_fail(call);
	if (!never_fails && not_null == 0)
		return;
	CU_ASSERT_EQUAL_FATAL(mill_program_new(&call, 1, NULL, mem, &program, &err), MILL_OK);
	run(program, batch, &r);
	if (never_fails && r.errors.count > 0) {
		printf("    %s: %s\n", name, r.errors.detail);
		CU_FAIL("a call failed that never does");
	}
	checked[0] += never_fails;
	for (int i = 0; i < not_null; i++) {
		if (call->args[i]->kind != MILL_EXPR_COLUMN)
			continue;
		const mill_column *arg = &batch->columns[call->args[i]->column];
		checked[1]++;
		for (int64_t row = 0; row < batch->rows; row++)
			if (mill_column_is_null(arg, row) && !mill_column_is_null(&r.column, row) &&
			    mill_bit_get(r.column.values, row)) {
				printf("    %s: row %lld\n", name, (long long)row);
				CU_FAIL("TRUE of a NULL");
				break;
			}
	}
	mill_column_release(&r.column);
	mill_program_free(program);
}

/* Every function of one column, of two, and of a column and a text, of every type. */
static void check_function(const char *name, const mill_batch *batch, mill_mem *mem, int checked[2])
{
	world w;
	world_init(&w);
	for (int a = 0; a < TYPES; a++)
		for (int b = -2; b < TYPES; b++) {
			mill_expr *args[2] = {mill_expr_column(&w.b, a, types[a], true, &w.err), NULL};
			if (b == -1)
				args[1] = mill_expr_string(&w.b, "a%_", 3, &w.err);
			if (b >= 0)
				args[1] = mill_expr_column(&w.b, b + TYPES, types[b], true, &w.err);
			mill_expr *call = mill_expr_call(&w.b, name, args, b == -2 ? 1 : 2, &w.err);
			if (call != NULL && call->kind == MILL_EXPR_CALL)
				check_facts(call, name, batch, mem, checked);
		}
	world_release(&w);
}

static void facts(void)
{
	mill_mem mem;
	mill_batch batch;
	int checked[2] = {0, 0};
	for (int c = 0; c < COLUMNS; c++)
		column_types[c] = types[c % TYPES];
	state = 0x123456789ABCDEFU;
	mill_mem_init(&mem, INT64_MAX);
	make_batch(&mem, 900, 2, &batch);
	for (int i = 0; i < mill_function_count(); i++) {
		mill_function_info info = mill_function_list(i);
		if (info.standing == MILL_FUNCTION_OPEN || info.standing == MILL_FUNCTION_INNER)
			check_function(info.name, &batch, &mem, checked);
	}
	CU_ASSERT_TRUE(checked[0] > 400 && checked[1] > 200);
	mill_batch_release(&batch);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void empty(void)
{
	with_batch(0, 0, 1);
}
static void one_row(void)
{
	with_batch(1, 0, 1);
}
static void one_word(void)
{
	with_batch(64, 0, 1);
}
static void word_and_one(void)
{
	with_batch(65, 3, 1);
}
static void some_nulls(void)
{
	with_batch(200, 3, 1);
}
static void all_nulls(void)
{
	with_batch(70, 16, 7);
}
static void full_batch(void)
{
	with_batch(MILL_BATCH_ROWS, 0, 511);
}
static void full_batch_nulls(void)
{
	with_batch(MILL_BATCH_ROWS - 3, 2, 511);
}

static const unit_case cases[] = {
    {"empty", empty},
    {"one_row", one_row},
    {"one_word", one_word},
    {"word_and_one", word_and_one},
    {"some_nulls", some_nulls},
    {"all_nulls", all_nulls},
    {"full_batch", full_batch},
    {"full_batch_nulls", full_batch_nulls},
    {"random_trees", random_trees},
    {"facts", facts},
};
UNIT_MAIN("expr_batch", cases)
