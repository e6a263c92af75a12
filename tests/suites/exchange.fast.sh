#!/usr/bin/env bash
# One exchange over 1, 2, 3 and 5 ranks: the same rows come out of the same buckets whatever the ranks, rounds and spilling
# were; failures, signals and losses end on every rank alike. The driver checks each row's bucket and the content itself.
set -uo pipefail
cd "$(dirname "$0")/../.."
tool=build/current/tests/tools/exchange_ranks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # ranks arguments…: mpirun into $work/out and $work/err
	local ranks=$1
	shift
	timeout -k 10 300 mpirun --oversubscribe -n "$ranks" "$tool" "$@" >"$work/out" 2>"$work/err"
}

# Each group of arguments is a case. At every rank count rank 0 must print the lines of the single backend.
same() { # arguments of exchange_ranks…
	local ranks name
	if ! "$tool" "$@" >"$work/expected" 2>"$work/err"; then
		echo "not ok exchange on the single backend"
		cat "$work/expected" "$work/err"
		return
	fi
	for ranks in 1 2 3 5; do
		run "$ranks" "$@"
		local code=$?
		while IFS=: read -r name _; do
			if grep -qxF "$(grep "^$name: " "$work/expected")" "$work/out"; then
				echo "ok exchange.$name at $ranks ranks"
			else
				echo "not ok exchange.$name at $ranks ranks"
				grep "^$name: " "$work/expected" "$work/out"
			fi
		done <"$work/expected"
		[ $code -eq 0 ] || { echo "not ok exchange at $ranks ranks: exit $code"; cat "$work/out" "$work/err"; }
	done
}

# Every rank ends with this status and message, and mpirun with this code, sooner than ranks that wait for a lost one (two
# minutes, until then nothing bounds a loaded machine).
fails() { # name ranks code pattern arguments…
	local name=$1 ranks=$2 code=$3 pattern=$4 got start=$SECONDS
	shift 4
	run "$ranks" "$@"
	got=$?
	if [ $got -eq "$code" ] && [ "$(grep -c "$pattern" "$work/out")" -eq "$ranks" ] && [ $((SECONDS - start)) -lt 100 ]; then
		echo "ok exchange.$name at $ranks ranks"
	else
		echo "not ok exchange.$name at $ranks ranks: exit $got after $((SECONDS - start)) s"
		cat "$work/out" "$work/err"
	fi
}

same name=empty rows=0 \
	-- name=one_row rows=1 kind=u64 \
	-- name=nulls rows=3000 shape=nulls \
	-- name=skewed rows=20000 shape=one_key \
	-- name=skewed_range rows=20000 shape=one_key kind=range \
	-- name=mixed rows=40000 batch=3333 \
	-- name=long_text rows=3000 shape=long buckets=4 \
	-- name=range rows=20000 kind=range buckets=64 \
	-- name=to_one_from_last rows=20000 kind=one deal=last \
	-- name=empty_ranks rows=20000 kind=u64 deal=first \
	-- name=many_buckets rows=20000 buckets=4096 \
	-- name=fewer_buckets_than_ranks rows=5000 buckets=2 \
	-- name=tiny_batches rows=2000 batch_rows=7 \
	-- name=tiny_rounds rows=5000 batch=100 round_bytes=3000 \
	-- name=uneven_pace rows=20000 batch=500 slow=0 round_bytes=100000 \
	-- name=forced_spill rows=20000 spill=1 scratch="$work/scratch" \
	-- name=under_pressure rows=200000 batch=1000 budget=6000000 scratch="$work/scratch"
spilled=$(grep -o 'under_pressure: rounds.*' "$work/err" | sed 's/.*spilled \([0-9]*\) buckets.*/\1/')
if [ "${spilled:-0}" -ge 3 ]; then
	echo "ok exchange.pressure spilled at least 3 buckets"
else
	echo "not ok exchange.pressure spilled ${spilled:-no} buckets"
	cat "$work/err"
fi
if [ -d "$work/scratch" ] && [ -z "$(ls -A "$work/scratch")" ]; then
	echo "ok exchange.scratch is empty afterwards"
else
	echo "not ok exchange.scratch is empty afterwards"
	find "$work/scratch"
fi
same name=small_messages chunk=1000 rows=5000 round_bytes=50000

export RANKMILL_TEST_ROUND_BYTES=50000
for ranks in 2 3 5; do
	last=$((ranks - 1))
	fails failing_rank "$ranks" 3 "DATA: x.csv: line 3000: too bad" rows=50000 batch=100 fail=$last at=3000
	fails stop_signal "$ranks" 75 "INTERRUPTED: interrupted by" rows=50000 batch=100 stop=$last at=3000 slow=0
	fails lost_frame "$ranks" 1 "INTERNAL: exchange by key: its ledger does not balance" rows=20000 lose=0
done
fails failing_at_once 3 3 "DATA: x.csv: line 0: too bad" rows=50000 fail=1 at=0
fails no_memory 3 1 "NOMEM: rank [0-2] of 3: exchange by key: " rows=60000 batch=1000 budget=2500000
fails no_scratch 3 1 "IO: rank [0-2] of 3: .*/proc/nowhere" rows=20000 spill=1 scratch=/proc/nowhere

# kill -9 of a rank: mpirun ends the others, in seconds.
start=$SECONDS
run 3 rows=200000 batch=100 die=1 at=3000 slow=0
code=$?
if [ $code -eq 137 ] && [ $((SECONDS - start)) -lt 100 ] && [ ! -s "$work/out" ]; then
	echo "ok exchange.killed rank ends all"
else
	echo "not ok exchange.killed rank ends all: exit $code after $((SECONDS - start)) s"
	cat "$work/out" "$work/err"
fi
