"""In which order training reads rows: blocks are dealt in a random order, rows are mixed inside a window of many blocks.

An epoch's order depends on seed, epoch and the store alone; ranks take equal shares of it. RandomState is used because
NumPy promises that its streams never change."""

import bisect
import itertools

import numpy as np


class EpochOrder:
    """One rank's part of one epoch.

    runs: contiguous runs (start, stop) of rows that may be shuffled as a whole, in file order, together all rows.
    Every rank gets as many rows: with drop_last what does not divide is left out (also the last, shorter batch), else the
    first rows of the order are read again by the last ranks, as DistributedSampler does."""

    def __init__(self, runs, batch_size, *, shuffle, seed, epoch, drop_last, rank, world_size, window_rows):
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._key = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, epoch & 0xFFFFFFFF, rank]
        total = sum(stop - start for start, stop in runs)
        if drop_last:
            self.rows = total // world_size // batch_size * batch_size
            share = total // world_size
        else:
            self.rows = share = -(-total // world_size)
        if shuffle:
            common = np.random.RandomState(self._key[:3])
            runs = [runs[i] for i in common.permutation(len(runs))]
        self._runs = _Runs(_share(runs, total, rank * share, self.rows))
        self._window_batches = max(1, window_rows // batch_size)

    def __len__(self):
        """Batches."""
        return -(-self.rows // self.batch_size)

    def _window_count(self):
        return -(-len(self) // self._window_batches)

    def counts(self, workers):
        """Batches that each of the workers yields."""
        if not self.shuffle:
            return [len(range(w, len(self), workers)) for w in range(workers)]
        per = self._window_batches
        return [
            sum(min(per, len(self) - i * per) for i in range(w, self._window_count(), workers)) for w in range(workers)
        ]

    def windows(self, worker=0, workers=1, skip=0):
        """Yields (runs, parts) to one of the workers: rows to be read together, and index arrays into them, a batch each.
        The first skip batches of this worker are left out. Without shuffling the DataLoader's turns give file order."""
        per = self._window_batches if self.shuffle else 1
        for index in range(worker, -(-len(self) // per), workers):
            first = index * per
            batches = min(per, len(self) - first)
            if skip >= batches:
                skip -= batches
                continue
            begin = first * self.batch_size
            end = min(self.rows, (first + batches) * self.batch_size)
            rows = end - begin
            order = np.arange(rows)
            if self.shuffle:
                order = np.random.RandomState(self._key + [index]).permutation(rows)
            parts = [order[i : i + self.batch_size] for i in range(skip * self.batch_size, rows, self.batch_size)]
            skip = 0
            yield self._runs.slice(begin, end), parts


def skipped_by_worker(consumed, counts):
    """How many batches each worker has given once a DataLoader, taking turns, has given `consumed` in all."""
    taken = [0] * len(counts)
    left = min(consumed, sum(counts))
    while left > 0:
        active = [w for w, count in enumerate(counts) if taken[w] < count]
        rounds = min(min(counts[w] - taken[w] for w in active), left // len(active))
        for w in active:
            taken[w] += rounds
        left -= rounds * len(active)
        if rounds == 0:
            for w in active[:left]:
                taken[w] += 1
            left = 0
    return taken


class _Runs:
    """Runs of rows laid end to end."""

    def __init__(self, runs):
        self.runs = runs
        self.ends = list(itertools.accumulate(stop - start for start, stop in runs))

    def slice(self, begin, end):
        """The runs that cover positions begin … end; neighbours in the file become one."""
        out = []
        for i in range(bisect.bisect_right(self.ends, begin), len(self.runs)):
            start, stop = self.runs[i]
            at = self.ends[i] - (stop - start)
            if at >= end:
                break
            a, b = start + max(begin - at, 0), start + min(end - at, stop - start)
            if out and out[-1][1] == a:
                out[-1] = (out[-1][0], b)
            elif a < b:
                out.append((a, b))
        return out


def _share(runs, total, begin, rows):
    """rows positions from begin on, going round at the end."""
    out = []
    laid = _Runs(runs)
    while rows > 0 and total > 0:
        begin %= total
        count = min(rows, total - begin)
        out += laid.slice(begin, begin + count)
        begin += count
        rows -= count
    return out
