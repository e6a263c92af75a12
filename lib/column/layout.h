/* Steps of making a column that only this room takes: text columns whose byte count is known late, and selection of
 * several columns by one bitmap. Not collective. */
#ifndef MILL_COLUMN_LAYOUT_H
#define MILL_COLUMN_LAYOUT_H

#include "column/column.h"

#include <string.h>

/* A STRING or BINARY column with offsets and no bytes yet. */
MILL_NODISCARD mill_status mill_column_new_offsets(mill_mem *mem, mill_type type, int64_t rows, mill_column *out,
                                                   mill_error *err);
/* Gives it text_bytes of bytes. MILL_DATA past 2 GiB. The column is then still the caller's to release. */
MILL_NODISCARD mill_status mill_column_add_text(mill_mem *mem, mill_column *column, size_t text_bytes, mill_error *err);

/* Bytes readable from column->bytes on. */
static inline size_t mill_column_text_readable(const mill_column *column)
{
	const mill_buffer *owner = column->owners[2];
	if (owner == NULL)
		return column->offsets == NULL ? 0 : (size_t)column->offsets[column->rows];
	return (size_t)(owner->data + owner->size_bytes - (const uint8_t *)column->bytes);
}

/* Where 16 bytes may be read and written at once, that beats a call of memcpy for short text: `to` must have room for
 * 16 bytes, and `readable` says how many may be read. */
static inline void mill_copy_text(char *restrict to, const char *restrict from, size_t size, size_t readable)
{
	if (size <= 16 && readable >= 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

/* out[i] = in[indices[i]] for values of `width` bytes (0, 1, 2, 4, 8, 16), none of them NULL. */
void mill_take_fixed(size_t width, void *restrict out, const void *restrict in, const int32_t *restrict indices,
                     int64_t count);

/* A selection, as a bitmap and, once a column asked for them, as positions. */
typedef struct mill_selection {
	mill_mem *mem;
	const uint64_t *keep;
	int64_t rows;
	int64_t kept;
	int32_t *indices; /* NULL until needed */
} mill_selection;

/* The kept rows of one more column. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_selection_apply(mill_selection *selection, const mill_column *column, mill_column *out,
                                                mill_error *err);
/* Frees the positions; idempotent. */
void mill_selection_release(mill_selection *selection);

#endif
