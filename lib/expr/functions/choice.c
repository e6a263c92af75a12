#include "base/hash.h"
#include "column/value.h"
#include "expr/kernels/text_rows.h"

/* Functions over several arguments of any type: greatest, least, concat, hashes. */

/* Row of argument i, whose constants have one. */
static int64_t row_of(const mill_call *call, int i, int64_t row)
{
	return call->args[i]->constant ? 0 : row;
}

/* NULLs are passed over; the result is NULL when all are. Values are compared as ORDER BY does. */
static int chosen(const mill_call *call, int64_t row, bool largest)
{
	int best = -1;
	for (int i = 0; i < call->arg_count; i++) {
		if (mill_call_arg_null(call, i, row))
			continue;
		int order = best < 0 ? 0
		                     : mill_value_compare(&call->args[i]->column, row_of(call, i, row),
		                                          &call->args[best]->column, row_of(call, best, row));
		if (best < 0 || (largest ? order > 0 : order < 0))
			best = i;
	}
	return best;
}

static mill_status choose_text(mill_call *call, bool largest, mill_error *err)
{
	mill_text_out out;
	MILL_TRY(mill_text_begin(&out, call, mill_text_guess(call), err));
	for (int64_t i = 0; i < call->rows; i++) {
		int best = chosen(call, i, largest);
		if (best >= 0) {
			mill_text text = mill_text_arg(call, best, i);
			MILL_TRY(mill_text_put(&out, text.data, text.size, err));
			mill_bit_set(call->out->validity, i);
		}
		mill_text_end_row(&out, i);
	}
	return MILL_OK;
}

/* Two columns of one plain type without NULLs: the common case, and it vectorises. */
#define PLAIN_LOOP(s, T, U, ID)                                                                                   \
	static MILL_SIMD_BODY void largest_##s##_body(T *restrict out, const T *restrict in, int64_t step,        \
	                                              int64_t rows)                                               \
	{                                                                                                         \
		for (int64_t i = 0; i < rows; i++)                                                                \
			out[i] = in[i * step] > out[i] || in[i * step] != in[i * step] ? in[i * step] : out[i];   \
	}                                                                                                         \
	MILL_SIMD_COPIES(static void, largest_##s, (out, in, step, rows), T *restrict out, const T *restrict in,  \
	                 int64_t step, int64_t rows)                                                              \
	static MILL_SIMD_BODY void smallest_##s##_body(T *restrict out, const T *restrict in, int64_t step,       \
	                                               int64_t rows)                                              \
	{                                                                                                         \
		for (int64_t i = 0; i < rows; i++)                                                                \
			out[i] = in[i * step] < out[i] || out[i] != out[i] ? in[i * step] : out[i];               \
	}                                                                                                         \
	MILL_SIMD_COPIES(static void, smallest_##s, (out, in, step, rows), T *restrict out, const T *restrict in, \
	                 int64_t step, int64_t rows)                                                              \
	static void plain_##s(mill_call *call, bool largest)                                                      \
	{                                                                                                         \
		T *out = call->out->values;                                                                       \
		const T *first = mill_call_values(call, 0);                                                       \
		int64_t step = mill_call_step(call, 0);                                                           \
		for (int64_t i = 0; i < call->rows; i++)                                                          \
			out[i] = first[i * step];                                                                 \
		for (int a = 1; a < call->arg_count; a++)                                                         \
			(largest ? largest_##s : smallest_##s)(call->simd, out, mill_call_values(call, a),        \
			                                       mill_call_step(call, a), call->rows);              \
	}
PLAIN_LOOP(i32, int32_t, uint32_t, INT32)
PLAIN_LOOP(i64, int64_t, uint64_t, INT64)
PLAIN_LOOP(f64, double, uint64_t, FLOAT64)

static bool choose_plain(mill_call *call, bool largest)
{
	for (int i = 0; i < call->arg_count; i++)
		if (call->args[i]->column.null_count > 0)
			return false;
	switch (call->out->type.id) {
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: plain_i32(call, largest); return true;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: plain_i64(call, largest); return true;
	case MILL_TYPE_FLOAT64: plain_f64(call, largest); return true;
	default: return false;
	}
}

static mill_status choose(mill_call *call, bool largest, mill_error *err)
{
	size_t width = mill_type_width_bytes(call->out->type);
	uint8_t *out = call->out->values;
	if (choose_plain(call, largest))
		return MILL_OK;
	MILL_TRY(mill_vector_validity(call->program, call->out, err));
	memset(call->out->validity, 0, mill_bit_words(call->rows) * 8);
	if (mill_type_is_text(call->out->type))
		return choose_text(call, largest, err);
	if (width == 0)
		memset(out, 0, mill_bit_words(call->rows) * 8);
	for (int64_t i = 0; i < call->rows; i++) {
		int best = chosen(call, i, largest);
		if (best < 0)
			continue;
		const uint8_t *values = mill_call_values(call, best);
		int64_t row = row_of(call, best, i);
		mill_bit_set(call->out->validity, i);
		if (width == 0)
			mill_bit_put((uint64_t *)(void *)out, i,
			             mill_bit_get((const uint64_t *)(const void *)values, row));
		else
			memcpy(out + (size_t)i * width, values + (size_t)row * width, width);
	}
	return MILL_OK;
}

