/* What the registry, the builders, the evaluator and the kernels of expr/ share; no other room includes it.
 *
 * A program is a DAG of nodes; a node's value over a batch is a vector: a column, or one row that stands for all, and
 * the rows that are errors (which are NULL in the column). A kernel is called once a batch with its argument vectors;
 * it writes plain arrays and marks rows that fail. Not collective. */
#ifndef MILL_EXPR_INTERNAL_H
#define MILL_EXPR_INTERNAL_H

#include "base/simd.h"
#include "expr/expr.h"

typedef struct mill_vector {
	mill_column column; /* a reference; one row when constant */
	bool constant;
	mill_buffer *errors; /* a bit a row (padding bits 0); NULL: none */
} mill_vector;

/* Why a row failed. `%T` is the result type, `%0` the first argument. */
#define MILL_ROW_CODES(X)                                                               \
	X(NONE, "")                                                                     \
	X(DIVISION, "division by zero")                                                 \
	X(RANGE, "%T out of range")                                                     \
	X(CAST, "%0 is not a valid %T")                                                 \
	X(CAST_RANGE, "%0 does not fit %T")                                             \
	X(DOMAIN, "argument outside of the function's domain")                          \
	X(NEGATIVE_ROOT, "square root of a negative number")                            \
	X(LOG_ZERO, "logarithm of zero")                                                \
	X(LOG_NEGATIVE, "logarithm of a negative number")                               \
	X(POWER_NEGATIVE, "a negative number raised to a power that is not an integer") \
	X(POWER_ZERO, "zero raised to a negative power")                                \
	X(NEGATIVE_LENGTH, "negative substring length")                                 \
	X(FIELD_ZERO, "field position must not be zero")                                \
	X(CODE_POINT, "not a character code")                                           \
	X(DATE_RANGE, "date or time outside of years 0001 to 9999")                     \
	X(DATE_FIELD, "no such date or time")                                           \
	X(DATE_UNIT, "unknown date part %0")                                            \
	X(TEXT_LENGTH, "text longer than 256 MB")                                       \
	X(PATTERN, "invalid regular expression %1")                                     \
	X(PATTERN_LIMIT, "regular expression takes too long on this text")              \
	X(ESCAPE, "LIKE pattern must not end with its escape character")                \
	X(FORMAT, "%0 does not match the format %1")

typedef enum mill_row_code {
#define X(name, text) MILL_ROW_##name,
	MILL_ROW_CODES(X)
#undef X
} mill_row_code;

typedef struct mill_node mill_node;

/* One evaluation of one function over a batch. */
typedef struct mill_call {
	struct mill_program *program;
	mill_node *node;
	int64_t rows; /* 1 when every argument is constant */
	const mill_vector *const *args;
	int arg_count;
	const uint64_t *valid; /* strict functions: rows where no argument is NULL; NULL: all */
	mill_column *out;      /* strict: validity is set; fixed width: values[rows] is there, undefined; BOOL: words
	                          undefined, a kernel may leave any bits past rows */
	uint64_t *marks;       /* a zeroed bit a row: set it and call mill_call_mark for rows that fail */
	mill_row_code code;
	bool failed;
	int simd; /* mill_simd_level */
} mill_call;

typedef mill_status (*mill_kernel)(mill_call *call, mill_error *err);

/* Argument patterns beyond mill_type_id: any type as it is; the common type of all arguments so marked. */
#define MILL_ARG_ANY      100
#define MILL_ARG_SAME     101
#define MILL_OVERLOAD_MAX 6

typedef struct mill_overload {
	uint8_t args[MILL_OVERLOAD_MAX];
	uint8_t arg_count;
	bool variadic;  /* the last pattern repeats, once or more */
	uint8_t result; /* mill_type_id, or MILL_ARG_SAME, or MILL_ARG_ANY with derive */
	mill_kernel kernel;
	/* The result type where it depends on more than type ids (decimals); MILL_USAGE when there is none. */
	mill_status (*derive)(const mill_type *args, int arg_count, mill_type *result, mill_error *err);
} mill_overload;

/* What planners recognise a function by; most mean nothing to them. */
typedef enum mill_meaning { MILL_MEANS_OTHER, MILL_MEANS_EQUAL, MILL_MEANS_NOT_NULL } mill_meaning;

/* A row of the registry: all that the rest of the program knows of a function. What is left out is false or NULL, which
 * is always safe: nothing is then assumed of the function. */
