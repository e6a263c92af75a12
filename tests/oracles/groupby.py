#!/usr/bin/env python3
"""groupby.py FOLDER < CSV: what `query --format csv` printed for each key equals fractions.Fraction.

    groupby.py --sql KEY           prints the query, KEY being g or k
    groupby.py --source PATTERN    prints the source block of its table `facts`
"""

import json
import sys

import numpy as np
from facts import bits_of, by, correlation, deviation, load, mean, present, read_text, total, variance

SQL = ("SELECT {key}, count(*) AS n, count(x) AS nx, sum(x) AS sum_x, avg(x) AS avg_x, stddev(x) AS dev_x, variance(y) AS var_y, "
       "corr(x, y) AS corr_xy, corr(f, n) AS corr_fn, sum(f) AS sum_f, avg(f) AS avg_f, sum(n) AS sum_n, avg(n) AS avg_n, "
       "stddev(n) AS dev_n FROM facts GROUP BY {key} ORDER BY {key}")
SCHEMA = {"id": "int64", "k": "int32", "g": "string", "other": "string", "x": "float64", "y": "float64", "f": "float32", "n": "int32",
          "t": "timestamp", "flag": "bool", "note": "string"}


def expected(rows):
    (x,), (y,), (f,), (n,) = (present(rows, c) for c in "xyfn")
    return {"n": len(rows), "nx": len(x), "sum_x": total(x), "avg_x": mean(x), "dev_x": deviation(x), "var_y": variance(y),
            "corr_xy": correlation(*present(rows, "x", "y")), "corr_fn": correlation(*present(rows, "f", "n")),
            "sum_f": total(f, 24, -149, 127), "avg_f": mean(f), "sum_n": sum(n) if n else None, "avg_n": mean(n), "dev_n": deviation(n)}


def check(key, line, want):
    """None, or what differs."""
    for name, value in want.items():
        got = line[name]
        if value is None or got is None:
            same = got is None and value is None
        elif isinstance(value, int):
            same = int(got) == value
        elif name == "sum_f":
            same = bits_of(float(np.float32(got))) == bits_of(value)
        else:
            same = bits_of(float(got)) == bits_of(value)
        if not same:
            return f"{key!r} {name}: {got}, expected {value!r}"
    return None


def main():
    if sys.argv[1] == "--sql":
        print(SQL.format(key=sys.argv[2]))
        return 0
    if sys.argv[1] == "--source":
        print("facts=" + json.dumps({"path": sys.argv[2], "schema": SCHEMA}))
        return 0
    lines = read_text(sys.stdin.read())
    column = next(iter(lines[0])) if lines else "g"
    groups = by(load(sys.argv[1], "facts"), column)
    kind = int if column == "k" else str
    failed = 0
    for line in lines:
        key = None if line[column] is None else kind(line[column])
        trouble = check(key, line, expected(groups.pop(key)) if key in groups else {"n": 0})
        failed += trouble is not None
        if trouble:
            print("   ", trouble)
    failed += len(groups)
    print("not ok" if failed else "ok", f"groupby.{column} ({len(lines)} groups)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
