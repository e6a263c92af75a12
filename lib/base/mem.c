#include "base/mem.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_BYTES     64
#define LARGE_BYTES      ((size_t)1 << 20) /* from here on blocks are mapped, so that freeing returns them */
#define LARGE_PAGE_BYTES ((size_t)4096)
#define BLOCK_MARK       0x6B636F6C626C6D72ULL

/* Sits in the 64 bytes before every block. */
typedef struct mem_header {
	mill_mem *mem;
	size_t size_bytes;  /* as asked for */
	size_t total_bytes; /* with header and padding: what is accounted and, for a mapped block, mapped */
	uint64_t mark;
	bool mapped;
} mem_header;

_Static_assert(sizeof(mem_header) <= HEADER_BYTES, "the header must fit its 64 bytes");

/* Sanitizers see overruns of malloc's blocks only, so their builds map nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define MAP_LARGE_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAP_LARGE_BLOCKS 0
#endif
#endif
#ifndef MAP_LARGE_BLOCKS
#define MAP_LARGE_BLOCKS 1
#endif

void mill_mem_init(mill_mem *mem, int64_t budget_bytes)
{
	memset(mem, 0, sizeof *mem);
	mem->budget_bytes = budget_bytes;
}

bool mill_mem_charge(mill_mem *mem, int64_t size_bytes)
{
	if (size_bytes < 0 || size_bytes > mem->budget_bytes - mem->used_bytes)
		return false;
	mem->used_bytes += size_bytes;
	if (mem->used_bytes > mem->peak_bytes)
		mem->peak_bytes = mem->used_bytes;
	return true;
}

void mill_mem_discharge(mill_mem *mem, int64_t size_bytes)
{
	mem->used_bytes -= size_bytes;
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
	return MAP_LARGE_BLOCKS && size_bytes >= LARGE_BYTES;
}

/* Header, block and padding in bytes; false when that does not fit. */
static bool total_size(size_t size_bytes, size_t *total_bytes)
{
	if (size_bytes > (size_t)INT64_MAX - HEADER_BYTES - LARGE_PAGE_BYTES)
		return false;
	*total_bytes = mill_round_up(size_bytes + HEADER_BYTES, is_mapped_size(size_bytes) ? LARGE_PAGE_BYTES : 64);
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

void *mill_mem_alloc(mill_mem *mem, size_t size_bytes)
{
	size_t total_bytes = 0;
	if (is_torture_turn(mem) || !total_size(size_bytes, &total_bytes))
		return NULL;
	if (!mill_mem_charge(mem, (int64_t)total_bytes))
		return NULL;
	bool mapped = is_mapped_size(size_bytes);
	void *base = NULL;
	if (mapped) {
		base = mmap(NULL, total_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (base == MAP_FAILED)
			base = NULL;
	} else {
		base = aligned_alloc(64, total_bytes);
	}
	if (base == NULL) {
		mill_mem_discharge(mem, (int64_t)total_bytes);
		return NULL;
	}
	mem_header *header = base;
	*header = (mem_header){mem, size_bytes, total_bytes, BLOCK_MARK, mapped};
	return block_of(header);
}

void *mill_mem_calloc(mill_mem *mem, size_t count, size_t element_bytes)
{
	size_t size_bytes = 0;
	if (mill_mul_overflows(count, element_bytes, &size_bytes))
		return NULL;
	void *block = mill_mem_alloc(mem, size_bytes);
	/* Mapped pages are zero already. */
	if (block != NULL && !header_of(block)->mapped)
		memset(block, 0, size_bytes);
	return block;
}

/* Moves pages instead of copying them; NULL when the kernel or the budget refuses. */
static void *remap(mem_header *header, size_t size_bytes)
{
	size_t total_bytes = 0;
	if (!total_size(size_bytes, &total_bytes))
		return NULL;
	mill_mem *mem = header->mem;
	int64_t growth_bytes = (int64_t)total_bytes - (int64_t)header->total_bytes;
	if (growth_bytes > 0 && !mill_mem_charge(mem, growth_bytes))
		return NULL;
	void *moved = mremap(header, header->total_bytes, total_bytes, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED) {
		if (growth_bytes > 0)
			mill_mem_discharge(mem, growth_bytes);
		return NULL;
	}
	if (growth_bytes < 0)
		mill_mem_discharge(mem, -growth_bytes);
	header = moved;
	header->size_bytes = size_bytes;
	header->total_bytes = total_bytes;
	return block_of(header);
}

void *mill_mem_realloc(mill_mem *mem, void *block, size_t size_bytes)
{
	if (block == NULL)
		return mill_mem_alloc(mem, size_bytes);
	mem_header *header = header_of(block);
	size_t total_bytes = 0;
	if (!header->mapped && !is_mapped_size(size_bytes) && total_size(size_bytes, &total_bytes) &&
	    total_bytes == header->total_bytes) {
		header->size_bytes = size_bytes;
		return block;
	}
	if (header->mapped && is_mapped_size(size_bytes))
		return is_torture_turn(mem) ? NULL : remap(header, size_bytes);
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
	size_t total_bytes = header->total_bytes;
	mill_mem_discharge(header->mem, (int64_t)total_bytes);
	header->mark = 0;
	if (header->mapped)
		munmap(header, total_bytes);
	else
		free(header);
}

size_t mill_mem_size(const void *block)
{
	return block == NULL ? 0 : header_of(block)->size_bytes;
}
