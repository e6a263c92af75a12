/* A store as a source: names and types of its columns, rows in batches, filters, bounds, damage. */
#include "column/value.h"
#include "formats/open.h"
#include "storage/path.h"
#include "store/source/source.h"
#include "store/source/source_private.h"
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

/* A store of ROWS rows in a folder of its own, opened as a source. */
typedef struct fixture {
	mill_mem mem;
	mill_arena arena;
	mill_storage storage;
	mill_knobs knobs;
	mill_comm *comm;
	char folder[256];
	mill_format_env env;
	mill_format_options *options;
	mill_format_source source;
	mill_schema declared;
	mill_store_table *table;
} fixture;

static mill_status open_source(fixture *f, const char *path, mill_error *err)
{
	mill_storage_listing listing;
	f->source = (mill_format_source){.where = path, .options = f->options, .declared = &f->declared};
	MILL_TRY(mill_store_format.list(&f->env, path, &listing, err));
	MILL_TRY(mill_source_of_listing(&listing, &f->arena, &f->source, err));
	mill_format_table *table = NULL;
	MILL_TRY(mill_format_open(&f->source, f->comm, &f->env, &table, err));
	f->table = (mill_store_table *)table;
	return MILL_OK;
}

static void begin(fixture *f, const char *compression)
{
	static const int64_t rows[] = {ROWS};
	mill_error err = {0};
	mill_u128 sums[FIXTURE_DATASETS];
	mill_comm_options alone = {.use_mpi = false};
	memset(f, 0, sizeof(*f));
	f->mem = unlimited();
	mill_arena_init(&f->arena, &f->mem);
	mill_storage_init(&f->storage, &f->mem);
	f->knobs = mill_knobs_defaults();
	f->env = (mill_format_env){&f->knobs, &f->storage, &f->mem, &f->arena};
	expect_ok(mill_comm_open(&alone, &f->mem, &f->comm, &err), &err);
	expect_ok(mill_store_format.new_options(&mill_store_format, &f->arena, &f->options, &err), &err);
	snprintf(f->folder, sizeof(f->folder), "%s/rankmill-test-source-XXXXXX", fixture_base());
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
	fixture_options options = {.splits = one_split,
	                           .split_rows = rows,
	                           .split_count = 1,
	                           .shard_rows = SHARD_ROWS,
	                           .batch_rows = 64,
	                           .compression = compression};
	expect_ok(fixture_write(f->folder, &options, &f->mem, sums, &err), &err);
	expect_ok(open_source(f, f->folder, &err), &err);
	CU_ASSERT_EQUAL_FATAL(f->table->base.file_count, SHARDS);
	CU_ASSERT_EQUAL(f->table->base.row_count, ROWS);
}

