# Job files that are refused: each message says what, where and what to do, before any work.
printf 'id,name,fare\n1,ann,2.5\n2,bob,3\n' >t.csv
refused() { # CODE TEXT [OPTION …]
	local want=$1
	printf '%s' "$2" >j.json
	shift 2
	rankmill check j.json "$@" 2>&1
	local rc=$?
	[ $rc = "$want" ] || echo "exit $rc where $want was wanted"
}
S='"sources":{"t":{"path":"t.csv"}}' T='"store":{"from":"t","keep":["fare"]}'
echo "-- the file"
refused 2 ''
refused 2 '[1]'
refused 2 "{$S,$T"
refused 2 "{$S,$T}}"
refused 2 "{$S,
$T, \"sources\": {}}"
refused 2 "{$S}"
refused 2 "{$S,$T,\"sead\":1}"
refused 2 "{$S,$T,\"seed\":\"x\"}"
refused 2 "{$S,$T,\"seed\":1.5}"
refused 2 "{$S,$T,\"version\":2}"
for later in checks exports; do refused 2 "{$S,$T,\"$later\":[{\"from\":\"t\"}]}"; done
echo "-- parameters"
P="\"steps\":[{\"name\":\"s\",\"sql\":\"SELECT * FROM t WHERE fare > \${min}\"}]"
refused 2 "{\"params\":{\"min\":null},$S,$P,$T}"
refused 2 "{\"params\":{\"min\":1},$S,$P,$T}" --set mim=2
refused 2 "{\"params\":{\"min\":1},$S,$P,$T}" --set min
refused 2 "{\"params\":{\"min\":1},$S,$P,$T}" --set min='{"a":1}'
refused 2 "{\"params\":{\"min\":1},$S,$P,$T}" --set min=abc
refused 2 "{\"params\":{\"max\":1},$S,$P,$T}"
refused 2 "{\"params\":{\"min\":\"\${max}\",\"max\":1},$S,$P,$T}"
refused 2 "{\"params\":{\"job\":1},$S,$T}"
refused 2 "{\"params\":{\"a\":\"\${env:NOT_SET}\"},$S,$T}"
refused 2 "{\"params\":{\"a\":\"\${file:none.txt}\"},$S,$T}"
refused 2 "{\"params\":{\"a\":\"\${b\"},$S,$T}"
echo "-- sources"
source() { refused "$1" "{\"sources\":{\"t\":$2},$T}"; }
for uri in abfss://c@a.dfs.core.windows.net/p https://x.y/p.csv azureml://x/datastores/n/paths/p s3://x/p; do source 2 "{\"path\":\"$uri\"}"; done
for name in t.parquet t.jsonl.gz t.json t.h5; do source 2 "{\"path\":\"$name\"}"; done
cp t.csv t.json
source 0 '{"path":"t.json","format":"csv"}' | tail -1
rm t.json
for format in jsonl parquet delta cvs; do source 2 "{\"path\":\"t.csv\",\"format\":\"$format\"}"; done
source 2 '{"rows":[{"a":1}]}'
source 2 '{"path":"t.csv","new_since":"x"}'
source 2 '{}'
source 2 '{"path":[]}'
source 2 '{"path":["t.csv","./t.csv","t.csv"]}'
source 2 '{"path":"none.csv","optional":true}'
source 1 '{"path":"none*.csv"}'
source 2 '{"path":"t.csv","options":{"delimeter":";"}}'
source 2 '{"path":"t.csv","options":{"delimiter":";;"}}'
source 2 '{"path":"t.csv","options":{"split_bytes":"lots"}}'
source 2 '{"path":"t.csv","options":{"timestamp_format":"%Q"}}'
source 2 '{"path":"t.csv","schema":{"faire":"float64"}}'
source 2 '{"path":"t.csv","schema":{"fare":"flaot64"}}'
source 2 '{"path":"t.csv","bad_rows":"ignore"}'
source 2 '{"path":"t.csv","max_bad_rows":"lots"}'
echo "-- steps"
steps() { refused 2 "{$S,\"steps\":[$1],$T}"; }
steps '{"name":"s","sql":"SELECT * FROM s"}'
steps '{"name":"s","sql":"SELECT * FROM u"},{"name":"u","sql":"SELECT * FROM s"}'
steps '{"name":"s","split":{"from":"u","into":{"a":1}}},{"name":"u","sql":"SELECT * FROM t"}'
steps '{"name":"s","squel":"SELECT * FROM t"}'
steps '{"name":"s"}'
steps '{"sql":"SELECT * FROM t"}'
steps '{"name":"T","sql":"SELECT * FROM t"}'
steps '{"name":"s","sql":["SELECT *","FROM t","WHERE faire > 0"]}'
steps '{"name":"s","sql":["SELECT *",3]}'
steps '{"name":"s","sql":"SELECT 1; SELECT 2"}'
steps '{"name":"s","sql":"DROP TABLE t"}'
for later in asof_join asof_aggregate dedup sample union command; do steps "{\"name\":\"s\",\"$later\":{\"from\":\"t\"}}"; done
for later in fit_on when bad_rows; do steps "{\"name\":\"s\",\"sql\":\"SELECT 1\",\"$later\":\"train\"}"; done
for later in stratify folds time; do steps "{\"name\":\"s\",\"split\":{\"from\":\"t\",\"into\":{\"a\":1},\"$later\":1}}"; done
steps '{"name":"s","split":{"from":"t"}}'
steps '{"name":"s","split":{"from":"t","into":{"a":-1}}}'
steps '{"name":"s","split":{"from":"t","into":{"a":1},"by":["idd"]}}'
printf 'SELECT 1' >one.sql
steps '{"sql_file":"one.sql"}'
echo "-- the store"
store() { refused 2 "{$S,\"store\":{\"from\":\"t\",$1}}"; }
refused 2 "{$S,\"store\":{\"from\":\"u\",\"keep\":[\"fare\"]}}"
tensor() { store "\"tensors\":{\"x\":{$1}}"; }
tensor '"dtype":"float32","columns":["fair"]'
tensor '"dtype":"flaot32","columns":["fare"]'
tensor '"dtype":"float32","columns":["name"]'
tensor '"dtype":"float32"'
tensor '"columns":["fare"]'
tensor '"dtype":"float32","layout":"csr","columns":["fare"]'
tensor '"dtype":"float32","columns":["fare"],"do":["standardise"]'
tensor '"dtype":"float32","columns":["fare"],"do":["robust"]'
tensor '"dtype":"float32","columns":["fare"],"do":[{"clip":{"mn":1}}]'
store '"keep":["fair"]'
store '"keep":"fare"'
store '"keep":["fare"],"shards":{"rows":0}'
store '"keep":["fare"],"compression":"gzip"'
store '"keep":["fare"],"order":{"by":["id"]}'
store '"keep":["fare"],"order":"random"'
store '"keep":["fare"],"fit_on":"trian"'
