/* Private to base/mem: runs of pages and the freed ones kept for reuse. Not collective. */
#ifndef MILL_BASE_MEM_PAGES_H
#define MILL_BASE_MEM_PAGES_H

#include "base/mem.h"

/* total_bytes rounded up to a class: whole pages, with at most 1/16 of slack. */
size_t mill_pages_round(size_t total_bytes);
/* A run of total_bytes, which mill_pages_round gave; NULL when the system refuses. *is_zeroed: straight from it. */
void *mill_pages_take(mill_mem *mem, size_t total_bytes, bool *is_zeroed);
/* Takes a run back, to keep or to unmap. */
void mill_pages_give(mill_mem *mem, void *base, size_t total_bytes);
/* Grows or shrinks a run, which may move; NULL (and nothing changed) when the system refuses. */
void *mill_pages_resize(void *base, size_t total_bytes, size_t new_total_bytes);
/* Unmaps kept runs until at most keep_bytes are left. */
void mill_pages_evict(mill_mem *mem, int64_t keep_bytes);

#endif
