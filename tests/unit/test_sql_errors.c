/* Messages of the binder: status, text, line and caret, exactly. */
#include "sql_expect.h"

static void expect_refusal(int line, mill_status expected, const char *sql, const char *message)
{
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	bool is_right = status == expected && strcmp(f.err.message, message) == 0;
	if (!is_right)
		printf("    line %d: %s\n%s: %s\n", line, sql, mill_status_name(status), f.err.message);
	CU_ASSERT(is_right);
	sql_fixture_release(&f);
}

#define REFUSED(status, sql, message) expect_refusal(__LINE__, MILL_##status, sql, message)

static void test_names(void)
{
	REFUSED(USAGE, "SELECT agee FROM people",
	        "query:1:8: column \"agee\" does not exist (did you mean \"Age\"?)\n"
	        "  SELECT agee FROM people\n"
	        "         ^");
	REFUSED(USAGE, "SELECT p.agee FROM people p",
	        "query:1:8: column \"p.agee\" does not exist (did you mean \"Age\"?)\n"
	        "  SELECT p.agee FROM people p\n"
	        "         ^");
	REFUSED(USAGE, "SELECT q.age FROM people p",
	        "query:1:8: FROM has no table \"q\" (did you mean \"p\"?)\n"
	        "  SELECT q.age FROM people p\n"
	        "         ^");
	REFUSED(USAGE, "SELECT \"abc\" FROM t",
	        "query:1:8: column \"abc\" does not exist; text is written in single quotes: 'abc'\n"
	        "  SELECT \"abc\" FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT size FROM twins",
	        "query:1:8: column \"size\" is ambiguous: there are \"Size\" and \"size\"; write the one that is meant "
	        "in double quotes\n"
	        "  SELECT size FROM twins\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t, u",
	        "query:1:8: column \"a\" is ambiguous: t and u have it; write t.a or u.a\n"
	        "  SELECT a FROM t, u\n"
	        "         ^");
	REFUSED(USAGE, "SELECT * FROM t JOIN t ON true",
	        "query:1:22: table name \"t\" is there more than once: give one an alias, t AS other\n"
	        "  SELECT * FROM t JOIN t ON true\n"
	        "                       ^");
	REFUSED(USAGE, "SELECT a FROM nosuch",
	        "query:1:15: there is no table \"nosuch\"\n"
	        "  SELECT a FROM nosuch\n"
	        "                ^");
	REFUSED(USAGE, "SELECT a FROM data.csv",
	        "query:1:15: there is no table \"data.csv\": a file is written in double quotes, FROM \"data.csv\"\n"
	        "  SELECT a FROM data.csv\n"
	        "                ^");
	REFUSED(USAGE, "SELECT z.* FROM t",
	        "query:1:8: FROM has no table \"z\" (did you mean \"t\"?)\n"
	        "  SELECT z.* FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT *",
	        "query:1:8: SELECT * needs a FROM\n"
	        "  SELECT *\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a AS x, b AS x FROM t ORDER BY x",
	        "query:1:39: ORDER BY \"x\" is ambiguous: several columns have that name\n"
	        "  SELECT a AS x, b AS x FROM t ORDER BY x\n"
	        "                                        ^");
	REFUSED(NOT_YET, "SELECT a.b.c FROM t",
	        "query:1:8: names of more than two parts (schemas, struct fields) are not supported yet\n"
	        "  SELECT a.b.c FROM t\n"
	        "         ^");
	REFUSED(NOT_YET, "SELECT t FROM t",
	        "query:1:8: \"t\" is a table: whole rows can be tested (t IS NOT NULL) but are no values yet\n"
	        "  SELECT t FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t JOIN u USING (b)",
	        "query:1:22: column \"b\" of USING is not in the right table\n"
	        "  SELECT a FROM t JOIN u USING (b)\n"
	        "                       ^");
	REFUSED(USAGE, "SELECT q FROM (SELECT 1 AS a) AS s(x, y)",
	        "query:1:23: 2 columns are named but \"s\" has 1\n"
	        "  SELECT q FROM (SELECT 1 AS a) AS s(x, y)\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT b AS Total FROM t WHERE totl > 3",
	        "query:1:32: column \"totl\" does not exist (did you mean \"Total\"?)\n"
	        "  SELECT b AS Total FROM t WHERE totl > 3\n"
	        "                                 ^");
}

