/* Text joined: ||, concat, concat_ws. */
#include "expr/builder.h"
#include "expr/kernels/text_rows.h"

/* a || b is NULL when either is: strict. */
static mill_status pair_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text a = mill_text_arg(call, 0, row), b = mill_text_arg(call, 1, row);
	MILL_TRY(mill_text_put(out, a.data, a.size, err));
	return mill_text_put(out, b.data, b.size, err);
}
MILL_TEXT_KERNEL(pair_kernel, pair_row)

/* concat passes NULLs over. */
static mill_status concat_kernel(mill_call *call, mill_error *err)
{
	mill_text_out out;
	MILL_TRY(mill_text_begin(&out, call, mill_text_guess(call), err));
	for (int64_t i = 0; i < call->rows; i++) {
		for (int a = 0; a < call->arg_count; a++) {
			mill_text text = {NULL, 0};
			if (!mill_call_arg_null(call, a, i))
				text = mill_text_arg(call, a, i);
			MILL_TRY(mill_text_put(&out, text.data, text.size, err));
		}
		mill_text_end_row(&out, i);
	}
	return MILL_OK;
}

static mill_status concat_ws_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text separator = mill_text_arg(call, 0, row);
	bool any = false;
	for (int a = 1; a < call->arg_count; a++) {
		if (mill_call_arg_null(call, a, row))
			continue;
		mill_text text = mill_text_arg(call, a, row);
		if (any)
			MILL_TRY(mill_text_put(out, separator.data, separator.size, err));
		MILL_TRY(mill_text_put(out, text.data, text.size, err));
		any = true;
	}
	return MILL_OK;
}

/* NULL only when the separator is. */
static mill_status concat_ws_kernel(mill_call *call, mill_error *err)
{
	mill_text_out out;
	MILL_TRY(mill_text_begin(&out, call, (size_t)call->rows * 16, err));
	MILL_TRY(mill_vector_validity(call->program, call->out, err));
	memset(call->out->validity, 0, mill_bit_words(call->rows) * 8);
	for (int64_t i = 0; i < call->rows; i++) {
		if (!mill_call_arg_null(call, 0, i)) {
			MILL_TRY(concat_ws_row(&out, call, i, err));
			mill_bit_set(call->out->validity, i);
		}
		mill_text_end_row(&out, i);
	}
	return MILL_OK;
}

/* Arguments that are not text are cast to it. */
static mill_status to_text(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_expr **out,
                           mill_error *err)
{
	for (int i = 0; i < arg_count; i++) {
		out[i] = args[i]->type.id == MILL_TYPE_STRING
		             ? args[i]
		             : mill_expr_cast(b, args[i], mill_type_of(MILL_TYPE_STRING), false, err);
		if (out[i] == NULL)
			return mill_failed(err);
	}
	return MILL_OK;
}

static mill_expr *join_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *pair[2] = {args[0], args[1]};
	bool text = args[0]->type.id == MILL_TYPE_STRING || args[1]->type.id == MILL_TYPE_STRING;
	if (text && to_text(b, args, arg_count, pair, err) != MILL_OK)
		return NULL;
	return mill_expr_call(b, "text_join", pair, 2, err);
}

/* concat writes truth as t and f, as PostgreSQL's does. */
static mill_expr *truth_letter(mill_expr_builder *b, mill_expr *arg, mill_error *err)
{
	mill_expr *parts[4] = {arg, mill_expr_string(b, "t", 1, err), mill_expr_call(b, "is_false", &arg, 1, err),
	                       mill_expr_string(b, "f", 1, err)};
	for (int i = 0; i < 4; i++)
		if (parts[i] == NULL)
			return NULL;
	return mill_expr_case(b, parts, 4, err);
}

static mill_expr *text_rewrite(mill_expr_builder *b, const char *name, mill_expr *const *args, int arg_count,
                               mill_error *err)
{
	mill_expr *texts[64];
	for (int i = 0; i < arg_count; i++) {
		texts[i] = args[i]->type.id == MILL_TYPE_BOOL ? truth_letter(b, args[i], err) : args[i];
		if (texts[i] == NULL)
			return NULL;
	}
	if (to_text(b, texts, arg_count, texts, err) != MILL_OK)
		return NULL;
	return mill_expr_call(b, name, texts, arg_count, err);
}

static mill_expr *concat_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return text_rewrite(b, "text_concat", args, arg_count, err);
}

static mill_expr *concat_ws_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return text_rewrite(b, "text_concat_ws", args, arg_count, err);
}

#define T MILL_TYPE_STRING
#define B MILL_TYPE_BINARY
static const mill_overload join_overloads[] = {{{T, T}, 2, false, T, pair_kernel, NULL},
                                               {{B, B}, 2, false, B, pair_kernel, NULL}};
static const mill_overload concat_overloads[] = {{{T}, 1, true, T, concat_kernel, NULL}};
static const mill_overload concat_ws_overloads[] = {{{T, T}, 2, true, T, concat_ws_kernel, NULL}};
#undef T
#undef B

#define REWRITE(text, function, low, high, line)                                                            \
	{                                                                                                   \
		.name = text, .group = MILL_GROUP_TEXT, .help = line, .rewrite = function, .min_args = low, \
		.max_args = high                                                                            \
	}

static const mill_function functions[] = {
    {.name = "||",
     .group = MILL_GROUP_OPERATOR,
     .help = "a || b: text joined; NULL when either is",
     .is_operator = true,
     .rewrite = join_rewrite,
     .min_args = 2,
     .max_args = 2},
    REWRITE("concat", concat_rewrite, 1, 64, "concat(a, b, …): values as text, joined; NULLs are left out"),
    REWRITE("concat_ws", concat_ws_rewrite, 2, 64,
            "concat_ws(separator, a, b, …): joined with a separator, NULLs left out"),
    {.name = "text_join",
     .group = MILL_GROUP_TEXT,
     .standing = MILL_FUNCTION_INNER,
     .help = "a || b: text joined; one side may be of another type",
     MILL_LIST(join_overloads),
     .display = "||",
     .is_infix = true},
    {.name = "text_concat",
     .group = MILL_GROUP_TEXT,
     .standing = MILL_FUNCTION_INNER,
     .help = "text_concat(a, b, …): concat of texts",
     MILL_LIST(concat_overloads),
     .sees_nulls = true,
     .never_null = true,
     .display = "concat"},
    {.name = "text_concat_ws",
     .group = MILL_GROUP_TEXT,
     .standing = MILL_FUNCTION_INNER,
     .help = "text_concat_ws(separator, a, …): concat_ws of texts",
     MILL_LIST(concat_ws_overloads),
     .sees_nulls = true,
     .display = "concat_ws"},
};

const mill_function_table mill_functions_concat = MILL_TABLE_OF(functions);
