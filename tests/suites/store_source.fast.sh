#!/usr/bin/env bash
# Stores read as sources, cell by cell against h5py, on 1, 2, 3 and 5 ranks.
cd "$(dirname "$0")/../.." || exit 1
python=/usr/bin/python3
$python -c 'import h5py, numpy' 2>/dev/null || { echo "skip store_source: python3-h5py or python3-numpy is missing"; exit 0; }
exec $python -B tests/suites/store_source.py build/current
