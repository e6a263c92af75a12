/* Opening CSV sources: headers, schemas, inference, hive folders, the broadcast form, refusals. */
#include "../tools/csv_drive.h"
#include "storage/path.h"
#include "unit.h"

#include <unistd.h>

static mill_mem mem;
static mill_storage storage;
static mill_error err;
static mill_arena arena;
static char root[128];
static mill_csv_options o;
static mill_csv_table table;

static void start(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	mill_arena_init(&arena, &mem);
	snprintf(root, sizeof root, "/tmp/rm-unit-csv-open.%ld", (long)getpid());
	mill_csv_options_init(&o, false);
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
}

static void stop(void)
{
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void write_bytes(const char *name, const char *text, size_t length)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", root, name);
	*strrchr(path, '/') = '\0';
	CU_ASSERT_EQUAL(mill_path_make_folders(path, &err), MILL_OK);
	snprintf(path, sizeof path, "%s/%s", root, name);
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text, length, &err), MILL_OK);
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static mill_status open_root(const mill_schema *declared)
{
	return drive_open(root, &o, declared, &storage, &arena, &table, &err);
}

/* "name type, …" of the table; declared columns are marked with !. */
static const char *shown(void)
{
	static char out[4096];
	char type[MILL_TYPE_TEXT_BYTES];
	size_t at = 0;
	out[0] = '\0';
	for (int i = 0; i < table.base.schema.count && at < sizeof out; i++)
		at += (size_t)snprintf(
		    out + at, sizeof out - at, "%s%s %s%s", i > 0 ? ", " : "", table.base.schema.fields[i].name,
		    mill_type_text(table.base.schema.fields[i].type, type), table.base.is_declared[i] ? "!" : "");
	return out;
}

static void expect(const mill_schema *declared, const char *schema)
{
	mill_status status = open_root(declared);
	CU_ASSERT_EQUAL(status, MILL_OK);
	if (status != MILL_OK) {
		printf("%s\n", err.message);
		return;
	}
	if (strcmp(shown(), schema) != 0)
		printf("expected %s\ngot %s\n", schema, shown());
	CU_ASSERT_STRING_EQUAL(shown(), schema);
}

static void refuse(const mill_schema *declared, mill_status expected, const char *part)
{
	mill_status status = open_root(declared);
	CU_ASSERT_EQUAL(status, expected);
	bool says = status != MILL_OK && strstr(err.message, part) != NULL;
	if (!says)
		printf("expected \"%s\" in: %s\n", part, err.message);
	CU_ASSERT(says);
}

static void headers(void)
{
	start();
	write_text("x.csv", "\xEF\xBB\xBF"
	                    "# c\n\nAge,\"a \"\"b\"\"\",,age,Age,Age\n1,2,3,4,5,6\n");
	o.comment = '#';
	expect(NULL, "Age int64, a \"b\" int64, column2 int64, age int64, Age_1 int64, Age_2 int64");
	CU_ASSERT_EQUAL(table.data_starts[0], 35);
	CU_ASSERT_EQUAL(table.lead_lines[0], 3);
	mill_csv_options_init(&o, false);
	write_bytes("x.csv", "a\0b,c\n", 6);
	expect(NULL, "a\xE2\x90\x80"
	             "b string, c string");
	write_text("x.csv", "\"a\"b,c\n");
	refuse(NULL, MILL_DATA, "text follows a closing quote");
	write_text("x.csv", "a,\xFF\n");
	refuse(NULL, MILL_DATA, "not UTF-8");
	write_bytes("x.csv",
	            "\xFF\xFE"
	            "a\0",
	            4);
	refuse(NULL, MILL_DATA, "UTF-16");
	write_text("x.csv", "");
	refuse(NULL, MILL_DATA, "empty");
	o.skip_lines = 3;
	write_text("x.csv", "1\n2\n");
	refuse(NULL, MILL_DATA, "empty");
	o.skip_lines = -1;
	refuse(NULL, MILL_USAGE, "skip_lines");
	o.skip_lines = 0;
	o.quote = ',';
	refuse(NULL, MILL_USAGE, "quote");
	o.quote = 0xE9;
	refuse(NULL, MILL_USAGE, "quote");
	stop();
}

static void several_files(void)
{
	start();
	write_text("1.csv", "a,b\n1,2\n");
	write_text("2.csv", "");
	write_text("3.csv", "A,b\n1.5,x\n");
	expect(NULL, "a float64, b string");
	CU_ASSERT_EQUAL(table.base.file_count, 3);
	write_text("4.csv", "b,a\n1,2\n");
	refuse(NULL, MILL_DATA, "4.csv has 2 (b,a)");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "1.csv has 2 columns (a,b)"));
	o.header = false;
	expect(NULL, "column0 string, column1 string");
	stop();
}

