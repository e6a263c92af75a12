/* What a function is: a row of a table in this folder, and kernels that compute it. Private to expr/.
 *
 * Each file of functions/ has a table of rows at its end and, above it, what its rows alone need; kernels that several
 * files share are in kernels/. To add a function, add a row (and take its name out of foreseen.c, should it be there).
 * A kernel is called once per batch with its argument vectors; it writes plain arrays and marks rows that fail. */
#ifndef MILL_EXPR_FUNCTIONS_FUNCTION_H
#define MILL_EXPR_FUNCTIONS_FUNCTION_H

#include "base/simd.h"
#include "expr/expr.h"
#include "expr/vector.h"

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
	uint64_t *marks;       /* a zeroed bit per row: set it and call mill_call_mark for rows that fail */
	mill_row_code code;
	bool failed;
	int simd; /* mill_simd_level */
} mill_call;

/* Fills call->out for call->rows rows. MILL_NOMEM; MILL_DATA where a whole batch cannot go on: rows that fail are
 * marked and no error. */
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
	bool is_operator;    /* SQL writes its name between operands, or before one */
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
	/* Once per call: refuses literal arguments that no row can be right with (a pattern that does not compile).
	 * NULL: none. */
	mill_status (*check)(mill_expr_builder *b, const mill_expr *call, mill_error *err);
	/* Once per program: looks at constant arguments, keeps what it makes in node->state. NULL: none. */
	mill_status (*prepare)(struct mill_program *program, mill_node *node, mill_error *err);
	void (*unprepare)(mill_node *node);
};

typedef struct mill_function_table {
	const mill_function *functions;
	int count;
} mill_function_table;

/* What messages and plans call it. Not collective. */
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
extern const mill_function_table mill_functions_extremes;
extern const mill_function_table mill_functions_concat;
extern const mill_function_table mill_functions_hash;
extern const mill_function_table mill_functions_nulls;
extern const mill_function_table mill_functions_foreseen;
/* The initialiser of a table, and a row's overloads, from arrays. */
#define MILL_TABLE_OF(array)                                     \
	{                                                        \
		array, (int)(sizeof(array) / sizeof((array)[0])) \
	}
#define MILL_LIST(array) .overloads = (array), .overload_count = (int)(sizeof(array) / sizeof((array)[0]))

/* For .never_fails: whatever the arguments. Not collective. */
bool mill_never_fails(const mill_expr *call);

/* The row with the name, case ignored; NULL: there is none. Not collective. */
const mill_function *mill_function_find(const char *name);
/* The name nearest to this one of a function that help lists; NULL: none is near. Not collective. */
const char *mill_function_suggest(const char *name);

/* Some row failed for this reason; that of the first counts. Not collective. */
static inline void mill_call_mark(mill_call *call, mill_row_code code)
{
	call->failed = true;
	if (call->code == MILL_ROW_NONE)
		call->code = code;
}
/* The row fails. Not collective. */
static inline void mill_call_fail_row(mill_call *call, int64_t row, mill_row_code code)
{
	mill_bit_set(call->marks, row);
	mill_call_mark(call, code);
}
/* For strict functions: is no argument of the row NULL? Not collective. */
static inline bool mill_call_valid(const mill_call *call, int64_t row)
{
	return call->valid == NULL || mill_bit_get(call->valid, row);
}
/* For functions that see NULLs: is argument i of the row NULL? Not collective. */
static inline bool mill_call_arg_null(const mill_call *call, int i, int64_t row)
{
	return mill_column_is_null(&call->args[i]->column, call->args[i]->constant ? 0 : row);
}
/* The values of argument i, of fixed width or boolean. Not collective. */
static inline const void *mill_call_values(const mill_call *call, int i)
{
	return call->args[i]->column.values;
}
/* From the value of one row to that of the next: 1, or 0 where one row stands for all. Not collective. */
static inline int64_t mill_call_stride(const mill_call *call, int i)
{
	return call->args[i]->constant && call->rows != 1 ? 0 : 1;
}
/* The text of argument i, which is not NULL in the row; borrowed. Not collective. */
static inline const char *mill_call_text(const mill_call *call, int i, int64_t row, int32_t *length_bytes)
{
	const mill_column *c = &call->args[i]->column;
	if (call->args[i]->constant)
		row = 0;
	*length_bytes = c->offsets[row + 1] - c->offsets[row];
	return c->bytes + c->offsets[row];
}

#endif
