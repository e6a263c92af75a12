/* Typed expressions over the columns of a batch, their functions and their evaluation.
 *
 * An expression is built bottom up; each builder resolves overloads, inserts casts and reports type errors with the
 * position in the SQL text. Row errors (division by zero, overflow, a CAST that fails, …) do not stop a batch: a kernel
 * marks the row, its value is NULL, and CASE, COALESCE, AND, OR and try() discard the marks of branches not taken.
 * Marks that survive to the top are reported by the evaluator. Literals are never spread over a batch. Not collective.
 *
 * AND is FALSE as soon as one argument is, OR TRUE, whatever the others are, errors included and in any order; else an
 * error wins over NULL. So conjuncts may be reordered, but a filter split in two must not report errors of rows that
 * the other half drops.
 *
 * PostgreSQL's types and values hold, but for what docs/sql.md lists ("What differs from PostgreSQL": D8, D9, functions
 * of numeric, underflow, years, more integer types, PCRE2's regular expressions). */
#ifndef MILL_EXPR_EXPR_H
#define MILL_EXPR_EXPR_H

#include "base/knobs.h"
#include "column/column.h"

typedef struct mill_expr mill_expr;
typedef struct mill_function mill_function; /* registry entry: name, overload, kernel, help */

/* A constant: SQL literal, NULL, job parameter, or the result of a scalar sub-query. Text lives in the arena. */
typedef struct mill_literal {
	bool is_null;
	union {
		bool boolean;
		int64_t i64;  /* integers, DATE (days), TIMESTAMP (µs) */
		uint64_t u64; /* UINT64 */
		double f64;
		mill_i128 decimal; /* at the type's scale */
		mill_interval interval;
		struct {
			const char *text;
			int32_t length_bytes;
		} string;
	} as;
	const char *source; /* a number as written, so that beside a float64 it is rounded once (D8); NULL otherwise */
} mill_literal;

/* Row 0 of a column, of any built type, as a literal; its text is copied to the arena. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_literal_of(mill_arena *arena, const mill_column *column, mill_literal *out,
                                           mill_error *err);

typedef enum mill_expr_kind {
	MILL_EXPR_COLUMN, /* input column `column` */
	MILL_EXPR_LITERAL,
	MILL_EXPR_PARAM, /* scalar sub-query number `param`; replaced by a literal before evaluation */
	MILL_EXPR_CALL,  /* a function over args */
	MILL_EXPR_CAST,  /* args[0] to type; is_try: NULL instead of a row error */
	MILL_EXPR_CASE,  /* args: when1, then1, …, [else] */
	MILL_EXPR_AND,
	MILL_EXPR_OR,
	MILL_EXPR_COALESCE,
	MILL_EXPR_IN, /* args[0] IN (args[1…]), three-valued */
	MILL_EXPR_TRY /* try(args[0]) */
} mill_expr_kind;

struct mill_expr {
	mill_expr_kind kind;
	mill_type type;
	bool nullable;
	bool is_try;
	bool is_wide_literal; /* LITERAL whose type is still to be settled by context (number or untyped text) */
	int position;         /* byte offset in the SQL text; −1: none */
	int column;
	int param;
	mill_literal literal;
	const mill_function *function;
	const struct mill_overload *overload; /* CALL: which of the function's */
	int arg_count;
	mill_expr **args;
};

/* Where builders take memory and put the blame. */
typedef struct mill_expr_builder {
	mill_arena *arena;
	int position;        /* given to nodes built from here on */
	int failed_position; /* set with an error: where in the SQL text; −1: none */
} mill_expr_builder;

/* Builders. A NULL result always comes with *err filled; nodes live in the builder's arena and are immutable once they
 * are somebody's argument. */

