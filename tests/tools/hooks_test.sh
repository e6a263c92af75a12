#!/usr/bin/env bash
# make hooks in a repository of its own: what is committed is checked, in every worktree; make hooks-off leaves no trace.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/tree/tests/tools" "$tmp/tree/lib/base" && cp Makefile .clang-format .gitmessage .gitignore "$tmp/tree/" && cp lib/README.md "$tmp/tree/lib/" &&
	cp tests/tools/{hooks.sh,lint.sh} tests/tools/lint*.py "$tmp/tree/tests/tools/" && cd "$tmp/tree" || exit 1
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export GIT_CONFIG_NOSYSTEM=1 HOME=$tmp
failed=0
case_of() { if "${@:2}" >"$tmp/said" 2>&1; then echo "ok hooks.$1"; else failed=1; cat "$tmp/said"; echo "not ok hooks.$1"; fi; }
# refused SUBJECT REASON: what is staged is not committed, and why is said.
refused() { git commit -q -m "$1" 2>&1 | tee "$tmp/why" && return 1; git reset -q; grep "$2" "$tmp/why"; }

git init -q . && git config user.name t && git config user.email t@example.org && cp .git/config "$tmp/config" || exit 1
git add -A && git commit -q -m "All of it"
case_of on make -s hooks
printf '/* F. */\nint  f(void);\n' >lib/base/a.c && git add lib/base/a.c && printf '/* F. */\nint f(void);\n' >lib/base/a.c
case_of format_of_what_is_staged refused "A file" 'lib/base/a.c:2: run clang-format'
git add lib/base/a.c
case_of long_subject refused "$(printf 'x%.0s' {1..73})" '73 characters'
git add lib/base/a.c
case_of good git commit -q -m "$(printf 'é%.0s' {1..72})"
git worktree add -q "$tmp/other" && cd "$tmp/other" && printf '/* F. */\n#include <mpi.h>\n' >lib/base/a.c && git add -A
case_of worktree refused "A file" '<mpi.h> belongs'
case_of template grep -q "at most 72" <(GIT_EDITOR=cat git commit --allow-empty 2>&1)
cd "$tmp/tree" && make -s hooks-off >/dev/null && git worktree remove --force "$tmp/other" && git branch -qD other
case_of off cmp .git/config "$tmp/config"
case_of off_hooks test ! -e .git/hooks/pre-commit -a ! -e .git/hooks/commit-msg
printf '#!/bin/sh\n' >.git/hooks/pre-commit
case_of other_hook_stays eval '! make -s hooks && make -s hooks-off && test -e .git/hooks/pre-commit'
exit $failed
