# Every kind of refused run: one clear message, the documented code, no store.
code() { local c=$1; shift; "$@" --progress none >/dev/null; local rc=$?; [ $rc = "$c" ] || echo "exit $rc where $c was wanted: $*" >&2; echo "--" >&2; }
printf 'id,fare,name\n1,2.5,ann\n2,x,bob\n3,4,cid\n' >bad.csv
printf 'id,fare,name\n1,2.5,ann\n2,3,bob\n3,4,cid\n' >good.csv
job() { printf '{ "sources": { "t": { "path": "%s", "schema": { "id": "int64", "fare": "float64" }%s } },\n  "steps": [ { "name": "s", "sql": "%s" } ],\n  "store": { "from": "s", "tensors": { "x": { "dtype": "float32", "columns": ["fare"] } } } }\n' "$1" "$3" "$2" >job.json; }
job nothing.csv 'SELECT * FROM t' ''; code 1 rankmill run job.json
job bad.csv 'SELECT * FROM t' ''; code 3 rankmill run job.json
ls out/job/manifest.json 2>/dev/null; ls out/job/failed
job good.csv 'SELECT far FROM t' ''; code 2 rankmill run job.json
job good.csv 'SELECT fare FROM u' ''; code 2 rankmill run job.json
job good.csv 'SELECT fare FORM t' ''; code 2 rankmill run job.json
job good.csv 'SELECT name || 1 AS fare FROM t' ''; code 2 rankmill run job.json
job good.csv 'SELECT fare / (id - 2) AS fare FROM t' ''; code 3 rankmill run job.json
job good.csv 'SELECT * FROM t' ', "bad_rowz": "fail"'; code 2 rankmill run job.json
job good.csv 'SELECT * FROM t' ''; code 2 rankmill run job.json --set nope=1
printf '{ "sources": ' >broken.json; code 2 rankmill run broken.json
code 1 rankmill run absent.json
code 0 rankmill run job.json
code 2 rankmill run job.json
code 0 rankmill run job.json --overwrite
ls out/job
