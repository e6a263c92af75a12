/* Bump allocator for plans, schemas, messages: many small objects freed together. Not collective. */
#ifndef MILL_BASE_ARENA_H
#define MILL_BASE_ARENA_H

#include "base/mem.h"
#include "base/status.h"

typedef struct mill_arena {
	mill_mem *mem;
	struct mill_arena_block *head; /* NULL: empty or released */
} mill_arena;

/* An empty arena that takes its blocks from mem. */
void mill_arena_init(mill_arena *arena, mill_mem *mem);
void mill_arena_release(mill_arena *arena); /* idempotent */

/* 16-byte aligned, zeroed; NULL when out of memory. Lives until the arena is released. */
void *mill_arena_alloc(mill_arena *arena, size_t size_bytes);
/* count elements of element_bytes each, as mill_arena_alloc; NULL also when the size overflows. */
void *mill_arena_array(mill_arena *arena, size_t count, size_t element_bytes);
/* A copy of text that the arena owns; NULL when out of memory. */
char *mill_arena_strdup(mill_arena *arena, const char *text);
char *mill_arena_strndup(mill_arena *arena, const char *text, size_t length_bytes); /* copies NULs, adds one */
/* A text as printf makes it; NULL when out of memory. */
char *mill_arena_printf(mill_arena *arena, const char *format, ...) MILL_PRINTF(2, 3);

#endif
