#include "ops/states/state.h"
#include "column/bits.h"
#include "column/builder.h"
#include <string.h>

static const op_state_kind *kind_of_least(mill_type type)
{
	if (mill_type_is_text(type))
		return &op_state_least_text;
	return mill_type_width_bytes(type) == 16 ? &op_state_least_wide : &op_state_least;
}

static const op_state_kind *kind_of(const mill_aggregate_signature *signature)
{
	mill_type type = signature->arg_types[0];
	switch (signature->kind) {
	case MILL_AGG_COUNT_ROWS:
	case MILL_AGG_COUNT: return &op_state_count;
	case MILL_AGG_SUM:
	case MILL_AGG_AVG: return mill_traits_of(type)->is_exact ? &op_state_integers : &op_state_floats;
	case MILL_AGG_MIN:
	case MILL_AGG_MAX:
	case MILL_AGG_BOOL_AND:
	case MILL_AGG_BOOL_OR: return kind_of_least(type);
	case MILL_AGG_VAR_SAMP:
	case MILL_AGG_VAR_POP:
	case MILL_AGG_STDDEV_SAMP:
	case MILL_AGG_STDDEV_POP:
	case MILL_AGG_CORR:
	case MILL_AGG_COVAR_SAMP:
	case MILL_AGG_COVAR_POP: return &op_state_floats;
	case MILL_AGG_MEDIAN:
	case MILL_AGG_QUANTILE: return &op_state_quantile;
	case MILL_AGG_FIRST:
	case MILL_AGG_LAST:
	case MILL_AGG_ANY_VALUE: return &op_state_first;
	}
	return NULL;
}

mill_status op_state_new(mill_mem *mem, const mill_aggregate_spec *spec, op_state **out, mill_error *err)
{
	const op_state_kind *kind = kind_of(&spec->signature);
	if (kind == NULL)
		return mill_fail(err, MILL_INTERNAL, "aggregate of unknown kind %d", (int)spec->signature.kind);
	op_state *state = mill_mem_calloc(mem, 1, kind->size_bytes);
	if (state == NULL)
		return mill_fail_nomem(err, kind->size_bytes, "aggregate");
	state->kind = kind;
	state->mem = mem;
	state->spec = *spec;
	if (kind->open != NULL) {
		mill_status status = kind->open(state, err);
		if (status != MILL_OK) {
			mill_mem_free(state);
			return status;
		}
	}
	*out = state;
	return MILL_OK;
}

/* Groups up to which a state that is emptied keeps its arrays. */
#define KEPT_GROUPS 65536

void op_state_clear(op_state *state, bool give_back)
{
	if (!give_back && state->capacity <= KEPT_GROUPS) {
		if (state->groups > 0)
			state->kind->wipe(state, state->groups);
	} else {
		state->kind->drop(state);
		state->capacity = 0;
	}
	mill_mem_free(state->seen);
	state->seen = NULL;
	state->seen_dense = 0;
	state->groups = 0;
}

void op_state_free(op_state *state)
{
	if (state == NULL)
		return;
	state->kind->drop(state);
	mill_mem_free(state->seen);
	mill_mem_free(state);
}

mill_status op_state_array(mill_mem *mem, void *array, int64_t old_capacity, int64_t capacity, size_t element_bytes,
                           mill_error *err)
{
	void *old;
	memcpy(&old, array, sizeof(old));
	char *grown = mill_mem_realloc(mem, old, (size_t)capacity * element_bytes);
	if (grown == NULL)
		return mill_fail_nomem(err, (size_t)capacity * element_bytes, "states of an aggregate");
	memset(grown + (size_t)old_capacity * element_bytes, 0, (size_t)(capacity - old_capacity) * element_bytes);
	memcpy(array, &grown, sizeof(grown));
	return MILL_OK;
}

