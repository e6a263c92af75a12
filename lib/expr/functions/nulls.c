/* Functions of NULL and of truth, and those that choose. */
#include "expr/builder.h"
#include "expr/kernels/kernels.h"
#include <string.h>

static void fill_bits(mill_call *call, bool value)
{
	memset(call->out->values, value ? 0xff : 0, mill_bit_words(call->rows) * 8);
}

static mill_status is_null(mill_call *call, mill_error *err)
{
	const mill_column *c = &call->args[0]->column;
	uint64_t *out = call->out->values;
	(void)err;
	if (c->validity == NULL) {
		fill_bits(call, false);
		return MILL_OK;
	}
	for (size_t w = 0; w < mill_bit_words(call->rows); w++)
		out[w] = ~c->validity[w];
	return MILL_OK;
}

static mill_status is_not_null(mill_call *call, mill_error *err)
{
	const mill_column *c = &call->args[0]->column;
	(void)err;
	if (c->validity == NULL)
		fill_bits(call, true);
	else
		memcpy(call->out->values, c->validity, mill_bit_words(call->rows) * 8);
	return MILL_OK;
}

/* The rows that are TRUE (FALSE, NULL), inverted where asked. */
#define TRUTH_KERNEL(NAME, TEST)                                                              \
	static mill_status NAME(mill_call *call, mill_error *err)                             \
	{                                                                                     \
		const mill_column *c = &call->args[0]->column;                                \
		const uint64_t *values = c->values;                                           \
		uint64_t *out = call->out->values;                                            \
		(void)err;                                                                    \
		for (size_t w = 0; w < mill_bit_words(call->rows); w++) {                     \
			uint64_t valid = c->validity != NULL ? c->validity[w] : ~(uint64_t)0; \
			out[w] = TEST;                                                        \
		}                                                                             \
		return MILL_OK;                                                               \
	}

TRUTH_KERNEL(is_true, values[w] & valid)
TRUTH_KERNEL(is_not_true, ~(values[w] & valid))
TRUTH_KERNEL(is_false, ~values[w] & valid)
TRUTH_KERNEL(is_not_false, ~(~values[w] & valid))

static mill_status not_bool(mill_call *call, mill_error *err)
{
	const uint64_t *in = mill_call_values(call, 0);
	uint64_t *out = call->out->values;
	(void)err;
	for (size_t w = 0; w < mill_bit_words(call->rows); w++)
		out[w] = ~in[w];
	return MILL_OK;
}

#define ANY_TO_BOOL(kernel)                                            \
	{                                                              \
		{MILL_ARG_ANY}, 1, false, MILL_TYPE_BOOL, kernel, NULL \
	}
#define BOOL_TO_BOOL(kernel)                                             \
	{                                                                \
		{MILL_TYPE_BOOL}, 1, false, MILL_TYPE_BOOL, kernel, NULL \
	}
static const mill_overload is_null_overloads[] = {ANY_TO_BOOL(is_null)};
static const mill_overload is_not_null_overloads[] = {ANY_TO_BOOL(is_not_null)};
static const mill_overload is_true_overloads[] = {BOOL_TO_BOOL(is_true)};
static const mill_overload is_not_true_overloads[] = {BOOL_TO_BOOL(is_not_true)};
static const mill_overload is_false_overloads[] = {BOOL_TO_BOOL(is_false)};
static const mill_overload is_not_false_overloads[] = {BOOL_TO_BOOL(is_not_false)};
static const mill_overload is_unknown_overloads[] = {BOOL_TO_BOOL(is_null)};
static const mill_overload is_not_unknown_overloads[] = {BOOL_TO_BOOL(is_not_null)};
static const mill_overload not_overloads[] = {BOOL_TO_BOOL(not_bool)};

static mill_expr *call1(mill_expr_builder *b, const char *name, mill_expr *arg, mill_error *err)
{
	return arg == NULL ? NULL : mill_expr_call(b, name, &arg, 1, err);
}

static mill_expr *call2(mill_expr_builder *b, const char *name, mill_expr *left, mill_expr *right, mill_error *err)
{
	mill_expr *args[2] = {left, right};
	return left == NULL || right == NULL ? NULL : mill_expr_call(b, name, args, 2, err);
}

/* a <> b unless one is NULL, then whether only one is. */
static mill_expr *distinct_from(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *one_null = call2(b, "<>", call1(b, "is_null", args[0], err), call1(b, "is_null", args[1], err), err);
	mill_expr *parts[2] = {call2(b, "<>", args[0], args[1], err), one_null};
	(void)arg_count;
	return parts[0] == NULL || one_null == NULL ? NULL : mill_expr_coalesce(b, parts, 2, err);
}

static mill_expr *not_distinct_from(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return call1(b, "not", distinct_from(b, args, arg_count, err), err);
}

static mill_expr *nullif(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *branches[3] = {call2(b, "=", args[0], args[1], err), NULL, args[0]};
	(void)arg_count;
	if (branches[0] == NULL)
		return NULL;
	branches[1] = mill_expr_null(b, err);
	return branches[1] == NULL ? NULL : mill_expr_case(b, branches, 3, err);
}

