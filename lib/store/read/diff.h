/* The list of differences that `diff` prints. Not collective. */
#ifndef MILL_STORE_READ_DIFF_H
#define MILL_STORE_READ_DIFF_H

#include "store/store_private.h"

typedef struct mill_difference {
	const char *where; /* "job", "input", "tensor", "split", "data" … */
	const char *place; /* JSON pointer, path, "train/dense row 17, fare" */
	const char *a;     /* text; NULL: absent in a */
	const char *b;
} mill_difference;

typedef struct mill_diff {
	mill_mem *mem;
	mill_arena arena;
	mill_difference *items; /* in mem */
	int64_t count;
	int64_t capacity;
	int64_t unlisted; /* beyond MILL_DIFF_LIMIT of one kind */
} mill_diff;

#define MILL_DIFF_HASH  "hash of" /* `where` of datasets whose hashes differ */
#define MILL_DIFF_LIMIT 50        /* of one kind: more of the same helps nobody; their number is told */

/* No difference so far. */
void mill_diff_init(mill_diff *diff, mill_mem *mem);
void mill_diff_release(mill_diff *diff); /* idempotent */
/* where is borrowed, the other texts are copied. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_diff_add(mill_diff *diff, const char *where, const char *place, const char *a,
                                         const char *b, mill_error *err);
/* Compares two JSON trees (NULL: absent) member by member and item by item; place is the pointer below `where`. */
MILL_NODISCARD mill_status mill_diff_json(mill_diff *diff, const char *where, const mill_json *a, const mill_json *b,
                                          mill_error *err);
/* The inputs of two manifests, told apart by path; with_time: by time of change too. */
MILL_NODISCARD mill_status mill_diff_inputs(mill_diff *diff, const mill_json *a, const mill_json *b, bool with_time,
                                            mill_error *err);
/* Tensors, kept columns, splits and their rows. */
MILL_NODISCARD mill_status mill_diff_structure(mill_diff *diff, const mill_store *a, const mill_store *b,
                                               mill_error *err);
/* The first cell that differs, and the names of all datasets whose hashes differ. */
MILL_NODISCARD mill_status mill_diff_data(mill_diff *diff, const mill_store *a, const mill_store *b, mill_error *err);
/* The report: lines, or one JSON object. */
MILL_NODISCARD mill_status mill_diff_report(const mill_diff *diff, const mill_store *a, const mill_store *b,
                                            bool as_json, mill_bytes *out);

#endif
