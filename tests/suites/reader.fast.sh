#!/usr/bin/env bash
# The Python reader (apps/python/rankmill) under Debian's python3.
cd "$(dirname "$0")/../.."
python=/usr/bin/python3
$python -c 'import h5py, numpy' 2>/dev/null || { echo "skip reader: python3-h5py or python3-numpy is missing"; exit 0; }
exec $python -B tests/suites/reader_test.py build/current/tests/tools/store_write
