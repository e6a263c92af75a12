#!/usr/bin/env bash
# The docs name what exists, leave nothing out that a user can write, and their examples run: see docs.py.
cd "$(dirname "$0")/../.." || exit 1
python3 tests/tools/docs.py --run build/current/rankmill
python3 tests/tools/docs_test.py build/current/rankmill
