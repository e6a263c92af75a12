/* One text per group, which may be replaced often: its place is reused while the text fits and at least doubles
 * otherwise, so that what replacing leaves behind is bounded by what is held. Not collective. */
#ifndef MILL_OPS_STATES_STATE_TEXT_H
#define MILL_OPS_STATES_STATE_TEXT_H

#include "ops/states/state.h"
#include <string.h>

typedef struct op_text {
	char *bytes;
	int32_t length_bytes;
	int32_t capacity_bytes;
} op_text;

/* Replaces the text by a copy of bytes. MILL_NOMEM. */
static inline mill_status op_text_set(op_text *text, mill_arena *arena, const char *bytes, int32_t length_bytes,
                                      mill_error *err)
{
	if (length_bytes > text->capacity_bytes || text->bytes == NULL) {
		int64_t capacity = mill_max_i64(16, mill_max_i64(length_bytes, 2 * (int64_t)text->capacity_bytes));
		capacity = mill_min_i64(capacity, INT32_MAX);
		char *place = mill_arena_alloc(arena, (size_t)capacity);
		if (place == NULL)
			return mill_fail_nomem(err, (size_t)capacity, "text of an aggregate");
		text->bytes = place;
		text->capacity_bytes = (int32_t)capacity;
	}
	if (length_bytes > 0)
		memcpy(text->bytes, bytes, (size_t)length_bytes);
	text->length_bytes = length_bytes;
	return MILL_OK;
}

/* Makes a column of the state's result type from texts by group; NULL where there is none or its mark is not value_mark
 * (marks NULL: all are values). */
MILL_NODISCARD mill_status op_text_column(const op_state *state, const op_text *texts, const int32_t *order,
                                          int64_t count, const uint8_t *marks, uint8_t value_mark, mill_column *out,
                                          mill_error *err);

#endif
