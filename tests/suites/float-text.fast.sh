#!/usr/bin/env bash
# Shortest float text against Python's repr and NumPy.
cd "$(dirname "$0")/../.." || exit 1
python=/usr/bin/python3
[ -x $python ] || python=python3
$python tests/tools/float_text.py build/current/tests/tools/float_text
