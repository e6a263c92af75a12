"""Docs tell the truth: what code and docs cite exists, what a user can write is documented, examples run.

    docs.py            checks of texts alone, as findings PATH: MESSAGE (part of `make lint`)
    docs.py --run      those, what the binary says of itself, and every example: ok / not ok lines

In docs/*.md, blocks of a page run in their order in one empty folder. A ```sh block runs as a script, and a ```text block
right after it is what it must print. A ```jsonc or ```sql block whose first line is a comment with a file's name is put
there; jobs are given to `rankmill check`. ```python blocks run as one program where h5py (and torch) are installed.
"""

import argparse
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = ("architecture", "definitions", "job-file", "cli", "sql", "store", "glossary")
CODE = (".c", ".h", ".py", ".sh", ".md", ".svg")


class Tree:
    """The files of a checkout."""

    def __init__(self, root="."):
        self.root = Path(root)
        self.instead = {}
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, check=True, capture_output=True).stdout
        self.files = sorted({p for p in out.decode().split("\0") if p and (self.root / p).is_file()})
        self.texts = {}

    def but(self, path, text):
        """The same with another text in one file, for tests of the checks."""
        other = copy.copy(self)
        other.files = sorted({*self.files, path})
        other.instead = {path: text}
        return other

    def text(self, path):
        if path in self.instead:
            return self.instead[path]
        if path not in self.texts:
            self.texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self.texts[path]

    def pages(self):
        return [p for p in self.files if re.fullmatch(r"docs/[^/]+\.md", p)]

    def markdown(self):
        return self.pages() + [p for p in ("README.md", "lib/README.md", "apps/python/README.md", "CONTRIBUTING.md") if p in self.files]

    def sources(self):
        folders = ("lib/", "apps/", "tests/", "docs/", "jobs/")
        own = ("tests/tools/docs_test.py",)
        return [p for p in self.files if p.endswith(CODE) and (p.startswith(folders) or "/" not in p) and p not in own]


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def without_spans(text):
    return re.sub(r"`[^`\n]*`", "", without_code(text))


def anchors_of(text):
    """The anchors that GitHub makes of a page's headings."""
    found = set()
    for title in re.findall(r"^#+ +(.*)$", without_code(text), re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower(), flags=re.UNICODE)
        found.add(plain.strip().replace(" ", "-"))
    return found


def section(text, title):
    """The text below a heading, up to the next one of its level or above."""
    match = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,6}} |\Z)", text, re.M | re.S)
    return match[2] if match else ""


def check_citations(tree):
    """D-numbers, sections of architecture.md, pages and links."""
    definitions = tree.text("docs/definitions.md") if "docs/definitions.md" in tree.files else ""
    numbers = set(re.findall(r"^## D(\d+)\. ", definitions, re.M))
    sections = set(re.findall(r"^## (\d+)\. ", tree.text("docs/architecture.md"), re.M)) if "docs/architecture.md" in tree.files else set()
    for path in tree.sources():
        text = tree.text(path)
        for number in sorted(set(re.findall(r"(?<![\w-])D(\d{1,2})(?![\w-])", text)) - numbers, key=int):
            yield path, f"cites D{number}, which docs/definitions.md does not have"
        joined = re.sub(r"\n \* ?", " ", text) if "§" in text else ""
        for page, number in re.findall(r"\b([a-z]+)(?:\.md)?,?\s*§\s*(\d+)", joined):
            if page != "architecture":
                yield path, f"cites \"{page} §{number}\": only architecture.md has numbered sections"
            elif number not in sections:
                yield path, f"cites architecture §{number}, which docs/architecture.md does not have"
        for page in re.findall(r"(?<![\w/.-])([a-z-]+)\.md\b", text) if ".md" in text else []:
            here = os.path.join(os.path.dirname(path), page + ".md")
            if f"docs/{page}.md" not in tree.files and here not in tree.files:
                yield path, f"names {page}.md, which is not in docs/"


def check_links(tree):
    for path in tree.markdown():
        for target in re.findall(r"\]\(([^)\s]+)\)", without_spans(tree.text(path))):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            full = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if full not in tree.files and not any(p.startswith(full.rstrip("/") + "/") for p in tree.files):
                yield path, f"links to {target}: no such file"
            elif anchor and anchor not in anchors_of(tree.text(full)):
                yield path, f"links to {target}: no such heading"