static void test_syntax(void)
{
	REFUSED(USAGE, "SELECT 'abc FROM t",
	        "query:1:8: unterminated quoted string at or near \"'abc FROM t\"\n"
	        "  SELECT 'abc FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE",
	        "query:1:22: syntax error at end of input\n"
	        "  SELECT a FROM t WHERE\n"
	        "                       ^");
	REFUSED(USAGE, "SELECT a, FROM t",
	        "query:1:11: syntax error at or near \"FROM\": there is a comma too many before it\n"
	        "  SELECT a, FROM t\n"
	        "            ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE c RLIKE 'x'",
	        "query:1:25: syntax error at or near \"RLIKE\": RLIKE is written ~ (x ~ 'pattern')\n"
	        "  SELECT a FROM t WHERE c RLIKE 'x'\n"
	        "                          ^");
	REFUSED(USAGE, "SELECT c RLIKE 'x' FROM t",
	        "query:1:16: syntax error at or near \"'x'\": RLIKE is written ~ (x ~ 'pattern')\n"
	        "  SELECT c RLIKE 'x' FROM t\n"
	        "                 ^");
	REFUSED(USAGE, "SELECT try_cast(a AS string) FROM t",
	        "query:1:19: syntax error at or near \"AS\": TRY_CAST(x AS t) is written try_cast(x, 't')\n"
	        "  SELECT try_cast(a AS string) FROM t\n"
	        "                    ^");
	REFUSED(USAGE, "SELECT a FROM t QUALIFY row_number() OVER () = 1",
	        "query:1:25: syntax error at or near \"row_number\": QUALIFY is written as a sub-query: SELECT * FROM "
	        "(SELECT …, row_number() OVER (…) AS rn FROM …) AS q WHERE rn = 1\n"
	        "  SELECT a FROM t QUALIFY row_number() OVER () = 1\n"
	        "                          ^");
	REFUSED(USAGE, "SELECT a + INTERVAL 30 DAYS FROM t",
	        "query:1:21: syntax error at or near \"30\": INTERVAL 30 DAYS is written INTERVAL '30 days'\n"
	        "  SELECT a + INTERVAL 30 DAYS FROM t\n"
	        "                      ^");
	REFUSED(USAGE, "SELECT `a` FROM t",
	        "query:1:12: syntax error at or near \"FROM\": names are quoted with double quotes: `a b` is written "
	        "\"a b\"\n"
	        "  SELECT `a` FROM t\n"
	        "             ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE a == 3",
	        "query:1:25: there is no operator ==: equality is written =\n"
	        "  SELECT a FROM t WHERE a == 3\n"
	        "                          ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE a <=> 3",
	        "query:1:25: there is no operator <=>: <=> is written IS NOT DISTINCT FROM\n"
	        "  SELECT a FROM t WHERE a <=> 3\n"
	        "                          ^");
	REFUSED(USAGE, "SELECT * EXCEPT (a) FROM t",
	        "query:1:18: syntax error at or near \"a\": columns cannot be left out of *: list the columns that are "
	        "wanted\n"
	        "  SELECT * EXCEPT (a) FROM t\n"
	        "                   ^");
	REFUSED(USAGE, "SELECT * EXCLUDE (a) FROM t",
	        "query:1:10: syntax error at or near \"EXCLUDE\": columns cannot be left out of *: list the columns "
	        "that are wanted\n"
	        "  SELECT * EXCLUDE (a) FROM t\n"
	        "           ^");
	REFUSED(USAGE, "SELECT a FROM t LEFT SEMI JOIN u ON t.a = u.a",
	        "query:1:22: syntax error at or near \"SEMI\": LEFT SEMI JOIN is written JOIN (SELECT DISTINCT k FROM "
	        "u) AS s ON t.k = s.k\n"
	        "  SELECT a FROM t LEFT SEMI JOIN u ON t.a = u.a\n"
	        "                       ^");
	REFUSED(USAGE, "SELECT a FROM t GROUP BY ALL",
	        "query:1:29: syntax error at end of input: GROUP BY ALL is written with the keys: GROUP BY a, b\n"
	        "  SELECT a FROM t GROUP BY ALL\n"
	        "                              ^");
	REFUSED(USAGE, "SELECT a DIV b FROM t",
	        "query:1:14: syntax error at or near \"b\": integer division is written / (integers truncate)\n"
	        "  SELECT a DIV b FROM t\n"
	        "               ^");
	REFUSED(USAGE, "SELECT 1; SELECT 2",
	        "query:1:11: one statement is expected here, a second one begins: leave it out or use a script\n"
	        "  SELECT 1; SELECT 2\n"
	        "            ^");
	REFUSED(USAGE, "", "query: the SQL is empty: a SELECT is expected");
	REFUSED(USAGE, "INSERT INTO t VALUES (1)",
	        "query:1:1: a SELECT (or WITH … SELECT, VALUES) is expected\n"
	        "  INSERT INTO t VALUES (1)\n"
	        "  ^");
	REFUSED(USAGE, "SELECT a FROM t LIMIT 1, 2",
	        "query:1:17: LIMIT #,# syntax is not supported: LIMIT 1, 2 is written LIMIT 2 OFFSET 1\n"
	        "  SELECT a FROM t LIMIT 1, 2\n"
	        "                  ^");
}

