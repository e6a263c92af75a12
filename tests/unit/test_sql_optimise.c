/* Plans after the optimiser: hand-checked for rows, ids and what is read. */
#include "sql_expect.h"

static void test_joins(void)
{
	OPTIMISED("SELECT * FROM t JOIN u ON t.a = u.a WHERE x > 1", "inner join on CAST(a AS int64) = a\n"
	                                                             "  scan t [a, b, c, d]\n"
	                                                             "  scan u [a, x, y] where (x > 1)\n");
	OPTIMISED("SELECT * FROM t, u, nn WHERE t.a = u.a AND u.x = nn.v AND t.b > 1 AND nn.w < 5",
	          "inner join on x = v\n"
	          "  inner join on CAST(a AS int64) = a\n"
	          "    scan t [a, b, c, d] where (b > 1)\n"
	          "    scan u [a, x, y]\n"
	          "  scan nn [k, v, w] where (w < 5)\n");
	OPTIMISED("SELECT t.a FROM t JOIN u ON t.a = u.a + 1 AND t.c = u.y",
	          "project a\n"
	          "  inner join on CAST(a AS int64) = (a + 1) and c = y\n"
	          "    scan t [a, c]\n"
	          "    scan u [a, y]\n");
	OPTIMISED("SELECT t.a FROM t JOIN u ON t.a < u.a", "project a\n"
	                                                   "  inner join where (CAST(a AS int64) < a)\n"
	                                                   "    scan t [a]\n"
	                                                   "    scan u [a]\n");
	OPTIMISED("SELECT t.a FROM t LEFT JOIN u ON t.b > 3", "project a\n"
	                                                      "  left join where (b > 3)\n"
	                                                      "    scan t [a, b]\n"
	                                                      "    scan u []\n");
	OPTIMISED("SELECT t.a FROM t, u WHERE t.a = CAST(u.y AS int)", "project a\n"
	                                                               "  inner join on a = CAST(y AS int32)\n"
	                                                               "    scan t [a]\n"
	                                                               "    scan u [y]\n");
	OPTIMISED("SELECT * FROM t NATURAL JOIN u", "project CAST(a AS int64) as a, b, c, d, x, y\n"
	                                            "  inner join on CAST(a AS int64) = a\n"
	                                            "    scan t [a, b, c, d]\n"
	                                            "    scan u [a, x, y]\n");
	OPTIMISED("SELECT * FROM t LEFT JOIN u USING (a) WHERE b = 1", "project CAST(a AS int64) as a, b, c, d, x, y\n"
	                                                               "  left join on CAST(a AS int64) = a\n"
	                                                               "    scan t [a, b, c, d] where (b = 1)\n"
	                                                               "    scan u [a, x, y]\n");
	OPTIMISED("SELECT u.y, t.b FROM t RIGHT JOIN u ON t.a = u.a AND t.b > 3 AND u.x < 1",
	          "project y, b\n"
	          "  left join on a = CAST(a AS int64) where (x < 1)\n"
	          "    scan u [a, x, y]\n"
	          "    scan t [a, b] where (b > 3)\n");
	OPTIMISED("SELECT k FROM nn n1 JOIN (SELECT w, count(*) n FROM nn GROUP BY w) g ON n1.k = g.w AND g.n > 2 AND "
	          "n1.v IS NOT NULL",
	          "project k\n"
	          "  inner join on k = w\n"
	          "    project k\n"
	          "      scan nn [k, v] where is_not_null(v)\n"
	          "    project w\n"
	          "      filter (agg1 > 2)\n"
	          "        aggregate by [w] count(*)\n"
	          "          scan nn [w]\n");
	OPTIMISED("SELECT x.a FROM (t x JOIN u y ON x.a = y.a) JOIN nn z ON z.k = x.a",
	          "project a\n"
	          "  inner join on a = k\n"
	          "    project a\n"
	          "      inner join on CAST(a AS int64) = a\n"
	          "        scan t [a]\n"
	          "        scan u [a]\n"
	          "    scan nn [k]\n");
}