def check_names(tree):
    """Functions, types and files that the docs name in code spans."""
    code = "\n".join(tree.text(p) for p in tree.files if p.startswith(("lib/", "apps/rankmill/")) and p.endswith((".c", ".h")))
    words = set(re.findall(r"\b(?:mill|launch)_\w+", code))
    names = set(tree.files)
    ends = {p.split("/", i)[-1] for p in names for i in range(p.count("/") + 1)}
    folders = {"/".join(p.split("/")[: i + 1]) for p in names for i in range(p.count("/"))}
    for path in tree.markdown():
        text = without_code(tree.text(path))
        for name in sorted(set(re.findall(r"\b(?:mill|launch)_\w+\b", text))):
            if name not in words:
                yield path, f"names {name}, which is not in lib/ or apps/rankmill/"
        for span in sorted(set(re.findall(r"`([^`\n]+)`", text))):
            if re.fullmatch(r"(lib|apps|tests|jobs|configs|docs)/[\w./-]*[\w/]", span):
                if span.rstrip("/") not in names | folders and span != "apps/rankmill/":
                    yield path, f"names {span}: no such file or folder"
            elif re.fullmatch(r"[\w/-]+\.[ch]", span) and span not in ends:
                yield path, f"names {span}: no such file"
            elif re.fullmatch(r"make [a-z-]+", span) and not re.search(rf"^{span[5:]}:", tree.text("Makefile"), re.M):
                yield path, f"names {span}: no such target"


def check_formats(tree):
    """Numbers that the definitions repeat from the code."""
    text, path = tree.text("docs/definitions.md"), "docs/definitions.md"
    enum = dict(re.findall(r"\bMILL_TYPE_([A-Z0-9]+) = (\d+)", tree.text("lib/column/type.h")))
    told = re.search(r"Type ids, .*?(?=\n\n)", text, re.S)
    listed = dict(reversed(re.findall(r"\b(\d+)\s+([a-z]+[0-9]*)\b", told[0]))) if told else {}
    for name, number in enum.items():
        if listed.get(number) != name.lower():
            yield path, f"type id {number} is {name.lower()}, told is {listed.get(number)}"
    for title in ("Frames", "Spill files", "Vocabulary files"):
        body = section(text, title)
        home = re.search(r"Code:\s+`(lib/[^`]+)`", body)
        told = set(re.findall(r"^\| (\d+) \| (\d+) \|", body, re.M))
        real = set(re.findall(r"^ ?\*\s+(\d+)\s+(\d+)\s+\S", tree.text(home[1]), re.M)) if home and home[1] in tree.files else set()
        if not real or told != real:
            yield path, f"{title}: offsets and sizes {sorted(told ^ real) or 'are not found in the code'} differ from the comment in the code"
    code = "\n".join(tree.text(p) for p in tree.files if p.startswith("lib/") and p.endswith((".c", ".h")))
    for magic in re.findall(r"`([A-Z]{4}\w*)`", "".join(section(text, t) for t in ("Frames", "Spill files", "Vocabulary files"))):
        if f'"{magic}"' not in code:
            yield path, f"tells the magic {magic}, which lib/ does not have"
    table = re.search(r"manifest_keys\[\] = \{(.*?)\};", code, re.S)
    keys = re.findall(r'\{"(\w+)",', table[1]) if table else []
    known = set(re.findall(r"`(\w+)", " ".join(re.findall(r"^\| ([^|]*) \|", section(text, "D11. Manifest"), re.M))))
    for key in keys:
        if key not in known:
            yield path, f"D11 does not have the manifest's key \"{key}\""
    for key in sorted(known - set(keys)):
        yield path, f"D11 has the key \"{key}\", which no manifest has"
    reasons = re.search(r"MILL_BAD_REASON_TABLE\(X\)(.*?)(?:\n\s*typedef|\n\n)", code, re.S)
    if not (enum and keys and reasons):
        yield path, "the tables of types, manifest keys and bad rows are not found in lib/: teach docs.py where they are"
    for reason in re.findall(r'"(\w+)"\)', reasons[1]) if reasons else []:
        if reason != "sql_error" and f"`{reason}`" not in section(text, "D10. CSV"):
            yield path, f"D10 does not have the reason \"{reason}\""


# Section and first heading of a table of docs/job-file.md; words by which the code's list of the same keys is known.
JOB_KEYS = (
    ("Top level", "key", {"sources", "exports", "stores"}),
    ("Sources", "key", {"path", "new_since", "max_bad_rows"}),
    ("Sources", "option", {"skip_lines", "timestamp_format"}),
    ("Steps", "key", {"stratify", "folds"}),
    ("Store", "key", {"fit_on", "compression"}),
    ("Tensors", "key", {"dtype", "nulls"}),
)


