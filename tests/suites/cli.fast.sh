#!/usr/bin/env bash
# Command-line tests: tests/cli/NAME.sh runs in an empty folder with `rankmill` on the PATH; NAME.out holds what it prints
# (stdout, then a line "-- stderr", stderr, a line "-- exit N"). CLI_BLESS=1 writes the expectations anew.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$root/build/current/rankmill" "$work/bin/rankmill"
export PATH=$work/bin:$PATH ROOT=$root
for script in tests/cli/*.sh; do
	[ -e "$script" ] || continue
	name=$(basename "$script" .sh)
	rm -rf "$work/run"
	mkdir "$work/run"
	(cd "$work/run" && timeout -k 10 300 bash "$root/$script" >"$work/stdout" 2>"$work/stderr" </dev/null)
	rc=$?
	{
		cat "$work/stdout"
		echo "-- stderr"
		cat "$work/stderr"
		echo "-- exit $rc"
	} | sed -e "s|$work|WORK|g" -e "s|$root|ROOT|g" -e 's/[0-9.]\+ s$/TIME/' >"$work/got"
	if [ "${CLI_BLESS:-0}" = 1 ]; then
		cp "$work/got" "tests/cli/$name.out"
		echo "ok cli.$name (blessed)"
	elif diff -u "tests/cli/$name.out" "$work/got" >"$work/diff"; then
		echo "ok cli.$name"
	else
		echo "not ok cli.$name"
		cat "$work/diff"
	fi
done
