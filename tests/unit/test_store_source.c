/* A store as a source: names and types of its columns, rows in batches, filters, bounds, damage. */
#include "column/value.h"
#include "storage/path.h"
#include "store/source.h"
#include "store_fixture.h"
#include "unit.h"

#define SHARD_ROWS 100
#define ROWS       430
#define SHARDS     ((ROWS + SHARD_ROWS - 1) / SHARD_ROWS)
#define COLUMNS    17

static const char *const one_split[] = {"train"};

static mill_mem unlimited(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	return mem;
}

static void expect_ok(mill_status status, const mill_error *err)
{
	if (status != MILL_OK)
		printf("    %s: %s\n", mill_status_name(status), err->message);
	CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
}

/* A store of ROWS rows and its columns, in a folder of its own. */
typedef struct fixture {
	mill_mem mem;
	mill_arena arena;
	mill_storage storage;
	char folder[256];
	mill_store *store;
	mill_store_columns columns;
	mill_store_part parts[SHARDS];
} fixture;

static void begin(fixture *f, const char *compression)
{
	static const int64_t rows[] = {ROWS};
	mill_error err = {0};
	mill_u128 sums[FIXTURE_DATASETS];
	f->mem = unlimited();
	mill_arena_init(&f->arena, &f->mem);
	mill_storage_init(&f->storage, &f->mem);
	snprintf(f->folder, sizeof(f->folder), "%s/rankmill-test-source-XXXXXX", fixture_base());
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
	fixture_options options = {.splits = one_split,
	                           .split_rows = rows,
	                           .split_count = 1,
	                           .shard_rows = SHARD_ROWS,
	                           .batch_rows = 64,
	                           .compression = compression};
	expect_ok(fixture_write(f->folder, &options, &f->mem, sums, &err), &err);
	expect_ok(mill_store_open(&f->storage, f->folder, &f->mem, &f->store, &err), &err);
	f->columns = (mill_store_columns){
	    .datasets = f->store->datasets, .dataset_count = f->store->dataset_count, .has_split = true};
	expect_ok(mill_store_columns_make(&f->columns, &f->arena, &err), &err);
	for (int i = 0; i < SHARDS; i++)
		f->parts[i] = (mill_store_part){f->folder, "train", (int64_t)i * SHARD_ROWS,
		                                mill_min_i64(SHARD_ROWS, ROWS - (int64_t)i * SHARD_ROWS)};
}

static void end(fixture *f)
{
	mill_store_close(f->store);
	mill_storage_release(&f->storage);
	mill_arena_release(&f->arena);
	CU_ASSERT_EQUAL(mill_path_remove_tree(f->folder, NULL), MILL_OK);
	CU_ASSERT_EQUAL(f->mem.used_bytes, 0);
}

/* Compares what is pushed with the fixture's functions, by the row ids. */
typedef struct checker {
	mill_sink sink;
	fixture *f;
	const mill_scan_spec *spec;
	int64_t rows;
	int64_t wanted; /* done after so many */
	int64_t last;   /* ordinal of the row before */
} checker;

static void check_cell(const checker *c, int64_t ordinal, int position, const mill_column *column, int64_t row)
{
	mill_store_column from = c->f->columns.columns[position];
	uint8_t element[64];
	if (from.dataset == MILL_STORE_SPLIT_COLUMN) {
		int32_t length = 0;
		const char *text = mill_column_text(column, row, &length);
		CU_ASSERT(length == 5 && memcmp(text, "train", 5) == 0);
	} else if (from.dataset < FIXTURE_TENSORS) {
		size_t size = mill_type_width_bytes(fixture_datasets[from.dataset].dtype);
		fixture_elements(from.dataset, ordinal, from.feature, element);
		const uint8_t *want = element + (from.dataset == 1 ? 0 : (size_t)from.feature * size);
		const uint8_t *got = (const uint8_t *)column->values + (size_t)row * size;
		double number = fixture_number(ordinal, from.feature);
		bool is_nan = from.dataset < 2 && number != number;
		CU_ASSERT(is_nan || memcmp(got, want, size) == 0);
		CU_ASSERT_FALSE(mill_column_is_null(column, row));
	} else {
		mill_builder builder;
		mill_column want;
		mill_builder_init(&builder, &c->f->mem, fixture_datasets[from.dataset].dtype);
		CU_ASSERT_EQUAL(fixture_kept(from.dataset, ordinal, &builder), MILL_OK);
		CU_ASSERT_EQUAL(mill_builder_finish(&builder, &want, NULL), MILL_OK);
		CU_ASSERT(mill_value_equal(&want, 0, column, row));
		mill_column_release(&want);
		mill_builder_release(&builder);
	}
}

