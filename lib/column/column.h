/* Columns and batches in Arrow's layout, what operators pass along.
 *
 * Buffers are reference counted (one thread, so plain counters) and immutable once shared; a column is a value that
 * holds references. Copying a column struct copies no reference: use mill_column_retain. No Arrow `offset`:
 * rows of a column are a copy of them (a batch is at most 8,192 rows). Every data buffer is 64-byte aligned and
 * readable up to the next 64 bytes. Row ids (definitions.md D2) are ordinary non-null UINT64 columns, the last id_words
 * columns of a batch, present only where something downstream needs them. Not collective. */
#ifndef MILL_COLUMN_COLUMN_H
#define MILL_COLUMN_COLUMN_H

#include "base/checked.h"
#include "base/hash.h"
#include "column/type.h"

#define MILL_BATCH_ROWS 8192

typedef struct mill_buffer {
	int64_t references;
	size_t size_bytes; /* usable bytes in data */
	uint8_t *data;
} mill_buffer;

/* One reference, contents undefined, size_bytes rounded up to 64 (at least 64). NULL when out of memory. */
mill_buffer *mill_buffer_new(mill_mem *mem, size_t size_bytes);
/* A buffer only the caller holds, made larger or smaller; contents kept. The old pointer is gone unless NULL is
 * returned (out of memory), when it is untouched. buffer may be NULL. */
mill_buffer *mill_buffer_resize(mill_mem *mem, mill_buffer *buffer, size_t size_bytes);
mill_buffer *mill_buffer_retain(mill_buffer *buffer); /* returns buffer; NULL is fine */
void mill_buffer_release(mill_buffer *buffer);        /* NULL is fine */

typedef struct mill_column {
	mill_type type;
	int64_t rows;
	int64_t null_count; /* exact */
	uint64_t *validity; /* bit r set: row r is not NULL; NULL when null_count is 0. Bits past rows are 0. */
	void *values;       /* fixed width: rows values (undefined where NULL); BOOL: a bitmap, bits past rows 0;
	                       STRING, BINARY: NULL, see offsets; with a dictionary: int32 codes */
	int32_t *offsets;   /* STRING, BINARY: rows + 1, non-decreasing, offsets[0] = 0; NULL rows are empty */
	char *bytes;        /* STRING, BINARY */
	struct mill_column *dictionary; /* NULL, or distinct non-NULL values (STRING); this column holds a reference */
	mill_buffer *owners[3];         /* of validity, values or offsets, bytes; NULL where absent */
	int64_t references;             /* used on dictionary columns only */
} mill_column;

/* Dictionaries are columns shared by reference count. `values` (STRING or BINARY, no NULLs, no duplicates) is moved in,
 * also on failure; the result has one reference. Release is NULL-safe. */
MILL_NODISCARD mill_status mill_dictionary_new(mill_mem *mem, mill_column *values, mill_column **out, mill_error *err);
/* Adds a reference and returns dictionary; NULL is fine. */
mill_column *mill_dictionary_retain(mill_column *dictionary);
/* Drops a reference; the last one frees the values. NULL is fine. */
void mill_dictionary_release(mill_column *dictionary);

/* Adds a reference to every buffer and returns a copy of the struct. */
mill_column mill_column_retain(const mill_column *column);
void mill_column_release(mill_column *column); /* idempotent: zeroes the struct */

/* rows values with undefined contents, all valid; STRING and BINARY get offsets[rows + 1] with offsets[0] = 0 and
 * text_bytes of bytes. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_column_new(mill_mem *mem, mill_type type, int64_t rows, size_t text_bytes,
                                           mill_column *out, mill_error *err);
/* Gives the column an all-valid validity bitmap of its own to clear bits in; the caller then sets null_count. */
MILL_NODISCARD mill_status mill_column_add_validity(mill_mem *mem, mill_column *column, mill_error *err);
/* Sets null_count from the bitmap, and drops the bitmap when no row is NULL. */
void mill_column_settle_nulls(mill_column *column);
/* rows NULLs of the type. */
MILL_NODISCARD mill_status mill_column_nulls(mill_mem *mem, mill_type type, int64_t rows, mill_column *out,
                                             mill_error *err);

/* Whether the row is NULL. */
static inline bool mill_column_is_null(const mill_column *c, int64_t row)
{
	return c->validity != NULL && !mill_bit_get(c->validity, row);
}
/* Text of a non-NULL row, through the dictionary if there is one; not NUL-terminated. */
static inline const char *mill_column_text(const mill_column *c, int64_t row, int32_t *length_bytes)
{
	if (c->dictionary != NULL) {
		row = ((const int32_t *)c->values)[row];
		c = c->dictionary;
	}
	*length_bytes = c->offsets[row + 1] - c->offsets[row];
	return c->bytes + c->offsets[row];
}

