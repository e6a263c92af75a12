#include "base/mem_pages.h"

#include "base/checked.h"

#include <sys/mman.h>

#define PAGE_BITS        12
#define FIRST_CLASS_BITS 14 /* runs are at least 16 KiB */
#define LAST_CLASS_BITS  24 /* and are kept below 32 MiB */
#define STEPS_BITS       4  /* classes an octave: 16 */
#define CACHE_BYTES      ((int64_t)64 << 20)
/* From here on huge pages pay: a fault costs the same for 2 MiB as for 4 KiB. */
#define HUGE_BYTES ((size_t)4 << 20)

_Static_assert((LAST_CLASS_BITS - FIRST_CLASS_BITS + 1) << STEPS_BITS == MILL_MEM_CLASSES, "classes are counted wrong");

/* What a kept run holds in its first bytes. */
typedef struct kept_run {
	struct kept_run *next;
	size_t total_bytes;
} kept_run;

static int floor_log2(size_t value)
{
	return 63 - __builtin_clzll((unsigned long long)value);
}

size_t mill_pages_round(size_t total_bytes)
{
	int octave = floor_log2(total_bytes), bits = octave - STEPS_BITS;
	/* What is too large to keep needs no class. */
	if (bits < PAGE_BITS || octave > LAST_CLASS_BITS)
		bits = PAGE_BITS;
	return mill_round_up(total_bytes, (size_t)1 << bits);
}

/* The list of a rounded size; −1: too large to keep. */
static int class_of(size_t total_bytes)
{
	int bits = floor_log2(total_bytes);
	if (bits > LAST_CLASS_BITS)
		return -1;
	int step = (int)(total_bytes >> (bits - STEPS_BITS)) & ((1 << STEPS_BITS) - 1);
	return (bits - FIRST_CLASS_BITS) << STEPS_BITS | step;
}

static kept_run *pop(mill_mem *mem, int class)
{
	kept_run *run = mem->cache[class];
	if (run == NULL)
		return NULL;
	mem->cache[class] = run->next;
	mem->cached_bytes -= (int64_t)run->total_bytes;
	return run;
}

void *mill_pages_take(mill_mem *mem, size_t total_bytes, bool *is_zeroed)
{
	int class = class_of(total_bytes);
	void *base = class < 0 ? NULL : pop(mem, class);
	*is_zeroed = base == NULL;
	if (base != NULL)
		return base;
	base = mmap(NULL, total_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	if (total_bytes >= HUGE_BYTES)
		madvise(base, total_bytes, MADV_HUGEPAGE);
	return base;
}

void mill_pages_evict(mill_mem *mem, int64_t keep_bytes)
{
	while (mem->cached_bytes > keep_bytes) {
		kept_run *run = pop(mem, mem->cursor);
		if (run != NULL)
			munmap(run, run->total_bytes);
		mem->cursor = (mem->cursor + 1) % MILL_MEM_CLASSES;
	}
}

void mill_pages_give(mill_mem *mem, void *base, size_t total_bytes)
{
	int class = class_of(total_bytes);
	int64_t limit_bytes = mill_min_i64(CACHE_BYTES, mem->budget_bytes / 8);
	if (class < 0 || (int64_t)total_bytes > limit_bytes / 2) {
		munmap(base, total_bytes);
		return;
	}
	/* Sizes of a stage that is over make room for those of the present one. */
	mill_pages_evict(mem, limit_bytes - (int64_t)total_bytes);
	kept_run *run = base;
	run->next = mem->cache[class];
	run->total_bytes = total_bytes;
	mem->cache[class] = run;
	mem->cached_bytes += (int64_t)total_bytes;
}

void *mill_pages_resize(void *base, size_t total_bytes, size_t new_total_bytes)
{
	void *moved = mremap(base, total_bytes, new_total_bytes, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return NULL;
	if (new_total_bytes >= HUGE_BYTES)
		madvise(moved, new_total_bytes, MADV_HUGEPAGE);
	return moved;
}