/* A reference to column number `column` of the batch. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_column(mill_expr_builder *b, int column, mill_type type, bool nullable, mill_error *err);
/* The constant NULL, of no type yet. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_null(mill_expr_builder *b, mill_error *err);
/* TRUE or FALSE. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_bool(mill_expr_builder *b, bool value, mill_error *err);
/* A number as SQL writes it: an int32, an int64, a decimal or a float64, the first that holds it (D8); context may
 * still settle its type. Errors: MILL_USAGE (no number), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_number(mill_expr_builder *b, const char *text, mill_error *err);
/* Text in quotes, copied; context may still settle its type. Errors: MILL_USAGE (2 GiB and more), MILL_NOMEM. Not
 * collective. */
mill_expr *mill_expr_string(mill_expr_builder *b, const char *text, size_t length_bytes, mill_error *err);
/* A constant of the type; its text is borrowed. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_literal(mill_expr_builder *b, mill_type type, const mill_literal *value, mill_error *err);
/* Scalar sub-query number `param`, which mill_expr_bind_params replaces. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_param(mill_expr_builder *b, int param, mill_type type, mill_error *err);
/* A call of a registered function or operator by its name, case ignored: "+", "=", "<>", "like", "lower", … Errors:
 * MILL_USAGE (unknown name, with a suggestion; wrong types), MILL_NOT_YET, MILL_NOMEM. Not collective. */
mill_expr *mill_expr_call(mill_expr_builder *b, const char *name, mill_expr *const *args, int arg_count,
                          mill_error *err);
/* CAST(arg AS type); is_try: a value that does not fit becomes NULL instead of an error. arg itself where it has the
 * type. Errors: MILL_USAGE (there is no such cast), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_cast(mill_expr_builder *b, mill_expr *arg, mill_type type, bool is_try, mill_error *err);
/* CASE; args: when1, then1, …, [else]. Errors: MILL_USAGE (a condition is not boolean, results have no common type),
 * MILL_NOMEM. Not collective. */
