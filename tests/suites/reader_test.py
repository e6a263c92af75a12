"""The Python reader against values computed from the fixture's definition (tests/unit/store_fixture.h).

usage: reader_test.py STORE_WRITE; prints ok/not ok/skip lines for tests/run.sh."""

import datetime
import decimal
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / folder) for folder in ("apps/python", "tests/tools")]
import rankmill  # noqa: E402
from rankmill._order import EpochOrder, skipped_by_worker  # noqa: E402
from rankmill._run import _column, _read_csv  # noqa: E402
from rankmill._vocabulary import values_of  # noqa: E402
from store_values import is_null, number  # noqa: E402

STORE_WRITE = sys.argv.pop(1)
TRAIN, VAL = 1000, 37


def write(path, *args):
    subprocess.run([STORE_WRITE, path, *map(str, args)], check=True, stdout=subprocess.DEVNULL)


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="rankmill-test-reader-")
        cls.root = Path(cls.folder.name)
        write(cls.root / "a", TRAIN, VAL, 64, 100, "shuffle+deflate:1")
        write(cls.root / "b", 10, 0, 64, 100, "none")
        write(cls.root / "c", 200000, VAL, 150000, 8192, "none")
        cls.store = rankmill.Store(cls.root / "a")
        cls.train = cls.store["train"]
        cls.dense = np.array([[number(r, f) for f in range(3)] for r in range(TRAIN)], "f4")

    @classmethod
    def tearDownClass(cls):
        cls.store.close()
        cls.folder.cleanup()

    def test_shape_of_a_store(self):
        s = self.store
        self.assertEqual(s.splits, ["train", "val"])
        self.assertEqual(s.tensors, ["dense", "wide", "sparse", "tiny", "label"])
        self.assertEqual((len(s["train"]), len(s["val"])), (TRAIN, VAL))
        self.assertEqual(s.content_hash, json.loads((self.root / "a/manifest.json").read_text())["content_hash"])
        self.assertEqual(self.train.features("dense"), ["fare", "day", "pickup_é"])
        self.assertEqual(self.train.cardinalities("sparse"), [7, 0])
        self.assertIsNone(self.train.cardinalities("dense"))
        self.assertEqual(self.train.role("label"), "label")
        self.assertEqual(self.train["dense"].shape, (TRAIN, 3))
        self.assertEqual(self.train["label"].shape, (TRAIN,))
        self.assertEqual(self.train["label"].dtype, np.uint64)
        self.assertIn("train", s)
        self.assertIn("1,000 rows", repr(s))

    def test_beside_plain_h5py(self):
        """HDF5 refuses a file that the process holds open with another locking flag; a notebook often has it open."""
        folder = self.root / "beside"
        write(folder, 20, 0, 64, 100, "none")
        path = folder / "train/shard-00000.h5"
        for options in ({}, {"locking": False}):
            with h5py.File(path, "r", **options) as file, rankmill.Store(folder) as store:
                np.testing.assert_array_equal(store["train"]["dense"][:10], file["dense"][:10])
        with rankmill.Store(folder) as store:
            first = store["train"]["dense"][:10]
            with h5py.File(path, "r") as file:
                np.testing.assert_array_equal(first, file["dense"][:10])

    def test_indexing_is_numpy_s(self):
        got, want = self.train["dense"], self.dense
        mask = np.arange(TRAIN) % 3 == 1
        keys = [
            slice(None), slice(5, 900), slice(60, 70), slice(900, 5), slice(-10, None), slice(None, None, 7),
            slice(None, None, -1), slice(500, 100, -33), slice(2000, 3000), 0, 5, -1, np.int64(64), [3, 1, 2], [-1, 0, 0],
            [], np.array([999, 0, 64, 63, 65]), mask, list(mask), np.array([[1, 2], [3, 4]]), Ellipsis,
            (slice(0, 100), 1), (slice(0, 100), slice(0, 2)), (5, 1), (5,), ([1, 5], 2), (slice(3, 9), [0, 2]), (Ellipsis, 1),
        ]
        for key in keys:
            with self.subTest(key=str(key)[:40]):
                np.testing.assert_array_equal(got[key], want[key])
                self.assertEqual(np.shape(got[key]), np.shape(want[key]))
        for key in (TRAIN, -TRAIN - 1, [0, TRAIN], np.zeros(3, bool)):
            with self.assertRaises(IndexError):
                got[key]
        for key in ("x", 1.5, [1.5]):
            with self.assertRaises(TypeError):
                got[key]
        np.testing.assert_array_equal(np.asarray(got), want)

    def test_uncompressed_chunks(self):
        """Chunks of 131,072 rows of sparse and 87,381 of dense, read past HDF5."""
        c = rankmill.Store(self.root / "c")["train"]
        for a, b in ((0, 5), (87380, 87383), (131000, 131200), (149990, 150010), (199999, 200000), (60000, 190000)):
            want = np.array([[r * 7 % 1000 - 3, (r * 7 + 1) % 1000 - 3] for r in range(a, b)])
            np.testing.assert_array_equal(c["sparse"][a:b], want)
            want = np.array([number(r, 2) for r in range(a, b)], "f4")
            np.testing.assert_array_equal(c["dense"][a:b, 2], want)
            np.testing.assert_array_equal(c["keep/id"][a:b], [r * 1000003 - 17 for r in range(a, b)])
        c.store.close()

    def test_every_dtype(self):
        r = np.arange(TRAIN)
        np.testing.assert_array_equal(self.train["wide"][:, 0], [number(i, 0) for i in range(TRAIN)])
        np.testing.assert_array_equal(self.train["sparse"][:], np.stack([r * 7 % 1000 - 3, (r * 7 + 1) % 1000 - 3], 1))
        np.testing.assert_array_equal(self.train["tiny"][:], r % 200 - 100)
        big = [i * 0x9E3779B97F4A7C15 % 2**64 for i in range(TRAIN)]
        np.testing.assert_array_equal(self.train["label"][:], np.array(big, np.uint64))

    def test_kept_columns(self):
        t, rows = self.train, range(TRAIN)
        np.testing.assert_array_equal(t["keep/id"][:], [r * 1000003 - 17 for r in rows])
        np.testing.assert_array_equal(t["keep/km/h"][:], [np.nan if is_null(6, r) else np.float32(r * 0.5) for r in rows])
        flags = t["keep/flag"][:]
        self.assertEqual(flags.dtype, bool)
        self.assertEqual(flags.tolist(), [None if is_null(7, r) else r % 3 == 0 for r in rows])
        names = [None if is_null(8, r) else "wxyz"[: r % 5] + "é" + str(r) for r in rows]
        self.assertEqual(t["keep/name"][:].tolist(), names)
        self.assertEqual(t["keep/name"][[700, -1, 3]].tolist(), [names[700], names[-1], names[3]])
        self.assertEqual(t["name"][63:66].tolist(), names[63:66])
        self.assertEqual(t["keep/name"][5], names[5])
        seen = t["keep/seen"][:]
        self.assertEqual(seen.dtype, np.dtype("M8[us]"))
        want = [np.datetime64("NaT") if is_null(9, r) else np.datetime64(1245173781000000 + r * 1000001, "us") for r in rows]
        np.testing.assert_array_equal(seen, np.array(want, "M8[us]"))
        days = t["keep/day"][:]
        want = [np.datetime64("NaT") if is_null(10, r) else np.datetime64(r - 400, "D") for r in rows]
        np.testing.assert_array_equal(days, np.array(want, "M8[D]"))
        self.assertEqual(t["keep/price"][3], decimal.Decimal("-46.97"))
        want = [None if is_null(11, r) else decimal.Decimal(r * 101 - 5000).scaleb(-2) for r in rows]
        self.assertEqual(t["keep/price"][:].tolist(), want)
        exact = decimal.Context(prec=60)
        want = [None if is_null(12, r) else exact.scaleb(decimal.Decimal((r - 50) * 10**18 * 1000003), -3) for r in rows]
        self.assertEqual(t["keep/huge"][:].tolist(), want)
        valid = t["keep/name"].valid
        self.assertEqual(valid[10:90].tolist(), [not is_null(8, r) for r in range(10, 90)])
        self.assertEqual(valid[[5, 3]].tolist(), [not is_null(8, 5), not is_null(8, 3)])

    def test_pandas(self):
        try:
            import pandas
        except ImportError:
            self.skipTest("python3-pandas is missing")
        frame = self.train.to_pandas(limit=20)
        self.assertEqual(len(frame), 20)
        self.assertEqual(list(frame)[:5], ["dense.fare", "dense.day", "dense.pickup_é", "wide.x", "sparse.C1"])
        np.testing.assert_array_equal(frame["dense.day"], self.dense[:20, 1])
        self.assertEqual(str(frame["keep/flag"].dtype), "boolean")
        self.assertEqual([v is pandas.NA for v in frame["keep/flag"]], [is_null(7, r) for r in range(20)])
        self.assertEqual(frame["keep/seen"].dtype.kind, "M")
        self.assertEqual(frame["keep/seen"][0], pandas.Timestamp("2009-06-16 17:36:21"))
        self.assertEqual(len(self.train.to_pandas()), TRAIN)
        self.assertEqual(len(self.store["val"].to_pandas(limit=0)), 0)

    def test_several_stores(self):
        both = rankmill.Store([self.root / "a", self.root / "b"])
        self.assertEqual(len(both["train"]), TRAIN + 10)
        np.testing.assert_array_equal(both["train"]["dense"][TRAIN - 2 :], np.concatenate([self.dense[-2:], self.dense[:10]]))
        self.assertEqual(len(both.content_hash), 2)
        self.assertEqual(rankmill.Store(self.root / "[ab]").paths, [str(self.root / "a"), str(self.root / "b")])
        self.assertEqual(len(rankmill.Store(self.root / "b")["val"]["dense"][:]), 0)
        both.close()

    def test_pickles_and_forks(self):
        copy = pickle.loads(pickle.dumps(self.train))
        np.testing.assert_array_equal(copy["dense"][:5], self.dense[:5])
        copy.store.close()
        pid = os.fork()
        if pid == 0:
            good = np.array_equal(self.train["dense"][61:70], self.dense[61:70])
            os._exit(0 if good else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_vocabulary(self):
        fitted = {"tensors": {
            "sparse": {"columns": {"C1": {"steps": [{"transform": "vocabulary", "values": ["b", "a"]}]},
                                   "C2": {"steps": [{"transform": "hash"}]}}},
            "other": {"columns": {"C1": {"steps": [{"transform": "vocabulary", "values": ["c"]}]}}}}}
        (self.root / "b/fitted.json").write_text(json.dumps(fitted))
        s = rankmill.Store(self.root / "b")
        self.assertEqual(s.vocabulary("C1", tensor="sparse"), ["b", "a"])
        side = b"MILLVOC1" + struct.pack("<IBBHQ3Q", 13, 0, 0, 0, 2, 0, 2, 5) + "éabc".encode()
        (self.root / "b/fitted").mkdir()
        (self.root / "b/fitted/values-0-0-0.bin").write_bytes(side)
        step = {"transform": "vocabulary", "value_type": "string", "values_file": "fitted/values-0-0-0.bin"}
        self.assertEqual(values_of(s.path, step), ["é", "abc"])
        (self.root / "b/fitted/values-0-0-0.bin").write_bytes(side[:-1])
        with self.assertRaises(rankmill.RankmillError):
            values_of(s.path, step)
        days = values_of(s.path, {"value_type": "date", "values": ["2009-06-15"]})
        self.assertEqual(days, [np.datetime64("2009-06-15")])
        times = values_of(s.path, {"value_type": "timestamp with time zone", "values": ["2009-06-15 01:02:03.5+00"]})
        self.assertEqual(times, [np.datetime64("2009-06-15T01:02:03.5")])
        self.assertEqual(values_of(s.path, {"value_type": "int64", "values": ["9007199254740993", 2]}), [2**53 + 1, 2])
        for args in (("C1",), ("C2",), ("nothing",)):
            with self.assertRaises(KeyError):
                s.vocabulary(*args)

    def test_errors(self):
        for path in (self.root, self.root / "none", str(self.root / "*.x")):
            with self.assertRaises(rankmill.RankmillError) as caught:
                rankmill.Store(path)
            self.assertEqual(caught.exception.code, 2)
        for bad in (lambda: self.store["test"], lambda: self.train["nothing"], lambda: self.train.features("keep/id")):
            with self.assertRaises(KeyError):
                bad()
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "c", 10, 0, 4, 4, "none")
            os.unlink(Path(folder) / "c/train/shard-00001.h5")
            s = rankmill.Store(Path(folder) / "c")
            self.assertEqual(len(s["train"]["dense"][:4]), 4)
            with self.assertRaises(rankmill.RankmillError) as caught:
                s["train"]["dense"][:]
            self.assertEqual(caught.exception.code, 1)
            self.assertIn("shard-00001.h5", str(caught.exception))
            s.close()


