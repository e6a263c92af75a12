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
