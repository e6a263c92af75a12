cat >t.csv <<'END'
id,name,fare,when
1,"ann, ""the"" first",2.5,2020-01-02 03:04:05.250
2,,,
3,"",1e300,1969-12-31 23:59:59
END
rankmill query --format csv 'SELECT *, fare > 2 AS big FROM "t.csv" ORDER BY id'
echo
rankmill query --format csv --null NULL 'SELECT * FROM "t.csv" ORDER BY id'
echo
rankmill query --format jsonl 'SELECT * FROM "t.csv" ORDER BY id'
echo
rankmill query 'SELECT * FROM "t.csv" ORDER BY id; SELECT count(*) FROM "t.csv"'
