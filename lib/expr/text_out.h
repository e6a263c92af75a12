/* Text results row by row, into a buffer that grows. Not collective. */
#ifndef MILL_EXPR_TEXT_OUT_H
#define MILL_EXPR_TEXT_OUT_H

#include "expr/functions/function.h"
#include <string.h>

#define MILL_TEXT_ROW_BYTES ((size_t)256 << 20) /* the longest text one row may become */

typedef struct mill_text_out {
	mill_call *call;
	mill_buffer *buffer; /* owned by call->out */
	char *bytes;
	size_t used;
	size_t capacity;
} mill_text_out;

/* Starts the text result of a call, with room for guess_bytes. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_text_begin(mill_text_out *text, mill_call *call, size_t guess_bytes, mill_error *err);
/* Room for more bytes at text->bytes + text->used. MILL_DATA past 2 GiB. Not collective. */
MILL_NODISCARD mill_status mill_text_grow(mill_text_out *text, size_t extra_bytes, mill_error *err);

/* Sees to room for extra_bytes more. MILL_DATA past 2 GiB, MILL_NOMEM. Not collective. */
MILL_NODISCARD static inline mill_status mill_text_room(mill_text_out *text, size_t extra_bytes, mill_error *err)
{
	return text->capacity - text->used >= extra_bytes ? MILL_OK : mill_text_grow(text, extra_bytes, err);
}
/* Appends to the text of the current row. MILL_DATA past 2 GiB, MILL_NOMEM. Not collective. */
MILL_NODISCARD static inline mill_status mill_text_put(mill_text_out *text, const char *bytes, size_t length,
                                                       mill_error *err)
{
	MILL_TRY(mill_text_room(text, length, err));
	if (length > 0)
		memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	return MILL_OK;
}
/* Ends the row's text. Every row is ended, NULL ones with nothing put. Not collective. */
static inline void mill_text_end_row(mill_text_out *text, int64_t row)
{
	text->call->out->offsets[row + 1] = (int32_t)text->used;
}

#endif
