/* The CSV reader: hand-worked rows, options, bad rows, hidden columns, filters, limits, memory. Every check runs whole,
 * at 1 to 9 bytes a split, on several ranks, with forced and wrong guesses. */
#include "../tools/csv_drive.h"
#include "unit.h"

#include <unistd.h>

static mill_mem mem;
static mill_storage storage;
static mill_error err;
static char path[128];
static mill_csv_options o;
static drive_setting s;

static void start(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	snprintf(path, sizeof path, "/tmp/rm-unit-csv-reader.%ld.csv", (long)getpid());
	mill_csv_options_init(&o, false);
	s = drive_plain();
}

static void stop(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void compare(const char *what, const char *text, mill_bytes *got, const char *expected)
{
	CU_ASSERT_EQUAL(mill_bytes_terminate(got), MILL_OK);
	if (strcmp((char *)got->data, expected) == 0)
		return;
	printf("%s of: %s\nexpected:\n%s\ngot:\n%s\n", what, text, expected, (char *)got->data);
	CU_FAIL("differs");
}

/* Opens `length` bytes of text and reads them in many ways; rows and bad as drive_result prints them, NULL: not
 * compared. */
static void check_bytes(const char *text, size_t length, const mill_schema *declared, const char *rows, const char *bad)
{
	mill_arena arena;
	mill_csv_table table;
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL_FATAL(mill_storage_write_all(&storage, path, text, length, &err), MILL_OK);
	mill_status status = drive_open(path, &o, declared, &storage, &arena, &table, &err);
	for (int way = 0; status == MILL_OK && way < 20; way++) {
		drive_setting setting = s;
		drive_result result;
		if (way > 1) {
			setting.split_bytes = 1 + way / 2;
			setting.ranks = 1 + way % 3;
			setting.force_speculation = way % 2 == 0;
			setting.invert_guess = way % 4 == 0;
			setting.batch_rows = way % 5 == 0 ? 2 : 8192;
		}
		setting.simd = way % 2 == 0 ? 3 : 1;
		drive_result_init(&result, &mem);
		status = drive_table(&table, &setting, &mem, &result, &err);
		if (status == MILL_OK && rows != NULL)
			compare("rows", text, &result.rows, rows);
		if (status == MILL_OK && bad != NULL)
			compare("bad rows", text, &result.bad, bad);
		drive_result_release(&result);
	}
	if (status != MILL_OK)
		printf("%s\n", err.message);
	CU_ASSERT_EQUAL(status, MILL_OK);
	mill_arena_release(&arena);
}

static void check(const char *text, const mill_schema *declared, const char *rows, const char *bad)
{
	check_bytes(text, strlen(text), declared, rows, bad);
}

static mill_schema schema_of(mill_field *fields, const char *const *names, const char *const *types, int count)
{
	for (int i = 0; i < count; i++) {
		fields[i] = (mill_field){names[i], mill_type_of(MILL_TYPE_NULL), true};
		CU_ASSERT_EQUAL(mill_type_parse(types[i], &fields[i].type, &err), MILL_OK);
	}
	return (mill_schema){fields, count};
}

static void plain(void)
{
	start();
	check("a,b,c\n1,x,2.5\n,\"\",\n-3,\"q\"\"q\",1e3\n", NULL,
	      "0\t6\t1\tx\t2.5\n0\t14\t\\N\t\t\\N\n0\t19\t-3\tq\"q\t1000\n", "");
	/* Row ends of every kind, empty lines, no end at the end. */
	check("a,b\r\n1,2\r3,4\n\n\r\n\r5,6", NULL, "0\t5\t1\t2\n0\t9\t3\t4\n0\t17\t5\t6\n", "");
	/* Quoted row ends and delimiters; quotes inside unquoted fields are bytes. */
	check("a,b\n\"1\n2\",\"x,y\"\nz\"w\",\"\"\"\"\n", NULL, "0\t4\t1\\x0a2\tx,y\n0\t16\tz\"w\"\t\"\n", "");
	/* One column: an empty line is a NULL row, wherever it is. */
	check("a\n\n1\n\n", NULL, "0\t2\t\\N\n0\t3\t1\n0\t5\t\\N\n", "");
	check("a\r\n\r\nx\r\n", NULL, "0\t3\t\\N\n0\t5\tx\n", "");
	/* An empty last field. */
	check("a,b\n1,\n,2\n1,", NULL, "0\t4\t1\t\\N\n0\t7\t\\N\t2\n0\t10\t1\t\\N\n", "");
	/* A header and nothing else. */
	check("a,b", NULL, "", "");
	check("a,b\n", NULL, "", "");
	check_bytes("a,b\nx\0y,\0\n", 10, NULL, "0\t4\tx\\x00y\t\\x00\n", "");
	stop();
}

static void options(void)
{
	static const char *const nulls[] = {"NA", "-1"};
	static const char *const yes[] = {"yes"}, *const no[] = {"no"};
	start();
	o.delimiter = ';';
	o.quote = '\'';
	check("a;b\n'1;2';\"x\"\n", NULL, "0\t4\t1;2\t\"x\"\n", "");
	mill_csv_options_init(&o, true);
	check("a\tb\n1\t2\n", NULL, "0\t4\t1\t2\n", "");
	mill_csv_options_init(&o, false);
	o.escape = '\\';
	check("a,b\n\"x\\\"\\\\y\\\nz\",\\n\n\"p\"\"q\",\n", NULL, "0\t4\tx\"\\x5cy\\x0az\t\\x5cn\n0\t19\tp\"q\t\\N\n",
	      "");
	mill_csv_options_init(&o, false);
	o.quote = -1;
	check("a,b\n\"x,\"y\"\n", NULL, "0\t4\t\"x\t\"y\"\n", "");
	mill_csv_options_init(&o, false);
	o.comment = '#';
	check("# one \"\n\n#two\na,b\n1,#2\n#3,\"\n4,5\n#", NULL, "0\t18\t1\t#2\n0\t28\t4\t5\n", "");
	mill_csv_options_init(&o, false);
	o.skip_lines = 2;
	check("junk \"\r\nmore,,,\ra,b\n1,2\n", NULL, "0\t20\t1\t2\n", "");
	o.skip_lines = 0;
	check("\xEF\xBB\xBF"
	      "a,b\n1,2\n",
	      NULL, "0\t7\t1\t2\n", "");
	o.header = false;
	check("1,x\n2,y\n", NULL, "0\t0\t1\tx\n0\t4\t2\ty\n", "");
	mill_csv_options_init(&o, false);
	o.trim = true;
	o.null_values = nulls;
	o.null_value_count = 2;
	check("a,b\n 1 ,\t x y \n NA,\"NA\"\n-1,\" z \"\n  ,-1\n", NULL,
	      "0\t4\t1\tx y\n0\t15\t\\N\tNA\n0\t24\t\\N\t z \n0\t33\t\\N\t\\N\n", "");
	mill_csv_options_init(&o, false);
	o.true_values = yes;
	o.false_values = no;
	o.true_value_count = o.false_value_count = 1;
	check("a,b\nyes,true\nno,x\n", NULL, "0\t4\ttrue\ttrue\n0\t13\tfalse\tx\n", "");
	mill_csv_options_init(&o, false);
	o.timestamp_format = "%d/%m/%Y %H:%M";
	check("a,b\n15/06/2009 17:26,2009-06-15\n", NULL, "0\t4\t2009-06-15 17:26:00\t2009-06-15\n", "");
	o.timestamp_format = "%Y%m%d";
	check("a,b\n20090615,1\n", NULL, "0\t4\t2009-06-15\t1\n", "");
	stop();
}

static void types(void)
{
	static const char *const names[] = {"a", "b"};
	static const struct {
		const char *type, *text, *value; /* NULL value: bad */
	} cases[] = {
	    {"int8", "-128", "-128"},
	    {"int8", "128", NULL},
	    {"int16", "32767", "32767"},
	    {"int16", "-32769", NULL},
	    {"int32", "2147483647", "2147483647"},
	    {"int32", "2147483648", NULL},
	    {"int64", "9223372036854775807", "9223372036854775807"},
	    {"int64", "-9223372036854775808", "-9223372036854775808"},
	    {"int64", "9223372036854775808", NULL},
	    {"int64", "+007", "7"},
	    {"int64", " 7 ", "7"},
	    {"int64", "1.0", NULL},
	    {"int64", "\"12\"", "12"},
	    {"int64", "\"\"", NULL},
	    {"int64", "-", NULL},
	    {"uint8", "255", "255"},
	    {"uint8", "-1", NULL},
	    {"uint8", "-0", "0"},
	    {"uint16", "65536", NULL},
	    {"uint32", "4294967295", "4294967295"},
	    {"uint64", "18446744073709551615", "18446744073709551615"},
	    {"uint64", "18446744073709551616", NULL},
	    {"float64", "0.1", "0.1"},
	    {"float64", "-73.98184967041016", "-73.98184967041016"},
	    {"float64", "9007199254740993", "9007199254740992"},
	    {"float64", "1e400", NULL},
	    {"float64", "1e-400", "0"},
	    {"float64", "-0", "-0"},
	    {"float64", "NaN", "nan"},
	    {"float64", "-Infinity", "-inf"},
	    {"float64", ".", NULL},
	    {"float64", "1.2.3", NULL},
	    {"float64", "0x10", NULL},
	    {"float32", "16777217", "16777216"},
	    {"float32", "3.5e38", NULL},
	    {"float32", "0.1", "0.1"},
	    {"decimal(5,2)", "123.455", "123.46"},
	    {"decimal(5,2)", "-0.005", "-0.01"},
	    {"decimal(5,2)", "999.995", NULL},
	    {"decimal(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
	    {"decimal(5,2)", "1e2", "100.00"},
	    {"bool", "TRUE", "true"},
	    {"bool", "False", "false"},
	    {"bool", "1", NULL},
	    {"string", "x", "x"},
	    {"string", "\"\"", ""},
	    {"date", "2024-02-29", "2024-02-29"},
	    {"date", "2023-02-29", NULL},
	    {"date", "2024-02-29 00:00", NULL},
	    {"timestamp", "2009-06-15 17:26:21 UTC", "2009-06-15 17:26:21"},
	    {"timestamp", "2009-06-15T17:26:21.1234567", "2009-06-15 17:26:21.123457"},
	    {"timestamp", "2009-06-15 17:26:21+02:00", "2009-06-15 15:26:21"},
	    {"timestamp", "2009-06-15", "2009-06-15 00:00:00"},
	    {"timestamp", "2009-06-15 24:00", NULL},
	    {"timestamp with time zone", "2009-06-15 17:26", "2009-06-15 17:26:00+00"},
	};
	start();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *both[] = {cases[i].type, "string"};
		mill_field fields[2];
		mill_schema declared = schema_of(fields, names, both, 2);
		char text[256], rows[256];
		snprintf(text, sizeof text, "a,b\n%s,x\n,y\n", cases[i].text);
		size_t next = strlen(cases[i].text) + 7;
		size_t at = 0;
		rows[0] = '\0';
		if (cases[i].value != NULL)
			at = (size_t)snprintf(rows, sizeof rows, "0\t4\t%s\tx\n", cases[i].value);
		snprintf(rows + at, sizeof rows - at, "0\t%zu\t\\N\ty\n", next);
		check(text, &declared, rows, NULL);
	}
	stop();
}

static void bad_rows(void)
{
	static const char *const names[] = {"a", "b"}, *const int_text[] = {"int32", "string"};
	mill_field fields[2];
	start();
	mill_schema declared = schema_of(fields, names, int_text, 2);
	static const char text[] =
	    "a,b\n1,x\n2\n3,y,z\n\"4\"5,w\n\"6\n7\",v\n12x,\xFF\n8,\xE2\x82\n9,\"\xE2\x82\xAC\"\n\"10,";
	check(text, &declared, "0\t4\t1\tx\n0\t42\t9\t€\n",
	      "0\t8\t3\t-1\tfield_count\t1\t1 field where 2 are expected\t2\n"
	      "0\t10\t4\t-1\tfield_count\t3\t3 fields where 2 are expected\t3,y,z\n"
	      "0\t16\t5\t-1\ttext_after_quote\t3\ttext follows a closing quote\t\"4\"5,w\n"
	      "0\t23\t6\t0\tbad_value\t0\t\"6\\x0A7\" is not an int32\t\"6\\x0a7\",v\n"
	      "0\t31\t8\t0\tbad_value\t0\t\"12x\" is not an int32\t12x,\xFF\n"
	      "0\t37\t9\t1\tinvalid_utf8\t2\tbyte 0xE2 is not UTF-8\t8,\xE2\x82\n"
	      "0\t50\t11\t-1\topen_quote\t0\ta quote is open at the end of the file\t\"10,\n");
	s.policy = MILL_BAD_NULL;
	check(text, &declared, "0\t4\t1\tx\n0\t23\t\\N\tv\n0\t31\t\\N\t\\N\n0\t37\t8\t\\N\n0\t42\t9\t€\n",
	      "0\t8\t3\t-1\tfield_count\t1\t1 field where 2 are expected\t2\n"
	      "0\t10\t4\t-1\tfield_count\t3\t3 fields where 2 are expected\t3,y,z\n"
	      "0\t16\t5\t-1\ttext_after_quote\t3\ttext follows a closing quote\t\"4\"5,w\n"
	      "0\t23\t6\t0\tbad_value\t0\t\"6\\x0A7\" is not an int32\t\"6\\x0a7\",v\n"
	      "0\t31\t8\t0\tbad_value\t0\t\"12x\" is not an int32\t12x,\xFF\n"
	      "0\t31\t8\t1\tinvalid_utf8\t4\tbyte 0xFF is not UTF-8\t12x,\xFF\n"
	      "0\t37\t9\t1\tinvalid_utf8\t2\tbyte 0xE2 is not UTF-8\t8,\xE2\x82\n"
	      "0\t50\t11\t-1\topen_quote\t0\ta quote is open at the end of the file\t\"10,\n");
	/* The verdict is the same when nothing, or something else, is selected. */
	const int second = 1;
	s.policy = MILL_BAD_FAIL;
	s.columns = &second;
	s.column_count = 1;
	check("a,b\nx,1\n2,3\n99999999999,4\n", &declared, "0\t8\t3\n",
	      "0\t4\t2\t0\tbad_value\t0\t\"x\" is not an int32\tx,1\n"
	      "0\t12\t4\t0\tbad_value\t0\t\"99999999999\" is out of the range of int32\t99999999999,4\n");
	s.column_count = 0;
	check(
	    "a,b\n\"\",1\n", &declared, "",
	    "0\t4\t2\t0\tbad_value\t0\ta quoted empty field is an empty text, not NULL, and is not an int32\t\"\",1\n");
	stop();
}

static void hidden_columns(void)
{
	start();
	s.hidden = true;
	char rows[1024];
	snprintf(rows, sizeof rows, "0\t19\t1\t2\t%s\t4\t19\n0\t25\tx\\x0ay\t\\N\t%s\t6\t25\n0\t32\t3\t4\t%s\t8\t32\n",
	         path, path, path);
	o.skip_lines = 1;
	check("skip  \"\r\n\"a\nAb\",bc\n1,2\n\r\n\"x\ny\",\n3,4\n", NULL, rows, "");
	stop();
}

/* Keeps rows whose first needed column is an even int64, or is at an even place. */
typedef struct even_filter {
	mill_scan_filter filter;
	int64_t calls;
} even_filter;

static mill_status keep_even(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
                             mill_error *e)
{
	const mill_column *column = &batch->columns[self->columns[0]];
	(void)e;
	*kept = 0;
	memset(keep, 0, mill_bit_words(batch->rows) * sizeof *keep);
	for (int c = 0; c < mill_batch_visible(batch); c++) {
		bool needed = false;
		for (int i = 0; i < self->column_count; i++)
			needed |= self->columns[i] == c;
		CU_ASSERT_EQUAL(batch->columns[c].rows, needed ? batch->rows : 0);
	}
	for (int64_t r = 0; r < batch->rows; r++) {
		bool is_null = mill_column_is_null(column, r);
		int64_t value = is_null ? 1 : ((const int64_t *)column->values)[r];
		if (value % 2 == 0) {
			mill_bit_set(keep, r);
			(*kept)++;
		}
	}
	((even_filter *)self)->calls++;
	return MILL_OK;
}

static void filters(void)
{
	static const int wanted[] = {2, 0, 1, 0}, on_b[] = {2}, on_a[] = {1, 3}, on_line[] = {1, 5};
	even_filter f = {.filter = {.columns = on_b, .column_count = 1, .keep = keep_even}};
	start();
	s.columns = wanted;
	s.column_count = 4;
	s.filter = &f.filter;
	static const char text[] = "a,b,c\n1,2,x\n2,3,y\n4,6,\"z\"\n5,q,w\n7,8,\n8,,v\n9,10,u\n";
	static const char bad[] = "0\t26\t5\t1\tbad_value\t2\t\"q\" is not an int64\t5,q,w\n";
	static const char *const names[] = {"b"}, *const types_text[] = {"int64"};
	mill_field fields[1];
	mill_schema declared = schema_of(fields, names, types_text, 1);
	check(text, &declared, "0\t6\tx\t1\t2\t1\n0\t18\tz\t4\t6\t4\n0\t32\t\\N\t7\t8\t7\n0\t42\tu\t9\t10\t9\n", bad);
	f.filter.columns = on_a;
	f.filter.column_count = 2;
	check(text, &declared, "0\t12\ty\t2\t3\t2\n0\t18\tz\t4\t6\t4\n0\t37\tv\t8\t\\N\t8\n", bad);
	s.batch_rows = 1;
	check(text, &declared, "0\t12\ty\t2\t3\t2\n0\t18\tz\t4\t6\t4\n0\t37\tv\t8\t\\N\t8\n", bad);
	s.hidden = true;
	f.filter.columns = on_line;
	check(text, &declared, NULL, bad);
	s.policy = MILL_BAD_NULL;
	f.filter.columns = on_b;
	f.filter.column_count = 1;
	s.hidden = false;
	check(text, &declared, "0\t6\tx\t1\t2\t1\n0\t18\tz\t4\t6\t4\n0\t32\t\\N\t7\t8\t7\n0\t42\tu\t9\t10\t9\n", bad);
	CU_ASSERT(f.calls > 0);
	stop();
}

/* Takes rows until it has had enough. */
typedef struct stopper {
	mill_sink sink;
	int64_t rows, wanted;
} stopper;

static mill_status take_rows(mill_sink *sink, const mill_batch *batch, mill_error *e)
{
	stopper *t = (stopper *)sink;
	(void)e;
	t->rows += batch->rows;
	sink->done = t->rows >= t->wanted;
	return MILL_OK;
}

static void limits(void)
{
	start();
	mill_arena arena;
	mill_csv_table table;
	mill_input_plan plan;
	mill_bytes text;
	mill_arena_init(&arena, &mem);
	mill_bytes_init(&text, &mem);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "a\n"), MILL_OK);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(mill_bytes_printf(&text, "%d\n", i), MILL_OK);
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text.data, text.size_bytes, &err), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(drive_open(path, &o, NULL, &storage, &arena, &table, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_plan_input_splits(table.base.files, 1, 100, &arena, &plan, &err), MILL_OK);
	mill_knobs knobs = mill_knobs_defaults();
	knobs.batch_rows = 7;
	mill_format_env env = {&knobs, &storage, &mem, &arena};
	for (int64_t wanted = 1; wanted < 200; wanted += 13)
		for (int by_sink = 0; by_sink < 2; by_sink++) {
			int column = 0;
			/* Rows 0 … 9 take two bytes, 10 … 99 three, those after them four. */
			int64_t last = wanted - 1;
			int64_t offset = 2 + 2 * last + mill_max_i64(0, last - 10) + mill_max_i64(0, last - 100);
			mill_scan_bound bound = {.offset = offset};
			mill_scan_spec spec = {.columns = &column, .column_count = 1, .bound = by_sink ? NULL : &bound};
			mill_csv_reader *reader = NULL;
			stopper t = {.sink = {.push = take_rows}, .wanted = by_sink ? wanted : INT64_MAX};
			CU_ASSERT_EQUAL(mill_csv_reader_open(&table, &plan, &spec, &env, &reader, &err), MILL_OK);
			CU_ASSERT_EQUAL(mill_csv_reader_begin(reader, &spec, &err), MILL_OK);
			for (int64_t i = 0; i < plan.split_count; i++)
				CU_ASSERT_EQUAL(mill_csv_read_split(reader, i, &t.sink, &err), MILL_OK);
			CU_ASSERT(by_sink ? t.rows >= wanted && t.rows < wanted + 8 : t.rows == wanted);
			CU_ASSERT(mill_csv_counts(reader)->read_rows <= wanted + (by_sink ? 7 : 0));
			mill_csv_reader_close(reader);
		}
	mill_bytes_release(&text);
	mill_arena_release(&arena);
	stop();
}