struct mill_function {
	const char *name;
	mill_function_group group;
	mill_function_standing standing;
	const char *help; /* "round(x [, n]): x rounded to n places"; REFUSED: why */
	const mill_overload *overloads;
	int overload_count;
	bool sees_nulls;     /* not strict: the kernel takes NULL arguments and makes out's validity itself */
	bool never_null;     /* the result is never NULL (IS NULL, concat) */
	const char *display; /* what messages call it, where that is not its name ("+" of add) */
	bool is_infix;       /* of two arguments is shown as a + b */
	bool compares;       /* a literal may be narrowed to its column's type without changing the result */
	mill_meaning meaning;
	bool rejects_nulls; /* a condition that is TRUE only where no argument is NULL */
	/* Does this call give a value for every row, so that planners may move it? NULL: some row may be an error. */
	bool (*never_fails)(const mill_expr *call);
	int min_args; /* rewrites only */
	int max_args;
	/* Replaces the call by another expression (nullif → CASE). NULL: none. */
	mill_expr *(*rewrite)(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err);
	/* Once a call: refuses literal arguments that no row can be right with (a pattern that does not compile). NULL:
	 * none. */
	mill_status (*check)(mill_expr_builder *b, const mill_expr *call, mill_error *err);
	/* Once a program: looks at constant arguments, keeps what it makes in node->state. NULL: none. */
	mill_status (*prepare)(struct mill_program *program, mill_node *node, mill_error *err);
	void (*unprepare)(mill_node *node);
};

typedef struct mill_function_table {
	const mill_function *functions;
	int count;
} mill_function_table;

static inline const char *mill_function_display(const mill_function *function)
{
	return function->display != NULL ? function->display : function->name;
}

/* One table per file of functions; registry.c lists them. */
extern const mill_function_table mill_functions_operator;
extern const mill_function_table mill_functions_compare;
extern const mill_function_table mill_functions_math;
extern const mill_function_table mill_functions_text;
extern const mill_function_table mill_functions_pattern;
extern const mill_function_table mill_functions_date;
extern const mill_function_table mill_functions_calendar;
extern const mill_function_table mill_functions_choice;
extern const mill_function_table mill_functions_nulls;
extern const mill_function_table mill_functions_foreseen;
/* The initialiser of a table, and a row's overloads, from arrays. */
#define MILL_TABLE_OF(array)                                     \
	{                                                        \
		array, (int)(sizeof(array) / sizeof((array)[0])) \
	}
#define MILL_LIST(array) .overloads = (array), .overload_count = (int)(sizeof(array) / sizeof((array)[0]))

/* For .never_fails: whatever the arguments. */
bool mill_never_fails(const mill_expr *call);

const mill_function *mill_function_find(const char *name); /* NULL: none */
const char *mill_function_suggest(const char *name);       /* the nearest name, or NULL */

/* Overloads (resolve.c): picks the cheapest, converts the arguments in place. */
MILL_NODISCARD mill_status mill_resolve(mill_expr_builder *b, const mill_function *function, mill_expr **args,
                                        int arg_count, const mill_overload **overload, mill_type *result,
                                        mill_error *err);
/* The expression as the type, literals converted at once, by an implicit cast otherwise. NULL with err. */
mill_expr *mill_expr_coerce(mill_expr_builder *b, mill_expr *arg, mill_type type, mill_error *err);
/* The text of argument i where it is a literal; false: it is none, or NULL. */
bool mill_expr_literal_text(const mill_expr *call, int i, const char **text, size_t *size_bytes);
/* Converts all to their common type in place (CASE, COALESCE, IN, greatest). what: for the message. */
MILL_NODISCARD mill_status mill_expr_unify(mill_expr_builder *b, mill_expr **args, int count, const char *what,
                                           mill_type *type, mill_error *err);
mill_expr *mill_expr_new(mill_expr_builder *b, mill_expr_kind kind, mill_type type, mill_expr *const *args,
                         int arg_count, mill_error *err);
mill_status mill_builder_fail(mill_expr_builder *b, int position, mill_error *err, mill_status status,
                              const char *format, ...) MILL_PRINTF(5, 6);

/* The status of a builder that returned NULL. */
static inline mill_status mill_failed(const mill_error *err)
{
	return err != NULL && err->status != MILL_OK ? err->status : MILL_USAGE;
}

/* The decimal type that holds every value of an integer type. */
mill_type mill_decimal_of_integer(mill_type type);

/* Literals as one-row columns and back. */
MILL_NODISCARD mill_status mill_literal_column(mill_mem *mem, mill_type type, const mill_literal *literal,
                                               mill_column *out, mill_error *err);
MILL_NODISCARD mill_status mill_literal_of(mill_arena *arena, const mill_column *column, mill_literal *out,
                                           mill_error *err);
bool mill_literal_equal(mill_type type, const mill_literal *a, const mill_literal *b);

/* Casts (cast.c). NULL: no such cast. *implicit: an expression may be cast so without being asked. */
mill_kernel mill_cast_kernel(mill_type from, mill_type to);
bool mill_cast_is_implicit(mill_type from, mill_type to);

struct mill_node {
	mill_expr_kind kind;
	mill_type type;
	bool is_try;
	int position;
	int column;
	const mill_function *function;
	const mill_overload *overload;
	mill_kernel kernel; /* CALL, CAST */
	int arg_count;
	int *args;          /* node numbers */
	int uses;           /* by other nodes and as results */
	int remaining;      /* uses not yet served in this run */
	bool ready;         /* value is there in this run */
	bool constant;      /* value is there for good */
	mill_row_code code; /* of the rows marked in this run */
	mill_vector value;
	const mill_literal *literal; /* LITERAL: borrowed from the expression */
	void *state;                 /* of prepare */
	uint64_t hash;
	int next; /* in the chain of nodes with like hashes */
};

