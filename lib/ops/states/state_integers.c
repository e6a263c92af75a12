/* sum and avg of integers and decimals. A group's total is kept modulo 2^64 (integers, decimals of up to 18 digits) or
 * 2^128, with a carry beside that is allocated when the first total wraps: only the true total decides about overflow,
 * never the order in which it was added up. */
#include "ops/states/ratio.h"
#include "ops/states/state.h"
#include <string.h>

typedef struct integers_state {
	op_state base;
	bool is_wide;
	bool is_avg;
	int stride; /* words per group: the total's low half, [high half], [count] */
	int64_t *words;
	int64_t *carries; /* in units of 2^64 or 2^128; NULL: all 0 */
	uint64_t factor;  /* avg(decimal): 10^(scale of the result − scale of the argument) */
} integers_state;

static mill_status integers_open(op_state *state, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	mill_type arg = state->spec.signature.arg_types[0], result = state->spec.signature.result;
	if (!mill_type_is_integer(arg) && arg.id != MILL_TYPE_DECIMAL)
		return mill_fail(err, MILL_INTERNAL, "sum or avg of a type that is not a number");
	s->is_wide = arg.id == MILL_TYPE_DECIMAL && arg.precision > 18;
	s->is_avg = state->spec.signature.kind == MILL_AGG_AVG;
	s->stride = 1 + s->is_wide + s->is_avg;
	s->factor = 1;
	if (!s->is_avg || result.id != MILL_TYPE_DECIMAL)
		return MILL_OK;
	int digits = (int)result.scale - (arg.id == MILL_TYPE_DECIMAL ? (int)arg.scale : 0);
	if (digits < 0 || digits > 19)
		return mill_fail(err, MILL_INTERNAL, "avg of scale %d cannot have scale %d", arg.scale, result.scale);
	for (int d = 0; d < digits; d++)
		s->factor *= 10;
	return MILL_OK;
}

static mill_status integers_grow(op_state *state, int64_t capacity, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	if (s->carries != NULL)
		MILL_TRY(op_state_array(state->mem, &s->carries, state->capacity, capacity, sizeof(*s->carries), err));
	return op_state_array(state->mem, &s->words, state->capacity, capacity, (size_t)s->stride * sizeof(*s->words),
	                      err);
}

static mill_status add_carry(integers_state *s, int64_t group, int64_t carry, mill_error *err)
{
	if (s->carries == NULL)
		MILL_TRY(op_state_array(s->base.mem, &s->carries, 0, s->base.capacity, sizeof(*s->carries), err));
	s->carries[group] += carry;
	return MILL_OK;
}

/* Which way a total wrapped is the sign of what was added. */
#define DEFINE_ADD(name, ctype)                                                                            \
	static inline __attribute__((always_inline))                                                       \
	mill_status add_strided_##name(integers_state *s, const op_input *in, int stride, mill_error *err) \
	{                                                                                                  \
		const ctype *restrict values = in->args[0]->values;                                        \
		const uint32_t *restrict groups = in->groups;                                              \
		int64_t *restrict words = s->words;                                                        \
		OP_EACH_ROW(in, {                                                                          \
			int64_t *total = words + (int64_t)groups[r] * stride;                              \
			if (__builtin_expect(mill_add_overflows(*total, values[r], total), 0))             \
				MILL_TRY(add_carry(s, groups[r], values[r] > 0 ? 1 : -1, err));            \
			if (stride == 2)                                                                   \
				total[1]++;                                                                \
		});                                                                                        \
		return MILL_OK;                                                                            \
	}                                                                                                  \
	static mill_status add_##name(integers_state *s, const op_input *in, mill_error *err)              \
	{                                                                                                  \
		return s->is_avg ? add_strided_##name(s, in, 2, err) : add_strided_##name(s, in, 1, err);  \
	}
DEFINE_ADD(i8, int8_t)
DEFINE_ADD(i16, int16_t)
DEFINE_ADD(i32, int32_t)
DEFINE_ADD(i64, int64_t)
DEFINE_ADD(u8, uint8_t)
DEFINE_ADD(u16, uint16_t)
DEFINE_ADD(u32, uint32_t)
DEFINE_ADD(u64, uint64_t)