static void test_outer_to_inner(void)
{
	OPTIMISED("SELECT a.a FROM t a LEFT JOIN t b ON a.a = b.a LEFT JOIN t c ON b.b = c.b WHERE c.c = 'q'",
	          "project a\n"
	          "  inner join on b = b\n"
	          "    project a, b\n"
	          "      left join on a = a\n"
	          "        scan t [a]\n"
	          "        scan t [a, b]\n"
	          "    project b\n"
	          "      scan t [b, c] where (c = 'q')\n");
	OPTIMISED("SELECT t.* FROM t LEFT JOIN u USING (a) WHERE u.y IS NOT NULL AND t.b > 1",
	          "project a, b, c, d\n"
	          "  inner join on CAST(a AS int64) = a\n"
	          "    scan t [a, b, c, d] where (b > 1)\n"
	          "    project a\n"
	          "      scan u [a, y] where is_not_null(y)\n");
	OPTIMISED("SELECT t.b FROM t LEFT JOIN u USING (a) WHERE u.y LIKE 'x%'",
	          "project b\n"
	          "  inner join on CAST(a AS int64) = a\n"
	          "    scan t [a, b]\n"
	          "    project a\n"
	          "      scan u [a, y] where (y like 'x%')\n");
	OPTIMISED("SELECT t.b FROM t JOIN u USING (a) WHERE u.y LIKE t.c", "project b\n"
	                                                                   "  filter (y like c)\n"
	                                                                   "    inner join on CAST(a AS int64) = a\n"
	                                                                   "      scan t [a, b, c]\n"
	                                                                   "      scan u [a, y]\n");
	OPTIMISED("SELECT t.* FROM t LEFT JOIN u USING (a) WHERE u.y IS NULL", "project a, b, c, d\n"
	                                                                       "  filter is_null(y)\n"
	                                                                       "    left join on CAST(a AS int64) = a\n"
	                                                                       "      scan t [a, b, c, d]\n"
	                                                                       "      scan u [a, y]\n");
}

static void test_push_down(void)
{
	OPTIMISED("SELECT q.a FROM (SELECT a, b + 1 AS e, d FROM t) q WHERE e > 3 AND d < 1 AND a < 10",
	          "project a\n"
	          "  filter (e > 3)\n"
	          "    project a, (b + 1) as e\n"
	          "      scan t [a, b, d] where ((d < 1) AND (a < 10))\n");
	OPTIMISED("SELECT q.a FROM (SELECT a, b / 2 AS e, d FROM t WHERE d > 0.5) q WHERE e > 3 AND a < 10",
	          "project a\n"
	          "  filter (e > 3)\n"
	          "    project a, (b / 2) as e\n"
	          "      scan t [a, b, d] where ((d > 0.5) AND (a < 10))\n");
	OPTIMISED("SELECT * FROM (SELECT c, sum(a) s FROM t GROUP BY c) q WHERE c = 'x' AND s > 3",
	          "project c, agg1 as s\n"
	          "  filter (agg1 > 3)\n"
	          "    aggregate by [c] sum(a)\n"
	          "      scan t [a, c] where (c = 'x')\n");
	OPTIMISED("SELECT * FROM (SELECT c, a, row_number() OVER (PARTITION BY c ORDER BY d) r FROM t) q WHERE c = 'x' "
	          "AND a > 1 AND r = 1",
	          "project c, a, row_number as r\n"
	          "  filter ((a > 1) AND (row_number = 1))\n"
	          "    window row_number over (partition by [c] order by [d])\n"
	          "      scan t [a, c, d] where (c = 'x')\n");
	OPTIMISED("SELECT * FROM (SELECT a, b FROM t ORDER BY d LIMIT 10) q WHERE a > 1",
	          "project a, b\n"
	          "  filter (a > 1)\n"
	          "    sort by order_key limit 10\n"
	          "      project a, b, d as order_key\n"
	          "        scan t [a, b, d]\n");
	OPTIMISED("SELECT a FROM t WHERE 1 = 1 AND a > 2", "scan t [a] where (a > 2)\n");
	OPTIMISED("SELECT 1 AS x FROM t HAVING 1 = 0", "project 1 as x\n"
	                                               "  filter (1 = 0)\n"
	                                               "    aggregate by [] count(*)\n"
	                                               "      scan t []\n");
	OPTIMISED("SELECT a FROM t WHERE 1 = 0", "scan t [a] where (1 = 0)\n");
	OPTIMISED("SELECT a FROM (SELECT a, b FROM t WHERE 10 / b > 2) q WHERE 100 / a > 3 AND b > 1",
	          "filter ((100 / a) > 3)\n"
	          "  project a\n"
	          "    scan t [a, b] where (((10 / b) > 2) AND (b > 1))\n");
	OPTIMISED("SELECT * FROM (SELECT id, year(\"when\") AS y, extract(hour FROM \"when\") AS h FROM "
	          "\"data/*.csv\") q WHERE y > 2010 AND h BETWEEN 16 AND 20",
	          "project id, year(when) as y, extract_hour(when) as h\n"
	          "  scan data/*.csv [id, when] where ((year(when) > 2010) AND (extract_hour(when) >= 16) AND "
	          "(extract_hour(when) <= 20))\n");
	OPTIMISED("SELECT * FROM (SELECT abs(d) AS e, abs(a) AS f FROM t) q WHERE e > 1 AND f < 2.5",
	          "filter (CAST(f AS decimal(10,0)) < 2.5)\n"
	          "  project abs(d) as e, abs(a) as f\n"
	          "    scan t [a, d] where (abs(d) > 1)\n");
	OPTIMISED(
	    "SELECT * FROM (SELECT PassengerId, coalesce(Cabin, 'None') AS c, Age FROM people) q WHERE q IS NOT NULL",
	    "project PassengerId, coalesce(Cabin, 'None') as c, Age\n"
	    "  scan people [PassengerId, Age, Cabin] where is_not_null(Age)\n");
}

