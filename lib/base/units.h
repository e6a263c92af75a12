/* Sizes and durations as people write them, in job files and options. Not collective. */
#ifndef MILL_BASE_UNITS_H
#define MILL_BASE_UNITS_H

#include "base/status.h"
#include <stdint.h>

/* "1 MiB", "4G", "1.5 GB", "64KB", "4096", without case: K, M, G, T and KiB, MiB, GiB, TiB are powers of 1,024; KB, MB,
 * GB, TB are powers of 1,000; no unit or B is bytes. A fraction of a byte is dropped. Blanks may stand around the
 * number. MILL_USAGE when text is no size or not in [min_bytes, max_bytes]: the message quotes it and says what to
 * write, and the caller puts before it where the text stood. */
MILL_NODISCARD mill_status mill_parse_size(const char *text, int64_t min_bytes, int64_t max_bytes, int64_t *out_bytes,
                                           mill_error *err);
/* "120s", "500 ms", "5 min", "2 hours", "30 days"; no unit is seconds. Else as mill_parse_size. */
MILL_NODISCARD mill_status mill_parse_duration(const char *text, int64_t min_ns, int64_t max_ns, int64_t *out_ns,
                                               mill_error *err);

/* "1.5 GiB", "512 B": for messages. Returns out. */
#define MILL_SIZE_TEXT_BYTES 32
/* The size as people write it. Returns out. */
const char *mill_size_text(int64_t size_bytes, char out[MILL_SIZE_TEXT_BYTES]);

#endif
