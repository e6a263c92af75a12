#!/usr/bin/env bash
# Thousands of small files, opened by 1, 2, 3 and 5 ranks: see many_files.py.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/suites/many_files.py