static mill_status greatest_kernel(mill_call *call, mill_error *err)
{
	return choose(call, true, err);
}

static mill_status least_kernel(mill_call *call, mill_error *err)
{
	return choose(call, false, err);
}

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

/* H64(0, V(a) ‖ V(b) …) of definitions.md D1, as a signed integer: the hash that keys and buckets use. */
static mill_status key_hash_kernel(mill_call *call, mill_error *err)
{
	const mill_column *keys[64];
	mill_column spread[64];
	mill_bytes scratch;
	int count = 0;
	mill_status status = MILL_OK;
	mill_bytes_init(&scratch, call->program->mem);
	for (; status == MILL_OK && count < call->arg_count; count += status == MILL_OK) {
		status = mill_vector_spread(call->program, call->args[count], call->rows, &spread[count], err);
		keys[count] = &spread[count];
	}
	if (status == MILL_OK)
		status = mill_key_hash(keys, count, call->rows, &scratch, call->out->values, err);
	for (int i = 0; i < count; i++)
		mill_column_release(&spread[i]);
	mill_bytes_release(&scratch);
	return status;
}

static mill_status xxhash_kernel(mill_call *call, mill_error *err)
{
	int64_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		mill_text text = {"", 0};
		if (mill_call_valid(call, i))
			text = mill_text_arg(call, 0, i);
		out[i] = (int64_t)mill_h64(0, text.data, text.size);
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
static const mill_overload greatest_overloads[] = {{{MILL_ARG_SAME}, 1, true, MILL_ARG_SAME, greatest_kernel, NULL}};
static const mill_overload least_overloads[] = {{{MILL_ARG_SAME}, 1, true, MILL_ARG_SAME, least_kernel, NULL}};
static const mill_overload join_overloads[] = {{{T, T}, 2, false, T, pair_kernel, NULL},
                                               {{B, B}, 2, false, B, pair_kernel, NULL}};
static const mill_overload concat_overloads[] = {{{T}, 1, true, T, concat_kernel, NULL}};
static const mill_overload concat_ws_overloads[] = {{{T, T}, 2, true, T, concat_ws_kernel, NULL}};
static const mill_overload key_hash_overloads[] = {{{MILL_ARG_ANY}, 1, true, MILL_TYPE_INT64, key_hash_kernel, NULL}};
static const mill_overload xxhash_overloads[] = {{{T}, 1, false, MILL_TYPE_INT64, xxhash_kernel, NULL},
                                                 {{B}, 1, false, MILL_TYPE_INT64, xxhash_kernel, NULL}};
#undef T
#undef B

#define EXTREME(text, list, line)                                                                                     \
	{                                                                                                             \
		.name = text, .group = MILL_GROUP_MATH, .help = line, MILL_LIST(list##_overloads), .sees_nulls = true \
	}
#define REWRITE(text, in, function, low, high, line)                                                            \
	{                                                                                                       \
		.name = text, .group = in, .help = line, .rewrite = function, .min_args = low, .max_args = high \
	}

static const mill_function functions[] = {
    EXTREME("greatest", greatest, "greatest(a, b, …): the largest that is not NULL"),
    EXTREME("least", least, "least(a, b, …): the smallest that is not NULL"),
    REWRITE("||", MILL_GROUP_OPERATOR, join_rewrite, 2, 2, "a || b: text joined; NULL when either is"),
    REWRITE("concat", MILL_GROUP_TEXT, concat_rewrite, 1, 64,
            "concat(a, b, …): values as text, joined; NULLs are left out"),
    REWRITE("concat_ws", MILL_GROUP_TEXT, concat_ws_rewrite, 2, 64,
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
    {.name = "key_hash",
     .group = MILL_GROUP_HASH,
     .help = "key_hash(a, b, …): rankmill's own hash of values of any type, as buckets use it; NULL counts as a value",
     MILL_LIST(key_hash_overloads),
     .sees_nulls = true,
     .never_null = true},
    {.name = "xxh3_64",
     .group = MILL_GROUP_HASH,
     .help = "xxh3_64(x): XXH3 of the bytes of a text, seed 0, as a signed integer",
     MILL_LIST(xxhash_overloads)},
};

const mill_function_table mill_functions_choice = MILL_TABLE_OF(functions);
