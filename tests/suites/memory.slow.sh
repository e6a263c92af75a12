#!/usr/bin/env bash
# 300 MB at 48 MiB per rank.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/tools/memory.py build/current/rankmill 6000000 48 1 2 3 5
