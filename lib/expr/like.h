/* LIKE patterns: % any text, _ one character, an escape before either. Not collective. */
#ifndef MILL_EXPR_LIKE_H
#define MILL_EXPR_LIKE_H

#include "expr/kernels/text_rows.h"

typedef struct mill_like {
	mill_mem *mem;
	char *source; /* the pattern this was made from */
	size_t source_bytes;
	char *bytes;  /* literal bytes of all segments, one after the other */
	uint8_t *any; /* 1: this byte stands for any character */
	size_t *ends; /* where each segment ends; segments are what % separates */
	bool *has_any;
	int segments;
	bool bad_escape;
} mill_like;

/* Compiles the pattern; fold: case is ignored. like->bad_escape: the pattern ends with its escape character.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_like_compile(mill_like *like, mill_mem *mem, mill_text pattern, bool fold,
                                             mill_error *err);
/* Gives up what the pattern holds; idempotent. Not collective. */
void mill_like_release(mill_like *like);
/* Does the text match? It is in lower case where the pattern ignores case. Not collective. */
bool mill_like_match(const mill_like *like, mill_text text);

#endif