static void long_fields(void)
{
	start();
	mill_bytes text, rows;
	mill_bytes_init(&text, &mem);
	mill_bytes_init(&rows, &mem);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "a,b\n1,\""), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&rows, "0\t4\t1\t"), MILL_OK);
	for (int i = 0; i < 300000; i++) {
		CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "long,\n\"\""), MILL_OK);
		CU_ASSERT_EQUAL(mill_bytes_append_text(&rows, "long,\\x0a\""), MILL_OK);
	}
	size_t next = text.size_bytes + 2;
	CU_ASSERT_EQUAL(mill_bytes_append_text(&text, "\"\n2,x\n"), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_printf(&rows, "\n0\t%zu\t2\tx\n", next), MILL_OK);
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text.data, text.size_bytes, &err), MILL_OK);
	mill_arena arena;
	mill_csv_table table;
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL_FATAL(drive_open(path, &o, NULL, &storage, &arena, &table, &err), MILL_OK);
	for (int way = 0; way < 4; way++) {
		drive_result result;
		drive_result_init(&result, &mem);
		s.split_bytes = way == 0 ? INT64_MAX / 2 : 100000;
		s.force_speculation = way >= 2;
		s.invert_guess = way == 3;
		CU_ASSERT_EQUAL(drive_table(&table, &s, &mem, &result, &err), MILL_OK);
		CU_ASSERT(result.rows.size_bytes == rows.size_bytes &&
		          memcmp(result.rows.data, rows.data, rows.size_bytes) == 0);
		drive_result_release(&result);
	}
	/* A budget that the row does not fit: refused with words, nothing leaked; as a guess, only the guess is
	 * refused. */
	mem.budget_bytes = mem.used_bytes + (3 << 20);
	drive_result result;
	drive_result_init(&result, &mem);
	s.split_bytes = INT64_MAX / 2;
	s.force_speculation = false;
	CU_ASSERT_EQUAL(drive_table(&table, &s, &mem, &result, &err), MILL_NOMEM);
	mem.budget_bytes = INT64_MAX;
	drive_result_release(&result);
	mill_bytes_release(&text);
	mill_bytes_release(&rows);
	mill_arena_release(&arena);
	stop();
}

