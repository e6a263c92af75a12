#include "base/bytes.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY_BYTES 256

void mill_bytes_init(mill_bytes *bytes, mill_mem *mem)
{
	*bytes = (mill_bytes){.mem = mem};
}

void mill_bytes_release(mill_bytes *bytes)
{
	mill_mem_free(bytes->data);
	mill_bytes_init(bytes, bytes->mem);
}

mill_status mill_bytes_reserve(mill_bytes *bytes, size_t extra_bytes)
{
	if (bytes->data != NULL && extra_bytes <= bytes->capacity_bytes - bytes->size_bytes)
		return MILL_OK;
	size_t wanted_bytes = 0;
	if (mill_add_overflows(bytes->size_bytes, extra_bytes, &wanted_bytes))
		return MILL_NOMEM;
	size_t capacity_bytes = FIRST_CAPACITY_BYTES;
	if (bytes->capacity_bytes <= SIZE_MAX / 2 && bytes->capacity_bytes * 2 > capacity_bytes)
		capacity_bytes = bytes->capacity_bytes * 2;
	if (capacity_bytes < wanted_bytes)
		capacity_bytes = wanted_bytes;
	uint8_t *data = mill_mem_realloc(bytes->mem, bytes->data, capacity_bytes);
	/* Near the budget the exact size may still fit. */
	if (data == NULL && capacity_bytes > wanted_bytes) {
		capacity_bytes = wanted_bytes;
		data = mill_mem_realloc(bytes->mem, bytes->data, capacity_bytes);
	}
	if (data == NULL)
		return MILL_NOMEM;
	bytes->data = data;
	bytes->capacity_bytes = capacity_bytes;
	return MILL_OK;
}

mill_status mill_bytes_append(mill_bytes *bytes, const void *data, size_t size_bytes)
{
	MILL_TRY(mill_bytes_reserve(bytes, size_bytes));
	if (size_bytes > 0)
		memcpy(bytes->data + bytes->size_bytes, data, size_bytes);
	bytes->size_bytes += size_bytes;
	return MILL_OK;
}

mill_status mill_bytes_append_u8(mill_bytes *bytes, uint8_t value)
{
	return mill_bytes_append(bytes, &value, 1);
}

static void put_little_endian(uint8_t *out, uint64_t value, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_little_endian(const uint8_t *data, size_t size_bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size_bytes; i++)
		value |= (uint64_t)data[i] << (8 * i);
	return value;
}

mill_status mill_bytes_append_u32(mill_bytes *bytes, uint32_t value)
{
	uint8_t encoded[4];
	put_little_endian(encoded, value, sizeof encoded);
	return mill_bytes_append(bytes, encoded, sizeof encoded);
}

mill_status mill_bytes_append_u64(mill_bytes *bytes, uint64_t value)
{
	uint8_t encoded[8];
	put_little_endian(encoded, value, sizeof encoded);
	return mill_bytes_append(bytes, encoded, sizeof encoded);
}

mill_status mill_bytes_append_text(mill_bytes *bytes, const char *text)
{
	return mill_bytes_append(bytes, text, strlen(text));
}

mill_status mill_bytes_printf(mill_bytes *bytes, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	mill_status status = n < 0 ? MILL_INTERNAL : mill_bytes_reserve(bytes, (size_t)n + 1);
	if (status == MILL_OK) {
		vsnprintf((char *)bytes->data + bytes->size_bytes, (size_t)n + 1, format, again);
		bytes->size_bytes += (size_t)n;
	}
	va_end(again);
	return status;
}

mill_status mill_bytes_terminate(mill_bytes *bytes)
{
	MILL_TRY(mill_bytes_reserve(bytes, 1));
	bytes->data[bytes->size_bytes] = 0;
	return MILL_OK;
}

bool mill_view_bytes(mill_bytes_view *view, size_t size_bytes, const uint8_t **out)
{
	if (view->at > view->size_bytes || size_bytes > view->size_bytes - view->at)
		return false;
	*out = view->data + view->at;
	view->at += size_bytes;
	return true;
}

bool mill_view_u8(mill_bytes_view *view, uint8_t *out)
{
	const uint8_t *data = NULL;
	if (!mill_view_bytes(view, 1, &data))
		return false;
	*out = *data;
	return true;
}

bool mill_view_u32(mill_bytes_view *view, uint32_t *out)
{
	const uint8_t *data = NULL;
	if (!mill_view_bytes(view, 4, &data))
		return false;
	*out = (uint32_t)get_little_endian(data, 4);
	return true;
}

bool mill_view_u64(mill_bytes_view *view, uint64_t *out)
{
	const uint8_t *data = NULL;
	if (!mill_view_bytes(view, 8, &data))
		return false;
	*out = get_little_endian(data, 8);
	return true;
}
