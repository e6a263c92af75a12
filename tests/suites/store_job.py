"""A store made by `rankmill run` from CSV files: every transform, dtype and kept type, splits by id and by key, both orders,
many shard sizes and compressions, at several rank counts, against Python's own computation. Nothing here shares code with
rankmill; shards, views and manifest are read with h5py and json. RANKMILL_TEST_SEED repeats a run.

usage: store_job.py RANKMILL [slow]"""

import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder) for folder in ("oracles", "tools")]
import content_hash  # noqa: E402
import features  # noqa: E402
import oracle  # noqa: E402

MILL = os.path.abspath(sys.argv[1])
SLOW = sys.argv[2:] == ["slow"]
# Tensors over columns that the features tool knows, and what every dtype makes of a value that fits it.
DTYPES = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split()

MANIFEST = (
    "format_version rankmill job_name job seed partial order content_hash splits tensors keep inputs ledger checks bad_rows versions"
).split()


def version():
    """What the binary says, which is what the Python package says."""
    text = subprocess.run([MILL, "--version"], capture_output=True, text=True, check=True).stdout.split()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/python/rankmill/__init__.py"), encoding="utf-8") as file:
        assert f'__version__ = "{text[1]}"' in file.read(), "the Python package has another version"
    return text[1]


def more_columns(rng, rows):
    def holes(values):
        return [None if rng.random() < 0.1 else v for v in values]

    edge = {"i16": (-(2**15), 2**15 - 1), "i32": (-(2**31), 2**31 - 1), "u8": (0, 2**8 - 1), "u16": (0, 2**16 - 1), "u32": (0, 2**32 - 1)}
    table = {}
    for name, (low, high) in edge.items():
        kind = name.replace("i", "int").replace("u", "uint")
        table[name] = (kind, holes([rng.choice([low, high, rng.randint(low, high)]) for _ in range(rows)]))
    table["seen"] = ("timestamp", holes([rng.randint(-(10**15), 4 * 10**15) for _ in range(rows)]))
    table["zoned"] = ("timestamp with time zone", [rng.randint(0, 4 * 10**15) for _ in range(rows)])
    table["huge"] = ("decimal(38,5)", holes([Fraction(rng.randint(-(10**38) + 1, 10**38 - 1), 10**5) for _ in range(rows)]))
    table["note"] = ("string", holes([rng.choice(["", 'say "x"', "a,b", "two\nlines", "Ünï €", "x" * 300]) for _ in range(rows)]))
    table["nothing"] = ("float64", [None] * rows)
    table["odd"] = ("float64", [rng.choice([float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.5]) for _ in range(rows)])
    table["small_int"] = ("float64", [float(rng.randint(0, 100)) for _ in range(rows)])
    return table


def cell(kind, v):
    if v is None:
        return ""
    if kind == "string":
        return '"' + v.replace('"', '""') + '"'
    if kind == "date":
        return str(np.datetime64(v, "D"))
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        digits = str(abs(int(v * 10**scale))).rjust(scale + 1, "0")
        return "-" * (v < 0) + digits[:-scale] + "." + digits[-scale:]
    if kind.startswith("timestamp"):
        text = str(np.datetime64(v, "us")).replace("T", " ")
        return text + ("Z" if "zone" in kind else "")
    return features.cell(kind, v)


