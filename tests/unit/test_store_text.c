/* inspect, head and diff: what people read. Expected values follow store_fixture.h by hand. */
#include "storage/path.h"
#include "store_fixture.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const two_splits[] = {"train", "val"};
static const int64_t small_rows[] = {6, 3};

typedef struct stores {
	mill_mem mem;
	mill_storage storage;
	mill_arena arena;
	char folder[256];
	mill_store *a;
	mill_store *b;
	mill_bytes out;
	mill_error err;
} stores;

static mill_store *make(stores *s, const char *name, fixture_options options)
{
	char path[300];
	mill_u128 sums[2 * FIXTURE_DATASETS];
	mill_store *store = NULL;
	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	options.splits = two_splits;
	options.split_count = 2;
	options.batch_rows = 5;
	options.compression = "none";
	mill_status status = fixture_write(path, &options, &s->mem, sums, &s->err);
	if (status == MILL_OK)
		status = mill_store_open(&s->storage, path, &s->mem, &store, &s->err);
	if (status != MILL_OK)
		printf("    %s\n", s->err.message);
	CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
	return store;
}

static void init(stores *s)
{
	memset(s, 0, sizeof(*s));
	mill_mem_init(&s->mem, INT64_MAX);
	mill_storage_init(&s->storage, &s->mem);
	mill_arena_init(&s->arena, &s->mem);
	mill_bytes_init(&s->out, &s->mem);
	snprintf(s->folder, sizeof(s->folder), "%s/rankmill-test-store-XXXXXX", fixture_base());
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
}

static void release(stores *s)
{
	mill_store_close(s->a);
	mill_store_close(s->b);
	mill_bytes_release(&s->out);
	mill_arena_release(&s->arena);
	CU_ASSERT_EQUAL(mill_path_remove_tree(s->folder, NULL), MILL_OK);
	CU_ASSERT_EQUAL(s->mem.used_bytes, 0);
}

static const char *text_of(stores *s)
{
	CU_ASSERT_EQUAL_FATAL(mill_bytes_terminate(&s->out), MILL_OK);
	return (const char *)s->out.data;
}

static void expect_part(stores *s, const char *part)
{
	if (strstr(text_of(s), part) == NULL)
		printf("    \"%s\" is not in:\n%s", part, text_of(s));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(s), part));
}

static void inspect_text(void)
{
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 4});
	CU_ASSERT_EQUAL(mill_store_inspect(s.a, false, &s.out, &s.err), MILL_OK);
	expect_part(&s, "job           fixture\n");
	expect_part(&s, "  train  6 rows in 2 shards, ");
	expect_part(&s, "  val    3 rows in 1 shard, ");
	expect_part(&s, "  dense       float32 [rows, 3]: fare, day, pickup_é\n");
	expect_part(&s, "  sparse      int32 [rows, 2]: C1 (7 ids), C2\n");
	expect_part(&s, "  label       uint64 [rows] role label: big\n");
	expect_part(&s, "  keep/price  decimal(10,2)\n");
	s.out.size_bytes = 0;
	CU_ASSERT_EQUAL(mill_store_inspect(s.a, true, &s.out, &s.err), MILL_OK);
	mill_json *node = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_json_parse(text_of(&s), s.out.size_bytes, "inspect", &s.arena, &node, &s.err),
	                      MILL_OK);
	CU_ASSERT_STRING_EQUAL(mill_json_get(node, "seed")->text, "18446744073709551615");
	CU_ASSERT_EQUAL(mill_json_get(mill_json_get(mill_json_get(node, "splits"), "train"), "shards")->number, 2);
	release(&s);
}

/* NULL where (row + 3 × column) % 7 = 0 and column > 5: flag in row 0, seen in row 1. */
static void head_table(void)
{
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 1});
	CU_ASSERT_EQUAL(mill_store_head(s.a, "train", 2, &s.out, &s.err), MILL_OK);
	expect_part(&s, "dense.fare  dense.day  dense.pickup_é  wide.x  sparse.C1  sparse.C2  tiny ");
	expect_part(&s, "      -100     -99.75           -99.5    -100         -3         -2  -100 ");
	expect_part(
	    &s, "    -99.25        -99          -98.75  -99.25          4          5   -99  11400714819323198485  ");
	expect_part(
	    &s,
	    "       NULL  \"é0\"       2009-06-16 17:36:21  1968-11-27      -50.00  -50000150000000000000000.000\n");
	expect_part(
	    &s,
	    "      false  \"wé1\"                     NULL  1968-11-28      -48.99  -49000147000000000000000.000\n");
	s.out.size_bytes = 0;
	CU_ASSERT_EQUAL(mill_store_head(s.a, NULL, 0, &s.out, &s.err), MILL_OK);
	s.out.size_bytes = 0;
	CU_ASSERT_EQUAL(mill_store_head(s.a, "val", 100, &s.out, &s.err), MILL_OK);
	CU_ASSERT_EQUAL(mill_store_head(s.a, "test", 1, &s.out, &s.err), MILL_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.err.message, "train, val"));
	release(&s);
}

