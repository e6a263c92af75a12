#!/usr/bin/env bash
# Runs every query of the SQL corpus that binds and compares its rows; the few that differ by design are listed in the tool.
cd "$(dirname "$0")/../.." || exit 1
data=${RANKMILL_TEST_DATA:-}/sql
if [ ! -d "$data" ]; then
	echo "skip sql-corpus-run: no folder sql in RANKMILL_TEST_DATA"
	exit 0
fi
python3 tests/tools/sql_corpus.py --bind build/current/tests/tools/sql_bind --run build/current/rankmill "$data"
