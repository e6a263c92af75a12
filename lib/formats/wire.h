/* Descriptions, listings and tables as bytes, between ranks of one build. Not collective. */
#ifndef MILL_FORMATS_WIRE_H
#define MILL_FORMATS_WIRE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "column/type.h"

/* Reading goes on to the end whatever comes; what fell short, or found no memory, leaves ok false and gives zeros. */
typedef struct mill_wire {
	mill_bytes_view *view;
	mill_arena *arena; /* texts and arrays live here */
	bool ok;           /* true to begin with */
	bool no_memory;    /* why not */
} mill_wire;

/* At the end: MILL_DATA where `what` fell short, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_wire_end(const mill_wire *wire, const char *what, mill_error *err);

/* Reads a byte. Not collective. */
uint8_t mill_wire_u8(mill_wire *wire);
/* Reads 32 bits. Not collective. */
uint32_t mill_wire_u32(mill_wire *wire);
/* Reads 64 bits. Not collective. */
int64_t mill_wire_i64(mill_wire *wire);
/* Reads a text that mill_wire_put_text wrote; NULL where NULL was written. Not collective. */
const char *mill_wire_text(mill_wire *wire);
/* A zeroed array for count elements, of each of which the view still holds least_bytes at least. Not collective. */
void *mill_wire_array(mill_wire *wire, int64_t count, size_t element_bytes, size_t least_bytes);
/* Reads a type that mill_wire_put_type wrote. Not collective. */
mill_type mill_wire_type(mill_wire *wire);

/* Appends a text without its NUL, or NULL. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_wire_put_text(mill_bytes *out, const char *text);
/* Appends a type. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_wire_put_type(mill_bytes *out, mill_type type);

#endif
