#!/usr/bin/env bash
# libFuzzer on every tests/fuzz/fuzz_NAME.c under ASan and UBSan, FUZZ_SECONDS (1800) shared among them; FUZZ_TARGETS="a b"
# picks some. Seeds come from tests/fuzz/corpus/NAME, new inputs and crashes go to build/fuzz/NAME.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash tests/tools/deps.sh test
targets=${FUZZ_TARGETS:-$(cd tests/fuzz && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')}
# shellcheck disable=SC2086
count=$(set -- $targets; echo $#)
seconds=$((${FUZZ_SECONDS:-1800} / count))
flags=(CC=clang OPT="-O1 -g -fno-omit-frame-pointer"
       SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined")
folder=$(make -s "${flags[@]}" list | sed -n 's/^build folder: //p')
make -s -j"$(nproc)" "${flags[@]}" "$folder/librankmill.a"
libs=$(make -s "${flags[@]}" libs)
for name in $targets; do
	make -s "${flags[@]}" "$folder/tests/fuzz/fuzz_$name.o"
	# shellcheck disable=SC2086
	clang -g -fsanitize=address,undefined,fuzzer "$folder/tests/fuzz/fuzz_$name.o" "$folder/librankmill.a" $libs \
		-o "$folder/tests/fuzz/libfuzzer_$name"
	mkdir -p "build/fuzz/$name"
	echo "fuzz $name: $seconds s"
	"$folder/tests/fuzz/libfuzzer_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name/crash-" "build/fuzz/$name" "tests/fuzz/corpus/$name" 2>&1 |
		{ grep -vE '^(#[0-9]+\s+(REDUCE|NEW)|INFO|	NEW_FUNC|NEW_FUNC)' || true; }
	echo "ok fuzz $name"
done
