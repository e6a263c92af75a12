/* Key hashes of common shapes, from registers. Not collective. */
#ifndef MILL_COLUMN_KEY_HASH_H
#define MILL_COLUMN_KEY_HASH_H

#include "column/value.h"

/* Fills out for all rows and returns true when the keys have a shape with a fast path: one column of any type, or two
 * of at most 8 bytes a value. Same hashes as over V. scratch holds text longer than a cache line or two. */
MILL_NODISCARD mill_status mill_key_hash_fast(const mill_column *const *keys, int n, int64_t rows, mill_bytes *scratch,
                                              uint64_t *out, bool *done, mill_error *err);

/* Rows that are worked on at once: their V stays in the first-level cache. */
#define MILL_KEY_BLOCK_ROWS 256

/* True for types of 1 to 8 bytes a value, whose V is 01 and 8 bytes. */
static inline bool mill_key_is_word(const mill_column *column)
{
	size_t width = mill_type_width_bytes(column->type);
	return width >= 1 && width <= 8;
}

/* Those 8 bytes for rows rows from first on; undefined where NULL. */
void mill_key_words(const mill_column *column, int64_t first, int64_t rows, uint64_t *restrict out);

#endif
