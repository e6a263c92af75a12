# For the kill suites: runs of the taxi job that are ended from outside, and what must hold afterwards. Sourced.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mill=$PWD/build/current/rankmill
job=$PWD/configs/nyctaxi.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir scratch
export RANKMILL_TEST_FORCE_SPILL=1 RANKMILL_TEST_BUCKET_BYTES=1000000 RANKMILL_TEST_SPLIT_BYTES=500000
out=$work/out
limit_s=60 # mpirun alone takes two, on a loaded machine many more; ranks that wait for a lost one take two minutes

prepare() { # ROWS: the input, the store as it should be, how long a run takes
	"$mill" datagen taxi --rows "$1" --files 3 --seed 7 --out data -n 1 >/dev/null || echo "not ok $suite.datagen"
	local start=$EPOCHREALTIME
	run_job 3 --out whole || { echo "not ok $suite.whole"; cat stderr; }
	run_us=$((${EPOCHREALTIME/./} - ${start/./}))
	hash=$("$mill" verify whole | sed 's/.*content hash //')
	echo "a run takes $((run_us / 1000)) ms"
}
run_job() { # RANKS MORE…
	local ranks=$1
	shift
	"$mill" run "$job" -n "$ranks" --set "raw=data/*.csv" --scratch scratch --progress none "$@" >stdout 2>stderr </dev/null
}
# Starts a run and leaves its pid in $supervisor. `launcher` is empty or starts ranks itself.
start_job() { # RANKS MORE…
	local ranks=$1
	shift
	if [ "${under_mpirun:-0}" = 1 ]; then
		mpirun --oversubscribe -n "$ranks" "$mill" run "$job" --set "raw=data/*.csv" --scratch scratch --out "$out" --progress none "$@" \
			>stdout 2>stderr </dev/null &
	else
		"$mill" run "$job" -n "$ranks" --set "raw=data/*.csv" --scratch scratch --out "$out" --progress none "$@" \
			>stdout 2>stderr </dev/null &
	fi
	supervisor=$!
	started=$EPOCHREALTIME
}
children() { cat "/proc/${1:-none}/task/${1:-none}/children" 2>/dev/null; }
mpirun_pid() { # of $supervisor
	if [ "${under_mpirun:-0}" = 1 ]; then echo "$supervisor"; else children "$supervisor"; fi
}
# Pids of the ranks, in order, once there are that many.
rank_pids() { # RANKS
	local pids end=$((SECONDS + limit_s))
	while [ $SECONDS -lt $end ]; do
		# shellcheck disable=SC2046,SC2207
		pids=($(children $(mpirun_pid)))
		[ "${#pids[@]}" -ge "$1" ] && { echo "${pids[@]}"; return; }
		kill -0 "$supervisor" 2>/dev/null || return 1
		sleep 0.01
	done
	return 1
}
wait_until_us() { # microseconds after the start
	local left=$(($1 - (${EPOCHREALTIME/./} - ${started/./})))
	[ $left -le 0 ] || sleep "$(printf '%d.%06d' $((left / 1000000)) $((left % 1000000)))"
}
wait_for_moment() { # MICROSECONDS-or-FILE
	case $1 in
	*[!0-9]*) wait_for_file "$1" ;;
	*) wait_until_us "$1" ;;
	esac
}
wait_for_file() { # PATH; ends when the run does. No sleep: some files are there for a moment only
	local end=$((SECONDS + limit_s))
	while [ ! -e "$1" ] && kill -0 "$supervisor" 2>/dev/null && [ $SECONDS -lt $end ]; do :; done
}
alive() { # PIDS…: any that still runs (a zombie does not)
	local pid state
	for pid in "$@"; do
		state=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c1)
		[ -z "$state" ] || [ "$state" = Z ] || echo "$pid"
	done
}
wait_for_end() {
	local begun=$SECONDS
	wait "$supervisor" 2>/dev/null
	ended_code=$?
	ended_after_s=$((SECONDS - begun))
}
expect_ended() { # NAME CODES: the run that ended did so with one of CODES, in time, with one message
	local name=$1 codes=$2 why= messages
	case " $codes " in *" $ended_code "*) ;; *) why="exit $ended_code where $codes was wanted" ;; esac
	[ $ended_after_s -le $limit_s ] || why="$why; it took $ended_after_s s"
	messages=$(grep -c '^rankmill: ' stderr)
	if [ $ended_code -ne 0 ] && [ $ended_code -lt 126 ] && [ "$messages" != 1 ]; then why="$why; $messages messages"; fi
	result "$name" "$why"
}
# Starts a run and does something to it at a moment. A run that was through before proves nothing, and is repeated.
end_at() { # NAME CODES RANKS MOMENT COMMAND…
	local name=$1 codes=$2 ranks=$3 moment=$4 turn
	shift 4
	for turn in 1 2 3 4 5; do
		start_job "$ranks"
		pids=$([ "$ranks" = 1 ] || rank_pids "$ranks")
		launcher=$(mpirun_pid)
		wait_for_moment "$moment"
		"$@" 2>/dev/null
		wait_for_end
		[ $ended_code -eq 0 ] && [ "$turn" -lt 5 ] || break
		rm -rf "$out"
	done
	expect_ended "$name" "$codes"
}
result() { # NAME WHY
	if [ -z "$2" ]; then
		echo "ok $suite.$1"
	else
		echo "not ok $suite.$1: $2"
		cat stderr
	fi
}
# No store, or a whole one. The old one may be gone or be whole.
expect_nothing_visible() { # NAME
	local why= found
	if [ -e "$out/manifest.json" ]; then
		found=$("$mill" verify "$out" 2>&1 | sed 's/.*content hash //')
		[ "$found" = "$hash" ] || [ "$found" = "${old_hash:-$hash}" ] || why="a store is visible that is not whole: $found"
		visible=$((visible + 1))
	fi
	result "$1.nothing visible" "$why"
}
expect_no_scratch() { # NAME
	local left
	left=$(find scratch -mindepth 1 | head -3 | tr '\n' ' ')
	result "$1" "${left:+left: $left}"
}
# The next run of the same job cleans up and makes the store.
expect_next_run() { # NAME
	local more=() found
	[ ! -e "$out/manifest.json" ] || more=(--overwrite)
	if ! run_job 2 --out "$out" "${more[@]}"; then
		result "$1.next run" "it failed"
	else
		found=$("$mill" verify "$out" | sed 's/.*content hash //')
		[ "$found" = "$hash" ] && found=
		[ ! -e "$out/.rankmill" ] || found="$found left .rankmill"
		result "$1.next run" "$found"
	fi
	expect_no_scratch "$1.no scratch after the next run"
	rm -rf "$out"
}
# kill -9 of one rank, and everything that must hold afterwards.
kill_rank_at() { # NAME RANKS RANK MOMENT MORE…
	local name=$1 ranks=$2 rank=$3 moment=$4 pids
	shift 4
	start_job "$ranks" "$@"
	pids=$(rank_pids "$ranks")
	wait_for_moment "$moment"
	# shellcheck disable=SC2086
	set -- $pids
	shift "$rank"
	kill -9 "$1" 2>/dev/null
	wait_for_end
	expect_ended "$name" "1 0"
	[ $ended_code = 0 ] || killed=$((killed + 1))
	expect_nothing_visible "$name"
	expect_no_scratch "$name.no scratch"
	expect_next_run "$name"
}
killed=0
visible=0
ended_code=0
ended_after_s=0
