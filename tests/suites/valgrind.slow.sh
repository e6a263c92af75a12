#!/usr/bin/env bash
# The unit tests under valgrind: no invalid read or write, nothing uninitialised decides, nothing is lost. What they assert
# is for the native run: valgrind rounds an int64 to float32 twice. PCRE2's machine code, made at run time, reads ahead of the
# text on purpose: findings in code without a name are its own, and where patterns are one among many functions they are
# interpreted instead, since what it touched counts as uninitialised later.
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
	[ "$name" != test_expr_batch ] || export RANKMILL_SIMD=portable
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
