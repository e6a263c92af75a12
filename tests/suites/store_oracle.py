"""Checks a store written by tests/tools/store_write.c with h5py, NumPy and xxhash alone: every value, the hash of every
file, the row hashes and the content hash of definitions D1 and D5. Shares no code with rankmill or its reader.

usage: store_oracle.py STORE TRAIN_ROWS VAL_ROWS SHARD_ROWS COMPRESSION
"""

import json
import struct
import sys
from pathlib import Path

import h5py
import numpy as np
import xxhash

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from store_values import is_null, number  # noqa: E402

MASK = (1 << 128) - 1
TENSORS = ["dense", "wide", "sparse", "tiny", "label"]
KEEP = ["id", "km/h", "flag", "name", "seen", "day", "price", "huge"]
KEEP_DTYPES = ["int64", "float32", "bool", "string", "timestamp", "date", "decimal(10,2)", "decimal(38,3)"]


def h128(seed, data):
    return xxhash.xxh3_128_intdigest(data, seed)


def tensor_row(name, r):
    if name == "dense":
        return np.array([number(r, f) for f in range(3)], "<f4")
    if name == "wide":
        return np.array([number(r, 0)], "<f8")
    if name == "sparse":
        return np.array([(r * 7 + f) % 1000 - 3 for f in range(2)], "<i4")
    if name == "tiny":
        return np.array(r % 200 - 100, "<i1")
    return np.array(r * 0x9E3779B97F4A7C15 % (1 << 64), "<u8")


def kept(name, r):
    """The value as Python sees it, None for NULL."""
    if is_null(len(TENSORS) + KEEP.index(name), r):
        return None
    return {
        "id": r * 1000003 - 17,
        "km/h": float(np.float32(r * 0.5)),
        "flag": r % 3 == 0,
        "name": "wxyz"[: r % 5] + "é" + str(r),
        "seen": 1245173781000000 + r * 1000001,
        "day": r - 400,
        "price": r * 101 - 5000,
        "huge": (r - 50) * 10**18 * 1000003,
    }[name]


def value_bytes(name, value):
    if value is None:
        return b"\0"
    if name == "km/h":
        return b"\1" + struct.pack("<d", value + 0.0)
    if name == "flag":
        return b"\1" + bytes([value])
    if name == "name":
        text = value.encode()
        return b"\1" + struct.pack("<Q", len(text)) + text
    if name in ("price", "huge"):
        return b"\1" + value.to_bytes(16, "little", signed=True)
    return b"\1" + struct.pack("<q", value)


def canonical(row):
    row = row.copy()
    if row.dtype.kind == "f":
        row[np.isnan(row)] = np.nan
    return row.tobytes()


def read_kept(file, name, rows):
    link = "keep/" + name.replace("%", "%25").replace("/", "%2F")
    item = file[link]
    if isinstance(item, h5py.Group):
        values, offsets = item["values"][:], item["offsets"][:]
        assert offsets.shape == (rows + 1,) and offsets[0] == 0 and values.dtype == np.uint8
        out = [bytes(values[a:b]).decode() for a, b in zip(offsets[:-1], offsets[1:])]
        valid = item["valid"][:] if "valid" in item else np.ones(rows, bool)
    else:
        stored = item[:]
        valid = file[link + ".valid"][:] if link + ".valid" in file else np.ones(rows, bool)
        assert valid.dtype == bool and valid.shape == (rows,)
        nulls = stored[~valid]
        if name == "km/h":
            assert stored.dtype == np.float32 and np.isnan(nulls).all()
        elif name == "seen":
            assert stored.dtype == np.int64 and np.isnat(nulls.view("M8[us]")).all()
        elif name == "day":
            assert stored.dtype == np.int32 and (nulls == np.iinfo(np.int32).min).all()
        elif name == "flag":
            assert stored.dtype == bool
        if name == "huge":
            assert stored.dtype == np.uint64 and stored.shape == (rows, 2)
            out = [int(lo) + (int(hi) << 64) for lo, hi in stored]
            out = [v - (1 << 128) if v >> 127 else v for v in out]
        else:
            out = stored.tolist()
    return [v if ok else None for v, ok in zip(out, valid)]


