/* The CSV reader: small files with hand-worked rows, options, bad rows, cuts. */
#include "../tools/csv_drive.h"
#include "unit.h"

#include <unistd.h>

static mill_mem mem;
static mill_error err;
static char path[128];

static void write_text(const char *text, size_t length)
{
	CU_ASSERT_EQUAL(mill_path_write_all(path, &mem, text, length, &err), MILL_OK);
}

static void start(void)
{
	mill_mem_init(&mem, INT64_MAX);
	snprintf(path, sizeof path, "/tmp/rm-unit-csv-reader.%ld.csv", (long)getpid());
}

static void stop(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Reads text as `setting` and compares rows (without file and offset) and bad rows; NULL: not compared. */
static void check(const char *text, const mill_csv_options *options, const mill_schema *declared,
                  const drive_setting *setting, const char *rows, const char *bad)
{
	mill_arena arena;
	mill_csv_table table;
	drive_result result;
	mill_arena_init(&arena, &mem);
	drive_result_init(&result, &mem);
	write_text(text, strlen(text));
	mill_status status = drive_open(path, options, declared, &mem, &arena, &table, &err);
	if (status == MILL_OK)
		status = drive_table(&table, setting, &mem, &result, &err);
	CU_ASSERT_EQUAL(status, MILL_OK);
	if (status != MILL_OK)
		printf("%s\n", err.message);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&result.rows), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&result.bad), MILL_OK);
	if (rows != NULL && strcmp((char *)result.rows.data, rows) != 0) {
		printf("text: %s\nexpected: %s\ngot: %s\n", text, rows, (char *)result.rows.data);
		CU_FAIL("other rows");
	}
	if (bad != NULL && strcmp((char *)result.bad.data, bad) != 0) {
		printf("text: %s\nexpected: %s\ngot: %s\n", text, bad, (char *)result.bad.data);
		CU_FAIL("other bad rows");
	}
	drive_result_release(&result);
	mill_arena_release(&arena);
}

static void plain(void)
{
	start();
	mill_csv_options o;
	drive_setting s = drive_plain();
	mill_csv_options_init(&o, false);
	check("a,b,c\n1,x,2.5\n,\"\",\n-3,\"q\"\"q\",1e3\n", &o, NULL, &s,
	      "0\t6\t1\tx\t2.5\n0\t14\t\\N\t\t\\N\n0\t19\t-3\tq\"q\t1000\n", "");
	stop();
}

static const unit_case cases[] = {{"plain", plain}};
UNIT_MAIN("csv_reader", cases)
