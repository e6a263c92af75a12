#include "column/column.h"
#include "column/bits.h"
#include "column/layout.h"
#include <string.h>

#define BUFFER_ALIGN 64

mill_buffer *mill_buffer_new(mill_mem *mem, size_t size_bytes)
{
	return mill_buffer_resize(mem, NULL, size_bytes);
}

/* The struct takes the first 64 bytes of its block, so that the data after it stays aligned. */
mill_buffer *mill_buffer_resize(mill_mem *mem, mill_buffer *buffer, size_t size_bytes)
{
	if (size_bytes > SIZE_MAX / 2)
		return NULL;
	size_t usable = mill_round_up(size_bytes == 0 ? 1 : size_bytes, BUFFER_ALIGN);
	mill_buffer *resized = mill_mem_realloc(mem, buffer, BUFFER_ALIGN + usable);
	if (resized == NULL)
		return NULL;
	resized->references = 1;
	resized->size_bytes = usable;
	resized->data = (uint8_t *)resized + BUFFER_ALIGN;
	return resized;
}

mill_buffer *mill_buffer_retain(mill_buffer *buffer)
{
	if (buffer != NULL)
		buffer->references++;
	return buffer;
}

void mill_buffer_release(mill_buffer *buffer)
{
	if (buffer != NULL && --buffer->references == 0)
		mill_mem_free(buffer);
}

mill_status mill_dictionary_new(mill_mem *mem, mill_column *values, mill_column **out, mill_error *err)
{
	mill_column *dictionary = mill_mem_alloc(mem, sizeof(*dictionary));
	if (dictionary == NULL) {
		mill_column_release(values);
		return mill_fail_nomem(err, sizeof(*dictionary), "dictionary");
	}
	*dictionary = *values;
	dictionary->references = 1;
	memset(values, 0, sizeof(*values));
	*out = dictionary;
	return MILL_OK;
}

mill_column *mill_dictionary_retain(mill_column *dictionary)
{
	if (dictionary != NULL)
		dictionary->references++;
	return dictionary;
}

void mill_dictionary_release(mill_column *dictionary)
{
	if (dictionary != NULL && --dictionary->references == 0) {
		mill_column_release(dictionary);
		mill_mem_free(dictionary);
	}
}

mill_column mill_column_retain(const mill_column *column)
{
	mill_column copy = *column;
	for (int i = 0; i < 3; i++)
		mill_buffer_retain(copy.owners[i]);
	mill_dictionary_retain(copy.dictionary);
	copy.references = 0;
	return copy;
}

void mill_column_release(mill_column *column)
{
	for (int i = 0; i < 3; i++)
		mill_buffer_release(column->owners[i]);
	mill_dictionary_release(column->dictionary);
	memset(column, 0, sizeof(*column));
}

mill_status mill_column_new_offsets(mill_mem *mem, mill_type type, int64_t rows, mill_column *out, mill_error *err)
{
	mill_column column = {.type = type, .rows = rows};
	size_t offset_bytes = ((size_t)rows + 1) * sizeof(int32_t);
	column.owners[1] = mill_buffer_new(mem, offset_bytes);
	if (column.owners[1] == NULL)
		return mill_fail_nomem(err, offset_bytes, "column offsets");
	column.offsets = (int32_t *)column.owners[1]->data;
	column.offsets[0] = 0;
	*out = column;
	return MILL_OK;
}

mill_status mill_column_add_text(mill_mem *mem, mill_column *column, size_t text_bytes, mill_error *err)
{
	if (text_bytes > INT32_MAX)
		return mill_fail(err, MILL_DATA,
		                 "a column of %lld rows would hold %zu bytes of text, at most 2 GiB are possible: "
		                 "make batches or buckets smaller",
		                 (long long)column->rows, text_bytes);
	mill_buffer *buffer = mill_buffer_new(mem, text_bytes);
	if (buffer == NULL)
		return mill_fail_nomem(err, text_bytes, "column text");
	mill_buffer_release(column->owners[2]);
	column->owners[2] = buffer;
	column->bytes = (char *)buffer->data;
	return MILL_OK;
}

