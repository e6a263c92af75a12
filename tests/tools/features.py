"""Fits and applies every transform with fractions.Fraction, dicts and sorting, and compares with what features_fit makes
of the same rows at several rank counts and batch sizes: fitted.json must be the same bytes, tensors the same bits
(log1p: within 2 units in the last place). RANKMILL_TEST_SEED repeats a run."""
import bisect
import collections
import datetime
import ctypes
import ctypes.util
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

import numpy as np

# Rank counts by rows; 0: without MPI.
RANKS = {1: [0, 3], 7: [0, 5], 300: [0, 1, 2, 3, 5], 1500: [0, 3]}
SLOW_RANKS = {2: [0, 1, 2, 3, 5, 8], 40000: [0, 1, 2, 3, 5, 8]}
xxh = ctypes.CDLL("libxxhash.so.0").XXH3_64bits_withSeed
xxh.restype = ctypes.c_uint64
xxh.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]


# A column is (type, values): int, float, bool, str, Fraction or None.
def value_bytes(kind, v):
    """V of definitions.md D1."""
    if kind == "bool":
        return b"\1" + bytes([v])
    if kind == "string":
        raw = v.encode()
        return b"\1" + struct.pack("<Q", len(raw)) + raw
    if kind.startswith("float"):
        return b"\1" + struct.pack("<d", v + 0.0)
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        return b"\1" + int(v * 10**scale).to_bytes(16, "little", signed=True)
    return b"\1" + (v & (2**64 - 1)).to_bytes(8, "little")


def h64(kind, v):
    raw = value_bytes(kind, v)
    return xxh(raw, len(raw), 0)


def as_f64(v):
    return float(v)  # int and Fraction round to nearest even


def order(kind, v):
    return v.encode() if kind == "string" else v


class Lane:
    """Values between two steps; ids of a last one_hot are kept apart."""

    def __init__(self, kind, values):
        self.kind, self.values, self.flags, self.one_hot, self.cardinality = kind, values, [], None, 0

    def floats(self):
        return [None if v is None else as_f64(v) for v in self.values]


def quantile(values, numerator, denominator):
    values = sorted(values)
    h = Fraction((len(values) - 1) * numerator, denominator)
    at = h.numerator // h.denominator
    fraction = float(h - at)
    low = values[at]
    high = values[min(at + 1, len(values) - 1)] if fraction > 0 else low
    return low if fraction == 0 or low == high else low + (high - low) * fraction


def mean_of(values):
    return float(sum(map(Fraction, values)) / len(values))


def var_pop(values):
    n, s, q = len(values), sum(map(Fraction, values)), sum(Fraction(v) ** 2 for v in values)
    return float((n * q - s * s) / (n * n))


def top(kind, values, min_count=1, max_size=None):
    counts = collections.Counter(values)
    chosen = sorted((v for v, c in counts.items() if c >= min_count), key=lambda v: (-counts[v], order(kind, v)))
    return chosen[:max_size] if max_size else chosen


def fitted(lane, fit):
    """What a fit sees: -0 and 0 are one value there."""
    return [v + 0.0 if isinstance(v, float) else v for v, f in zip(lane.values, fit) if f and v is not None]


