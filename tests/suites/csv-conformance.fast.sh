#!/usr/bin/env bash
# CSV files of other projects: see csv_conformance.py.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/suites/csv_conformance.py
