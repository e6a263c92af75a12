#!/usr/bin/env bash
# The two jobs against independent computations, on generated and on third-party data, at several rank counts.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python=/usr/bin/python3

run() { # NAME RANKS JOB CSV OUT
	if ! $mill run "$3" -n "$2" --set raw="$4" --out "$5" --progress none >"$tmp/log" 2>&1; then
		echo "not ok $1.run"
		cat "$tmp/log"
		return 1
	fi
	echo "ok $1.run"
	if $mill verify "$5" >"$tmp/log" 2>&1; then echo "ok $1.verify"; else echo "not ok $1.verify"; cat "$tmp/log"; fi
}
oracle() { # NAME SCRIPT STORE CSV
	$python "tests/oracles/$2" "$3" "$4" | sed "s/^\(ok\|not ok\) /\1 $1./"
}

$mill datagen taxi --rows 3000 --files 3 --seed 5 --out "$tmp/taxi" >/dev/null || echo "not ok datagen.taxi"
$mill datagen titanic --rows 900 --out "$tmp/titanic" >/dev/null || echo "not ok datagen.titanic"
for ranks in 1 3; do
	run "generated.taxi.$ranks" $ranks configs/nyctaxi.json "$tmp/taxi/*.csv" "$tmp/t$ranks" &&
		oracle "generated.$ranks" taxi.py "$tmp/t$ranks" "$tmp/taxi/*.csv"
	run "generated.titanic.$ranks" $ranks configs/titanic.json "$tmp/titanic/*.csv" "$tmp/p$ranks" &&
		oracle "generated.$ranks" titanic.py "$tmp/p$ranks" "$tmp/titanic/*.csv"
done
for ranks in 1 2 3 5; do
	case=third-party.$ranks
	taxi=$RANKMILL_TEST_DATA/tables/nyctaxi/fake_nyctaxi.csv
	titanic=$RANKMILL_TEST_DATA/tables/titanic/titanic.csv
	if [ ! -r "$taxi" ] || [ ! -r "$titanic" ]; then
		echo "skip $case: $RANKMILL_TEST_DATA/tables is missing (set RANKMILL_TEST_DATA)"
		continue
	fi
	export RANKMILL_TEST_SPLIT_BYTES=4096
	run "$case.taxi" $ranks configs/nyctaxi.json "$taxi" "$tmp/ft$ranks" && oracle "$case" taxi.py "$tmp/ft$ranks" "$taxi"
	run "$case.titanic" $ranks configs/titanic.json "$titanic" "$tmp/fp$ranks" &&
		oracle "$case" titanic.py "$tmp/fp$ranks" "$titanic"
	unset RANKMILL_TEST_SPLIT_BYTES
done
