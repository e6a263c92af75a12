"""Open shards. Handles belong to a process: after a fork or in another process they are opened anew."""

import collections
import os
import threading

import h5py

_LIMIT = 32


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
                file = _open(path)
            self._open[path] = file
            while len(self._open) > _LIMIT:
                self._open.popitem(last=False)[1].close()
            return file

    def close(self):
        if self._pid == os.getpid():
            for file in self._open.values():
                file.close()
        self._reset()


def _open(path):
    # Mounts without locks (FUSE, some NFS and Lustre) would refuse HDF5's; nobody writes to a shard.
    try:
        return h5py.File(path, "r", locking=False)
    except (TypeError, ValueError):
        return h5py.File(path, "r")
