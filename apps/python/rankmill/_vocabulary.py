"""The values of a vocabulary, from fitted.json or, for long ones, from a side file.

A side file is "MILLVOC1", then little-endian: u32 type, u8 precision, u8 scale, u16 0, u64 n, n + 1 u64 offsets, the values'
bytes end to end."""

import decimal
import os
import struct

import numpy as np

from ._errors import RankmillError

_NUMBERS = {2: "<i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<u1", 7: "<u2", 8: "<u4", 9: "<u8", 10: "<f4", 11: "<f8"}
_BOOL, _DECIMAL, _STRING, _BINARY, _DATE, _TIMESTAMP = 1, 12, 13, 14, 15, 16


def values_of(store_path, step):
    """As Python values: str, int, float, bool, Decimal, numpy.datetime64; bytes for binary side files."""
    if "values_file" in step:
        return _read(os.path.join(store_path, step["values_file"]))
    kind = step.get("value_type", "string")
    values = step["values"]
    if "int" in kind and kind != "interval":
        return [int(v) for v in values]
    if kind.startswith("float"):
        return [float(v) for v in values]
    if kind.startswith("decimal"):
        return [decimal.Decimal(v) for v in values]
    if kind == "date":
        return [np.datetime64(v, "D") for v in values]
    if kind.startswith("timestamp"):
        return [np.datetime64(v[:26].split("+")[0].rstrip("Z").replace(" ", "T"), "us") for v in values]
    return list(values)


def _read(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise RankmillError(2, f"{path}: the vocabulary's file is missing") from None
    if len(data) < 24 or data[:8] != b"MILLVOC1":
        raise RankmillError(3, f"{path}: not a vocabulary")
    kind, _, scale, count = struct.unpack_from("<IBBxxQ", data, 8)
    start = 24 + 8 * (count + 1)
    if count > len(data) // 8 or len(data) < start:
        raise RankmillError(3, f"{path}: the vocabulary is cut short")
    offsets = np.frombuffer(data, "<u8", count + 1, 24).tolist()
    if len(data) != start + offsets[-1]:
        raise RankmillError(3, f"{path}: the vocabulary is cut short")
    body = data[start:]
    if kind in _NUMBERS:
        return np.frombuffer(body, _NUMBERS[kind]).tolist()
    if kind == _BOOL:
        return [byte != 0 for byte in body]
    if kind == _DATE:
        return list(np.frombuffer(body, "<i4").astype("<i8").view("M8[D]"))
    if kind == _TIMESTAMP:
        return list(np.frombuffer(body, "<i8").view("M8[us]"))
    cells = [body[a:b] for a, b in zip(offsets, offsets[1:])]
    if kind == _STRING:
        return [cell.decode() for cell in cells]
    if kind == _DECIMAL:
        exact = decimal.Context(prec=40)
        return [exact.scaleb(decimal.Decimal(int.from_bytes(cell, "little", signed=True)), -scale) for cell in cells]
    if kind == _BINARY:
        return cells
    raise RankmillError(3, f"{path}: values of an unknown type {kind}")
