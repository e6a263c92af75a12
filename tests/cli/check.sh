# What check shows of a job: tables by what a step changes, tensors, warnings.
rankmill check "$ROOT/configs/titanic.json"
rankmill datagen titanic --out out/data/titanic >/dev/null
rankmill check "$ROOT/configs/titanic.json" -n 2
rankmill check "$ROOT/configs/titanic.json" --json 2>&1 | tail -5
printf 'id,name,fare\n1,ann,2.5\n2,bob,3\n' >t.csv
cat >leak.json <<'END'
{ "sources": { "t": { "path": "t.csv" }, "u": { "path": "t.csv" } },
  "steps": [ { "name": "same", "sql": "SELECT * FROM t" },
             { "name": "other", "sql": "SELECT id, name, fare::int AS fare FROM t" },
             { "name": "parts", "split": { "from": "same", "into": { "train": 1, "test": 1 } } },
             { "name": "by_split", "sql": "SELECT *, 1 AS one FROM (SELECT split, avg(fare) AS m FROM parts GROUP BY split) AS q" },
             { "name": "unused", "sql": "SELECT 1 AS a" } ],
  "store": { "from": "parts", "tensors": {
    "x": { "dtype": "float32", "columns": ["fare", "id"] }, "y": { "dtype": "float32", "column": "fare", "role": "label" } } } }
END
rankmill check leak.json
