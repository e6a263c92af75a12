/* The Arrow C Data Interface: what is exported reads as the specification says, survives moving of children, and what
 * other producers may hand in (offsets, large text, dictionaries with NULLs) arrives as the rows they mean. */
#include "column/arrow.h"
#include "random_batch.h"

static mill_mem mem;
static uint64_t state;

#define SHAPES (RANDOM_TYPE_COUNT + 1)

typedef struct sample {
	mill_field fields[SHAPES];
	mill_schema schema;
	mill_batch batch;
	model models[SHAPES];
} sample;

static mill_status sample_new(int64_t rows, sample *s)
{
	static const char *const names[] = {"a", "b", "", "a name with spaces"};
	memset(s, 0, sizeof(*s));
	MILL_TRY(mill_batch_new(&mem, SHAPES, 0, &s->batch, NULL));
	s->batch.rows = rows;
	s->schema = (mill_schema){s->fields, SHAPES};
	for (int c = 0; c < SHAPES; c++) {
		mill_type type = c < RANDOM_TYPE_COUNT ? random_types[c] : mill_type_of(MILL_TYPE_STRING);
		int percent = (int)random_below(&state, 3) * 50;
		s->fields[c] = (mill_field){names[c % 4], type, percent != 0};
		if (c >= RANDOM_TYPE_COUNT) {
			MILL_TRY(random_dictionary(&mem, type, 5, rows, percent, &state, &s->models[c],
			                           &s->batch.columns[c]));
			continue;
		}
		s->models[c] = random_model(type, rows, percent, &state);
		for (int64_t r = 0; type.id == MILL_TYPE_INTERVAL && r < rows; r++)
			memset(s->models[c].cells[r].data + 14, 0,
			       2); /* short enough for nanoseconds, never negative */
		MILL_TRY(model_build(&mem, &s->models[c], &s->batch.columns[c], NULL));
	}
	return MILL_OK;
}

static void sample_release(sample *s)
{
	mill_batch_release(&s->batch);
	for (int c = 0; c < SHAPES; c++)
		model_release(&s->models[c]);
}

static void check_import(const struct ArrowSchema *schema, const struct ArrowArray *array, const sample *s,
                         int64_t first)
{
	mill_arena arena;
	mill_schema fields;
	mill_batch back;
	mill_error err = {0};
	mill_arena_init(&arena, &mem);
	mill_status status = mill_arrow_import(&mem, schema, array, &arena, &fields, &back, &err);
	if (status != MILL_OK)
		printf("%s\n", err.message);
	CU_ASSERT_FATAL(status == MILL_OK);
	CU_ASSERT(fields.count == SHAPES && back.column_count == SHAPES && back.rows == array->length);
	for (int c = 0; c < SHAPES; c++) {
		model expected = {s->models[c].type, array->length, s->models[c].cells + first};
		CU_ASSERT_STRING_EQUAL(fields.fields[c].name, s->fields[c].name);
		CU_ASSERT(mill_type_equal(fields.fields[c].type, s->fields[c].type));
		CU_ASSERT(fields.fields[c].nullable == s->fields[c].nullable);
		check_column(&back.columns[c], &expected, "imported");
	}
	mill_batch_release(&back);
	mill_arena_release(&arena);
}