static void end(fixture *f)
{
	mill_comm_close(f->comm);
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
	mill_store_column from = c->f->table->columns.columns[position];
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

typedef struct attempt {
	int64_t rows; /* that came */
	mill_scan_counts counts;
	mill_settlement settlement;
} attempt;

/* Reads everything in splits of about split_bytes, twice with one reader. */
static attempt read_all(fixture *f, const mill_scan_spec *spec, int64_t batch_rows, int64_t split_bytes, int64_t wanted)
{
	mill_error err = {0};
	mill_input_plan plan;
	mill_format_reader *reader = NULL;
	attempt out = {0};
	f->knobs.batch_rows = batch_rows;
	const mill_format_table *table = &f->table->base;
	expect_ok(mill_format_plan_input_splits(table, NULL, split_bytes, &f->arena, &plan, &err), &err);
	expect_ok(mill_store_format.open(table, &plan, spec, &f->env, &reader, &err), &err);
	for (int turn = 0; turn < 2; turn++) {
		checker c = {.sink = {.push = check_batch}, .f = f, .spec = spec, .wanted = wanted, .last = -1};
		expect_ok(mill_store_format.begin(reader, spec, &err), &err);
		for (int64_t i = 0; i < plan.split_count && !c.sink.done; i++)
			expect_ok(mill_store_format.read_split(reader, i, &c.sink, &err), &err);
		CU_ASSERT(turn == 0 || c.rows == out.rows);
		out.rows = c.rows;
	}
	out.counts = reader->counts;
	expect_ok(mill_format_settle(reader, f->comm, &f->arena, &out.settlement, &err), &err);
	mill_store_format.close(reader);
	mill_store_format.close(reader);
	return out;
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
		const mill_schema *schema = &f.table->base.schema;
		CU_ASSERT_EQUAL_FATAL(schema->count, COLUMNS);
		for (int i = 0; i < COLUMNS; i++) {
			CU_ASSERT_STRING_EQUAL(schema->fields[i].name, names[i]);
			CU_ASSERT_STRING_EQUAL(mill_type_text(schema->fields[i].type, type), types[i]);
			CU_ASSERT_EQUAL(schema->fields[i].nullable, i < 8);
		}
		/* As another rank gets it. */
		mill_bytes blob;
		mill_format_table *table = NULL;
		mill_bytes_init(&blob, &f.mem);
		CU_ASSERT_EQUAL(mill_table_put(&f.table->base, &blob), MILL_OK);
		for (size_t size = 0; size < blob.size_bytes; size++) {
			mill_bytes_view cut = {blob.data, size, 0};
			CU_ASSERT_EQUAL(mill_table_get(&f.source, &cut, &f.env, &table, &err), MILL_DATA);
		}
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		expect_ok(mill_table_get(&f.source, &view, &f.env, &table, &err), &err);
		CU_ASSERT_EQUAL(table->row_count, ROWS);
		f.table = (mill_store_table *)table;
		CU_ASSERT_EQUAL(f.table->parts[SHARDS - 1].first_ordinal, (SHARDS - 1) * SHARD_ROWS);
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
	static const int64_t sizes[] = {8192, 100, 7, 1}, splits[] = {1, 1000, 40000, 1 << 30};
	int positions[COLUMNS];
	for (int i = 0; i < COLUMNS; i++)
		positions[i] = COLUMNS - 1 - i;
	for (int k = 0; k < 3; k++) {
		fixture f;
		begin(&f, compressions[k]);
		mill_scan_spec spec = {.columns = positions, .column_count = COLUMNS};
		spec.with_ids = spec.want_file = spec.want_offset = true;
		for (int i = 0; i < 4; i++) {
			attempt a = read_all(&f, &spec, sizes[i], splits[i], INT64_MAX);
			CU_ASSERT_EQUAL(a.rows, ROWS);
			CU_ASSERT_EQUAL(a.counts.read_rows, ROWS);
			int64_t rows = 0;
			for (int64_t p = 0; p < a.settlement.piece_count; p++)
				rows += a.settlement.pieces[p].rows;
			CU_ASSERT_EQUAL(rows, ROWS);
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
		CU_ASSERT_EQUAL(read_all(&f, &spec, 64, 10000, INT64_MAX).rows, ROWS);
	}
	mill_scan_spec none = {.with_ids = true};
	CU_ASSERT_EQUAL(read_all(&f, &none, 64, 10000, INT64_MAX).rows, ROWS);
	end(&f);
}

static mill_status read_first(fixture *f, const mill_format_env *env, const mill_scan_spec *spec, mill_error *err)
{
	mill_input_plan plan;
	mill_format_reader *reader = NULL;
	checker c = {.sink = {.push = check_batch}, .f = f, .spec = spec, .wanted = INT64_MAX, .last = -1};
	MILL_TRY(mill_format_plan_input_splits(&f->table->base, NULL, 1 << 20, env->arena, &plan, err));
	MILL_TRY(mill_store_format.open(&f->table->base, &plan, spec, env, &reader, err));
	mill_status status = mill_store_format.begin(reader, spec, err);
	if (status == MILL_OK)
		status = mill_store_format.read_split(reader, 0, &c.sink, err);
	mill_store_format.close(reader);
	return status;
}

/* What is not wanted is not opened: its damage is not seen. */
static void unwanted_is_not_read(void)
{
	fixture f;
	mill_error err = {0};
	begin(&f, "none");
	mill_dataset_spec *datasets = mill_arena_array(&f.arena, FIXTURE_DATASETS, sizeof(*datasets));
	memcpy(datasets, f.table->columns.datasets, FIXTURE_DATASETS * sizeof(*datasets));
	datasets[3].dtype = mill_type_of(MILL_TYPE_INT16); /* the shard says int8 */
	f.table->columns.datasets = datasets;
	for (int i = 8; i < COLUMNS; i++) {
		mill_scan_spec spec = {.columns = &i, .column_count = 1, .with_ids = true};
		CU_ASSERT_EQUAL(read_first(&f, &f.env, &spec, &err), i == 14 ? MILL_DATA : MILL_OK);
		if (i == 14)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "rankmill verify"));
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
			int64_t kept = (ROWS - 1) / moduli[i] + 1;
			attempt a = read_all(&f, &spec, batch_rows, 5000, INT64_MAX);
			CU_ASSERT_EQUAL(a.rows, kept);
			CU_ASSERT_EQUAL(a.counts.filtered_rows, ROWS - kept);
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
		attempt a = read_all(&f, &spec, 30, 7000, INT64_MAX);
		CU_ASSERT_EQUAL(a.rows, last + 1);
		CU_ASSERT_EQUAL(a.counts.read_rows, last + 1);
		const mill_piece *piece = &a.settlement.pieces[a.settlement.piece_count - 1];
		CU_ASSERT(piece->file == bound.file && (!piece->left_early || piece->until == bound.offset + 1));
		spec.bound = NULL;
		a = read_all(&f, &spec, 30, 7000, last + 1);
		CU_ASSERT(a.rows > last && a.rows <= last + 30 && a.counts.read_rows == a.rows);
	}
	end(&f);
}

