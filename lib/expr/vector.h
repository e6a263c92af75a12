/* Vectors: what a node of a program has over a batch, and the buffers that they live in. Private to expr/.
 *
 * A vector is a column, or one row that stands for all, and the rows that are errors (which are NULL in the column). */
#ifndef MILL_EXPR_VECTOR_H
#define MILL_EXPR_VECTOR_H

#include "column/bits.h"
#include "column/column.h"

struct mill_program;

typedef struct mill_vector {
	mill_column column; /* a reference; one row when constant */
	bool constant;
	mill_buffer *errors; /* a bit per row (padding bits 0); NULL: none */
} mill_vector;

/* Gives up the vector's buffers and makes it empty; idempotent. Not collective. */
void mill_vector_release(mill_vector *vector);

/* A column of the type with room for the values (fixed width or boolean), or the offsets, of `rows` rows; contents
 * undefined, no validity. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_vector_new(struct mill_program *program, mill_type type, int64_t rows, mill_column *out,
                                           mill_error *err);

/* Gives a column of mill_vector_new a validity bitmap, contents undefined. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_vector_validity(struct mill_program *program, mill_column *column, mill_error *err);

/* Counts NULLs, drops a bitmap that has none, clears the bits past the last row. Not collective. */
void mill_column_settle(mill_column *column);

/* NULL for every row, as one constant row; is_error: the row is a failure too. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_vector_null(struct mill_program *program, mill_type type, bool is_error,
                                            mill_vector *out, mill_error *err);

/* The vector as a column of `rows` rows, a constant repeated; *out is the caller's reference. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_vector_spread(struct mill_program *program, const mill_vector *in, int64_t rows,
                                              mill_column *out, mill_error *err);

/* The bits of word w of a bitmap that belong to rows. Not collective. */
static inline uint64_t mill_row_bits(int64_t rows, int64_t w)
{
	return mill_bits_mask(rows - w * 64 < 64 ? rows - w * 64 : 64);
}

#define MILL_POOL_BUFFERS 128
#define MILL_POOL_BYTES   ((size_t)1 << 20) /* larger buffers are not kept */

/* Buffers used again batch after batch: one that nobody else references is free. */
typedef struct mill_buffer_pool {
	mill_mem *mem;
	mill_buffer *members[MILL_POOL_BUFFERS];
	int count;
	int oldest; /* next to be given up when full */
} mill_buffer_pool;

/* A buffer of at least size_bytes, one reference of it the caller's, contents undefined; NULL: out of memory. Not
 * collective. */
mill_buffer *mill_pool_take(mill_buffer_pool *pool, size_t size_bytes);
/* Gives up all buffers; idempotent. Not collective. */
void mill_pool_release(mill_buffer_pool *pool);
/* mill_pool_take from the program's pool, as a status: *out is set on success. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_program_buffer(struct mill_program *program, size_t size_bytes, mill_buffer **out,
                                               mill_error *err);

#endif