static void test_aggregates(void)
{
	REFUSED(USAGE, "SELECT sum(sum(a)) FROM t",
	        "query:1:12: aggregates cannot be nested: compute the inner one in a sub-query, then sum of it\n"
	        "  SELECT sum(sum(a)) FROM t\n"
	        "             ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE sum(a) > 3",
	        "query:1:23: aggregate sum is not allowed in WHERE: use HAVING\n"
	        "  SELECT a FROM t WHERE sum(a) > 3\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT a, b FROM t GROUP BY a",
	        "query:1:11: column \"b\" must be in GROUP BY or inside an aggregate (any_value(b) takes one of the "
	        "group)\n"
	        "  SELECT a, b FROM t GROUP BY a\n"
	        "            ^");
	REFUSED(USAGE, "SELECT sum(a) AS s FROM t WHERE s > 1",
	        "query:1:33: WHERE cannot use \"s\", which is an aggregate: use HAVING\n"
	        "  SELECT sum(a) AS s FROM t WHERE s > 1\n"
	        "                                  ^");
	REFUSED(USAGE, "SELECT c, sum(a) s FROM t GROUP BY c ORDER BY d",
	        "query:1:47: column \"d\" must be in GROUP BY or inside an aggregate (any_value(d) takes one of the "
	        "group)\n"
	        "  SELECT c, sum(a) s FROM t GROUP BY c ORDER BY d\n"
	        "                                                ^");
	REFUSED(USAGE, "SELECT sum(a) AS s, sum(s) FROM t",
	        "query:1:25: an aggregate cannot use \"s\", which is an aggregate itself: compute it in a sub-query\n"
	        "  SELECT sum(a) AS s, sum(s) FROM t\n"
	        "                          ^");
	REFUSED(USAGE, "SELECT a FROM t GROUP BY sum(b)",
	        "query:1:26: aggregate sum is not allowed in GROUP BY\n"
	        "  SELECT a FROM t GROUP BY sum(b)\n"
	        "                           ^");
	REFUSED(USAGE, "SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY d) FROM t",
	        "query:1:24: the quantile is a number from 0 to 1, written as a constant\n"
	        "  SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY d) FROM t\n"
	        "                         ^");
	REFUSED(USAGE, "SELECT sum(*) FROM t",
	        "query:1:8: * is for count(*) only: sum needs a column\n"
	        "  SELECT sum(*) FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT lower(DISTINCT c) FROM t",
	        "query:1:8: lower is no aggregate: *, DISTINCT, FILTER and ORDER BY belong to aggregates\n"
	        "  SELECT lower(DISTINCT c) FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t GROUP BY 2",
	        "query:1:26: GROUP BY position 2 is not in the SELECT list, which has 1 column\n"
	        "  SELECT a FROM t GROUP BY 2\n"
	        "                           ^");
	REFUSED(
	    USAGE, "SELECT * FROM t GROUP BY a",
	    "query:1:8: column \"b\" must be in GROUP BY or inside an aggregate (any_value(b) takes one of the group)\n"
	    "  SELECT * FROM t GROUP BY a\n"
	    "         ^");
	REFUSED(USAGE, "SELECT count(a, b) FROM t",
	        "query:1:8: count takes 1 argument, not 2\n"
	        "  SELECT count(a, b) FROM t\n"
	        "         ^");
}

