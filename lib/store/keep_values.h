/* Kept columns between a batch's layout and a shard's (format.h). Not collective. */
#ifndef MILL_STORE_KEEP_VALUES_H
#define MILL_STORE_KEEP_VALUES_H

#include "store/format.h"

/* Stored values of rows from … from + rows of a fixed-width column, NULLs as their placeholders. */
void mill_keep_store(int simd, const mill_column *column, int64_t from, int64_t rows, void *out);
/* The way back: a column of `rows` stored values; valid: a byte a row, NULL: all valid. */
MILL_NODISCARD mill_status mill_keep_load(mill_mem *mem, mill_type dtype, const void *values, const uint8_t *valid,
                                          int64_t rows, mill_column *out, mill_error *err);
/* A text column of rows whose bytes are text[offsets[0] … offsets[rows]). MILL_DATA: offsets that cannot be. */
MILL_NODISCARD mill_status mill_keep_load_text(mill_mem *mem, mill_type dtype, const int64_t *offsets,
                                               const uint8_t *text, const uint8_t *valid, int64_t rows,
                                               mill_column *out, mill_error *err);

#endif