def deal(runs, workers=1, **options):
    """Rows of every batch of one rank, workers taking turns as a DataLoader's do."""
    order = EpochOrder(runs, **options)
    streams = []
    for worker in range(workers):
        batches = []
        for taken, parts in order.windows(worker, workers):
            rows = np.concatenate([np.arange(a, b) for a, b in taken])
            batches += [rows[p].tolist() for p in parts]
        streams.append(batches)
    assert [len(b) for b in streams] == order.counts(workers)
    out = []
    while any(streams):
        for batches in streams:
            if batches:
                out.append(batches.pop(0))
    assert len(out) == len(order)
    return out


class Order(unittest.TestCase):
    def options(self, **changes):
        base = dict(batch_size=10, shuffle=True, seed=3, epoch=0, drop_last=True, rank=0, world_size=1, window_rows=100)
        base.update(changes)
        return base

    RUNS = [(i, min(i + 16, 1003)) for i in range(0, 1003, 16)]

    def test_all_rows_once(self):
        for shuffle in (False, True):
            for world in (1, 2, 3, 7):
                for workers in (1, 2, 5):
                    ranks = [deal(self.RUNS, workers, **self.options(shuffle=shuffle, rank=r, world_size=world))
                             for r in range(world)]
                    self.assertEqual(len({len(batches) for batches in ranks}), 1)
                    rows = [r for batches in ranks for b in batches for r in b]
                    self.assertEqual(len(rows), len(set(rows)))
                    self.assertTrue(all(len(b) == 10 for batches in ranks for b in batches))
                    self.assertEqual(len(rows), 1003 // world // 10 * 10 * world)

    def test_keep_last(self):
        for world in (1, 2, 3, 7):
            ranks = [deal(self.RUNS, 2, **self.options(drop_last=False, rank=r, world_size=world)) for r in range(world)]
            self.assertEqual(len({len(batches) for batches in ranks}), 1)
            rows = [r for batches in ranks for b in batches for r in b]
            self.assertEqual(set(rows), set(range(1003)))
            self.assertLess(len(rows) - 1003, world)

    def test_file_order_without_shuffling(self):
        for workers in (1, 2, 3):
            batches = deal(self.RUNS, workers, **self.options(shuffle=False, drop_last=False))
            self.assertEqual([r for b in batches for r in b], list(range(1003)))

    def test_epochs_differ_and_repeat(self):
        first = deal(self.RUNS, **self.options())
        self.assertEqual(first, deal(self.RUNS, **self.options()))
        self.assertNotEqual(first, deal(self.RUNS, **self.options(epoch=1)))
        self.assertNotEqual(first, deal(self.RUNS, **self.options(seed=4)))
        self.assertNotEqual(first[0], sorted(first[0]))
        # Neighbours in the file are rarely neighbours in a batch.
        near = sum(abs(a - b) == 1 for batch in first for a, b in zip(batch, batch[1:]))
        self.assertLess(near, 100)

    def test_more_ranks_than_rows(self):
        self.assertEqual(deal([(0, 3)], **self.options(rank=4, world_size=5, drop_last=True)), [])
        ranks = [deal([(0, 3)], **self.options(rank=r, world_size=5, drop_last=False)) for r in range(5)]
        self.assertEqual([len(b) for b in ranks], [1] * 5)
        self.assertEqual(deal([], **self.options()), [])

    def test_skipping(self):
        for workers in (1, 2, 3):
            order = EpochOrder(self.RUNS, **self.options(drop_last=False))
            whole = deal(self.RUNS, workers, **self.options(drop_last=False))
            counts = order.counts(workers)
            for consumed in (0, 1, 5, 57, len(whole)):
                streams = []
                for worker, skip in enumerate(skipped_by_worker(consumed, counts)):
                    batches = []
                    for taken, parts in order.windows(worker, workers, skip):
                        rows = np.concatenate([np.arange(a, b) for a, b in taken])
                        batches += [rows[p].tolist() for p in parts]
                    streams.append(batches)
                rest = sorted(map(tuple, (b for batches in streams for b in batches)))
                self.assertEqual(rest, sorted(map(tuple, whole[consumed:])))


class Binary(unittest.TestCase):
    def fake(self, folder, text):
        path = Path(folder) / "rankmill"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        os.environ["RANKMILL"] = str(path)
        self.addCleanup(os.environ.pop, "RANKMILL", None)

    def test_run(self):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "s", 10, 0, 4, 4, "none")
            self.fake(folder, f'echo "$@" >{folder}/args; echo {folder}/s\n')
            s = rankmill.run("job.json", out="o", ranks=2, overwrite=True, min_count=6, raw="data/x")
            self.assertEqual(len(s["train"]), 10)
            self.assertEqual((Path(folder) / "args").read_text().split(),
                             "run --out o --ranks 2 --overwrite --set min_count=6 --set raw=data/x --progress none job.json".split())
            self.fake(folder, "echo 'job.json: /sources: missing' >&2; exit 2\n")
            with self.assertRaises(rankmill.RankmillError) as caught:
                rankmill.run("job.json")
            self.assertEqual((caught.exception.code, caught.exception.message), (2, "job.json: /sources: missing"))

    def test_query(self):
        try:
            import pandas
        except ImportError:
            self.skipTest("python3-pandas is missing")
        text = ('n,x,name,flag,t,code\n1,0.5,"a,""b""\nc",true,2009-06-15 17:26:21,007\n,,"",,,010\n'
                "3,1e+300,,false,2009-06-15,9\n")
        self.assertEqual(_read_csv('a,b\n,"x"\n1,\n'),
                         [[("a", False), ("b", False)], [("", False), ("x", True)], [("1", False), ("", False)]])
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "out.csv").write_text(text)
            self.fake(folder, f"cat {folder}/out.csv\n")
            frame = rankmill.query("SELECT 1")
        self.assertEqual(list(frame), ["n", "x", "name", "flag", "t", "code"])
        self.assertEqual([str(t) for t in frame.dtypes],
                         ["Int64", "float64", "object", "boolean", "datetime64[ns]", "object"])
        self.assertEqual(frame["name"].tolist(), ['a,"b"\nc', "", None])
        self.assertEqual(frame["t"][0], datetime.datetime(2009, 6, 15, 17, 26, 21))
        self.assertTrue(frame["n"][1] is pandas.NA and np.isnan(frame["x"][1]))
        self.assertEqual(frame["code"].tolist(), ["007", "010", "9"])
        self.assertEqual(str(_column(pandas, [("9223372036854775808", False)]).dtype), "float64")