static mill_status check_batch(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	checker *c = (checker *)sink;
	const mill_scan_spec *spec = c->spec;
	CU_ASSERT_EQUAL_FATAL(batch->id_words, 2);
	CU_ASSERT_EQUAL(batch->column_count, spec->column_count + 2 + spec->want_file + spec->want_offset);
	MILL_TRY(mill_batch_validate(batch, err));
	for (int64_t r = 0; r < batch->rows; r++) {
		uint64_t file = ((uint64_t *)batch->columns[batch->column_count - 2].values)[r];
		uint64_t row = ((uint64_t *)batch->columns[batch->column_count - 1].values)[r];
		int64_t ordinal = (int64_t)(file * SHARD_ROWS + row);
		CU_ASSERT(ordinal > c->last);
		c->last = ordinal;
		for (int i = 0; i < spec->column_count; i++)
			check_cell(c, ordinal, spec->columns[i], &batch->columns[i], r);
		if (spec->want_offset)
			CU_ASSERT_EQUAL(((int64_t *)batch->columns[spec->column_count + spec->want_file].values)[r],
			                (int64_t)row);
	}
	c->rows += batch->rows;
	sink->done = c->rows >= c->wanted;
	return MILL_OK;
}

/* Reads all shards, `piece` rows at a time; returns the rows that came. */
static int64_t read_all(fixture *f, const mill_scan_spec *spec, int64_t batch_rows, int64_t piece, int64_t wanted,
                        mill_scan_counts *counts)
{
	mill_knobs knobs = mill_knobs_defaults();
	mill_error err = {0};
	mill_store_rows *rows = NULL;
	checker c = {.sink = {.push = check_batch}, .f = f, .spec = spec, .wanted = wanted, .last = -1};
	knobs.batch_rows = batch_rows;
	expect_ok(mill_store_rows_new(&f->columns, spec, &knobs, &f->mem, &rows, &err), &err);
	for (int32_t i = 0; i < SHARDS; i++)
		for (int64_t first = 0; first < f->parts[i].rows; first += piece)
			expect_ok(mill_store_rows_read(rows, i, f->store->splits[0].shards[i].path, &f->parts[i], first,
			                               mill_min_i64(first + piece, f->parts[i].rows), &c.sink, &err),
			          &err);
	if (counts != NULL)
		*counts = *mill_store_rows_counts(rows);
	mill_store_rows_free(rows);
	return c.rows;
}

static void names_and_types(void)
{
	static const char *const names[COLUMNS] = {"id",    "km/h", "flag", "name",      "seen",     "day",
	                                           "price", "huge", "fare", "dense.day", "pickup_é", "x",
	                                           "C1",    "C2",   "tiny", "label",     "split"};
	static const char *const types[COLUMNS] = {
	    "int64",   "float32", "bool",    "string", "timestamp", "date", "decimal(10,2)", "decimal(38,3)", "float32",
	    "float32", "float32", "float64", "int32",  "int32",     "int8", "uint64",        "string"};
	fixture f;
	mill_error err = {0};
	begin(&f, "none");
	for (int copy = 0; copy < 2; copy++) {
		char type[MILL_TYPE_TEXT_BYTES];
		CU_ASSERT_EQUAL_FATAL(f.columns.schema.count, COLUMNS);
		for (int i = 0; i < COLUMNS; i++) {
			CU_ASSERT_STRING_EQUAL(f.columns.schema.fields[i].name, names[i]);
			CU_ASSERT_STRING_EQUAL(mill_type_text(f.columns.schema.fields[i].type, type), types[i]);
			CU_ASSERT_EQUAL(f.columns.schema.fields[i].nullable, i < 8);
		}
		mill_bytes blob;
		mill_bytes_init(&blob, &f.mem);
		CU_ASSERT_EQUAL(mill_store_columns_put(&f.columns, &blob), MILL_OK);
		for (size_t size = 0; size < blob.size_bytes; size++) {
			mill_bytes_view cut = {blob.data, size, 0};
			mill_store_columns ignored;
			CU_ASSERT_EQUAL(mill_store_columns_get(&cut, &f.arena, &ignored, &err), MILL_INTERNAL);
		}
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		expect_ok(mill_store_columns_get(&view, &f.arena, &f.columns, &err), &err);
		mill_bytes_release(&blob);
	}
	end(&f);
}

