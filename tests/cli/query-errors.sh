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
