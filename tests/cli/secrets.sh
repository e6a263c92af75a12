# Values of ${env:…} and ${file:…} reach neither messages nor files nor what explain and check print.
export PASS="hunter2 o'neil"
printf 'tok"en77long\n' >secret.txt
printf 'id,fare,name\n1,2.5,ann\n2,3,bob\n3,4,cid\n' >good.csv
job() { printf '{ "params": { "p": "${env:PASS}", "q": "${file:secret.txt}" },\n  "sources": { "t": { "path": "%s", "schema": { "id": "int64", "fare": "float64", "name": "string" } } },\n  "steps": [ { "name": "s", "sql": "SELECT *, CASE WHEN name = ${p} THEN 1 ELSE 0 END AS m FROM t WHERE name <> ${q} AND %s" } ],\n  "store": { "from": "s", "tensors": { "x": { "dtype": "float32", "columns": ["fare", "m"] } } } }\n' "$1" "$2" >job.json; }
job good.csv "name <> \${env:PASS}"
rankmill run job.json -n 2 --log-level debug --progress none >all.log 2>&1 || cat all.log
rankmill explain job.json | tee -a all.log | tail -3
rankmill check job.json >>all.log
rankmill check job.json --json >>all.log
for format in json dot; do rankmill explain job.json --format $format; done >>all.log
rankmill explain job.json --step s --head 2
job good.csv 'nope = 1'
rankmill run job.json -n 1 --out a 2>&1 | tee -a all.log
job good.csv '1 / (id - id) > 0'
rankmill run job.json -n 2 --progress none --out b 2>&1 | tee -a all.log
job '${q}.csv' 'true'
rankmill run job.json -n 1 --out c 2>&1 | tee -a all.log
job good.csv "name || \${q} + 1 > 'a' AND 1 / 0 > name"
rankmill run job.json -n 1 --out d 2>&1 | tee -a all.log
grep -rilE "hunter|neil|tok.?.?en|77long" all.log out a b c d 2>/dev/null && echo "a secret shows"
true
