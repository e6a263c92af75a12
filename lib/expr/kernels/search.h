/* Substring search. Not collective. */
#ifndef MILL_EXPR_KERNELS_SEARCH_H
#define MILL_EXPR_KERNELS_SEARCH_H

#include <stddef.h>

/* First occurrence of a needle of at least one byte, or NULL. Not collective. */
const char *mill_text_search(const char *text, size_t size_bytes, const char *needle, size_t needle_bytes);

#endif
