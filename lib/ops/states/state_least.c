/* min and max (bool_and and bool_or are min and max of bools) of what maps to ordered 64-bit or 128-bit integers. */
#include "column/canonical.h"
#include "ops/keys.h"
#include "ops/states/state.h"
#include <string.h>

typedef struct least_state {
	op_state base;
	int64_t *best;
	int64_t *keys; /* of the batch */
	int64_t keys_capacity;
} least_state;

static bool wants_max(const op_state *state)
{
	return state->spec.signature.kind == MILL_AGG_MAX || state->spec.signature.kind == MILL_AGG_BOOL_OR;
}

#define DEFINE_KEYS(name, ctype, expression)                                \
	static void keys_##name(const mill_column *c, int64_t *restrict to) \
	{                                                                   \
		const ctype *restrict v = c->values;                        \
		for (int64_t r = 0; r < c->rows; r++)                       \
			to[r] = (expression);                               \
	}
DEFINE_KEYS(i8, int8_t, v[r])
DEFINE_KEYS(i16, int16_t, v[r])
DEFINE_KEYS(i32, int32_t, v[r])
DEFINE_KEYS(i64, int64_t, v[r])
DEFINE_KEYS(u8, uint8_t, v[r])
DEFINE_KEYS(u16, uint16_t, v[r])
DEFINE_KEYS(u32, uint32_t, v[r])
DEFINE_KEYS(u64, uint64_t, (int64_t)(v[r] ^ (uint64_t)1 << 63))
DEFINE_KEYS(f32, float, mill_order_f64((double)v[r]))
DEFINE_KEYS(f64, double, mill_order_f64(v[r]))

static void keys_bool(const mill_column *c, int64_t *restrict to)
{
	for (int64_t r = 0; r < c->rows; r++)
		to[r] = mill_bit_get(c->values, r);
}

typedef void (*keys_function)(const mill_column *c, int64_t *restrict to);
/* NULL for types whose values are no 64-bit integers. */
static keys_function keys_of(mill_type type)
{
	switch (type.id) {
	case MILL_TYPE_BOOL: return keys_bool;
	case MILL_TYPE_INT8: return keys_i8;
	case MILL_TYPE_INT16: return keys_i16;
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: return keys_i32;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: return keys_i64;
	case MILL_TYPE_UINT8: return keys_u8;
	case MILL_TYPE_UINT16: return keys_u16;
	case MILL_TYPE_UINT32: return keys_u32;
	case MILL_TYPE_UINT64: return keys_u64;
	case MILL_TYPE_FLOAT32: return keys_f32;
	case MILL_TYPE_FLOAT64: return keys_f64;
	case MILL_TYPE_NULL:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return NULL;
}

static mill_status least_open(op_state *state, mill_error *err)
{
	mill_type type = state->spec.signature.arg_types[0];
	if (keys_of(type) == NULL)
		return mill_fail(err, MILL_NOT_YET, "min and max of this type are not supported yet");
	return MILL_OK;
}

static void least_empty(least_state *s, int64_t first, int64_t end)
{
	for (int64_t g = first; g < end; g++)
		s->best[g] = wants_max(&s->base) ? INT64_MIN : INT64_MAX;
}

static mill_status least_grow(op_state *state, int64_t capacity, mill_error *err)
{
	least_state *s = (least_state *)state;
	MILL_TRY(op_state_array(state->mem, &s->best, state->capacity, capacity, sizeof(*s->best), err));
	least_empty(s, state->capacity, capacity);
	return MILL_OK;
}

static mill_status least_update(op_state *state, const op_input *in, mill_error *err)
{
	least_state *s = (least_state *)state;
	if (in->rows > s->keys_capacity) {
		MILL_TRY(op_state_array(state->mem, &s->keys, 0, in->rows, sizeof(*s->keys), err));
		s->keys_capacity = in->rows;
	}
	keys_of(in->args[0]->type)(in->args[0], s->keys);
	const int64_t *restrict keys = s->keys;
	int64_t *restrict best = s->best;
	const uint32_t *restrict groups = in->groups;
	if (wants_max(state))
		OP_EACH_ROW(in, { best[groups[r]] = keys[r] > best[groups[r]] ? keys[r] : best[groups[r]]; });
	else
		OP_EACH_ROW(in, { best[groups[r]] = keys[r] < best[groups[r]] ? keys[r] : best[groups[r]]; });
	return MILL_OK;
}

/* 0 / 8 / the ordered integer */
static mill_status least_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	int64_t *best = &((least_state *)state)->best[group];
	uint64_t bits;
	if (!mill_view_u64(bytes, &bits))
		return op_state_damaged(err);
	*best = wants_max(state) ? mill_max_i64(*best, (int64_t)bits) : mill_min_i64(*best, (int64_t)bits);
	return MILL_OK;
}

static mill_status least_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	(void)err;
	return mill_bytes_append_u64(out, (uint64_t)((const least_state *)state)->best[group]);
}

