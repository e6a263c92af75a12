"""rankmill and pyarrow hand batches to each other through the Arrow C Data Interface: arrow_peer.py LIBRARY."""
import ctypes
import datetime
import decimal
import sys

import pyarrow as pa
from pyarrow.cffi import ffi

library = ctypes.CDLL(sys.argv[1])
schema = ffi.new("struct ArrowSchema*")
array = ffi.new("struct ArrowArray*")


def address(pointer):
    return ctypes.c_void_p(int(ffi.cast("uintptr_t", pointer)))


def check(name, holds):
    print(("ok " if holds else "not ok ") + name)


assert library.peer_export(address(schema), address(array)) == 0
batch = pa.RecordBatch._import_from_c(int(ffi.cast("uintptr_t", array)), int(ffi.cast("uintptr_t", schema)))
batch.validate(full=True)
rows = range(100)
text = "\u00e9t\u00e9 0123456789".encode()
epoch = datetime.datetime(1970, 1, 1)
utc = datetime.timezone.utc
expected = [
    lambda r: r % 3 == 0,
    lambda r: r - 50,
    lambda r: 2**64 - r - 1,
    lambda r: r / 4,
    lambda r: r / 4,
    lambda r: decimal.Decimal(r * 1001 - 5).scaleb(-3),
    lambda r: text[: r % 4 + 5].decode(),
    lambda r: text[: r % 4 + 5],
    lambda r: datetime.date(1970, 1, 1) + datetime.timedelta(days=r - 50),
    lambda r: epoch + datetime.timedelta(microseconds=r - 50),
    lambda r: epoch.replace(tzinfo=utc) + datetime.timedelta(microseconds=r - 50),
    lambda r: pa.MonthDayNano([r, -r, r * 1000001 * 1000]),
]
for column, value in zip(batch.columns, expected):
    check(f"arrow-export-{column.type}", column.to_pylist() == [None if r % 7 == 3 else value(r) for r in rows])
del batch, column

stamps = [datetime.datetime(2009, 6, 15, 17, 26, 21), None, datetime.datetime(1960, 1, 1, 0, 0, 0, 5)]
given = pa.record_batch(
    {
        "bool": pa.array([None, True, False, None]),
        "int16": pa.array([1, -5, None, 7], pa.int16()),
        "double": pa.array([0.5, 1e300, None, -0.1]),
        "decimal": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.05"), None], pa.decimal128(5, 2)),
        "string": pa.array(["x", None, "\u00e9", ""]),
        "large": pa.array(["x", "yy", None, "z"], pa.large_string()),
        "words": pa.array(["b", "a", None, "b"]).dictionary_encode(),
        "binary": pa.array([b"\x00\xff", b"", None, b"a"]),
        "date": pa.array([datetime.date(1970, 1, 2), None, None, datetime.date(2000, 2, 29)]),
        "naive": pa.array([stamps[0], None, stamps[2], None], pa.timestamp("us")),
        "zoned": pa.array([stamps[0], None, None, None], pa.timestamp("us", "America/New_York")),
        "nothing": pa.nulls(4),
        "span": pa.array([None, pa.MonthDayNano([14, 3, 1000]), None, pa.MonthDayNano([0, 0, 0])]),
    }
)
lines = [
    "bool\t\ttrue\tfalse\t", "int16\t1\t-5\t\t7", "float64\t0.5\t1e+300\t\t-0.1", "decimal(5,2)\t1.25\t\t-0.05\t",
    "string\tx\t\t\u00e9\t", "string\tx\tyy\t\tz", "string\tb\ta\t\tb", "binary\t\\x00ff\t\\x\t\t\\x61",
    "date\t1970-01-02\t\t\t2000-02-29", "timestamp\t2009-06-15 17:26:21\t\t1960-01-01 00:00:00.000005\t",
    "timestamp with time zone\t2009-06-15 17:26:21+00\t\t\t", "null\t\t\t\t",
    "interval\t\t1 year 2 mons 3 days 00:00:00.000001\t\t00:00:00",
]


def without(line, first, count):
    cells = line.split("\t")
    return "\t".join(cells[:1] + cells[1 + first : 1 + first + count])


for first, count in (0, 4), (1, 3), (2, 1), (4, 0):
    out = ctypes.create_string_buffer(1 << 16)
    given.slice(first, count)._export_to_c(int(ffi.cast("uintptr_t", array)), int(ffi.cast("uintptr_t", schema)))
    failed = library.peer_import(address(schema), address(array), out, ctypes.c_size_t(len(out)))
    array.release(array)
    schema.release(schema)
    got = out.value.decode().split("\n")
    wanted = [without(line, first, count) for line in lines] + [""]
    check(f"arrow-import-{first}-{count}", failed == 0 and got == wanted)
    if got != wanted:
        print("\n".join(f"  {g!r}, expected {w!r}" for g, w in zip(got, wanted) if g != w))
