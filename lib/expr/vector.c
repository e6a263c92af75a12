#include "expr/program.h"
#include <string.h>

/* Vectors and the buffers they live in. */

mill_buffer *mill_pool_take(mill_buffer_pool *pool, size_t size_bytes)
{
	if (size_bytes > MILL_POOL_BYTES)
		return mill_buffer_new(pool->mem, size_bytes);
	/* The last used are at the end, and warm in the cache. */
	for (int i = pool->count - 1; i >= 0; i--) {
		mill_buffer *buffer = pool->members[i];
		if (buffer->references == 1 && buffer->size_bytes >= size_bytes &&
		    buffer->size_bytes <= size_bytes * 2 + 4096) {
			buffer->references = 2;
			return buffer;
		}
	}
	mill_buffer *buffer = mill_buffer_new(pool->mem, size_bytes);
	if (buffer == NULL)
		return NULL;
	/* Kernels also read rows that are NULL, where nobody wrote a value: clear each buffer once, so that they read
	 * numbers. */
	memset(buffer->data, 0, buffer->size_bytes);
	if (pool->count == MILL_POOL_BUFFERS) {
		mill_buffer_release(pool->members[pool->oldest]);
		pool->members[pool->oldest] = buffer;
		pool->oldest = (pool->oldest + 1) % MILL_POOL_BUFFERS;
	} else {
		pool->members[pool->count++] = buffer;
	}
	buffer->references = 2;
	return buffer;
}

void mill_pool_release(mill_buffer_pool *pool)
{
	for (int i = 0; i < pool->count; i++)
		mill_buffer_release(pool->members[i]);
	pool->count = 0;
}

mill_status mill_program_buffer(mill_program *program, size_t size_bytes, mill_buffer **out, mill_error *err)
{
	mill_buffer *buffer = mill_pool_take(&program->pool, size_bytes);
	if (buffer == NULL)
		return mill_fail_nomem(err, size_bytes, "values of an expression");
	*out = buffer;
	return MILL_OK;
}

void mill_vector_release(mill_vector *vector)
{
	mill_column_release(&vector->column);
	mill_buffer_release(vector->errors);
	vector->errors = NULL;
	vector->constant = false;
}

mill_status mill_vector_new(mill_program *program, mill_type type, int64_t rows, mill_column *out, mill_error *err)
{
	mill_column column = {.type = type, .rows = rows};
	bool is_text = mill_type_is_text(type);
	size_t words = mill_bit_words(rows);
	size_t size_bytes = type.id == MILL_TYPE_BOOL ? words * 8
	                    : is_text                 ? ((size_t)rows + 1) * sizeof(int32_t)
	                                              : (size_t)rows * mill_type_width_bytes(type);
	if (type.id == MILL_TYPE_NULL)
		size_bytes = (size_t)rows;
	MILL_TRY(mill_program_buffer(program, size_bytes, &column.owners[1], err));
	if (is_text) {
		column.offsets = (int32_t *)column.owners[1]->data;
		column.offsets[0] = 0;
	} else {
		column.values = column.owners[1]->data;
		if (type.id == MILL_TYPE_BOOL && words > 0)
			((uint64_t *)column.values)[words - 1] = 0;
	}
	*out = column;
	return MILL_OK;
}

mill_status mill_vector_validity(mill_program *program, mill_column *column, mill_error *err)
{
	size_t words = mill_bit_words(column->rows);
	MILL_TRY(mill_program_buffer(program, words * 8, &column->owners[0], err));
	column->validity = (uint64_t *)column->owners[0]->data;
	return MILL_OK;
}

void mill_column_settle(mill_column *column)
{
	size_t words = mill_bit_words(column->rows);
	int64_t valid = 0;
	if (column->type.id == MILL_TYPE_BOOL && words > 0)
		((uint64_t *)column->values)[words - 1] &= mill_row_bits(column->rows, (int64_t)words - 1);
	column->null_count = 0;
	if (column->validity == NULL)
		return;
	for (size_t w = 0; w < words; w++)
		valid += __builtin_popcountll(column->validity[w]);
	column->null_count = column->rows - valid;
	if (column->null_count == 0) {
		mill_buffer_release(column->owners[0]);
		column->owners[0] = NULL;
		column->validity = NULL;
	}
}

mill_status mill_vector_null(mill_program *program, mill_type type, bool error, mill_vector *out, mill_error *err)
{
	mill_vector vector = {.constant = true};
	MILL_TRY(mill_column_nulls(program->mem, type, 1, &vector.column, err));
	if (error) {
		mill_status status = mill_program_buffer(program, 8, &vector.errors, err);
		if (status != MILL_OK) {
			mill_vector_release(&vector);
			return status;
		}
		*(uint64_t *)vector.errors->data = 1;
	}
	*out = vector;
	return MILL_OK;
}

static void spread_values(void *out, const void *value, size_t width, int64_t rows)
{
	uint8_t *bytes = out;
	switch (width) {
	case 1: memset(out, *(const uint8_t *)value, (size_t)rows); return;
	case 4:
		for (int64_t i = 0; i < rows; i++)
			((uint32_t *)out)[i] = *(const uint32_t *)value;
		return;
	case 8:
		for (int64_t i = 0; i < rows; i++)
			((uint64_t *)out)[i] = *(const uint64_t *)value;
		return;
	default:
		for (int64_t i = 0; i < rows; i++)
			memcpy(bytes + (size_t)i * width, value, width);
	}
}

static mill_status spread_text(mill_program *program, const mill_column *in, int64_t rows, mill_column *out,
                               mill_error *err)
{
	size_t length = (size_t)in->offsets[1];
	if (length * (size_t)rows > INT32_MAX)
		return mill_fail(err, MILL_DATA, "a constant text of %zu bytes over %lld rows passes 2 GiB", length,
		                 (long long)rows);
	MILL_TRY(mill_program_buffer(program, length * (size_t)rows, &out->owners[2], err));
	out->bytes = (char *)out->owners[2]->data;
	for (int64_t i = 0; i < rows; i++) {
		memcpy(out->bytes + (size_t)i * length, in->bytes, length);
		out->offsets[i + 1] = (int32_t)((size_t)(i + 1) * length);
	}
	return MILL_OK;
}

mill_status mill_vector_spread(mill_program *program, const mill_vector *in, int64_t rows, mill_column *out,
                               mill_error *err)
{
	mill_column column;
	mill_status status = MILL_OK;
	if (!in->constant || rows == 1) {
		*out = mill_column_retain(&in->column);
		return MILL_OK;
	}
	if (in->column.null_count > 0)
		return mill_column_nulls(program->mem, in->column.type, rows, out, err);
	MILL_TRY(mill_vector_new(program, in->column.type, rows, &column, err));
	if (in->column.type.id == MILL_TYPE_BOOL)
		memset(column.values, mill_bit_get(in->column.values, 0) ? 0xff : 0, mill_bit_words(rows) * 8);
	else if (mill_type_is_text(column.type))
		status = spread_text(program, &in->column, rows, &column, err);
	else
		spread_values(column.values, in->column.values, mill_type_width_bytes(column.type), rows);
	if (status != MILL_OK) {
		mill_column_release(&column);
		return status;
	}
	mill_column_settle(&column);
	*out = column;
	return MILL_OK;
}
