/* The accounting allocator: one budget a rank for everything that grows with the data.
 *
 * Reclaiming (spilling) never happens inside an allocation: an allocation over the budget returns NULL, and stages call
 * mill_mem_relieve() at batch boundaries. Blocks from 16 KiB up are mapped, and freed ones kept for a while:
 * every batch allocates and frees its columns, and fresh pages cost 0.2 ms a MiB. Not thread-safe: a rank has one
 * thread. Not collective. */
#ifndef MILL_BASE_MEM_H
#define MILL_BASE_MEM_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MILL_MEM_CLASSES 176

typedef struct mill_mem {
	int64_t budget_bytes; /* INT64_MAX: unlimited */
	int64_t used_bytes;
	int64_t peak_bytes;
	int64_t allocation_count; /* allocations so far */
	int64_t fail_at;          /* torture mode: the allocation with this number fails; 0 = never */
	int64_t cached_bytes;     /* of freed blocks kept for reuse; not used_bytes, but given back before the budget is
	                             passed and when nothing is used any more */
	void *cache[MILL_MEM_CLASSES];
	int cursor; /* where eviction goes on */
	struct mill_reclaimer *reclaimers;
} mill_mem;

/* Nothing allocated; at most budget_bytes may be. */
void mill_mem_init(mill_mem *mem, int64_t budget_bytes);
/* An initialised mill_mem of its own, for an owner that is opaque; NULL where the system refuses. Give it back with
 * mill_mem_delete once nothing of it is used any more. */
mill_mem *mill_mem_new(int64_t budget_bytes);
void mill_mem_delete(mill_mem *mem); /* NULL is fine */
/* Gives freed memory back to the system, at the end of a stage. */
void mill_mem_trim(mill_mem *mem);

/* 64-byte aligned, contents undefined; size 0 gives a valid pointer. NULL when the budget or the system refuses.
 * Free with mill_mem_free, which knows owner and size (64 bytes of header a block: use an arena for small things). */
void *mill_mem_alloc(mill_mem *mem, size_t size_bytes);
void *mill_mem_calloc(mill_mem *mem, size_t count, size_t element_bytes); /* zeroed; NULL on overflow too */
/* Keeps the contents; block may be NULL. NULL on failure: the old block is then untouched. */
void *mill_mem_realloc(mill_mem *mem, void *block, size_t size_bytes);
void mill_mem_free(void *block); /* NULL is fine */

/* Accounts for memory that others allocate on our behalf (HDF5, codecs). False when over budget (not charged then). */
bool mill_mem_charge(mill_mem *mem, int64_t size_bytes);
/* Takes back what mill_mem_charge added. */
void mill_mem_discharge(mill_mem *mem, int64_t size_bytes);

/* Used share of the budget, 0 … 1. Above MILL_MEM_HIGH_WATER the largest bucket goes to scratch. */
double mill_mem_pressure(const mill_mem *mem);
#define MILL_MEM_HIGH_WATER 0.8

/* Something that can move what it holds to scratch when asked between batches: buckets, kept rows. Embedded in its
 * owner, which registers it for as long as it lives. */
typedef struct mill_reclaimer mill_reclaimer;
struct mill_reclaimer {
	int64_t (*held_bytes)(const mill_reclaimer *self); /* what reclaim could free now */
	/* Frees about `bytes`, or all it can where that is less. */
	mill_status (*reclaim)(mill_reclaimer *self, int64_t bytes, mill_error *err);
	mill_mem *mem; /* NULL: not registered; this and next are mem's */
	mill_reclaimer *next;
};
/* Adds a reclaimer, which stays where it is until it is unregistered. */
void mill_mem_register(mill_mem *mem, mill_reclaimer *reclaimer);
void mill_mem_unregister(mill_reclaimer *reclaimer); /* idempotent */
/* Asks those that hold the most until about `bytes` are free or nothing is left to free. Only between batches. Errors
 * are those of writing to scratch. */
MILL_NODISCARD mill_status mill_mem_reclaim(mill_mem *mem, int64_t bytes, mill_error *err);
/* Above the high-water mark reclaims down to well below it, so that it does not start again with the next batch. */
MILL_NODISCARD mill_status mill_mem_relieve(mill_mem *mem, mill_error *err);

#endif
