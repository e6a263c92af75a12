#!/usr/bin/env bash
# What every job of configs/, tests/jobs and tests/golden/jobs makes, byte for byte, on 1, 2, 3 and 5 ranks and on 3 that spill;
# what check, explain and help say. tests/golden holds the expectations, a file a job: the content hash, every shard's checksum,
# fitted.json and the rest of the store, the manifest's keys. A mismatch prints a unified diff.
#
# GOLDEN_BLESS=1 bash tests/suites/golden.fast.sh writes the expectations anew, from one rank. Do that only for a change that
# users are meant to see, and say so in the commit.
set -uo pipefail
cd "$(dirname "$0")/../.."
python=/usr/bin/python3
$python -c 'import h5py, numpy, xxhash' 2>/dev/null || { echo "skip golden: python3-h5py, python3-numpy or python3-xxhash is missing"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
$python -B tests/tools/golden.py build/current/rankmill "$scratch" | tee "$scratch/log"
[ "${GOLDEN_BLESS:-0}" = 1 ] && exit 0
ran=$(grep -c '^ok \|^not ok ' "$scratch/log")
wanted=$(($(ls tests/golden/*.store.txt | wc -l) * 5 + $(ls tests/golden/*.plan.txt | wc -l) + 1))
if [ "$ran" = "$wanted" ]; then echo "ok golden.all-ran"; else echo "not ok golden.all-ran: $ran cases where $wanted were wanted"; fi
