/* greatest and least, of any type. */
#include "column/value.h"
#include "expr/kernels/text_rows.h"

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
#define PLAIN_LOOP(s, T, U, ID)                                                                                     \
	static MILL_SIMD_BODY void largest_##s##_body(T *restrict out, const T *restrict in, int64_t stride,        \
	                                              int64_t rows)                                                 \
	{                                                                                                           \
		for (int64_t i = 0; i < rows; i++)                                                                  \
			out[i] =                                                                                    \
			    in[i * stride] > out[i] || in[i * stride] != in[i * stride] ? in[i * stride] : out[i];  \
	}                                                                                                           \
	MILL_SIMD_COPIES(static void, largest_##s, (out, in, stride, rows), T *restrict out, const T *restrict in,  \
	                 int64_t stride, int64_t rows)                                                              \
	static MILL_SIMD_BODY void smallest_##s##_body(T *restrict out, const T *restrict in, int64_t stride,       \
	                                               int64_t rows)                                                \
	{                                                                                                           \
		for (int64_t i = 0; i < rows; i++)                                                                  \
			out[i] = in[i * stride] < out[i] || out[i] != out[i] ? in[i * stride] : out[i];             \
	}                                                                                                           \
	MILL_SIMD_COPIES(static void, smallest_##s, (out, in, stride, rows), T *restrict out, const T *restrict in, \
	                 int64_t stride, int64_t rows)                                                              \
	static void plain_##s(mill_call *call, bool largest)                                                        \
	{                                                                                                           \
		T *out = call->out->values;                                                                         \
		const T *first = mill_call_values(call, 0);                                                         \
		int64_t stride = mill_call_stride(call, 0);                                                         \
		for (int64_t i = 0; i < call->rows; i++)                                                            \
			out[i] = first[i * stride];                                                                 \
		for (int a = 1; a < call->arg_count; a++)                                                           \
			(largest ? largest_##s : smallest_##s)(call->simd, out, mill_call_values(call, a),          \
			                                       mill_call_stride(call, a), call->rows);              \
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
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* rare: row by row */
	}
	return false;
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

static const mill_overload greatest_overloads[] = {{{MILL_ARG_SAME}, 1, true, MILL_ARG_SAME, greatest_kernel, NULL}};
static const mill_overload least_overloads[] = {{{MILL_ARG_SAME}, 1, true, MILL_ARG_SAME, least_kernel, NULL}};

#define EXTREME(text, list, line)                                                                                     \
	{                                                                                                             \
		.name = text, .group = MILL_GROUP_MATH, .help = line, MILL_LIST(list##_overloads), .sees_nulls = true \
	}

static const mill_function functions[] = {
    EXTREME("greatest", greatest, "greatest(a, b, …): the largest that is not NULL"),
    EXTREME("least", least, "least(a, b, …): the smallest that is not NULL"),
};

const mill_function_table mill_functions_extremes = MILL_TABLE_OF(functions);
