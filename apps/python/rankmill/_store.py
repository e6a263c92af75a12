"""Stores, splits and datasets as NumPy users expect them. Views are never read: HDF5 gives fill values, without an error,
where a shard is missing."""

import bisect
import glob
import json
import os

import numpy as np

from ._errors import RankmillError
from ._files import Files
from ._types import KeptType, link, tensor_dtype
from ._vocabulary import values_of

_MERGE_ROWS = 64  # rows read for nothing rather than starting another read


def _read_manifest(path):
    file = os.path.join(path, "manifest.json")
    try:
        with open(file, encoding="utf-8") as stream:
            manifest = json.load(stream)
    except FileNotFoundError:
        raise RankmillError(2, f"{path}: not a store: it has no manifest.json") from None
    except ValueError as error:
        raise RankmillError(3, f"{file}: damaged: {error}") from None
    if manifest.get("format_version") != 1:
        raise RankmillError(3, f"{file}: format version {manifest.get('format_version')}; this reader knows version 1")
    return manifest


def _resolve(path):
    """Folders of stores, in order, from a path, a glob, or a list of both."""
    if isinstance(path, (str, os.PathLike)):
        text = os.fspath(path)
        if os.path.exists(os.path.join(text, "manifest.json")) or not glob.has_magic(text):
            return [text]
        found = sorted(p for p in glob.glob(text, recursive=True) if os.path.exists(os.path.join(p, "manifest.json")))
        if not found:
            raise RankmillError(2, f"{text}: no store matches")
        return found
    folders = [folder for item in path for folder in _resolve(item)]
    if not folders:
        raise RankmillError(2, "an empty list of stores")
    return folders


def _check_alike(paths, manifests):
    for path, manifest in zip(paths[1:], manifests[1:]):
        for key in ("tensors", "keep"):
            for name in {**manifests[0][key], **manifest[key]}:
                a, b = manifests[0][key].get(name), manifest[key].get(name)
                parts = ("dtype", "layout", "shape", "features") if key == "tensors" else ("dtype",)
                if a is None or b is None or any(a.get(p) != b.get(p) for p in parts):
                    raise RankmillError(2, f"{paths[0]} and {path} cannot be read as one: {name} differs")


class Store:
    """One store, or several of the same tensors read as one (their splits end to end, in the order given)."""

    def __init__(self, path):
        self.paths = _resolve(path)
        self.manifests = [_read_manifest(p) for p in self.paths]
        _check_alike(self.paths, self.manifests)
        self.manifest = self.manifests[0]
        self._files = Files()

    def __repr__(self):
        rows = ", ".join(f"{name}: {len(self[name]):,} rows" for name in self.splits)
        return f"<rankmill.Store {', '.join(self.paths)} ({rows})>"

    @property
    def path(self):
        return self.paths[0]

    @property
    def splits(self):
        """Names of the splits."""
        return list(dict.fromkeys(name for m in self.manifests for name in m["splits"]))

    @property
    def tensors(self):
        return list(self.manifest["tensors"])

    @property
    def keep(self):
        return list(self.manifest["keep"])

    @property
    def content_hash(self):
        """The number that equal stores share; a list of them for several stores."""
        hashes = [m["content_hash"] for m in self.manifests]
        return hashes[0] if len(hashes) == 1 else hashes

    def __iter__(self):
        return iter(self.splits)

    def __contains__(self, name):
        return name in self.splits

    def __getitem__(self, name):
        if name not in self.splits:
            raise KeyError(f"no split {name!r}; there are {', '.join(self.splits)}")
        return Split(self, name)

    def fitted(self):
        """fitted.json: every statistic that was fitted."""
        return self._json("fitted.json")

    def _json(self, name):
        file = os.path.join(self.path, name)
        try:
            with open(file, encoding="utf-8") as stream:
                return json.load(stream)
        except FileNotFoundError:
            raise RankmillError(2, f"{file}: missing; nothing was fitted or the file was removed") from None

    def vocabulary(self, name, tensor=None):
        """The values of column `name`'s vocabulary in the order of their ids, the first one's id being 1 + oov_buckets.

        tensor picks one where several tensors hold the column with different vocabularies."""
        found = {}
        known = []
        for key, entry in self.fitted().get("tensors", {}).items():
            for label, chain in entry.get("columns", {}).items():
                for step in chain.get("steps", []):
                    if step.get("transform") != "vocabulary":
                        continue
                    known.append(label)
                    if name in (label, chain.get("column")) and tensor in (None, key):
                        found[f"{key}.{label}"] = values_of(self.path, step)
        if not found:
            raise KeyError(f"no vocabulary of {name!r}; there are {', '.join(sorted(set(known))) or 'none'}")
        first = next(iter(found.values()))
        if any(values != first for values in found.values()):
            raise KeyError(f"{name!r} has different vocabularies in {', '.join(found)}; say tensor=…")
        return first

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._files.close()


class _Shard:
    __slots__ = ("path", "first", "rows")

    def __init__(self, path, first, rows):
        self.path, self.first, self.rows = path, first, rows


