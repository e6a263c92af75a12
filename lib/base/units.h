/* Sizes and durations as people write them, in job files and options. Not collective. */
#ifndef MILL_BASE_UNITS_H
#define MILL_BASE_UNITS_H

#include "base/status.h"
#include <stdint.h>

/* "1 MiB", "4G", "1.5 GB", "64KB", "4096": K, M, G, T and KiB, MiB … count by 1024, KB, MB … by 1000, without case; no
 * unit or B is bytes. A fraction is rounded down. MILL_USAGE. */
MILL_NODISCARD mill_status mill_parse_size(const char *text, int64_t *out_bytes, mill_error *err);
/* "120s", "500 ms", "5 min", "2 hours", "30 days"; no unit is seconds. MILL_USAGE. */
MILL_NODISCARD mill_status mill_parse_duration(const char *text, int64_t *out_ns, mill_error *err);

/* "1.5 GiB", "512 B": for messages. Returns out. */
#define MILL_SIZE_TEXT_BYTES 32
const char *mill_size_text(int64_t size_bytes, char out[MILL_SIZE_TEXT_BYTES]);

#endif
