#!/usr/bin/env python3
"""Runs SQL tests written as text against rankmill (or, as an oracle, against PostgreSQL).

    sqltest.py [--command "mpirun -n 3 build/rankmill"] [--one-by-one] FILE.test ...
    sqltest.py --psql "psql -h /run/pg -U postgres" FILE.test ...

A file holds cases, each begun by a line `query` or `error` and ended by an empty line before the next one:

    query [nopg] [words that name it]
    SELECT 1 AS a
    ----
    a
    1

    error [nopg] [words that name it]
    SELECT far FROM (VALUES (1)) AS t(fare)
    ----
    did you mean "fare"

Expected rows are what `query --format csv --null NULL` prints, header included; the empty string may be written as nothing. An error case passes when the exit code is 2
(or the number after `exit`, as in `error exit 3`) and stderr holds every expected line; an empty expectation asks for the
exit code alone. Lines that start with # outside of a case are comments. `nopg`: PostgreSQL answers otherwise, by design.
Prints `ok NAME` or `not ok NAME` a case and exits 1 when one failed. Queries of a file run as one script; when that fails
they run one by one. Errors run one by one, some side by side: mpirun takes a second or two to end after one, and sleeps.
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

SIDE_BY_SIDE = 2
DIRECTIVE = re.compile(r"(query|error)\b(.*)$")


class Case:
    def __init__(self, path, line, kind, words):
        self.name = f"{os.path.basename(path)}:{line}"
        self.kind = kind
        self.nopg = "nopg" in words
        self.exit = 2
        if "exit" in words:
            self.exit = int(words[words.index("exit") + 1])
        self.sql = ""
        self.expected = []


def read_cases(path):
    cases, case, part = [], None, None
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines, 1):
        match = DIRECTIVE.fullmatch(line)
        at_boundary = part is None or (part == "expected" and lines[number - 2] == "")
        if match and at_boundary:
            case = Case(path, number, match[1], match[2].split())
            cases.append(case)
            part = "sql"
        elif part == "sql" and line == "----":
            part = "expected"
        elif part == "sql":
            case.sql += line + "\n"
        elif part == "expected":
            case.expected.append(line)
        elif line and not line.startswith("#"):
            raise SystemExit(f"{path}:{number}: expected `query`, `error` or a comment")
    for case in cases:
        while case.expected and (case.expected[-1] == "" or case.expected[-1].startswith("#")):
            case.expected.pop()
        case.sql = case.sql.strip().rstrip(";")
    return cases


def split_results(text):
    """Results are separated by an empty line; an empty line inside quotes belongs to a value."""
    results, rows, quoted = [], [], False
    for line in text.split("\n"):
        if line == "" and not quoted:
            if rows:
                results.append(rows)
            rows = []
            continue
        if quoted:
            rows[-1] += "\n" + line
        else:
            rows.append(line)
        quoted ^= line.count('"') % 2 == 1
    if rows:
        results.append(rows)
    return results


class Rankmill:
    def __init__(self, command, timeout):
        self.command = shlex.split(command) + ["query", "--format", "csv", "--null", "NULL"]
        self.timeout = timeout

    def run(self, arguments):
        try:
            done = subprocess.run(self.command + arguments, capture_output=True, text=True, timeout=self.timeout, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return -1, "", f"no end after {self.timeout} s"
        return done.returncode, done.stdout, done.stderr

    def one(self, sql):
        code, out, err = self.run([sql])
        results = split_results(out)
        return code, results[0] if results else [], err

    def script(self, statements):
        with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
            script.write(";\n".join(statements) + ";\n")
            script.flush()
            return self.run(["--file", script.name])

    def many(self, statements):
        code, out, err = self.script(statements)
        return code, split_results(out), err


class Psql:
    """PostgreSQL's answers in rankmill's spelling."""

    def __init__(self, command):
        self.command = shlex.split(command) + ["-X", "-q", "--csv", "-P", "null=NULL", "-v", "ON_ERROR_STOP=1", "-c"]

    def one(self, sql):
        done = subprocess.run(self.command + ["SET extra_float_digits = 1; SET timezone = 'UTC';", "-c", sql], capture_output=True, text=True)
        rows = split_results(done.stdout)
        rows = rows[0] if rows else []
        swap = {"t": "true", "f": "false"}
        rows = rows[:1] + [",".join(swap.get(v, v) for v in row.split(",")) if '"' not in row else row for row in rows[1:]]
        return 2 if done.returncode else 0, rows, done.stderr


def report(case, problem, detail=()):
    print(("ok " if problem is None else "not ok ") + case.name, flush=True)
    if problem is not None:
        print(f"    {problem}")
        for line in case.sql.split("\n"):
            print("    | " + line)
        for line in detail:
            print("    " + line)
    return problem is None


EMPTY = re.compile(r'(^|,)""(?=,|$)', re.M)


def judge_rows(case, rows, psql):
    rows = [EMPTY.sub(r"\1", row) for row in rows]
    expected = split_results("\n".join(case.expected))[0] if case.expected else []
    expected = [EMPTY.sub(r"\1", row) for row in expected]
    if rows == expected:
        return report(case, None)
    return report(case, "other rows", ["expected:", *("  " + r for r in expected), "got:", *("  " + r for r in rows)])


def judge_query(case, answer, psql):
    code, rows, err = answer
    if code != 0:
        return report(case, f"exit code {code}", err.rstrip().split("\n"))
    return judge_rows(case, rows, psql)


def judge_error(case, answer, psql):
    code, _, err = answer
    if psql:
        return report(case, None if code != 0 else "PostgreSQL takes it")
    missing = [line for line in case.expected if line not in err]
    if code != case.exit:
        return report(case, f"exit code {code}, expected {case.exit}", err.rstrip().split("\n"))
    return report(case, None if not missing else f"stderr lacks: {missing}", err.rstrip().split("\n"))


def run_file(path, engine, psql, one_by_one):
    cases = [c for c in read_cases(path) if not (psql and c.nopg)]
    queries = [c for c in cases if c.kind == "query"]
    failed = 0
    results = None
    if not one_by_one and not psql and len(queries) > 1:
        code, results, _ = engine.many([c.sql for c in queries])
        if code != 0 or len(results) != len(queries):
            results = None
    alone = [c for c in cases if c.kind == "error" or results is None]
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        answers = dict(zip(alone, pool.map(lambda c: engine.one(c.sql), alone)))
    for case in cases:
        if case.kind == "error":
            failed += not judge_error(case, answers[case], psql)
        elif results is not None:
            failed += not judge_rows(case, results[queries.index(case)], psql)
        else:
            failed += not judge_query(case, answers[case], psql)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--command", default="build/rankmill")
    parser.add_argument("--psql", help="compare with PostgreSQL instead, through this psql")
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    engine = Psql(options.psql) if options.psql else Rankmill(options.command, options.timeout)
    failed = sum(run_file(f, engine, bool(options.psql), options.one_by_one) for f in options.files)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
