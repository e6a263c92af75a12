#!/usr/bin/env bash
# Replays the corpus of every fuzz target.
cd "$(dirname "$0")/../.." || exit 1
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	if out=$("build/current/tests/fuzz/fuzz_$name" "tests/fuzz/corpus/$name" 2>&1); then
		echo "ok fuzz-$name"
	else
		echo "$out"
		echo "not ok fuzz-$name"
	fi
done
