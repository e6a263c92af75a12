#!/usr/bin/env bash
# CSV sources as SQL and jobs see them, over ranks, batches and splits: see csv_scan.py.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/suites/csv_scan.py
