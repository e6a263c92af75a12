#!/usr/bin/env bash
# The exchange over ranks in an AddressSanitizer build. Open MPI keeps memory of unloaded modules, so leaks are looked for
# on the single backend (and by the accounting allocator everywhere).
set -uo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
if build/current/tests/tools/exchange_ranks rows=20000 shape=long spill=1 scratch="$work" >"$work/log" 2>&1; then
	echo "ok exchange.single backend leaks nothing"
else
	echo "not ok exchange.single backend leaks nothing"
	cat "$work/log"
fi
rm -rf "$work"
ASAN_OPTIONS=detect_leaks=0 bash tests/suites/exchange.fast.sh