static void test_round_trip(void)
{
	static const int64_t rows[] = {0, 1, 64, 200};
	for (int n = 0; n < 4; n++) {
		sample s;
		struct ArrowSchema schema;
		struct ArrowArray array;
		CU_ASSERT_FATAL(sample_new(rows[n], &s) == MILL_OK);
		CU_ASSERT_FATAL(mill_arrow_export_schema(&mem, &s.schema, &s.batch, &schema, NULL) == MILL_OK);
		CU_ASSERT_FATAL(mill_arrow_export_batch(&mem, &s.schema, &s.batch, &array, NULL) == MILL_OK);
		mill_batch_release(&s.batch); /* the export stands on its own references */
		check_import(&schema, &array, &s, 0);
		/* A consumer may cut the struct. */
		array.offset = rows[n] / 3;
		array.length = rows[n] - rows[n] / 2;
		check_import(&schema, &array, &s, rows[n] / 3);
		/* And may move a child out, marking it released where it was. */
		struct ArrowArray moved = *array.children[12];
		struct ArrowSchema moved_schema = *schema.children[12];
		array.children[12]->release = NULL;
		schema.children[12]->release = NULL;
		schema.release(&schema);
		array.release(&array);
		CU_ASSERT(schema.release == NULL && array.release == NULL);
		CU_ASSERT_STRING_EQUAL(moved_schema.format, "u");
		CU_ASSERT(moved.length == rows[n] && moved.n_buffers == 3);
		moved.release(&moved);
		moved_schema.release(&moved_schema);
		sample_release(&s);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
}

/* Formats as the specification's table lists them. */
static void test_formats(void)
{
	static const char *const formats[] = {"b", "c",      "s", "i", "l",   "C",    "S",       "I",   "L", "f",
	                                      "g", "d:38,5", "u", "z", "tdD", "tsu:", "tsu:UTC", "tin", "i"};
	sample s;
	struct ArrowSchema schema;
	CU_ASSERT_FATAL(sample_new(3, &s) == MILL_OK);
	CU_ASSERT_FATAL(mill_arrow_export_schema(&mem, &s.schema, &s.batch, &schema, NULL) == MILL_OK);
	CU_ASSERT_STRING_EQUAL(schema.format, "+s");
	CU_ASSERT_EQUAL_FATAL(schema.n_children, SHAPES);
	for (int c = 0; c < SHAPES; c++)
		CU_ASSERT_STRING_EQUAL(schema.children[c]->format, formats[c]);
	CU_ASSERT_STRING_EQUAL(schema.children[SHAPES - 1]->dictionary->format, "u");
	schema.release(&schema);
	sample_release(&s);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void keep_schema(struct ArrowSchema *schema)
{
	schema->release = NULL;
}
static void keep_array(struct ArrowArray *array)
{
	array->release = NULL;
}

/* A struct of one child, as a foreign producer would make it. */
typedef struct foreign {
	struct ArrowSchema schema, child, dictionary, *children[1];
	struct ArrowArray array, child_array, dictionary_array, *child_arrays[1];
	const void *none[1];
} foreign;

static void foreign_init(foreign *f, const char *format, int64_t rows, int64_t offset, int64_t n_buffers,
                         const void **buffers)
{
	memset(f, 0, sizeof(*f));
	f->children[0] = &f->child;
	f->child_arrays[0] = &f->child_array;
	f->child = (struct ArrowSchema){.format = format, .flags = ARROW_FLAG_NULLABLE, .release = keep_schema};
	f->schema =
	    (struct ArrowSchema){.format = "+s", .n_children = 1, .children = f->children, .release = keep_schema};
	f->child_array = (struct ArrowArray){.length = rows,
	                                     .null_count = -1,
	                                     .offset = offset,
	                                     .n_buffers = n_buffers,
	                                     .buffers = buffers,
	                                     .release = keep_array};
	f->array = (struct ArrowArray){.length = rows,
	                               .n_buffers = 1,
	                               .n_children = 1,
	                               .buffers = f->none,
	                               .children = f->child_arrays,
	                               .release = keep_array};
}

static mill_status import_foreign(foreign *f, mill_column *out)
{
	mill_arena arena;
	mill_schema fields;
	mill_batch batch;
	mill_error err = {0};
	mill_arena_init(&arena, &mem);
	mill_status status = mill_arrow_import(&mem, &f->schema, &f->array, &arena, &fields, &batch, &err);
	if (status == MILL_OK) {
		*out = mill_column_retain(&batch.columns[0]);
		mill_batch_release(&batch);
	}
	mill_arena_release(&arena);
	return status;
}

static bool text_is(const mill_column *column, int64_t row, const char *expected)
{
	int32_t length;
	if (mill_column_is_null(column, row))
		return expected == NULL;
	const char *text = mill_column_text(column, row, &length);
	return expected != NULL && (size_t)length == strlen(expected) && memcmp(text, expected, (size_t)length) == 0;
}

static void test_foreign_text(void)
{
	/* Rows 1 … 3 of "x", "ab", NULL with text "zz", "c". */
	static const uint8_t validity[] = {0x0b};
	static const int64_t offsets[] = {0, 1, 3, 5, 6};
	const void *buffers[] = {validity, offsets, "xabzzc"};
	foreign f;
	mill_column column;
	foreign_init(&f, "U", 3, 1, 3, buffers);
	CU_ASSERT_FATAL(import_foreign(&f, &column) == MILL_OK);
	CU_ASSERT(column.type.id == MILL_TYPE_STRING && column.null_count == 1 && column.offsets[3] == 3);
	CU_ASSERT(text_is(&column, 0, "ab") && text_is(&column, 1, NULL) && text_is(&column, 2, "c"));
	mill_column_release(&column);
	static const int64_t falling[] = {0, 4, 3, 5, 6};
	buffers[1] = falling;
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	buffers[1] = offsets;
	buffers[2] = "x\xff\xff"
	             "zzc";
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void test_foreign_dictionary(void)
{
	static const int8_t codes[] = {9, 1, 0, 2, 1, -1};
	static const uint8_t validity[] = {0x1f}, entry_validity[] = {0x05};
	static const int32_t offsets[] = {0, 1, 2, 3};
	const void *code_buffers[] = {validity, codes}, *entry_buffers[] = {entry_validity, offsets, "pqp"};
	foreign f;
	mill_column column;
	foreign_init(&f, "c", 5, 1, 2, code_buffers);
	f.dictionary = (struct ArrowSchema){.format = "u", .release = keep_schema};
	f.child.dictionary = &f.dictionary;
	f.dictionary_array = (struct ArrowArray){
	    .length = 3, .null_count = 1, .n_buffers = 3, .buffers = entry_buffers, .release = keep_array};
	f.child_array.dictionary = &f.dictionary_array;
	CU_ASSERT_FATAL(import_foreign(&f, &column) == MILL_OK);
	CU_ASSERT(text_is(&column, 0, NULL) && text_is(&column, 1, "p") && text_is(&column, 2, "p"));
	CU_ASSERT(text_is(&column, 3, NULL) && text_is(&column, 4, NULL) && column.null_count == 3);
	mill_column_release(&column);
	f.child_array.offset = 0;
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void test_refused(void)
{
	static const mill_interval finer[] = {{0, 0, 1001}};
	static const int64_t value[] = {1};
	const void *buffers[] = {NULL, finer};
	foreign f;
	mill_column column;
	foreign_init(&f, "tin", 1, 0, 2, buffers);
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	buffers[1] = value;
	static const char *const not_yet[] = {"tsn:", "tss:", "+l", "e", "d:10,2,256", "vu"};
	for (int i = 0; i < 6; i++) {
		f.child.format = not_yet[i];
		CU_ASSERT(import_foreign(&f, &column) == MILL_NOT_YET);
	}
	f.child.format = "d:39,0";
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	f.child.format = "l";
	f.array.length = 2;
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	f.array.length = 1;
	f.schema.format = "l";
	CU_ASSERT(import_foreign(&f, &column) == MILL_DATA);
	f.schema.format = "+s";
	CU_ASSERT_FATAL(import_foreign(&f, &column) == MILL_OK);
	mill_column_release(&column);
	f.array.release = NULL;
	CU_ASSERT(import_foreign(&f, &column) == MILL_INTERNAL);
	mill_interval longest = {0, 0, INT64_MAX};
	mill_builder b;
	mill_batch batch = {0};
	mill_field field = {"i", mill_type_of(MILL_TYPE_INTERVAL), false};
	mill_schema schema = {&field, 1};
	struct ArrowArray array;
	mill_builder_init(&b, &mem, field.type);
	CU_ASSERT_FATAL(mill_builder_fixed(&b, &longest) == MILL_OK &&
	                mill_batch_new(&mem, 1, 0, &batch, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&b, &batch.columns[0], NULL) == MILL_OK);
	batch.rows = 1;
	CU_ASSERT(mill_arrow_export_batch(&mem, &schema, &batch, &array, NULL) == MILL_DATA);
	mill_batch_release(&batch);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_status out_and_in(void)
{
	sample s;
	struct ArrowSchema schema = {0};
	struct ArrowArray array = {0};
	mill_arena arena;
	mill_schema fields;
	mill_batch back = {0};
	mill_error err;
	mill_status status;
	mill_arena_init(&arena, &mem);
	MILL_TRY_GOTO(sample_new(20, &s), done);
	MILL_TRY_GOTO(mill_arrow_export_schema(&mem, &s.schema, &s.batch, &schema, &err), done);
	MILL_TRY_GOTO(mill_arrow_export_batch(&mem, &s.schema, &s.batch, &array, &err), done);
	MILL_TRY_GOTO(mill_arrow_import(&mem, &schema, &array, &arena, &fields, &back, &err), done);
done:
	if (schema.release != NULL)
		schema.release(&schema);
	if (array.release != NULL)
		array.release(&array);
	mill_batch_release(&back);
	mill_arena_release(&arena);
	sample_release(&s);
	return status;
}

static void test_torture(void)
{
	mill_status status = MILL_NOMEM;
	for (int64_t n = 1; status != MILL_OK && n < 2000; n++) {
		mem.fail_at = mem.allocation_count + n;
		status = out_and_in();
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	mem.fail_at = 0;
	CU_ASSERT(status == MILL_OK);
}

static const unit_case cases[] = {{"round_trip", test_round_trip},     {"formats", test_formats},
                                  {"foreign_text", test_foreign_text}, {"foreign_dictionary", test_foreign_dictionary},
                                  {"refused", test_refused},           {"torture", test_torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	state = random_seed("column_arrow");
	return unit_main("column_arrow", cases, sizeof(cases) / sizeof(cases[0]));
}
