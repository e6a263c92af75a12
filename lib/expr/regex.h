/* Regular expressions through PCRE2, options set so that `.`, `^` and `$` mean what they mean in PostgreSQL. Not
 * collective. */
#ifndef MILL_EXPR_REGEX_H
#define MILL_EXPR_REGEX_H

#include "expr/kernels/text_rows.h"

typedef struct mill_regex mill_regex;

/* What the last compile or match of a row came to. */
typedef enum mill_regex_result { MILL_REGEX_NO, MILL_REGEX_YES, MILL_REGEX_LIMIT } mill_regex_result;

typedef struct mill_span {
	size_t begin, end; /* begin > end: the group took no part */
} mill_span;

/* simd: mill_simd_level(); at the portable level patterns are interpreted, above it they are compiled to machine
 * code. Not collective. */
MILL_NODISCARD mill_status mill_regex_new(mill_mem *mem, int simd, mill_regex **out, mill_error *err);
void mill_regex_free(mill_regex *regex); /* NULL is fine */
/* Compiles unless pattern and flags ("i", "g", "n", "x", "c", "s") are those of the last call. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_regex_use(mill_regex *regex, mill_text pattern, mill_text flags, bool *ok,
                                          mill_error *err);
const char *mill_regex_message(const mill_regex *regex); /* why the pattern does not compile */
/* Whether the flags hold "g". */
bool mill_regex_is_global(const mill_regex *regex);
/* From byte `from` on; spans of the match are then to be had. Not collective. */
mill_regex_result mill_regex_match(mill_regex *regex, mill_text text, size_t from);
int mill_regex_groups(const mill_regex *regex); /* without group 0 */
/* Where a group of the last match is; group 0 is all of it. */
mill_span mill_regex_span(const mill_regex *regex, int group);

#endif
