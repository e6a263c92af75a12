#!/usr/bin/env bash
# Random CSV text against Python's csv module: see csv_random.py.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/suites/csv_random.py