static void out_of_memory(void)
{
	start();
	static const char text[] = "a,b,c\n1,x,\"q\"\"\"\n2,\xFF,w\nz,y,v\n";
	mill_status status = MILL_NOMEM;
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text, strlen(text), &err), MILL_OK);
	for (int64_t n = 1; status != MILL_OK && n < 2000; n++) {
		mill_arena arena;
		mill_csv_table table;
		drive_result result;
		mill_mem_init(&mem, INT64_MAX);
		mill_storage_init(&storage, &mem);
		mem.fail_at = n;
		mill_arena_init(&arena, &mem);
		drive_result_init(&result, &mem);
		drive_setting setting = s;
		setting.split_bytes = 9;
		setting.policy = MILL_BAD_NULL;
		status = drive_open(path, &o, NULL, &storage, &arena, &table, &err);
		if (status == MILL_OK)
			status = drive_table(&table, &setting, &mem, &result, &err);
		if (status != MILL_OK && status != MILL_NOMEM)
			printf("allocation %lld: %s\n", (long long)n, err.message);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		drive_result_release(&result);
		mill_arena_release(&arena);
		CU_ASSERT_EQUAL(mem.used_bytes, 0);
	}
	CU_ASSERT_EQUAL(status, MILL_OK);
	stop();
}

