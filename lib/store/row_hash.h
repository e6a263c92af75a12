/* The row hashes of D5: what the content hash sums up. The writer and `verify` both stand on these. Not collective. */
#ifndef MILL_STORE_ROW_HASH_H
#define MILL_STORE_ROW_HASH_H

#include "store/store.h"

/* Copies count elements, every NaN becoming the canonical one (quiet, positive, no payload); −0 is kept. */
void mill_copy_canonical(int simd, mill_type dtype, const void *in, size_t count, void *out);

/* True when no row of from … from + rows is NULL; a word at a time. validity NULL: all valid. */
bool mill_all_valid(const uint64_t *validity, int64_t from, int64_t rows);
/* Adds Σ H128(ordinal, V(row)) over rows from … from + rows of a kept column, ordinals counted from first_ordinal.
 * MILL_NOMEM; scratch is reused between calls. */
MILL_NODISCARD mill_status mill_row_hash_column(const mill_column *column, int64_t from, int64_t rows,
                                                int64_t first_ordinal, mill_bytes *scratch, mill_u128 *sum,
                                                mill_error *err);

#endif
