/* first, last and any_value: the value (first and last: or NULL) of the row with the smallest or largest id. */
#include "ops/states/state_text.h"

enum { FIRST_NOTHING = 0, FIRST_VALUE = 1, FIRST_NULL = 2 };

typedef struct first_state {
	op_state base;
	uint8_t *holds; /* FIRST_… per group */
	uint64_t *ids;  /* id_words per group */
	char *values;   /* width bytes per group, for all but text */
	op_text *texts;
	size_t width;
	bool is_text;
	mill_arena arena;
} first_state;

static mill_status first_open(op_state *state, mill_error *err)
{
	first_state *s = (first_state *)state;
	mill_type type = state->spec.signature.arg_types[0];
	(void)err;
	s->is_text = mill_type_is_text(type);
	s->width = type.id == MILL_TYPE_BOOL ? 1 : mill_type_width_bytes(type);
	mill_arena_init(&s->arena, state->mem);
	return MILL_OK;
}

static mill_status first_grow(op_state *state, int64_t capacity, mill_error *err)
{
	first_state *s = (first_state *)state;
	MILL_TRY(op_state_array(state->mem, &s->holds, state->capacity, capacity, 1, err));
	if (s->is_text)
		MILL_TRY(op_state_array(state->mem, &s->texts, state->capacity, capacity, sizeof(op_text), err));
	else
		MILL_TRY(op_state_array(state->mem, &s->values, state->capacity, capacity, s->width, err));
	if (state->id_words > 0)
		MILL_TRY(op_state_array(state->mem, &s->ids, state->capacity, capacity,
		                        (size_t)state->id_words * sizeof(uint64_t), err));
	return MILL_OK;
}

/* The number of id words is known with the first row or state. */
static mill_status settle_ids(first_state *s, int id_words, mill_error *err)
{
	if (s->base.id_words == id_words && s->ids != NULL)
		return MILL_OK;
	if (id_words <= 0 || (s->base.id_words != 0 && s->base.id_words != id_words))
		return mill_fail(err, MILL_INTERNAL,
		                 "first, last and any_value need rows with ids of one length, got %d", id_words);
	MILL_TRY(op_state_array(s->base.mem, &s->ids, 0, s->base.capacity, (size_t)id_words * sizeof(uint64_t), err));
	s->base.id_words = id_words;
	return MILL_OK;
}

static bool comes_before(const uint64_t *a, const uint64_t *b, int words)
{
	for (int w = 0; w < words; w++)
		if (a[w] != b[w])
			return a[w] < b[w];
	return false;
}

/* True when a row with this id takes the group's place; its id is then noted. */
static bool take_place(first_state *s, int64_t group, const uint64_t *id)
{
	int words = s->base.id_words;
	uint64_t *held = s->ids + group * words;
	bool last = s->base.spec.signature.kind == MILL_AGG_LAST;
	if (s->holds[group] != FIRST_NOTHING && !(last ? comes_before(held, id, words) : comes_before(id, held, words)))
		return false;
	memcpy(held, id, (size_t)words * sizeof(uint64_t));
	return true;
}

static mill_status keep_value(first_state *s, int64_t group, const mill_column *column, int64_t row, mill_error *err)
{
	s->holds[group] = mill_column_is_null(column, row) ? FIRST_NULL : FIRST_VALUE;
	if (s->holds[group] == FIRST_NULL)
		return MILL_OK;
	if (s->is_text) {
		int32_t length;
		const char *bytes = mill_column_text(column, row, &length);
		return op_text_set(&s->texts[group], &s->arena, bytes, length, err);
	}
	if (column->type.id == MILL_TYPE_BOOL)
		s->values[group] = mill_bit_get(column->values, row);
	else
		memcpy(s->values + (size_t)group * s->width, (const char *)column->values + (size_t)row * s->width,
		       s->width);
	return MILL_OK;
}

#define FIRST_MOST_ID_WORDS 64

static mill_status first_update(op_state *state, const op_input *in, mill_error *err)
{
	first_state *s = (first_state *)state;
	const mill_column *column = in->args[0];
	uint64_t id[FIRST_MOST_ID_WORDS];
	if (in->batch->id_words > FIRST_MOST_ID_WORDS)
		return mill_fail(err, MILL_NOT_YET, "row ids of more than %d words", FIRST_MOST_ID_WORDS);
	MILL_TRY(settle_ids(s, in->batch->id_words, err));
	OP_EACH_ROW(in, {
		for (int w = 0; w < state->id_words; w++)
			id[w] = op_id_word(in->batch, w)[r];
		if (take_place(s, in->groups[r], id))
			MILL_TRY(keep_value(s, in->groups[r], column, r, err));
	});
	return MILL_OK;
}

