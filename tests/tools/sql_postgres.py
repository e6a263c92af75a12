#!/usr/bin/env python3
"""Random queries of every type over small tables with many NULLs, answered by rankmill and by PostgreSQL.

    sql_postgres.py [--command build/rankmill] [--seed N] [--count 500] [--name NAME]

Starts a server of its own in a temporary folder (as the user postgres when run as root); without PostgreSQL it prints
one `skip` line. What definitions.md D8 and D9 let differ is compared by value: places after a division, float sums.
Prints the seed, every query whose rows differ, and one `ok` or `not ok` line.
"""

import csv
import glob
import io
import json
import os
import pwd
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sql_compare import Engine, QueryMaker, compare, options_of, verdict  # noqa: E402
from sqltest import Rankmill  # noqa: E402

# kind: PostgreSQL's type, rankmill's
KINDS = {"i2": ("smallint", "int16"), "i4": ("int", "int32"), "i8": ("bigint", "int64"), "f8": ("float8", "float64"),
         "dec": ("numeric(9,3)", "decimal(9,3)"), "txt": ("text", "string"), "bool": ("boolean", "bool"),
         "date": ("date", "date"), "ts": ("timestamp", "timestamp")}
TABLES = {"r": {"id": "i4", "k": "i4", "a": "i2", "b": "i8", "d": "dec", "x": "f8", "s": "txt", "t": "bool", "day": "date", "at": "ts"},
          "q": {"id": "i4", "k": "i8", "c": "i4", "d": "dec", "y": "f8", "s": "txt", "u": "bool", "day": "date", "at": "ts"},
          "p": {"id": "i8", "k": "dec", "a": "i4", "s": "txt", "w": "f8", "day": "date"}}
WORDS = ["x", "Xy", "", "yx%", "ä", "Äß", "日本", "a_b", "  pad ", "o'b", "x,y", "10", "é\nz", "\\d", "zz"]


def cell(rng, kind):
    if rng.random() < 0.2:
        return None
    if kind in ("i2", "i4", "i8"):
        return str(rng.choice([-3, -1, 0, 1, 2, 2, 2, 3, 7, 100]))
    if kind == "dec":
        return rng.choice(["-2.500", "0.000", "1.000", "2.000", "2.000", "0.125", "3.999", "-0.005", "100.010"])
    if kind == "f8":
        return rng.choice(["-1.5", "0", "-0.0", "2", "0.25", "1e10", "3.75", "1e-3", "100"])
    if kind == "bool":
        return rng.choice(["true", "false"])
    if kind == "date":
        return rng.choice(["2020-02-29", "1999-12-31", "2021-01-03", "1970-01-01", "2020-02-29", "2000-01-01"])
    if kind == "ts":
        return rng.choice(["2020-02-29 23:59:59.999", "1999-12-31 00:00:00", "2021-01-03 12:30:00", "1970-01-01 00:00:00.000001"])
    return rng.choice(WORDS)


def write_tables(rng, folder):
    for table, columns in TABLES.items():
        with open(os.path.join(folder, table + ".csv"), "w", encoding="utf-8", newline="") as f:
            f.write(",".join(columns) + "\n")
            for i in range({"r": 23, "q": 40, "p": 9}[table]):
                row = []
                for name, kind in columns.items():
                    value = str(i) if name == "id" else cell(rng, kind)
                    row.append("" if value is None else '"' + value.replace('"', '""') + '"' if kind == "txt" else value)
                f.write(",".join(row) + "\n")
        with open(os.path.join(folder, table + ".csv"), encoding="utf-8") as f:
            assert f.read().count("\n") > 1


