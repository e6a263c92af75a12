#!/usr/bin/env bash
# Binds every query of the SQL corpus: each gives a plan or a refusal, none crashes.
cd "$(dirname "$0")/../.." || exit 1
data=${RANKMILL_TEST_DATA:-}/sql
if [ ! -d "$data" ]; then
	echo "skip sql-corpus-bind: no folder sql in RANKMILL_TEST_DATA"
	exit 0
fi
python3 tests/tools/sql_corpus.py --bind build/current/tests/tools/sql_bind "$data"
