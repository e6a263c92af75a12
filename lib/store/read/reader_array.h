/* Reading the datasets of a shard chunk by chunk. Private to the reader. Not collective. */
#ifndef MILL_STORE_READ_READER_ARRAY_H
#define MILL_STORE_READ_READER_ARRAY_H

#include "store/read/reader.h"

/* An array that is not open. */
void mill_h5_array_init(mill_h5_array *array);
void mill_h5_array_release(mill_h5_array *array); /* idempotent */
/* Opens link and checks type, rank and shape; rows −1: any. MILL_DATA. */
MILL_NODISCARD mill_status mill_h5_array_open(mill_h5_array *array, hid_t file, const char *link, hid_t type, int rank,
                                              int64_t rows, int64_t width, mill_error *err);
/* Row `first` and those after it in the same chunk, row-major: *rows of them, borrowed until the next call for this
 * array. MILL_DATA: damage, or no such row. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_h5_array_hold(mill_h5_array *array, mill_chunk_codec *codec, int64_t first,
                                              const uint8_t **out, int64_t *rows, mill_error *err);
/* Rows first … first + rows, row-major, into out. MILL_DATA: damage, or no such rows. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_h5_array_read(mill_h5_array *array, mill_chunk_codec *codec, int64_t first,
                                              int64_t rows, void *out, mill_error *err);

#endif
