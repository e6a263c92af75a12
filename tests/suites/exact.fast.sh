#!/usr/bin/env bash
# Sums, means, variances and correlations against fractions.Fraction, dealt over parts and merged in random order.
cd "$(dirname "$0")/../.." || exit 1
python3 tests/tools/exact.py build/current/tests/tools/exact
