"""Open shards. Handles belong to a process: after a fork or in another process they are opened anew."""

import collections
import os
import threading

import h5py
import numpy as np

_LIMIT = 32


class Shard:
    """One open file, and where its uncompressed chunks lie."""

    def __init__(self, path):
        self.file = _open(path)
        self._chunks = {}

    def __getitem__(self, link):
        return self.file[link]

    def __contains__(self, link):
        return link in self.file

    def read_into(self, link, a, b, out):
        """Rows a … b of a dataset into the rows of out, an array of its stored type."""
        chunks = self._chunks.get(link)
        if chunks is None:
            chunks = self._chunks[link] = _Chunks(self.file, self.file[link])
        chunks.read_into(a, b, out)


class _Chunks:
    """Rows of one dataset. Where no filter is set and the bytes are in the array's own order, they go from the file to the
    array without HDF5's copies, and only those that are asked for."""

    def __init__(self, file, dataset):
        self.dataset = dataset
        self.shape = dataset.shape
        self._offsets = {}
        self._fd = None
        plain = dataset.chunks is not None and dataset.id.get_create_plist().get_nfilters() == 0
        if plain and dataset.chunks[1:] == dataset.shape[1:] and hasattr(dataset.id, "get_chunk_info_by_coord"):
            try:
                self._fd = file.id.get_vfd_handle()
            except (NotImplementedError, RuntimeError, TypeError, ValueError):
                pass  # a driver without a descriptor

    def _offset(self, index):
        offset = self._offsets.get(index)
        if offset is None:
            first = (index * self.dataset.chunks[0],) + (0,) * (len(self.shape) - 1)
            offset = self._offsets[index] = self.dataset.id.get_chunk_info_by_coord(first).byte_offset
        return offset

    def read_into(self, a, b, out):
        if out.size == 0:
            return
        direct = self._fd is not None and out.flags.c_contiguous and out.dtype.isnative
        if not direct:
            if out.flags.c_contiguous:
                self.dataset.read_direct(out, np.s_[a:b])
            else:
                out[...] = self.dataset[a:b]
            return
        chunk_rows = self.dataset.chunks[0]
        row_bytes = out.nbytes // len(out)
        view = memoryview(out).cast("B")
        at = a
        while at < b:
            index = at // chunk_rows
            stop = min(b, (index + 1) * chunk_rows)
            offset = self._offset(index)
            if offset is None:
                raise OSError(f"chunk {index} is not stored")
            offset += (at - index * chunk_rows) * row_bytes
            _pread(self._fd, view[(at - a) * row_bytes : (stop - a) * row_bytes], offset)
            at = stop


def _pread(fd, view, offset):
    while len(view):
        count = os.preadv(fd, [view], offset)
        if count == 0:
            raise OSError("the file ends too early")
        view = view[count:]
        offset += count


class Files:
    """Keeps the shards that were used last open. Can be pickled: handles stay behind."""

    def __init__(self):
        self._reset()

    def _reset(self):
        self._pid = os.getpid()
        self._open = collections.OrderedDict()
        self._lock = threading.Lock()

    def __getstate__(self):
        return {}

    def __setstate__(self, state):
        self._reset()

    def get(self, path):
        if self._pid != os.getpid():
            self._reset()
        with self._lock:
            file = self._open.pop(path, None)
            if file is None:
                file = Shard(path)
            self._open[path] = file
            while len(self._open) > _LIMIT:
                self._open.popitem(last=False)[1].file.close()
            return file

    def close(self):
        if self._pid == os.getpid():
            for shard in self._open.values():
                shard.file.close()
        self._reset()


def _open(path):
    """With HDF5's lock where there is one: a process that has the file open by plain h5py has it so, and HDF5 refuses to mix.
    Without where the mount knows no locks (FUSE, some NFS and Lustre): nobody writes to a shard."""
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if "lock" not in str(error):
            raise
        try:
            return h5py.File(path, "r", locking=False)
        except (TypeError, ValueError):  # h5py before 3.5 or HDF5 before 1.12.1 / 1.10.7
            raise error from None
