"""Stored values and what Python makes of them. The layout is described in lib/store/format.h."""

import decimal
import re

import numpy as np

_TENSOR_DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split()
}


def tensor_dtype(text):
    return _TENSOR_DTYPES[text]


def link(name):
    """The HDF5 link of a dataset called name, without its folder."""
    return "%2E" if name == "." else name.replace("%", "%25").replace("/", "%2F")


class KeptType:
    """How a kept column of a manifest's dtype is stored and read."""

    def __init__(self, text):
        self.text = text
        match = re.fullmatch(r"decimal\((\d+),(\d+)\)", text)
        self.is_decimal = match is not None
        if match:
            self.precision, self.scale = int(match[1]), int(match[2])
        self.is_wide = self.is_decimal and self.precision > 18
        self.is_text = text in ("string", "binary")
        self.is_timestamp = text.startswith("timestamp")
        self.is_zoned = text == "timestamp with time zone"
        self.is_date = text == "date"
        self.is_bool = text == "bool"
        self.is_float = text in ("float32", "float64")

    @property
    def dtype(self):
        """Of the arrays that a reader gets."""
        if self.is_text or self.is_decimal:
            return np.dtype(object)
        if self.is_timestamp:
            return np.dtype("M8[us]")
        if self.is_date:
            return np.dtype("M8[D]")
        return np.dtype(bool) if self.is_bool else tensor_dtype(self.text)

    @property
    def stored_dtype(self):
        if self.is_wide:
            return np.dtype("<u8")
        if self.is_decimal or self.is_timestamp:
            return np.dtype("<i8")
        if self.is_date:
            return np.dtype("<i4")
        return np.dtype(bool) if self.is_bool else tensor_dtype(self.text)

    def load(self, stored, valid):
        """An array of rows; stored values in, valid a bool array."""
        if self.is_decimal:
            return self._decimals(stored, valid)
        if self.is_timestamp:
            return stored.astype("<i8", copy=False).view("M8[us]")
        if self.is_date:
            days = stored.astype("<i8").view("M8[D]")
            days[~valid] = np.datetime64("NaT")
            return days
        if self.is_float or valid.all():
            return stored
        return np.ma.MaskedArray(stored, mask=~valid)

    def _decimals(self, stored, valid):
        out = np.empty(len(stored), object)
        exact = decimal.Context(prec=40)
        for i, value in enumerate(stored.tolist()):
            if not valid[i]:
                continue
            if self.is_wide:
                value = value[0] | value[1] << 64
                value -= (value >> 127) << 128
            out[i] = exact.scaleb(decimal.Decimal(value), -self.scale)
        return out

    def load_text(self, data, offsets, valid):
        """data: bytes of the rows; offsets: rows + 1, from 0."""
        out = np.empty(len(valid), object)
        bounds = offsets.tolist()
        for i, ok in enumerate(valid.tolist()):
            if ok:
                cell = data[bounds[i] : bounds[i + 1]]
                out[i] = cell.decode() if self.text == "string" else cell
        return out
