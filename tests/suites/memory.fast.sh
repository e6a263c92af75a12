#!/usr/bin/env bash
# Queries over data that is larger than memory, at 16 MiB per rank. memory.slow.sh does it at scale.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/tools/memory.py --refused build/current/rankmill 400000 16 1 3
