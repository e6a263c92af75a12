#!/usr/bin/env bash
# `make demo-train`: trains a fare regressor on the demo's store, which is made first where it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -e out/nyctaxi/manifest.json ] || make --no-print-directory demo
PYTHONPATH=apps/python exec "${RANKMILL_PYTHON:-/usr/bin/python3}" jobs/mpirun/train_fares.py out/nyctaxi
