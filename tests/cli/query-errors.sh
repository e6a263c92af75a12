printf 'id,name,fare\n1,ann,2.5\n2,bob,x\n' >t.csv
rankmill query 'SELECT fair FROM "t.csv"'
rankmill query 'SELECT id FROM "missing.csv"'
rankmill query 'SELEC id FROM "t.csv"'
rankmill query 'SELECT count(*) FROM "t.csv" GROUP BY'
rankmill query --source 't={"path":"t.csv","schema":{"fare":"flaot"}}' 'SELECT * FROM t'
rankmill query --source 't={"path":"t.csv","schema":{"fare":"float64"}}' 'SELECT * FROM t'
rankmill query --fromat csv 'SELECT 1'
rankmill query
rankmill querry 'SELECT 1'
rankmill query 'SELECT id, 10 / (id - 1) FROM "t.csv"'
# What a LIMIT left unread is still read, and judged, by the next statement.
{ echo a; seq 30000; echo x; } >late.csv
for n in 1 2; do
	rankmill query -n $n --format csv --source 't={"path":"late.csv","schema":{"a":"int64"}}' 'SELECT * FROM t LIMIT 2; SELECT count(*) FROM t'
	echo "-- exit $?"
done
true
mkdir store && echo '{}' >store/manifest.json
rankmill query 'SELECT * FROM "store"'
