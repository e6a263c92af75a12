/* A growing run of bytes on the accounting allocator. Not collective. */
#ifndef MILL_BASE_BYTES_H
#define MILL_BASE_BYTES_H

#include "base/mem.h"
#include "base/status.h"

typedef struct mill_bytes {
	mill_mem *mem;
	uint8_t *data; /* NULL: nothing held */
	size_t size_bytes;
	size_t capacity_bytes;
} mill_bytes;

/* No bytes yet; they will come from mem. */
void mill_bytes_init(mill_bytes *bytes, mill_mem *mem);
void mill_bytes_release(mill_bytes *bytes); /* idempotent; usable again afterwards */

/* Room for `extra` more bytes after size_bytes (capacity at least doubles). MILL_NOMEM. */
MILL_NODISCARD mill_status mill_bytes_reserve(mill_bytes *bytes, size_t extra_bytes);
/* Adds size_bytes of data at the end. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_bytes_append(mill_bytes *bytes, const void *data, size_t size_bytes);
/* Adds one byte. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_bytes_append_u8(mill_bytes *bytes, uint8_t value);
MILL_NODISCARD mill_status mill_bytes_append_u32(mill_bytes *bytes, uint32_t value); /* little-endian */
/* Appends 64 bits, little-endian. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_bytes_append_u64(mill_bytes *bytes, uint64_t value);
MILL_NODISCARD mill_status mill_bytes_append_text(mill_bytes *bytes, const char *text); /* without its NUL */
/* Appends a text as printf makes it, without its NUL. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_bytes_printf(mill_bytes *bytes, const char *format, ...) MILL_PRINTF(2, 3);
/* Puts a NUL after the last byte (not counted in size_bytes), so that data is a C string. */
MILL_NODISCARD mill_status mill_bytes_terminate(mill_bytes *bytes);

/* Reading back, with bounds. A reader never allocates; on a short read it fails and stays where it was. */
typedef struct mill_bytes_view {
	const uint8_t *data;
	size_t size_bytes;
	size_t at;
} mill_bytes_view;

/* Takes the next byte; false, and nothing taken, at the end. */
bool mill_view_u8(mill_bytes_view *view, uint8_t *out);
/* Takes the next 4 bytes, little-endian; false, and nothing taken, where fewer are left. */
bool mill_view_u32(mill_bytes_view *view, uint32_t *out);
/* Takes the next 8 bytes, little-endian; false, and nothing taken, where fewer are left. */
bool mill_view_u64(mill_bytes_view *view, uint64_t *out);
bool mill_view_bytes(mill_bytes_view *view, size_t size_bytes, const uint8_t **out); /* borrowed */

#endif