static void seams(void)
{
	mill_csv_seam list[] = {
	    {.file = 0, .begin = 0, .end = 10, .first_row = 2, .next_row = 12},
	    {.file = 0, .guessed = 1, .begin = 10, .end = 20, .first_row = 12, .next_row = 25},
	    {.file = 0, .guessed = 1, .begin = 20, .end = 24, .first_row = 25, .next_row = 25},
	    {.file = 1, .begin = 0, .end = 10, .first_row = 0, .next_row = 10},
	};
	bool bad[2];
	int64_t count;
	CU_ASSERT_EQUAL(mill_csv_check_seams(list, 4, bad, 2, &count, &err), MILL_OK);
	CU_ASSERT(count == 0 && !bad[0] && !bad[1]);
	list[2].first_row = 24;
	CU_ASSERT_EQUAL(mill_csv_check_seams(list, 4, bad, 2, &count, &err), MILL_OK);
	CU_ASSERT(count == 1 && bad[0] && !bad[1]);
	list[2].first_row = 25;
	list[1].next_row = -1; /* given up */
	CU_ASSERT_EQUAL(mill_csv_check_seams(list, 4, bad, 2, &count, &err), MILL_OK);
	CU_ASSERT(count == 1 && bad[0]);
	list[1].next_row = 15;
	list[1].left_early = true;
	CU_ASSERT_EQUAL(mill_csv_check_seams(list, 2, bad, 2, &count, &err), MILL_OK);
	CU_ASSERT(count == 0);
	/* A guess without a neighbour to vouch for it. */
	CU_ASSERT_EQUAL(mill_csv_check_seams(list + 2, 1, bad, 2, &count, &err), MILL_OK);
	CU_ASSERT(count == 1 && bad[0]);
	mill_csv_seam swapped[] = {list[3], list[0]};
	CU_ASSERT_EQUAL(mill_csv_check_seams(swapped, 2, bad, 2, &count, &err), MILL_INTERNAL);
	mill_csv_sort_seams(swapped, 2);
	CU_ASSERT_EQUAL(mill_csv_check_seams(swapped, 2, bad, 2, &count, &err), MILL_OK);
}

static const unit_case cases[] = {{"plain", plain},
                                  {"options", options},
                                  {"types", types},
                                  {"bad_rows", bad_rows},
                                  {"hidden_columns", hidden_columns},
                                  {"filters", filters},
                                  {"limits", limits},
                                  {"long_fields", long_fields},
                                  {"out_of_memory", out_of_memory},
                                  {"seams", seams}};
UNIT_MAIN("csv_reader", cases)
