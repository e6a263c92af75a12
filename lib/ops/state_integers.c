/* sum and avg of integers and decimals: int128 sums with a carry beyond, so that only the true total decides about
 * overflow, never the order in which it was added up. */
#include "ops/ratio.h"
#include "ops/state.h"
#include <string.h>

typedef struct integers_state {
	op_state base;
	mill_i128 *sums;  /* modulo 2^128 */
	int32_t *carries; /* times 2^128; NULL: all 0 */
	int64_t *counts;  /* avg only */
	uint64_t factor;  /* avg(decimal): 10^(scale of the result − scale of the argument) */
} integers_state;

static bool is_avg(const op_state *state)
{
	return state->spec.signature.kind == MILL_AGG_AVG;
}

static mill_status integers_open(op_state *state, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	mill_type arg = state->spec.signature.arg_types[0], result = state->spec.signature.result;
	if (!mill_type_is_integer(arg) && arg.id != MILL_TYPE_DECIMAL)
		return mill_fail(err, MILL_INTERNAL, "sum or avg of a type that is not a number");
	s->factor = 1;
	if (!is_avg(state) || result.id != MILL_TYPE_DECIMAL)
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
	MILL_TRY(op_state_array(state->mem, &s->sums, state->capacity, capacity, sizeof(*s->sums), err));
	if (is_avg(state))
		MILL_TRY(op_state_array(state->mem, &s->counts, state->capacity, capacity, sizeof(*s->counts), err));
	if (s->carries != NULL)
		MILL_TRY(op_state_array(state->mem, &s->carries, state->capacity, capacity, sizeof(*s->carries), err));
	return MILL_OK;
}

#define DEFINE_ADD(name, ctype)                                              \
	static void add_##name(mill_i128 *restrict sums, const op_input *in) \
	{                                                                    \
		const ctype *restrict values = in->args[0]->values;          \
		const uint32_t *restrict groups = in->groups;                \
		OP_EACH_ROW(in, { sums[groups[r]] += values[r]; });          \
	}
DEFINE_ADD(i8, int8_t)
DEFINE_ADD(i16, int16_t)
DEFINE_ADD(i32, int32_t)
DEFINE_ADD(i64, int64_t)
DEFINE_ADD(u8, uint8_t)
DEFINE_ADD(u16, uint16_t)
DEFINE_ADD(u32, uint32_t)
DEFINE_ADD(u64, uint64_t)

typedef void (*add_function)(mill_i128 *restrict sums, const op_input *in);
static const add_function add_by_type[] = {
    [MILL_TYPE_INT8] = add_i8,    [MILL_TYPE_INT16] = add_i16,  [MILL_TYPE_INT32] = add_i32,
    [MILL_TYPE_INT64] = add_i64,  [MILL_TYPE_UINT8] = add_u8,   [MILL_TYPE_UINT16] = add_u16,
    [MILL_TYPE_UINT32] = add_u32, [MILL_TYPE_UINT64] = add_u64,
};

static mill_status add_carry(integers_state *s, int64_t group, int64_t carry, mill_error *err)
{
	if (s->carries == NULL)
		MILL_TRY(op_state_array(s->base.mem, &s->carries, 0, s->base.capacity, sizeof(*s->carries), err));
	s->carries[group] = (int32_t)(s->carries[group] + carry);
	return MILL_OK;
}

static mill_status add_wide(integers_state *s, int64_t group, mill_i128 value, mill_error *err)
{
	if (mill_add_overflows(s->sums[group], value, &s->sums[group]))
		return add_carry(s, group, value < 0 ? -1 : 1, err);
	return MILL_OK;
}

static mill_status add_decimals(integers_state *s, const op_input *in, mill_error *err)
{
	const mill_i128 *restrict values = in->args[0]->values;
	const uint32_t *restrict groups = in->groups;
	OP_EACH_ROW(in, { MILL_TRY(add_wide(s, groups[r], values[r], err)); });
	return MILL_OK;
}