static void declared(void)
{
	mill_field fields[3] = {{"B", mill_type_of(MILL_TYPE_INT8), true},
	                        {"c", mill_type_of(MILL_TYPE_STRING), true},
	                        {"zz", mill_type_of(MILL_TYPE_DATE), true}};
	mill_schema schema = {fields, 2};
	start();
	write_text("x.csv", "a,b,c\n1,2,3\n");
	expect(&schema, "a int64, b int8!, c string!");
	o.infer = false;
	expect(&schema, "a string, b int8!, c string!");
	schema.count = 3;
	refuse(&schema, MILL_USAGE, "\"zz\"");
	fields[2].name = "cc";
	refuse(&schema, MILL_USAGE, "did you mean \"c\"?");
	fields[2].name = "a";
	fields[2].type = mill_type_of(MILL_TYPE_INTERVAL);
	refuse(&schema, MILL_NOT_YET, "interval");
	schema.count = 2;
	o.header = false;
	o.infer = true;
	expect(&schema, "B int8!, c string!, column2 string");
	fields[2] = (mill_field){"x", mill_type_of(MILL_TYPE_DATE), true};
	schema.count = 3;
	write_text("x.csv", "1,2\n");
	expect(&schema, "B int8!, c string!, x date!");
	write_text("x.csv", "");
	expect(&schema, "B int8!, c string!, x date!");
	stop();
}

static void inference(void)
{
	static const struct {
		const char *values, *type;
	} cases[] = {
	    {"1\n2", "int64"},
	    {"1\n\n2.5", "float64"},
	    {"1\n1e3", "float64"},
	    {"9223372036854775808\n1", "float64"},
	    {"1\nx", "string"},
	    {"1\ntrue", "string"},
	    {"true\nFALSE", "bool"},
	    {"nan\n1", "float64"},
	    {"\"nan\"\n1", "string"},
	    {"-inf\n2", "float64"},
	    {"\"12\"\n3", "int64"},
	    {"\"\"\n3", "string"},
	    {"\n\n", "string"},
	    {"2020-01-01\n", "date"},
	    {"2020-01-01\n2020-01-01 10:00", "timestamp"},
	    {"2020-01-01T10:00:00\n2020-01-01", "timestamp"},
	    {"2020-01-01 10:00Z\n2020-01-01", "timestamp with time zone"},
	    {"2020-01-01 10:00Z\n2020-01-01 10:00", "string"},
	    {"2020-01-01\n1", "string"},
	    {"2020-13-01", "string"},
	    {"1e999", "string"},
	    {" 1\n2 ", "int64"},
	    {"007\n+8", "int64"},
	    {"-", "string"},
	    {"\xFF", "string"},
	};
	start();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[256], schema[64];
		snprintf(text, sizeof text, "a\n%s\n", cases[i].values);
		snprintf(schema, sizeof schema, "a %s", cases[i].type);
		write_text("x.csv", text);
		expect(NULL, schema);
	}
	/* Only the first 1000 data rows of each file count; comments, empty lines and bad rows are no data or no
	 * evidence. */
	mill_bytes text;
	mill_bytes_init(&text, &mem);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "a,b\nbad row\n\n"), MILL_OK);
	for (int i = 0; i < 999; i++)
		CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "1,2\n\n"), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "x,2\n"), MILL_OK);
	write_bytes("x.csv", (char *)text.data, text.size_bytes);
	expect(NULL, "a int64, b int64");
	write_text("y.csv", "a,b\n1,z\n");
	expect(NULL, "a int64, b string");
	mill_bytes_release(&text);
	CU_ASSERT_EQUAL(mill_path_remove_tree(root, &err), MILL_OK);
	o.timestamp_format = "%d.%m.%Y %H:%M %z";
	write_text("x.csv", "a,b,c\n15.06.2009 17:26 +0200,2020-01-01,1\n");
	expect(NULL, "a timestamp with time zone, b string, c int64");
	o.timestamp_format = "%Q";
	refuse(NULL, MILL_USAGE, "%Q");
	stop();
}