#define MILL_EXPR_DEPTH   2000 /* of nesting: an evaluation's C stack stays small */
#define MILL_POOL_BUFFERS 128
#define MILL_POOL_BYTES   ((size_t)1 << 20) /* larger buffers are not kept */

/* Buffers used again batch after batch: one that nobody else references is free. */
typedef struct mill_buffer_pool {
	mill_mem *mem;
	mill_buffer *members[MILL_POOL_BUFFERS];
	int count;
	int oldest; /* next to be given up when full */
} mill_buffer_pool;

struct mill_program {
	mill_mem *mem;
	mill_arena arena;
	int simd;
	mill_node *nodes;
	int node_count;
	int node_capacity;
	int *roots;
	const mill_expr **expressions;
	int root_count;
	mill_buffer_pool pool;
	uint64_t *marks; /* zero between kernels */
	int64_t mark_words;
	const mill_batch *batch; /* of this run */
	int64_t rows;
	uint64_t *error_rows;
	int64_t error_words;
	int depth;
	int few_chains[64];
	int *chains; /* first node of each chain, -1: none; few_chains, or in the arena */
	int chain_count;
};

/* One reference, at least size_bytes, contents undefined. */
mill_buffer *mill_pool_take(mill_buffer_pool *pool, size_t size_bytes);
void mill_pool_release(mill_buffer_pool *pool);
/* The same as a failed status: *out is set on success. */
MILL_NODISCARD mill_status mill_program_buffer(struct mill_program *program, size_t size_bytes, mill_buffer **out,
                                               mill_error *err);

/* Start and end of a run: every node's value is missing, constants aside, until asked for. */
MILL_NODISCARD mill_status mill_program_begin(struct mill_program *program, const mill_batch *batch, mill_error *err);
void mill_program_end(struct mill_program *program);

void mill_vector_release(mill_vector *vector);
/* Evaluates a node unless its value is there. */
MILL_NODISCARD mill_status mill_node_eval(struct mill_program *program, int node, mill_error *err);
MILL_NODISCARD mill_status mill_node_eval_conditional(struct mill_program *program, mill_node *node, mill_error *err);
/* A consumer is through with the node's value. */
void mill_node_done(struct mill_program *program, int node);
/* Fixed-width or boolean values, or offsets, of rows rows; no validity. */
MILL_NODISCARD mill_status mill_vector_new(struct mill_program *program, mill_type type, int64_t rows, mill_column *out,
                                           mill_error *err);
MILL_NODISCARD mill_status mill_vector_validity(struct mill_program *program, mill_column *column, mill_error *err);
/* Settles null_count, drops an all-valid bitmap, clears padding bits. */
void mill_column_settle(mill_column *column);
/* NULL for every row, as one constant row; error: the row is a failure too. */
MILL_NODISCARD mill_status mill_vector_null(struct mill_program *program, mill_type type, bool error, mill_vector *out,
                                            mill_error *err);
/* The vector as rows rows, constants spread. */
MILL_NODISCARD mill_status mill_vector_spread(struct mill_program *program, const mill_vector *in, int64_t rows,
                                              mill_column *out, mill_error *err);

static inline void mill_call_mark(mill_call *call, mill_row_code code)
{
	call->failed = true;
	if (call->code == MILL_ROW_NONE)
		call->code = code;
}
static inline void mill_call_fail_row(mill_call *call, int64_t row, mill_row_code code)
{
	mill_bit_set(call->marks, row);
	mill_call_mark(call, code);
}
static inline bool mill_call_valid(const mill_call *call, int64_t row)
{
	return call->valid == NULL || mill_bit_get(call->valid, row);
}
/* For kernels that see NULLs. */
static inline bool mill_call_arg_null(const mill_call *call, int i, int64_t row)
{
	return mill_column_is_null(&call->args[i]->column, call->args[i]->constant ? 0 : row);
}
/* Values of argument i, and the step from row to row (0 for a constant). */
static inline const void *mill_call_values(const mill_call *call, int i)
{
	return call->args[i]->column.values;
}
static inline int64_t mill_call_step(const mill_call *call, int i)
{
	return call->args[i]->constant && call->rows != 1 ? 0 : 1;
}
/* Text of a valid row. */
static inline const char *mill_call_text(const mill_call *call, int i, int64_t row, int32_t *length_bytes)
{
	const mill_column *c = &call->args[i]->column;
	if (call->args[i]->constant)
		row = 0;
	*length_bytes = c->offsets[row + 1] - c->offsets[row];
	return c->bytes + c->offsets[row];
}

/* Low n bits, 0 ≤ n ≤ 64. */
static inline uint64_t mill_low_bits(int64_t n)
{
	return n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}
/* The bits of word w that are rows. */
static inline uint64_t mill_row_bits(int64_t rows, int64_t w)
{
	return mill_low_bits(rows - w * 64 < 64 ? rows - w * 64 : 64);
}

#endif
