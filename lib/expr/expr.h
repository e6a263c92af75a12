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

/* All return NULL only with *err filled (MILL_USAGE: wrong types, unknown function with suggestion; MILL_NOT_YET;
 * MILL_NOMEM). Nodes live in the arena and are immutable once used as an argument. */
mill_expr *mill_expr_column(mill_expr_builder *b, int column, mill_type type, bool nullable, mill_error *err);
mill_expr *mill_expr_null(mill_expr_builder *b, mill_error *err);
mill_expr *mill_expr_bool(mill_expr_builder *b, bool value, mill_error *err);
mill_expr *mill_expr_number(mill_expr_builder *b, const char *text,
                            mill_error *err); /* D8: int4, int8, decimal, float64 */
mill_expr *mill_expr_string(mill_expr_builder *b, const char *text, size_t length_bytes, mill_error *err);
mill_expr *mill_expr_literal(mill_expr_builder *b, mill_type type, const mill_literal *value, mill_error *err);
mill_expr *mill_expr_param(mill_expr_builder *b, int param, mill_type type, mill_error *err);
/* A registered function or operator by name: "+", "=", "<>", "like", "lower", "date_trunc", … (names without case). */
mill_expr *mill_expr_call(mill_expr_builder *b, const char *name, mill_expr *const *args, int arg_count,
                          mill_error *err);
mill_expr *mill_expr_cast(mill_expr_builder *b, mill_expr *arg, mill_type type, bool is_try, mill_error *err);
mill_expr *mill_expr_case(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
mill_expr *mill_expr_and(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
mill_expr *mill_expr_or(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
mill_expr *mill_expr_coalesce(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
mill_expr *mill_expr_in(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
mill_expr *mill_expr_try(mill_expr_builder *b, mill_expr *arg, mill_error *err);
/* The type both sides are cast to for comparison, UNION, CASE branches, join keys. MILL_USAGE when there is none. */
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

/* The word of a group: "math". */
const char *mill_function_group_text(mill_function_group group);
/* How many rows the registry of scalar functions has; mill_sql_function_list has all that a query may call. */
int mill_function_count(void);
/* Row `index` of the registry, from 0 to mill_function_count() − 1. */
mill_function_info mill_function_list(int index);
/* The row with the name (case ignored); false, and *out as it was: there is none. */
bool mill_function_lookup(const char *name, mill_function_info *out);

/* Tools for planners. A visitor over column references; a copy with columns renumbered (map[old] = new) or replaced by
 * expressions (with[old]); params replaced by literals; structural equality; text for `explain`. */
typedef void (*mill_expr_visit_column)(void *context, int column);
void mill_expr_columns(const mill_expr *expr, mill_expr_visit_column visit, void *context);
mill_expr *mill_expr_remap(mill_arena *arena, const mill_expr *expr, const int *map, mill_error *err);
mill_expr *mill_expr_substitute(mill_arena *arena, const mill_expr *expr, mill_expr *const *with, mill_error *err);
mill_expr *mill_expr_bind_params(mill_arena *arena, const mill_expr *expr, mill_expr *const *values, mill_error *err);
bool mill_expr_equal(const mill_expr *a, const mill_expr *b);
bool mill_expr_is_constant(const mill_expr *expr); /* no column, no volatile function */

/* What planners may rely on; each is a fact of the function's row in the registry. */

/* Could some row make the expression an error? False only where none can, so that it may be evaluated for rows that
 * SQL would not have asked it for. */
bool mill_expr_can_fail(const mill_expr *expr);
/* How many leading arguments are not NULL in every row where the expression is TRUE: all of a comparison and of IS NOT
 * NULL, the left side of IN, none of what nothing is known of. */
int mill_expr_not_null_args(const mill_expr *expr);
bool mill_expr_is_equality(const mill_expr *expr); /* a = b */
bool mill_expr_is_not_null(const mill_expr *expr); /* x IS NOT NULL */
/* Does the cast have a result for every value? */
bool mill_cast_never_fails(mill_type from, mill_type to);
MILL_NODISCARD mill_status mill_expr_text(const mill_expr *expr, const mill_schema *input, mill_bytes *out);

/* An expression list made ready to run: casts folded, constants evaluated, common sub-expressions shared, literals
 * converted, patterns compiled. */
typedef struct mill_program mill_program;
MILL_NODISCARD mill_status mill_program_new(mill_expr *const *exprs, int count, const mill_knobs *knobs, mill_mem *mem,
                                            mill_program **out, mill_error *err);
void mill_program_free(mill_program *program); /* NULL is fine */

/* Rows whose result is an error, by the first expression that failed in each. */
typedef struct mill_row_errors {
	int64_t count;
	uint64_t *rows; /* a bit a row; owned by the program, valid until its next run; NULL when count is 0 */
	int64_t first_row;
	int first_expr;
	int position;     /* in the SQL text */
	char detail[256]; /* "division by zero", "\"abc\" is not an int32" */
} mill_row_errors;

/* Evaluates every expression over the batch into columns[count] (owned by the caller, rows = batch rows). Rows with an
 * error hold NULL there; the caller decides what becomes of them. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_program_run(mill_program *program, const mill_batch *batch, mill_column *columns,
                                            mill_row_errors *errors, mill_error *err);
/* Evaluates expression 0, a boolean, as a predicate: bit set where TRUE (not NULL, not an error). keep has a bit a row,
 * bits past rows 0. */
MILL_NODISCARD mill_status mill_program_filter(mill_program *program, const mill_batch *batch, uint64_t *keep,
                                               int64_t *kept, mill_row_errors *errors, mill_error *err);

#endif
