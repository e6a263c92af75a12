#!/usr/bin/env bash
# Runs the suites and ends with one line "N passed, N failed, N skipped". Modes: fast, slow, asan.
set -uo pipefail
cd "$(dirname "$0")/.."
mode=${1:-fast}
export RANKMILL_TEST_DATA=${RANKMILL_TEST_DATA:-$PWD/../shared/data}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
bash tests/tools/deps.sh test || exit 1
jobs=$(nproc)
limit_s=${SUITE_TIMEOUT:-$([ "$mode" = slow ] && echo 20000 || echo 1800)}
make_args=()
if [ "$mode" = asan ]; then
	make_args=(OPT="-O1 -g -fno-omit-frame-pointer" SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined")
	# Open MPI keeps memory until exit; our own leaks are still found.
	export LSAN_OPTIONS="suppressions=$PWD/tests/tools/lsan.supp:print_suppressions=0"
fi
make --no-print-directory -j"$jobs" "${make_args[@]}" programs >build.log 2>&1 || { tail -50 build.log; rm -f build.log; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
rm -f build.log
passed=0 failed=0 skipped=0
# A suite is an executable that prints "ok NAME", "not ok NAME" or "skip NAME: why" a case, and anything else.
run_suite() {
	local name=$1 out
	shift
	out=$(mktemp)
	local start=$SECONDS
	timeout -k 10 "$limit_s" "$@" >"$out" 2>&1 </dev/null
	local rc=$? p f s
	p=$(grep -c '^ok ' "$out"); f=$(grep -c '^not ok ' "$out"); s=$(grep -c '^skip ' "$out")
	if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; echo "suite $name exited with $rc" >>"$out"; fi
	if [ $((p + f + s)) -eq 0 ]; then f=1; echo "suite $name ran no test" >>"$out"; fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-40s %4d passed %3d failed %3d skipped  %ds\n' "$name" "$p" "$f" "$s" $((SECONDS - start))
	grep '^skip ' "$out"
	if grep -q '^not ok ' "$out"; then # what failed and what it said, wherever in the output that is
		awk '/^not ok /{ n = 25 } /^(ok|skip) /{ n = 0 } n-- > 0' "$out" | head -n 200
	elif [ "$f" -ne 0 ]; then
		tail -n 40 "$out"
	fi
	rm -f "$out"
}
for source in tests/unit/*.c; do
	[ -e "$source" ] || continue
	name=$(basename "$source" .c)
	run_suite "unit/$name" "build/current/tests/unit/$name"
done
for suite in tests/suites/*."$mode".sh; do
	[ -e "$suite" ] || continue
	run_suite "$(basename "$suite" ."$mode".sh)" bash "$suite"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
