#!/usr/bin/env python3
"""Random queries over small tables with many NULLs, answered by rankmill and by SQLite.

    sql_random.py [--command build/rankmill] [--seed N] [--count 300]

Only what both define alike is generated: integers, text, three-valued logic, joins, groups, sub-queries, WITH, windows.
Prints the seed, every query whose rows differ, and one `ok` or `not ok` line.
"""

import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sql_compare import Engine, QueryMaker, compare, options_of, verdict  # noqa: E402
from sqltest import Rankmill  # noqa: E402

TABLES = {"r": ["id", "a", "b", "s"], "q": ["id", "a", "c", "t"], "p": ["id", "b", "c", "s"]}
WORDS = ["x", "y", "xy", "yx", "X", "", "zz"]


def make_rows(rng):
    rows = {}
    for table, columns in TABLES.items():
        rows[table] = []
        for i in range(rng.randint(6, 14)):
            row = []
            for c in columns:
                if c == "id":
                    row.append(i)
                elif rng.random() < 0.25:
                    row.append(None)
                else:
                    row.append(rng.choice(WORDS) if c in "st" else rng.randint(-2, 4))
            rows[table].append(row)
    return rows


def literal(v):
    return "NULL" if v is None else str(v) if isinstance(v, int) else f"'{v}'"


def table_statements(rows):
    for table, columns in TABLES.items():
        cells = ", ".join("(" + ", ".join(literal(v) for v in row) + ")" for row in rows[table])
        casts = ", ".join(f"CAST(v{i} AS {'text' if c in 'st' else 'int'}) AS {c}" for i, c in enumerate(columns))
        names = ", ".join(f"v{i}" for i in range(len(columns)))
        yield f"CREATE TABLE {table} AS SELECT {casts} FROM (VALUES {cells}) AS v({names})"


class Source:
    """What FROM gives: columns by kind, spelled with their table."""

    def __init__(self, text, ints, texts, ids):
        self.text, self.ints, self.texts, self.ids = text, ints, texts, ids


