#!/usr/bin/env python3
"""Drives the SQL corpus (sqllogictest files of DuckDB and RisingLight) through rankmill.

    sql_corpus.py --bind build/current/tests/tools/sql_bind FOLDER     binds every query
    sql_corpus.py --run build/rankmill FOLDER                          runs those that bind, compares the rows

CREATE TABLE and INSERT … VALUES of a file become CREATE TABLE x AS SELECT … FROM (VALUES …). Prints a line a class of
queries and `ok`/`not ok` lines; --list shows every query that was refused, or whose rows differ.
"""

import argparse
import collections
import csv
import io
import os
import re
import subprocess
import sys
import tempfile

# Queries whose rows differ by design, with the reason.
EXPLAINED = {
    "overflow__test_numeric_overflow.test": "sums beyond float64 are errors, averages exact; float4 × int is float64",
    "test_using_chain.test": "columns merged by USING come first, as in PostgreSQL",
    "natural__natural_join.test": "columns merged by NATURAL come first, as in PostgreSQL",
    "types__string__test_unicode.test": "substring from a negative position starts before the text, as in PostgreSQL",
    "order-limit/order_by.slt": "NULLs sort last when ascending, as in PostgreSQL",
    "function__numeric__test_mod.test": "mod(x, 0) is an error, as in PostgreSQL",
    "function__string__test_like_escape.test": "chr(0) is an error, as in PostgreSQL",
    "filter-null/nullable_operator.slt": "x / 0 is an error, as in PostgreSQL",
}

KEYWORDS = re.compile(r"\s(NOT\s+NULL|NULL|PRIMARY|UNIQUE|DEFAULT|CHECK|REFERENCES)\b.*", re.I | re.S)


def split_top(text, separator=","):
    """Parts of text between separators that are outside of parentheses and quotes."""
    parts, depth, quote, start = [], 0, None, 0
    for i, c in enumerate(text):
        if quote:
            quote = None if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


class Table:
    def __init__(self, columns):
        self.columns = columns  # (name, type)
        self.rows = []

    def statement(self, name):
        if self.rows:
            names = ", ".join(f"v{i}" for i in range(len(self.columns)))
            casts = ", ".join(f"CAST(v{i} AS {t}) AS {c}" for i, (c, t) in enumerate(self.columns))
            return f"CREATE TABLE {name} AS SELECT {casts} FROM (VALUES {', '.join(self.rows)}) AS v({names})"
        nulls = ", ".join(f"CAST(NULL AS {t}) AS {c}" for c, t in self.columns)
        return f"CREATE TABLE {name} AS SELECT {nulls} WHERE false"