def step(lane, fit, name, p):
    """Applies a transform in place; returns what fitted.json says of it, but for the parameters."""
    seen = fitted(lane, fit)
    numbers = [as_f64(v) for v in seen] if lane.kind != "string" else []
    if name.startswith("impute"):
        if p.get("indicator"):
            lane.flags.append([v is None for v in lane.values])
        if name == "impute_constant":
            fill = p["value"]
            if lane.kind != "string" and not lane.kind.startswith("float") and isinstance(fill, float):
                lane.kind, lane.values = "float64", lane.floats()
            result = {}
        elif name == "impute_most_frequent":
            fill = top(lane.kind, seen)[0]
            result = {"values": [fill]}
        else:
            fill = mean_of(numbers) if name == "impute_mean" else quantile(numbers, 1, 2)
            result = {name[7:]: fill, "count": len(numbers)}
            lane.kind, lane.values = "float64", lane.floats()
        lane.values = [fill if v is None else v for v in lane.values]
        return result
    if name in ("vocabulary", "one_hot"):
        chosen = top(lane.kind, seen, p.get("min_count", 1), p.get("max_size"))
        result = {"values": chosen}
        if name == "one_hot":
            chosen.sort(key=lambda v: order(lane.kind, v))
            at = {v: i for i, v in enumerate(chosen)}
            lane.one_hot = chosen, [at.get(v) for v in lane.values]
            return result
        oov = p.get("oov_buckets", 1)
        at = {v: 1 + oov + i for i, v in enumerate(chosen)}
        lane.values = [0 if v is None else at[v] if v in at else 1 + h64(lane.kind, v) % oov for v in lane.values]
        lane.kind, lane.cardinality = "int64", len(chosen) + oov + 1
        return dict(result, cardinality=lane.cardinality)
    if name == "hash":
        lane.values = [0 if v is None else 1 + h64(lane.kind, v) % p["n"] for v in lane.values]
        lane.kind, lane.cardinality = "int64", p["n"] + 1
        return {"n": p["n"], "cardinality": lane.cardinality}
    if name == "bucketize":
        edges, bins = p.get("edges"), p.get("bins")
        if bins:
            low, high = min(numbers), max(numbers)
            edges = [
                quantile(numbers, i, bins) if p.get("quantile") else low + i * (high - low) / bins
                for i in range(1, bins)
            ]
            edges = [e for i, e in enumerate(edges) if i == 0 or e > edges[i - 1]]
        lane.values = [None if v is None else bisect.bisect_right(edges, as_f64(v)) for v in lane.values]
        lane.kind, lane.cardinality = "int64", len(edges) + 1
        return {"edges": edges, "cardinality": lane.cardinality}
    x = lane.floats()
    lane.cardinality = 0
    if name == "standardize":
        mean, std = mean_of(numbers), math.sqrt(var_pop(numbers))
        out = [None if v is None else 0.0 if std == 0 else (v - mean) / std for v in x]
        result = {"mean": mean, "std": std, "count": len(numbers)}
    elif name == "minmax":
        low, high, least, most = min(numbers), max(numbers), p.get("min", 0.0), p.get("max", 1.0)
        out = [
            None if v is None else least if high == low else least + (v - low) / (high - low) * (most - least) for v in x
        ]
        if p.get("clip"):
            out = [None if v is None else min(max(v, least), most) for v in out]
        result = {"data_min": low, "data_max": high, "count": len(numbers)}
    elif name == "clip":
        low, high = p.get("min", -math.inf), p.get("max", math.inf)
        if "quantiles" in p:
            ends = [Fraction(str(q)) for q in p["quantiles"]]
            low, high = (quantile(numbers, q.numerator, q.denominator) for q in ends)
        out = [None if v is None else low if v < low else high if v > high else v for v in x]
        result = {k: v for k, v in (("min", low), ("max", high)) if math.isfinite(v)}
    elif name == "log1p":
        out = [None if v is None else float(np.log1p(v)) for v in x]
        result = {}
    else:
        raise ValueError(name)
    lane.kind, lane.values = "float64", out
    return result


MAIN = {"impute_constant": "value", "hash": "n", "bucketize": "edges"}


def split_step(node):
    if isinstance(node, str):
        return node, {}
    ((name, p),) = node.items()
    return name, p if isinstance(p, dict) else {MAIN[name]: p}


def text_of(kind, v):
    if kind == "bool":
        return "true" if v else "false"
    if kind.startswith("float"):
        return repr(v).removesuffix(".0")
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        return f"{float(v):.{scale}f}" if scale else str(int(v))
    if kind == "date":
        return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=v))
    return str(v)


def expected_tensor(tensor, table, fit):
    """Columns of elements (lists with None), feature names, cardinalities, steps by name; exact: no log1p."""
    columns, names, cardinalities, steps = [], [], [], {}
    entries = tensor.get("columns") or [tensor["column"]]
    for entry in entries:
        entry = {"column": entry} if isinstance(entry, str) else entry
        lane = Lane(*table[entry["column"]])
        name, said = entry.get("as", entry["column"]), []
        for node in entry.get("do", tensor.get("do", [])):
            kind = lane.kind
            result = step(lane, fit, *split_step(node))
            if "values" in result:
                result["values"] = [
                    text_of(kind, v) if kind.startswith(("decimal", "date")) else str(v) if isinstance(v, int) and abs(v) > 2**53 else v
                    for v in result["values"]
                ]
            said.append(dict(result, transform=split_step(node)[0]))
        steps[name] = said
        if lane.one_hot:
            chosen, at = lane.one_hot
            kind = table[entry["column"]][0]
            names += [f"{name}_{text_of(lane.kind, v)}" for v in chosen]
            columns += [[int(a == i) for a in at] for i in range(len(chosen))]
            cardinalities += [0] * len(chosen)
        else:
            names.append(name)
            columns.append(lane.values)
            cardinalities.append(lane.cardinality)
        for flags in lane.flags:
            names.append("missingindicator_" + name)
            columns.append([int(f) for f in flags])
            cardinalities.append(0)
    return columns, names, cardinalities, steps