/* A new column of the rows at indices[0 … count), an index of −1 giving NULL. */
MILL_NODISCARD mill_status mill_column_take(mill_mem *mem, const mill_column *column, const int32_t *indices,
                                            int64_t count, mill_column *out, mill_error *err);
/* The rows whose bit is set in keep (kept = number of such bits). When kept == rows this is a retain. */
MILL_NODISCARD mill_status mill_column_filter(mill_mem *mem, const mill_column *column, const uint64_t *keep,
                                              int64_t kept, mill_column *out, mill_error *err);
/* Concatenates n > 0 columns of one type. A dictionary shared by all is kept. MILL_DATA when the text passes 2 GiB. */
MILL_NODISCARD mill_status mill_column_concat(mill_mem *mem, const mill_column *const *columns, int n, mill_column *out,
                                              mill_error *err);
/* Checks every rule of the layout (offsets, null_count, padding bits, UTF-8): for tests and data from outside. */
MILL_NODISCARD mill_status mill_column_validate(const mill_column *column, mill_error *err);

typedef struct mill_batch {
	int64_t rows;
	int column_count; /* visible columns first, then id_words id columns */
	int id_words;
	mill_column *columns; /* owned array */
	mill_mem *mem;        /* owner of the array */
} mill_batch;

/* column_count zeroed columns to be filled; rows is set by the caller. */
MILL_NODISCARD mill_status mill_batch_new(mill_mem *mem, int column_count, int id_words, mill_batch *out,
                                          mill_error *err);
/* A batch of the same columns, each retained. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_batch_retain(const mill_batch *batch, mill_batch *out, mill_error *err);
void mill_batch_release(mill_batch *batch); /* idempotent */
/* The rows whose bit is set in keep, `kept` of them. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_batch_filter(const mill_batch *batch, const uint64_t *keep, int64_t kept,
                                             mill_batch *out, mill_error *err);
/* mill_column_take of every column. */
MILL_NODISCARD mill_status mill_batch_take(const mill_batch *batch, const int32_t *indices, int64_t count,
                                           mill_batch *out, mill_error *err);
/* All rows of n > 0 batches of one schema as one (rows may pass MILL_BATCH_ROWS: sort and join build want that). */
MILL_NODISCARD mill_status mill_batch_concat(mill_mem *mem, const mill_batch *batches, int n, mill_batch *out,
                                             mill_error *err);
/* The same, letting go of each column of the batches once it is copied: takes the memory of one copy and one column
 * more. The batches are released, also on failure. */
MILL_NODISCARD mill_status mill_batch_concat_consume(mill_mem *mem, mill_batch *batches, int n, mill_batch *out,
                                                     mill_error *err);
/* mill_column_validate of every column, their row counts, and that ids are non-NULL UINT64. */
MILL_NODISCARD mill_status mill_batch_validate(const mill_batch *batch, mill_error *err);
/* Memory that its buffers hold; shared ones count in full. */
int64_t mill_column_bytes(const mill_column *column);
int64_t mill_batch_bytes(const mill_batch *batch); /* memory its buffers hold; shared buffers count in full */
/* How many columns stand before the ids. */
static inline int mill_batch_visible(const mill_batch *batch)
{
	return batch->column_count - batch->id_words;
}

/* Where batches go next. A producer calls push for each batch (borrowed: a consumer that keeps one retains it),
 * finish_unit after each unit (split or bucket) and finish once at the end. `done` tells the producer that no further
 * batch is wanted (LIMIT); pushing on is allowed and ignored. The first member of every consumer. */
typedef struct mill_sink mill_sink;
struct mill_sink {
	mill_status (*push)(mill_sink *self, const mill_batch *batch, mill_error *err);
	mill_status (*finish_unit)(mill_sink *self, mill_error *err);
	mill_status (*finish)(mill_sink *self, mill_error *err);
	void (*release)(mill_sink *self); /* frees the consumer itself, not the ones after it; NULL-safe via helper */
	bool done;
};
/* Hands a batch on, unless it is empty or the sink is done. */
static inline mill_status mill_sink_push(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	return batch->rows == 0 || sink->done ? MILL_OK : sink->push(sink, batch, err);
}

#endif