static void test_prune(void)
{
	OPTIMISED("SELECT count(*) FROM t", "project agg1 as count\n"
	                                    "  aggregate by [] count(*)\n"
	                                    "    scan t []\n");
	OPTIMISED("SELECT s, s FROM (SELECT a + b AS s FROM t) q", "project s, s\n"
	                                                           "  project (a + b) as s\n"
	                                                           "    scan t [a, b]\n");
	OPTIMISED("SELECT s FROM (SELECT a + b AS s, c FROM t) q", "project (a + b) as s\n"
	                                                           "  scan t [a, b]\n");
	OPTIMISED("SELECT a FROM (SELECT a, sum(b) s, max(d) FROM t GROUP BY a, c) q", "project a\n"
	                                                                               "  aggregate by [a, c]\n"
	                                                                               "    scan t [a, c]\n");
	OPTIMISED("SELECT a FROM (SELECT a, row_number() OVER (ORDER BY b) r FROM t) q", "scan t [a]\n");
	OPTIMISED("SELECT a FROM t ORDER BY b, d + 1 OFFSET 3", "project a\n"
	                                                        "  sort by order_key, order_key offset 3\n"
	                                                        "    project a, b as order_key, (d + 1) as order_key\n"
	                                                        "      scan t [a, b, d]\n");
	OPTIMISED("SELECT column2 FROM (VALUES (1, 'a', 2.5), (3, 'b', 4.5)) v", "values [column2] 2 rows\n");
	OPTIMISED("SELECT DISTINCT c FROM t ORDER BY c DESC LIMIT 5", "sort by c desc limit 5\n"
	                                                              "  aggregate by [c]\n"
	                                                              "    scan t [c]\n");
	OPTIMISED("SELECT (SELECT avg(Age) FROM people) AS m, Sex FROM people", "project (sub-query 0) as m, Sex\n"
	                                                                        "  scan people [Sex]\n"
	                                                                        "param 0:\n"
	                                                                        "project agg1 as avg\n"
	                                                                        "  aggregate by [] avg(Age)\n"
	                                                                        "    scan people [Age]\n");
	OPTIMISED("WITH w AS (SELECT a FROM t) SELECT 1 AS x FROM w", "project 1 as x\n"
	                                                              "  scan t []\n");
	OPTIMISED(
	    "WITH w AS (SELECT a, b FROM t), v AS (SELECT a FROM w WHERE b > 1) SELECT w.a FROM w JOIN v ON w.a = v.a",
	    "project a\n"
	    "  inner join on a = a\n"
	    "    project a\n"
	    "      shared 0 w\n"
	    "        scan t [a, b]\n"
	    "    project a\n"
	    "      filter (b > 1)\n"
	    "        shared 0 w\n"
	    "          scan t [a, b]\n");
}

static const unit_case cases[] = {
    {"joins", test_joins},
    {"outer_to_inner", test_outer_to_inner},
    {"push_down", test_push_down},
    {"prune", test_prune},
};
UNIT_MAIN("sql_optimise", cases)
