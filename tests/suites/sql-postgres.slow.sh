#!/usr/bin/env bash
# Random queries over every type, answered alike by PostgreSQL: on one rank as users run it, then on 2, 3 and 5 ranks
# with tiny batches, buckets, splits and rounds, with and without broadcast joins and spilling.
cd "$(dirname "$0")/../.." || exit 1
mill=$PWD/build/current/rankmill
python3 tests/tools/sql_postgres.py --command "$mill" --count 1500 --name sql-postgres-1
for ranks in 2 3 5; do
	RANKMILL_TEST_BATCH_ROWS=$((2 * ranks + 1)) RANKMILL_TEST_BUCKET_BYTES=64 RANKMILL_TEST_SPLIT_BYTES=64 \
		RANKMILL_TEST_ROUND_BYTES=4096 RANKMILL_TEST_BROADCAST_BYTES=$((ranks == 3 ? 0 : 100000)) \
		RANKMILL_TEST_FORCE_SPILL=$((ranks == 5)) \
		python3 tests/tools/sql_postgres.py --command "mpirun -q --oversubscribe -n $ranks $mill" --count 200 --name "sql-postgres-$ranks"
done
true
