#!/usr/bin/env bash
# Queries over data that is larger than memory, at 16 MiB a rank. memory.slow.sh does it at scale.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
mill=$PWD/build/current/rankmill
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/scratch"
python3 tests/tools/memory.py "$mill" "$work" 400000 16 1 3

# What cannot be cut says which operator, exchange and bucket it was, and what to do.
cd "$work" || exit 1
refused() { # NAME PATTERN SQL
	"$mill" query -n 2 --memory-per-rank 16M --scratch scratch "$3" >out 2>err
	rc=$?
	if [ $rc = 1 ] && [ ! -s out ] && [ "$(grep -c '^rankmill: ' err)" = 1 ] && grep -q "$2" err && [ -z "$(ls scratch)" ]; then
		echo "ok memory.refused.$1"
	else
		echo "not ok memory.refused.$1: exit $rc"
		cat err
		ls scratch
	fi
}
# The rows of a join, all in one group.
refused one_median 'bucket 0 of exchange aggregate .*group by: [0-9]* rows ([1-9][0-9]* MiB) of one bucket do not fit.*--memory' \
	'SELECT median(a.v3 + b.v3) AS m FROM "data/*.csv" a JOIN "data/*.csv" b ON a.id6 = b.id6'
refused one_window 'bucket 0 of exchange window .*do not fit.*--memory' \
	'SELECT sum(r) AS s FROM (SELECT row_number() OVER (ORDER BY v3) AS r FROM "data/*.csv") t'