class Split:
    """The rows of one split. split["dense"] is a tensor, split["keep/id"] a kept column."""

    def __init__(self, store, name):
        self.store = store
        self.name = name
        self.shards = []
        rows = 0
        for path, manifest in zip(store.paths, store.manifests):
            for entry in manifest["splits"].get(name, {"shards": []})["shards"]:
                self.shards.append(_Shard(os.path.join(path, entry["file"]), rows, entry["rows"]))
                rows += entry["rows"]
        self._rows = rows
        self._starts = [shard.first for shard in self.shards]

    def __repr__(self):
        return f"<rankmill.Split {self.name} of {', '.join(self.store.paths)}: {self._rows:,} rows>"

    def __len__(self):
        return self._rows

    def keys(self):
        return self.store.tensors + ["keep/" + name for name in self.store.keep]

    def __iter__(self):
        return iter(self.keys())

    def __contains__(self, name):
        return name in self.keys()

    def __getitem__(self, name):
        if name in self.store.manifest["tensors"]:
            return Dataset(self, name)
        short = name[5:] if name.startswith("keep/") else name
        if short in self.store.manifest["keep"]:
            return Dataset(self, "keep/" + short)
        raise KeyError(f"no tensor or kept column {name!r}; there are {', '.join(self.keys())}")

    def _tensor(self, name):
        try:
            return self.store.manifest["tensors"][name]
        except KeyError:
            raise KeyError(f"no tensor {name!r}; there are {', '.join(self.store.tensors)}") from None

    def features(self, name):
        """Names of a tensor's features."""
        return list(self._tensor(name)["features"])

    def cardinalities(self, name):
        """Number of ids of each feature (0: not an id); None for a tensor without ids."""
        values = self._tensor(name)["cardinalities"]
        return None if values is None else [int(v) for v in values]

    def role(self, name):
        return self._tensor(name)["role"]

    def to_pandas(self, limit=None):
        """A DataFrame of the first `limit` rows: TENSOR.FEATURE, TENSOR where it has one value a row, and kept columns."""
        import pandas

        stop = self._rows if limit is None else min(max(int(limit), 0), self._rows)
        columns = {}
        for name in self.store.tensors:
            values = self[name][:stop]
            if values.ndim == 1:
                columns[name] = values
            else:
                for i, feature in enumerate(self.features(name)):
                    columns[f"{name}.{feature}"] = values[:, i]
        for name in self.store.keep:
            columns["keep/" + name] = _series(pandas, self["keep/" + name], stop)
        return pandas.DataFrame(columns)

    def locate(self, row):
        """Index of the shard that holds a row."""
        return bisect.bisect_right(self._starts, row) - 1


def _series(pandas, dataset, stop):
    values = dataset[:stop]
    kind = dataset.kept
    if isinstance(values, np.ma.MaskedArray):
        nullable = "boolean" if kind.is_bool else kind.dtype.name.replace("int", "Int").replace("uI", "UI")
        return pandas.array(values.tolist(), dtype=nullable)
    if kind.is_timestamp or kind.is_date:
        try:
            series = pandas.Series(values.astype("M8[us]"))
            return series.dt.tz_localize("UTC") if kind.is_zoned else series
        except (ValueError, OverflowError):  # years that nanoseconds do not reach
            return pandas.Series(values.astype(object), dtype=object)
    return values


