#!/usr/bin/env bash
# The unit tests under valgrind: no invalid read or write, nothing uninitialised decides, nothing is lost. What they assert
# is for the native run: valgrind rounds an int64 to float32 twice. Findings in code without a name are PCRE2's own machine
# code, made at run time, which reads ahead of the text on purpose.
set -uo pipefail
cd "$(dirname "$0")/../.."
if ! command -v valgrind >/dev/null; then
	echo "skip valgrind: valgrind is not installed"
	exit 0
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
one() { # PROGRAM
	local name=${1##*/} code found
	timeout 3000 valgrind -q --leak-check=full --show-leak-kinds=definite,indirect --child-silent-after-fork=yes "$1" \
		>"$logs/$name" 2>&1 </dev/null
	code=$?
	found=$(grep -cE '^==[0-9]+== +at 0x[0-9A-F]+: [^?]' "$logs/$name")
	if [ $code -le 1 ] && [ "$found" = 0 ] && grep -q '^ok ' "$logs/$name"; then
		echo "ok valgrind.$name"
	else
		echo "not ok valgrind.$name: exit $code, $found findings"
		grep -v '^ok ' "$logs/$name" | head -60
	fi
}
export -f one
export logs
printf '%s\n' build/current/tests/unit/test_* | grep -v '\.[od]$' | xargs -P "$(nproc)" -I{} bash -c 'one {}'
