#!/usr/bin/env bash
# The seam for formats: SQL over a format that the library does not know (tests/tools/toy_format.h), on 1, 2, 3 and 5 ranks. Its
# ranges are in rows, it guesses nothing, it has no lines, and one of its columns is the same in all rows of a file.
set -uo pipefail
cd "$(dirname "$0")/../.."
tool=$PWD/build/current/tests/tools/format_ranks
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
mkdir -p d/k=1 d/k=2 bad content
echo STEPS 10 1 >d/k=1/a.steps
echo STEPS 4 100 >d/k=1/b.steps
: >d/k=2/c.steps
echo STEPS 7 1000 >d/k=2/d.steps
echo STEPS 9 1 5 >bad/a.steps
echo STEPS 9 10 8 >bad/b.steps
cp d/k=1/a.steps content/plain

check() { # NAME EXPECTED SQL
	local ranks out
	for ranks in 1 2 3 5; do
		if [ "$ranks" = 1 ]; then out=$($tool "$3" 2>&1); else out=$(mpirun --oversubscribe -n "$ranks" "$tool" "$3" 2>&1); fi
		if [ "$out" = "$(printf '%b' "$2")" ]; then
			echo "ok formats.$1.$ranks"
		else
			echo "not ok formats.$1.$ranks"
			echo "$out"
		fi
	done
}

check by_name 'n,s,k\n21,21645,28' 'SELECT count(*) AS n, sum(value) AS s, sum(k) AS k FROM "d/*/*.steps"'
check by_content 'n,s\n10,45' 'SELECT count(*) AS n, sum(value) AS s FROM "content/plain"'
check in_order 'value,_offset,_file\n8,8,d/k=1/a.steps\n9,9,d/k=1/a.steps\n0,0,d/k=1/b.steps\n100,1,d/k=1/b.steps' \
	'SELECT value, _offset, _file FROM "d/*/*.steps" LIMIT 4 OFFSET 8'
check filter 'value,step\n200,100\n300,100\n1000,1000\n2000,1000' 'SELECT value, step FROM "d/*/*.steps" WHERE value BETWEEN 150 AND 2500'
check constant 'n\n7' 'SELECT count(*) AS n FROM "d/*/*.steps" WHERE step = 1000'
# Files that are ruled out are not read, so not judged.
check pruned 'n\n0' 'SELECT count(*) AS n FROM "bad/*.steps" WHERE step = 2'
check pruned_by_folder 's\n600' 'SELECT sum(value) AS s FROM "d/*/*.steps" WHERE k = 1 AND step > 1'
check function 'n\n-5' "SELECT sum(value) AS n FROM read_steps('d/k=1/a.steps', add => -5)"
check no_lines 'USAGE: query:1:8: column "_line" does not exist (did you mean "_file"?)\n  SELECT _line FROM "content/plain"\n         ^' \
	'SELECT _line FROM "content/plain"'
check bad_option "USAGE: query:1:15: d/k=1/a.steps: plus is 13
  SELECT * FROM read_steps('d/k=1/a.steps', plus => 13)
                ^" "SELECT * FROM read_steps('d/k=1/a.steps', plus => 13)"
check bad_rows 'DATA: source "bad/*.steps": 2 of 18 rows are bad (bad_value 2); set "bad_rows" to "quarantine" or "null" to go on without them
  bad/a.steps, row 5: bad_value: a bad step
    bad
    ^
  bad/b.steps, row 8: bad_value: a bad step
    bad
    ^' 'SELECT count(*) FROM "bad/*.steps"'
check bad_behind_limit 'value\n0\n1\n2\n3\n4' 'SELECT value FROM "bad/*.steps" LIMIT 5'
check bad_before_limit 'DATA: source "bad/*.steps": 1 of 7 rows are bad (bad_value 1); set "bad_rows" to "quarantine" or "null" to go on without them
  bad/a.steps, row 5: bad_value: a bad step
    bad
    ^' 'SELECT value FROM "bad/*.steps" LIMIT 6'
