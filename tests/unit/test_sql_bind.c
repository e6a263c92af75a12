/* Statements → plans as text. Expectations are hand-worked from SQL's rules, PostgreSQL's behaviour and interface §2.
 */
#include "sql_expect.h"

static void test_projection(void)
{
	BOUND("SELECT a, B AS Foo FROM t WHERE d > 1.5 AND a = 3", "project a, b as Foo\n"
	                                                           "  filter ((d > 1.5) AND (a = 3))\n"
	                                                           "    scan t [a, b, c, d]\n");
	BOUND("SELECT * FROM t", "project a, b, c, d\n  scan t [a, b, c, d]\n");
	BOUND("SELECT t.*, 1 AS one FROM t", "project a, b, c, d, 1 as one\n  scan t [a, b, c, d]\n");
	BOUND("SELECT 1 AS x", "project 1 as x\n  values [] 1 rows\n");
	BOUND("VALUES (1, 'a'), (2, NULL)", "project column1, column2\n  values [column1, column2] 2 rows\n");
	BOUND("SELECT msg FROM logs", "project msg\n  scan logs [msg, _file, _line]\n");
	BOUND("SELECT *, _line FROM logs", "project msg, _line\n  scan logs [msg, _file, _line]\n");
}

static void test_names(void)
{
	SCHEMA("SELECT age, SEX, \"Cabin\" FROM PEOPLE", "Age float64, Sex string, Cabin string");
	SCHEMA("SELECT age AS AgeYears, sex AS \"The Sex\" FROM people p", "AgeYears float64, The Sex string");
	SCHEMA("SELECT 1 AS Year, 2 AS Month, 3 AS \"select\", 4 AS From",
	       "Year int32!, Month int32!, select int32!, From int32!");
	SCHEMA("SELECT \"Size\", \"size\" FROM twins", "Size int32, size int32");
	SCHEMA("SELECT X.AGE FROM (SELECT age FROM people) AS x", "Age float64");
	SCHEMA("SELECT one FROM (SELECT a, b FROM t) AS q(One, Two)", "One int32");
	SCHEMA("SELECT id FROM \"data/*.csv\"", "id int64");
	SCHEMA("SELECT f.id FROM read_csv('data/*.csv', delimiter => ';') AS f", "id int64");
	SCHEMA("WITH Q(First, Second) AS (SELECT a, b FROM t) SELECT * FROM q", "First int32, Second int32");
	SCHEMA("SELECT count(*), sum(a), a::text, CASE WHEN a > 1 THEN 2 END, a + 1 FROM t GROUP BY a",
	       "count int64!, sum int64, a string, case int32, ?column? int32");
	SCHEMA("SELECT a IS DISTINCT FROM b AS Diff, c FROM t", "Diff bool!, c string");
	SCHEMA("SELECT a AS aaaaaaaaaaAAAAAAAAAAbbbbbbbbbbBBBBBBBBBBccccccccccCCCCCCCCCCddddddddddDDDDDDDDDD FROM t",
	       "aaaaaaaaaaAAAAAAAAAAbbbbbbbbbbBBBBBBBBBBccccccccccCCCCCCCCCCddddddddddDDDDDDDDDD int32");
}

static void test_aliases(void)
{
	BOUND("SELECT a + 1 AS x, x * 2 AS y FROM t WHERE y > 4", "project (a + 1) as x, ((a + 1) * 2) as y\n"
	                                                          "  filter (((a + 1) * 2) > 4)\n"
	                                                          "    scan t [a, b, c, d]\n");
	/* An input column hides the alias. */
	BOUND("SELECT b AS a, a AS z FROM t WHERE a = 1", "project b as a, a as z\n"
	                                                  "  filter (a = 1)\n"
	                                                  "    scan t [a, b, c, d]\n");
	BOUND("SELECT a AS k, sum(b) AS s, s / count(*) AS m FROM t GROUP BY k HAVING s > 3",
	      "project a as k, agg1 as s, (agg1 / agg2) as m\n"
	      "  filter (agg1 > 3)\n"
	      "    aggregate by [a] sum(b), count(*)\n"
	      "      scan t [a, b, c, d]\n");
}

static void test_joins(void)
{
	OPTIMISED("SELECT t.b, u.y FROM t JOIN u ON t.a = u.a AND t.b > 3", "project b, y\n"
	                                                                    "  inner join on CAST(a AS int64) = a\n"
	                                                                    "    scan t [a, b] where (b > 3)\n"
	                                                                    "    scan u [a, y]\n");
	OPTIMISED("SELECT t.b, u.y FROM t, u WHERE t.a = u.a AND u.x > 0.5",
	          "project b, y\n"
	          "  inner join on CAST(a AS int64) = a\n"
	          "    scan t [a, b]\n"
	          "    project a, y\n"
	          "      scan u [a, x, y] where (x > 0.5)\n");
}

static const unit_case cases[] = {
    {"projection", test_projection},
    {"names", test_names},
    {"aliases", test_aliases},
    {"joins", test_joins},
};
UNIT_MAIN("sql_bind", cases)