class Torch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            import torch  # noqa: F401
        except ImportError:
            raise unittest.SkipTest("python3-torch is missing") from None
        cls.folder = tempfile.TemporaryDirectory(prefix="rankmill-test-reader-")
        write(Path(cls.folder.name) / "a", TRAIN, VAL, 300, 100, "none")
        cls.train = rankmill.Store(Path(cls.folder.name) / "a")["train"]

    @classmethod
    def tearDownClass(cls):
        cls.train.store.close()
        cls.folder.cleanup()

    def ids(self, batches, workers=0):
        from torch.utils.data import DataLoader

        return [b["keep/id"].tolist() for b in DataLoader(batches, batch_size=None, num_workers=workers)]

    def test_batches(self):
        import torch
        from rankmill.torch import Batches

        columns = ["dense", "sparse", "tiny", "keep/id", "keep/name"]
        batches = Batches(self.train, 32, shuffle=True, seed=1, columns=columns)
        self.assertEqual(len(batches), TRAIN // 32)
        seen = []
        for batch in batches:
            self.assertEqual(batch["dense"].shape, (32, 3))
            self.assertEqual(batch["dense"].dtype, torch.float32)
            self.assertEqual(batch["tiny"].dtype, torch.int8)
            rows = (batch["keep/id"].numpy() + 17) // 1000003
            seen += rows.tolist()
            want = np.array([[number(r, f) for f in range(3)] for r in rows], "f4")
            np.testing.assert_array_equal(batch["dense"].numpy(), want)
            self.assertEqual(batch["keep/name"][0] is None, is_null(8, rows[0]))
        self.assertEqual(len(set(seen)), TRAIN // 32 * 32)
        plain = Batches(self.train, 300, drop_last=False, columns=["keep/id"])
        self.assertEqual(sum(self.ids(plain), []), [r * 1000003 - 17 for r in range(TRAIN)])
        with self.assertRaises(ValueError):
            next(iter(Batches(self.train, 8, columns=["label"])))

    def test_workers_and_resuming(self):
        from rankmill.torch import Batches

        def fresh():
            return Batches(self.train, 10, shuffle=True, columns=["keep/id"], window=100)

        for workers in (0, 2, 3):
            batches = fresh()
            batches.set_epoch(2)
            whole = self.ids(batches, workers)
            self.assertEqual(len(whole), 100)
            self.assertEqual(len({i for b in whole for i in b}), TRAIN)
            state = batches.state_dict(consumed=41)
            again = fresh()
            again.load_state_dict(state)
            again.set_epoch(2)
            self.assertEqual(sorted(self.ids(again, workers)), sorted(whole[41:]))
            again.set_epoch(3)
            self.assertEqual(len(self.ids(again, workers)), 100)

    def test_ranks(self):
        from rankmill.torch import Batches

        os.environ.update(RANK="1", WORLD_SIZE="3")
        try:
            self.assertEqual((Batches(self.train, 10).rank, Batches(self.train, 10).world_size), (1, 3))
        finally:
            del os.environ["RANK"], os.environ["WORLD_SIZE"]
        parts = [self.ids(Batches(self.train, 10, shuffle=True, columns=["keep/id"], rank=r, world_size=3)) for r in range(3)]
        self.assertEqual([len(p) for p in parts], [33] * 3)
        self.assertEqual(len({i for p in parts for b in p for i in b}), 990)


class Lines(unittest.TextTestResult):
    """ok NAME, not ok NAME, skip NAME: why."""

    def name(self, test):
        return "reader." + (test.id().split(".", 1)[-1] if hasattr(test, "_testMethodName") else test.id().split(".")[-1][:-1])

    def addSuccess(self, test):
        super().addSuccess(test)
        print("ok", self.name(test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print("not ok", self.name(test))

    def addError(self, test, err):
        super().addError(test, err)
        print("not ok", self.name(test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skip {self.name(test)}: {reason}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print("not ok", self.name(test), subtest)


if __name__ == "__main__":
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Lines, verbosity=0)
    sys.exit(0 if unittest.main(testRunner=runner, exit=False).result.wasSuccessful() else 1)
