/* Counting physical lines: LF, CRLF and lone CR, inside quotes too. Not collective. */
#ifndef MILL_FORMATS_CSV_LINES_H
#define MILL_FORMATS_CSV_LINES_H

#include <stddef.h>
#include <stdint.h>

/* Line ends whose last byte lies in text[0 … size_bytes); text[size_bytes] must be readable: a CR before an LF does not
 * end the line yet. Not collective. */
int64_t mill_csv_line_ends(const uint8_t *text, size_t size_bytes, int simd);

#endif
