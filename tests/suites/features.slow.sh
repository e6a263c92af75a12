#!/usr/bin/env bash
# As features.fast.sh, with more rows over more ranks.
cd "$(dirname "$0")/../.." || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
$python -c "import numpy" 2>/dev/null || { echo "skip features: python3-numpy is missing"; exit 0; }
$python tests/tools/features.py build/current/tests/tools/features_fit slow
