/* Split plans: every byte once, in order, whatever the sizes; runs of ranks. */
#include "formats/input_split.h"
#include "unit.h"

static mill_mem mem;
static mill_error err;

/* Ranges of one file are consecutive and cover it; splits hold consecutive ranges. */
static void check_plan(const mill_input_file *files, int64_t count, int64_t split_bytes)
{
	mill_arena arena;
	mill_input_plan plan;
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL_FATAL(mill_plan_input_splits(files, count, split_bytes, &arena, &plan, &err), MILL_OK);
	int64_t file = 0, at = 0, range = 0;
	for (int64_t s = 0; s < plan.split_count; s++) {
		int64_t bytes = 0;
		CU_ASSERT_EQUAL_FATAL(plan.splits[s].first_range, range);
		CU_ASSERT_FATAL(plan.splits[s].range_count > 0);
		for (int32_t i = 0; i < plan.splits[s].range_count; i++, range++) {
			const mill_range *r = &plan.ranges[range];
			while (at == files[file].size_bytes && files[file].codec == MILL_CODEC_NONE) {
				file++;
				at = 0;
			}
			CU_ASSERT_FATAL(r->file == file && r->begin == at && r->end > r->begin);
			bool compressed = files[file].codec != MILL_CODEC_NONE;
			bytes += compressed ? files[file].size_bytes : r->end - r->begin;
			at = r->end;
			CU_ASSERT_EQUAL_FATAL(compressed, at == INT64_MAX);
			if (compressed) {
				file++;
				at = 0;
			}
		}
		CU_ASSERT_EQUAL(plan.splits[s].size_bytes, bytes);
		CU_ASSERT(bytes <= split_bytes + split_bytes / 8 || plan.splits[s].range_count == 1);
	}
	CU_ASSERT_EQUAL(range, plan.range_count);
	while (file < count && files[file].codec == MILL_CODEC_NONE && at == files[file].size_bytes) {
		file++;
		at = 0;
	}
	CU_ASSERT_EQUAL(file, count);
	for (int size = 1; size < 9; size++) {
		int64_t expected = 0, first, last;
		for (int rank = 0; rank < size; rank++) {
			mill_input_share(&plan, rank, size, &first, &last);
			CU_ASSERT_EQUAL(first, expected);
			CU_ASSERT(last >= first);
			expected = last;
		}
		CU_ASSERT_EQUAL(expected, plan.split_count);
	}
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void plans(void)
{
	static const int64_t sizes[][6] = {{100, 0, 0, 0, 0, 0},
	                                   {5, 5, 5, 5, 5, 5},
	                                   {1000, 3, 0, 64, 65, 1},
	                                   {0, 0, 0, 0, 0, 0},
	                                   {63, 64, 65, 128, 127, 129}};
	mill_mem_init(&mem, INT64_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (int codecs = 0; codecs < 64; codecs += 9)
			for (int64_t split_bytes = 1; split_bytes < 200; split_bytes += 7) {
				mill_input_file files[6] = {{.uri = NULL}};
				for (int f = 0; f < 6; f++) {
					files[f].size_bytes = sizes[i][f];
					files[f].codec = (codecs >> f & 1) != 0 ? MILL_CODEC_GZIP : MILL_CODEC_NONE;
				}
				check_plan(files, 6, split_bytes);
			}
	CU_ASSERT_EQUAL(mill_plan_input_splits(NULL, 0, 0, NULL, NULL, &err), MILL_USAGE);
}

static void packing(void)
{
	mill_arena arena;
	mill_input_plan plan;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena_init(&arena, &mem);
	mill_input_file files[5] = {
	    {.size_bytes = 30}, {.size_bytes = 30}, {.size_bytes = 50}, {.size_bytes = 250}, {.size_bytes = 10}};
	CU_ASSERT_EQUAL(mill_plan_input_splits(files, 5, 100, &arena, &plan, &err), MILL_OK);
	/* 30 + 30 | 50 + the first 50 of 250 | 100 | 100 | 10: a file that fits a split is not cut, a larger one fills
	 * it up. */
	static const int64_t expected[] = {60, 100, 100, 100, 10};
	CU_ASSERT_EQUAL_FATAL(plan.split_count, 5);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(plan.splits[i].size_bytes, expected[i]);
	int64_t first, last;
	mill_input_share(&plan, 1, 2, &first, &last);
	CU_ASSERT(first == 2 && last == 5);
	mill_arena_release(&arena);
}

static const unit_case cases[] = {{"plans", plans}, {"packing", packing}};
UNIT_MAIN("split", cases)
