# What a job reads and moves: only the store's columns are read, a split shows what * stands for.
printf 'id,name,fare\n1,ann,2.5\n2,bob,3\n' >t.csv
cat >j.json <<'END'
{ "sources": { "t": { "path": "t.csv" } },
  "steps": [ { "name": "parts", "split": { "from": "t", "into": { "train": 1, "test": 1 } } } ],
  "store": { "from": "parts", "tensors": { "x": { "dtype": "float32", "columns": ["fare"] } }, "order": { "shuffle": true } } }
END
rankmill explain j.json
rankmill explain j.json --step parts --head 2