static mill_status add_narrow(integers_state *s, int64_t group, int64_t value, mill_error *err)
{
	int64_t *total = s->words + group * s->stride;
	if (mill_add_overflows(*total, value, total))
		return add_carry(s, group, value > 0 ? 1 : -1, err);
	return MILL_OK;
}

static mill_status add_wide(integers_state *s, int64_t group, mill_i128 value, mill_error *err)
{
	mill_i128 total;
	int64_t *words = s->words + group * s->stride;
	memcpy(&total, words, sizeof(total));
	bool wrapped = mill_add_overflows(total, value, &total);
	memcpy(words, &total, sizeof(total));
	return wrapped ? add_carry(s, group, value > 0 ? 1 : -1, err) : MILL_OK;
}

static mill_status add_decimals(integers_state *s, const op_input *in, mill_error *err)
{
	const mill_i128 *restrict values = in->args[0]->values;
	const uint32_t *restrict groups = in->groups;
	int stride = s->stride;
	if (s->is_wide)
		OP_EACH_ROW(in, { MILL_TRY(add_wide(s, groups[r], values[r], err)); });
	else
		OP_EACH_ROW(in, { MILL_TRY(add_narrow(s, groups[r], (int64_t)values[r], err)); });
	if (s->is_avg)
		OP_EACH_ROW(in, { s->words[(int64_t)groups[r] * stride + stride - 1]++; });
	return MILL_OK;
}

typedef mill_status (*add_function)(integers_state *s, const op_input *in, mill_error *err);
static add_function add_of(mill_type type)
{
	switch (type.id) {
	case MILL_TYPE_INT8: return add_i8;
	case MILL_TYPE_INT16: return add_i16;
	case MILL_TYPE_INT32: return add_i32;
	case MILL_TYPE_INT64: return add_i64;
	case MILL_TYPE_UINT8: return add_u8;
	case MILL_TYPE_UINT16: return add_u16;
	case MILL_TYPE_UINT32: return add_u32;
	case MILL_TYPE_UINT64: return add_u64;
	case MILL_TYPE_DECIMAL: return add_decimals;
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* integers_new refuses them */
	}
	return NULL;
}

static mill_status integers_update(op_state *state, const op_input *in, mill_error *err)
{
	return add_of(in->args[0]->type)((integers_state *)state, in, err);
}

/*   0 / 8·stride / total modulo 2^64 or 2^128, [count]
 * 8·stride / 8 / carry, where totals wrapped */
static size_t integers_fixed_bytes(const op_state *state)
{
	const integers_state *s = (const integers_state *)state;
	return s->carries == NULL ? (size_t)s->stride * sizeof(*s->words) : 0;
}

static void integers_put(const op_state *state, const int32_t *order, int64_t count, char *to)
{
	const integers_state *s = (const integers_state *)state;
	op_state_gather(to, s->words, (size_t)s->stride * sizeof(*s->words), order, count);
}

static mill_status integers_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	const integers_state *s = (const integers_state *)state;
	(void)err;
	MILL_TRY(mill_bytes_append(out, s->words + group * s->stride, (size_t)s->stride * sizeof(*s->words)));
	return s->carries == NULL ? MILL_OK : mill_bytes_append_u64(out, (uint64_t)s->carries[group]);
}

static mill_status add_total(integers_state *s, int64_t group, const char *bytes, mill_error *err)
{
	int64_t words[3];
	memcpy(words, bytes, (size_t)s->stride * sizeof(*words));
	if (s->is_avg)
		s->words[group * s->stride + s->stride - 1] += words[s->stride - 1];
	if (!s->is_wide)
		return add_narrow(s, group, words[0], err);
	mill_i128 total;
	memcpy(&total, words, sizeof(total));
	return add_wide(s, group, total, err);
}

static mill_status integers_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	const uint8_t *words;
	uint64_t carry = 0;
	if (!mill_view_bytes(bytes, (size_t)s->stride * sizeof(*s->words), &words) ||
	    (bytes->at < bytes->size_bytes && !mill_view_u64(bytes, &carry)))
		return op_state_damaged(err);
	MILL_TRY(add_total(s, group, (const char *)words, err));
	return carry == 0 ? MILL_OK : add_carry(s, group, (int64_t)carry, err);
}

