"""What the tests' oracles share: ids, seeds, splits and orders computed from the definitions with Python, NumPy and xxhash
alone, and stores read with h5py alone. Nothing here calls rankmill."""

import csv
import glob
import json
import math
import os
import struct
import sys
from fractions import Fraction

import h5py
import numpy as np
import xxhash


def h64(seed, data):
    return xxhash.xxh3_64_intdigest(data, seed=seed)


def h128(seed, data):
    return xxhash.xxh3_128_intdigest(data, seed=seed)


def purpose_seed(job_seed, purpose, name):
    return h64(job_seed, purpose.encode() + b"\0" + name.encode())


def value_bytes(value):
    """V of definitions.md D1 for None, bool, int, float and str."""
    if value is None:
        return b"\0"
    if isinstance(value, bool):
        return b"\1" + bytes([value])
    if isinstance(value, int):
        return b"\1" + struct.pack("<q", value)
    if isinstance(value, float):
        if math.isnan(value):
            return b"\1" + struct.pack("<Q", 0x7FF8000000000000)
        return b"\1" + struct.pack("<d", value + 0.0)
    data = value.encode()
    return b"\1" + struct.pack("<Q", len(data)) + data


def id_bytes(row_id):
    return b"".join(struct.pack("<Q", word) for word in row_id)


def split_of(u, into):
    """The first part i with u * W < C_i * 2^64; weights are integers."""
    total, cumulative = sum(into.values()), 0
    for name, weight in into.items():
        cumulative += weight
        if u * total < cumulative << 64:
            return name
    raise AssertionError("no part")


def read_rows(paths):
    """(id, fields) of every data row. Files by name; records may hold quoted newlines."""
    for ordinal, path in enumerate(paths):
        with open(path, "rb") as file:
            data = file.read()
        offset, record = 0, b""
        start = 0
        header = None
        for line in data.splitlines(keepends=True):
            if not record:
                start = offset
            record += line
            offset += len(line)
            if record.count(b'"') % 2:
                continue
            fields = next(csv.reader([record.decode()], strict=True))
            if header is None:
                header = fields
            elif record.strip(b"\r\n"):
                yield (ordinal, start), dict(zip(header, fields))
            record = b""


def shuffled(rows, job_seed, store=""):
    seed = purpose_seed(job_seed, "shuffle", store)
    return sorted(rows, key=lambda row: (h64(seed, id_bytes(row[0])), row[0]))


class Store:
    """A store by its manifest, shards by h5py."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(path, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)

    def split(self, split, dataset):
        parts = []
        for shard in self.manifest["splits"][split]["shards"]:
            with h5py.File(os.path.join(self.path, shard["file"]), "r") as file:
                parts.append(file[dataset][...])
        return np.concatenate(parts) if parts else np.zeros(0)

    def rows(self, split):
        return self.manifest["splits"].get(split, {"rows": 0})["rows"]

    def text(self, split, name):
        out = []
        for shard in self.manifest["splits"][split]["shards"]:
            with h5py.File(os.path.join(self.path, shard["file"]), "r") as file:
                values = file[f"keep/{name}/values"][...].tobytes()
                offsets = file[f"keep/{name}/offsets"][...]
                out += [values[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])]
        return out


def unbalanced(manifest):
    """Stages of the ledger whose rows in are not rows out and dropped, and whether shards hold what was written."""
    stages = manifest["ledger"]["stages"]
    out = [s for s in stages if s["rows_in"] + sum(s.get("added", {}).values()) != s["rows_out"] + sum(s["dropped"].values())]
    moved = sum(s["rows_in"] for s in stages if s["name"] == "write straddling rows")
    written = sum(s["rows_out"] for s in stages if s["name"].startswith("write")) - moved
    rows = sum(s["rows"] for s in manifest["splits"].values())
    return out + ([] if written == rows else [f"{written} rows written, {rows} in the splits"])


def same_bits(name, got, want):
    """Prints one test line; floats compare by bits."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape or got.dtype != want.dtype:
        print(f"not ok {name}: {got.dtype}{got.shape} where {want.dtype}{want.shape} was wanted")
        return False
    kind = {4: np.uint32, 8: np.uint64, 2: np.uint16, 1: np.uint8}[got.dtype.itemsize]
    differ = got.view(kind) != want.view(kind)
    if differ.any():
        at = tuple(int(i) for i in np.argwhere(differ)[0])
        print(f"not ok {name}: {int(differ.sum())} cells differ, first at {at}: {got[at]!r} where {want[at]!r} was wanted")
        return False
    print(f"ok {name}")
    return True


def files_of(pattern):
    return sorted(glob.glob(pattern), key=lambda p: os.path.basename(p).encode())


def rounded(fraction):
    """RN of an exact rational: Python rounds int / int and Fraction correctly."""
    return float(fraction)


def exact_mean(values):
    return rounded(sum(map(Fraction, values)) / len(values))


def exact_var_pop(values):
    exact = [Fraction(v) for v in values]
    n = len(exact)
    return rounded((n * sum(v * v for v in exact) - sum(exact) ** 2) / Fraction(n * n))


def exact_quantile(values, numerator, denominator):
    """h = (n-1)p exact; lo + (hi-lo)*frac in floating point, as D6 says."""
    ordered = sorted(values)
    h = Fraction(len(ordered) - 1) * numerator / denominator
    low = h.numerator // h.denominator
    fraction = h - low
    if low + 1 >= len(ordered):
        return ordered[-1]
    return ordered[low] + (ordered[low + 1] - ordered[low]) * float(fraction)


def finish(ok):
    sys.exit(0 if ok else 1)
