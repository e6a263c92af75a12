/* trace, simd, progress. */
#include "base/progress.h"
#include "base/simd.h"
#include "base/trace.h"
#include "unit.h"

#include <string.h>

static MILL_SIMD_BODY double dot_body(const double *restrict a, const double *restrict b, int64_t count)
{
	double sum = 0;
	for (int64_t i = 0; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}
MILL_SIMD_COPIES(static double, dot, (a, b, count), const double *restrict a, const double *restrict b, int64_t count)

static void simd_copies_agree(void)
{
	double a[1000], b[1000];
	for (int i = 0; i < 1000; i++) {
		a[i] = 1.0 / (i + 3);
		b[i] = 0.1 * i - 7;
	}
	mill_knobs knobs = mill_knobs_defaults();
	int best = mill_simd_level(&knobs);
	CU_ASSERT_EQUAL(best, mill_simd_level(NULL));
	knobs.simd = 1;
	CU_ASSERT_EQUAL(mill_simd_level(&knobs), MILL_SIMD_PORTABLE);
	double portable = dot(MILL_SIMD_PORTABLE, a, b, 1000), wide = dot(best, a, b, 1000);
	CU_ASSERT_EQUAL(memcmp(&portable, &wide, sizeof wide), 0);
}

static void trace_merges_ranks(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_trace total;
	mill_trace_init(&total, &mem);
	mill_error err = {0};
	for (int rank = 0; rank < 3; rank++) {
		mill_trace mine;
		mill_trace_init(&mine, &mem);
		mill_trace_entry *scan = NULL, *again = NULL, *filter = NULL;
		CU_ASSERT_EQUAL(mill_trace_open(&mine, "scan trips", "csv", &scan), MILL_OK);
		CU_ASSERT_EQUAL(mill_trace_open(&mine, "scan trips", "filter", &filter), MILL_OK);
		CU_ASSERT_EQUAL(mill_trace_open(&mine, "scan trips", "csv", &again), MILL_OK);
		CU_ASSERT_PTR_EQUAL(scan, again);
		scan->rows_in += 100 + rank;
		scan->ns = 1000 * (rank + 1);
		scan->peak_bytes = 50 - rank;
		CU_ASSERT_EQUAL(mill_trace_count_drop(&mine, scan, "field count", 2), MILL_OK);
		CU_ASSERT_EQUAL(mill_trace_count_drop(&mine, scan, "field count", 1), MILL_OK);
		if (rank == 1)
			CU_ASSERT_EQUAL(mill_trace_count_drop(&mine, filter, "where", 5), MILL_OK);
		mill_bytes blob;
		mill_bytes_init(&blob, &mem);
		CU_ASSERT_EQUAL(mill_trace_write(&mine, &blob), MILL_OK);
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		CU_ASSERT_EQUAL(mill_trace_merge(&total, &view, &err), MILL_OK);
		CU_ASSERT_EQUAL(view.at, blob.size_bytes);
		mill_bytes_release(&blob);
		mill_trace_release(&mine);
	}
	mill_trace_entry *scan = total.first;
	CU_ASSERT_STRING_EQUAL(scan->name, "csv");
	CU_ASSERT_EQUAL(scan->rows_in, 303);
	CU_ASSERT_EQUAL(scan->ns, 6000);
	CU_ASSERT_EQUAL(scan->slowest_ns, 3000);
	CU_ASSERT_EQUAL(scan->peak_bytes, 50);
	CU_ASSERT_EQUAL(scan->drops->rows, 9);
	CU_ASSERT_STRING_EQUAL(scan->next->name, "filter");
	CU_ASSERT_EQUAL(scan->next->drops->rows, 5);
	CU_ASSERT_PTR_NULL(scan->next->next);
	mill_trace_release(&total);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void trace_refuses_damage(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_trace trace;
	mill_trace_init(&trace, &mem);
	mill_trace_entry *entry = NULL;
	CU_ASSERT_EQUAL(mill_trace_open(&trace, "a", "b", &entry), MILL_OK);
	CU_ASSERT_EQUAL(mill_trace_count_drop(&trace, entry, "c", 1), MILL_OK);
	mill_bytes blob;
	mill_bytes_init(&blob, &mem);
	CU_ASSERT_EQUAL(mill_trace_write(&trace, &blob), MILL_OK);
	mill_error err = {0};
	for (size_t cut = 0; cut < blob.size_bytes; cut++) {
		mill_trace other;
		mill_trace_init(&other, &mem);
		mill_bytes_view view = {blob.data, cut, 0};
		CU_ASSERT_EQUAL(mill_trace_merge(&other, &view, &err), MILL_DATA);
		mill_trace_release(&other);
	}
	mill_bytes_release(&blob);
	mill_trace_release(&trace);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void remember_rows(void *context, const mill_progress_event *event)
{
	*(int64_t *)context = event->rows;
}

static void progress_reaches_its_callback(void)
{
	int64_t rows = 0;
	mill_progress_event event = {.stage = "scan", .rows = 12};
	mill_progress progress = {remember_rows, &rows};
	mill_progress_report(&progress, &event);
	CU_ASSERT_EQUAL(rows, 12);
	mill_progress_report(NULL, &event);
}

static const unit_case cases[] = {
    {"simd_copies_agree", simd_copies_agree},
    {"trace_merges_ranks", trace_merges_ranks},
    {"trace_refuses_damage", trace_refuses_damage},
    {"progress_reaches_its_callback", progress_reaches_its_callback},
};
UNIT_MAIN("base_trace", cases)
