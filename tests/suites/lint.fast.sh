#!/usr/bin/env bash
# The tree passes lint, and lint finds what it is there to find.
cd "$(dirname "$0")/../.." || exit 1
if out=$(bash tests/tools/lint.sh 2>&1); then echo "ok lint.tree"; else echo "$out"; echo "not ok lint.tree"; fi
python3 tests/tools/lint_test.py
