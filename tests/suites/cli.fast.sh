#!/usr/bin/env bash
# Command-line tests: tests/cli/NAME.sh runs in an empty folder with `rankmill` on the PATH; NAME.out holds what it prints
# (stdout, then a line "-- stderr", stderr, a line "-- exit N"). CLI_BLESS=1 writes the expectations anew. Several run side
# by side: after an error mpirun takes a second or two to end, and sleeps.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$root/build/current/rankmill" "$work/bin/rankmill"
export PATH=$work/bin:$PATH ROOT=$root

one() { # NAME
	local name=$1 here=$work/$1 rc
	mkdir -p "$here/run"
	(cd "$here/run" && timeout -k 10 300 bash "$root/tests/cli/$name.sh" >"$here/stdout" 2>"$here/stderr" </dev/null)
	rc=$?
	{
		cat "$here/stdout"
		echo "-- stderr"
		cat "$here/stderr"
		echo "-- exit $rc"
	} | sed -e "s|$here|WORK|g" -e "s|$work|WORK|g" -e "s|$root|ROOT|g" -e 's/[0-9.]\+ s$/TIME/' >"$here/got"
	if [ "${CLI_BLESS:-0}" = 1 ]; then
		cp "$here/got" "tests/cli/$name.out"
		echo "ok cli.$name (blessed)"
	elif diff -u "tests/cli/$name.out" "$here/got" >"$here/diff"; then
		echo "ok cli.$name"
	else
		echo "not ok cli.$name"
		cat "$here/diff"
	fi
}
names=()
for script in tests/cli/*.sh; do names+=("$(basename "$script" .sh)"); done
for name in "${names[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 4 ]; do wait -n; done
	one "$name" >"$work/$name.report" 2>&1 &
done
wait
for name in "${names[@]}"; do cat "$work/$name.report"; done