def to_dtype(values, dtype):
    """One rounding from int, Fraction or float to the dtype; None is NaN."""
    if dtype == "float32":
        out = np.empty(len(values), np.float32)
        for i, v in enumerate(values):
            if v is None:
                out[i] = np.nan
            elif isinstance(v, float):
                out[i] = np.float32(v)
            else:
                out[i] = nearest_f32(Fraction(v))
        return out
    if dtype == "float64":
        return np.array([np.nan if v is None else as_f64(v) for v in values], np.float64)
    return np.array([int(v) for v in values], dtype)


def nearest_f32(x):
    near = np.float32(float(x))
    candidates = [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))]
    return min(candidates, key=lambda c: (abs(Fraction(float(c)) - x), int(c.view(np.int32)) & 1))


def make_table(rng, rows):
    def holes(values, share=0.15):
        return [values[0]] + [None if rng.random() < share else v for v in values[1:]]

    def skewed(n):
        return int(n * rng.random() ** 4)

    words = ["", "a", "Ünï", "seven77", "eight888", "nine99999", "sixteen-sixteen-", "x" * 40, "€uro", "b"]
    words += [f"w{i:06d}" for i in range(400)]
    t = {
        "wide": ("float64", holes([rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30) for _ in range(rows)])),
        "price": ("float64", [round(math.exp(rng.gauss(2, 1)), 2) for _ in range(rows)]),
        "f32": ("float32", holes([float(np.float32(rng.gauss(0, 5))) for _ in range(rows)])),
        "signed": ("float64", holes([rng.choice([-0.0, 0.0, 1.5, -1.5, 2.25]) for _ in range(rows)])),
        "i8": ("int8", holes([rng.randint(-128, 127) for _ in range(rows)])),
        "small": ("int32", holes([skewed(50) for _ in range(rows)])),
        "zeros": ("int16", [skewed(9) * (rng.random() < 0.3) for _ in range(rows)]),
        "big": ("int64", holes([rng.randint(-(2**63), 2**63 - 1) for _ in range(rows)])),
        "few_big": ("int64", holes([2**60 + skewed(5) for _ in range(rows)])),
        "u64": ("uint64", [rng.getrandbits(64) for _ in range(rows)]),
        "flag": ("bool", holes([rng.random() < 0.7 for _ in range(rows)])),
        "money": ("decimal(12,3)", holes([Fraction(skewed(5000) - 900, 1000) for _ in range(rows)])),
        "day": ("date", holes([18000 + skewed(40) for _ in range(rows)])),
        "word": ("string", holes([words[skewed(len(words))] for _ in range(rows)])),
        "constant": ("float64", [0.1] * rows),
    }
    fit = [True] + [rng.random() < 0.8 for _ in range(rows - 1)]
    return t, fit


