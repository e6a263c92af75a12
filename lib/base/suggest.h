/* "Did you mean": the nearest known name to a misspelt one. Not collective.
 * Source: optimal string alignment distance (Damerau 1964, Levenshtein 1966; one transposition counts one). */
#ifndef MILL_BASE_SUGGEST_H
#define MILL_BASE_SUGGEST_H

#include <stddef.h>

/* Edits that turn a into b, ASCII case ignored. Only the first 64 bytes of each count. */
int mill_edit_distance(const char *a, const char *b);

/* True when `distance` is small enough for a name of this length to be worth proposing. */
int mill_suggest_near(const char *name, int distance);

/* The candidate nearest to name (the first of equals), or NULL where none is near. Borrowed from candidates. */
const char *mill_suggest(const char *name, const char *const *candidates, size_t count);

#endif
