"""The content hash of any store, from its data alone: h5py, NumPy and xxhash, no line of rankmill (definitions D1, D5).

usage: content_hash.py STORE…; prints "HASH STORE" a line, exits 1 when a manifest says otherwise. For tests: a Python loop a
row, so some 100,000 rows a second.
"""

import json
import struct
import sys
from pathlib import Path

import h5py
import numpy as np
import xxhash

MASK = (1 << 128) - 1


def h128(seed, data):
    return xxhash.xxh3_128_intdigest(data, seed)


def link(name):
    return "%2E" if name == "." else name.replace("%", "%25").replace("/", "%2F")


def tensor_rows(file, name):
    values = file[link(name)][:]
    if values.dtype.kind == "f":
        bits = {4: ("<u4", 0x7FC00000), 8: ("<u8", 0x7FF8000000000000)}[values.dtype.itemsize]
        nan = np.isnan(values)
        assert (values.view(bits[0])[nan] == bits[1]).all(), f"{name}: a NaN that is not the canonical one"
    return [row.tobytes() for row in values]


def kept_rows(file, name, dtype):
    """V of every row."""
    item = file["keep/" + link(name)]
    if isinstance(item, h5py.Group):
        data, offsets = item["values"][:].tobytes(), item["offsets"][:].tolist()
        rows = len(offsets) - 1
        valid = item["valid"][:] if "valid" in item else np.ones(rows, bool)
        cells = [data[a:b] for a, b in zip(offsets, offsets[1:])]
        encoded = [struct.pack("<Q", len(c)) + c for c in cells]
    else:
        stored = item[:]
        valid_link = "keep/" + link(name) + ".valid"
        valid = file[valid_link][:] if valid_link in file else np.ones(len(stored), bool)
        if dtype.startswith("decimal"):
            if stored.ndim == 2:
                encoded = [row.tobytes() for row in stored]
            else:
                encoded = [int(v).to_bytes(16, "little", signed=True) for v in stored]
        elif dtype == "bool":
            encoded = [bytes([v]) for v in stored.astype(np.uint8)]
        elif stored.dtype.kind == "f":
            wide = stored.astype("<f8") + 0.0
            wide[np.isnan(wide)] = np.frombuffer(struct.pack("<Q", 0x7FF8000000000000), "<f8")[0]
            encoded = [v.tobytes() for v in wide]
        else:
            encoded = [v.tobytes() for v in stored.astype("<u8" if stored.dtype.kind == "u" else "<i8")]
    return [b"\1" + e if ok else b"\0" for e, ok in zip(encoded, valid)]


def content_hash(store):
    manifest = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
    lines = []
    for split, entry in manifest["splits"].items():
        sums = dict.fromkeys([*manifest["tensors"], *("keep/" + n for n in manifest["keep"])], 0)
        rows = 0
        for shard in entry["shards"]:
            path = store / shard["file"]
            assert xxhash.xxh3_128_hexdigest(path.read_bytes()) == shard["xxh3_128"], f"{path}: checksum"
            with h5py.File(path, "r") as file:
                for name in sums:
                    if name.startswith("keep/") and name[5:] in manifest["keep"]:
                        data = kept_rows(file, name[5:], manifest["keep"][name[5:]]["dtype"])
                    else:
                        data = tensor_rows(file, name)
                    assert len(data) == shard["rows"], f"{path}: {name} has {len(data)} rows"
                    sums[name] = (sums[name] + sum(h128(rows + i, row) for i, row in enumerate(data))) & MASK
            rows += shard["rows"]
        assert rows == entry["rows"], f"{split}: rows"
        for name, total in sums.items():
            digest = f"{total:032x}"
            assert digest == entry["hashes"][name], f"{split}/{name}: hash"
            if name.startswith("keep/") and name[5:] in manifest["keep"]:
                dtype, layout, width = manifest["keep"][name[5:]]["dtype"], "keep", "1"
            else:
                tensor = manifest["tensors"][name]
                features = b"".join(f.encode() + b"\0" for f in tensor["features"])
                dtype, layout = tensor["dtype"], tensor["layout"]
                width = f"{(tensor['shape'] + [1])[1]}:{xxhash.xxh3_128_hexdigest(features)}"
            lines.append(f"{split}\t{name}\t{dtype}\t{layout}\t{width}\t{rows}\t{digest}\n".encode())
    found = xxhash.xxh3_128_hexdigest(b"".join(sorted(lines)))
    assert found == manifest["content_hash"], f"{store}: the manifest says {manifest['content_hash']}, the data {found}"
    return found


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        try:
            print(content_hash(Path(argument)), argument)
        except AssertionError as error:
            sys.exit(f"content_hash.py: {error}")
