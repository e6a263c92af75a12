/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Not collective. */
#ifndef MILL_BASE_UTF8_H
#define MILL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the text is valid UTF-8. */
bool mill_utf8_valid(const char *text, size_t size_bytes);
/* The same verdict, faster on long text; simd from mill_simd_level(). */
bool mill_utf8_valid_simd(int simd, const char *text, size_t size_bytes);
/* Bytes before the first one that is not part of a valid sequence; size_bytes when all are. */
size_t mill_utf8_valid_prefix(const char *text, size_t size_bytes);
/* Cells that a terminal gives the text: two for East Asian characters and emoji, none for combining marks, one for
 * all else. By blocks of Unicode, as good as terminals agree with each other. */
int mill_utf8_cells(const char *text, size_t size_bytes);
/* 3 when the text begins with a byte order mark, as editors on Windows write it, else 0. */
size_t mill_utf8_mark_bytes(const char *text, size_t size_bytes);
/* No byte above 127. */
bool mill_is_ascii(const char *text, size_t size_bytes);

#endif