class Setup:
    """Tables that the statements of a file have made so far."""

    def __init__(self):
        self.tables = {}
        self.dialect = False  # a setting changed what queries mean

    def apply(self, sql):
        sql = sql.strip().rstrip(";").strip()
        create = re.match(r"CREATE\s+(?:TEMP\s+|TEMPORARY\s+)?(TABLE|VIEW)\s+(\w+)\s*(.*)$", sql, re.I | re.S)
        insert = re.match(r"INSERT\s+INTO\s+(\w+)\s*(\([^)]*\))?\s*VALUES\s*(.*)$", sql, re.I | re.S)
        drop = re.match(r"DROP\s+(?:TABLE|VIEW)\s+(?:IF\s+EXISTS\s+)?(\w+)", sql, re.I)
        if create:
            self.create(create[2].lower(), create[3])
        elif insert and isinstance(self.tables.get(insert[1].lower()), Table):
            self.insert(self.tables[insert[1].lower()], insert[2], insert[3])
        elif drop:
            self.tables.pop(drop[1].lower(), None)
        elif re.match(r"(SET|PRAGMA)\s+default_null_order", sql, re.I) or re.match(r"SET\s+integer_division|SET\s+order", sql, re.I):
            self.dialect = True

    def create(self, name, rest):
        query = re.match(r"AS\s+(.*)$", rest, re.I | re.S)
        if query:
            self.tables[name] = f"CREATE TABLE {name} AS {query[1]}"
        elif rest.startswith("(") and not re.search(r"\)\s*AS\b", rest, re.I):
            columns = []
            for part in split_top(rest[1:rest.rindex(")")]):
                part = part.strip()
                if re.match(r"(PRIMARY|UNIQUE|FOREIGN|CHECK)\b", part, re.I) or not part:
                    continue
                column, kind = part.split(None, 1)
                columns.append((column, KEYWORDS.sub("", " " + kind).strip()))
            self.tables[name] = Table(columns)

    def insert(self, table, names, values):
        rows = [r.strip() for r in split_top(values)]
        if not all(r.startswith("(") for r in rows):
            return
        if names:
            given = [n.strip().lower() for n in names[1:-1].split(",")]
            for row in rows:
                cells = dict(zip(given, split_top(row[1:-1])))
                table.rows.append("(" + ", ".join(cells.get(c.lower(), "NULL") for c, _ in table.columns) + ")")
        else:
            table.rows += rows

    def needed(self, sql):
        """Statements for the tables that the query names, and for those that their queries name."""
        wanted, text = [], sql
        for name in reversed(list(self.tables)):
            if re.search(rf"\b{name}\b", text, re.I):
                table = self.tables[name]
                statement = table.statement(name) if isinstance(table, Table) else table
                wanted.insert(0, statement)
                text += " " + statement
        return wanted


class Query:
    def __init__(self, path, line, types, mode, sql, expected, setup):
        self.name = f"{path}:{line}"
        self.types, self.mode = types, mode
        self.sql, self.expected = sql.strip().rstrip(";"), expected
        self.tables = setup.needed(sql)
        self.dialect = setup.dialect


def read(path, name):
    """Queries of one file, each with the tables as they are then."""
    with open(path, encoding="utf-8", errors="replace") as f:
        blocks = re.split(r"\n\s*\n", f.read())
    setup, line = Setup(), 1
    for block in blocks:
        lines = [l for l in block.split("\n")]
        skipped = 0
        while lines and (lines[0].startswith("#") or not lines[0].strip()):
            lines.pop(0)
            skipped += 1
        head = lines[0].split() if lines else []
        if head[:1] == ["statement"] and head[1:2] == ["ok"]:
            setup.apply("\n".join(lines[1:]))
        elif head[:1] == ["query"] and lines[1:] and lines[1].upper().startswith("INSERT"):
            setup.apply("\n".join(lines[1 : lines.index("----")]))
        elif head[:1] == ["query"]:
            at = lines.index("----") if "----" in lines else len(lines)
            mode = next((w for w in head[2:] if w in ("rowsort", "valuesort", "nosort")), "")
            expected = lines[at + 1 :]
            while expected and expected[-1] == "":
                expected.pop()
            yield Query(name, line + skipped, head[1] if len(head) > 1 else "", mode, "\n".join(lines[1:at]), expected, setup)
        line += block.count("\n") + 2


def corpus(folder):
    for top, _, files in sorted(os.walk(folder)):
        for file in sorted(files):
            if file.endswith((".test", ".slt")):
                yield from read(os.path.join(top, file), os.path.relpath(os.path.join(top, file), folder))