static void diff_equal(void)
{
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 4});
	s.b = make(&s, "b",
	           (fixture_options){.split_rows = small_rows,
	                             .shard_rows = 1,
	                             .job = "{\"store\": {\"min_count\": 6, \"a/b\": [1, 2]}}"});
	CU_ASSERT_EQUAL(mill_store_diff(s.a, s.b, false, &s.out, &s.err), MILL_OK);
	expect_part(&s, "job /store/min_count: 2 → 6\n");
	expect_part(&s, "job /store/a~1b: (absent) → [1,2]\n");
	expect_part(&s, "contents are equal: ");
	release(&s);
}

static void diff_cell(void)
{
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 4});
	s.b = make(&s, "b", (fixture_options){.split_rows = small_rows, .shard_rows = 3, .poke = 4});
	CU_ASSERT_EQUAL(mill_store_diff(s.a, s.b, false, &s.out, &s.err), MILL_DIFFERENT);
	/* (4 × 3 + 1) × 0.25 − 100 */
	expect_part(&s, "data train row 4, dense.day: -96.75 → 12345.5\n");
	expect_part(&s, "datasets that differ: train/dense\n");
	CU_ASSERT_PTR_NULL(strstr(text_of(&s), "val/dense"));
	expect_part(&s, "contents differ: ");
	s.out.size_bytes = 0;
	CU_ASSERT_EQUAL(mill_store_diff(s.a, s.b, true, &s.out, &s.err), MILL_DIFFERENT);
	mill_json *node = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_json_parse(text_of(&s), s.out.size_bytes, "diff", &s.arena, &node, &s.err), MILL_OK);
	CU_ASSERT_FALSE(mill_json_get(node, "equal")->boolean);
	CU_ASSERT_EQUAL(mill_json_get(node, "differences")->count, 2);
	release(&s);
}

static void diff_rows(void)
{
	static const int64_t more[] = {6, 4};
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 4});
	s.b = make(&s, "b", (fixture_options){.split_rows = more, .shard_rows = 4});
	CU_ASSERT_EQUAL(mill_store_diff(s.a, s.b, false, &s.out, &s.err), MILL_DIFFERENT);
	expect_part(&s, "split val: 3 rows → 4 rows\n");
	CU_ASSERT_PTR_NULL(strstr(text_of(&s), "data "));
	release(&s);
}

static mill_status try_reading(stores *s, const char *path, int what)
{
	mill_store *again = NULL;
	mill_status status;
	switch (what) {
	case 0:
		status = mill_store_open(&s->storage, path, &s->mem, &again, &s->err);
		mill_store_close(again);
		return status;
	case 1: return mill_store_verify(s->a, 0, 1, NULL, &s->err);
	case 2: return mill_store_head(s->a, "train", 5, &s->out, &s->err);
	default: return mill_store_diff(s->a, s->b, true, &s->out, &s->err);
	}
}

/* Every allocation of a reader fails once. */
static void allocation_failures(void)
{
	stores s;
	init(&s);
	s.a = make(&s, "a", (fixture_options){.split_rows = small_rows, .shard_rows = 4});
	s.b = make(&s, "b", (fixture_options){.split_rows = small_rows, .shard_rows = 3, .poke = 4});
	char path[300];
	snprintf(path, sizeof(path), "%s/a", s.folder);
	for (int what = 0; what < 4; what++) {
		int64_t at = 0;
		int64_t failures = 0;
		mill_status wanted = what == 3 ? MILL_DIFFERENT : MILL_OK;
		do {
			s.out.size_bytes = 0;
			s.mem.allocation_count = 0;
			s.mem.fail_at = ++at;
			mill_status status = try_reading(&s, path, what);
			failures += status == MILL_NOMEM;
			CU_ASSERT_FATAL(status == MILL_NOMEM || status == wanted);
		} while (s.mem.allocation_count >= at);
		s.mem.fail_at = 0;
		CU_ASSERT(failures > 5);
	}
	release(&s);
}

static const unit_case cases[] = {
    {"inspect_text", inspect_text}, {"head_table", head_table}, {"diff_equal", diff_equal},
    {"diff_cell", diff_cell},       {"diff_rows", diff_rows},   {"allocation_failures", allocation_failures},
};
UNIT_MAIN("store_text", cases)