static void test_windows(void)
{
	REFUSED(USAGE, "SELECT a FROM t WHERE row_number() OVER () = 1",
	        "query:1:23: window functions belong in SELECT and ORDER BY; to filter: SELECT * FROM (SELECT …, "
	        "row_number() OVER (…) AS n FROM …) AS q WHERE n = 1\n"
	        "  SELECT a FROM t WHERE row_number() OVER () = 1\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT row_number() OVER () AS r FROM t WHERE r = 1",
	        "query:1:47: \"r\" is a window function: filter in a query around, SELECT * FROM (SELECT …) AS q WHERE "
	        "r …\n"
	        "  SELECT row_number() OVER () AS r FROM t WHERE r = 1\n"
	        "                                                ^");
	REFUSED(USAGE, "SELECT row_number() FROM t",
	        "query:1:8: row_number needs a window: row_number() OVER (PARTITION BY a ORDER BY b)\n"
	        "  SELECT row_number() FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT row_number() OVER w FROM t",
	        "query:1:26: WINDOW has no \"w\"\n"
	        "  SELECT row_number() OVER w FROM t\n"
	        "                           ^");
	REFUSED(USAGE, "SELECT sum(row_number() OVER ()) FROM t",
	        "query:1:12: window functions cannot be inside aggregates or other windows: compute row_number in a "
	        "sub-query\n"
	        "  SELECT sum(row_number() OVER ()) FROM t\n"
	        "             ^");
	REFUSED(USAGE, "SELECT row_number(a) OVER () FROM t",
	        "query:1:8: row_number takes no arguments\n"
	        "  SELECT row_number(a) OVER () FROM t\n"
	        "         ^");
}

static void test_types(void)
{
	REFUSED(USAGE, "SELECT a FROM t WHERE a",
	        "query:1:23: WHERE must be a condition, not int32\n"
	        "  SELECT a FROM t WHERE a\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT a FROM t WHERE 'abc'",
	        "query:1:23: \"abc\" is not a valid bool\n"
	        "  SELECT a FROM t WHERE 'abc'\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT a::nosuch FROM t",
	        "query:1:11: unknown type \"nosuch\" (types are bool, int8 … int64, uint8 … uint64, float32, float64, "
	        "decimal(p,s), string, binary, date, timestamp, timestamp with time zone, interval)\n"
	        "  SELECT a::nosuch FROM t\n"
	        "            ^");
	REFUSED(USAGE, "SELECT a::decimal(50, 2) FROM t",
	        "query:1:11: type \"decimal(50, 2)\": a decimal has 1 to 38 digits\n"
	        "  SELECT a::decimal(50, 2) FROM t\n"
	        "            ^");
	REFUSED(USAGE, "SELECT '2020-13-01'::date",
	        "query:1:8: \"2020-13-01\" is not a valid date\n"
	        "  SELECT '2020-13-01'::date\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t LIMIT -1",
	        "query:1:23: LIMIT must not be negative\n"
	        "  SELECT a FROM t LIMIT -1\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT a FROM t LIMIT a",
	        "query:1:23: column \"a\" does not exist\n"
	        "  SELECT a FROM t LIMIT a\n"
	        "                        ^");
	REFUSED(USAGE, "SELECT a FROM t ORDER BY 7",
	        "query:1:26: ORDER BY position 7 is not in the SELECT list, which has 1 column\n"
	        "  SELECT a FROM t ORDER BY 7\n"
	        "                           ^");
	REFUSED(USAGE, "SELECT DISTINCT a FROM t ORDER BY b",
	        "query:1:35: with SELECT DISTINCT, ORDER BY expressions must be in the SELECT list\n"
	        "  SELECT DISTINCT a FROM t ORDER BY b\n"
	        "                                    ^");
	REFUSED(USAGE, "VALUES (1), (2, 3)",
	        "query:1:14: rows of VALUES must be equally long: 2 values here, 1 in the first row\n"
	        "  VALUES (1), (2, 3)\n"
	        "               ^");
	REFUSED(USAGE, "SELECT (SELECT a, b FROM t) FROM t",
	        "query:1:8: a sub-query used as a value has one column, this one has 2\n"
	        "  SELECT (SELECT a, b FROM t) FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT nosuch(a) FROM t",
	        "query:1:8: unknown function nosuch; `rankmill help functions` lists them\n"
	        "  SELECT nosuch(a) FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT suum(a) FROM t",
	        "query:1:8: unknown function suum (did you mean sum?)\n"
	        "  SELECT suum(a) FROM t\n"
	        "         ^");
	REFUSED(USAGE, "SELECT lowr(c) FROM t",
	        "query:1:8: unknown function lowr (did you mean lower?)\n"
	        "  SELECT lowr(c) FROM t\n"
	        "         ^");
}