def tables_of(text):
    """{heading of the first column: code spans of that column} of every table."""
    found = {}
    for table in re.findall(r"(?:^\|[^\n]*\n)+", text, re.M):
        cells = [re.match(r"\|((?:[^|\\]|\\.)*)\|", row)[1] for row in table.splitlines()]
        found.setdefault(cells[0].strip(), []).extend(s for c in cells[2:] for s in re.findall(r"`([^`]+)`", c))
    return found


def check_job_keys(tree):
    """Keys that a job file may have, as the code lists them to refuse others."""
    page = "docs/job-file.md"
    code = "\n".join(tree.text(p) for p in tree.files if p.startswith("lib/") and p.endswith(".c"))
    lists = [set(re.findall(r'"([^"\n]+)"', body)) for body in re.findall(r"\b\w*keys\[\w*\] = \{(.*?)\};", code, re.S)]
    rows = re.findall(r"\bmill_format_option \w+(?:\[\w*\])? = \{(.*?)\};", code, re.S)
    lists.append({key for row in rows for key in re.findall(r'"(\w+)", (?:NULL|"\w+"),', row)})  # of all formats
    for title, heading, marks in JOB_KEYS:
        told = set(tables_of(section(tree.text(page), title)).get(heading, []))
        real = next((keys for keys in lists if marks <= keys), None)
        if real is None:
            yield page, f"no list of keys in lib/ holds {', '.join(sorted(marks))}: teach docs.py where it is"
            continue
        for key in sorted(real ^ told):
            yield page, f"{title}, {heading} {key}: {'not documented' if key in real else 'documented, and there is none'}"


def check_rooms(tree):
    """Levels of the rooms: what lint enforces, the table and the picture of architecture.md, lib/README.md's table."""
    body = re.search(r"^LEVELS = \{(.*?)^\}", tree.text("tests/tools/lint_c.py"), re.M | re.S)
    real = {(room, level) for level, rooms in re.findall(r"(\d+): \[(.*?)\]", body[1]) for room in re.findall(r'"(\w+)"', rooms)}
    for path in ("docs/architecture.md", "docs/rooms.svg", "lib/README.md"):
        if path.endswith(".svg"):
            words = re.findall(r">(\d|\w+/)</text>", tree.text(path))
            told = {(w[:-1], next(x for x in reversed(words[:i]) if x.isdigit())) for i, w in enumerate(words) if w.endswith("/")}
        else:
            told = {(room, level) for level, room in re.findall(r"^\| (\d+) \| `(\w+)/`", tree.text(path), re.M)}
        for room, level in sorted(real ^ told):
            yield path, f"{room}/ on level {level}: {'missing' if (room, level) in real else 'not what lint enforces'}"


def check_environment(tree):
    """Our own environment variables."""
    code = "\n".join(tree.text(p) for p in tree.files if p.startswith(("lib/", "apps/", "jobs/")) and p.endswith((".c", ".py", ".sh")))
    real = {n for n in re.findall(r"\bRANKMILL(?:_[A-Z]+)*(?![\w.])", re.sub(r"RANKMILL_TEST_\w+", "", code)) if n not in ("RANKMILL_H",)}
    told = {n for n in re.findall(r"`(RANKMILL[A-Z_]*)`", section(tree.text("docs/cli.md"), "Environment"))}
    for name in sorted(real ^ told):
        yield "docs/cli.md", f"environment variable {name}: {'not documented' if name in real else 'documented, and nothing reads it'}"


STATIC = (check_environment, check_citations, check_links, check_names, check_formats, check_job_keys, check_rooms)


def static_findings(tree):
    return sorted({f for check in STATIC for f in check(tree)})


# ---- what the binary says of itself


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options).stdout


def options_of(help_text):
    """{"--set": "NAME=VALUE", …} of a command's help."""
    return {"--" + n: a for n, a in re.findall(r"^\s+(?:-\w, |    )--([a-z-]+)(?: ([A-Z=]+))? ", help_text, re.M)}


def options_in(text):
    """The same of a page: `--set NAME=VALUE` in code spans. None: named without its argument."""
    found = {}
    for span in re.findall(r"`([^`]+)`", re.sub(r"`-\w`, ", "", text)):
        for name, argument in re.findall(r"^(--[a-z-]+)(?: ([A-Z=]+))?$", span):
            if argument or name not in found:
                found[name] = argument or None
    return found


