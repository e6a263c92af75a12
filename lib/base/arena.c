#include "base/arena.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK_BYTES   ((size_t)4 << 10)
#define LARGEST_BLOCK_BYTES ((size_t)256 << 10)
#define ALIGN_BYTES         16

struct mill_arena_block {
	struct mill_arena_block *next;
	size_t capacity_bytes;
	size_t used_bytes;
	size_t unused_; /* keeps data 16-byte aligned */
	uint8_t data[];
};

void mill_arena_init(mill_arena *arena, mill_mem *mem)
{
	arena->mem = mem;
	arena->head = NULL;
}

void mill_arena_release(mill_arena *arena)
{
	struct mill_arena_block *block = arena->head;
	arena->head = NULL;
	while (block != NULL) {
		struct mill_arena_block *next = block->next;
		mill_mem_free(block);
		block = next;
	}
}

static struct mill_arena_block *new_block(mill_arena *arena, size_t capacity_bytes)
{
	size_t size_bytes = 0;
	if (mill_add_overflows(sizeof(struct mill_arena_block), capacity_bytes, &size_bytes))
		return NULL;
	struct mill_arena_block *block = mill_mem_alloc(arena->mem, size_bytes);
	if (block == NULL)
		return NULL;
	block->capacity_bytes = capacity_bytes;
	block->used_bytes = 0;
	return block;
}

/* A block with room for size_bytes, at the head unless it is an outsize one that this request fills. */
static struct mill_arena_block *block_for(mill_arena *arena, size_t size_bytes)
{
	struct mill_arena_block *head = arena->head;
	if (head != NULL && head->capacity_bytes - head->used_bytes >= size_bytes)
		return head;
	size_t next_bytes = head == NULL ? FIRST_BLOCK_BYTES : head->capacity_bytes * 2;
	if (next_bytes > LARGEST_BLOCK_BYTES)
		next_bytes = LARGEST_BLOCK_BYTES;
	bool outsize = size_bytes > next_bytes / 2;
	struct mill_arena_block *block = new_block(arena, outsize ? size_bytes : next_bytes);
	if (block == NULL)
		return NULL;
	if (outsize && head != NULL) {
		block->next = head->next;
		head->next = block;
	} else {
		block->next = head;
		arena->head = block;
	}
	return block;
}

void *mill_arena_alloc(mill_arena *arena, size_t size_bytes)
{
	if (size_bytes > SIZE_MAX - ALIGN_BYTES)
		return NULL;
	size_t rounded_bytes = mill_round_up(size_bytes == 0 ? 1 : size_bytes, ALIGN_BYTES);
	struct mill_arena_block *block = block_for(arena, rounded_bytes);
	if (block == NULL)
		return NULL;
	void *out = block->data + block->used_bytes;
	block->used_bytes += rounded_bytes;
	memset(out, 0, rounded_bytes);
	return out;
}

void *mill_arena_array(mill_arena *arena, size_t count, size_t element_bytes)
{
	size_t size_bytes = 0;
	if (mill_mul_overflows(count, element_bytes, &size_bytes))
		return NULL;
	return mill_arena_alloc(arena, size_bytes);
}

char *mill_arena_strdup(mill_arena *arena, const char *text)
{
	return mill_arena_strndup(arena, text, strlen(text));
}

char *mill_arena_strndup(mill_arena *arena, const char *text, size_t length_bytes)
{
	if (length_bytes == SIZE_MAX)
		return NULL;
	char *copy = mill_arena_alloc(arena, length_bytes + 1);
	if (copy != NULL && length_bytes > 0)
		memcpy(copy, text, length_bytes);
	return copy;
}

char *mill_arena_printf(mill_arena *arena, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = n < 0 ? NULL : mill_arena_alloc(arena, (size_t)n + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}