static mill_status new_text(mill_mem *mem, mill_column *column, size_t text_bytes, mill_error *err)
{
	MILL_TRY(mill_column_new_offsets(mem, column->type, column->rows, column, err));
	return mill_column_add_text(mem, column, text_bytes, err);
}

static mill_status new_values(mill_mem *mem, mill_column *column, mill_error *err)
{
	size_t bytes = mill_type_values_bytes(column->type, column->rows);
	column->owners[1] = mill_buffer_new(mem, bytes);
	if (column->owners[1] == NULL)
		return mill_fail_nomem(err, bytes, "column values");
	column->values = column->owners[1]->data;
	if (column->type.id == MILL_TYPE_BOOL && column->rows > 0)
		((uint64_t *)column->values)[mill_bit_words(column->rows) - 1] = 0;
	return MILL_OK;
}

mill_status mill_column_new(mill_mem *mem, mill_type type, int64_t rows, size_t text_bytes, mill_column *out,
                            mill_error *err)
{
	mill_column column = {.type = type, .rows = rows};
	mill_status status = MILL_OK;
	if (rows < 0 || rows > INT32_MAX)
		return mill_fail(err, MILL_DATA, "a column of %lld rows is not possible (at most %d)", (long long)rows,
		                 INT32_MAX);
	if (mill_type_is_nested(type))
		return mill_fail(err, MILL_NOT_YET, "columns of lists and structs are not supported yet");
	if (mill_type_is_text(type))
		status = new_text(mem, &column, text_bytes, err);
	else
		status = new_values(mem, &column, err);
	if (status != MILL_OK) {
		mill_column_release(&column);
		return status;
	}
	*out = column;
	return MILL_OK;
}

mill_status mill_column_add_validity(mill_mem *mem, mill_column *column, mill_error *err)
{
	size_t bytes = mill_bit_words(column->rows) * 8;
	mill_buffer *buffer = mill_buffer_new(mem, bytes);
	if (buffer == NULL)
		return mill_fail_nomem(err, bytes, "validity bitmap");
	mill_buffer_release(column->owners[0]);
	column->owners[0] = buffer;
	column->validity = (uint64_t *)buffer->data;
	mill_bits_fill(column->validity, column->rows);
	return MILL_OK;
}

void mill_column_settle_nulls(mill_column *column)
{
	if (column->validity == NULL)
		return;
	column->null_count = column->rows - mill_bits_count(column->validity, column->rows);
	if (column->null_count == 0) {
		mill_buffer_release(column->owners[0]);
		column->owners[0] = NULL;
		column->validity = NULL;
	}
}

mill_status mill_column_nulls(mill_mem *mem, mill_type type, int64_t rows, mill_column *out, mill_error *err)
{
	mill_column column;
	MILL_TRY(mill_column_new(mem, type, rows, 0, &column, err));
	if (rows > 0) {
		mill_status status = mill_column_add_validity(mem, &column, err);
		if (status != MILL_OK) {
			mill_column_release(&column);
			return status;
		}
		memset(column.validity, 0, mill_bit_words(rows) * 8);
		column.null_count = rows;
	}
	if (column.offsets != NULL)
		memset(column.offsets, 0, ((size_t)rows + 1) * sizeof(int32_t));
	else
		memset(column.values, 0, column.owners[1]->size_bytes);
	*out = column;
	return MILL_OK;
}

int64_t mill_column_bytes(const mill_column *column)
{
	int64_t bytes = 0;
	for (int i = 0; i < 3; i++)
		bytes += column->owners[i] == NULL ? 0 : (int64_t)column->owners[i]->size_bytes;
	return bytes + (column->dictionary == NULL ? 0 : mill_column_bytes(column->dictionary));
}
