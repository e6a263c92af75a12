/* Cutting files into input splits and dealing them to ranks. */
#include "formats/input_split.h"

#include "base/checked.h"
#include "base/hash.h"

#include <string.h>

/* A last piece smaller than this share of an input split stays with the piece before it. */
#define SLIVER_SHARE 8

typedef struct planner {
	int64_t split_bytes;
	mill_input_plan plan; /* arrays are NULL in the counting pass */
	int64_t open_bytes;   /* of the input split being filled; its ranges begin at open_range */
	int64_t open_range;
} planner;

static void close_split(planner *p)
{
	if (p->plan.range_count == p->open_range)
		return;
	if (p->plan.splits != NULL) {
		mill_input_split *split = &p->plan.splits[p->plan.split_count];
		split->first_range = p->open_range;
		split->range_count = (int32_t)(p->plan.range_count - p->open_range);
		split->size_bytes = p->open_bytes;
	}
	p->plan.split_count++;
	p->open_range = p->plan.range_count;
	p->open_bytes = 0;
}

static void add_range(planner *p, int64_t file, int64_t begin, int64_t end, int64_t size_bytes)
{
	if (p->plan.ranges != NULL) {
		mill_range *range = &p->plan.ranges[p->plan.range_count];
		range->file = (int32_t)file;
		range->begin = begin;
		range->end = end;
	}
	p->plan.range_count++;
	p->open_bytes += size_bytes;
	if (p->open_bytes >= p->split_bytes)
		close_split(p);
}

static void plan_file(planner *p, const mill_input_file *file, int64_t ordinal)
{
	int64_t size = file->size_bytes;
	/* A file that fits an input split is not cut to fill the one before it. */
	if (p->plan.range_count > p->open_range && (size <= p->split_bytes || file->codec != MILL_CODEC_NONE) &&
	    size > p->split_bytes - p->open_bytes)
		close_split(p);
	if (file->codec != MILL_CODEC_NONE) {
		add_range(p, ordinal, 0, INT64_MAX, size);
		return;
	}
	for (int64_t begin = 0; begin < size;) {
		int64_t length = p->split_bytes - p->open_bytes;
		if (length >= size - begin - p->split_bytes / SLIVER_SHARE)
			length = size - begin;
		add_range(p, ordinal, begin, begin + length, length);
		begin += length;
	}
}

static void plan_files(planner *p, const mill_input_file *files, int64_t file_count)
{
	p->plan.split_count = p->plan.range_count = p->open_range = p->open_bytes = 0;
	for (int64_t i = 0; i < file_count; i++)
		plan_file(p, &files[i], i);
	close_split(p);
}

mill_status mill_plan_input_splits(const mill_input_file *files, int64_t file_count, int64_t split_bytes,
                                   mill_arena *arena, mill_input_plan *out, mill_error *err)
{
	if (split_bytes < 1)
		return mill_fail(err, MILL_USAGE, "split_bytes is %lld: it must be at least 1", (long long)split_bytes);
	if (file_count > INT32_MAX)
		return mill_fail(err, MILL_USAGE, "%lld input files are more than 2^31 - 1", (long long)file_count);
	planner p = {.split_bytes = split_bytes};
	plan_files(&p, files, file_count);
	mill_input_split *splits = mill_arena_array(arena, (size_t)p.plan.split_count + 1, sizeof *splits);
	mill_range *ranges = mill_arena_array(arena, (size_t)p.plan.range_count + 1, sizeof *ranges);
	if (splits == NULL || ranges == NULL)
		return mill_fail_nomem(err, (size_t)p.plan.range_count * sizeof *ranges, "a split plan");
	p.plan.splits = splits;
	p.plan.ranges = ranges;
	plan_files(&p, files, file_count);
	*out = p.plan;
	return MILL_OK;
}

/* Bytes that decide who gets an input split: one byte more, so that empty input splits are dealt out as well. */
static mill_u128 split_weight(const mill_input_split *split)
{
	return (mill_u128)split->size_bytes + 1;
}

void mill_input_share(const mill_input_plan *plan, int rank, int size, int64_t *first, int64_t *last)
{
	mill_u128 total = 0;
	for (int64_t i = 0; i < plan->split_count; i++)
		total += split_weight(&plan->splits[i]);
	/* An input split belongs to the rank in whose share of the bytes its middle lies. */
	mill_u128 before = 0;
	*first = plan->split_count;
	*last = plan->split_count;
	bool found = false;
	for (int64_t i = 0; i < plan->split_count; i++) {
		mill_u128 weight = split_weight(&plan->splits[i]);
		int owner = (int)((before * 2 + weight) * (mill_u128)(unsigned)size / (total * 2));
		before += weight;
		if (owner >= rank && !found) {
			*first = i;
			found = true;
		}
		if (owner > rank) {
			*last = i;
			return;
		}
	}
}