mill_status op_state_reserve(op_state *state, int64_t group_count, mill_error *err)
{
	state->groups = mill_max_i64(state->groups, group_count);
	return op_state_grow(state, group_count, err);
}

mill_status op_state_grow(op_state *state, int64_t group_count, mill_error *err)
{
	if (group_count <= state->capacity)
		return MILL_OK;
	int64_t capacity = mill_max_i64(group_count, state->capacity == 0 ? 256 : state->capacity * 2);
	if (state->seen != NULL)
		MILL_TRY(op_state_array(state->mem, &state->seen, state->capacity, capacity, 1, err));
	MILL_TRY(state->kind->grow(state, capacity, err));
	state->capacity = capacity;
	return MILL_OK;
}

static mill_status track_seen(op_state *state, mill_error *err)
{
	if (state->seen != NULL)
		return MILL_OK;
	MILL_TRY(op_state_array(state->mem, &state->seen, 0, mill_max_i64(state->capacity, 1), 1, err));
	memset(state->seen, 1, (size_t)state->seen_dense);
	return MILL_OK;
}

/* A group exists because of a row: as long as every row is taken, every group has seen a value. */
static mill_status mark_seen(op_state *state, const op_input *in, mill_error *err)
{
	if (in->selected == NULL && state->seen == NULL) {
		state->seen_dense = in->group_count;
		return MILL_OK;
	}
	MILL_TRY(track_seen(state, err));
	const uint32_t *restrict groups = in->groups;
	uint8_t *restrict seen = state->seen;
	OP_EACH_ROW(in, { seen[groups[r]] = 1; });
	return MILL_OK;
}

mill_status op_state_update(op_state *state, const op_input *in, mill_error *err)
{
	MILL_TRY(op_state_reserve(state, in->group_count, err));
	MILL_TRY(state->kind->update(state, in, err));
	return mark_seen(state, in, err);
}

mill_status op_state_damaged(mill_error *err)
{
	return mill_fail(err, MILL_INTERNAL, "aggregate: the bytes of a partial state are damaged");
}

static mill_status merge_rows(op_state *state, const mill_column *states, const uint32_t *groups, mill_error *err)
{
	MILL_TRY(track_seen(state, err));
	for (int64_t r = 0; r < states->rows; r++) {
		int32_t length;
		const char *bytes = mill_column_text(states, r, &length);
		if (length == 0)
			continue;
		mill_bytes_view view = {(const uint8_t *)bytes, (size_t)length, 0};
		MILL_TRY(state->kind->merge(state, groups[r], &view, err));
		if (view.at != view.size_bytes)
			return op_state_damaged(err);
		state->seen[groups[r]] = 1;
	}
	return MILL_OK;
}

/* True when every row has size_bytes. */
static bool is_even(const mill_column *states, size_t size_bytes)
{
	bool even = size_bytes > 0 && states->dictionary == NULL &&
	            (size_t)states->offsets[states->rows] == (size_t)states->rows * size_bytes;
	for (int64_t r = 0; even && r < states->rows; r++)
		even = (size_t)states->offsets[r] == (size_t)r * size_bytes;
	return even;
}

mill_status op_state_merge(op_state *state, const mill_column *states, const uint32_t *groups, int64_t group_count,
                           mill_error *err)
{
	const op_state_kind *kind = state->kind;
	if (states->type.id != MILL_TYPE_BINARY)
		return mill_fail(err, MILL_INTERNAL, "aggregate: partial states have type BINARY");
	MILL_TRY(op_state_reserve(state, group_count, err));
	if (kind->merge_fixed == NULL || !is_even(states, kind->fixed_bytes(state)))
		return merge_rows(state, states, groups, err);
	MILL_TRY(kind->merge_fixed(state, states->bytes, groups, states->rows, err));
	if (state->seen == NULL) {
		state->seen_dense = group_count;
		return MILL_OK;
	}
	for (int64_t r = 0; r < states->rows; r++)
		state->seen[groups[r]] = 1;
	return MILL_OK;
}

