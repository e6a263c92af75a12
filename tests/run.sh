#!/usr/bin/env bash
# Runs the suites and ends with one line "N passed, N failed, N skipped".
#
#   tests/run.sh [fast|slow|asan] [NAME…]    only the suites called so, as unit/test_store or sql
#
# A suite is a program that prints a line "ok NAME", "not ok NAME" or "skip NAME: why" for each case, and anything else.
#
# RANKMILL_TEST_DATA: a folder of third-party data that the repository does not hold (CSV, SQL and tables that other
# projects publish: csv/, sql/, tables/). Without it, or where a part of it is missing, the cases over that part are skipped;
# each says so in a line, and the last line counts them. Every other case makes its own data. Default: ../shared/data.
# SUITE_JOBS: how many suites run side by side (default 3 where they are fast, else 1); many mostly wait for ranks to start and end.
# SUITE_TIMEOUT: seconds that a suite may take.
set -uo pipefail
cd "$(dirname "$0")/.."
mode=${1:-fast}
shift $(($# > 0))
only=" $* "
export RANKMILL_TEST_DATA=${RANKMILL_TEST_DATA:-$PWD/../shared/data}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
bash tests/tools/deps.sh test || exit 1
limit_s=${SUITE_TIMEOUT:-$([ "$mode" = slow ] && echo 20000 || echo 1800)}
side_by_side=${SUITE_JOBS:-$([ "$mode" = fast ] && echo 3 || echo 1)}
make_args=()
if [ "$mode" = asan ]; then
	make_args=(OPT="-O1 -g -fno-omit-frame-pointer" SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined")
	# Open MPI keeps memory until exit; our own leaks are still found.
	export LSAN_OPTIONS="suppressions=$PWD/tests/tools/lsan.supp:print_suppressions=0"
fi
make --no-print-directory -j"$(nproc)" "${make_args[@]}" programs >build.log 2>&1 || { tail -50 build.log; rm -f build.log; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
rm -f build.log

# Suites that end ranks at moments they choose, or whose deadlines are short: these have the machine to themselves.
alone=" unit/test_store_kill comm fuse kill "
# The longest start first, so that none of them is left for the end.
long=" sql matrix store_job unit/test_csv_random "

results=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
names=()
for source in tests/unit/*.c; do names+=("unit/$(basename "$source" .c)"); done
for suite in tests/suites/*."$mode".sh; do [ -e "$suite" ] && names+=("$(basename "$suite" ."$mode".sh)"); done
if [ "$only" != "  " ]; then
	for name in $only; do [[ " ${names[*]} " == *" $name "* ]] || { echo "run.sh: there is no suite $name" >&2; exit 2; }; done
fi
shared=() lonely=() first=() later=()
for name in "${names[@]}"; do
	[[ $only == "  " || $only == *" $name "* ]] || continue
	if [[ $alone == *" $name "* ]]; then
		lonely+=("$name")
		continue
	fi
	shared+=("$name")
	if [[ $long == *" $name "* ]]; then first+=("$name"); else later+=("$name"); fi
done

# The output, exit code and seconds of a suite, as files of $results. timeout has a process group of its own.
run_suite() { # NAME
	local file=$results/${1//\//-} start=$SECONDS command=(bash "tests/suites/$1.$mode.sh")
	[[ $1 != unit/* ]] || command=("build/current/tests/$1")
	timeout -k 10 "$limit_s" "${command[@]}" >"$file.out" 2>&1 </dev/null &
	trap "kill $!" TERM
	wait $!
	echo "$? $((SECONDS - start))" >"$file.new"
	mv "$file.new" "$file.done"
}

passed=0 failed=0 skipped=0
report() { # NAME: what a suite printed, counted once
	local file=$results/${1//\//-} rc seconds p f s
	read -r rc seconds <"$file.done"
	p=$(grep -c '^ok ' "$file.out"); f=$(grep -c '^not ok ' "$file.out"); s=$(grep -c '^skip ' "$file.out")
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; echo "suite $1 exited with $rc" >>"$file.out"; fi
	if [ $((p + f + s)) -eq 0 ]; then f=1; echo "suite $1 ran no test" >>"$file.out"; fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-40s %4d passed %3d failed %3d skipped  %ds\n' "$1" "$p" "$f" "$s" "$seconds"
	grep '^skip ' "$file.out"
	if grep -q '^not ok ' "$file.out"; then # what failed and what was said just before and after
		awk '/^(ok|skip) / { said = 0; n = 0 }
			/^not ok / { for (i = said > 5 ? said - 5 : 0; i < said; i++) print line[i]; said = 0; n = 25 }
			n-- > 0 { print; next }
			!/^(ok|skip) / { line[said++] = $0 }' "$file.out" | head -n 200
	elif [ "$f" -ne 0 ]; then
		tail -n 40 "$file.out"
	fi
}
printing=("${shared[@]}" "${lonely[@]}") printed=0
report_finished() { # in the order of names, whatever ended first
	while [ $printed -lt ${#printing[@]} ] && [ -e "$results/${printing[printed]//\//-}.done" ]; do
		report "${printing[printed]}"
		printed=$((printed + 1))
	done
}
run_all() { # LIMIT NAME…: at most LIMIT at a time
	local limit=$1 name
	shift
	for name in "$@"; do
		while [ "$(jobs -rp | wc -l)" -ge "$limit" ]; do wait -n; report_finished; done
		run_suite "$name" &
	done
	while [ -n "$(jobs -rp)" ]; do wait -n; report_finished; done
	wait
	report_finished
}
run_all "$side_by_side" "${first[@]}" "${later[@]}"
run_all 1 "${lonely[@]}"
[ $printed -eq ${#printing[@]} ] || { echo "run.sh: ${printing[printed]} left no result"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
