#!/usr/bin/env bash
# Stores that jobs make, cell by cell, against Python's own computation.
cd "$(dirname "$0")/../.." || exit 1
python=/usr/bin/python3
$python -c 'import h5py, numpy, xxhash' 2>/dev/null || { echo "skip store_job: python3-h5py, python3-numpy or python3-xxhash is missing"; exit 0; }
exec $python -B tests/suites/store_job.py build/current/rankmill
