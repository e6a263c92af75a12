#!/usr/bin/env bash
# SQL written as text: on one rank as users run it, then on 2, 3 and 5 ranks with tiny batches, buckets and splits.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
python=/usr/bin/python3
for file in tests/sql/*.test; do
	[ -e "$file" ] || continue
	name=$(basename "$file" .test)
	$python tests/tools/sqltest.py --command "$mill" "$file" | sed "s/^\(ok\|not ok\) /\1 1rank./"
	for ranks in 2 3 5; do
		RANKMILL_TEST_BATCH_ROWS=7 RANKMILL_TEST_BUCKET_BYTES=64 RANKMILL_TEST_SPLIT_BYTES=64 RANKMILL_TEST_ROUND_BYTES=4096 \
			RANKMILL_TEST_BROADCAST_BYTES=$((ranks == 3 ? 0 : 1000000)) \
			$python tests/tools/sqltest.py --command "mpirun -q --oversubscribe -n $ranks $mill" "$file" |
			sed "s/^\(ok\|not ok\) /\1 ${ranks}ranks./"
	done
done
true
