#!/usr/bin/env python3
"""mixed.py STORE FOLDER: the store of tests/jobs/mixed.json over FOLDER equals this computation, statistics by fractions.Fraction."""

import collections
import math
import os
import sys
from fractions import Fraction

import h5py
import numpy as np

import oracle
from facts import by, correlation, deviation, exact, load, mean, present, total, value

INTO = {"train": 7, "val": 2, "test": 1}


def totals(rows):
    (x,), (f,), (t,), pair = present(rows, "x"), present(rows, "f"), present(rows, "t"), present(rows, "x", "y")
    return {"rows_g": len(rows), "sum_x": total(x), "avg_x": mean(x), "dev_x": deviation(x),
            "corr_xy": correlation(*pair),
            "sum_f": total(f, 24, -149, 127), "last_t": max(t, default=None)}


def joined(facts, names):
    kept = [r for r in facts if r["n"] is None or r["n"] % 7 != 3]
    of_group = {g: totals(rows) for g, rows in by(kept, "g").items() if g is not None}
    of_key = {}
    nothing = dict.fromkeys(["rows_g", "sum_x", "avg_x", "dev_x", "corr_xy", "sum_f", "last_t"])
    for k, rows in by(kept, "k").items():
        (x,) = present(rows, "x")
        of_key[k] = {"mid_x": oracle.exact_quantile(x, 1, 2) + 0.0 if x else None, "kinds_k": len({r["g"] for r in rows} - {None})}
        # Ties, and NULLs among each other, fall to the row id: sorted() keeps the order of the files.
        for place, row in enumerate(sorted(rows, key=lambda r: (r["x"] is None, r["x"] or 0.0)), 1):
            row["place"] = place
    of_key[None] = {"mid_x": None, "kinds_k": None}
    overall, names_of = mean(present(kept, "x")[0]), by(names, "k")
    out = []
    for row in kept:
        row.update(of_group.get(row["g"], nothing), other_sum=of_group.get(row["other"], nothing)["sum_x"], **of_key[row["k"]])
        row["off_mean"] = None if row["x"] is None else row["x"] - overall
        matches = names_of.get(row["k"], []) if row["k"] is not None else []
        for match in matches or [{"name": None, "w": None}]:
            out.append(dict(row, name=match["name"], w=match["w"]))
    return out


def scaled(rows, fit, name):
    (values,) = present(fit, name)
    middle = mean([float(v) for v in values])
    filled = [Fraction(middle if r[name] is None else r[name]) for r in fit]
    average = value(exact.rounded(sum(filled) / len(filled)))
    width = math.sqrt(value(exact.rounded(exact.centred(filled, filled) / len(filled) ** 2)))
    return [0.0 if width == 0 else ((middle if r[name] is None else float(r[name])) - average) / width for r in rows]


def kept_values(store, part, name):
    """Fixed-width kept values with NULLs as None."""
    out = []
    for shard in store.manifest["splits"][part]["shards"]:
        with h5py.File(os.path.join(store.path, shard["file"]), "r") as file:
            stored = file["keep/" + name]
            if isinstance(stored, h5py.Group):
                offsets, data = stored["offsets"][...], stored["values"][...].tobytes()
                values = [data[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])]
                valid = stored["valid"][...] if "valid" in stored else [True] * len(values)
            else:
                values = stored[...].tolist()
                link = f"keep/{name}.valid"
                valid = file[link][...] if link in file else [True] * len(values)
            out += [v if ok else None for v, ok in zip(values, valid)]
    return out


def main():
    path, folder = sys.argv[1:3]
    rows, got, ok = joined(load(folder, "facts"), load(folder, "names")), oracle.Store(path), True
    seed = oracle.purpose_seed(11, "split", "parts")
    parts = {name: [] for name in INTO}
    for row in rows:
        parts[oracle.split_of(oracle.h64(seed, oracle.value_bytes(row["k"])), INTO)].append(row)
    fit = parts["train"]
    groups = sorted({r["g"] for r in fit} - {None}, key=str.encode)
    counts = collections.Counter(r["name"] for r in fit if r["name"] is not None)
    words = {w: i + 2 for i, w in enumerate(sorted((w for w in counts if counts[w] >= 2), key=lambda w: (-counts[w], w.encode())))}
    stats = ["rows_g", "sum_x", "avg_x", "dev_x", "corr_xy", "other_sum", "mid_x", "kinds_k", "off_mean"]
    for part, chosen in parts.items():
        if not chosen:
            continue
        x, n = scaled(chosen, fit, "x"), scaled(chosen, fit, "n")
        tensors = {
            "stats": (np.float64, [[0.0 if r[c] is None else float(r[c]) for c in stats] for r in chosen]),
            "scaled": (np.float32, list(map(list, zip(x, n)))),
            "group": (np.float32, [[float(r["g"] == g) for g in groups] for r in chosen]),
            "name_id": (np.int32, [0 if r["name"] is None else words.get(r["name"], 1) for r in chosen]),
            "place": (np.int64, [r["place"] for r in chosen]),
        }
        for name, (dtype, want) in tensors.items():
            ok &= oracle.same_bits(f"mixed.{part}.{name}", got.split(part, name), np.array(want).astype(dtype))
        for name in ("id", "k", "g", "note", "t", "last_t", "w", "flag", "sum_f"):
            same = kept_values(got, part, name) == [r[name] for r in chosen]
            print("ok" if same else "not ok", f"mixed.{part}.keep/{name}")
            ok &= same
    problems = oracle.unbalanced(got.manifest)
    print("not ok" if problems else "ok", "mixed.ledger", *problems)
    oracle.finish(ok and not problems)


main()
