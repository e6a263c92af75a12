#!/usr/bin/env bash
# kill -9 and signals at a few moments of a short run. kill.slow.sh does more of it.
suite=kill
source "$(dirname "$0")/../tools/kill.sh"
prepare 100000

# kill -9 of a rank: early, in the middle, in the commit.
kill_rank_at early 3 1 150000
kill_rank_at middle 2 0 $((run_us / 2))
kill_rank_at late 3 2 $((run_us * 3 / 4))
kill_rank_at commit 2 0 "$out/fitted.json"
cp -r whole "$out"
kill_rank_at overwrite 2 0 "$out/.rankmill/manifest.json" --overwrite

# mpirun, then the supervisor: no rank outlives them.
for victim in mpirun supervisor; do
	start_job 2
	pids=$(rank_pids 2)
	launcher=$(mpirun_pid)
	wait_until_us $((run_us / 2))
	if [ $victim = mpirun ]; then kill -9 "$launcher"; else kill -9 "$supervisor"; fi
	expect_ended "$victim" "$([ $victim = mpirun ] && echo 1 || echo 137)" 2>/dev/null
	# shellcheck disable=SC2086
	for _ in $(seq 100); do [ -z "$(alive $pids $launcher)" ] && break; sleep 0.1; done
	# shellcheck disable=SC2086
	left=$(alive $pids $launcher)
	result "$victim.ranks are gone" "${left:+still there: $left}"
	expect_nothing_visible "$victim"
	[ $victim = supervisor ] || expect_no_scratch "$victim.no scratch"
	expect_next_run "$victim"
done

# A stop that was asked for: 75, with everything cleaned up by the ranks themselves.
stop_at() { # NAME SIGNAL RANKS MOMENT
	start_job "$3"
	wait_for_moment "$4"
	kill "-$2" "$supervisor"
	expect_ended "$1" 75
	result "$1.nothing left" "$(ls -A "$out" 2>/dev/null)"
	expect_no_scratch "$1.no scratch"
}
stop_at term TERM 2 "$out/.rankmill/run.json"
stop_at int INT 3 $((run_us / 3))
stop_at one_rank.term TERM 1 "$out/.rankmill/run.json"
stop_at one_rank.int INT 1 "$out/.rankmill/run.json"
under_mpirun=1 stop_at under_mpirun.usr1 USR1 2 "$out/.rankmill/run.json"
