SELECT 1
  AS x,
	bad
FROM t