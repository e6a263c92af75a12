"""The house rules that a machine can check. Prints PATH:LINE: MESSAGE a finding and exits 1 when there is one.

What passed is remembered by content in build/lint/passed.json, so that a second run looks at changed files only.
There is no whitelist: code that breaks a rule is changed, or the rule is, here, for everybody.
"""

import argparse
import ast
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import lint_c
import lint_comments
import lint_rooms

CACHE = Path("build/lint/passed.json").absolute()
# Where people keep their files; a path that begins in a variable, a URL or another folder is none of these.
PERSONAL_PATH = re.compile(
    r"(?<![\w$})\].*-])(?<!\w[\"'])"
    r"(?:/(?:home|Users|work|workspaces?|mnt|media|Volumes)/\w|/(?:root)(?:/|(?![\w/-]))|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\|/))"
)
BINARY = {".gz", ".zst", ".h5", ".parquet", ".png", ".bin"}


def git_lines(*command):
    out = subprocess.run(["git", *command, "-z"], check=True, capture_output=True).stdout
    return [p for p in out.decode().split("\0") if p]


def tracked_files():
    return sorted(p for p in git_lines("ls-files", "-co", "--exclude-standard") if os.path.isfile(p))


class Cache:
    """Keys of checks that passed; only keys that this run asked for are kept."""

    def __init__(self):
        try:
            self.old = set(json.loads(CACHE.read_text()))
        except (OSError, ValueError):
            self.old = set()
        rules = b"".join(Path(__file__).with_name(n).read_bytes() for n in ("lint.py", "lint_c.py", "lint_comments.py"))
        self.rules = hashlib.sha256(rules).hexdigest()
        self.new = set()

    def key(self, *parts):
        return hashlib.sha256("\0".join((self.rules, *parts)).encode("utf-8", "surrogateescape")).hexdigest()

    def passed(self, key):
        if key in self.old:
            self.new.add(key)
        return key in self.old

    def keep_all(self):
        self.new |= self.old

    def save(self):
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        CACHE.write_text(json.dumps(sorted(self.new)))


def read_text(path):
    return Path(path).read_bytes().decode("utf-8", "surrogateescape")


def here():
    """Paths of who runs this: the working tree and the home folder, when they are deep enough to be nobody else's."""
    paths = [os.getcwd(), os.path.expanduser("~")]
    return [p for p in paths if p.count("/") > 1]


def check_text(path, text, own_paths=()):
    """Rules for every committed text file: no absolute path of anyone's machine, scripts that parse."""
    for number, line in enumerate(text.split("\n"), 1):
        found = PERSONAL_PATH.search(line)
        named = [found.group(0)] if found else [p for p in own_paths if p in line]
        if named:
            yield path, number, f"names a path of somebody's machine: {named[0]}"
    if path.endswith(".py"):
        try:
            ast.parse(text)
        except SyntaxError as error:
            yield path, error.lineno or 1, f"does not parse: {error.msg}"
    if path.endswith(".sh"):
        run = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
        if run.returncode != 0:
            yield path, 1, run.stderr.strip()


def check_files(paths, own_paths, cache):
    findings = []
    for path in paths:
        if Path(path).suffix in BINARY or path.startswith("tests/fuzz/corpus/"):
            continue
        text = read_text(path)
        key = cache.key("file", *own_paths, path, text, str(os.path.exists(path[:-1] + "h")))
        if cache.passed(key):
            continue
        found = [*check_text(path, text, own_paths), *lint_c.check(path, text), *lint_comments.check(path, text)]
        if found:
            findings += found
        else:
            cache.new.add(key)
    return findings


