#!/usr/bin/env bash
# The unit tests built by clang, where every warning is an error. The build of gcc stays the current one.
set -uo pipefail
cd "$(dirname "$0")/../.."
if ! command -v clang >/dev/null; then
	echo "skip clang: clang is not installed"
	exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2054 # a comma of the compiler's
build=(make --no-print-directory CC=clang EXTRA_CFLAGS=-Werror)
if ! "${build[@]}" -j"$(nproc)" units >"$log" 2>&1; then
	echo "not ok clang.builds"
	grep -A5 'error:' "$log" | head -60
	exit 1
fi
echo "ok clang.builds"
folder=$("${build[@]}" list | sed -n 's/^build folder: //p')
for source in tests/unit/*.c; do
	name=$(basename "$source" .c)
	"$folder/tests/unit/$name" >"$log" 2>&1
	code=$?
	grep -E '^(not )?ok ' "$log" | sed 's/ok /ok clang./'
	if [ $code -ne 0 ]; then
		echo "not ok clang.$name: exit $code"
		grep -v '^ok ' "$log" | tail -20
	fi
done