class Server:
    """A private PostgreSQL, gone when stopped."""

    def __init__(self, binaries, folder):
        self.binaries, self.folder = binaries, folder
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data = os.path.join(folder, "data")
        self.call("initdb", "-D", data, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "rankmill", "-N")
        self.call("pg_ctl", "-D", data, "-w", "-l", os.path.join(folder, "log"), "-o",
                  f"-k {folder} -c listen_addresses= -c fsync=off -c timezone=UTC -c shared_buffers=16MB", "start")

    def call(self, program, *arguments):
        done = subprocess.run([os.path.join(self.binaries, program), *arguments], user=self.user, cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"{program}: {done.stdout}")

    def stop(self):
        self.call("pg_ctl", "-D", os.path.join(self.folder, "data"), "-m", "immediate", "stop")

    def answers(self, setup, queries):
        """Per query the rows, or None where PostgreSQL refuses it."""
        text = "SET extra_float_digits = 1;\n" + setup + "".join(f"\n\\echo @@{i}\n\\warn @@{i}\n{q};" for i, q in enumerate(queries))
        done = subprocess.run([os.path.join(self.binaries, "psql"), "-X", "-q", "--csv", "-P", "null=NULL", "-h", self.folder, "-U", "rankmill",
                               "postgres"], input=text + "\n", capture_output=True, text=True)
        out, err = (dict(zip(*[iter(re.split(r"^@@(\d+)\n", t, flags=re.M)[1:])] * 2)) for t in (done.stdout, done.stderr))
        if len(out) != len(queries) or done.stderr.split("@@0", 1)[0].strip():
            raise SystemExit(f"psql: {done.stderr[:2000]}")
        return [None if "ERROR:" in err.get(str(i), "") else rows_of(out[str(i)]) for i in range(len(queries))]

    def load(self, data):
        lines = []
        for table, columns in TABLES.items():
            types = ", ".join(f"{c} {KINDS[k][0]}" for c, k in columns.items())
            lines.append(f"CREATE TEMP TABLE {table} ({types});\n\\copy {table} FROM '{data}/{table}.csv' WITH (FORMAT csv, HEADER)\n")
        return "".join(lines)