class Maker(QueryMaker):
    def number(self, s, depth=2):
        roll = self.rng.random()
        if depth == 0 or roll < 0.45:
            return self.rng.choice(s.ints) if s.ints and self.rng.random() < 0.8 else str(self.rng.randint(-3, 5))
        a, b = self.number(s, depth - 1), self.number(s, depth - 1)
        if roll < 0.65:
            return f"({a} {self.pick('+', '-', '*')} {b})"
        if roll < 0.72:
            return f"coalesce({a}, {b})"
        if roll < 0.78:
            return f"nullif({a}, {b})"
        if roll < 0.84:
            return f"abs({a})"
        if roll < 0.9:
            return f"({a} % {self.rng.randint(2, 4)})"
        if roll < 0.95 and s.texts:
            return f"length({self.text(s, depth - 1)})"
        return f"CASE WHEN {self.condition(s, depth - 1)} THEN {a} ELSE {b} END"

    def text(self, s, depth=1):
        roll = self.rng.random()
        if depth == 0 or roll < 0.6 or not s.texts:
            return self.rng.choice(s.texts) if s.texts and self.rng.random() < 0.85 else f"'{self.rng.choice(WORDS)}'"
        a = self.text(s, depth - 1)
        return self.pick(f"lower({a})", f"upper({a})", f"({a} || 'x')", f"substr({a}, 1, 1)", f"coalesce({a}, 'none')", f"replace({a}, 'x', 'q')")

    def condition(self, s, depth=2):
        roll = self.rng.random()
        if depth > 0 and roll < 0.25:
            return f"({self.condition(s, depth - 1)} {self.pick('AND', 'OR')} {self.condition(s, depth - 1)})"
        if depth > 0 and roll < 0.32:
            return f"NOT ({self.condition(s, depth - 1)})"
        if roll < 0.42:
            return f"{self.number(s, 1)} IS {self.pick('', 'NOT ')}NULL"
        if roll < 0.52:
            return f"{self.number(s, 1)} {self.pick('', 'NOT ')}IN ({', '.join(self.pick(str(self.rng.randint(-2, 4)), 'NULL') if self.rng.random() < 0.2 else str(self.rng.randint(-2, 4)) for _ in range(3))})"
        if roll < 0.6:
            return f"{self.number(s, 1)} {self.pick('', 'NOT ')}BETWEEN {self.rng.randint(-2, 1)} AND {self.rng.randint(0, 4)}"
        if roll < 0.68 and s.texts:
            return f"{self.text(s)} {self.pick('', 'NOT ')}LIKE '{self.pick('x%', '%y', '_', '%', 'xy', '%x%')}'"
        if roll < 0.74 and s.texts:
            return f"{self.text(s)} {self.pick('=', '<>', '<', '>=')} {self.text(s)}"
        return f"{self.number(s, 1)} {self.pick('=', '<>', '<', '<=', '>', '>=')} {self.number(s, 1)}"

    def base(self, depth):
        """One item of FROM."""
        alias = self.alias()
        if depth > 0 and self.rng.random() < 0.3:
            inner = self.source(depth - 1)
            columns, ints, texts = [], [], []
            for i in range(self.rng.randint(1, 3)):
                if inner.texts and self.rng.random() < 0.3:
                    columns.append(f"{self.text(inner)} AS k{i}")
                    texts.append(f"{alias}.k{i}")
                else:
                    columns.append(f"{self.number(inner)} AS k{i}")
                    ints.append(f"{alias}.k{i}")
            where = f" WHERE {self.condition(inner)}" if self.rng.random() < 0.5 else ""
            distinct = "DISTINCT " if self.rng.random() < 0.2 else ""
            return Source(f"(SELECT {distinct}{', '.join(columns)} FROM {inner.text}{where}) AS {alias}", ints, texts, [])
        if depth > 0 and self.rng.random() < 0.2:
            inner = self.source(depth - 1)
            key = self.number(inner, 1)
            text = f"(SELECT {key} AS k, count(*) AS n, sum({self.number(inner, 1)}) AS m FROM {inner.text} GROUP BY {key}) AS {alias}"
            # A constant key would be read as an ordinal.
            if not key.lstrip("-").isdigit():
                return Source(text, [f"{alias}.k", f"{alias}.n", f"{alias}.m"], [], [])
        table = self.rng.choice(list(TABLES))
        columns = TABLES[table]
        return Source(f"{table} AS {alias}", [f"{alias}.{c}" for c in columns if c not in "st"],
                      [f"{alias}.{c}" for c in columns if c in "st"], [f"{alias}.id"])

    def source(self, depth=2):
        s = self.base(depth)
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            other = self.base(depth)
            both = Source("", s.ints + other.ints, s.texts + other.texts, s.ids + other.ids if s.ids and other.ids else [])
            on = f"{self.rng.choice(s.ints or ['1'])} = {self.rng.choice(other.ints or ['1'])}"
            if self.rng.random() < 0.3:
                on += f" AND {self.condition(both, 1)}"
            both.text = f"{s.text} {self.pick('JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN')} {other.text} ON {on}"
            s = both
        return s

    def aggregate(self, s):
        x = self.number(s, 1)
        call = self.pick("count(*)", f"count({x})", f"sum({x})", f"min({x})", f"max({x})", f"count(DISTINCT {x})", f"avg({x})")
        return f"{call} FILTER (WHERE {self.condition(s, 1)})" if self.rng.random() < 0.2 else call

    def grouped(self):
        s = self.source()
        keys = [k for k in (self.number(s, 1) for _ in range(self.pick(0, 1, 1, 2))) if not k.lstrip("-").isdigit()]
        calls = [self.aggregate(s) for _ in range(self.rng.randint(1, 3))]
        columns = ", ".join(f"{e} AS c{i}" for i, e in enumerate(keys + calls))
        where = f" WHERE {self.condition(s)}" if self.rng.random() < 0.6 else ""
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        having = f" HAVING {self.pick(*calls)} > {self.rng.randint(-1, 3)}" if keys and self.rng.random() < 0.4 else ""
        return f"SELECT {columns} FROM {s.text}{where}{group}{having}"

    def plain(self):
        s = self.source()
        columns = [self.number(s) if self.rng.random() < 0.7 or not s.texts else self.text(s, 2) for _ in range(self.rng.randint(1, 4))]
        columns += [f"({self.condition(s)})" for _ in range(self.pick(0, 0, 1))]
        where = f" WHERE {self.condition(s)}" if self.rng.random() < 0.7 else ""
        if self.rng.random() < 0.15:
            inner = self.source(1)
            where = f" WHERE {self.number(s, 1)} > (SELECT {self.pick('min', 'max', 'sum')}({self.number(inner, 1)}) FROM {inner.text})"
        if s.ids and self.rng.random() < 0.3:
            order = ", ".join(f"{i} {self.pick('NULLS LAST', 'DESC NULLS LAST', 'NULLS FIRST')}" for i in s.ids)
            text = ", ".join(f"{e} AS c{i}" for i, e in enumerate(columns))
            if self.rng.random() < 0.5:
                part = self.rng.choice(s.ints)
                return f"SELECT {text}, row_number() OVER (PARTITION BY {part} ORDER BY {order}) AS rn FROM {s.text}{where}"
            return f"SELECT {text} FROM {s.text}{where} ORDER BY {order} LIMIT {self.rng.randint(0, 5)} OFFSET {self.rng.randint(0, 2)}"
        distinct = "DISTINCT " if self.rng.random() < 0.2 else ""
        return f"SELECT {distinct}{', '.join(f'{e} AS c{i}' for i, e in enumerate(columns))} FROM {s.text}{where}"

    def with_twice(self):
        s = self.source(1)
        where = f" WHERE {self.condition(s)}" if self.rng.random() < 0.5 else ""
        shared = f"WITH w AS (SELECT {self.number(s)} AS k, {self.number(s)} AS v, {self.text(s)} AS x FROM {s.text}{where})"
        both = Source("", ["w1.k", "w1.v", "w2.k", "w2.v"], ["w1.x", "w2.x"], [])
        kind = self.pick("JOIN", "LEFT JOIN")
        return f"{shared} SELECT {self.number(both)} AS c0, w2.x AS c1 FROM w AS w1 {kind} w AS w2 ON w1.k = w2.v WHERE {self.condition(both)}"

    def query(self):
        return self.pick(self.plain, self.plain, self.grouped, self.grouped, self.with_twice)()


def canonical(value):
    if value is None or value == "NULL":
        return "NULL"
    if value in ("true", "false"):
        return "1" if value == "true" else "0"
    if isinstance(value, float) or (isinstance(value, str) and "." in value and value.replace(".", "").lstrip("-").isdigit()):
        return f"{float(value):.10g}"
    return str(value)


def sqlite_answers(rows, queries):
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA case_sensitive_like = ON")
    for table, columns in TABLES.items():
        kinds = ", ".join(f"{c} {'TEXT' if c in 'st' else 'INTEGER'}" for c in columns)
        db.execute(f"CREATE TABLE {table} ({kinds})")
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows[table])
    return [[[canonical(v) for v in row] for row in db.execute(q)] for q in queries]


def main():
    options = options_of(__doc__, "sql-random", 300)
    print(f"    sql_random.py --seed {options.seed} --count {options.count}")
    rng = random.Random(options.seed)
    rows = make_rows(rng)
    queries = [Maker(rng).query() for _ in range(options.count)]
    expected = sqlite_answers(rows, queries)
    engine = Engine(Rankmill(options.command, 600), canonical, table_statements(rows))
    return verdict(options.name, compare(engine, queries, expected))


if __name__ == "__main__":
    sys.exit(main())