def check_commands(tree, binary):
    text, path = tree.text("docs/cli.md"), "docs/cli.md"
    commands = re.findall(r"^  ([a-z]+) ", output_of(binary, "--help"), re.M)
    told = re.findall(r"^\| \[`([a-z]+)", text, re.M)
    for name in sorted(set(commands) ^ set(told)):
        yield path, f"sub-command {name}: {'not documented' if name in commands else 'documented, and there is none'}"
    common = options_in(section(text, "Options of most commands"))
    meant = set()
    for command in commands:
        real = options_of(output_of(binary, command, "--help"))
        meant |= set(real)
        body = section(text, command)
        if not body:
            yield path, f"{command} has no section"
        own = options_in(without_code(body))
        for name, argument in real.items():
            if name not in own and name not in common:
                yield path, f"{command} {name} is not documented"
            known = own.get(name) or common.get(name)
            if known and known != argument:
                yield path, f"{command} {name} takes {argument}, documented is {known}"
        for name in sorted(set(own) - set(real)):
            yield path, f"{command} {name} is documented, and there is no such option"
    for name in sorted(set(common) - meant):
        yield path, f"{name} is documented, and no command has it"
    for word in re.findall(r"`([a-z]+)`", (re.search(r"\*\*Not yet\*\*: (.*)\.", text) or ["", ""])[1]):
        run = subprocess.run([binary, word], capture_output=True, text=True)
        if "not supported yet" not in run.stderr:
            yield path, f"{word} is called not yet, but the binary says: {run.stderr.strip()}"
    codes = set(re.findall(r"^  (\d+) ", output_of(binary, "help", "exit-codes"), re.M))
    for page, have in ((path, set(re.findall(r"(?:^|· )(\d+) ", section(text, "Exit codes"), re.M))),
                       ("docs/definitions.md", set(re.findall(r"^\| (\d+) \|", section(tree.text("docs/definitions.md"), "D12. Exit codes"), re.M)))):
        if have != codes:
            yield page, f"exit codes {sorted(have ^ codes)} differ from `rankmill help exit-codes`"


def check_functions(tree, binary):
    text, path = tree.text("docs/sql.md"), "docs/sql.md"
    rows = output_of(binary, "query", 'SELECT name FROM rankmill_functions()', "--format", "jsonl").splitlines()
    real = {json.loads(row)["name"] for row in rows}
    cells = re.findall(r"^\| ((?:`[^`]+` ?)+) \|", section(text, "Functions"), re.M)
    told = {name.replace("\\|", "|") for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    for name in sorted(real - told):
        yield path, f"the function {name} is not listed"
    for name in sorted(told - real):
        yield path, f"the function {name} is listed, and there is none"
    refused = re.search(r"refused as \"not supported yet\": (.*?) and others", section(text, "Functions"), re.S)
    for name in re.findall(r"`(\w+)`", refused[1]) if refused else []:
        run = subprocess.run([binary, "query", f"SELECT {name}(1)"], capture_output=True, text=True)
        if "not supported yet" not in run.stderr:
            yield path, f"{name} is called not yet, but the binary says: {run.stderr.strip()}"


def help_names(binary, topic):
    return set(re.findall(r"^  (\w+) ", output_of(binary, "help", topic), re.M))


def check_job_words(tree, binary):
    text, path = tree.text("docs/job-file.md"), "docs/job-file.md"
    for topic, title in (("steps", "Steps"), ("transforms", "Transforms")):
        body = section(text, title)
        table = re.search(r"^\| (?:step|transform) .*?(?=\n\n)", body, re.M | re.S)
        cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table[0] if table else "", re.M)
        told = {n for cell in cells for n in re.findall(r"`(\w+)`", cell)}
        real = help_names(binary, topic)
        for name in sorted(real ^ told):
            yield path, f"{topic[:-1]} {name}: {'not documented' if name in real else 'documented, and there is none'}"
        later = re.search(r"\*\*Not yet\*\*: (.*?)(?:,\s+and |\.)", body, re.S)
        for name in re.findall(r"`(\w+)`", later[1]) if later else []:
            if "not supported yet" not in output_of(binary, "help", name):
                yield path, f"{name} is called not yet, but `rankmill help {name}` says otherwise"
    table = {n for cell in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section(tree.text("docs/definitions.md"), "D7. Transforms"), re.M)
             for n in re.findall(r"`(\w+)`", cell)}
    for name in sorted(help_names(binary, "transforms") - {"impute_constant", "passthrough"} - table):
        yield "docs/definitions.md", f"D7 does not have the transform {name}"


DYNAMIC = (check_commands, check_functions, check_job_words)


# ---- examples


def blocks_of(text):
    """(language, body, line) of every fenced block."""
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield match[1].strip(), match[2], text[: match.start()].count("\n") + 1


