/* Private to base/json: the pass over the text before cJSON sees it. Not collective. */
#ifndef MILL_BASE_JSON_SCAN_H
#define MILL_BASE_JSON_SCAN_H

#include "base/json.h"

/* A key or the first byte of a value; tokens come in the order of the document. */
typedef struct mill_json_token {
	size_t offset;
	size_t size_bytes; /* of a string with its quotes, a number, a literal; 1 for a container */
	int line;
	int column;
} mill_json_token;

/* Checks the whole syntax strictly, appends a token (as raw struct) for every key and value to tokens, and makes text
 * fit for cJSON, length and offsets kept: comments, trailing commas and a byte order mark become blanks, numbers 0
 * (their exact text is in the original). text[size_bytes] must be 0. */
MILL_NODISCARD mill_status mill_json_scan(char *text, size_t size_bytes, const mill_json_source *source,
                                          mill_bytes *tokens, mill_error *err);

#endif
