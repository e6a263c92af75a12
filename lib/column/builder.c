#include "column/builder.h"
#include "column/bits.h"
#include <string.h>

#define FIRST_ROWS 64

void mill_builder_init(mill_builder *builder, mill_mem *mem, mill_type type)
{
	memset(builder, 0, sizeof(*builder));
	builder->mem = mem;
	builder->type = type;
}

void mill_builder_release(mill_builder *builder)
{
	mill_buffer_release(builder->validity);
	mill_buffer_release(builder->values);
	mill_buffer_release(builder->bytes);
	mill_builder_init(builder, builder->mem, builder->type);
}

static size_t value_bytes(const mill_builder *builder, int64_t rows)
{
	if (mill_type_is_text(builder->type))
		return ((size_t)rows + 1) * sizeof(int32_t);
	return mill_type_values_bytes(builder->type, rows);
}

static mill_status grow(mill_builder *builder, mill_buffer **buffer, size_t size_bytes)
{
	mill_buffer *grown = mill_buffer_resize(builder->mem, *buffer, size_bytes);
	if (grown == NULL)
		return MILL_NOMEM;
	*buffer = grown;
	return MILL_OK;
}

static mill_status grow_rows(mill_builder *builder, int64_t rows)
{
	int64_t capacity = mill_max_i64(mill_max_i64(builder->capacity_rows * 2, rows), FIRST_ROWS);
	capacity = (capacity + 63) & ~(int64_t)63;
	bool first = builder->values == NULL;
	MILL_TRY(grow(builder, &builder->values, value_bytes(builder, capacity)));
	if (builder->validity != NULL)
		MILL_TRY(grow(builder, &builder->validity, (size_t)capacity / 8));
	if (first && mill_type_is_text(builder->type))
		((int32_t *)builder->values->data)[0] = 0;
	builder->capacity_rows = capacity;
	return MILL_OK;
}

static mill_status grow_text(mill_builder *builder, size_t text_bytes)
{
	size_t capacity = builder->bytes == NULL ? 0 : builder->bytes->size_bytes;
	if (text_bytes > INT32_MAX)
		return MILL_DATA;
	if (text_bytes <= capacity && builder->bytes != NULL)
		return MILL_OK;
	return grow(builder, &builder->bytes, text_bytes > capacity * 2 ? text_bytes : capacity * 2);
}

mill_status mill_builder_reserve(mill_builder *builder, int64_t extra_rows, size_t extra_text_bytes)
{
	if (extra_rows > INT32_MAX - builder->rows)
		return MILL_DATA;
	if (mill_type_is_nested(builder->type))
		return MILL_NOT_YET;
	if (builder->rows + extra_rows > builder->capacity_rows || builder->values == NULL)
		MILL_TRY(grow_rows(builder, builder->rows + extra_rows));
	if (!mill_type_is_text(builder->type) || extra_text_bytes > INT32_MAX)
		return extra_text_bytes > INT32_MAX ? MILL_DATA : MILL_OK;
	return grow_text(builder, builder->text_bytes + extra_text_bytes);
}

/* Starts row `rows`, which mill_builder_reserve has made room for. Bitmap words are cleared as they are entered. */
static int64_t open_row(mill_builder *builder)
{
	int64_t row = builder->rows++;
	if ((row & 63) == 0 && builder->type.id == MILL_TYPE_BOOL)
		((uint64_t *)builder->values->data)[row >> 6] = 0;
	if (builder->validity != NULL) {
		uint64_t *validity = (uint64_t *)builder->validity->data;
		if ((row & 63) == 0)
			validity[row >> 6] = 0;
		mill_bit_set(validity, row);
	}
	return row;
}