def check_shard(path, entry, split, first, rows, compression, sums):
    data = path.read_bytes()
    assert len(data) == entry["bytes"], "size"
    assert xxhash.xxh3_128_hexdigest(data) == entry["xxh3_128"], "checksum of the file"
    assert entry["rows"] == rows
    with h5py.File(path) as file:
        assert file.attrs["rows"] == rows and file.attrs["first_ordinal"] == first
        assert file.attrs["split"].decode() == split
        for name in TENSORS:
            item = file[name]
            assert item.attrs["dtype"].decode() == item.dtype.name, name
            if compression == "none":
                assert item.compression is None and not item.shuffle
            else:
                assert item.compression == "gzip" and item.shuffle == compression.startswith("shuffle")
            values = item[:]
            want = np.stack([tensor_row(name, first + i) for i in range(rows)])
            assert values.dtype == want.dtype and values.shape == want.shape, name
            for i in range(rows):
                row = canonical(want[i : i + 1])
                assert values[i : i + 1].tobytes() == row, (name, first + i)
                sums[name] = (sums[name] + h128(first + i, row)) & MASK
        features = [n.decode() for n in file["dense.features"][:]]
        assert features == ["fare", "day", "pickup_é"], features
        for name in KEEP:
            values = read_kept(file, name, rows)
            for i in range(rows):
                want = kept(name, first + i)
                assert values[i] == want, (name, first + i, values[i], want)
                key = "keep/" + name
                sums[key] = (sums[key] + h128(first + i, value_bytes(name, want))) & MASK


def check_view(store, split, rows):
    with h5py.File(store / f"{split}.h5") as view:
        assert view["dense"].shape == (rows, 3) and view["dense"].is_virtual == (rows > 0)
        got = view["sparse"][:]
        want = np.stack([tensor_row("sparse", r) for r in range(rows)]) if rows else np.zeros((0, 2), "<i4")
        assert (got == want).all()
        for source in view["dense"].virtual_sources() if rows else []:
            assert source.file_name.startswith(f"{split}/shard-"), source
        values, valid = view["keep/km%2Fh"][:], view["keep/km%2Fh.valid"][:]
        for r in range(rows):
            want = kept("km/h", r)
            assert valid[r] == (want is not None) and (want is None or values[r] == want)
        fills = {n: view[n].fillvalue for n in TENSORS}
        assert np.isnan(fills["dense"]) and np.isnan(fills["wide"])
        assert fills["sparse"] == -(2**31) and fills["tiny"] == -128 and fills["label"] == 2**64 - 1


def features_hash(tensor):
    return xxhash.xxh3_128_hexdigest(b"".join(f.encode() + b"\0" for f in tensor["features"]))


def main():
    store = Path(sys.argv[1])
    rows = {"train": int(sys.argv[2]), "val": int(sys.argv[3])}
    shard_rows, compression = int(sys.argv[4]), sys.argv[5]
    manifest = json.loads((store / "manifest.json").read_text())
    assert list(manifest) == (
        "format_version rankmill job_name job seed partial order content_hash splits tensors keep inputs ledger checks "
        "bad_rows versions"
    ).split()
    assert manifest["seed"] == "18446744073709551615"
    assert manifest["tensors"]["dense"]["shape"] == [None, 3] and manifest["tensors"]["label"]["shape"] == [None]
    assert manifest["tensors"]["sparse"]["cardinalities"] == [7, 0] and manifest["tensors"]["label"]["role"] == "label"
    assert {k: v["dtype"] for k, v in manifest["keep"].items()} == dict(zip(KEEP, KEEP_DTYPES))
    names = TENSORS + ["keep/" + n for n in KEEP]
    lines = []
    for split, total in rows.items():
        entry = manifest["splits"][split]
        assert entry["rows"] == total and list(entry["hashes"]) == names
        sums = dict.fromkeys(names, 0)
        shards = entry["shards"]
        assert len(shards) == -(-total // shard_rows)
        for i, shard in enumerate(shards):
            assert shard["file"] == f"{split}/shard-{i:05d}.h5"
            first = i * shard_rows
            check_shard(store / shard["file"], shard, split, first, min(shard_rows, total - first), compression, sums)
        check_view(store, split, total)
        for name in names:
            digest = f"{sums[name]:032x}"
            assert digest == entry["hashes"][name], (split, name)
            if name.startswith("keep/"):
                dtype, layout, width = manifest["keep"][name[5:]]["dtype"], "keep", "1"
            else:
                tensor = manifest["tensors"][name]
                dtype, layout = tensor["dtype"], tensor["layout"]
                width = f"{(tensor['shape'] + [1])[1]}:{features_hash(tensor)}"
            lines.append(f"{split}\t{name}\t{dtype}\t{layout}\t{width}\t{total}\t{digest}\n".encode())
    content_hash = xxhash.xxh3_128_hexdigest(b"".join(sorted(lines)))
    assert content_hash == manifest["content_hash"], "content hash"
    print(content_hash)


main()
