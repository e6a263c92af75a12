"""The rows of tests/tools/mixed_data.py, read by Python alone, and exact statistics over them."""

import collections
import datetime
import math
import os
import sys
from fractions import Fraction

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import exact  # noqa: E402

EPOCH = datetime.datetime(1970, 1, 1)


def read_text(data):
    """Rows of CSV, NULL (nothing, unquoted) and empty text (quoted) apart: a reader of its own, since Python's csv cannot."""
    rows, row, field, at = [], [], None, 0
    data += "" if data.endswith("\n") or not data else "\n"
    while at < len(data):
        c = data[at]
        if c == '"':
            end = at + 1
            while data[end : end + 2] == '""' or data[end] != '"':
                end += 2 if data[end] == '"' else 1
            field = data[at + 1 : end].replace('""', '"')
            at = end + 1
        elif c in ",\n":
            row.append(field)
            field = None
            if c == "\n":
                rows.append(row)
                row = []
            at += 1
        else:
            end = at
            while data[end] not in ",\n":
                end += 1
            field = data[at:end]
            at = end
    return [dict(zip(rows[0], r)) for r in rows[1:]]


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return read_text(file.read())


def convert(row, kinds):
    return {name: None if row[name] is None else kinds.get(name, str)(row[name]) for name in row}


def micros(text):
    return (datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f") - EPOCH) // datetime.timedelta(microseconds=1)


def load(folder, stem):
    kinds = {"id": int, "k": int, "n": int, "x": float, "y": float, "w": float, "f": lambda t: float(np.float32(t)), "t": micros,
             "flag": lambda t: t.lower() == "true"}
    names = sorted(n for n in os.listdir(folder) if n.startswith(stem))
    return [convert(row, kinds) for name in names for row in read(os.path.join(folder, name))]


def by(rows, column):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def present(rows, *columns):
    return [[r[c] for r in rows if all(r[d] is not None for d in columns)] for c in columns]


def value(bits):
    return None if bits == "null" else math.nan if bits == "nan" else exact.from_bits(int(bits, 16))


def total(values, *precision):
    return value(exact.rounded(sum(map(Fraction, values)), *precision)) if values else None


def mean(values):
    return value(exact.rounded(sum(map(Fraction, values)) / len(values))) if values else None


def variance(values):
    n, exact_values = len(values), list(map(Fraction, values))
    return value(exact.rounded(exact.centred(exact_values, exact_values) / (n * (n - 1)))) if n > 1 else None


def deviation(values):
    return math.sqrt(variance(values)) if len(values) > 1 else None


def correlation(x, y):
    return value(exact.expect_corr(x, y)) if x else None


def bits_of(x):
    return exact.bits(x)
