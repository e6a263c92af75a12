#!/usr/bin/env bash
# kill -9 of one rank at 20 seeded moments, spread over a run of some seconds and over its commit.
suite=kill-slow
source "$(dirname "$0")/../tools/kill.sh"
prepare 600000
RANDOM=${KILL_SEED:-11}
echo "seed ${KILL_SEED:-11}"
for i in $(seq 14); do
	ranks=$((2 + RANDOM % 2))
	kill_rank_at "moment $i" $ranks $((RANDOM % ranks)) $((run_us * (i - 1) / 14 + RANDOM % (run_us / 14)))
done
# In the commit: while views are written, before the manifest is moved, and while an old store is replaced.
for i in 1 2; do
	kill_rank_at "commit $i fitted" 2 $((i - 1)) "$out/fitted.json"
	cp -r whole "$out"
	kill_rank_at "commit $i manifest" 3 $((i - 1)) "$out/.rankmill/manifest.json" --overwrite
	cp -r whole "$out"
	kill_rank_at "commit $i new" 2 $((i - 1)) "$out/.rankmill/new/fitted.json" --overwrite
done
echo "$killed of 20 runs were killed in time, $visible left a whole store"
[ $killed -ge 12 ] && result "most kills came in time" "" || result "most kills came in time" "only $killed of 20"
