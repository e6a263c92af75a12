#!/usr/bin/env bash
# kill -9 and signals at a few moments of a short run. kill.slow.sh does more of it.
suite=kill
source "$(dirname "$0")/../tools/kill.sh"
prepare 100000

# A stand-in for an mpirun that hangs once its rank has ended, as the real one sometimes does. Meanwhile the others go on.
mkdir bin
cat >bin/mpirun <<'END'
#!/usr/bin/env python3
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    time.sleep(1)
    os._exit(0)
time.sleep(1000)
END
chmod +x bin/mpirun
(
	start=$SECONDS
	PATH=$work/bin:$PATH "$mill" query -n 2 'SELECT 1 AS a' >hung.out 2>hung.err
	echo "$? $((SECONDS - start)) $(grep -c '^rankmill: a rank was lost' hung.err)" >hung
) &
hung=$!

# kill -9 of a rank: early, in the middle, in the commit.
kill_rank_at early 3 1 150000
kill_rank_at middle 2 0 $((run_us / 2))
kill_rank_at late 3 2 $((run_us * 3 / 4))
kill_rank_at commit 2 0 "$out/fitted.json"
cp -r whole "$out"
kill_rank_at overwrite 2 0 "$out/.rankmill/manifest.json" --overwrite

# mpirun, then the supervisor: no rank outlives them.
running=$out/.rankmill/run.json # from the begin of a run to its end
kill_launcher() { kill -9 "$launcher"; }
kill_supervisor() { kill -9 "$supervisor"; }
for victim in launcher supervisor; do
	end_at "$victim" "$([ $victim = launcher ] && echo 1 || echo 137)" 2 "$running" kill_$victim
	for _ in $(seq 600); do
		# shellcheck disable=SC2086
		left=$(alive $pids $launcher)
		[ -n "$left" ] || break
		sleep 0.1
	done
	result "$victim.ranks are gone" "${left:+still there: $left}"
	expect_nothing_visible "$victim"
	[ $victim = supervisor ] || expect_no_scratch "$victim.no scratch"
	expect_next_run "$victim"
done

# A stop that was asked for: 75, with everything cleaned up by the ranks themselves.
stop_with() { kill "-$1" "$supervisor"; }
stop_at() { # NAME SIGNAL RANKS MOMENT
	end_at "$1" 75 "$3" "$4" stop_with "$2"
	result "$1.nothing left" "$(ls -A "$out" 2>/dev/null)"
	expect_no_scratch "$1.no scratch"
}
stop_at term TERM 2 "$running"
stop_at int INT 3 "$running"
stop_at hangup HUP 2 "$running"
stop_at one_rank.term TERM 1 "$running"
stop_at one_rank.int INT 1 "$running"
under_mpirun=1 stop_at under_mpirun.usr1 USR1 2 "$running"

wait $hung
read -r code seconds messages <hung
if [ "$code" = 1 ] && [ "$messages" = 1 ] && [ "$seconds" -le $limit_s ]; then
	echo "ok kill.hung mpirun is ended"
else
	echo "not ok kill.hung mpirun is ended: exit $code after $seconds s, $messages messages"
	cat hung.err
fi
