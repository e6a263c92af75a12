/* Scripts cut into statements; memory that runs out at any moment; statements that nest too deep. */
#include "sql_expect.h"

typedef struct script_fixture {
	sql_fixture sql;
	mill_script_statement *statements;
	int count;
} script_fixture;

static mill_status split(script_fixture *f, const char *script)
{
	sql_fixture_init(&f->sql);
	f->count = 0;
	return mill_sql_statements(script, "s.sql", &f->sql.arena, &f->statements, &f->count, &f->sql.err);
}

static void test_statements(void)
{
	script_fixture f;
	const char *script = "-- first\nCREATE TEMP TABLE Known AS\n  SELECT 1 AS a; /* ; */ SELECT ';' FROM Known;\n"
	                     "CREATE VIEW \"A b\" AS (SELECT 2 AS AS_IS);;\nSELECT 3";
	CU_ASSERT_EQUAL(split(&f, script), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(f.count, 4);
	CU_ASSERT_STRING_EQUAL(f.statements[0].create_name, "Known");
	CU_ASSERT_STRING_EQUAL(f.statements[0].text, "SELECT 1 AS a");
	CU_ASSERT_PTR_NULL(f.statements[1].create_name);
	CU_ASSERT_STRING_EQUAL(f.statements[1].text, "SELECT ';' FROM Known");
	CU_ASSERT_STRING_EQUAL(f.statements[2].create_name, "A b");
	CU_ASSERT_STRING_EQUAL(f.statements[2].text, "(SELECT 2 AS AS_IS)");
	CU_ASSERT_STRING_EQUAL(f.statements[3].text, "SELECT 3");
	for (int i = 0; i < f.count; i++)
		CU_ASSERT_EQUAL(
		    strncmp(script + f.statements[i].offset, f.statements[i].text, strlen(f.statements[i].text)), 0);
	sql_fixture_release(&f.sql);
	CU_ASSERT_EQUAL(split(&f, "DROP TABLE \"A b\"; DROP VIEW IF EXISTS Known"), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(f.count, 2);
	CU_ASSERT_STRING_EQUAL(f.statements[0].drop_name, "A b");
	CU_ASSERT(!f.statements[0].may_be_missing && f.statements[1].may_be_missing);
	CU_ASSERT_STRING_EQUAL(f.statements[1].drop_name, "Known");
	CU_ASSERT_STRING_EQUAL(mill_sql_in_place("-- é\n\tX; SELECT 1",
	                                         &(mill_script_statement){.text = "SELECT 1", .offset = 10},
	                                         &f.sql.arena),
	                       "    \n\t   SELECT 1");
	sql_fixture_release(&f.sql);
	CU_ASSERT_EQUAL(split(&f, " ; -- nothing\n"), MILL_OK);
	CU_ASSERT_EQUAL(f.count, 0);
	sql_fixture_release(&f.sql);
}

static void expect_refused(const char *script, mill_status expected, const char *message)
{
	script_fixture f;
	CU_ASSERT_EQUAL(split(&f, script), expected);
	CU_ASSERT_STRING_EQUAL(f.sql.err.message, message);
	sql_fixture_release(&f.sql);
}

static void test_refusals(void)
{
	expect_refused("SELECT 1;\nDROP TABLE x, y", MILL_NOT_YET,
	               "s.sql:2:1: DROP takes one TABLE or VIEW, without a schema; anything else is not supported yet\n"
	               "  DROP TABLE x, y\n  ^");
	expect_refused("DROP INDEX x", MILL_NOT_YET,
	               "s.sql:1:1: DROP takes one TABLE or VIEW, without a schema; anything else is not supported yet\n"
	               "  DROP INDEX x\n  ^");
	expect_refused(
	    "CREATE TABLE x (a int)", MILL_NOT_YET,
	    "s.sql:1:1: CREATE is not supported yet; SELECT, CREATE TABLE|VIEW x AS SELECT and DROP TABLE|VIEW x are\n"
	    "  CREATE TABLE x (a int)\n  ^");
	expect_refused("SELECT 1;\nSELCT 2", MILL_USAGE,
	               "s.sql:2:1: syntax error at or near \"SELCT\"\n  SELCT 2\n  ^");
	expect_refused("CREATE TABLE a.b AS SELECT 1", MILL_USAGE,
	               "s.sql:1:14: tables have no schema: CREATE TABLE name AS …\n  CREATE TABLE a.b AS SELECT 1\n"
	               "               ^");
	expect_refused("CREATE TABLE x (a) AS SELECT 1", MILL_NOT_YET,
	               "s.sql:1:14: CREATE TABLE AS takes no column names and options yet: name columns with AS in the "
	               "SELECT\n  CREATE TABLE x (a) AS SELECT 1\n               ^");
}

/* Every allocation fails once. */
static void torture(const char *sql)
{
	mill_status status = MILL_NOMEM;
	int64_t fail_at = 1;
	for (; fail_at < 100000 && status != MILL_OK; fail_at++) {
		sql_fixture f;
		sql_fixture_init(&f);
		f.mem.fail_at = fail_at;
		status = sql_fixture_bind(&f, sql);
		if (status == MILL_OK)
			status = sql_fixture_text(&f, true);
		CU_ASSERT(status == MILL_OK || status == MILL_NOMEM);
		sql_fixture_release(&f);
		CU_ASSERT_EQUAL(f.mem.used_bytes, 0);
	}
	CU_ASSERT_EQUAL(status, MILL_OK);
	CU_ASSERT(fail_at > 2);
}

static void test_out_of_memory(void)
{
	torture("SELECT a, B AS Foo, (SELECT max(x) FROM u) AS m FROM t WHERE d > 1.5 AND a IN (1, 2, 3) LIMIT 2 + 3");
	torture("WITH w AS (SELECT a, count(*) AS n FROM t GROUP BY a) SELECT p.a, q.n, row_number() OVER (PARTITION "
	        "BY p.a "
	        "ORDER BY q.n) FROM w AS p LEFT JOIN w AS q ON p.a = q.a ORDER BY 2 DESC");
}

static char *repeat(const char *head, const char *part, int count, const char *tail)
{
	size_t size = strlen(head) + strlen(part) * (size_t)count + strlen(tail) + 1;
	char *out = malloc(size);
	char *at = out;
	if (out == NULL)
		return NULL;
	at += snprintf(at, size, "%s", head);
	for (int i = 0; i < count; i++) {
		memcpy(at, part, strlen(part));
		at += strlen(part);
	}
	snprintf(at, size - (size_t)(at - out), "%s", tail);
	return out;
}

static void expect_deep(const char *head, const char *part, int count, const char *tail, mill_status expected)
{
	char *sql = repeat(head, part, count, tail);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sql);
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	CU_ASSERT_EQUAL(status, expected);
	if (status != expected)
		printf("    %s × %d: %s\n", part, count, f.err.message);
	if (status == MILL_OK)
		CU_ASSERT_EQUAL(sql_fixture_text(&f, true), MILL_OK);
	sql_fixture_release(&f);
	free(sql);
}

static void test_depth(void)
{
	expect_deep("SELECT ", "1 + ", 1900, "1", MILL_OK);
	expect_deep("SELECT ", "1 + ", 3000, "1", MILL_USAGE);
	expect_deep("SELECT ", "1 + ", 100000, "1", MILL_USAGE);
	expect_deep("SELECT ", "(", 100, "1", MILL_USAGE);
	expect_deep("SELECT ", "(", 100000, "1", MILL_USAGE);
	expect_deep("SELECT ", "- ", 100000, "1", MILL_USAGE);
	expect_deep("SELECT a FROM t WHERE a = 1", " OR a = 2", 5000, "", MILL_OK);
	expect_deep("SELECT a FROM t WHERE a IN (1", ", 2", 50000, ")", MILL_OK);
	expect_deep("SELECT 1", " UNION SELECT 2", 100000, "", MILL_USAGE);
	expect_deep("SELECT * FROM t", " JOIN u USING (a)", 100000, "", MILL_USAGE);
	expect_deep("SELECT ", "CASE WHEN a = 1 THEN 2 ELSE ", 100000, "3", MILL_USAGE);
	expect_deep("SELECT a", "::int", 100000, " FROM t", MILL_USAGE);
	expect_deep("SELECT * FROM ", "(SELECT * FROM ", 100000, "t", MILL_USAGE);
	expect_deep("SELECT a AS a0", ", 1", 1500, " FROM t", MILL_OK);
}

/* Aliases that double an expression each time end with an error, not with the machine's memory. */
static void test_doubling(void)
{
	char sql[4096];
	int at = snprintf(sql, sizeof sql, "SELECT a AS x0");
	for (int i = 1; i < 60; i++)
		at += snprintf(sql + at, sizeof sql - (size_t)at, ", x%d + x%d AS x%d", i - 1, i - 1, i);
	snprintf(sql + at, sizeof sql - (size_t)at, " FROM t");
	sql_fixture f;
	sql_fixture_init(&f);
	CU_ASSERT_EQUAL(sql_fixture_bind(&f, sql), MILL_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "too large"));
	sql_fixture_release(&f);
}

static const unit_case cases[] = {
    {"statements", test_statements}, {"refusals", test_refusals}, {"out_of_memory", test_out_of_memory},
    {"depth", test_depth},           {"doubling", test_doubling},
};
UNIT_MAIN("sql_script", cases)