/* Every allocation may fail. */
static void memory_fails(void)
{
	int positions[COLUMNS];
	fixture f;
	for (int i = 0; i < COLUMNS; i++)
		positions[i] = i;
	begin(&f, "shuffle+deflate:1");
	mill_scan_spec spec = {.columns = positions, .column_count = COLUMNS, .with_ids = true};
	mill_status status = MILL_NOMEM;
	for (int64_t n = 1; status == MILL_NOMEM && n < 10000; n++) {
		mill_mem mem = unlimited();
		mill_arena arena;
		mill_error err = {0};
		mill_arena_init(&arena, &mem);
		mill_format_env env = {&f.knobs, &f.storage, &mem, &arena};
		mem.fail_at = n;
		status = read_first(&f, &env, &spec, &err);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		mill_arena_release(&arena);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	CU_ASSERT_EQUAL(status, MILL_OK);
	end(&f);
}

/* Shards that are cut or gone are seen before any work; a flipped byte of a compressed chunk when it is read. */
static void damage(void)
{
	fixture f;
	mill_error err = {0};
	char path[300];
	begin(&f, "deflate:1");
	snprintf(path, sizeof(path), "%s/train/shard-00002.h5", f.folder);
	CU_ASSERT_EQUAL(truncate(path, (off_t)f.table->base.files[2].size_bytes - 1), 0);
	CU_ASSERT_EQUAL(open_source(&f, f.folder, &err), MILL_DATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "shard-00002.h5"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "rankmill verify"));
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(open_source(&f, f.folder, &err), MILL_DATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "is missing"));
	snprintf(path, sizeof(path), "%s/manifest.json", f.folder);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(open_source(&f, f.folder, &err), MILL_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "not a store"));
	snprintf(path, sizeof(path), "%s/none", f.folder);
	CU_ASSERT_EQUAL(open_source(&f, path, &err), MILL_NOT_FOUND);
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
    {"damage", damage},
};

UNIT_MAIN("store_source", cases)