mill_status mill_builder_null(mill_builder *builder)
{
	MILL_TRY(mill_builder_reserve(builder, 1, 0));
	if (builder->validity == NULL) {
		mill_buffer *validity = mill_buffer_new(builder->mem, (size_t)builder->capacity_rows / 8);
		if (validity == NULL)
			return MILL_NOMEM;
		mill_bits_fill((uint64_t *)validity->data, builder->rows);
		builder->validity = validity;
	}
	int64_t row = open_row(builder);
	mill_bit_clear((uint64_t *)builder->validity->data, row);
	builder->null_count++;
	size_t width = mill_type_width_bytes(builder->type);
	if (mill_type_is_text(builder->type))
		((int32_t *)builder->values->data)[row + 1] = (int32_t)builder->text_bytes;
	else
		memset(builder->values->data + (size_t)row * width, 0, width);
	return MILL_OK;
}

mill_status mill_builder_bool(mill_builder *builder, bool value)
{
	MILL_TRY(mill_builder_reserve(builder, 1, 0));
	int64_t row = open_row(builder);
	if (value)
		mill_bit_set((uint64_t *)builder->values->data, row);
	return MILL_OK;
}

mill_status mill_builder_fixed(mill_builder *builder, const void *value)
{
	MILL_TRY(mill_builder_reserve(builder, 1, 0));
	size_t width = mill_type_width_bytes(builder->type);
	size_t row = (size_t)open_row(builder);
	memcpy(builder->values->data + row * width, value, width);
	return MILL_OK;
}

/* Little-endian: the low bytes of a wide integer are the narrow one. */
mill_status mill_builder_i64(mill_builder *builder, int64_t value)
{
	return mill_builder_fixed(builder, &value);
}

mill_status mill_builder_f64(mill_builder *builder, double value)
{
	float narrow = (float)value;
	if (builder->type.id == MILL_TYPE_FLOAT32)
		return mill_builder_fixed(builder, &narrow);
	return mill_builder_fixed(builder, &value);
}

mill_status mill_builder_text(mill_builder *builder, const char *text, size_t length_bytes)
{
	MILL_TRY(mill_builder_reserve(builder, 1, length_bytes));
	int64_t row = open_row(builder);
	if (length_bytes > 0)
		memcpy(builder->bytes->data + builder->text_bytes, text, length_bytes);
	builder->text_bytes += length_bytes;
	((int32_t *)builder->values->data)[row + 1] = (int32_t)builder->text_bytes;
	return MILL_OK;
}

mill_status mill_builder_copy(mill_builder *builder, const mill_column *column, int64_t row)
{
	if (mill_column_is_null(column, row))
		return mill_builder_null(builder);
	if (mill_type_is_text(builder->type)) {
		int32_t length;
		const char *text = mill_column_text(column, row, &length);
		return mill_builder_text(builder, text, (size_t)length);
	}
	if (builder->type.id == MILL_TYPE_BOOL)
		return mill_builder_bool(builder, mill_bit_get(column->values, row));
	size_t width = mill_type_width_bytes(builder->type);
	return mill_builder_fixed(builder, (const uint8_t *)column->values + (size_t)row * width);
}

mill_status mill_builder_finish(mill_builder *builder, mill_column *out, mill_error *err)
{
	mill_status status = mill_builder_reserve(builder, 0, 0);
	if (status != MILL_OK)
		return mill_fail(err, status, "a column of type %u: %s", (unsigned)builder->type.id,
		                 mill_status_text(status));
	mill_column column = {.type = builder->type, .rows = builder->rows, .null_count = builder->null_count};
	column.owners[0] = builder->validity;
	column.owners[1] = builder->values;
	column.owners[2] = builder->bytes;
	if (builder->validity != NULL)
		column.validity = (uint64_t *)builder->validity->data;
	if (mill_type_is_text(builder->type)) {
		column.offsets = (int32_t *)builder->values->data;
		column.bytes = (char *)builder->bytes->data;
	} else {
		column.values = builder->values->data;
	}
	mill_builder_init(builder, builder->mem, builder->type);
	*out = column;
	return MILL_OK;
}