class Examples:
    def __init__(self, tree, binary, folder):
        self.tree, self.folder = tree, folder
        self.env = dict(os.environ, PATH=f"{Path(binary).parent}:{os.environ['PATH']}", RANKMILL=binary,
                        PYTHONPATH=str((tree.root / "apps/python").resolve()))
        self.printed = None
        self.program = ""

    def run(self, command, **options):
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                              **options)

    def script(self, body):
        done = self.run(["bash", "-eu", "-o", "pipefail", "-c", body])
        self.printed = done.stdout
        return None if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.strip()}"

    def file(self, body):
        name = re.match(r"(?://|--) (\S+\.(?:json|sql))$", body.split("\n", 1)[0])
        if not name:
            return "skip"
        (Path(self.folder) / name[1]).write_text(body)
        return None

    def jobs(self, bodies):
        """Once every file of the page is there."""
        for name in bodies:
            done = self.run(["rankmill", "check", name])
            if done.returncode != 0:
                yield name, done.stderr.strip()

    def python(self, language, body):
        needs = "import h5py, numpy" + (", torch" if "torch" in language else "")
        if self.run(["/usr/bin/python3", "-c", needs]).returncode != 0:
            return f"skip {needs} fails"
        self.program += body
        done = self.run(["/usr/bin/python3", "-c", self.program])
        return None if done.returncode == 0 else done.stderr.strip()

    def page(self, path):
        """(name, what went wrong or None)"""
        text, wanted = self.tree.text(path), []
        for language, body, _ in blocks_of(text):  # files first: commands may stand above them
            if language.split(" ")[0] in ("jsonc", "json", "sql") and self.file(body) is None and not language.startswith("sql"):
                wanted.append(re.match(r"// (\S+)", body)[1])
        for language, body, line in blocks_of(text):
            name = f"{os.path.basename(path)}:{line}"
            if language == "sh":
                yield name, self.script(body)
            elif language == "text" and self.printed is not None:
                yield name, None if body == self.printed else f"prints\n{self.printed}"
            elif language.startswith("python"):
                yield name, self.python(language, body)
            self.printed = self.printed if language == "sh" else None
        bad = dict(self.jobs(wanted))
        for job in wanted:
            yield f"{os.path.basename(path)}:{job}", bad.get(job)
        yield from self.stores(path)

    def stores(self, path):
        """What examples made has the keys that the definitions tell."""
        text = self.tree.text("docs/definitions.md")
        table = dict(re.findall(r"^\| (`[^|]*`) \| ([^|]*) \|$", section(text, "fitted.json"), re.M))
        members = {n: set(re.findall(r"`(\w+)`", cell)) | ({"value_type", "values", "values_file", "values_count"} if "values" in cell else set())
                   for names, cell in table.items() for n in re.findall(r"`(\w+)`", names)}
        wrong, files = [], sorted(Path(self.folder).rglob("fitted.json"))
        for fitted in files:
            for tensor in json.loads(fitted.read_text())["tensors"].values():
                for column in tensor["columns"].values():
                    for step in column["steps"]:
                        more = set(step) - {"transform"} - members.get(step["transform"], set())
                        wrong += [f"{step['transform']}: {m}" for m in sorted(more)]
        if files:
            yield f"{os.path.basename(path)}:fitted.json", f"not in the table: {', '.join(sorted(set(wrong)))}" if wrong else None


def report(name, problem):
    if problem is None:
        print(f"ok docs.{name}")
    elif problem.startswith("skip"):
        print(f"skip docs.{name}: {problem[5:]}")
    else:
        print(f"not ok docs.{name}: {problem}")
    return problem is not None and not problem.startswith("skip")


def run_all(tree, binary):
    bad = 0
    checks = [(c.__name__, lambda c=c: c(tree)) for c in STATIC] + [(c.__name__, lambda c=c: c(tree, binary)) for c in DYNAMIC]
    for name, check in checks:
        found = sorted(set(check()))
        bad += report(name, "\n".join(f"  {p}: {m}" for p, m in found) if found else None)
    for path in tree.pages():
        with tempfile.TemporaryDirectory() as folder:
            for name, problem in Examples(tree, binary, folder).page(path):
                bad += report(name, problem)
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", metavar="BINARY", help="run examples too")
    binary = parser.parse_args().run
    tree = Tree()
    if binary:
        return 1 if run_all(tree, os.path.abspath(binary)) else 0
    findings = static_findings(tree)
    for path, message in findings:
        print(f"{path}: {message}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
