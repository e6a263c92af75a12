#!/usr/bin/env bash
# Grouped float statistics against fractions.Fraction, through partial and final and through whole aggregation.
cd "$(dirname "$0")/../.." || exit 1
python3 tests/tools/ops_exact.py build/current/tests/tools/ops_exact