def check_format(paths, cache):
    """clang-format 14: other versions lay the same style out differently."""
    style = read_text(".clang-format")
    pending = {}
    for path in paths:
        key = cache.key("format", style, path, read_text(path))
        if not cache.passed(key):
            pending[path] = key
    if not pending:
        return []
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True).stdout
    if not re.search(r"version 14\.", version):
        return [("clang-format", 1, f"version 14 is wanted, found: {version.strip()}")]
    names = sorted(pending)
    chunks = [names[i::2] for i in range(2) if names[i::2]]
    jobs = [subprocess.Popen(["clang-format", "--dry-run", "-Werror", *c], stderr=subprocess.PIPE, text=True) for c in chunks]
    findings = []
    for job in jobs:
        for match in re.finditer(r"^(\S+?):(\d+):\d+: error: (.*)$", job.communicate()[1], re.M):
            findings.append((match[1], int(match[2]), "run clang-format -i on it: " + match[3]))
        if job.returncode != 0 and not findings:
            findings.append((".clang-format", 1, "clang-format failed"))
    bad = {f[0] for f in findings}
    cache.new.update(key for path, key in pending.items() if path not in bad)
    # One line a file is enough: clang-format -i mends them all.
    return [next(f for f in findings if f[0] == name) for name in sorted(bad)]


class Includes:
    """Text of a file with everything it includes from this repository: what a compile depends on."""

    def __init__(self):
        self.direct = {}

    def of(self, path):
        if path not in self.direct:
            text = read_text(path)
            names = re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)
            found = []
            for name in names:
                for folder in ("lib", os.path.dirname(path)):
                    candidate = os.path.normpath(os.path.join(folder, name))
                    if os.path.isfile(candidate):
                        found.append(candidate)
                        break
            self.direct[path] = (hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest(), found)
        return self.direct[path]

    def digest(self, path):
        seen, todo = set(), [path]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += self.of(at)[1]
        return " ".join(f"{p}={self.of(p)[0]}" for p in sorted(seen))


def compile_one(path, flags):
    """-fsyntax-only with every warning an error; a header is included into an empty file, so it must stand alone."""
    if path.endswith(".h"):
        command, stdin = ["clang", *flags, "-Werror", "-fsyntax-only", "-include", path, "-x", "c", "-"], ""
    else:
        command, stdin = ["clang", *flags, "-Werror", "-fsyntax-only", path], None
    run = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if run.returncode == 0:
        return []
    found = re.findall(r"^(\S+?):(\d+):\d+: (?:fatal )?error: (.*)$", run.stderr, re.M)
    return [(f, int(n), m) for f, n, m in found] or [(path, 1, run.stderr.strip()[:500])]


def check_compile(paths, flags, cache):
    includes = Includes()
    pending = {}
    for path in paths:
        key = cache.key("compile", " ".join(flags), includes.digest(path))
        if not cache.passed(key):
            pending[path] = key
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for path, found in zip(pending, pool.map(lambda p: compile_one(p, flags), pending)):
            if found:
                findings += found
            else:
                cache.new.add(pending[path])
    return findings


def go_to_index(folder):
    """Lays out in `folder` what a commit would hold now, works there, and names the files that the commit changes."""
    changed = git_lines("diff", "--cached", "--name-only", "--diff-filter=d")
    subprocess.run(["git", "checkout-index", "-a", f"--prefix={folder}/"], check=True)
    os.chdir(folder)
    return sorted(p for p in changed if os.path.isfile(p))


def check_rooms():
    texts = {str(p): read_text(p) for p in Path("lib").rglob("*.[ch]")}
    return list(lint_rooms.check(texts, read_text("lib/README.md") if texts else ""))


def check_all(paths, flags, own_paths, cache):
    sources = [p for p in paths if p.endswith((".c", ".h"))]
    found = check_files(paths, own_paths, cache) + check_format(sources, cache) + check_compile(sources, flags, cache)
    found += check_rooms()
    cache.save()
    for path, line, message in sorted(set(found)):
        print(f"{path}:{line}: {message}")
    print(f"lint: {len(set(found))} findings in {len(paths)} files")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flags", default="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Ilib", help="compiler flags")
    parser.add_argument("--staged", action="store_true", help="only the files that a commit would change, as it would hold them")
    args = parser.parse_args()
    flags = [f for f in args.flags.split() if not f.startswith(("-g", "-O"))]
    own_paths, cache = here(), Cache()
    if not args.staged:
        return check_all(tracked_files(), flags, own_paths, cache)
    cache.keep_all()
    with tempfile.TemporaryDirectory() as folder:
        return check_all(go_to_index(folder), flags, own_paths, cache)


if __name__ == "__main__":
    sys.exit(main())