/* 0 / 1 / FIRST_VALUE or FIRST_NULL
 * 1 / 1 / words of the id, n
 * 2 / 8n / id
 * … / rest / the value's bytes, none with FIRST_NULL */
static mill_status first_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	const first_state *s = (const first_state *)state;
	(void)err;
	MILL_TRY(mill_bytes_append_u8(out, s->holds[group]));
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)state->id_words));
	MILL_TRY(mill_bytes_append(out, s->ids + group * state->id_words, (size_t)state->id_words * sizeof(uint64_t)));
	if (s->holds[group] == FIRST_NULL)
		return MILL_OK;
	if (s->is_text)
		return mill_bytes_append(out, s->texts[group].bytes, (size_t)s->texts[group].length_bytes);
	return mill_bytes_append(out, s->values + (size_t)group * s->width, s->width);
}

static mill_status first_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	first_state *s = (first_state *)state;
	uint8_t holds, words;
	const uint8_t *value;
	uint64_t id[FIRST_MOST_ID_WORDS];
	if (!mill_view_u8(bytes, &holds) || !mill_view_u8(bytes, &words) || words > FIRST_MOST_ID_WORDS)
		return op_state_damaged(err);
	MILL_TRY(settle_ids(s, words, err));
	for (int w = 0; w < words; w++)
		if (!mill_view_u64(bytes, &id[w]))
			return op_state_damaged(err);
	size_t length = bytes->size_bytes - bytes->at;
	if (!mill_view_bytes(bytes, length, &value) || (!s->is_text && length != (holds == FIRST_VALUE ? s->width : 0)))
		return op_state_damaged(err);
	if (!take_place(s, group, id))
		return MILL_OK;
	s->holds[group] = holds;
	if (holds == FIRST_NULL)
		return MILL_OK;
	if (s->is_text)
		return op_text_set(&s->texts[group], &s->arena, (const char *)value, (int32_t)length, err);
	memcpy(s->values + (size_t)group * s->width, value, s->width);
	return MILL_OK;
}

static mill_status first_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	const first_state *s = (const first_state *)state;
	mill_column made = {0};
	MILL_TRY(mill_column_nulls(state->mem, state->spec.signature.result, count, &made, err));
	for (int64_t i = 0; i < count; i++) {
		if (s->holds[order[i]] != FIRST_VALUE)
			continue;
		const char *value = s->values + (size_t)order[i] * s->width;
		mill_bit_set(made.validity, i);
		if (made.type.id == MILL_TYPE_BOOL)
			mill_bit_put(made.values, i, value[0] != 0);
		else
			memcpy((char *)made.values + (size_t)i * s->width, value, s->width);
	}
	mill_column_settle_nulls(&made);
	*out = made;
	return MILL_OK;
}

static mill_status first_text_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                     mill_error *err)
{
	const first_state *s = (const first_state *)state;
	return op_text_column(state, s->texts, order, count, s->holds, FIRST_VALUE, out, err);
}

static mill_status first_any_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                    mill_error *err)
{
	bool is_text = ((const first_state *)state)->is_text;
	return (is_text ? first_text_result : first_result)(state, order, count, out, err);
}

static void first_wipe(op_state *state, int64_t groups)
{
	first_state *s = (first_state *)state;
	memset(s->holds, FIRST_NOTHING, (size_t)groups);
	if (s->is_text)
		memset(s->texts, 0, (size_t)groups * sizeof(*s->texts));
	mill_arena_release(&s->arena);
	mill_arena_init(&s->arena, state->mem);
}

static void first_drop(op_state *state)
{
	first_state *s = (first_state *)state;
	mill_mem_free(s->holds);
	mill_mem_free(s->ids);
	mill_mem_free(s->values);
	mill_mem_free(s->texts);
	s->holds = NULL;
	s->ids = NULL;
	s->values = NULL;
	s->texts = NULL;
	state->id_words = 0;
	mill_arena_release(&s->arena);
	mill_arena_init(&s->arena, state->mem);
}

const op_state_kind op_state_first = {
    .size_bytes = sizeof(first_state),
    .takes_nulls = true,
    .open = first_open,
    .grow = first_grow,
    .update = first_update,
    .merge = first_merge,
    .write = first_write,
    .result = first_any_result,
    .wipe = first_wipe,
    .drop = first_drop,
};
