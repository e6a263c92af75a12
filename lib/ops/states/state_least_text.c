/* States of min and max over text and bytes, and columns of the texts that groups have. */
#include "column/builder.h"
#include "ops/states/state_text.h"

typedef struct text_state {
	op_state base;
	op_text *best; /* bytes NULL: no value yet */
	mill_arena arena;
} text_state;

mill_status op_text_column(const op_state *state, const op_text *texts, const int32_t *order, int64_t count,
                           const uint8_t *marks, uint8_t value_mark, mill_column *out, mill_error *err)
{
	mill_builder builder;
	mill_status status = MILL_OK;
	mill_builder_init(&builder, state->mem, state->spec.signature.result);
	for (int64_t i = 0; i < count && status == MILL_OK; i++) {
		const op_text *text = &texts[order[i]];
		if (text->bytes == NULL || (marks != NULL && marks[order[i]] != value_mark))
			status = mill_builder_null(&builder);
		else
			status = mill_builder_text(&builder, text->bytes, (size_t)text->length_bytes);
	}
	status = status == MILL_OK ? mill_builder_finish(&builder, out, err)
	                           : mill_fail(err, status, "results of an aggregate: %s", mill_status_text(status));
	mill_builder_release(&builder);
	return status;
}

static mill_status text_open(op_state *state, mill_error *err)
{
	(void)err;
	mill_arena_init(&((text_state *)state)->arena, state->mem);
	return MILL_OK;
}

static mill_status text_grow(op_state *state, int64_t capacity, mill_error *err)
{
	return op_state_array(state->mem, &((text_state *)state)->best, state->capacity, capacity, sizeof(op_text),
	                      err);
}

static mill_status text_add(text_state *s, int64_t group, const char *bytes, int32_t length, mill_error *err)
{
	op_text *best = &s->best[group];
	if (best->bytes != NULL) {
		int32_t common = length < best->length_bytes ? length : best->length_bytes;
		int order = common == 0 ? 0 : memcmp(bytes, best->bytes, (size_t)common);
		if (order == 0)
			order = (length > best->length_bytes) - (length < best->length_bytes);
		if (s->base.spec.signature.kind == MILL_AGG_MAX ? order <= 0 : order >= 0)
			return MILL_OK;
	}
	return op_text_set(best, &s->arena, bytes, length, err);
}

static mill_status text_update(op_state *state, const op_input *in, mill_error *err)
{
	text_state *s = (text_state *)state;
	OP_EACH_ROW(in, {
		int32_t length;
		const char *bytes = mill_column_text(in->args[0], r, &length);
		MILL_TRY(text_add(s, in->groups[r], bytes, length, err));
	});
	return MILL_OK;
}

/* 0 / 1 / 1, so that an empty text is a value; 1 / … / bytes */
static mill_status text_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	uint8_t one;
	const uint8_t *text;
	size_t length = bytes->size_bytes - 1;
	if (!mill_view_u8(bytes, &one) || !mill_view_bytes(bytes, length, &text))
		return op_state_damaged(err);
	return text_add((text_state *)state, group, (const char *)text, (int32_t)length, err);
}

static mill_status text_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	const op_text *best = &((const text_state *)state)->best[group];
	(void)err;
	MILL_TRY(mill_bytes_append_u8(out, 1));
	return mill_bytes_append(out, best->bytes, (size_t)best->length_bytes);
}

static mill_status text_result(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err)
{
	return op_text_column(state, ((const text_state *)state)->best, order, count, NULL, 0, out, err);
}

static void text_wipe(op_state *state, int64_t groups)
{
	text_state *s = (text_state *)state;
	memset(s->best, 0, (size_t)groups * sizeof(*s->best));
	mill_arena_release(&s->arena);
	mill_arena_init(&s->arena, state->mem);
}

static void text_drop(op_state *state)
{
	text_state *s = (text_state *)state;
	mill_mem_free(s->best);
	s->best = NULL;
	mill_arena_release(&s->arena);
	mill_arena_init(&s->arena, state->mem);
}

const op_state_kind op_state_least_text = {
    .size_bytes = sizeof(text_state),
    .open = text_open,
    .grow = text_grow,
    .update = text_update,
    .merge = text_merge,
    .write = text_write,
    .result = text_result,
    .wipe = text_wipe,
    .drop = text_drop,
};