/* Who keeps a name that several want, and what cannot be told apart. */
static void names_that_clash(void)
{
	static const char *const a_b[] = {"a", "b"}, *const b_c[] = {"b", "c"}, *const a[] = {"a"},
	                         *const split[] = {"split"};
	mill_dataset_spec sets[] = {FIXTURE_TENSOR("x", FLOAT32, 2, false, NULL, a_b, NULL),
	                            FIXTURE_TENSOR("y", FLOAT32, 2, false, NULL, b_c, NULL),
	                            FIXTURE_TENSOR("c", INT8, 1, true, NULL, a, NULL),
	                            FIXTURE_TENSOR("d", INT8, 1, true, NULL, split, NULL),
	                            FIXTURE_TENSOR("z", INT8, 1, false, NULL, split, NULL),
	                            FIXTURE_KEEP("d", MILL_TYPE_INT64, 0, 0, false),
	                            FIXTURE_KEEP("split", MILL_TYPE_STRING, 0, 0, false),
	                            FIXTURE_KEEP("x.b", MILL_TYPE_INT64, 0, 0, false)};
	static const char *const with[] = {"d",   "keep.split", "a",       "x.b",     "y.b",
	                                   "y.c", "c",          "d.split", "z.split", "split"};
	static const char *const without[] = {"d", "split", "a", "x.b", "y.b", "y.c", "c", "d.split", "z.split"};
	mill_mem mem = unlimited();
	mill_arena arena;
	mill_error err = {0};
	mill_arena_init(&arena, &mem);
	for (int has_split = 0; has_split < 2; has_split++) {
		mill_store_columns columns = {.datasets = sets, .dataset_count = 7, .has_split = has_split != 0};
		expect_ok(mill_store_columns_make(&columns, &arena, &err), &err);
		CU_ASSERT_EQUAL_FATAL(columns.schema.count, 9 + has_split);
		for (int i = 0; i < columns.schema.count; i++)
			CU_ASSERT_STRING_EQUAL(columns.schema.fields[i].name, (has_split ? with : without)[i]);
		columns.dataset_count = 8;
		CU_ASSERT_EQUAL(mill_store_columns_make(&columns, &arena, &err), MILL_DATA);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "\"x.b\""));
	}
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void all_columns(void)
{
	static const char *const compressions[] = {"none", "deflate:1", "shuffle+deflate:6"};
	static const int64_t sizes[] = {8192, 100, 7, 1};
	int positions[COLUMNS];
	for (int i = 0; i < COLUMNS; i++)
		positions[i] = COLUMNS - 1 - i;
	for (int k = 0; k < 3; k++) {
		fixture f;
		begin(&f, compressions[k]);
		mill_scan_spec spec = {.columns = positions,
		                       .column_count = COLUMNS,
		                       .with_ids = true,
		                       .want_file = true,
		                       .want_offset = true};
		for (int i = 0; i < 4; i++) {
			mill_scan_counts counts;
			CU_ASSERT_EQUAL(read_all(&f, &spec, sizes[i], sizes[3 - i], INT64_MAX, &counts), ROWS);
			CU_ASSERT_EQUAL(counts.read_rows, ROWS);
		}
		end(&f);
	}
}

/* Every single column, and none at all. */
static void few_columns(void)
{
	fixture f;
	begin(&f, "shuffle+deflate:1");
	for (int i = 0; i < COLUMNS; i++) {
		mill_scan_spec spec = {.columns = &i, .column_count = 1, .with_ids = true};
		CU_ASSERT_EQUAL(read_all(&f, &spec, 64, 64, INT64_MAX, NULL), ROWS);
	}
	mill_scan_spec none = {.with_ids = true};
	CU_ASSERT_EQUAL(read_all(&f, &none, 64, 64, INT64_MAX, NULL), ROWS);
	end(&f);
}

/* What is not wanted is not opened: its damage is not seen. */
static void unwanted_is_not_read(void)
{
	fixture f;
	mill_knobs knobs = mill_knobs_defaults();
	mill_error err = {0};
	begin(&f, "none");
	mill_dataset_spec *datasets = mill_arena_array(&f.arena, FIXTURE_DATASETS, sizeof(*datasets));
	memcpy(datasets, f.columns.datasets, FIXTURE_DATASETS * sizeof(*datasets));
	datasets[3].dtype = mill_type_of(MILL_TYPE_INT16); /* the shard says int8 */
	f.columns.datasets = datasets;
	for (int i = 8; i < COLUMNS; i++) {
		mill_scan_spec spec = {.columns = &i, .column_count = 1, .with_ids = true};
		mill_store_rows *rows = NULL;
		checker c = {.sink = {.push = check_batch}, .f = &f, .spec = &spec, .wanted = INT64_MAX, .last = -1};
		expect_ok(mill_store_rows_new(&f.columns, &spec, &knobs, &f.mem, &rows, &err), &err);
		mill_status status = mill_store_rows_read(rows, 0, f.store->splits[0].shards[0].path, &f.parts[0], 0,
		                                          SHARD_ROWS, &c.sink, &err);
		CU_ASSERT_EQUAL(status, i == 14 ? MILL_DATA : MILL_OK);
		if (i == 14)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "rankmill verify"));
		mill_store_rows_free(rows);
	}
	end(&f);
}

