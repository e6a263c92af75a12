#!/usr/bin/env bash
# The unit tests under valgrind: no invalid read or write, nothing uninitialised decides, nothing is lost.
set -uo pipefail
cd "$(dirname "$0")/../.."
if ! command -v valgrind >/dev/null; then
	echo "skip valgrind: valgrind is not installed"
	exit 0
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
one() { # PROGRAM
	local name=${1##*/} code
	timeout 3000 valgrind -q --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
		--error-exitcode=99 --child-silent-after-fork=yes "$1" >"$logs/$name" 2>&1 </dev/null
	code=$?
	if [ $code -eq 0 ]; then
		echo "ok valgrind.$name"
	else
		echo "not ok valgrind.$name: exit $code"
		grep -v '^ok ' "$logs/$name" | head -60
	fi
}
export -f one
export logs
printf '%s\n' build/current/tests/unit/test_* | grep -v '\.[od]$' | xargs -P "$(nproc)" -I{} bash -c 'one {}'
