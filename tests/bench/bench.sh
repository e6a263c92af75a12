#!/usr/bin/env bash
# `make bench`: a CSV scan, the db-benchmark group-bys and the taxi job beside DuckDB, which is fetched from PyPI for the
# benchmark alone. BENCH_ROWS sets the size; every figure is the best of BENCH_RUNS runs of a whole process.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=build/bench-venv
if [ ! -x $venv/bin/python ]; then
	python3 -m venv $venv
	$venv/bin/pip install -q duckdb
fi
exec $venv/bin/python tests/bench/bench.py "$@"
