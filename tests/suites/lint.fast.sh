#!/usr/bin/env bash
# The tree passes lint, lint finds what it is there to find, hooks check commits, and editors are told how files compile.
cd "$(dirname "$0")/../.." || exit 1
if out=$(bash tests/tools/lint.sh 2>&1); then echo "ok lint.tree"; else echo "$out"; echo "not ok lint.tree"; fi
python3 tests/tools/lint_test.py
bash tests/tools/hooks_test.sh
if make -s compile_commands.json && python3 - <<'EOF'
import glob, json
entries = json.load(open("compile_commands.json"))
files = [e["file"] for e in entries]
assert sorted(files) == sorted(glob.glob("lib/**/*.c", recursive=True) + glob.glob("apps/**/*.c", recursive=True)
                               + glob.glob("tests/**/*.c", recursive=True)), "one entry per C file"
assert all(" -Ilib " in e["command"] and e["command"].endswith("-c " + e["file"]) for e in entries)
EOF
then echo "ok lint.compile_commands"; else echo "not ok lint.compile_commands"; fi
