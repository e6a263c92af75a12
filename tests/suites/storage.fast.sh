#!/usr/bin/env bash
# Everything through an object store: CSV, gzip and stores read and written by the binary that knows test:// besides local
# files (tests/backend/test_backend.h), on 1, 2 and 3 ranks, with latency, short reads and failures worth trying again.
# What comes out is what comes out of local files.
set -uo pipefail
cd "$(dirname "$0")/../.."
local_binary=$PWD/build/current/rankmill
binary=$PWD/build/current/tests/tools/rankmill_test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/b"
trouble="root=$root,latency_us=300,short_every=3,transient_every=11"
export RANKMILL_TEST_STORAGE=$trouble

result() { # STATUS NAME
	if [ "$1" -eq 0 ]; then echo "ok storage.$2"; else echo "not ok storage.$2"; cat "$work/out" "$work/err" 2>/dev/null | head -20; fi
}
put() { # FILE KEY: as an object of the bucket b
	local key=${2//%/%25}
	cp "$1" "$root/b/${key//\//%2F}"
}
object() { echo "$root/b/${1//\//%2F}"; }
run() { # BINARY ARGUMENT…: into out, err and code
	local program=$1
	shift
	(cd "$work" && timeout 120 "$program" "$@" >out 2>err)
	code=$?
}
says() { # CODE TEXT…: the run ended so, and its message has every TEXT
	[ "$code" -eq "$1" ] || return 1
	shift
	for text; do grep -qF -- "$text" "$work/err" || return 1; done
}

# --- reading -------------------------------------------------------------------------------------------------------------
mkdir -p "$work/in"
run "$local_binary" datagen taxi --rows 30000 --files 5 --out in
for file in "$work"/in/*.csv; do
	put "$file" "in/$(basename "$file")"
	put "$file" "hive/part=$(basename "$file" .csv)/x.csv"
	mkdir -p "$work/hive/part=$(basename "$file" .csv)"
	cp "$file" "$work/hive/part=$(basename "$file" .csv)/x.csv"
	gzip -c "$file" >"$work/packed.gz" && put "$work/packed.gz" "gz/$(basename "$file").gz"
done
query="SELECT count(*) AS n, sum(fare_amount) AS fares, sum(pickup_latitude) AS latitudes FROM"
run "$local_binary" query -n 1 "$query \"in/*.csv\"" --format csv
cp "$work/out" "$work/expected"
for ranks in 1 2 3; do
	run "$binary" query -n $ranks "$query \"test://b/in/*.csv\"" --format csv
	[ $code -eq 0 ] && cmp -s "$work/out" "$work/expected"
	result $? "csv.$ranks"
	run "$binary" query -n $ranks "$query \"test://b/gz\"" --format csv
	[ $code -eq 0 ] && cmp -s "$work/out" "$work/expected"
	result $? "gzip.$ranks"
done
run "$local_binary" query -n 1 "SELECT part, count(*) AS n FROM \"hive\" WHERE part <> 'taxi-00002' GROUP BY 1 ORDER BY 1" --format csv
cp "$work/out" "$work/expected_hive"
run "$binary" query -n 2 "SELECT part, count(*) AS n FROM \"test://b/hive/**/*.csv\" WHERE part <> 'taxi-00002' GROUP BY 1 ORDER BY 1" --format csv
[ $code -eq 0 ] && cmp -s "$work/out" "$work/expected_hive"
result $? hive
awk '/shorts/ { shorts += $2; tried += $4; if ($6 > most) most = $6 } END { exit !(shorts > 0 && tried > 0 && most > 2) }' "$root/.log"
result $? what_was_told_to_go_wrong_did

run "$binary" query "SELECT 1 FROM \"test://b/none*.csv\""
says 1 "test://b/none*.csv: no file matches"
result $? nothing_there
RANKMILL_TEST_STORAGE="root=$root,refuse=00003" run "$binary" query -n 2 "$query \"test://b/in/*.csv\""
says 1 "taxi-00003.csv: 403 refused"
result $? refused
cp -r "$root" "$work/root.kept"
for ranks in 1 2 3; do
	RANKMILL_TEST_STORAGE="root=$root,change=00002" run "$binary" query -n $ranks "$query \"test://b/in/*.csv\""
	says 1 "taxi-00002.csv changed while being read: it was version \"" "and is \""
	result $? "changed.$ranks"
done
RANKMILL_TEST_STORAGE="root=$root,transient_every=1" run "$binary" query "$query \"test://b/in/*.csv\""
says 1 "given up after 8 tries" "503 busy"
result $? given_up

# --- a job: its file, its SQL and its inputs are objects too, and so is the store ----------------------------------------
cat >"$work/clean.sql" <<'SQL'
SELECT *, extract(hour FROM pickup_datetime) AS hour FROM trips WHERE fare_amount > 0
SQL
job() { # INPUTS
	cat <<JSON
{ "job": "trips", "seed": 7,
  "sources": { "trips": { "path": "$1", "bad_rows": "quarantine", "max_bad_rows": "50%" } },
  "steps": [ { "name": "clean", "sql_file": "clean.sql" },
             { "name": "parts", "split": { "from": "clean", "into": { "train": 8, "val": 2 } } } ],
  "store": { "from": "parts", "shards": { "rows": 4000 }, "compression": "shuffle+deflate:1", "keep": ["key"],
    "tensors": { "x": { "dtype": "float32", "columns": ["fare_amount", "pickup_longitude"], "do": ["impute_mean", "standardize"] },
                 "hour": { "dtype": "int32", "column": "hour", "do": ["vocabulary"] } } } }
JSON
}
job "in/*.csv" >"$work/job.json"
run "$local_binary" run job.json -n 2 --out here
result $code local_store
hash() { "$binary" inspect --json "$1" 2>/dev/null | grep -o '"content_hash": *"[0-9a-f]*"'; }
expected=$(cd "$work" && hash here)
job "test://b/in/*.csv" >"$work/away.json"
put "$work/away.json" jobs/trips.json
put "$work/clean.sql" jobs/clean.sql
for ranks in 1 2 3; do
	run "$binary" run test://b/jobs/trips.json -n $ranks --out "test://b/out/s$ranks"
	[ $code -eq 0 ] && [ "$(cat "$work/out")" = "test://b/out/s$ranks" ]
	result $? "store.$ranks"
	[ -n "$expected" ] && [ "$(hash "test://b/out/s$ranks")" = "$expected" ]
	result $? "store.same_hash.$ranks"
	run "$binary" verify "test://b/out/s$ranks" -n $ranks
	result $code "verify.$ranks"
	run "$binary" diff "test://b/out/s$ranks" here
	[ $code -eq 4 ] && ! grep -q "data " "$work/out" || [ $code -eq 0 ]
	result $? "diff.$ranks"
	run "$binary" head "test://b/out/s$ranks" --split val
	cp "$work/out" "$work/away"
	run "$local_binary" head here --split val
	[ $code -eq 0 ] && cmp -s "$work/out" "$work/away"
	result $? "head.$ranks"
done
# A store as a source of rows.
run "$local_binary" query "SELECT split, count(*) AS n, sum(hour) AS hours FROM \"here\" GROUP BY 1 ORDER BY 1" --format csv
cp "$work/out" "$work/expected_rows"
run "$binary" query -n 2 "SELECT split, count(*) AS n, sum(hour) AS hours FROM \"test://b/out/s2\" GROUP BY 1 ORDER BY 1" --format csv
[ $code -eq 0 ] && [ -s "$work/out" ] && cmp -s "$work/out" "$work/expected_rows"
result $? store_as_source
# A store that is copied down, object by object, is the store.
copy=$work/copy
for file in "$root"/b/out%2Fs2%2F*; do
	name=$(basename "$file")
	name=${name#out%2Fs2%2F}
	mkdir -p "$(dirname "$copy/${name//%2F//}")"
	cp "$file" "$copy/${name//%2F//}"
done
run "$local_binary" verify copy
result $code copied_down
[ ! -e "$(object out/s2/.rankmill/run.json)" ] && [ -z "$(ls "$root/.parts")" ] && ! compgen -G "$root/b/~*" >/dev/null
result $? nothing_left

# --- claims and commits --------------------------------------------------------------------------------------------------
run "$binary" run away.json --out test://b/out/s1
says 2 "test://b/out/s1: a store is there already"
result $? store_is_there
run "$binary" run away.json --out test://b/out/s1 --overwrite
says 2 "replacing a store at a remote address is not supported yet"
result $? no_overwrite
put "$work/job.json" out/foreign/notes.txt
run "$binary" run away.json --out test://b/out/foreign
says 2 'holds "notes.txt"'
result $? foreign

RANKMILL_TEST_STORAGE="root=$root,refuse_commit=manifest.json" run "$binary" run away.json -n 2 --out test://b/out/refused
says 1 "manifest.json: 403 refused to commit"
result $? commit_refused
run "$binary" inspect test://b/out/refused
[ $code -ne 0 ]
result $? no_manifest_no_store
run "$binary" run away.json -n 2 --out test://b/out/refused
result $code again_after_refusal

RANKMILL_TEST_STORAGE="root=$root,kill_commit=manifest.json" run "$binary" run away.json -n 2 --out test://b/out/killed
[ $code -ne 0 ] && [ -e "$(object out/killed/.rankmill/run.json)" ]
result $? killed
run "$binary" inspect test://b/out/killed
[ $code -ne 0 ] && grep -q "not a store" "$work/err"
result $? killed_is_no_store
run "$binary" run away.json -n 2 --out test://b/out/killed
[ $code -eq 0 ] && [ "$(hash test://b/out/killed)" = "$expected" ]
result $? again_after_kill

# Two runs at once: one of them is refused, the other one's store is whole.
(cd "$work" && RANKMILL_TEST_STORAGE="root=$root,latency_us=20000" timeout 120 "$binary" run away.json -n 1 --out test://b/out/two >out1 2>err1; echo $? >code1) &
for _ in $(seq 200); do [ -e "$(object out/two/.rankmill/run.json)" ] && break; sleep 0.05; done
run "$binary" run away.json -n 1 --out test://b/out/two
says 2 "a run is writing here now"
result $? second_writer_is_refused
wait
[ "$(cat "$work/code1")" -eq 0 ] && [ "$(hash test://b/out/two)" = "$expected" ]
result $? first_writer_is_whole

# A run of another host: nobody here can tell whether it lives.
printf '{"job_hash": "x", "host": "elsewhere", "pid": 4, "boot_id": "y"}' >"$work/run.json"
put "$work/run.json" out/elsewhere/.rankmill/run.json
run "$binary" run away.json --out test://b/out/elsewhere
says 2 "or died here (host elsewhere, pid 4)" "remove test://b/out/elsewhere/.rankmill/run.json"
result $? claim_of_another_host

# An object that changes between two reads of a shard.
for file in "$root"/b/out%2Fs3%2F*; do cp "$file" "${file/s3/changing}"; done
RANKMILL_TEST_STORAGE="root=$root,change=changing/train/shard-00001" run "$binary" verify test://b/out/changing
says 1 "changed while being read"
result $? shard_changes
exit 0
