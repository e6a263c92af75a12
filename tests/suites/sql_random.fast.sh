#!/usr/bin/env bash
# Random queries, answered alike by SQLite: on one rank as users run it, on three with tiny batches, buckets and rounds.
cd "$(dirname "$0")/../.." || exit 1
mill=$PWD/build/current/rankmill
python3 tests/tools/sql_random.py --command "$mill" --count 400 --name sql-random-1
RANKMILL_TEST_BATCH_ROWS=5 RANKMILL_TEST_BUCKET_BYTES=64 RANKMILL_TEST_ROUND_BYTES=4096 RANKMILL_TEST_BROADCAST_BYTES=0 \
	python3 tests/tools/sql_random.py --command "mpirun -q --oversubscribe -n 3 $mill" --count 100 --name sql-random-3
true
