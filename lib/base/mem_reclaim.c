/* What happens when memory runs short: freed blocks go back, then those that hold the most are asked. */
#include "base/mem.h"

#include "base/checked.h"

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#define RELIEVED 0.6

/* malloc keeps the holes between blocks that are still held: they are memory in use all the same. */
static void return_holes(void)
{
#if defined(__GLIBC__)
	malloc_trim(0);
#endif
}

void mill_mem_register(mill_mem *mem, mill_reclaimer *reclaimer)
{
	reclaimer->mem = mem;
	reclaimer->next = mem->reclaimers;
	mem->reclaimers = reclaimer;
}

void mill_mem_unregister(mill_reclaimer *reclaimer)
{
	if (reclaimer->mem == NULL)
		return;
	mill_reclaimer **link = &reclaimer->mem->reclaimers;
	while (*link != reclaimer)
		link = &(*link)->next;
	*link = reclaimer->next;
	reclaimer->mem = NULL;
}

static mill_reclaimer *largest(const mill_mem *mem)
{
	mill_reclaimer *best = NULL;
	int64_t most = 0;
	for (mill_reclaimer *r = mem->reclaimers; r != NULL; r = r->next) {
		int64_t held = r->held_bytes(r);
		if (held > most) {
			most = held;
			best = r;
		}
	}
	return best;
}

mill_status mill_mem_reclaim(mill_mem *mem, int64_t bytes, mill_error *err)
{
	int64_t first_bytes = mem->used_bytes, goal_bytes = mill_max_i64(0, first_bytes - bytes);
	mill_status status = MILL_OK;
	bool gained = true;
	while (status == MILL_OK && gained && mem->used_bytes > goal_bytes) {
		int64_t before_bytes = mem->used_bytes;
		mill_reclaimer *reclaimer = largest(mem);
		if (reclaimer != NULL)
			status = reclaimer->reclaim(reclaimer, before_bytes - goal_bytes, err);
		gained = mem->used_bytes < before_bytes;
	}
	if (mem->used_bytes < first_bytes)
		return_holes();
	return status;
}

mill_status mill_mem_relieve(mill_mem *mem, mill_error *err)
{
	if (mill_mem_pressure(mem) <= MILL_MEM_HIGH_WATER)
		return MILL_OK;
	return mill_mem_reclaim(mem, mem->used_bytes - (int64_t)(RELIEVED * (double)mem->budget_bytes), err);
}