typedef struct parity {
	mill_scan_filter base;
	int64_t modulus;
} parity;

/* Keeps the rows of which id (17 less than ordinal × 1000003) says that the ordinal is a multiple; needs nothing else.
 */
static mill_status keep_multiples(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
                                  mill_error *err)
{
	parity *p = (parity *)self;
	(void)err;
	*kept = 0;
	memset(keep, 0, mill_bit_words(batch->rows) * sizeof(*keep));
	CU_ASSERT_PTR_NULL(batch->columns[0].values); /* not decoded before the filter */
	for (int64_t r = 0; r < batch->rows; r++) {
		int64_t ordinal = (((int64_t *)batch->columns[1].values)[r] + 17) / 1000003;
		if (ordinal % p->modulus != 0)
			continue;
		mill_bit_set(keep, r);
		(*kept)++;
	}
	return MILL_OK;
}

static void filters(void)
{
	static const int64_t moduli[] = {1, 2, 150, 1000};
	int positions[] = {9, 0, 3, 12, 16};
	fixture f;
	begin(&f, "deflate:1");
	for (int i = 0; i < 4; i++)
		for (int64_t batch_rows = 1; batch_rows < 200; batch_rows += 61) {
			parity filter = {.base = {.columns = (int[]){1}, .column_count = 1, .keep = keep_multiples}};
			filter.modulus = moduli[i];
			mill_scan_spec spec = {
			    .columns = positions, .column_count = 5, .with_ids = true, .filter = &filter.base};
			mill_scan_counts counts;
			int64_t kept = (ROWS - 1) / moduli[i] + 1;
			CU_ASSERT_EQUAL(read_all(&f, &spec, batch_rows, 50, INT64_MAX, &counts), kept);
			CU_ASSERT_EQUAL(counts.filtered_rows, ROWS - kept);
		}
	end(&f);
}

/* A bound is exact; a sink that is done stops after a batch. */
static void bounds(void)
{
	int position = 15;
	fixture f;
	begin(&f, "none");
	for (int64_t last = 0; last < ROWS; last += 43) {
		mill_scan_bound bound = {(int32_t)(last / SHARD_ROWS), last % SHARD_ROWS};
		mill_scan_spec spec = {.columns = &position, .column_count = 1, .with_ids = true, .bound = &bound};
		mill_scan_counts counts;
		CU_ASSERT_EQUAL(read_all(&f, &spec, 30, 70, INT64_MAX, &counts), last + 1);
		CU_ASSERT_EQUAL(counts.read_rows, last + 1);
		spec.bound = NULL;
		int64_t rows = read_all(&f, &spec, 30, 70, last + 1, &counts);
		CU_ASSERT(rows > last && rows <= last + 30 && counts.read_rows == rows);
	}
	end(&f);
}

/* Every allocation may fail. */
static void memory_fails(void)
{
	int positions[COLUMNS];
	fixture f;
	mill_knobs knobs = mill_knobs_defaults();
	for (int i = 0; i < COLUMNS; i++)
		positions[i] = i;
	begin(&f, "shuffle+deflate:1");
	mill_scan_spec spec = {.columns = positions, .column_count = COLUMNS, .with_ids = true};
	mill_status status = MILL_NOMEM;
	for (int64_t n = 1; status == MILL_NOMEM && n < 10000; n++) {
		mill_mem mem = unlimited();
		mill_error err = {0};
		mill_store_rows *rows = NULL;
		checker c = {.sink = {.push = check_batch}, .f = &f, .spec = &spec, .wanted = INT64_MAX, .last = -1};
		mem.fail_at = n;
		status = mill_store_rows_new(&f.columns, &spec, &knobs, &mem, &rows, &err);
		if (status == MILL_OK)
			status = mill_store_rows_read(rows, 1, f.store->splits[0].shards[1].path, &f.parts[1], 0,
			                              SHARD_ROWS, &c.sink, &err);
		mill_store_rows_free(rows);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
	}
	CU_ASSERT_EQUAL(status, MILL_OK);
	end(&f);
}

static const unit_case cases[] = {
    {"names_and_types", names_and_types},
    {"names_that_clash", names_that_clash},
    {"all_columns", all_columns},
    {"few_columns", few_columns},
    {"unwanted", unwanted_is_not_read},
    {"filters", filters},
    {"bounds", bounds},
    {"memory_fails", memory_fails},
};

UNIT_MAIN("store_source", cases)