class Dataset:
    """A tensor or kept column of a split. Indexing reads: ints, slices, arrays of ints, masks, and after a comma what NumPy
    takes for the features."""

    def __init__(self, split, name):
        self.split = split
        self.name = name
        manifest = split.store.manifest
        if name.startswith("keep/") and name not in manifest["tensors"]:
            self.kept = KeptType(manifest["keep"][name[5:]]["dtype"])
            self.dtype = self.kept.dtype
            self._stored_dtype = self.kept.stored_dtype if not self.kept.is_text else None
            self._row_shape = (2,) if self.kept.is_wide else ()
            self._link = "keep/" + link(name[5:])
            self.shape = (len(split),)
        else:
            tensor = manifest["tensors"][name]
            if tensor["layout"] != "dense":
                raise RankmillError(2, f"{name}: layout {tensor['layout']} cannot be read yet")
            self.kept = None
            self.dtype = self._stored_dtype = tensor_dtype(tensor["dtype"])
            self._row_shape = tuple(tensor["shape"][1:])
            self._link = link(name)
            self.shape = (len(split),) + self._row_shape

    def __repr__(self):
        return f"<rankmill.Dataset {self.name} of {self.split.name}: {self.dtype.name} {list(self.shape)}>"

    def __len__(self):
        return self.shape[0]

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def valid(self):
        """The same rows as booleans: False where a kept column is NULL."""
        return _Valid(self)

    @property
    def chunk_rows(self):
        """Rows that are stored together: reading whole multiples is fastest."""
        if not self.split.shards or self.kept is not None and self.kept.is_text:
            return 8192
        chunks = self._shard(self.split.shards[0])[self._link].chunks
        return chunks[0] if chunks else 8192

    def __array__(self, dtype=None, copy=None):
        values = self[:]
        return values if dtype is None else values.astype(dtype)

    def __getitem__(self, key):
        if isinstance(key, tuple):
            if len(key) == 0 or key[0] is Ellipsis:
                return self.read(0, len(self))[key]
            values = self[key[0]]
            if len(key) == 1:
                return values
            whole = np.ndim(values) == self.ndim
            return values[(slice(None),) + key[1:]] if whole else values[key[1:]]
        return _index(self, key, self.read, len(self))

    def read(self, start, stop):
        """Rows start … stop, 0 <= start <= stop <= len."""
        if self.kept is None:
            return self._read_stored(start, stop)
        valid = self.read_valid(start, stop)
        if self.kept.is_text:
            return self._read_text(start, stop, valid)
        return self.kept.load(self._read_stored(start, stop), valid)

    def read_into(self, start, stop, out):
        """As read, into rows of an array; tensors only."""
        for shard, a, b, at in self._runs(start, stop):
            file = self._shard(shard)
            stored = file[self._link].shape
            if stored != (shard.rows,) + self._row_shape:
                raise RankmillError(3, f"{shard.path}: {self._link} is {stored}, not what the manifest says")
            try:
                file.read_into(self._link, a, b, out[at : at + b - a])
            except OSError as error:
                raise RankmillError(1, f"{shard.path}: {self._link} cannot be read: {error}") from error

    def _shard(self, shard):
        try:
            return self.split.store._files.get(shard.path)
        except OSError as error:
            raise RankmillError(1, f"{shard.path}: the shard cannot be opened: {error}") from error

    def _runs(self, start, stop):
        """(shard, first, last in the shard, position in the result) of the rows start … stop."""
        at = start
        index = self.split.locate(start)
        while at < stop:
            shard = self.split.shards[index]
            last = min(stop - shard.first, shard.rows)
            yield shard, at - shard.first, last, at - start
            at = shard.first + last
            index += 1

    def _read_stored(self, start, stop):
        out = np.empty((stop - start,) + self._row_shape, self._stored_dtype)
        self.read_into(start, stop, out)
        return out

    def read_valid(self, start, stop):
        out = np.ones(stop - start, bool)
        if self.kept is None:
            return out
        suffix = "/valid" if self.kept.is_text else ".valid"
        for shard, a, b, at in self._runs(start, stop):
            file = self._shard(shard)
            if self._link + suffix in file:
                out[at : at + b - a] = file[self._link + suffix][a:b]
        return out

    def _read_text(self, start, stop, valid):
        out = np.empty(stop - start, object)
        for shard, a, b, at in self._runs(start, stop):
            group = self._shard(shard)[self._link]
            offsets = group["offsets"][a : b + 1]
            data = group["values"][offsets[0] : offsets[-1]].tobytes()
            out[at : at + b - a] = self.kept.load_text(data, offsets - offsets[0], valid[at : at + b - a])
        return out


class _Valid:
    def __init__(self, dataset):
        self._dataset = dataset

    def __len__(self):
        return len(self._dataset)

    def __getitem__(self, key):
        return _index(self._dataset, key, self._dataset.read_valid, len(self._dataset))


def _index(dataset, key, read, length):
    """What values[key] is for a 1-D row key, read through read(start, stop)."""
    if isinstance(key, slice):
        start, stop, step = key.indices(length)
        if step == 1:
            return read(start, max(start, stop))
        return _gather(np.arange(start, stop, step), read, dataset)
    if key is Ellipsis:
        return read(0, length)
    if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
        row = int(key) + length if key < 0 else int(key)
        if not 0 <= row < length:
            raise IndexError(f"row {key} of {dataset.name}, which has {length} rows")
        return read(row, row + 1)[0]
    rows = np.asarray(key)
    if rows.size == 0 and rows.dtype.kind == "f":
        rows = rows.astype(np.intp)
    if rows.dtype == bool:
        if rows.shape != (length,):
            raise IndexError(f"a mask of shape {rows.shape} for {length} rows")
        rows = np.flatnonzero(rows)
    if rows.dtype.kind not in "iu":
        raise TypeError("rows are picked by integers, slices, arrays of integers, or masks")
    flat = rows.reshape(-1).astype(np.int64)
    outside = (flat < -length) | (flat >= length)
    if outside.any():
        raise IndexError(f"row {flat[outside][0]} of {dataset.name}, which has {length} rows")
    values = _gather(np.where(flat < 0, flat + length, flat), read, dataset)
    return values.reshape(rows.shape + values.shape[1:])


def _gather(rows, read, dataset):
    """Rows in any order, with repeats: read in as few runs as is sensible, then put in order."""
    if rows.size == 0:
        return read(0, 0)
    wanted, back = np.unique(rows, return_inverse=True)
    breaks = np.flatnonzero(np.diff(wanted) > _MERGE_ROWS) + 1
    runs = np.split(wanted, breaks)
    parts = [read(int(run[0]), int(run[-1]) + 1)[run - run[0]] for run in runs]
    join = np.ma.concatenate if any(isinstance(p, np.ma.MaskedArray) for p in parts) else np.concatenate
    return (parts[0] if len(parts) == 1 else join(parts))[back.reshape(-1)]