def write_csv(folder, table, files):
    """Row i of a random cut of the rows into files; returns the id of every row."""
    rows = len(next(iter(table.values()))[1])
    cuts = [rows * i // files for i in range(files + 1)]
    ids = []
    for f in range(files):
        data = bytearray((",".join(table) + "\n").encode())
        for r in range(cuts[f], cuts[f + 1]):
            ids.append((f, len(data)))
            data += (",".join(cell(kind, values[r]) for kind, values in table.values()) + "\n").encode()
        with open(os.path.join(folder, f"part-{f:03d}.csv"), "wb") as file:
            file.write(data)
    return ids


def tensors():
    """Those of the features tool, every dtype of whole numbers, odd floats."""
    out = {name: t for name, t in features.JOB.items()}
    for dtype in DTYPES:
        out["as_" + dtype] = {"dtype": dtype, "columns": ["small_int", "zeros"], "do": []}
    out["odd"] = {"dtype": "float64", "columns": ["odd", "nothing", "huge"], "nulls": "nan"}
    out["odd32"] = {"dtype": "float32", "column": "odd", "nulls": "nan"}
    out["unsigned"] = {"dtype": "uint32", "columns": ["u8", "u16", "u32"], "do": [{"impute_constant": 7}]}
    out["signed"] = {"dtype": "int32", "columns": ["i16", "i32"], "do": [{"impute_constant": -1}]}
    out["when"] = {"dtype": "int64", "columns": ["zoned"]}
    return out


def kept(file, name, kind):
    """Values of a shard's kept column, None for NULL."""
    item = file["keep/" + name]
    if isinstance(item, h5py.Group):
        data, offsets = item["values"][:].tobytes(), item["offsets"][:].tolist()
        values = [data[a:b].decode() for a, b in zip(offsets, offsets[1:])]
        valid = item["valid"][:] if "valid" in item else [True] * len(values)
        return [v if ok else None for v, ok in zip(values, valid)]
    stored = item[:]
    valid = file[f"keep/{name}.valid"][:] if f"keep/{name}.valid" in file else np.ones(len(stored), bool)
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        if stored.ndim == 2:
            whole = [int(lo) | int(hi) << 64 for lo, hi in stored]
            whole = [w - (w >> 127 << 128) for w in whole]
        else:
            whole = stored.tolist()
        return [Fraction(w, 10**scale) if ok else None for w, ok in zip(whole, valid)]
    return [v if ok else None for v, ok in zip(stored.tolist(), valid)]


def same_value(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return (np.isnan(a) and np.isnan(b)) or (a == b and np.signbit(a) == np.signbit(b))
    return a == b and (a is None) == (b is None)


def check_split(store, manifest, split, chosen, table, expected, shard_rows):
    problems = []
    shards = manifest["splits"][split]["shards"]
    if [s["rows"] for s in shards] != [min(shard_rows, len(chosen) - a) for a in range(0, len(chosen), shard_rows)]:
        return [f"{split}: shards of {[s['rows'] for s in shards]} rows"]
    got = collections.defaultdict(list)
    for shard in shards:
        with h5py.File(os.path.join(store, shard["file"]), "r") as file:
            for name in expected:
                got[name].append(file[name][:])
                names = [n.decode() for n in file[name + ".features"][:]]
                if names != manifest["tensors"][name]["features"]:
                    problems.append(f"{name}: features of the shard")
            for name, (kind, _) in table.items():
                got["keep/" + name] += kept(file, name, kind)
    for name, want in expected.items():
        values = np.concatenate(got[name]) if got[name] else want[chosen]
        row = want[chosen]
        if values.dtype != row.dtype or values.shape != row.shape:
            problems.append(f"{split}/{name}: {values.dtype}{values.shape}, not {row.dtype}{row.shape}")
            continue
        if name == "log":
            bad = np.abs(values - row) > 2 * np.spacing(np.abs(row))
        elif row.dtype.kind == "f":
            word = {4: np.int32, 8: np.int64}[row.dtype.itemsize]
            bad = (values.view(word) != row.view(word)) & ~(np.isnan(values) & np.isnan(row))
        else:
            bad = values != row
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            problems.append(f"{split}/{name}: {int(bad.sum())} cells, first {at}: {values[at]!r}, not {row[at]!r}")
    for name, (_, values) in table.items():
        for i, r in enumerate(chosen):
            if got["keep/" + name] and not same_value(got["keep/" + name][i], values[r]):
                problems.append(f"{split}/keep/{name}: row {i} is {got['keep/' + name][i]!r}, not {values[r]!r}")
                break
    if len(shards) <= 256:
        with h5py.File(os.path.join(store, split + ".h5"), "r") as view:
            for name in expected:
                whole = np.concatenate(got[name]) if got[name] else expected[name][chosen]
                if view[name].shape != whole.shape or view[name][:].tobytes() != whole.tobytes():
                    problems.append(f"{split}.h5: {name}")
    return problems


def expected_tensors(spec, table, fit):
    out, names, cardinalities = {}, {}, {}
    for name, tensor in spec.items():
        columns, names[name], cards, _ = features.expected_tensor(tensor, table, fit)
        made = [features.to_dtype(values, tensor["dtype"]) for values in columns]
        out[name] = made[0] if "column" in tensor else np.stack(made, axis=1)
        cardinalities[name] = cards if any(cards) else None
    return out, names, cardinalities


def partition(case, ids, table):
    rows, into = len(ids), case["into"]
    if into is None:
        return {"all": list(range(rows))}
    weights = {k: int(Fraction(str(v)) * 1000) for k, v in into.items()}
    seed = oracle.purpose_seed(case["seed"], "split", "parts")
    parts = collections.defaultdict(list)
    for r in range(rows):
        if case["by"] is None:
            raw = oracle.id_bytes(ids[r])
        else:
            raw = b"".join(b"\0" if table[c][1][r] is None else features.value_bytes(table[c][0], table[c][1][r]) for c in case["by"])
        parts[oracle.split_of(oracle.h64(seed, raw), weights)].append(r)
    return dict(sorted(parts.items()))


def run_case(number, case, rng):
    table, _ = features.make_table(rng, case["rows"])
    table.update(more_columns(rng, case["rows"]))
    spec = tensors()
    with tempfile.TemporaryDirectory(prefix="store-job-") as work:
        os.makedirs(os.path.join(work, "in"))
        ids = write_csv(os.path.join(work, "in"), table, case["files"])
        parts = partition(case, ids, table)
        fit_on = "all" if case["into"] is None else "train"
        fit = [False] * case["rows"]
        for r in parts.get(fit_on, []):
            fit[r] = True
        store = {"from": "t", "tensors": spec, "keep": list(table), "shards": {"rows": case["shard_rows"]},
                 "order": {"shuffle": case["shuffle"]}, "compression": case["compression"]}
        job = {"job": "store_job", "seed": case["seed"],
               "sources": {"t": {"path": os.path.join(work, "in", "*.csv"), "schema": {n: k for n, (k, _) in table.items()}}},
               "store": store}
        if case["into"] is not None:
            split = {"from": "t", "into": case["into"]}
            if case["by"] is not None:
                split["by"] = case["by"]
            job["steps"] = [{"name": "parts", "split": split}]
            store["from"] = "parts"
        path = os.path.join(work, "job.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(job, file)
        expected, names, cardinalities = expected_tensors(spec, table, fit)
        hashes = {}
        for ranks in case["ranks"]:
            out = os.path.join(work, f"out{ranks}")
            environment = dict(os.environ, RANKMILL_TEST_SPLIT_BYTES=str(rng.choice([300, 5000, 1 << 20])),
                               RANKMILL_TEST_BATCH_ROWS=str(rng.choice([7, 100, 8192])))
            done = subprocess.run([MILL, "run", path, "-n", str(ranks), "--out", out, "--progress", "none"],
                                  capture_output=True, text=True, env=environment, timeout=600)
            if done.returncode != 0:
                return [f"{ranks} ranks: exit {done.returncode}: {done.stderr}"]
            hashes[ranks] = content_hash.content_hash(Path(out))
            checked = subprocess.run([MILL, "verify", out], capture_output=True, text=True)
            if checked.returncode != 0:
                return [f"{ranks} ranks: verify: {checked.stderr}"]
        if len(set(hashes.values())) != 1:
            return [f"content hashes {hashes}"]
        out = os.path.join(work, f"out{case['ranks'][-1]}")
        with open(os.path.join(out, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        problems = [f"ledger: {p}" for p in oracle.unbalanced(manifest)]
        if list(manifest) != MANIFEST or manifest["rankmill"] != version() or not manifest["versions"].get("hdf5"):
            problems.append(f"manifest: {list(manifest)} {manifest['rankmill']} {manifest['versions']}")
        for name in spec:
            tensor = manifest["tensors"][name]
            if tensor["features"] != names[name] or tensor["cardinalities"] != cardinalities[name]:
                problems.append(f"{name}: {tensor['features']} {tensor['cardinalities']}, not {names[name]} {cardinalities[name]}")
        if {n: k for n, (k, _) in table.items()} != {n: k["dtype"] for n, k in manifest["keep"].items()}:
            problems.append(f"keep: {manifest['keep']}")
        if list(manifest["splits"]) != list(parts):
            problems.append(f"splits {list(manifest['splits'])}, not {list(parts)}")
            return problems
        for split, rows in parts.items():
            if case["shuffle"]:
                rows = [r for _, r in oracle.shuffled([(ids[r], r) for r in rows], case["seed"])]
            problems += check_split(out, manifest, split, rows, table, expected, case["shard_rows"])
        return problems


# SQL of the table a store is made from, exit code and what the message says.
REFUSED = {
    "split_of_numbers": ("SELECT a, 1 AS split FROM t", 2, 'column "split" is int32, and its values name the store\'s folders'),
    "split_null": ("SELECT a, CASE WHEN a < 2 THEN 'train' END AS split FROM t", 3, 'column "split" is NULL'),
    "split_path": ("SELECT a, '../train' AS split FROM t", 3, 'split "../train" cannot be a folder'),
    "no_fit_on": ("SELECT a, CASE WHEN a < 2 THEN 'x' ELSE 'y' END AS split FROM t", 3,
                  'split "train" has no rows, so nothing can be fitted; splits with rows: x, y'),
}


def refused(name, path, out, code, message, ranks, **knobs):
    """True when the job ends with the code and the message and leaves no store; prints the case."""
    environment = dict(os.environ, **{f"RANKMILL_TEST_{k}": str(v) for k, v in knobs.items()})
    done = subprocess.run([MILL, "run", path, "-n", str(ranks), "--out", out, "--progress", "none"], capture_output=True, text=True,
                          timeout=100, env=environment)
    good = done.returncode == code and message in done.stderr and not os.path.exists(os.path.join(out, "manifest.json"))
    print(("ok" if good else "not ok") + f" store_job.{name}")
    if not good:
        print(f"    wanted: {message}\n    exit {done.returncode}: {done.stderr}")
    return good


def refusals():
    failed = False
    for name, (sql, code, message) in REFUSED.items():
        with tempfile.TemporaryDirectory(prefix="store-job-") as work:
            job = {"steps": [{"name": "s", "sql": sql}],
                   "store": {"from": "s", "tensors": {"x": {"dtype": "float32", "columns": ["a"], "do": ["standardize"]}}}}
            path, data = os.path.join(work, "job.json"), os.path.join(work, "t.csv")
            job["sources"] = {"t": {"path": data, "schema": {"a": "int32"}}}
            Path(data).write_text("a\n1\n2\n3\n", encoding="utf-8")
            Path(path).write_text(json.dumps(job), encoding="utf-8")
            for ranks in (1, 3):
                failed |= not refused(f"refused.{name}.{ranks}", path, os.path.join(work, "out"), code, message, ranks)
    return failed


def refused_rows():
    """The message counts rows of all ranks and names the first in the store's order, whatever ranks and batches do."""
    rows = 900
    ids, values = [], []
    text = bytearray(b"x,k\n")
    for r in range(rows):
        ids.append((0, len(text)))
        values.append(None if r % 90 == 77 else 300 if r % 100 == 55 else r % 100)
        text += b",1\n" if values[r] is None else b"%d,1\n" % values[r]
    seed, into = oracle.purpose_seed(5, "split", "parts"), {"train": 3, "val": 1}
    failed = False
    for shuffle in (False, True):
        parts = collections.defaultdict(list)
        for r in [r for _, r in oracle.shuffled(list(zip(ids, range(rows))), 5)] if shuffle else range(rows):
            parts[oracle.split_of(oracle.h64(seed, oracle.id_bytes(ids[r])), into)].append(r)
        bad = {}
        for kind, test in (("NULL", lambda v: v is None), ("300", lambda v: v == 300)):
            places = [(split, i) for split in sorted(parts) for i, r in enumerate(parts[split]) if test(values[r])]
            bad[kind] = (len(places), *places[0])
        kind = min(bad, key=lambda k: bad[k][1:])
        what = "NULL" if kind == "NULL" else "a value that the dtype does not hold"
        want = f"{what} in {bad[kind][0]} rows, first in row {bad[kind][2]} of split {bad[kind][1]}"
        with tempfile.TemporaryDirectory(prefix="store-job-") as work:
            path, data = os.path.join(work, "job.json"), os.path.join(work, "t.csv")
            Path(data).write_bytes(bytes(text))
            job = {"seed": 5, "sources": {"t": {"path": data, "schema": {"x": "int32", "k": "int8"}}},
                   "steps": [{"name": "parts", "split": {"from": "t", "into": into}}],
                   "store": {"from": "parts", "order": {"shuffle": shuffle}, "shards": {"rows": 70},
                             "tensors": {"y": {"dtype": "int8", "column": "x"}}}}
            Path(path).write_text(json.dumps(job), encoding="utf-8")
            for ranks, batch in ((1, 8192), (1, 7), (3, 50), (5, 8192)):
                case = f"refused_rows.{'shuffle' if shuffle else 'input'}.{ranks}.{batch}"
                failed |= not refused(case, path, os.path.join(work, "out"), 3, want, ranks, BATCH_ROWS=batch, SPLIT_BYTES=200)
    return failed


def main():
    seed = int(os.environ.get("RANKMILL_TEST_SEED", time.time()))
    print(f"store_job: RANKMILL_TEST_SEED={seed}")
    rng = random.Random(seed)
    decimal_weights = {"train": 0.7, "val": 0.2, "test": 0.1}
    cases = [
        dict(rows=1, into=None, by=None, shard_rows=1, shuffle=False, compression="none", files=1, ranks=[1, 3]),
        dict(rows=90, into=None, by=None, shard_rows=1, shuffle=True, compression="deflate:1", files=7, ranks=[1, 2]),
        dict(rows=400, into={"train": 8, "val": 1, "test": 1}, by=None, shard_rows=33, shuffle=False, compression="shuffle+deflate:1", files=1, ranks=[1, 2, 3, 5]),
        dict(rows=500, into=decimal_weights, by=["word", "small"], shard_rows=10**9, shuffle=True, compression="shuffle+deflate:6", files=3, ranks=[1, 2, 3, 5]),
        dict(rows=20000 if SLOW else 1200, into={"train": 99, "rare": 1}, by=["day"], shard_rows=1000, shuffle=True, compression="deflate:9", files=2, ranks=[1, 5]),
    ]
    failed = refusals() | refused_rows()
    for number, case in enumerate(cases):
        case["seed"] = rng.choice([0, 1, 7, 2**53 - 1])
        problems = run_case(number, case, rng)
        failed |= bool(problems)
        print(("not ok" if problems else "ok") + f" store_job.{number}.{case['rows']}_rows")
        for p in problems[:10]:
            print("    " + p)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