static void test_not_yet(void)
{
	REFUSED(NOT_YET, "SELECT rank() OVER (ORDER BY a) FROM t",
	        "query:1:8: rank() OVER is not supported yet: row_number() is the only window function so far\n"
	        "  SELECT rank() OVER (ORDER BY a) FROM t\n"
	        "         ^");
	REFUSED(NOT_YET, "SELECT (SELECT b) FROM t",
	        "query:1:16: \"b\" is a column of the query around: correlated sub-queries are not supported yet; join "
	        "the sub-query instead\n"
	        "  SELECT (SELECT b) FROM t\n"
	        "                 ^");
	REFUSED(NOT_YET, "SELECT a FROM t WHERE a IN (SELECT a FROM u)",
	        "query:1:25: IN (SELECT …), ANY and ALL are not supported yet: JOIN with a SELECT DISTINCT instead\n"
	        "  SELECT a FROM t WHERE a IN (SELECT a FROM u)\n"
	        "                          ^");
	REFUSED(NOT_YET, "SELECT 1 UNION SELECT 2",
	        "query:1:8: UNION, INTERSECT and EXCEPT are not supported yet\n"
	        "  SELECT 1 UNION SELECT 2\n"
	        "         ^");
	REFUSED(NOT_YET, "WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
	        "query:1:1: WITH RECURSIVE is not supported yet\n"
	        "  WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x\n"
	        "  ^");
	REFUSED(NOT_YET, "SELECT * FROM t FULL JOIN u ON t.a = u.a",
	        "query:1:27: FULL JOIN is not supported yet\n"
	        "  SELECT * FROM t FULL JOIN u ON t.a = u.a\n"
	        "                            ^");
	REFUSED(NOT_YET, "SELECT ARRAY[1, 2]",
	        "query:1:8: arrays and their elements are not supported yet\n"
	        "  SELECT ARRAY[1, 2]\n"
	        "         ^");
	REFUSED(NOT_YET, "SELECT a FROM t WHERE (a, b) = (1, 2)",
	        "query:1:30: comparing rows, (a, b) = (c, d), is not supported yet\n"
	        "  SELECT a FROM t WHERE (a, b) = (1, 2)\n"
	        "                               ^");
	REFUSED(NOT_YET, "SELECT * FROM t TABLESAMPLE bernoulli (10)",
	        "query:1:29: TABLESAMPLE is not supported yet\n"
	        "  SELECT * FROM t TABLESAMPLE bernoulli (10)\n"
	        "                              ^");
	REFUSED(NOT_YET, "SELECT DISTINCT ON (a) a FROM t",
	        "query:1:21: DISTINCT ON is not supported yet; row_number() OVER (PARTITION BY … ORDER BY …) = 1 does "
	        "the same\n"
	        "  SELECT DISTINCT ON (a) a FROM t\n"
	        "                      ^");
	REFUSED(NOT_YET, "SELECT a FROM t GROUP BY ROLLUP (a)",
	        "query:1:26: GROUPING SETS, ROLLUP and CUBE are not supported yet\n"
	        "  SELECT a FROM t GROUP BY ROLLUP (a)\n"
	        "                           ^");
	REFUSED(NOT_YET, "SELECT * FROM generate_series(1, 3) AS g",
	        "query:1:15: generate_series in FROM is not supported yet\n"
	        "  SELECT * FROM generate_series(1, 3) AS g\n"
	        "                ^");
	REFUSED(NOT_YET, "SELECT c SIMILAR TO 'x' FROM t",
	        "query:1:10: SIMILAR TO is not supported yet: use LIKE or ~\n"
	        "  SELECT c SIMILAR TO 'x' FROM t\n"
	        "           ^");
	REFUSED(NOT_YET, "SELECT a::char(3) FROM t",
	        "query:1:11: char(n) is not supported yet: use varchar(n) or text\n"
	        "  SELECT a::char(3) FROM t\n"
	        "            ^");
	REFUSED(NOT_YET, "SELECT x.* FROM t, LATERAL (SELECT 1) AS x",
	        "query:1:36: LATERAL is not supported yet\n"
	        "  SELECT x.* FROM t, LATERAL (SELECT 1) AS x\n"
	        "                                     ^");
	REFUSED(NOT_YET, "SELECT a = ANY (ARRAY[1]) FROM t",
	        "query:1:10: ANY and ALL over arrays are not supported yet\n"
	        "  SELECT a = ANY (ARRAY[1]) FROM t\n"
	        "           ^");
	REFUSED(NOT_YET, "SELECT B'101'",
	        "query:1:8: bit strings (B'…', X'…') are not supported yet\n"
	        "  SELECT B'101'\n"
	        "         ^");
}

