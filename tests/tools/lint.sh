#!/usr/bin/env bash
# Format, layering, third-party headers, banned calls, size and complexity of functions, mutable state: see lint.py.
# --staged looks at what the next commit changes only.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in clang-format clang python3; do
	command -v "$tool" >/dev/null || { echo "lint: $tool is missing; run: bash tests/tools/deps.sh test" >&2; exit 2; }
done
docs=0
[ "${1:-}" = --staged ] || python3 tests/tools/docs.py || docs=1 # what docs/ names and what cites it
python3 tests/tools/lint.py --flags "$(make -s lint-flags)" "$@"
exit $docs
