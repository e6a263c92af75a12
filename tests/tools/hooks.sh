#!/usr/bin/env bash
# `make hooks` installs two git hooks, for every worktree of the repository, and the message template; `make hooks-off`
# takes them back. The hooks call this file of the worktree that commits, so they never grow old.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8
mark="rankmill: made by make hooks, taken back by make hooks-off"
template=.gitmessage

hook_text() {
	printf '#!/bin/sh\n# %s.\n[ ! -f tests/tools/hooks.sh ] || exec bash tests/tools/hooks.sh %s "$@"\n' "$mark" "$1"
}

turn_on() {
	local folder hook
	folder=$(git rev-parse --git-path hooks)
	for hook in pre-commit commit-msg; do
		if [ -e "$folder/$hook" ] && ! grep -q "$mark" "$folder/$hook"; then
			echo "hooks: $folder/$hook is somebody else's; move it away first, or let it call: bash tests/tools/hooks.sh $hook \"\$@\"" >&2
			exit 1
		fi
	done
	mkdir -p "$folder"
	for hook in pre-commit commit-msg; do
		hook_text $hook >"$folder/$hook"
		chmod +x "$folder/$hook"
	done
	git config --local commit.template $template
	echo "hooks: commits are checked (git commit --no-verify passes by); make hooks-off takes it back"
}

turn_off() {
	local folder hook
	folder=$(git rev-parse --git-path hooks)
	for hook in pre-commit commit-msg; do
		if [ -e "$folder/$hook" ] && grep -q "$mark" "$folder/$hook"; then rm "$folder/$hook"; fi
	done
	[ "$(git config --local commit.template || true)" != $template ] || git config --local --unset commit.template
	echo "hooks: commits are not checked"
}

# A merge, a revert and a fixup get their subject from git.
check_message() {
	local subject
	subject=$(git stripspace --strip-comments <"$1" | head -n 1)
	case $subject in "Merge "* | "Revert "* | "fixup! "* | "squash! "* | "amend! "*) return ;; esac
	if [ ${#subject} -gt 72 ]; then
		echo "commit-msg: the subject has ${#subject} characters; 72 is the limit. The text is kept in $1" >&2
		exit 1
	fi
}

case ${1:-} in
on) turn_on ;;
off) turn_off ;;
pre-commit) exec bash tests/tools/lint.sh --staged ;;
commit-msg) check_message "$2" ;;
*) echo "usage: hooks.sh on | off | pre-commit | commit-msg FILE" >&2; exit 2 ;;
esac
