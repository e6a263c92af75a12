#!/usr/bin/env python3
"""titanic.py STORE 'CSV GLOB': the Titanic store equals this computation, exact statistics by fractions.Fraction."""

import collections
import sys

import numpy as np

import oracle


def number(text, kind):
    return None if text == "" else kind(text)


def parse(fields):
    row = {k: v if v != "" else None for k, v in fields.items()}
    for name in ("PassengerId", "Survived", "Pclass", "SibSp", "Parch"):
        row[name] = number(fields[name], int)
    for name in ("Age", "Fare"):
        row[name] = number(fields[name], float)
    return row


def vocabulary(values, min_count):
    counts = collections.Counter(v for v in values if v is not None)
    kept = [v for v, n in counts.items() if n >= min_count]
    kept.sort(key=lambda v: (-counts[v], v.encode()))
    return {v: i + 2 for i, v in enumerate(kept)}  # 0 = NULL, 1 = unseen or rare


def main():
    store, pattern = sys.argv[1:3]
    rows = [(i, parse(f)) for i, f in oracle.read_rows(oracle.files_of(pattern))]
    mean = oracle.exact_mean([r["Age"] for _, r in rows if r["Age"] is not None])
    for _, row in rows:
        row["Age"] = mean if row["Age"] is None else row["Age"]
        row["Cabin"] = "None" if row["Cabin"] is None else row["Cabin"]
    rows = [(i, r) for i, r in rows if all(v is not None for v in r.values())]
    seed = oracle.purpose_seed(7, "split", "parts")
    parts = {"train": [], "test": []}
    for row_id, row in rows:
        parts[oracle.split_of(oracle.h64(seed, oracle.id_bytes(row_id)), {"train": 8, "test": 2})].append(row)
    fit = parts["train"]
    names = ["Age", "Fare", "SibSp", "Parch"]
    means = {n: oracle.exact_mean([float(r[n]) for r in fit]) for n in names}
    deviations = {n: oracle.exact_var_pop([float(r[n]) for r in fit]) ** 0.5 for n in names}
    kinds = {n: sorted({r[n] for r in fit}, key=str.encode) for n in ("Gender", "Embarked")}
    cabins = vocabulary([r["Cabin"] for r in fit], 2)
    edges = []
    for i in range(1, 5):
        edge = oracle.exact_quantile([r["Age"] for r in fit], i, 5)
        if not edges or edge > edges[-1]:
            edges.append(edge)
    got, ok = oracle.Store(store), True
    for part, chosen in parts.items():
        def check(name, want, dtype):
            return oracle.same_bits(f"titanic.{part}.{name}", got.split(part, name), np.array(want).astype(dtype))

        ok &= check("numbers", [[(float(r[n]) - means[n]) / deviations[n] for n in names] for r in chosen], np.float32)
        ok &= check("class", [r["Pclass"] for r in chosen], np.int8)
        ok &= check("kinds", [[float(r[n] == k) for n in kinds for k in kinds[n]] for r in chosen], np.float32)
        ok &= check("cabin", [cabins.get(r["Cabin"], 1) for r in chosen], np.int32)
        ok &= check("ticket", [1 + oracle.h64(0, oracle.value_bytes(r["Ticket"])) % 64 for r in chosen], np.int64)
        ok &= check("age_band", [sum(e <= r["Age"] for e in edges) for r in chosen], np.int8)
        ok &= check("survived", [r["Survived"] for r in chosen], np.float32)
        ok &= check("keep/PassengerId", [r["PassengerId"] for r in chosen], np.int32)
        same = got.text(part, "Name") == [r["Name"] for r in chosen]
        print("ok" if same else "not ok", f"titanic.{part}.keep/Name")
        ok &= same
    oracle.finish(ok)


main()