static double float_of_key(int64_t key)
{
	int64_t bits = key ^ (int64_t)((uint64_t)(key >> 63) >> 1);
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void put_value(mill_type type, int64_t key, void *values, int64_t at)
{
	switch (type.id) {
	case MILL_TYPE_BOOL: mill_bit_put(values, at, key != 0); break;
	case MILL_TYPE_INT8:
	case MILL_TYPE_UINT8: ((uint8_t *)values)[at] = (uint8_t)key; break;
	case MILL_TYPE_INT16:
	case MILL_TYPE_UINT16: ((uint16_t *)values)[at] = (uint16_t)key; break;
	case MILL_TYPE_INT32:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_DATE: ((uint32_t *)values)[at] = (uint32_t)key; break;
	case MILL_TYPE_UINT64: ((uint64_t *)values)[at] = (uint64_t)key ^ (uint64_t)1 << 63; break;
	case MILL_TYPE_FLOAT32: ((float *)values)[at] = (float)float_of_key(key); break;
	case MILL_TYPE_FLOAT64: ((double *)values)[at] = float_of_key(key); break;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: ((int64_t *)values)[at] = key; break;
	case MILL_TYPE_NULL:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* keys_of has none for them */
	}
}

static mill_status least_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	if (made.type.id == MILL_TYPE_BOOL)
		memset(made.values, 0, mill_bit_words(count) * sizeof(uint64_t));
	const int64_t *best = ((const least_state *)state)->best;
	for (int64_t i = 0; i < count; i++)
		if (op_state_seen(state, order[i]))
			put_value(made.type, best[order[i]], made.values, i);
	*out = made;
	return MILL_OK;
}

static size_t least_fixed_bytes(const op_state *state)
{
	(void)state;
	return sizeof(int64_t);
}

static void least_put(const op_state *state, const int32_t *order, int64_t count, char *to)
{
	op_state_gather(to, ((const least_state *)state)->best, sizeof(int64_t), order, count);
}

static mill_status least_merge_fixed(op_state *state, const char *bytes, const uint32_t *groups, int64_t rows,
                                     mill_error *err)
{
	int64_t *restrict best = ((least_state *)state)->best;
	bool max = wants_max(state);
	(void)err;
	for (int64_t r = 0; r < rows; r++) {
		int64_t value, held = best[groups[r]];
		memcpy(&value, bytes + r * 8, sizeof(value));
		best[groups[r]] = (value > held) == max ? value : held;
	}
	return MILL_OK;
}

static void least_wipe(op_state *state, int64_t groups)
{
	least_empty((least_state *)state, 0, groups);
}

static void least_drop(op_state *state)
{
	least_state *s = (least_state *)state;
	mill_mem_free(s->best);
	mill_mem_free(s->keys);
	s->best = NULL;
	s->keys = NULL;
	s->keys_capacity = 0;
}

const op_state_kind op_state_least = {
    .size_bytes = sizeof(least_state),
    .open = least_open,
    .grow = least_grow,
    .update = least_update,
    .fixed_bytes = least_fixed_bytes,
    .put = least_put,
    .merge_fixed = least_merge_fixed,
    .merge = least_merge,
    .write = least_write,
    .result = least_result,
    .wipe = least_wipe,
    .drop = least_drop,
};

typedef struct wide_state {
	op_state base;
	mill_i128 *best;
} wide_state;

static void wide_empty(wide_state *s, int64_t first, int64_t end)
{
	const mill_i128 largest = (mill_i128)(~(mill_u128)0 >> 1);
	for (int64_t g = first; g < end; g++)
		s->best[g] = wants_max(&s->base) ? -largest - 1 : largest;
}

static mill_status wide_grow(op_state *state, int64_t capacity, mill_error *err)
{
	wide_state *s = (wide_state *)state;
	MILL_TRY(op_state_array(state->mem, &s->best, state->capacity, capacity, sizeof(*s->best), err));
	wide_empty(s, state->capacity, capacity);
	return MILL_OK;
}

static void wide_add(op_state *state, int64_t group, mill_i128 value)
{
	mill_i128 *best = &((wide_state *)state)->best[group];
	if (wants_max(state) ? value > *best : value < *best)
		*best = value;
}

static mill_status wide_update(op_state *state, const op_input *in, mill_error *err)
{
	(void)err;
	if (in->args[0]->type.id == MILL_TYPE_DECIMAL) {
		const mill_i128 *values = in->args[0]->values;
		OP_EACH_ROW(in, { wide_add(state, in->groups[r], values[r]); });
	} else {
		const mill_interval *values = in->args[0]->values;
		OP_EACH_ROW(in, { wide_add(state, in->groups[r], mill_interval_us(values[r])); });
	}
	return MILL_OK;
}

/* 0 / 8 / low half, 8 / 8 / high half of the value or of the interval's length in µs */
static mill_status wide_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	uint64_t low, high;
	if (!mill_view_u64(bytes, &low) || !mill_view_u64(bytes, &high))
		return op_state_damaged(err);
	wide_add(state, group, (mill_i128)((mill_u128)high << 64 | low));
	return MILL_OK;
}

static mill_status wide_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	(void)err;
	return mill_bytes_append(out, &((const wide_state *)state)->best[group], sizeof(mill_i128));
}

static mill_status wide_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	const mill_i128 *best = ((const wide_state *)state)->best;
	for (int64_t i = 0; i < count; i++) {
		if (!op_state_seen(state, order[i]))
			continue;
		if (made.type.id == MILL_TYPE_DECIMAL)
			((mill_i128 *)made.values)[i] = best[order[i]];
		else
			((mill_interval *)made.values)[i] = op_keys_interval(best[order[i]]);
	}
	*out = made;
	return MILL_OK;
}

static void wide_wipe(op_state *state, int64_t groups)
{
	wide_empty((wide_state *)state, 0, groups);
}

static void wide_drop(op_state *state)
{
	mill_mem_free(((wide_state *)state)->best);
	((wide_state *)state)->best = NULL;
}

const op_state_kind op_state_least_wide = {
    .size_bytes = sizeof(wide_state),
    .grow = wide_grow,
    .update = wide_update,
    .merge = wide_merge,
    .write = wide_write,
    .result = wide_result,
    .wipe = wide_wipe,
    .drop = wide_drop,
};
