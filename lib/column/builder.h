/* Builds a column value by value; the readers' and aggregates' way to make columns. Not collective. */
#ifndef MILL_COLUMN_BUILDER_H
#define MILL_COLUMN_BUILDER_H

#include "column/column.h"

typedef struct mill_builder {
	mill_mem *mem;
	mill_type type;
	int64_t rows;
	int64_t capacity_rows;
	int64_t null_count;
	mill_buffer *validity; /* allocated at the first NULL */
	mill_buffer *values;   /* or offsets */
	mill_buffer *bytes;
	size_t text_bytes;
} mill_builder;

/* A builder of no rows; buffers will come from mem. */
void mill_builder_init(mill_builder *builder, mill_mem *mem, mill_type type);
void mill_builder_release(mill_builder *builder); /* idempotent */
/* Room for `extra` more rows; the unchecked appends below need it. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_builder_reserve(mill_builder *builder, int64_t extra_rows, size_t extra_text_bytes);
/* Appends NULL. MILL_NOMEM; MILL_DATA when the column is full. */
MILL_NODISCARD mill_status mill_builder_null(mill_builder *builder);
/* Appends a BOOL. Errors as mill_builder_null. */
MILL_NODISCARD mill_status mill_builder_bool(mill_builder *builder, bool value);
/* A value of the type's width: pass the address of an int8_t … mill_i128, float, double, mill_interval. */
MILL_NODISCARD mill_status mill_builder_fixed(mill_builder *builder, const void *value);
/* Any integer type, DATE or TIMESTAMP from an int64 that fits it (the caller has checked). */
MILL_NODISCARD mill_status mill_builder_i64(mill_builder *builder, int64_t value);
MILL_NODISCARD mill_status mill_builder_f64(mill_builder *builder, double value); /* FLOAT32 or FLOAT64 */
/* Appends a STRING or BINARY. MILL_NOMEM; MILL_DATA: the column's bytes would pass 2 GiB. */
MILL_NODISCARD mill_status mill_builder_text(mill_builder *builder, const char *text, size_t length_bytes);
/* Row `row` of a column of the same type, NULL included. */
MILL_NODISCARD mill_status mill_builder_copy(mill_builder *builder, const mill_column *column, int64_t row);
/* Moves what was built into out and empties the builder, which can be used again. */
MILL_NODISCARD mill_status mill_builder_finish(mill_builder *builder, mill_column *out, mill_error *err);

#endif
