/* JSON out: manifests, fitted state, --json. Keys come in the order they are put. Not collective.
 *
 * A writer remembers its first failure (MILL_NOMEM, or MILL_INTERNAL when calls do not nest), after which puts do
 * nothing: only mill_json_finish has to be checked.
 *
 *	mill_json_writer w;
 *	mill_json_writer_init(&w, &bytes, true);
 *	mill_json_put_object(&w, NULL);
 *	mill_json_put_int(&w, "rows", rows);
 *	mill_json_put_array(&w, "files");
 *	mill_json_put_text(&w, NULL, "a.csv");
 *	mill_json_end(&w);
 *	mill_json_end(&w);
 *	MILL_TRY(mill_json_finish(&w)); */
#ifndef MILL_BASE_JSON_WRITER_H
#define MILL_BASE_JSON_WRITER_H

#include "base/json.h"

typedef struct mill_json_writer {
	mill_bytes *out;
	bool pretty; /* two spaces a level and a final line feed; otherwise one line without blanks */
	mill_status status;
	int depth;
	char open[MILL_JSON_DEPTH]; /* '{' or '[' */
	bool has_items[MILL_JSON_DEPTH];
	bool done; /* the document is complete */
} mill_json_writer;

/* Appends to out, which stays the caller's. */
void mill_json_writer_init(mill_json_writer *writer, mill_bytes *out, bool pretty);
/* The first failure, or MILL_INTERNAL for a document that is not complete. */
MILL_NODISCARD mill_status mill_json_finish(mill_json_writer *writer);

/* key: the member's key inside an object, NULL elsewhere. */
void mill_json_put_object(mill_json_writer *writer, const char *key);
/* Opens an array; mill_json_end closes it. */
void mill_json_put_array(mill_json_writer *writer, const char *key);
void mill_json_end(mill_json_writer *writer); /* closes the innermost object or array */
/* text NULL is null. Bytes that are not UTF-8 are written as U+FFFD. */
void mill_json_put_text(mill_json_writer *writer, const char *key, const char *text);
/* A string of size_bytes, which may hold NULs. */
void mill_json_put_text_n(mill_json_writer *writer, const char *key, const char *text, size_t size_bytes);
/* A number, or a string beyond 2^53. */
void mill_json_put_int(mill_json_writer *writer, const char *key, int64_t value);
/* An unsigned integer, as a string beyond 2^53. */
void mill_json_put_uint(mill_json_writer *writer, const char *key, uint64_t value);
/* Shortest round-trip text; NaN and infinities as the strings "nan", "inf", "-inf". */
void mill_json_put_double(mill_json_writer *writer, const char *key, double value);
/* true or false. */
void mill_json_put_bool(mill_json_writer *writer, const char *key, bool value);
/* null. */
void mill_json_put_null(mill_json_writer *writer, const char *key);
/* A whole tree as it was read; numbers keep their spelling. */
void mill_json_put_node(mill_json_writer *writer, const char *key, const mill_json *node);

/* Appends text as a JSON string with its quotes, for messages and logs too. */
MILL_NODISCARD mill_status mill_json_quote(mill_bytes *out, const char *text, size_t size_bytes);

#endif
