"""Batches of a split for PyTorch.

    DataLoader(Batches(s["train"], 4096, shuffle=True), batch_size=None, num_workers=4)
"""

import os

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from ._order import EpochOrder, skipped_by_worker

_WINDOW_BYTES = 64 << 20
_BLOCK_ROWS = 8192
# What torch has no (full) type for is widened; uint64 is taken where it fits.
_WIDER = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64}


class Batches(IterableDataset):
    """Yields dicts of tensors, one a batch. Use with batch_size=None; works with any number of workers.

    shuffle: the order of blocks of rows is shuffled, and rows inside a window of many blocks (all rows, if they fit window
    rows); call set_epoch before each epoch for another order. drop_last: leave out what does not make a whole batch.
    columns: names to yield, all tensors if None; "keep/NAME" works too, text as lists.
    rank, world_size: from torch.distributed when it is initialised, else from the launcher's environment, else 0 of 1. Every
    rank gets the same number of batches.

    Resuming: state_dict(consumed) with the number of batches the training loop has taken of this epoch (counted for you when
    there are no workers), load_state_dict before the next iteration; with workers, use as many as before, and call set_epoch
    before every epoch, or the next one starts there too."""

    def __init__(self, split, batch_size, shuffle=False, seed=0, drop_last=True, columns=None, rank=None, world_size=None,
                 window=None):
        super().__init__()
        if int(batch_size) < 1:
            raise ValueError("batch_size must be at least 1")
        self.split = split
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.seed = int(seed)
        self.drop_last = bool(drop_last)
        self.columns = list(columns) if columns is not None else split.store.tensors
        found = _world()
        self.rank = found[0] if rank is None else int(rank)
        self.world_size = found[1] if world_size is None else int(world_size)
        if not 0 <= self.rank < self.world_size:
            raise ValueError(f"rank {self.rank} of {self.world_size}")
        self.epoch = 0
        self._consumed = 0
        self._given = 0
        datasets = [split[name] for name in self.columns]
        row_bytes = sum(_row_bytes(d) for d in datasets)
        self.window = int(window) if window is not None else max(self.batch_size, _WINDOW_BYTES // max(1, row_bytes))
        self._runs = _blocks(split, datasets, self.window)

    def set_epoch(self, epoch):
        """Another order, from its start; the epoch that load_state_dict came back to goes on where it was."""
        if int(epoch) != self.epoch:
            self.epoch = int(epoch)
            self._consumed = self._given = 0

    def _order(self):
        return EpochOrder(self._runs, self.batch_size, shuffle=self.shuffle, seed=self.seed, epoch=self.epoch,
                          drop_last=self.drop_last, rank=self.rank, world_size=self.world_size, window_rows=self.window)

    def __len__(self):
        """Batches of this rank in a whole epoch: the same on every rank."""
        return len(self._order())

    def state_dict(self, consumed=None):
        return {"epoch": self.epoch, "consumed": self._given if consumed is None else int(consumed), "seed": self.seed,
                "batch_size": self.batch_size, "world_size": self.world_size}

    def load_state_dict(self, state):
        for key in ("seed", "batch_size", "world_size"):
            if state[key] != getattr(self, key):
                raise ValueError(f"the state was saved with {key}={state[key]}, this is {getattr(self, key)}")
        self.epoch = int(state["epoch"])
        self._consumed = self._given = int(state["consumed"])

    def __iter__(self):
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info is not None else (0, 1)
        order = self._order()
        consumed, self._consumed = self._consumed, 0
        self._given = consumed
        skip = skipped_by_worker(consumed, order.counts(workers))[worker]
        datasets = {name: self.split[name] for name in self.columns}
        for runs, parts in order.windows(worker, workers, skip):
            rows = {name: _read(dataset, runs) for name, dataset in datasets.items()}
            for part in parts:
                self._given += 1
                yield {name: _tensor(values, part, self.shuffle) for name, values in rows.items()}


def _world():
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    for rank, size in (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
                       ("PMI_RANK", "PMI_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")):
        if rank in os.environ and size in os.environ:
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


def _row_bytes(dataset):
    return int(np.prod(dataset.shape[1:], dtype=np.int64)) * max(dataset.dtype.itemsize, 1)


def _blocks(split, datasets, window):
    """Runs of rows inside shards, chunks of the widest tensor where there are many of them."""
    rows = len(split)
    widest = max(datasets, key=_row_bytes, default=None)
    size = widest.chunk_rows if widest is not None and rows else _BLOCK_ROWS
    # Enough blocks in a window to mix, but never less than a read is worth.
    size = max(1, min(size, max(256, window // 16)))
    runs = []
    for shard in split.shards:
        runs += [(shard.first + a, shard.first + min(a + size, shard.rows)) for a in range(0, shard.rows, size)]
    return runs


def _read(dataset, runs):
    if dataset.kept is not None:
        parts = [dataset.read(a, b) for a, b in runs]
        if any(isinstance(p, np.ma.MaskedArray) for p in parts) or dataset.kept.is_decimal:
            raise ValueError(f"{dataset.name}: NULLs and decimals have no tensor; impute or cast them in the job")
        values = np.concatenate(parts)
        return values.view(np.int64) if values.dtype.kind == "M" else values
    out = np.empty((sum(b - a for a, b in runs),) + dataset.shape[1:], dataset.dtype)
    at = 0
    for a, b in runs:
        dataset.read_into(a, b, out[at : at + b - a])
        at += b - a
    wider = _WIDER.get(out.dtype.name)
    if wider is None:
        return out
    if out.dtype.name == "uint64" and out.size and out.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{dataset.name}: values beyond int64 have no torch type")
    return out.astype(wider)


def _tensor(values, part, shuffled):
    if shuffled:
        batch = values[part]
    else:
        batch = values[part[0] : part[-1] + 1] if len(part) else values[:0]
    if batch.dtype == object:
        return batch.tolist()
    return torch.from_numpy(np.ascontiguousarray(batch))