static void hive(void)
{
	start();
	write_text("day=2020-01-01/n=1/s=x/a=9/p.csv", "a\n1\n");
	write_text("day=2020-01-02/n=__HIVE_DEFAULT_PARTITION__/s=7/p.csv", "a\n2\n");
	write_text("day=2020-01-03/n=-3/p.csv", "a\n3\n");
	expect(NULL, "a int64, day date, n int64, s string");
	CU_ASSERT_EQUAL(table.base.file_column_count, 1);
	drive_setting s = drive_plain();
	drive_result result;
	drive_result_init(&result, &mem);
	CU_ASSERT_EQUAL(drive_table(&table, &s, &mem, &result, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&result.rows), MILL_OK);
	CU_ASSERT_STRING_EQUAL(
	    (char *)result.rows.data,
	    "0\t2\t1\t2020-01-01\t1\tx\n1\t2\t2\t2020-01-02\t\\N\t7\n2\t2\t3\t2020-01-03\t-3\t\\N\n");
	drive_result_release(&result);
	mill_field field = {"n", mill_type_of(MILL_TYPE_STRING), true};
	mill_schema schema = {&field, 1};
	expect(&schema, "a int64, day date, n string!, s string");
	field.type = mill_type_of(MILL_TYPE_UINT8);
	refuse(&schema, MILL_DATA, "n=-3");
	stop();
}

static void broadcast(void)
{
	static const char *const words[] = {"NA", ""};
	start();
	write_text("k=1/x.csv", "a,b\n1,x\n");
	write_text("k=__HIVE_DEFAULT_PARTITION__/y.csv", "a,b\n1,x\n");
	o.null_values = words;
	o.null_value_count = 2;
	o.timestamp_format = "%Y";
	o.comment = '#';
	o.trim = true;
	CU_ASSERT_EQUAL_FATAL(open_root(NULL), MILL_OK);
	char before[4096];
	snprintf(before, sizeof before, "%s", shown());
	mill_bytes bytes, again;
	mill_knobs knobs = mill_knobs_defaults();
	mill_format_env env = {&knobs, &storage, &mem, &arena};
	mill_format_source source = {.where = root, .options = &o.base};
	mill_format_table *copy = NULL;
	mill_storage_listing listing;
	mill_bytes_init(&bytes, &mem);
	mill_bytes_init(&again, &mem);
	/* The list of files. */
	CU_ASSERT_EQUAL(mill_storage_list(&storage, root, &arena, &listing, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_source_of_listing(&listing, &arena, &source, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_source_put(&source, &bytes), MILL_OK);
	for (size_t cut = 0; cut < bytes.size_bytes; cut++) {
		mill_bytes_view view = {bytes.data, cut, 0};
		CU_ASSERT_EQUAL(mill_source_get(&view, &arena, &source, &err), MILL_DATA);
	}
	mill_bytes_view view = {bytes.data, bytes.size_bytes, 0};
	CU_ASSERT_EQUAL(mill_source_get(&view, &arena, &source, &err), MILL_OK);
	CU_ASSERT_EQUAL(view.at, bytes.size_bytes);
	CU_ASSERT_EQUAL(mill_source_put(&source, &again), MILL_OK);
	CU_ASSERT(again.size_bytes == bytes.size_bytes && memcmp(again.data, bytes.data, bytes.size_bytes) == 0);
	/* The table. */
	bytes.size_bytes = again.size_bytes = 0;
	CU_ASSERT_EQUAL(mill_table_put(&table.base, &bytes), MILL_OK);
	for (size_t cut = 0; cut < bytes.size_bytes; cut++) {
		view = (mill_bytes_view){bytes.data, cut, 0};
		CU_ASSERT_EQUAL(mill_table_get(&source, &view, &env, &copy, &err), MILL_DATA);
	}
	view = (mill_bytes_view){bytes.data, bytes.size_bytes, 0};
	CU_ASSERT_EQUAL(mill_table_get(&source, &view, &env, &copy, &err), MILL_OK);
	CU_ASSERT_EQUAL(view.at, bytes.size_bytes);
	CU_ASSERT_EQUAL(mill_table_put(copy, &again), MILL_OK);
	CU_ASSERT(again.size_bytes == bytes.size_bytes && memcmp(again.data, bytes.data, bytes.size_bytes) == 0);
	table = *(mill_csv_table *)copy;
	CU_ASSERT_STRING_EQUAL(shown(), before);
	CU_ASSERT_STRING_EQUAL(table.options.null_values[0], "NA");
	CU_ASSERT_PTR_NULL(table.base.files[1].hive_values[0]);
	mill_bytes_release(&bytes);
	mill_bytes_release(&again);
	stop();
}

static void unreadable(void)
{
	start();
	refuse(NULL, MILL_NOT_FOUND, root);
	static const char gzip_head[] = "\x1F\x8B\x08\0\0\0\0\0\2\3\x4B\xD4";
	write_bytes("x.csv", gzip_head, sizeof gzip_head - 1);
	refuse(NULL, MILL_DATA, "cut short");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "x.csv"));
	stop();
}

static const unit_case cases[] = {
    {"headers", headers}, {"several_files", several_files}, {"declared", declared},    {"inference", inference},
    {"hive", hive},       {"broadcast", broadcast},         {"unreadable", unreadable}};
UNIT_MAIN("csv_open", cases)
