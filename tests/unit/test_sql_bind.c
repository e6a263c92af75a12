/* Statements → plans as text. Expectations are hand-worked from SQL's rules, PostgreSQL's behaviour and docs/sql.md.
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

static void test_expressions(void)
{
	BOUND("SELECT a BETWEEN 1 AND 3, a NOT BETWEEN 1 AND 3, a BETWEEN SYMMETRIC 3 AND b FROM t",
	      "project ((a >= 1) AND (a <= 3)) as ?column?, not(((a >= 1) AND (a <= 3))) as ?column?, (((a >= 3) AND "
	      "(a <= b)) OR ((a >= b) AND (a <= 3))) as ?column?\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT a IN (1, 2), a NOT IN (1, 2), c LIKE 'x%', c NOT ILIKE 'y', c LIKE 'a!%' ESCAPE '!' FROM t",
	      "project (a IN (1, 2)) as ?column?, not((a IN (1, 2))) as ?column?, (c like 'x%') as ?column?, not((c "
	      "ilike 'y')) as ?column?, (c like like_escape('a!%', '!')) as ?column?\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT a IS NULL, a IS NOT NULL, a > 1 IS TRUE, a > 1 IS NOT FALSE, a > 1 IS UNKNOWN, a IS DISTINCT "
	      "FROM b FROM t",
	      "project is_null(a) as ?column?, is_not_null(a) as ?column?, is_true((a > 1)) as ?column?, "
	      "is_not_false((a > 1)) as ?column?, is_unknown((a > 1)) as ?column?, coalesce((a <> b), (is_null(a) <> "
	      "is_null(b))) as ?column?\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE c END, CASE WHEN a > 1 THEN d END, NULLIF(a, 3), "
	      "COALESCE(a, b, 0) FROM t",
	      "project CASE WHEN (a = 1) THEN 'x' WHEN (a = 2) THEN 'y' ELSE c END as case, CASE WHEN (a > 1) THEN d "
	      "END as case, CASE WHEN (a = 3) THEN NULL ELSE a END as nullif, coalesce(a, b, 0) as coalesce\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT a::float8, CAST(c AS date), a::text, d::decimal(10, 2), c::varchar(5), try_cast(c, 'int32'), "
	      "try(10 / a) FROM t",
	      "project CAST(a AS float64) as a, CAST(c AS date) as c, CAST(a AS string) as a, CAST(d AS decimal(10,2)) "
	      "as d, left(c, 5) as c, try_cast(c, 'int32') as try_cast, try((10 / a)) as try\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT DATE '2020-02-29', TIMESTAMP '2020-01-01 10:00:00', INTERVAL '30 days', INTERVAL '3' DAY, "
	      "'7'::int FROM t",
	      "project date '2020-02-29' as date, timestamp '2020-01-01 10:00:00' as timestamp, interval '30 days' as "
	      "interval, interval '3 days' as interval, 7 as int4\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT EXTRACT(year FROM \"when\"), date_trunc('day', \"when\"), \"when\" + INTERVAL '1 day' FROM "
	      "\"data/*.csv\"",
	      "project extract_year(when) as extract, date_trunc('day', when) as date_trunc, (when + interval '1 day') "
	      "as ?column?\n"
	      "  scan data/*.csv [id, when]\n");
	BOUND("SELECT substring(c FROM 2 FOR 3), trim(BOTH 'x' FROM c), position('a' IN c), left(c, 2), c || 'x', c ~ "
	      "'^a', c !~* 'b' FROM t",
	      "project substr(c, 2, 3) as substring, btrim(c, 'x') as btrim, position(c, 'a') as position, left(c, 2) "
	      "as left, (c || 'x') as ?column?, regexp_like(c, '^a') as ?column?, not((c ~* 'b')) as ?column?\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT -a, +b, - -3, -2147483648, 9223372036854775808, 1.50, 1e3, true, NULL FROM t",
	      "project -(a) as ?column?, b as ?column?, 3 as ?column?, -2147483648 as ?column?, 9223372036854775808 as "
	      "?column?, 1.50 as ?column?, 1e3 as ?column?, true as ?column?, NULL as ?column?\n"
	      "  scan t [a, b, c, d]\n");
	BOUND("SELECT greatest(a, b, 3), least(d, 1), if(a > 1, 'x', 'y'), nvl(a, 0) FROM t",
	      "project greatest(a, b, 3) as greatest, least(d, 1) as least, CASE WHEN (a > 1) THEN 'x' ELSE 'y' END as "
	      "if, coalesce(a, 0) as nvl\n"
	      "  scan t [a, b, c, d]\n");
}

static void test_grouping(void)
{
	BOUND("SELECT a + 1 AS k, count(*) FROM t GROUP BY a + 1", "project key1 as k, agg1 as count\n"
	                                                           "  aggregate by [(a + 1)] count(*)\n"
	                                                           "    scan t [a, b, c, d]\n");
	BOUND("SELECT a % 2 AS odd, sum(b), sum(b) * 2, avg(d) FROM t GROUP BY 1 HAVING avg(d) > 1 AND count(*) > 2",
	      "project key1 as odd, agg1 as sum, (agg1 * 2) as ?column?, agg2 as avg\n"
	      "  filter ((agg2 > 1) AND (agg3 > 2))\n"
	      "    aggregate by [(a % 2)] sum(b), avg(d), count(*)\n"
	      "      scan t [a, b, c, d]\n");
	BOUND("SELECT count(DISTINCT c), sum(a) FILTER (WHERE b > 1), percentile_cont(0.5) WITHIN GROUP (ORDER BY d), "
	      "quantile_cont(d, 0.25), median(d), corr(a, d) FROM t",
	      "project agg1 as count, agg2 as sum, agg3 as percentile_cont, agg4 as quantile_cont, agg5 as median, "
	      "agg6 as corr\n"
	      "  aggregate by [] count(distinct c), sum(a) filter ((b > 1)), quantile(d, 0.5), quantile(d, 0.25), "
	      "median(d), corr(CAST(a AS float64), d)\n"
	      "    scan t [a, b, c, d]\n");
	BOUND("SELECT DISTINCT a, c FROM t", "aggregate by [a, c]\n"
	                                     "  project a, c\n"
	                                     "    scan t [a, b, c, d]\n");
	BOUND("SELECT (a + b) * 2 FROM t GROUP BY a + b", "project (key1 * 2) as ?column?\n"
	                                                  "  aggregate by [(a + b)]\n"
	                                                  "    scan t [a, b, c, d]\n");
	BOUND("SELECT c FROM t GROUP BY c ORDER BY max(a) DESC", "project c\n"
	                                                         "  sort by order_key desc\n"
	                                                         "    project c, agg1 as order_key\n"
	                                                         "      aggregate by [c] max(a)\n"
	                                                         "        scan t [a, b, c, d]\n");
	BOUND("SELECT a AS b, count(*) FROM t GROUP BY b, a", "project a as b, agg1 as count\n"
	                                                      "  aggregate by [b, a] count(*)\n"
	                                                      "    scan t [a, b, c, d]\n");
}

static void test_queries(void)
{
	BOUND("WITH w AS (SELECT a FROM t), v AS (SELECT a + 1 AS a FROM w) SELECT * FROM v",
	      "project a\n"
	      "  project (a + 1) as a\n"
	      "    project a\n"
	      "      scan t [a, b, c, d]\n");
	BOUND("WITH w AS (SELECT a, b FROM t) SELECT x.a FROM w x, w y WHERE x.b = y.b",
	      "project a\n"
	      "  filter (b = b)\n"
	      "    inner join\n"
	      "      shared 0 w\n"
	      "        project a, b\n"
	      "          scan t [a, b, c, d]\n"
	      "      shared 0 w\n"
	      "        project a, b\n"
	      "          scan t [a, b, c, d]\n");
	BOUND("SELECT (SELECT max(a) FROM u) - a AS d, (SELECT min(a) + (SELECT 1) FROM u) FROM t",
	      "project ((sub-query 0) - CAST(a AS int64)) as d, (sub-query 2) as ?column?\n"
	      "  scan t [a, b, c, d]\n"
	      "param 0:\n"
	      "project agg1 as max\n"
	      "  aggregate by [] max(a)\n"
	      "    scan u [a, x, y]\n"
	      "param 1:\n"
	      "project 1 as ?column?\n"
	      "  values [] 1 rows\n"
	      "param 2:\n"
	      "project (agg1 + CAST((sub-query 1) AS int64)) as ?column?\n"
	      "  aggregate by [] min(a)\n"
	      "    scan u [a, x, y]\n");
	BOUND("SELECT EXISTS (SELECT 1 FROM u WHERE x > 1) AS e", "project (sub-query 0) as e\n"
	                                                          "  values [] 1 rows\n"
	                                                          "param 0:\n"
	                                                          "project (exists > 0) as exists\n"
	                                                          "  aggregate by [] count(*)\n"
	                                                          "    first rows limit 1\n"
	                                                          "      project 1 as ?column?\n"
	                                                          "        filter (x > 1)\n"
	                                                          "          scan u [a, x, y]\n");
	BOUND("SELECT a FROM (SELECT a FROM t ORDER BY b) q ORDER BY a LIMIT 3 OFFSET 1",
	      "sort by a limit 3 offset 1\n"
	      "  project a\n"
	      "    project a\n"
	      "      scan t [a, b, c, d]\n");
	BOUND("SELECT a FROM t LIMIT 10", "first rows limit 10\n"
	                                  "  project a\n"
	                                  "    scan t [a, b, c, d]\n");
	BOUND("SELECT a FROM t ORDER BY b DESC NULLS LAST, a NULLS FIRST, d",
	      "project a\n"
	      "  sort by order_key desc nulls last, a nulls first, order_key\n"
	      "    project a, b as order_key, d as order_key\n"
	      "      scan t [a, b, c, d]\n");
	BOUND("SELECT * FROM people WHERE people IS NOT NULL",
	      "project PassengerId, Age, Cabin, Sex\n"
	      "  filter (is_not_null(PassengerId) AND is_not_null(Age) AND is_not_null(Cabin) AND is_not_null(Sex))\n"
	      "    scan people [PassengerId, Age, Cabin, Sex]\n");
	BOUND("SELECT * FROM t q WHERE q.* IS NULL",
	      "project a, b, c, d\n"
	      "  filter (is_null(a) AND is_null(b) AND is_null(c) AND is_null(d))\n"
	      "    scan t [a, b, c, d]\n");
	BOUND("SELECT PassengerId FROM people WHERE PassengerId IS NOT NULL",
	      "project PassengerId\n"
	      "  filter is_not_null(PassengerId)\n"
	      "    scan people [PassengerId, Age, Cabin, Sex]\n");
}

static void test_windows(void)
{
	BOUND("SELECT a, row_number() OVER (PARTITION BY c ORDER BY d DESC) AS rn FROM t",
	      "project a, row_number as rn\n"
	      "  window row_number over (partition by [c] order by [d desc])\n"
	      "    scan t [a, b, c, d]\n");
	BOUND(
	    "SELECT row_number() OVER w, row_number() OVER w + 1, row_number() OVER (w ORDER BY b) FROM t WINDOW w AS "
	    "(PARTITION BY a)",
	    "project row_number, (row_number + 1) as ?column?, row_number\n"
	    "  window row_number over (partition by [a] order by []), row_number over (partition by [a] order by [b])\n"
	    "    scan t [a, b, c, d]\n");
	BOUND("SELECT c, sum(a), row_number() OVER (ORDER BY sum(a) DESC, c) FROM t GROUP BY c",
	      "project c, agg1 as sum, row_number\n"
	      "  window row_number over (partition by [] order by [agg1 desc, c])\n"
	      "    aggregate by [c] sum(a)\n"
	      "      scan t [a, b, c, d]\n");
	BOUND("SELECT row_number() OVER (PARTITION BY a % 2 ORDER BY b + 1) FROM t",
	      "project row_number\n"
	      "  window row_number over (partition by [window_key] order by [window_key])\n"
	      "    project a, b, c, d, (a % 2) as window_key, (b + 1) as window_key\n"
	      "      scan t [a, b, c, d]\n");
}

static void test_more_joins(void)
{
	BOUND("SELECT * FROM t JOIN u USING (a)", "project CAST(a AS int64) as a, b, c, d, x, y\n"
	                                          "  inner join on CAST(a AS int64) = a\n"
	                                          "    scan t [a, b, c, d]\n"
	                                          "    scan u [a, x, y]\n");
	BOUND("SELECT t.a, u.a, a FROM t LEFT JOIN u USING (a)", "project a, a, CAST(a AS int64) as a\n"
	                                                         "  left join on CAST(a AS int64) = a\n"
	                                                         "    scan t [a, b, c, d]\n"
	                                                         "    scan u [a, x, y]\n");
	BOUND("SELECT * FROM t RIGHT JOIN u ON t.a = u.a AND t.b > 1",
	      "project a, b, c, d, a, x, y\n"
	      "  left join on a = CAST(a AS int64) where (b > 1)\n"
	      "    scan u [a, x, y]\n"
	      "    scan t [a, b, c, d]\n");
	BOUND("SELECT t.b FROM t CROSS JOIN u", "project b\n"
	                                        "  inner join\n"
	                                        "    scan t [a, b, c, d]\n"
	                                        "    scan u [a, x, y]\n");
	BOUND("SELECT 1 FROM t JOIN u ON t.a = u.a AND u.a = 3 AND t.c = 'x' AND t.d < u.x",
	      "project 1 as ?column?\n"
	      "  inner join on CAST(a AS int64) = a where ((a = 3) AND (c = 'x') AND (d < x))\n"
	      "    scan t [a, b, c, d]\n"
	      "    scan u [a, x, y]\n");
}

static void expect_ids(int line, const char *sql, int words)
{
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	bool is_right = status == MILL_OK && f.statement.plan->id_words == words;
	if (!is_right)
		printf("    line %d: %s\n", line, sql);
	CU_ASSERT(is_right);
	sql_fixture_release(&f);
}

/* definitions.md D2 */
static void test_ids(void)
{
	expect_ids(__LINE__, "SELECT a FROM t", 2);
	expect_ids(__LINE__, "SELECT a FROM t WHERE a > 1 LIMIT 3", 2);
	expect_ids(__LINE__, "SELECT count(*) FROM t", 2);
	expect_ids(__LINE__, "SELECT DISTINCT a FROM t", 2);
	expect_ids(__LINE__, "SELECT 1 FROM t, u", 4);
	expect_ids(__LINE__, "SELECT 1 FROM t LEFT JOIN (SELECT a FROM u GROUP BY a) g ON t.a = g.a", 4);
	expect_ids(__LINE__, "SELECT 1", 1);
	expect_ids(__LINE__, "VALUES (1)", 1);
	expect_ids(__LINE__, "SELECT a FROM t ORDER BY a", 1);
	expect_ids(__LINE__, "SELECT a FROM (SELECT a FROM t ORDER BY a) q", 2);
	expect_ids(__LINE__, "SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 1) q", 1);
	expect_ids(__LINE__, "SELECT row_number() OVER () FROM t, u, nn", 6);
	expect_ids(__LINE__, "SELECT t.a FROM t RIGHT JOIN (VALUES (1)) v(a) ON v.a = t.a", 3);
}

static const unit_case cases[] = {
    {"projection", test_projection},   {"names", test_names},
    {"aliases", test_aliases},         {"joins", test_joins},
    {"expressions", test_expressions}, {"grouping", test_grouping},
    {"queries", test_queries},         {"windows", test_windows},
    {"more_joins", test_more_joins},   {"ids", test_ids},
};
UNIT_MAIN("sql_bind", cases)
