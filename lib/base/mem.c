#include "base/mem.h"

#include "base/checked.h"
#include "base/mem_pages.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 64
#define MAPPED_BYTES ((size_t)16 << 10) /* blocks from here on are runs of pages */
#define BLOCK_MARK   0x6B636F6C626C6D72ULL

/* Sits in the 64 bytes before every block. */
typedef struct mem_header {
	mill_mem *mem;
	size_t size_bytes;  /* as asked for */
	size_t total_bytes; /* with header and padding: what is accounted */
	uint64_t mark;      /* BLOCK_MARK while the block lives */
	bool mapped;
} mem_header;

_Static_assert(sizeof(mem_header) <= HEADER_BYTES, "the header must fit its 64 bytes");

/* Sanitizers and valgrind see overruns and stale data in malloc's blocks only, so builds for them map nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(MILL_PLAIN_MALLOC)
#define MAP_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define MAP_BLOCKS 0
#endif
#endif
#ifndef MAP_BLOCKS
#define MAP_BLOCKS 1
#endif

void mill_mem_init(mill_mem *mem, int64_t budget_bytes)
{
	memset(mem, 0, sizeof *mem);
	mem->budget_bytes = budget_bytes;
}

mill_mem *mill_mem_new(int64_t budget_bytes)
{
	mill_mem *mem = malloc(sizeof *mem);
	if (mem != NULL)
		mill_mem_init(mem, budget_bytes);
	return mem;
}

void mill_mem_delete(mill_mem *mem)
{
	if (mem != NULL)
		mill_mem_trim(mem);
	free(mem);
}

void mill_mem_trim(mill_mem *mem)
{
	mill_pages_evict(mem, 0);
}

bool mill_mem_charge(mill_mem *mem, int64_t size_bytes)
{
	int64_t left_bytes = mem->budget_bytes - mem->used_bytes;
	if (size_bytes < 0 || size_bytes > left_bytes)
		return false;
	mill_pages_evict(mem, left_bytes - size_bytes);
	mem->used_bytes += size_bytes;
	if (mem->used_bytes > mem->peak_bytes)
		mem->peak_bytes = mem->used_bytes;
	return true;
}

void mill_mem_discharge(mill_mem *mem, int64_t size_bytes)
{
	mem->used_bytes -= size_bytes;
	if (mem->used_bytes == 0)
		mill_mem_trim(mem);
}

double mill_mem_pressure(const mill_mem *mem)
{
	if (mem->budget_bytes == INT64_MAX)
		return 0;
	if (mem->used_bytes >= mem->budget_bytes)
		return 1;
	return (double)mem->used_bytes / (double)mem->budget_bytes;
}

static bool is_mapped_size(size_t size_bytes)
{
	return MAP_BLOCKS && size_bytes >= MAPPED_BYTES;
}

/* Header, block and padding in bytes; false when that does not fit. */
static bool total_size(size_t size_bytes, size_t *total_bytes)
{
	if (size_bytes > (size_t)INT64_MAX / 2)
		return false;
	*total_bytes = is_mapped_size(size_bytes) ? mill_pages_round(size_bytes + HEADER_BYTES)
	                                          : mill_round_up(size_bytes + HEADER_BYTES, 64);
	return true;
}

static bool is_torture_turn(mill_mem *mem)
{
	mem->allocation_count++;
	return mem->allocation_count == mem->fail_at;
}

static mem_header *header_of(const void *block)
{
	return (mem_header *)((uintptr_t)block - HEADER_BYTES);
}

static void *block_of(mem_header *header)
{
	return (uint8_t *)header + HEADER_BYTES;
}

static void *allocate(mill_mem *mem, size_t size_bytes, bool *is_zeroed)
{
	size_t total_bytes = 0;
	*is_zeroed = false;
	if (is_torture_turn(mem) || !total_size(size_bytes, &total_bytes))
		return NULL;
	if (!mill_mem_charge(mem, (int64_t)total_bytes))
		return NULL;
	bool mapped = is_mapped_size(size_bytes);
	mem_header *header =
	    mapped ? mill_pages_take(mem, total_bytes, is_zeroed) : aligned_alloc(HEADER_BYTES, total_bytes);
	if (header == NULL) {
		mill_mem_discharge(mem, (int64_t)total_bytes);
		return NULL;
	}
	*header = (mem_header){mem, size_bytes, total_bytes, BLOCK_MARK, mapped};
	return block_of(header);
}

void *mill_mem_alloc(mill_mem *mem, size_t size_bytes)
{
	bool is_zeroed = false;
	return allocate(mem, size_bytes, &is_zeroed);
}

void *mill_mem_calloc(mill_mem *mem, size_t count, size_t element_bytes)
{
	size_t size_bytes = 0;
	if (mill_mul_overflows(count, element_bytes, &size_bytes))
		return NULL;
	bool is_zeroed = false;
	void *block = allocate(mem, size_bytes, &is_zeroed);
	if (block != NULL && !is_zeroed)
		memset(block, 0, size_bytes);
	return block;
}

/* Moves pages instead of copying them; NULL when the system or the budget refuses. */
static void *resize_mapped(mem_header *header, size_t size_bytes, size_t total_bytes)
{
	mill_mem *mem = header->mem;
	int64_t growth_bytes = (int64_t)total_bytes - (int64_t)header->total_bytes;
	if (growth_bytes > 0 && !mill_mem_charge(mem, growth_bytes))
		return NULL;
	mem_header *moved = mill_pages_resize(header, header->total_bytes, total_bytes);
	if (moved == NULL && growth_bytes > 0)
		mill_mem_discharge(mem, growth_bytes);
	if (moved == NULL)
		return NULL;
	if (growth_bytes < 0)
		mill_mem_discharge(mem, -growth_bytes);
	moved->size_bytes = size_bytes;
	moved->total_bytes = total_bytes;
	return block_of(moved);
}

void *mill_mem_realloc(mill_mem *mem, void *block, size_t size_bytes)
{
	if (block == NULL)
		return mill_mem_alloc(mem, size_bytes);
	mem_header *header = header_of(block);
	size_t total_bytes = 0;
	if (!total_size(size_bytes, &total_bytes))
		return NULL;
	bool stays_mapped = header->mapped && is_mapped_size(size_bytes);
	bool stays_small = !header->mapped && !is_mapped_size(size_bytes);
	if (total_bytes == header->total_bytes && (stays_mapped || stays_small)) {
		header->size_bytes = size_bytes;
		return block;
	}
	if (stays_mapped)
		return is_torture_turn(mem) ? NULL : resize_mapped(header, size_bytes, total_bytes);
	void *fresh = mill_mem_alloc(mem, size_bytes);
	if (fresh == NULL)
		return NULL;
	memcpy(fresh, block, header->size_bytes < size_bytes ? header->size_bytes : size_bytes);
	mill_mem_free(block);
	return fresh;
}

void mill_mem_free(void *block)
{
	if (block == NULL)
		return;
	mem_header *header = header_of(block);
	mill_mem *mem = header->mem;
	size_t total_bytes = header->total_bytes;
	header->mark = 0;
	if (header->mapped)
		mill_pages_give(mem, header, total_bytes);
	else
		free(header);
	mill_mem_discharge(mem, (int64_t)total_bytes);
}