static mill_status integers_merge_fixed(op_state *state, const char *bytes, const uint32_t *groups, int64_t rows,
                                        mill_error *err)
{
	integers_state *s = (integers_state *)state;
	size_t size_bytes = (size_t)s->stride * sizeof(*s->words);
	for (int64_t r = 0; r < rows; r++)
		MILL_TRY(add_total(s, groups[r], bytes + (size_t)r * size_bytes, err));
	return MILL_OK;
}

/* The total as 128 bits and what goes beyond. */
static mill_i128 total_of(const integers_state *s, int64_t group, int64_t *beyond)
{
	const int64_t *words = s->words + group * s->stride;
	int64_t carry = s->carries == NULL ? 0 : s->carries[group];
	mill_i128 total;
	*beyond = s->is_wide ? carry : 0;
	if (!s->is_wide) /* carries are fewer than 2^63, so this fits */
		return (mill_i128)((mill_u128)(uint64_t)carry << 64) + words[0];
	memcpy(&total, words, sizeof(total));
	return total;
}

static mill_status sum_to(const integers_state *s, int64_t group, void *values, int64_t at, mill_error *err)
{
	int64_t beyond;
	mill_i128 sum = total_of(s, group, &beyond);
	if (s->base.spec.signature.result.id == MILL_TYPE_INT64) {
		if (beyond != 0 || sum > INT64_MAX || sum < INT64_MIN)
			return mill_fail(err, MILL_DATA, "sum: a total is beyond int64; cast the argument to decimal");
		((int64_t *)values)[at] = (int64_t)sum;
		return MILL_OK;
	}
	if (beyond != 0 || sum > op_decimal_limit() || sum < -op_decimal_limit())
		return mill_fail(err, MILL_DATA,
		                 "sum: a total has more than 38 digits; cast the argument to double precision");
	((mill_i128 *)values)[at] = sum;
	return MILL_OK;
}

static mill_status avg_to(const integers_state *s, int64_t group, void *values, int64_t at, mill_error *err)
{
	if (!op_state_seen(&s->base, group))
		return MILL_OK;
	int64_t beyond;
	mill_i128 sum = total_of(s, group, &beyond);
	uint64_t count = (uint64_t)s->words[group * s->stride + s->stride - 1];
	if (s->base.spec.signature.result.id == MILL_TYPE_FLOAT64) {
		((double *)values)[at] = op_ratio(sum, count);
		return MILL_OK;
	}
	if (!op_ratio_decimal(sum, beyond, s->factor, count, &((mill_i128 *)values)[at]))
		return mill_fail(err, MILL_DATA,
		                 "avg: a mean has more than 38 digits; cast the argument to double precision");
	return MILL_OK;
}

static mill_status integers_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                   mill_error *err)
{
	const integers_state *s = (const integers_state *)state;
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	for (int64_t i = 0; i < count; i++) {
		if (i + 12 < count)
			__builtin_prefetch(s->words + (int64_t)order[i + 12] * s->stride);
		mill_status status = (s->is_avg ? avg_to : sum_to)(s, order[i], made.values, i, err);
		if (status != MILL_OK) {
			mill_column_release(&made);
			return status;
		}
	}
	*out = made;
	return MILL_OK;
}

static void integers_wipe(op_state *state, int64_t groups)
{
	integers_state *s = (integers_state *)state;
	memset(s->words, 0, (size_t)groups * (size_t)s->stride * sizeof(*s->words));
	mill_mem_free(s->carries);
	s->carries = NULL;
}

static void integers_drop(op_state *state)
{
	integers_state *s = (integers_state *)state;
	mill_mem_free(s->words);
	mill_mem_free(s->carries);
	s->words = NULL;
	s->carries = NULL;
}

const op_state_kind op_state_integers = {
    .size_bytes = sizeof(integers_state),
    .open = integers_open,
    .grow = integers_grow,
    .update = integers_update,
    .fixed_bytes = integers_fixed_bytes,
    .put = integers_put,
    .merge_fixed = integers_merge_fixed,
    .merge = integers_merge,
    .write = integers_write,
    .result = integers_result,
    .wipe = integers_wipe,
    .drop = integers_drop,
};
