/* JSON in: job files, fitted state, manifests (definitions.md D14).
 *
 * Comments and trailing commas are allowed; duplicate keys, integers beyond 2^53 (they must be strings), NUL characters
 * and invalid UTF-8 are refused. A syntax error gives NAME:LINE:COLUMN, every other refusal the JSON pointer:
 * `configs/x.json: /sources/trips/format: expected a string, found a number`.
 * cJSON builds the tree that the nodes are copied from and stays inside json.c. Not collective. */
#ifndef MILL_BASE_JSON_H
#define MILL_BASE_JSON_H

#include "base/arena.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum mill_json_kind {
	MILL_JSON_NULL,
	MILL_JSON_BOOL,
	MILL_JSON_NUMBER,
	MILL_JSON_STRING,
	MILL_JSON_ARRAY,
	MILL_JSON_OBJECT
} mill_json_kind;

/* Deepest nesting that is read and written. */
#define MILL_JSON_DEPTH 128

/* What a document is called in messages and the status of its refusals. */
typedef struct mill_json_source {
	const char *name;
	mill_status refusal;
} mill_json_source;

/* A node and all it refers to live in the arena of its document. Read the members, do not write them. */
typedef struct mill_json {
	mill_json_kind kind;
	bool boolean;
	int line, column; /* of its first byte, from 1; columns count characters */
	double number;    /* NUMBER: the nearest double */
	const char *text; /* STRING: UTF-8 without NULs, ended by one; NUMBER: exactly as written ("0.10") */
	size_t text_bytes;
	const char *key;          /* of an object's member; NULL elsewhere */
	struct mill_json *items;  /* ARRAY, OBJECT: children in the order of the document */
	int64_t count;            /* of items */
	struct mill_json *parent; /* NULL at the root */
	const mill_json_source *source;
} mill_json;

/* Parses size_bytes of text. Refusals are MILL_USAGE with parse; parse_as says another (MILL_DATA for manifests).
 * MILL_NOMEM. The root and everything under it live in arena. */
MILL_NODISCARD mill_status mill_json_parse(const char *text, size_t size_bytes, const char *name, mill_arena *arena,
                                           mill_json **out, mill_error *err);
/* The same with another status for refusals. */
MILL_NODISCARD mill_status mill_json_parse_as(const char *text, size_t size_bytes, const char *name,
                                              mill_status refusal, mill_arena *arena, mill_json **out, mill_error *err);

#define MILL_JSON_POINTER_BYTES 1024
/* Writes the JSON pointer of node ("" at the root), cut where it does not fit. Returns out. */
const char *mill_json_pointer(const mill_json *node, char out[MILL_JSON_POINTER_BYTES]);
/* "NAME: POINTER: message" with the document's refusal status, which it returns; fail_as with another status. */
mill_status mill_json_fail(const mill_json *node, mill_error *err, const char *format, ...) MILL_PRINTF(3, 4);
/* The same with another status than the document's. */
mill_status mill_json_fail_as(const mill_json *node, mill_status status, mill_error *err, const char *format, ...)
    MILL_PRINTF(4, 5);
/* "a string", "an object" … as messages call it. */
const char *mill_json_kind_name(mill_json_kind kind);

/* The member called key, exactly so spelled; NULL where there is none or node is no object. Borrowed. */
mill_json *mill_json_get(const mill_json *node, const char *key);
/* Refused when the member is missing. */
MILL_NODISCARD mill_status mill_json_need(const mill_json *node, const char *key, mill_json **out, mill_error *err);
/* Refuses members whose key is not among allowed, with "did you mean". */
MILL_NODISCARD mill_status mill_json_check_keys(const mill_json *node, const char *const *allowed, size_t count,
                                                mill_error *err);
/* Refused when the node is of another kind. */
MILL_NODISCARD mill_status mill_json_expect(const mill_json *node, mill_json_kind kind, mill_error *err);

/* The node as a value. Refused when it is of another kind or out of range. */
MILL_NODISCARD mill_status mill_json_string(const mill_json *node, const char **out, mill_error *err); /* borrowed */
/* true or false. Refused as above. */
MILL_NODISCARD mill_status mill_json_bool(const mill_json *node, bool *out, mill_error *err);
/* Integral numbers, and strings of digits (how integers beyond 2^53 are written). */
MILL_NODISCARD mill_status mill_json_int(const mill_json *node, int64_t min, int64_t max, int64_t *out,
                                         mill_error *err);
/* An integer from 0 on, up to 2^64 − 1 as a string of digits. */
MILL_NODISCARD mill_status mill_json_uint(const mill_json *node, uint64_t *out, mill_error *err);
/* A size: a whole number of bytes, or a string as mill_parse_size reads it. */
MILL_NODISCARD mill_status mill_json_size(const mill_json *node, int64_t min_bytes, int64_t max_bytes,
                                          int64_t *out_bytes, mill_error *err);
/* Numbers, and the strings "nan", "inf", "-inf" that mill_json_put_double writes. */
MILL_NODISCARD mill_status mill_json_double(const mill_json *node, double *out, mill_error *err);
/* A string or an array of strings: *out is an array in arena of borrowed strings. */
MILL_NODISCARD mill_status mill_json_strings(const mill_json *node, mill_arena *arena, const char ***out,
                                             int64_t *count, mill_error *err);

/* The same for a member that may be missing: *out keeps its value then. */
MILL_NODISCARD mill_status mill_json_opt_string(const mill_json *node, const char *key, const char **out,
                                                mill_error *err);
/* A boolean that may be missing. */
MILL_NODISCARD mill_status mill_json_opt_bool(const mill_json *node, const char *key, bool *out, mill_error *err);
/* An integer in [min, max] that may be missing. */
MILL_NODISCARD mill_status mill_json_opt_int(const mill_json *node, const char *key, int64_t min, int64_t max,
                                             int64_t *out, mill_error *err);
/* As mill_json_uint, where it may be missing. */
MILL_NODISCARD mill_status mill_json_opt_uint(const mill_json *node, const char *key, uint64_t *out, mill_error *err);
/* As mill_json_double, where it may be missing. */
MILL_NODISCARD mill_status mill_json_opt_double(const mill_json *node, const char *key, double *out, mill_error *err);

/* Changing a tree, for parameters (`${x}`): node keeps its place (key, parent, line) and takes a deep copy of value's
 * contents, or a string. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_json_assign(mill_json *node, const mill_json *value, mill_arena *arena,
                                            mill_error *err);
/* node becomes a string, a copy of text in the arena. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_json_assign_string(mill_json *node, const char *text, mill_arena *arena,
                                                   mill_error *err);

#endif