static mill_expr *coalesce(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return mill_expr_coalesce(b, args, arg_count, err);
}

static mill_expr *try_expr(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	(void)arg_count;
	return mill_expr_try(b, args[0], err);
}

/* try_cast(x, 'type') */
static mill_expr *try_cast(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_type type;
	const mill_expr *name = args[1];
	(void)arg_count;
	if (name->kind != MILL_EXPR_LITERAL || name->type.id != MILL_TYPE_STRING || name->literal.is_null) {
		mill_builder_fail(b, name->position, err, MILL_USAGE,
		                  "try_cast(x, 'type') needs the type as a text literal");
		return NULL;
	}
	if (mill_type_parse(name->literal.as.string.text, &type, err) != MILL_OK) {
		b->failed_position = name->position;
		return NULL;
	}
	return mill_expr_cast(b, args[0], type, true, err);
}

static mill_expr *between(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *both[2] = {call2(b, ">=", args[0], args[1], err), NULL};
	(void)arg_count;
	if (both[0] == NULL)
		return NULL;
	both[1] = call2(b, "<=", args[0], args[2], err);
	return both[1] == NULL ? NULL : mill_expr_and(b, both, 2, err);
}

#define NULL_TEST(text, list, line)                                                                      \
	{                                                                                                \
		.name = text, .group = MILL_GROUP_NULL, .standing = MILL_FUNCTION_INNER, .help = line,   \
		MILL_LIST(list), .sees_nulls = true, .never_null = true, .never_fails = mill_never_fails \
	}
#define REWRITE(text, in, line, function, low, high)                                                            \
	{                                                                                                       \
		.name = text, .group = in, .help = line, .rewrite = function, .min_args = low, .max_args = high \
	}

static const mill_function functions[] = {
    NULL_TEST("is_null", is_null_overloads, "is_null(x): x IS NULL"),
    {.name = "is_not_null",
     .group = MILL_GROUP_NULL,
     .standing = MILL_FUNCTION_INNER,
     .help = "is_not_null(x): x IS NOT NULL",
     MILL_LIST(is_not_null_overloads),
     .sees_nulls = true,
     .never_null = true,
     .meaning = MILL_MEANS_NOT_NULL,
     .rejects_nulls = true,
     .never_fails = mill_never_fails},
    NULL_TEST("is_true", is_true_overloads, "is_true(x): x IS TRUE"),
    NULL_TEST("is_not_true", is_not_true_overloads, "is_not_true(x): x IS NOT TRUE"),
    NULL_TEST("is_false", is_false_overloads, "is_false(x): x IS FALSE"),
    NULL_TEST("is_not_false", is_not_false_overloads, "is_not_false(x): x IS NOT FALSE"),
    NULL_TEST("is_unknown", is_unknown_overloads, "is_unknown(x): x IS UNKNOWN"),
    NULL_TEST("is_not_unknown", is_not_unknown_overloads, "is_not_unknown(x): x IS NOT UNKNOWN"),
    {.name = "not",
     .group = MILL_GROUP_OPERATOR,
     .help = "NOT a, of a condition: the opposite; NULL stays NULL",
     MILL_LIST(not_overloads),
     .never_fails = mill_never_fails},
    {.name = "is_distinct_from",
     .group = MILL_GROUP_NULL,
     .standing = MILL_FUNCTION_INNER,
     .help = "is_distinct_from(a, b): a IS DISTINCT FROM b, never NULL",
     .rewrite = distinct_from,
     .min_args = 2,
     .max_args = 2},
    {.name = "is_not_distinct_from",
     .group = MILL_GROUP_NULL,
     .standing = MILL_FUNCTION_INNER,
     .help = "is_not_distinct_from(a, b): equal, or both NULL",
     .rewrite = not_distinct_from,
     .min_args = 2,
     .max_args = 2},
    REWRITE("nullif", MILL_GROUP_NULL, "nullif(a, b): NULL when a = b, else a", nullif, 2, 2),
    REWRITE("coalesce", MILL_GROUP_NULL, "coalesce(a, b, …): the first that is not NULL", coalesce, 1, 1000),
    REWRITE("ifnull", MILL_GROUP_NULL, "ifnull(a, b): coalesce of two", coalesce, 2, 2),
    REWRITE("nvl", MILL_GROUP_NULL, "nvl(a, b): coalesce of two, as in Spark", coalesce, 2, 2),
    REWRITE("try", MILL_GROUP_NULL, "try(x): NULL for rows where x fails", try_expr, 1, 1),
    REWRITE("try_cast", MILL_GROUP_NULL, "try_cast(x, 'type'): NULL where the cast fails", try_cast, 2, 2),
    REWRITE("between", MILL_GROUP_OPERATOR, "between(x, a, b): x >= a AND x <= b", between, 3, 3),
};

const mill_function_table mill_functions_nulls = MILL_TABLE_OF(functions);