def canonical(value):
    """One spelling of a value: numbers by nine digits, since places and float sums may differ (D6, D9)."""
    value = {"t": "true", "f": "false", "NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(value, value)
    if re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", value):
        if re.fullmatch(r"-?\d{1,18}", value):
            return str(int(value))
        number = float(value)
        return "0" if abs(number) < 1e-12 else f"{number:.9g}" if number != int(number) or abs(number) > 1e15 else str(int(number))
    return value


def rows_of(text):
    rows = list(csv.reader(io.StringIO(text)))
    return [[canonical(v) for v in row or [""]] for row in rows[1:]]


class Source:
    """What FROM gives: SQL text and columns by kind."""

    def __init__(self, text, columns, ids):
        self.text, self.columns, self.ids = text, columns, ids

    def of(self, *kinds):
        return [c for c, k in self.columns if k in kinds]


class Maker(QueryMaker):
    def quoted(self, *texts):
        return f"'{self.rng.choice(texts)}'"

    def column(self, s, fallback, *kinds):
        columns = s.of(*kinds)
        return self.rng.choice(columns) if columns and self.rng.random() < 0.85 else fallback

    def int(self, s, depth=2):
        r = self.rng
        if depth == 0 or r.random() < 0.35:
            return self.column(s, self.pick("0", "1", "2", "-3", "7", "NULL::int"), "i2", "i4", "i8")
        a = self.int(s, depth - 1)
        return self.pick(
            lambda: f"({a} {self.pick('+', '-', '*')} {self.int(s, depth - 1)})", lambda: f"({a} {self.pick('/', '%')} {self.pick('2', '-3', '7')})",
            lambda: f"({a} / nullif({self.int(s, depth - 1)}, 0))", lambda: f"abs({a})", lambda: f"(- {a})", lambda: f"coalesce({a}, {self.int(s, 0)})",
            lambda: f"{self.pick('greatest', 'least')}({a}, {self.int(s, 0)})", lambda: f"nullif({a}, {self.int(s, 0)})",
            lambda: f"CASE WHEN {self.bool(s, depth - 1)} THEN {a} ELSE {self.int(s, 0)} END", lambda: f"CASE {a} WHEN {self.pick('1', '2')} THEN 5 WHEN 0 THEN NULL ELSE -1 END",
            lambda: f"({a} {self.pick('&', '|', '#')} {self.pick('3', '12')})", lambda: f"length({self.text(s, depth - 1)})",
            lambda: f"strpos({self.text(s, depth - 1)}, {self.quoted('', 'x', 'ß')})", lambda: f"ascii({self.text(s, 0)})",
            lambda: f"CAST({self.dec(s, depth - 1)} AS int)", lambda: f"CAST({self.flt(s, 0)} AS bigint)", lambda: f"({self.date(s, 0)} - {self.date(s, 0)})",
            lambda: f"CAST(extract({self.pick('year', 'month', 'day', 'hour', 'minute', 'dow', 'isodow', 'doy', 'week', 'quarter', 'isoyear', 'decade', 'century')} FROM {self.ts(s, depth - 1)}) AS int)",
            lambda: f"CAST({self.bool(s, depth - 1)} AS int)", lambda: f"sign({a})::int", lambda: f"mod({a}, {self.pick('2', '5')})")()

    def dec(self, s, depth=2):
        r = self.rng
        if depth == 0 or r.random() < 0.35:
            return self.column(s, self.pick("0.5", "1.25", "-2.0", "3", "NULL::numeric(9,3)"), "dec")
        a = self.dec(s, depth - 1)
        return self.pick(
            lambda: f"({a} {self.pick('+', '-', '*')} {self.dec(s, depth - 1)})", lambda: f"({a} + {self.int(s, 0)})", lambda: f"({self.int(s, 0)} * {a})",
            lambda: f"abs({a})", lambda: f"round({a}, {self.pick('0', '1', '2')})", lambda: f"trunc({a}, 1)", lambda: f"{self.pick('floor', 'ceil', 'round', 'trunc')}({a})",
            lambda: f"coalesce({a}, {self.dec(s, 0)})", lambda: f"CASE WHEN {self.bool(s, depth - 1)} THEN {a} ELSE {self.int(s, 0)} END",
            lambda: f"greatest({a}, {self.int(s, 0)})", lambda: f"CAST({a} AS numeric(12,{self.pick('1', '2', '3')}))", lambda: f"CAST({self.int(s, 0)} AS numeric)",
            lambda: f"({a} % {self.pick('2', '1.5')})", lambda: f"nullif({a}, {self.dec(s, 0)})")()

    def flt(self, s, depth=2):
        if depth == 0 or self.rng.random() < 0.35:
            return self.column(s, self.pick("0.5::float8", "1e3", "-2.25::float8"), "f8")
        a = self.flt(s, depth - 1)
        return self.pick(
            lambda: f"({a} {self.pick('+', '-', '*')} {self.flt(s, depth - 1)})", lambda: f"({a} / 8)", lambda: f"({a} + {self.int(s, 0)})", lambda: f"abs({a})",
            lambda: f"({a} * {self.dec(s, 0)})", lambda: f"sqrt(abs({a}))", lambda: f"ln(abs({a}) + 1)", lambda: f"{self.pick('floor', 'ceil', 'round', 'trunc', 'sign')}({a})",
            lambda: f"coalesce({a}, {self.int(s, 0)})", lambda: f"CAST({self.int(s, depth - 1)} AS float8)", lambda: f"CASE WHEN {self.bool(s, depth - 1)} THEN {a} END",
            lambda: f"power({a}, 2)")()

    def text(self, s, depth=1):
        if depth == 0 or self.rng.random() < 0.45:
            return self.column(s, self.pick("'x'", "''", "'äß'", "NULL::text", "'10'"), "txt")
        a = self.text(s, depth - 1)
        return self.pick(
            lambda: f"lower({a})", lambda: f"({a} || {self.text(s, 0)})", lambda: f"({a} || {self.int(s, 0)})", lambda: f"substr({a}, {self.pick('1', '2', '-1')}, {self.pick('0', '1', '3')})",
            lambda: f"{self.pick('left', 'right')}({a}, {self.pick('1', '2', '-1')})", lambda: f"replace({a}, 'x', 'qq')", lambda: f"trim({a})", lambda: f"reverse({a})",
            lambda: f"lpad({a}, {self.pick('2', '5')}, '*')", lambda: f"rpad({a}, 3)", lambda: f"coalesce({a}, 'none')", lambda: f"nullif({a}, '')",
            lambda: f"CASE WHEN {self.bool(s, depth - 1)} THEN {a} ELSE 'e' END", lambda: f"CAST({self.pick(self.int, self.dec, self.bool, self.date, self.ts)(s, 0)} AS text)",
            lambda: f"concat({a}, {self.int(s, 0)}, {self.bool(s, 0)})", lambda: f"concat_ws('-', {a}, {self.text(s, 0)})", lambda: f"split_part({a}, {self.quoted('y', ' ')}, {self.pick('1', '2', '-1')})",
            lambda: f"translate({a}, 'xyä', 'ab')", lambda: f"regexp_replace({a}, '[xy]+', '<&>', 'g')", lambda: f"repeat({a}, 2)", lambda: f"initcap({self.quoted('ab cD e1f', 'x-Y')})",
            lambda: f"substring({a} from '[a-zäé]+')", lambda: f"overlay({a} placing 'Q' from 1 for 1)")()

    def date(self, s, depth=1):
        if depth == 0 or self.rng.random() < 0.5:
            return self.column(s, self.pick("date '2020-01-31'", "date '1999-03-01'", "NULL::date"), "date")
        a = self.date(s, depth - 1)
        return self.pick(lambda: f"({a} {self.pick('+', '-')} {self.int(s, 0)}::int)", lambda: f"CAST({self.ts(s, depth - 1)} AS date)", lambda: f"coalesce({a}, date '2001-01-01')",
                         lambda: f"CASE WHEN {self.bool(s, 0)} THEN {a} END", lambda: f"{self.pick('greatest', 'least')}({a}, {self.date(s, 0)})")()

    def ts(self, s, depth=1):
        if depth == 0 or self.rng.random() < 0.5:
            return self.column(s, self.pick("timestamp '2020-01-31 10:00:00'", "timestamp '1969-12-31 23:59:59.5'"), "ts")
        a = self.ts(s, depth - 1)
        step = self.pick("1 month", "1 day", "-3 hours", "1 year 2 mons", "36:15:00", "1 month -1 day", "0.5 second")
        unit = self.pick("year", "quarter", "month", "week", "day", "hour", "minute", "second", "decade", "century")
        return self.pick(lambda: f"({a} {self.pick('+', '-')} interval '{step}')", lambda: f"date_trunc('{unit}', {a})", lambda: f"CAST({self.date(s, 0)} AS timestamp)",
                         lambda: f"coalesce({a}, {self.ts(s, 0)})", lambda: f"({self.date(s, 0)} + interval '{step}')", lambda: f"({a} + ({self.ts(s, 0)} - {self.ts(s, 0)}))")()

    def bool(self, s, depth=2):
        r = self.rng
        if depth == 0:
            return self.column(s, self.pick("true", "false", "NULL::boolean"), "bool")
        kind = self.pick(self.int, self.int, self.dec, self.flt, self.text, self.date, self.ts)
        compare = self.pick("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
        other = {self.int: (self.int, self.dec, self.flt), self.dec: (self.int, self.dec), self.flt: (self.int, self.flt), self.text: (self.text,),
                 self.date: (self.date, self.ts), self.ts: (self.ts, self.date)}[kind]
        no = self.pick("", "", "NOT ")
        return self.pick(
            lambda: f"({self.bool(s, depth - 1)} {self.pick('AND', 'OR')} {self.bool(s, depth - 1)})", lambda: f"(NOT {self.bool(s, depth - 1)})",
            lambda: f"({kind(s, 1)} {compare} {r.choice(other)(s, 1)})", lambda: f"({kind(s, 1)} {compare} {r.choice(other)(s, 0)})", lambda: f"({kind(s, 1)} IS {no}NULL)",
            lambda: f"({self.bool(s, depth - 1)} IS {no}{self.pick('TRUE', 'FALSE', 'UNKNOWN')})", lambda: f"({kind(s, 1)} {no}BETWEEN {kind(s, 0)} AND {kind(s, 0)})",
            lambda: f"({self.int(s, 1)} {no}IN ({', '.join(r.choice(['0', '1', '2', '7', 'NULL', '2.0', '-3', '100']) for _ in range(r.choice([1, 2, 4, 12])))}))",
            lambda: f"({self.text(s, 1)} {no}IN ({', '.join(self.quoted('x', '', '日本', 'zz', 'Äß') for _ in range(r.choice([1, 3, 12])))}{self.pick('', '', ', NULL')}))",
            lambda: f"({self.dec(s, 1)} {no}IN (1, 2.00, -2.5))", lambda: f"({self.date(s, 1)} {no}IN ('2020-02-29', '1970-01-01'))",
            lambda: f"({self.text(s, 1)} {no}{self.pick('LIKE', 'LIKE', 'ILIKE')} {self.quoted('x%', '%y', '_', '%', '%_b', 'ä%', '__', '%x%y%', 'yx!%', '', '%ß')})",
            lambda: f"({self.text(s, 1)} {self.pick('~', '~*', '!~', '!~*')} {self.quoted('^x', 'y$', '[a-f]', 'ä', 'x.*y', '^$', '(x|z)+')})",
            lambda: f"starts_with({self.text(s, 1)}, 'x')")()

    def any(self, s, depth=2):
        return self.pick(self.int, self.int, self.dec, self.flt, self.text, self.text, self.bool, self.date, self.ts)(s, depth)

    def kinded(self, s, depth=1):
        """An expression, and the kind that its column then has."""
        return self.pick(lambda: (f"CAST({self.int(s, depth)} AS bigint)", "i8"), lambda: (f"CAST({self.dec(s, depth)} AS numeric(14,2))", "dec"), lambda: (self.text(s, depth), "txt"),
                         lambda: (self.bool(s, depth), "bool"), lambda: (self.date(s, depth), "date"), lambda: (self.ts(s, depth), "ts"), lambda: (self.flt(s, 0), "f8"))()

    def base(self, depth):
        alias, roll = self.alias(), self.rng.random()
        if depth > 0 and roll < 0.25:
            inner = self.source(depth - 1)
            pairs = [self.kinded(inner) for _ in range(self.rng.randint(2, 4))]
            columns = ", ".join(f"{e} AS c{i}" for i, (e, _) in enumerate(pairs))
            where = f" WHERE {self.bool(inner)}" if self.rng.random() < 0.5 else ""
            return Source(f"(SELECT {self.pick('', '', 'DISTINCT ')}{columns} FROM {inner.text}{where}) AS {alias}", [(f"{alias}.c{i}", k) for i, (_, k) in enumerate(pairs)], [])
        if depth > 0 and roll < 0.4:
            inner = self.source(depth - 1)
            (key, kind), x = self.kinded(inner), self.int(inner, 1)
            return Source(f"(SELECT {key} AS g, count(*) AS n, max({x}) AS m, sum({self.dec(inner, 0)}) AS z FROM {inner.text} GROUP BY 1{self.pick('', ' HAVING count(*) > 1')}) AS {alias}",
                          [(f"{alias}.g", kind), (f"{alias}.n", "i8"), (f"{alias}.m", "i8"), (f"{alias}.z", "dec")], [])
        table = self.rng.choice(list(TABLES))
        return Source(f"{table} AS {alias}", [(f"{alias}.{c}", k) for c, k in TABLES[table].items()], [f"{alias}.id"])

    def key_pair(self, a, b):
        family = self.pick(("i2", "i4", "i8", "dec"), ("i2", "i4", "i8", "dec"), ("i2", "i4", "i8", "f8"), ("txt",), ("date", "ts"), ("dec", "f8"))
        left, right = a.of(*family), b.of(*family)
        if left and right:
            return f"{self.rng.choice(left)} = {self.rng.choice(right)}"
        return f"{self.int(a, 0)} = {self.int(b, 0)}"

    def source(self, depth=2):
        s = self.base(depth)
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            other = self.base(depth)
            both = Source("", s.columns + other.columns, s.ids + other.ids if s.ids and other.ids else [])
            on = self.key_pair(s, other) + (f" AND {self.key_pair(s, other)}" if self.rng.random() < 0.2 else "") + (f" AND {self.bool(both, 1)}" if self.rng.random() < 0.35 else "")
            both.text = f"{s.text} {self.pick('JOIN', 'LEFT JOIN')} {other.text} ON {on}"
            s = both
        return s

    def aggregate(self, s):
        kind = self.pick(self.int, self.dec, self.text, self.date, self.ts)
        call = self.pick(
            lambda: "count(*)", lambda: f"count({self.any(s, 1)})", lambda: f"sum({self.pick(self.int, self.dec)(s, 1)})", lambda: f"avg({self.pick(self.int, self.dec)(s, 1)})",
            lambda: f"{self.pick('min', 'max')}({kind(s, 1)})", lambda: f"count(DISTINCT {self.pick(self.int, self.dec, self.text, self.date, self.bool)(s, 1)})", lambda: f"sum(DISTINCT {self.int(s, 1)})",
            lambda: f"{self.pick('stddev', 'variance', 'var_pop', 'stddev_pop')}({self.int(s, 0)})", lambda: f"corr({self.int(s, 0)}, {self.int(s, 0)})",
            lambda: f"percentile_cont({self.pick('0', '0.25', '0.5', '0.9', '1')}) WITHIN GROUP (ORDER BY {self.int(s, 1)})", lambda: f"bool_{self.pick('and', 'or')}({self.bool(s, 1)})",
            lambda: f"sum({self.flt(s, 0)})", lambda: f"max({self.flt(s, 1)})")()
        return f"{call} FILTER (WHERE {self.bool(s, 1)})" if self.rng.random() < 0.2 else call

    def grouped(self):
        s = self.source()
        keys = [self.kinded(s)[0] for _ in range(self.pick(0, 1, 1, 2))]
        calls = [self.aggregate(s) for _ in range(self.rng.randint(1, 3))]
        where = f" WHERE {self.bool(s)}" if self.rng.random() < 0.5 else ""
        group = f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
        having = f" HAVING count(*) {self.pick('>', '<=')} {self.pick('0', '1', '2')}" if self.rng.random() < 0.3 else ""
        return f"SELECT {', '.join(f'{e} AS c{i}' for i, e in enumerate(keys + calls))} FROM {s.text}{where}{group}{having}"

    def plain(self):
        s = self.source()
        columns = ", ".join(f"{self.any(s)} AS c{i}" for i in range(self.rng.randint(1, 4)))
        where = f" WHERE {self.bool(s)}" if self.rng.random() < 0.7 else ""
        if self.rng.random() < 0.15:
            inner = self.source(1)
            where = f" WHERE {self.int(s, 1)} {self.pick('>', '<', '=')} (SELECT {self.pick('min', 'max', 'count')}({self.int(inner, 1)}) FROM {inner.text})"
        if s.ids and self.rng.random() < 0.4:
            order = ", ".join([f"{self.pick(self.int, self.text, self.dec, self.date, self.bool)(s, 1)} {self.pick('', 'DESC', 'NULLS FIRST', 'DESC NULLS LAST')}",
                               *(f"{i} {self.pick('', 'DESC')}" for i in s.ids)])
            if self.rng.random() < 0.5:
                return f"SELECT {columns}, row_number() OVER (PARTITION BY {self.kinded(s)[0]} ORDER BY {order}) AS rn FROM {s.text}{where}"
            return f"SELECT {columns} FROM {s.text}{where} ORDER BY {order} LIMIT {self.pick('0', '1', '5', '100')} OFFSET {self.pick('0', '0', '2')}"
        return f"SELECT {self.pick('', '', 'DISTINCT ')}{columns} FROM {s.text}{where}"

    def shared(self):
        s = self.source(1)
        both = Source("", [("w1.k", "i8"), ("w1.v", "dec"), ("w1.x", "txt"), ("w2.k", "i8"), ("w2.v", "dec"), ("w2.x", "txt")], [])
        body = f"SELECT CAST({self.int(s)} AS bigint) AS k, CAST({self.dec(s, 1)} AS numeric(14,2)) AS v, {self.text(s)} AS x FROM {s.text}"
        return f"WITH w AS ({body}) SELECT {self.any(both)} AS c0, {self.text(both)} AS c1 FROM w AS w1 {self.pick('JOIN', 'LEFT JOIN')} w AS w2 ON {self.pick('w1.k = w2.k', 'w1.k = w2.v', 'w1.x = w2.x')} WHERE {self.bool(both)}"

    def query(self):
        return self.pick(self.plain, self.plain, self.grouped, self.grouped, self.shared)()


def find_binaries():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda f: -int(re.sub(r"\D", "", f)))
    on_path = shutil.which("initdb")
    for folder in folders + ([os.path.dirname(on_path)] if on_path else []):
        if all(os.path.exists(os.path.join(folder, program)) for program in ("initdb", "pg_ctl", "postgres", "psql")):
            return folder
    return None


def rankmill_with(command, data):
    """rankmill with the tables of the folder data as sources."""
    rankmill = Rankmill(command, 900)
    for table, columns in TABLES.items():
        block = {"path": f"{data}/{table}.csv", "schema": {c: KINDS[k][1] for c, k in columns.items()}}
        rankmill.command += ["--source", f"{table}={json.dumps(block)}"]
    return rankmill


def refused(engine, queries, expected):
    """What PostgreSQL refuses may have an answer here (an error in a row that is not needed), but never another exit."""
    wrong = 0
    for i in [i for i, rows in enumerate(expected) if rows is None]:
        code, _, err = engine.run([queries[i]])
        if code not in (0, 2, 3):
            wrong += 1
            print(f"    {queries[i]}\n      exit {code}: {err}")
    return wrong


def main():
    options = options_of(__doc__, "sql-postgres", 500)
    binaries = find_binaries()
    if binaries is None or (os.geteuid() == 0 and "postgres" not in [u.pw_name for u in pwd.getpwall()]):
        print(f"skip {options.name}: PostgreSQL is not installed (apt-get install postgresql)")
        return 0
    print(f"    sql_postgres.py --seed {options.seed} --count {options.count}")
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        write_tables(rng, data)
        queries = [Maker(rng).query() for _ in range(options.count)]
        server = Server(binaries, folder)
        try:
            expected = server.answers(server.load(data), queries)
        finally:
            server.stop()
        engine = Engine(rankmill_with(options.command, data), canonical)
        answered = [(query, rows) for query, rows in zip(queries, expected) if rows is not None]
        wrong = compare(engine, *zip(*answered)) if answered else 0
        wrong += refused(engine, queries, expected)
    print(f"    {len(answered)} of {len(queries)} queries have an answer")
    if len(answered) < len(queries) / 2:
        wrong += 1
    return verdict(options.name, wrong)


if __name__ == "__main__":
    sys.exit(main())
