#!/usr/bin/env bash
# libFuzzer under ASan and UBSan on every tests/fuzz/fuzz_*.c. FUZZ_SECONDS (1800) are shared by the targets, which run
# one a core; FUZZ_TARGETS="json csv" picks some. New inputs gather in build/fuzz/TARGET; a crash leaves its input in
# build/fuzz/crash-TARGET-*, to be added to tests/fuzz/corpus/TARGET once it is mended.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash tests/tools/deps.sh test
seconds=${FUZZ_SECONDS:-1800}
targets=${FUZZ_TARGETS:-$(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c; done | sed 's/^fuzz_//')}
read -ra targets <<<"$(echo $targets)"
cores=$(nproc)
make_args=(CC=clang OPT="-O1 -g -fno-omit-frame-pointer"
           SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined")
folder=$(make -s "${make_args[@]}" list | sed -n 's/^build folder: //p')
objects=("${targets[@]/#/$folder/tests/fuzz/fuzz_}")
make --no-print-directory -j"$cores" "${make_args[@]}" "$folder/librankmill.a" "${objects[@]/%/.o}" >&2
read -ra libs <<<"$(make -s "${make_args[@]}" libs)"
waves=$(((${#targets[@]} + cores - 1) / cores))
each=$((seconds / waves))
[ "$each" -gt 0 ] || each=1
export LSAN_OPTIONS="suppressions=$PWD/tests/tools/lsan.supp:print_suppressions=0"
run_target() {
	local target=$1 dictionary=()
	clang -g -fsanitize=fuzzer,address,undefined "$folder/tests/fuzz/fuzz_$target.o" "$folder/librankmill.a" \
		"${libs[@]}" -o "$folder/tests/fuzz/libfuzzer_$target"
	mkdir -p "build/fuzz/$target" "tests/fuzz/corpus/$target"
	[ -e "tests/fuzz/$target.dict" ] && dictionary=("-dict=tests/fuzz/$target.dict")
	if "$folder/tests/fuzz/libfuzzer_$target" "build/fuzz/$target" "tests/fuzz/corpus/$target" "${dictionary[@]}" \
		-max_total_time="$each" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/crash-$target-" >"build/fuzz/$target.log" 2>&1; then
		echo "ok fuzz.$target $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log") inputs in ${each}s"
	else
		tail -40 "build/fuzz/$target.log"
		echo "not ok fuzz.$target: see build/fuzz/$target.log"
		return 1
	fi
}
failed=0
for ((at = 0; at < ${#targets[@]}; at += cores)); do
	jobs=()
	for target in "${targets[@]:at:cores}"; do
		run_target "$target" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || failed=1
	done
done
exit $failed
