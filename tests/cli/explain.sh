# What a job reads and moves: only the store's columns are read, a split shows what * stands for.
printf 'id,name,fare\n1,ann,2.5\n2,bob,3\n' >t.csv
cat >j.json <<'END'
{ "sources": { "t": { "path": "t.csv" } },
  "steps": [ { "name": "parts", "split": { "from": "t", "into": { "train": 1, "test": 1 } } } ],
  "store": { "from": "parts", "tensors": { "x": { "dtype": "float32", "columns": ["fare"] } }, "order": { "shuffle": true } } }
END
rankmill explain j.json
rankmill explain j.json --step parts --head 2
cat >k.json <<'END'
{ "sources": { "t": { "path": "t.csv" } },
  "steps": [ { "name": "s", "sql": "SELECT t.id, replace(t.name, '\"\\', E'\\n') AS r, (SELECT max(fare) FROM t) AS top FROM t JOIN t AS u ON t.id = u.id" } ],
  "store": { "from": "s", "keep": ["id", "r", "top"] } }
END
rankmill explain k.json --format json -n 2
rankmill explain k.json --format dot
rankmill explain k.json --format json --step s | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["store"])'
rankmill explain k.json --format svg
rankmill explain k.json --analyze
true
