#!/usr/bin/env bash
# SQL written as text: on one rank as users run it, and on 2, 3 and 5 ranks with tiny batches, buckets and splits. The rank
# counts go side by side, since much of the time is mpirun's start and end.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
all_files() { # NAME COMMAND
	local file got rc
	for file in tests/sql/*.test; do
		got=$(/usr/bin/python3 tests/tools/sqltest.py --command "$2" "$file")
		rc=$?
		sed "s/^\(ok\|not ok\) /\1 $1./" <<<"$got"
		[ $rc -eq 0 ] || grep -q '^not ok ' <<<"$got" || echo "not ok $1.$(basename "$file"): sqltest.py exited with $rc"
	done
}
all_files 1rank "$mill" >"$work/1" 2>&1 &
for ranks in 2 3 5; do
	RANKMILL_TEST_BATCH_ROWS=7 RANKMILL_TEST_BUCKET_BYTES=64 RANKMILL_TEST_SPLIT_BYTES=64 RANKMILL_TEST_ROUND_BYTES=4096 \
		RANKMILL_TEST_BROADCAST_BYTES=$((ranks == 3 ? 0 : 1000000)) \
		all_files "${ranks}ranks" "mpirun -q --oversubscribe -n $ranks $mill" >"$work/$ranks" 2>&1 &
done
wait
cat "$work"/[1235]
