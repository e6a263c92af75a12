#!/usr/bin/env bash
# Batches to pyarrow and back. pyarrow is not in Debian: RANKMILL_PYARROW names a python that has it.
cd "$(dirname "$0")/../.." || exit 1
python=${RANKMILL_PYARROW:-python3}
if ! "$python" -c 'import pyarrow.cffi' 2>/dev/null; then
	echo "skip arrow: pyarrow is not installed (set RANKMILL_PYARROW to a python that has it)"
	exit 0
fi
library=$(mktemp --suffix=.so)
trap 'rm -f "$library"' EXIT
gcc -std=c11 -D_GNU_SOURCE -O1 -g -shared -fPIC -ffp-contract=off -Ilib tests/tools/arrow_peer.c lib/base/*.c lib/column/*.c \
	-lcjson -lxxhash -lm -o "$library" || { echo "not ok arrow-build"; exit 1; }
"$python" tests/tools/arrow_peer.py "$library" || echo "not ok arrow"