V = {"vocabulary": {}}
JOB = {
    "pass64": {"dtype": "float64", "nulls": "nan", "columns": ["wide", "price", "f32", "i8", "small", "big", "u64", "flag", "money", "day"]},
    "pass32": {"dtype": "float32", "nulls": "nan", "columns": ["price", "f32", "i8", "big", "u64", "flag", "money", "day"]},
    "label": {"dtype": "uint64", "column": "u64", "role": "label"},
    "ints": {"dtype": "int16", "columns": ["zeros", {"column": "i8", "do": [{"impute_constant": -7}]}, {"column": "small", "do": [{"impute_constant": {"value": 3, "indicator": True}}]}]},
    "mean": {"dtype": "float64", "columns": ["wide", "f32", "small", "money", "flag"], "do": [{"impute_mean": {"indicator": True}}, "standardize"]},
    "standard": {"dtype": "float32", "nulls": "nan", "columns": ["price", "constant", "big", "signed"], "do": ["standardize"]},
    "median": {"dtype": "float64", "columns": ["wide", "f32", "i8", "big", "signed", "zeros"], "do": ["impute_median"]},
    "mode": {"dtype": "float64", "columns": ["f32", "small", "few_big", "money", "flag", "signed", "day"], "do": ["impute_most_frequent"]},
    "range": {"dtype": "float64", "nulls": "nan", "columns": ["wide", "price", "constant", "small"], "do": [{"minmax": {"min": -1, "max": 3}}]},
    "clipped_range": {"dtype": "float64", "nulls": "nan", "columns": ["price", "i8"], "do": [{"minmax": {"clip": True}}]},
    "log": {"dtype": "float64", "columns": ["small", "price", "f32"], "do": [{"impute_constant": 0}, {"clip": {"min": 0}}, "log1p"]},
    "winsor": {"dtype": "float64", "columns": ["wide", "price", "i8"], "do": [{"clip": {"quantiles": [0.05, 0.875]}}, "impute_mean"]},
    "edges": {"dtype": "int8", "columns": ["small", "f32"], "do": [{"impute_constant": 5.5}, {"bucketize": [-3.5, 0, 5.5, 30]}]},
    "quartiles": {"dtype": "int64", "columns": ["price", "zeros", "constant", {"column": "big", "do": ["impute_median", {"bucketize": {"bins": 11, "quantile": True}}]}], "do": [{"bucketize": {"bins": 4, "quantile": True}}]},
    "uniform": {"dtype": "uint8", "columns": ["price", "zeros", "constant"], "do": [{"bucketize": {"bins": 7, "uniform": True}}]},
    "vocabulary": {"dtype": "int32", "columns": ["word", "small", "few_big", "flag", "money", "signed", "day", "f32", "u64"], "do": [{"vocabulary": {"min_count": 2}}]},
    "vocabulary_top": {"dtype": "int32", "columns": ["word", "small", "money"], "do": [{"vocabulary": {"max_size": 5, "oov_buckets": 3}}]},
    "vocabulary_filled": {"dtype": "int32", "columns": [{"column": "word", "do": [{"impute_constant": "w000001"}, V]}, {"column": "word", "as": "word2", "do": ["impute_most_frequent", {"vocabulary": {"min_count": 3, "oov_buckets": 10}}]}, {"column": "small", "do": [{"impute_constant": -1}, V]}]},
    "hash": {"dtype": "int64", "columns": ["word", "small", "big", "f32", "flag", "money", "signed", {"column": "word", "as": "filled", "do": [{"impute_constant": "?"}, {"hash": 50}]}], "do": [{"hash": 1000}]},
    "one_hot": {"dtype": "float32", "columns": ["flag", "signed", {"column": "word", "do": [{"one_hot": {"max_size": 20}}]}, "zeros", "money"], "do": [{"one_hot": {"min_count": 2, "max_size": 6}}]},
    "buckets_one_hot": {"dtype": "uint8", "columns": ["price"], "do": [{"bucketize": {"bins": 5, "quantile": True}}, "one_hot"]},
    "chain": {"dtype": "float64", "columns": ["wide", "small"], "do": [{"clip": {"quantiles": [0, 0.9]}}, "impute_median", "standardize", {"minmax": {"max": 2}}]},
}


def cell(kind, v):
    if v is None:
        return "\\N"
    if kind == "bool":
        return "true" if v else "false"
    if kind.startswith("float"):
        return repr(v)
    return str(v) if kind == "date" else text_of(kind, v)


def write_table(path, table, fit):
    names = list(table)
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write("\t".join(["fit:bool"] + [f"{n}:{table[n][0]}" for n in names]) + "\n")
        for r in range(len(fit)):
            f.write("\t".join([str(int(fit[r]))] + [cell(table[n][0], table[n][1][r]) for n in names]) + "\n")


def run(ranks, job, data, out, batch, *more):
    os.makedirs(out)
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks else []
    # A few hundred bytes a round: many rounds.
    environment = dict(os.environ, RANKMILL_TEST_ROUND_BYTES="500") if ranks % 2 else None
    command = launcher + [os.path.abspath(sys.argv[1]), job, data, out, str(batch), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"features_fit at {ranks} ranks: exit {done.returncode}\n{done.stderr}")
    if more:
        return b""
    with open(os.path.join(out, "fitted.json"), "rb") as f:
        return f.read()


