/* Value bytes V and key hash K (definitions.md D1), equality and order of values: what hash tables, sorts, content
 * hashes and `verify` stand on. Not collective.
 *
 * Equality: −0 = 0, NaN = NaN, NULL = NULL (one group). Order: numbers by value with NaN above +Inf, text by bytes,
 * false < true; intervals by length, a month counting 30 days and a day 24 hours as in PostgreSQL (their V is that
 * length in µs, 16 bytes). */
#ifndef MILL_COLUMN_VALUE_H
#define MILL_COLUMN_VALUE_H

#include "base/float_text.h"
#include "column/column.h"

/* Appends V(row of column). */
MILL_NODISCARD mill_status mill_value_bytes(const mill_column *column, int64_t row, mill_bytes *out);
/* out[r] = K = H64(0, V(k1) ‖ V(k2) …) for each of rows rows. scratch is reused between calls. With n = 0 every key is
 * H64(0, ""). The common shapes (one fixed-width column, one text column) take a fast path with the same values. */
MILL_NODISCARD mill_status mill_key_hash(const mill_column *const *keys, int n, int64_t rows, mill_bytes *scratch,
                                         uint64_t *out, mill_error *err);
/* Whether both are NULL or equal, by mill_value_compare's order. */
bool mill_value_equal(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b);
/* <0, 0, >0; NULL is above everything here (callers place NULLs themselves). Same types only. */
int mill_value_compare(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b);

/* Order-preserving bytes: comparing the encodings with memcmp (shorter first on a tie) orders rows as `ORDER BY keys`,
 * ties by row id. Range exchanges, sorts and LIMIT compare nothing else. */
typedef struct mill_sort_key {
	int column;
	bool descending;
	bool nulls_first;
} mill_sort_key;
/* out: a non-null BINARY column (bytes as sort_encode.c lays them out; all rows one length where no key is text). The
 * id columns of the batch, if with_ids, are appended big-endian. */
MILL_NODISCARD mill_status mill_sort_encode(mill_mem *mem, const mill_batch *batch, const mill_sort_key *keys, int n,
                                            bool with_ids, mill_column *out, mill_error *err);

/* Decimal digits and a NUL; returns the length. */
#define MILL_INTEGER_TEXT_BYTES 24
/* Of a signed integer, with its sign. */
int mill_i64_text(int64_t value, char out[MILL_INTEGER_TEXT_BYTES]);
/* The text that `query`, CAST AS TEXT and reports print for a non-NULL value (docs/cli.md, query): true/false, shortest
 * floats, decimals with their scale, YYYY-MM-DD[ HH:MM:SS[.ffffff]] without trailing zeros of the fraction, +00 where
 * zoned (years before 1 end in " BC"), intervals as PostgreSQL writes them, binary as \x and hex. Dictionaries are
 * followed. */
MILL_NODISCARD mill_status mill_value_text(const mill_column *column, int64_t row, mill_bytes *out);

#endif
