/* States of count. */
#include "ops/states/state.h"
#include <string.h>

typedef struct count_state {
	op_state base;
	int64_t *counts;
} count_state;

static mill_status count_grow(op_state *state, int64_t capacity, mill_error *err)
{
	return op_state_array(state->mem, &((count_state *)state)->counts, state->capacity, capacity, sizeof(int64_t),
	                      err);
}

static mill_status count_update(op_state *state, const op_input *in, mill_error *err)
{
	(void)err;
	int64_t *restrict counts = ((count_state *)state)->counts;
	const uint32_t *restrict groups = in->groups;
	OP_EACH_ROW(in, { counts[groups[r]]++; });
	return MILL_OK;
}

/* 0 / 8 / count */
static mill_status count_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	uint64_t count;
	if (!mill_view_u64(bytes, &count))
		return op_state_damaged(err);
	((count_state *)state)->counts[group] += (int64_t)count;
	return MILL_OK;
}

static mill_status count_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	(void)err;
	return mill_bytes_append_u64(out, (uint64_t)((const count_state *)state)->counts[group]);
}

static mill_status count_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	int64_t *restrict to = made.values;
	const int64_t *restrict counts = ((count_state *)state)->counts;
	for (int64_t i = 0; i < count; i++)
		to[i] = counts[order[i]];
	*out = made;
	return MILL_OK;
}

static size_t count_fixed_bytes(const op_state *state)
{
	(void)state;
	return sizeof(int64_t);
}

static void count_put(const op_state *state, const int32_t *order, int64_t count, char *to)
{
	op_state_gather(to, ((const count_state *)state)->counts, sizeof(int64_t), order, count);
}

static mill_status count_merge_fixed(op_state *state, const char *bytes, const uint32_t *groups, int64_t rows,
                                     mill_error *err)
{
	int64_t *restrict counts = ((count_state *)state)->counts;
	(void)err;
	for (int64_t r = 0; r < rows; r++) {
		int64_t count;
		memcpy(&count, bytes + r * 8, sizeof(count));
		counts[groups[r]] += count;
	}
	return MILL_OK;
}

static void count_wipe(op_state *state, int64_t groups)
{
	memset(((count_state *)state)->counts, 0, (size_t)groups * sizeof(int64_t));
}

static void count_drop(op_state *state)
{
	mill_mem_free(((count_state *)state)->counts);
	((count_state *)state)->counts = NULL;
}

const op_state_kind op_state_count = {
    .size_bytes = sizeof(count_state),
    .grow = count_grow,
    .update = count_update,
    .fixed_bytes = count_fixed_bytes,
    .put = count_put,
    .merge_fixed = count_merge_fixed,
    .merge = count_merge,
    .write = count_write,
    .result = count_result,
    .wipe = count_wipe,
    .drop = count_drop,
};
