#!/usr/bin/env bash
# The map of the source names functions and files that exist, and every room has its line.
set -uo pipefail
cd "$(dirname "$0")/../.."
for name in $(grep -oE '`(mill|launch)_[a-z0-9_]+`' lib/README.md | tr -d '`' | sort -u); do
	if grep -rqE "\b$name\b *[(;{]|struct $name\b|} $name;" lib apps/rankmill --include='*.[ch]'; then
		echo "ok readme.$name"
	else
		echo "not ok readme.$name: no such function or type"
	fi
done
for path in $(grep -oE '`[a-z_/]+\.[ch]`' lib/README.md | tr -d '`' | sort -u); do
	if [ -e "$path" ] || [ -e "lib/$path" ] || compgen -G "lib/*/$path" >/dev/null; then
		echo "ok readme.$path"
	else
		echo "not ok readme.$path: no such file"
	fi
done
for room in lib/*/; do
	name=$(basename "$room")
	if grep -q "\`$name/\`" lib/README.md; then echo "ok readme.room.$name"; else echo "not ok readme.room.$name: no line"; fi
done
for target in $(grep -ohE '`make [a-z-]+' README.md lib/README.md | awk '{print $2}' | sort -u); do
	if grep -qE "^$target:" Makefile; then echo "ok readme.make.$target"; else echo "not ok readme.make.$target"; fi
done
# What README.md shows runs as it is typed: the job, the commands, the Python lines.
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
block() { awk -v lang="$1" '$0 == "```" lang { on = 1; next } /^```/ { on = 0 } on' README.md; }
block jsonc >"$work/trips.json"
mkdir "$work/build" && ln -s "$root/build/current/rankmill" "$work/build/rankmill"
cd "$work" || exit 1
export PATH=$work/build:$PATH
while read -r line; do
	line=${line%%#*}
	if (eval "$line") >out.log 2>&1 </dev/null; then
		echo "ok readme.run ${line:0:40}"
	else
		echo "not ok readme.run $line"
		cat out.log
	fi
done < <(cd "$root" && block sh | grep '^rankmill')
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
	(cd "$root" && block python) >show.py
	echo 'assert set(batch) == {"x", "hour", "y"} and len(batch["y"]) == 1024' >>show.py
	if PYTHONPATH=$root/apps/python /usr/bin/python3 show.py >out.log 2>&1; then echo "ok readme.python"; else echo "not ok readme.python"; cat out.log; fi
else
	echo "skip readme.python: python3-torch is missing"
fi
