#!/usr/bin/env bash
# `make demo`: sample trips, the taxi job on all cores, a verified store.
set -euo pipefail
cd "$(dirname "$0")/../.."
mill=build/rankmill
rows=${DEMO_ROWS:-1000000}
if [ ! -e out/data/taxi/.rows-"$rows" ]; then
	echo "== generating $rows taxi trips"
	rm -rf out/data/taxi
	$mill datagen taxi --rows "$rows" --files 4 --out out/data/taxi
	touch out/data/taxi/.rows-"$rows"
fi
echo "== running configs/nyctaxi.json on $(nproc) cores"
store=$($mill run configs/nyctaxi.json --overwrite --log-level error --progress "${DEMO_PROGRESS:-auto}")
echo "== verifying"
$mill verify "$store"
echo "== the first rows of $store"
$mill head "$store"
cat <<END

Next, try:
  $mill inspect $store
  $mill query 'SELECT passenger_count, count(*), avg(fare_amount) FROM "out/data/taxi/*.csv" GROUP BY 1 ORDER BY 1'
  make demo-train
END
