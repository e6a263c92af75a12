#!/usr/bin/env bash
# The collectives of comm/ over MPI at several rank counts, with small messages, and with a rank that never comes.
set -uo pipefail
cd "$(dirname "$0")/../.."
tool=build/current/tests/tools/comm_ranks
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for ranks in 1 2 3 5; do
	for chunk in 0 1000; do
		if timeout -k 10 300 mpirun --oversubscribe -n "$ranks" "$tool" all "$chunk" >"$log" 2>&1; then
			grep '^ok ' "$log"
		else
			echo "not ok comm at $ranks ranks, chunk $chunk"
			cat "$log"
		fi
	done
done

# Debug builds tell ranks that call different collectives, where others would wait for the deadline.
debug=$(mktemp)
if mpicc -std=c11 -D_GNU_SOURCE -DMILL_DEBUG -O1 -Ilib lib/base/*.c lib/comm/*.c tests/tools/comm_ranks.c -o "$debug" \
	-lcjson -lxxhash -lm >"$log" 2>&1 && timeout -k 10 300 mpirun --oversubscribe -n 3 "$debug" all >"$log" 2>&1; then
	echo "ok comm.debug builds check the order of collectives"
else
	echo "not ok comm.debug builds check the order of collectives"
	cat "$log"
fi
rm -f "$debug"

# The stuck rank sleeps for good: what ends this is the others' deadline of a second.
timeout -k 10 100 mpirun --oversubscribe -n 3 "$tool" stuck >"$log" 2>&1
code=$?
if [ $code -eq 1 ] && grep -q '^LOST_RANK: rank [01] of 3 waited [0-9]* s in' "$log"; then
	echo "ok comm.stuck rank ends the others by the deadline"
else
	echo "not ok comm.stuck rank ends the others by the deadline: exit $code"
	cat "$log"
fi

# The ranks that work do so three times longer than the deadline, so without signs of life this always fails. A machine
# that stops everything for a whole deadline makes it fail too: that is no proof, and is tried again.
for turn in 1 2 3; do
	timeout -k 10 100 mpirun --oversubscribe -n 5 "$tool" busy >"$log" 2>&1
	code=$?
	[ $code -ne 0 ] || break
	echo "turn $turn: exit $code"
done
if [ $code -eq 0 ]; then
	echo "ok comm.busy ranks are waited for beyond the deadline"
else
	echo "not ok comm.busy ranks are waited for beyond the deadline"
	cat "$log"
fi

# srun without PMIx: every task believes that it is alone. Each refuses, and the first one says why.
mill=build/current/rankmill
for variables in SLURM_PROCID=0 "PMI_RANK=0 SLURM_PROCID=0" "PMI_RANK=1 SLURM_PROCID=1"; do
	# shellcheck disable=SC2086
	env SLURM_STEP_NUM_TASKS=4 $variables "$mill" query 'SELECT 1 AS a' >"$log" 2>&1
	code=$?
	case $variables in PMI_RANK=1*) lines=0 ;; *) lines=1 ;; esac
	if [ $code -eq 2 ] && [ "$(wc -l <"$log")" -eq $lines ] && [ "$(grep -c '^rankmill: srun started 4 tasks .*srun --mpi=pmix' "$log")" -eq $lines ]; then
		echo "ok comm.srun without PMIx is refused ($variables)"
	else
		echo "not ok comm.srun without PMIx is refused ($variables): exit $code"
		cat "$log"
	fi
done