static mill_status write_fixed(const op_state *state, size_t size_bytes, const int32_t *order, int64_t count,
                               mill_column *out, mill_error *err)
{
	mill_column made = {0};
	MILL_TRY(
	    mill_column_new(state->mem, mill_type_of(MILL_TYPE_BINARY), count, (size_t)count * size_bytes, &made, err));
	for (int64_t i = 0; i <= count; i++)
		made.offsets[i] = (int32_t)((size_t)i * size_bytes);
	state->kind->put(state, order, count, made.bytes);
	*out = made;
	return MILL_OK;
}

static mill_status write_rows(const op_state *state, const int32_t *order, int64_t count, mill_column *out,
                              mill_error *err)
{
	mill_builder builder;
	mill_bytes bytes;
	mill_status status = MILL_OK;
	mill_builder_init(&builder, state->mem, mill_type_of(MILL_TYPE_BINARY));
	mill_bytes_init(&bytes, state->mem);
	for (int64_t i = 0; i < count && status == MILL_OK; i++) {
		bytes.size_bytes = 0;
		if (op_state_seen(state, order[i]))
			status = state->kind->write(state, order[i], &bytes, err);
		if (status == MILL_OK)
			status = mill_builder_text(&builder, (const char *)bytes.data, bytes.size_bytes);
	}
	if (status == MILL_OK)
		status = mill_builder_finish(&builder, out, err);
	else if (status == MILL_NOMEM)
		status = mill_fail_nomem(err, builder.text_bytes, "partial states");
	mill_bytes_release(&bytes);
	mill_builder_release(&builder);
	return status;
}

mill_status op_state_write(const op_state *state, const int32_t *order, int64_t count, mill_column *out,
                           mill_error *err)
{
	size_t size_bytes = state->kind->fixed_bytes == NULL ? 0 : state->kind->fixed_bytes(state);
	bool all_seen = state->seen == NULL && state->seen_dense >= state->groups;
	if (size_bytes == 0 || !all_seen || size_bytes * (size_t)count > INT32_MAX)
		return write_rows(state, order, count, out, err);
	return write_fixed(state, size_bytes, order, count, out, err);
}

void op_state_gather(char *to, const void *array, size_t element_bytes, const int32_t *order, int64_t count)
{
	const char *from = array;
	if (element_bytes == 8) {
		for (int64_t i = 0; i < count; i++)
			memcpy(to + i * 8, from + (size_t)order[i] * 8, 8);
	} else if (element_bytes == 16) {
		for (int64_t i = 0; i < count; i++)
			memcpy(to + i * 16, from + (size_t)order[i] * 16, 16);
	} else {
		for (int64_t i = 0; i < count; i++)
			memcpy(to + (size_t)i * element_bytes, from + (size_t)order[i] * element_bytes, element_bytes);
	}
}

mill_status op_state_column(const op_state *state, const int32_t *order, int64_t count, mill_column *out,
                            mill_error *err)
{
	mill_column made = {0};
	MILL_TRY(mill_column_new(state->mem, state->spec.signature.result, count, 0, &made, err));
	int64_t nulls = 0;
	for (int64_t i = 0; i < count; i++)
		nulls += !op_state_seen(state, order[i]);
	if (nulls > 0 && state->spec.signature.kind != MILL_AGG_COUNT &&
	    state->spec.signature.kind != MILL_AGG_COUNT_ROWS) {
		mill_status status = mill_column_add_validity(state->mem, &made, err);
		if (status != MILL_OK) {
			mill_column_release(&made);
			return status;
		}
		for (int64_t i = 0; i < count; i++)
			mill_bit_put(made.validity, i, op_state_seen(state, order[i]));
		made.null_count = nulls;
	}
	*out = made;
	return MILL_OK;
}

mill_status op_state_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	return state->kind->result(state, order, count, out, err);
}