mill_expr *mill_expr_case(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
/* All of args. Errors: MILL_USAGE (one is not boolean), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_and(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
/* One of args. Errors: MILL_USAGE (one is not boolean), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_or(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
/* The first of args that is not NULL. Errors: MILL_USAGE (no common type), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_coalesce(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
/* args[0] IN (args[1], …). Errors: MILL_USAGE (no common type), MILL_NOMEM. Not collective. */
mill_expr *mill_expr_in(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
/* arg, NULL where it is an error. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_try(mill_expr_builder *b, mill_expr *arg, mill_error *err);
/* The type both sides are cast to for comparison, UNION, CASE branches, join keys. MILL_USAGE when there is none.
 * Not collective. */
MILL_NODISCARD mill_status mill_common_type(mill_type a, mill_type b, mill_type *out, mill_error *err);

/* Headings under which help lists functions, and the word that it shows for each. */
#define MILL_FUNCTION_GROUPS(X)   \
	X(OPERATOR, "operator")   \
	X(MATH, "math")           \
	X(TEXT, "text")           \
	X(PATTERN, "pattern")     \
	X(DATE, "date")           \
	X(NULL, "null")           \
	X(HASH, "hash")           \
	X(AGGREGATE, "aggregate") \
	X(WINDOW, "window")
typedef enum mill_function_group {
#define X(name, text) MILL_GROUP_##name,
	MILL_FUNCTION_GROUPS(X)
#undef X
} mill_function_group;

/* May a query call it, and need its author know of it? */
typedef enum mill_function_standing {
	MILL_FUNCTION_OPEN,    /* help lists it */
	MILL_FUNCTION_INNER,   /* what others are rewritten to; it can be called, but help does not list it */
	MILL_FUNCTION_REFUSED, /* other systems have it, this one never will: help says why */
	MILL_FUNCTION_NOT_YET  /* other systems have it and this one is to have it */
} mill_function_standing;

typedef struct mill_function_info {
	const char *name; /* "date_trunc", "+" */
	mill_function_group group;
	mill_function_standing standing;
	bool is_operator; /* SQL writes its name between operands, or before one: a + b, -a */
	const char *help; /* "date_trunc(unit, x): x cut to the unit"; REFUSED: the reason; NOT_YET: "" */
} mill_function_info;

/* The word of a group: "math". Not collective. */
const char *mill_function_group_text(mill_function_group group);
/* How many rows the registry of scalar functions has; mill_sql_function_list has all that a query may call. Not
 * collective. */
int mill_function_count(void);
/* Row `index` of the registry, from 0 to mill_function_count() − 1. Not collective. */
mill_function_info mill_function_list(int index);
/* The row with the name (case ignored); false, and *out as it was: there is none. Not collective. */
bool mill_function_lookup(const char *name, mill_function_info *out);

/* Tools for planners. */

typedef void (*mill_expr_visit_column)(void *context, int column);
/* Calls visit for every column reference, as often as it occurs. Not collective. */
void mill_expr_columns(const mill_expr *expr, mill_expr_visit_column visit, void *context);
/* A copy with columns renumbered: map[old] = new. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_remap(mill_arena *arena, const mill_expr *expr, const int *map, mill_error *err);
/* A copy with columns replaced by expressions, with[old], which are not copied. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_substitute(mill_arena *arena, const mill_expr *expr, mill_expr *const *with, mill_error *err);
/* A copy with params replaced by expressions, values[param]. Errors: MILL_NOMEM. Not collective. */
mill_expr *mill_expr_bind_params(mill_arena *arena, const mill_expr *expr, mill_expr *const *values, mill_error *err);
/* Do both compute the same in the same way? Positions do not count. Not collective. */
bool mill_expr_equal(const mill_expr *a, const mill_expr *b);
/* Is it the same for every row, without columns and params? Not collective. */
bool mill_expr_is_constant(const mill_expr *expr);

/* What planners may rely on; each is a fact of the function's row in the registry. */

/* Could some row make the expression an error? False only where none can, so that it may be evaluated for rows that
 * SQL would not have asked it for. Not collective. */
bool mill_expr_can_fail(const mill_expr *expr);
/* How many leading arguments are not NULL in every row where the expression is TRUE: all of a comparison and of IS
 * NOT NULL, the left side of IN, none of what nothing is known of. Not collective. */
int mill_expr_not_null_args(const mill_expr *expr);
/* Is it a = b? Not collective. */
bool mill_expr_is_equality(const mill_expr *expr);
/* Is it x IS NOT NULL? Not collective. */
bool mill_expr_is_not_null(const mill_expr *expr);
/* Does the cast have a result for every value? Not collective. */
bool mill_cast_never_fails(mill_type from, mill_type to);
/* Appends the expression as SQL. input: the schema that columns refer to; NULL: they are shown as #0, #1 …
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_expr_text(const mill_expr *expr, const mill_schema *input, mill_bytes *out);

/* An expression list made ready to run: casts folded, constants evaluated, common sub-expressions shared, literals
 * converted, patterns compiled. */
typedef struct mill_program mill_program;
/* Compiles exprs[count], which the program borrows. MILL_INTERNAL: a param is left. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_program_new(mill_expr *const *exprs, int count, const mill_knobs *knobs, mill_mem *mem,
                                            mill_program **out, mill_error *err);
/* NULL is fine. Not collective. */
void mill_program_free(mill_program *program);

/* Rows whose result is an error, by the first expression that failed in each. */
typedef struct mill_row_errors {
	int64_t count;
	uint64_t *rows; /* a bit per row; owned by the program, valid until its next run; NULL when count is 0 */
	int64_t first_row;
	int first_expr;
	int position;     /* in the SQL text */
	char detail[256]; /* "division by zero", "\"abc\" is not an int32" */
} mill_row_errors;

/* Evaluates every expression over the batch into columns[count], which the caller releases, each with as many rows
 * as the batch. Rows with an error hold NULL there; the caller decides what becomes of them. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_program_run(mill_program *program, const mill_batch *batch, mill_column *columns,
                                            mill_row_errors *errors, mill_error *err);
/* Evaluates expression 0, a boolean, as a predicate: keep gets a bit per row, set where it is TRUE (not NULL, not an
 * error), bits past rows 0; *kept is their number. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_program_filter(mill_program *program, const mill_batch *batch, uint64_t *keep,
                                               int64_t *kept, mill_row_errors *errors, mill_error *err);

#endif