def check_steps(name, column, said, want):
    problems = []
    for i, (s, w) in enumerate(zip(said, want)):
        for key, value in w.items():
            got = s.get(key)
            if got != value and not (isinstance(value, list) and [str(x) for x in got] == [str(x) for x in value]):
                problems.append(f"{name}.{column} step {i} {key}: {got!r}, not {value!r}")
    if len(said) != len(want):
        problems.append(f"{name}.{column}: {len(said)} steps")
    return problems


def check_tensor(name, tensor, table, fit, out, datasets, fitted_json):
    columns, names, cardinalities, steps = expected_tensor(tensor, table, fit)
    spec = datasets[name]
    dtype = {"float64": "float64", "float32": "float32"}.get(tensor["dtype"], tensor["dtype"])
    got = np.fromfile(os.path.join(out, name + ".bin"), dtype).reshape(len(fit), -1)
    problems = []
    if spec["features"] != names:
        problems.append(f"{name}: features {spec['features']}, not {names}")
    if any(cardinalities) and spec["cardinalities"] != cardinalities:
        problems.append(f"{name}: cardinalities {spec['cardinalities']}, not {cardinalities}")
    if got.shape[1] != len(columns):
        return problems + [f"{name}: width {got.shape[1]}, not {len(columns)}"]
    for f, values in enumerate(columns):
        want = to_dtype(values, dtype)
        if "log1p" in str(tensor.get("do")):
            bad = np.abs(got[:, f] - want) > 2 * np.spacing(np.abs(want))
        elif dtype.startswith("float"):
            word = np.int64 if dtype == "float64" else np.int32
            bad = (got[:, f].copy().view(word) != want.view(word)) & ~(np.isnan(got[:, f]) & np.isnan(want))
        else:
            bad = got[:, f] != want
        if bad.any():
            r = int(np.argmax(bad))
            problems.append(f"{name}.{names[f]}: row {r} of {bad.sum()} is {got[r, f]!r}, not {want[r]!r} ({values[r]!r})")
    for column, want in steps.items():
        problems += check_steps(name, column, fitted_json["tensors"][name]["columns"][column]["steps"], want)
    return problems


def main():
    seed = int(os.environ.get("RANKMILL_TEST_SEED", time.time()))
    print(f"features: RANKMILL_TEST_SEED={seed}")
    rng = random.Random(seed)
    failed = False
    for rows, ranks in (SLOW_RANKS if sys.argv[2:] == ["slow"] else RANKS).items():
        table, fit = make_table(rng, rows)
        with tempfile.TemporaryDirectory() as work:
            job, data = os.path.join(work, "job.json"), os.path.join(work, "rows.tsv")
            with open(job, "w", encoding="utf-8") as f:
                json.dump({"tensors": JOB, "keep": ["word"]}, f)
            write_table(data, table, fit)
            states = [run(r, job, data, os.path.join(work, f"out{r}"), rng.choice([1, 100, 777, 8192])) for r in ranks]
            same = all(s == states[0] for s in states)
            failed = failed or not same
            print(("ok" if same else "not ok") + f" features.{rows}_rows fitted.json at ranks {ranks}")
            with open(os.path.join(work, "out0", "datasets.json"), encoding="utf-8") as f:
                datasets = json.load(f)
            for name, tensor in JOB.items():
                problems = check_tensor(name, tensor, table, fit, os.path.join(work, "out0"), datasets, json.loads(states[0]))
                for r in ranks[1:]:
                    with open(os.path.join(work, "out0", name + ".bin"), "rb") as a:
                        with open(os.path.join(work, f"out{r}", name + ".bin"), "rb") as b:
                            if a.read() != b.read():
                                problems.append(f"{name} differs at {r} ranks")
                failed = failed or bool(problems)
                print(("not ok" if problems else "ok") + f" features.{rows}_rows {name}")
                for p in problems[:5]:
                    print("    " + p)
    with tempfile.TemporaryDirectory() as work:
        table, fit = make_table(rng, 40)
        job, data = os.path.join(work, "job.json"), os.path.join(work, "rows.tsv")
        names = ("mean", "winsor", "mode", "vocabulary_top", "one_hot", "quartiles")
        with open(job, "w", encoding="utf-8") as f:
            json.dump({"tensors": {n: JOB[n] for n in names}}, f)
        write_table(data, table, fit)
        for ranks in (0, 3):
            run(ranks, job, data, os.path.join(work, f"fail{ranks}"), 100, "fail")
            print(f"ok features.failing allocations in merges, {ranks} ranks end alike")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