static mill_status integers_update(op_state *state, const op_input *in, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	if (in->args[0]->type.id == MILL_TYPE_DECIMAL)
		MILL_TRY(add_decimals(s, in, err));
	else
		add_by_type[in->args[0]->type.id](s->sums, in);
	if (is_avg(state)) {
		int64_t *restrict counts = s->counts;
		const uint32_t *restrict groups = in->groups;
		OP_EACH_ROW(in, { counts[groups[r]]++; });
	}
	return MILL_OK;
}

/*  0 /  8 / low half of the sum
 *  8 /  8 / high half
 * 16 /  4 / carry
 * 20 /  8 / count (avg) */
static mill_status integers_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	const integers_state *s = (const integers_state *)state;
	(void)err;
	MILL_TRY(mill_bytes_append(out, &s->sums[group], sizeof(*s->sums)));
	MILL_TRY(mill_bytes_append_u32(out, s->carries == NULL ? 0 : (uint32_t)s->carries[group]));
	return is_avg(state) ? mill_bytes_append_u64(out, (uint64_t)s->counts[group]) : MILL_OK;
}

static mill_status integers_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	integers_state *s = (integers_state *)state;
	uint64_t low, high, count = 0;
	uint32_t carry;
	if (!mill_view_u64(bytes, &low) || !mill_view_u64(bytes, &high) || !mill_view_u32(bytes, &carry) ||
	    (is_avg(state) && !mill_view_u64(bytes, &count)))
		return op_state_damaged(err);
	MILL_TRY(add_wide(s, group, (mill_i128)((mill_u128)high << 64 | low), err));
	if (carry != 0)
		MILL_TRY(add_carry(s, group, (int32_t)carry, err));
	if (is_avg(state))
		s->counts[group] += (int64_t)count;
	return MILL_OK;
}

static mill_status sum_to(const integers_state *s, int64_t group, void *values, int64_t at, mill_error *err)
{
	mill_i128 sum = s->sums[group];
	bool carried = s->carries != NULL && s->carries[group] != 0;
	if (s->base.spec.signature.result.id == MILL_TYPE_INT64) {
		if (carried || sum > INT64_MAX || sum < INT64_MIN)
			return mill_fail(err, MILL_DATA, "sum: a total is beyond int64; cast the argument to decimal");
		((int64_t *)values)[at] = (int64_t)sum;
		return MILL_OK;
	}
	if (carried || sum > op_decimal_limit() || sum < -op_decimal_limit())
		return mill_fail(err, MILL_DATA,
		                 "sum: a total has more than 38 digits; cast the argument to double precision");
	((mill_i128 *)values)[at] = sum;
	return MILL_OK;
}

static mill_status avg_to(const integers_state *s, int64_t group, void *values, int64_t at, mill_error *err)
{
	if (!op_state_seen(&s->base, group))
		return MILL_OK;
	uint64_t count = (uint64_t)s->counts[group];
	if (s->base.spec.signature.result.id == MILL_TYPE_FLOAT64) {
		((double *)values)[at] = op_ratio(s->sums[group], count);
		return MILL_OK;
	}
	int32_t carry = s->carries == NULL ? 0 : s->carries[group];
	if (!op_ratio_decimal(s->sums[group], carry, s->factor, count, &((mill_i128 *)values)[at]))
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
		mill_status status = (is_avg(state) ? avg_to : sum_to)(s, order[i], made.values, i, err);
		if (status != MILL_OK) {
			mill_column_release(&made);
			return status;
		}
	}
	*out = made;
	return MILL_OK;
}

static void integers_clear(op_state *state)
{
	integers_state *s = (integers_state *)state;
	mill_mem_free(s->sums);
	mill_mem_free(s->carries);
	mill_mem_free(s->counts);
	s->sums = NULL;
	s->carries = NULL;
	s->counts = NULL;
}

const op_state_kind op_state_integers = {
    .size_bytes = sizeof(integers_state),
    .open = integers_open,
    .grow = integers_grow,
    .update = integers_update,
    .merge = integers_merge,
    .write = integers_write,
    .result = integers_result,
    .clear = integers_clear,
};