def bind_all(tool, queries):
    text = "".join("".join(s + "\n;;\n" for s in [*q.tables, q.sql]) + "====\n" for q in queries)
    done = subprocess.run([tool], input=text, capture_output=True, text=True)
    answers = [tuple(l.split("\t", 1)) for l in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != len(queries):
        where = queries[min(len(answers), len(queries) - 1)]
        print(f"    sql_bind ended with {done.returncode} at {where.name}: {where.sql}\n{done.stderr[-2000:]}")
        return None
    return answers


def canonical(value):
    """One spelling for a value, whoever printed it: numbers compare to 9 digits."""
    value = value.strip()
    if value in ("(empty)", '""'):
        return ""
    if value.lower() in ("true", "false"):
        return "1" if value.lower() == "true" else "0"
    try:
        return f"{float(value):.9g}"
    except ValueError:
        return value.lower() if value.lower() in ("nan", "inf", "-inf") else value


def expected_values(query, columns):
    rows = [l for l in query.expected]
    separator = "\t" if any("\t" in r for r in rows) else None
    if separator is None and len(rows) and columns > 1 and len(rows) % columns == 0 and all(len(r.split()) != columns for r in rows):
        cells = rows  # one value a line
    else:
        cells = [c for r in rows for c in (r.split(separator) if separator or columns > 1 else [r])]
    return [canonical(c) for c in cells]


def run_query(command, query):
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write("".join(s + ";\n" for s in [*query.tables, query.sql]))
        script.flush()
        done = subprocess.run([*command, "query", "--format", "csv", "--null", "NULL", "--file", script.name],
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return done.returncode, done.stderr.split("\n")[0]
    rows = list(csv.reader(io.StringIO(done.stdout)))
    return 0, [r if r else [""] for r in rows]


def same(query, rows):
    columns = len(rows[0])
    got = [canonical(c) for r in rows[1:] for c in r]
    expected = expected_values(query, columns)
    if query.mode == "rowsort" or "order by" not in query.sql.lower():
        pair = [sorted(tuple(v[i : i + columns]) for i in range(0, len(v), columns)) for v in (got, expected)]
        return pair[0] == pair[1]
    return (sorted(got) == sorted(expected)) if query.mode == "valuesort" else got == expected


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bind", help="the program tests/tools/sql_bind")
    parser.add_argument("--run", help="rankmill, perhaps with a launcher before it")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("folder")
    options = parser.parse_args()
    queries = list(corpus(options.folder))
    answers = bind_all(options.bind, queries)
    if answers is None:
        print("not ok sql-corpus-bind")
        return 1
    counts, bad = collections.Counter(), 0
    for query, (status, message) in zip(queries, answers):
        counts[query.name.split("/")[1], status] += 1
        if status not in ("OK", "USAGE", "NOT_YET"):
            bad += 1
            print(f"    {query.name}: {status} {message}")
        elif options.list and status != "OK" and not options.run:
            print(f"{status}\t{query.name}\t{message}\t{' '.join(query.sql.split())[:150]}")
    for kind in sorted({k for k, _ in counts}):
        print(f"    {kind:16} " + "  ".join(f"{s} {counts[kind, s]}" for s in ("OK", "NOT_YET", "USAGE")))
    print(f"    all              " + "  ".join(f"{s} {sum(n for (_, t), n in counts.items() if t == s)}" for s in ("OK", "NOT_YET", "USAGE")))
    print(("not ok" if bad else "ok") + " sql-corpus-bind")
    if options.run:
        bad += run_all(options, queries, answers)
    return 1 if bad else 0


def run_all(options, queries, answers):
    """Number of queries whose answer is neither right nor explained."""
    right = explained = wrong = 0
    for query, (status, _) in zip(queries, answers):
        if status != "OK" or query.dialect:
            continue
        code, rows = run_query(options.run.split(), query)
        if code == 0 and same(query, rows):
            right += 1
            continue
        reason = next((r for name, r in EXPLAINED.items() if name in query.name), None)
        explained += reason is not None
        wrong += reason is None
        if reason is None or options.list:
            print(f"    {query.name}: {reason or 'wrong'}: {' '.join(query.sql.split())[:200]}")
            print(f"        got {rows if code else rows[1:6]}, expected {query.expected[:5]}")
    print(f"    {right} right, {explained} differ by design, {wrong} wrong")
    print(("not ok" if wrong else "ok") + " sql-corpus-run")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
