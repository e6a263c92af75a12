/* Texts, types and numbers to bytes and back, with bounds. */
#include "formats/wire.h"

#include <string.h>

#define NO_TEXT UINT32_MAX

mill_status mill_wire_end(const mill_wire *wire, const char *what, mill_error *err)
{
	if (wire->ok)
		return MILL_OK;
	return wire->no_memory ? mill_fail_nomem(err, 0, what)
	                       : mill_fail(err, MILL_DATA, "%s was received incomplete", what);
}

uint8_t mill_wire_u8(mill_wire *wire)
{
	uint8_t value = 0;
	wire->ok = wire->ok && mill_view_u8(wire->view, &value);
	return value;
}

uint32_t mill_wire_u32(mill_wire *wire)
{
	uint32_t value = 0;
	wire->ok = wire->ok && mill_view_u32(wire->view, &value);
	return value;
}

int64_t mill_wire_i64(mill_wire *wire)
{
	uint64_t value = 0;
	wire->ok = wire->ok && mill_view_u64(wire->view, &value);
	return (int64_t)value;
}

const char *mill_wire_text(mill_wire *wire)
{
	uint32_t length = mill_wire_u32(wire);
	const uint8_t *data = NULL;
	if (!wire->ok || length == NO_TEXT)
		return NULL;
	wire->ok = mill_view_bytes(wire->view, length, &data);
	char *text = wire->ok ? mill_arena_strndup(wire->arena, (const char *)data, length) : NULL;
	wire->no_memory |= wire->ok && text == NULL;
	wire->ok = text != NULL;
	return text;
}

void *mill_wire_array(mill_wire *wire, int64_t count, size_t element_bytes, size_t least_bytes)
{
	size_t left = wire->view->size_bytes - wire->view->at;
	wire->ok = wire->ok && count >= 0 && (least_bytes == 0 || (size_t)count <= left / least_bytes);
	void *array = wire->ok ? mill_arena_array(wire->arena, (size_t)count + 1, element_bytes) : NULL;
	wire->no_memory |= wire->ok && array == NULL;
	wire->ok = array != NULL;
	return array;
}

mill_type mill_wire_type(mill_wire *wire)
{
	mill_type type = {0, 0, 0, false};
	type.id = mill_wire_u8(wire);
	type.precision = mill_wire_u8(wire);
	type.scale = mill_wire_u8(wire);
	type.zoned = mill_wire_u8(wire) != 0;
	return type;
}

mill_status mill_wire_put_text(mill_bytes *out, const char *text)
{
	if (text == NULL)
		return mill_bytes_append_u32(out, NO_TEXT);
	size_t length = strlen(text);
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)length));
	return mill_bytes_append(out, text, length);
}

mill_status mill_wire_put_type(mill_bytes *out, mill_type type)
{
	MILL_TRY(mill_bytes_append_u8(out, type.id));
	MILL_TRY(mill_bytes_append_u8(out, type.precision));
	MILL_TRY(mill_bytes_append_u8(out, type.scale));
	return mill_bytes_append_u8(out, type.zoned ? 1 : 0);
}
