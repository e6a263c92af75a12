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

MILL_NODISCARD mill_status mill_like_compile(mill_like *like, mill_mem *mem, mill_text pattern, bool fold,
                                             mill_error *err);
void mill_like_release(mill_like *like); /* idempotent */
/* text in lower case when the pattern folds. */
bool mill_like_match(const mill_like *like, mill_text text);

#endif