static void test_places(void)
{
	REFUSED(USAGE, "SELECT current_date",
	        "query:1:8: the current time and user would make every run different: pass a value with --set and "
	        "write ${name}\n"
	        "  SELECT current_date\n"
	        "         ^");
	REFUSED(USAGE, "SELECT $1",
	        "query:1:8: $1 has no value: parameters are written ${name} in a job file\n"
	        "  SELECT $1\n"
	        "         ^");
	REFUSED(USAGE, "SELECT a FROM t FOR UPDATE",
	        "query:1:8: FOR UPDATE has no meaning here: leave it out\n"
	        "  SELECT a FROM t FOR UPDATE\n"
	        "         ^");
	REFUSED(USAGE,
	        "SELECT 1\n"
	        "  AS x,\n"
	        "\tbad\n"
	        "FROM t",
	        "query:3:2: column \"bad\" does not exist\n"
	        "  \tbad\n"
	        "  \t^");
	REFUSED(USAGE, "SELECT 'é', ü FROM t",
	        "query:1:13: column \"ü\" does not exist\n"
	        "  SELECT 'é', ü FROM t\n"
	        "              ^");
	REFUSED(
	    USAGE,
	    "SELECT column_number_0, column_number_1, column_number_2, column_number_3, column_number_4, "
	    "column_number_5, column_number_6, column_number_7, column_number_8, column_number_9, column_number_10, "
	    "column_number_11 FROM t",
	    "query:1:8: column \"column_number_0\" does not exist\n"
	    "  SELECT column_number_0, column_number_1, column_number_2, column_number_3, column_number_4, column_n…\n"
	    "         ^");
}

static const unit_case cases[] = {
    {"names", test_names}, {"syntax", test_syntax},   {"aggregates", test_aggregates}, {"windows", test_windows},
    {"types", test_types}, {"not_yet", test_not_yet}, {"places", test_places},
};
UNIT_MAIN("sql_errors", cases)
