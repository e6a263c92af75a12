#!/usr/bin/env bash
# Exchanges with random shapes, paces, budgets and failures over 2 to 6 ranks: each must end with the expected code, within
# seconds. RANKMILL_TEST_SEED repeats a run, RANKMILL_TEST_TURNS sets how many.
set -uo pipefail
cd "$(dirname "$0")/../.."
tool=build/current/tests/tools/exchange_ranks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seed=${RANKMILL_TEST_SEED:-$((SECONDS + $$))}
turns=${RANKMILL_TEST_TURNS:-100}
echo "exchange: RANKMILL_TEST_SEED=$seed"
RANDOM=$seed
pick() { # one of the arguments
	local all=("$@")
	echo "${all[RANDOM % $#]}"
}
passed=0
for ((turn = 0; turn < turns; turn++)); do
	ranks=$((2 + RANDOM % 5))
	arguments=(rows=$((RANDOM % 30000)) batch=$(pick 1000 100 37 8192) kind=$(pick hash u64 range one) buckets=$(pick 1 4 64 1024)
		shape=$(pick mixed nulls one_key long) deal=$(pick even even first last) round_bytes=$(pick 1000 50000 1000000)
		slow=$((RANDOM % 8)) spill=$((RANDOM % 4 == 0)) scratch="$work/scratch" chunk=$(pick 0 777 65536) timeout_ms=60000)
	expected=0
	fate=$((RANDOM % 5)) rank=$((RANDOM % ranks))
	# A rank without rows never reaches its fate: both ends are right then.
	case $fate in
	1) arguments+=(fail=$rank at=$((RANDOM % 3000))) expected=3 ;;
	2) arguments+=(lose=$rank) expected=1 ;;
	3) arguments+=(stop=$rank at=$((RANDOM % 3000))) expected=75 ;;
	4) arguments+=(starve=$rank at=$((1 + RANDOM % 400))) expected=1 ;;
	esac
	timeout -k 10 100 mpirun --oversubscribe -n "$ranks" "$tool" "${arguments[@]}" >"$work/out" 2>"$work/err"
	code=$?
	messages=$(sed -n 's/^rank [0-9]*: //p' "$work/out" | sort | uniq -c | awk '{print $1}')
	if [ $code -eq $expected ] && { [ $code -eq 0 ] || [ "$messages" = "$ranks" ]; }; then
		passed=$((passed + 1))
	elif [ $code -eq 0 ] && [ $fate -ne 0 ] && grep -q '^exchange: rows' "$work/out"; then
		passed=$((passed + 1))
	else
		echo "not ok exchange.random turn $turn: exit $code, expected $expected: -n $ranks ${arguments[*]}"
		cat "$work/out" "$work/err"
	fi
done
[ $passed -eq "$turns" ] && echo "ok exchange.random $turns turns"
[ -z "$(ls -A "$work/scratch" 2>/dev/null)" ] && echo "ok exchange.random leaves no scratch" || { echo "not ok exchange.random leaves scratch"; find "$work/scratch"; }
