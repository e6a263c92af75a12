/* H64 and H128 of definitions.md: XXH3 with a seed, the only hashes whose values outlive a run. Not collective.
 * Source: XXH3 as in xxHash 0.8 (stable output). */
#ifndef MILL_BASE_HASH_H
#define MILL_BASE_HASH_H

#include "base/mem.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 mill_u128;
__extension__ typedef __int128 mill_i128;

/* XXH3 of 64 bits of size_bytes of data. */
uint64_t mill_h64(uint64_t seed, const void *data, size_t size_bytes);
mill_u128 mill_h128(uint64_t seed, const void *data, size_t size_bytes); /* high·2^64 + low */
/* Σ over r of H128(first_seed + r, row r) modulo 2^128, rows of one width laid end to end: the content hash's inner
 * loop (D5). */
mill_u128 mill_h128_rows_sum(uint64_t first_seed, const void *data, size_t row_bytes, int64_t rows);

/* H128(0, bytes) of bytes that come piece by piece (files). NULL when out of memory; free with mill_mem_free. */
typedef struct mill_h128_stream mill_h128_stream;
/* A hash of 128 bits that is fed piece by piece; seed 0. NULL when out of memory. Free with mill_mem_free. */
mill_h128_stream *mill_h128_stream_new(mill_mem *mem);
/* Feeds size_bytes more; how data is cut into pieces does not matter. */
void mill_h128_stream_add(mill_h128_stream *stream, const void *data, size_t size_bytes);
mill_u128 mill_h128_stream_sum(const mill_h128_stream *stream); /* of what was added so far */

/* 32 lower-case hex digits and a NUL. */
#define MILL_H128_TEXT_BYTES 33
/* Writes 32 hexadecimal digits and a NUL. */
void mill_h128_text(mill_u128 hash, char out[MILL_H128_TEXT_BYTES]);
bool mill_h128_parse(const char *text, mill_u128 *out); /* false, out untouched: text is anything else */

/* S(purpose, name) = H64(job seed, purpose ‖ 00 ‖ name); purposes: "split", "shuffle", "sample", "folds". */
uint64_t mill_purpose_seed(uint64_t job_seed, const char *purpose, const char *name);

#endif
