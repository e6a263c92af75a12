#!/usr/bin/env bash
# 300 MB at 48 MiB a rank.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
mill=$PWD/build/current/rankmill
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/scratch"
python3 tests/tools/memory.py "$mill" "$work" 6000000 48 1 2 3 5
