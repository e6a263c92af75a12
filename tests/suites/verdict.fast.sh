#!/usr/bin/env bash
# One verdict whatever reads the rows. What stands behind the last row of a LIMIT is never looked at: neither bad cells, nor
# failing expressions, nor broken files, however many ranks read ahead, wherever files are cut, whatever a batch holds. Of
# two statements that fail the same one is named.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# Rows 1005 and 2001 (from 0) are bad; b is what comes before them in a second file that ends in the middle.
awk 'BEGIN { print "a,b"; for (i = 0; i < 3000; i++) print i "," (i == 1005 || i == 2001 ? "x" : i) }' >t.csv
mkdir cut
awk 'BEGIN { print "a,b"; for (i = 0; i < 500; i++) print i "," i }' >cut/1.csv
awk 'BEGIN { print "a,b"; for (i = 500; i < 90000; i++) print i "," i * 7919 % 10007 }' | gzip -c | head -c 60000 >cut/2.csv.gz
columns='"schema":{"a":"int64","b":"int64"}'

# NAME CODE PATTERN ARGUMENTS…: the same output everywhere, and PATTERN in it.
same() {
	local name=$1 want=$2 pattern=$3 first='' got rc ranks split batch
	shift 3
	while read -r ranks split batch; do
		got=$(RANKMILL_TEST_SPLIT_BYTES=$split RANKMILL_TEST_BATCH_ROWS=$batch "$mill" "$@" -n "$ranks" 2>&1 </dev/null)
		rc=$?
		got=${got//rank [0-9] of [0-9]: /}
		first=${first:-$got}
		if [ $rc -eq "$want" ] && [ "$got" = "$first" ] && grep -q -- "$pattern" <<<"$got"; then
			echo "ok verdict.$name.$ranks.$split"
		else
			echo "not ok verdict.$name.$ranks.$split: exit $rc where $want was wanted, or other output"
			head -5 <<<"$got"
		fi
	done <<<$'1 100000 8192\n1 2000 7\n2 2000 8192\n3 100000 8192\n5 2000 7'
}
query() { # NAME CODE PATTERN SQL
	same "$1" "$2" "$3" query --format csv --source "t={\"path\":\"t.csv\",$columns}" --source "cut={\"path\":\"cut/*\",$columns}" "$4"
}
query before 0 '^1004,1004$' "SELECT * FROM t LIMIT 1005"
query at 3 '1 of 1007 rows are bad' "SELECT * FROM t LIMIT 1006"
query line 3 't.csv:1007 (byte 7834)' "SELECT * FROM t LIMIT 1006"
query filtered 3 '1 of 1201 rows are bad' "SELECT a FROM t WHERE a % 3 = 0 LIMIT 400"
query sql.before 0 '^19,-1$' "SELECT a, 1 / (a - 20) * -1 * -1 AS q FROM t LIMIT 20"
query sql.at 3 'in 1 row; the first is: 20' "SELECT a, 1 / (a - 20) AS q FROM t LIMIT 21"
query offset 3 'in 1 row; the first is: 990' "SELECT a, 1 / (a - 990) AS q FROM t LIMIT 15 OFFSET 980"
query file.before 0 '^499,499$' "SELECT * FROM cut LIMIT 500"
query file.at 3 'cut/2.csv.gz' "SELECT count(*) FROM (SELECT * FROM cut LIMIT 80000) AS c"
query unlimited 3 '2 of 3000 rows are bad' "SELECT * FROM t LIMIT 5000"

# Row 2900 fails in the first step, row 100 in the second.
awk 'BEGIN { print "a"; for (i = 0; i < 3000; i++) print i }' >steps.csv
cat >job.json <<'END'
{ "sources": { "t": { "path": "steps.csv", "schema": { "a": "int64" } } },
  "steps": [ { "name": "one", "sql": "SELECT a, 1 / (a - 2900) AS x FROM t" },
             { "name": "two", "sql": "SELECT a, x, 1 / (a - 100) AS y FROM one" } ],
  "store": { "from": "two", "tensors": { "x": { "dtype": "int64", "columns": ["a", "x", "y"] } } } }
END
same steps 3 'in 1 row; the first is: 2900' run job.json --out out --progress none
