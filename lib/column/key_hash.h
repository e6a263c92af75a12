/* Key hashes of common shapes, from registers. Not collective. */
#ifndef MILL_COLUMN_KEY_HASH_H
#define MILL_COLUMN_KEY_HASH_H

#include "column/value.h"

/* Fills out for all rows and returns true when the keys have a shape with a fast path: one column of any type, or two
 * of at most 8 bytes a value. Same hashes as over V. scratch holds text longer than a cache line or two. */
MILL_NODISCARD mill_status mill_key_hash_fast(const mill_column *const *keys, int n, int64_t rows, mill_bytes *scratch,
                                              uint64_t *out, bool *done, mill_error *err);

#endif
