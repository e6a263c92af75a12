"""One content hash whatever the machine does: jobs and queries run again and again, and what they give must be the same.

    matrix.py fast|slow SCRATCH    prints `ok NAME` or `not ok NAME` a case

fast: every pair of values of any two factors below, on small data, through the test knobs. slow: the taxi job and a group-by, each on more
than 200 MB, over every combination of the machine's factors, spilling because memory is short and not because a knob says so; every pair
for the job with joins. MATRIX_SAMPLE=N takes every N-th combination only.
"""

import hashlib
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mixed_data

PYTHON = "/usr/bin/python3"  # with Debian's numpy, h5py and xxhash
TUNABLES = "glibc.cpu.hwcaps=-AVX2,-FMA"

# What the machine may vary …
MACHINE = {
    "ranks": [1, 2, 3, 5, 8],
    "spill": ["ample", "spilled"],
    "codec": ["plain", "gz", "zst"],
    "split": [65536, 33554432],
    "cc": ["gcc", "clang"],
    "simd": ["portable", "v3"],
    "glibc": ["all", "-AVX2,-FMA"],
}
# … and what only tests vary.
KNOBS = {
    "split": [65536, 33554432, 1500],
    "batch": [8192, 37],
    "bucket": [33554432, 8192],
    "round": [16777216, 5000],
    "guess": ["right", "forced", "inverted"],
    "broadcast": [33554432, 0],
}


def cover(factors, seed=1, tries=200):
    """Settings in which every two values of different factors meet: greedily, the best of some random candidates each time."""
    names, rng = list(factors), random.Random(seed)
    left = {(a, x, b, y) for a, b in itertools.combinations(names, 2) for x in factors[a] for y in factors[b]}
    rows = []
    while left:
        a, x, b, y = min(left, key=str)
        best, gain = None, -1
        for _ in range(tries):
            row = {n: rng.choice(factors[n]) for n in names}
            row[a], row[b] = x, y
            gained = sum((p, row[p], q, row[q]) in left for p, q in itertools.combinations(names, 2))
            if gained > gain:
                best, gain = row, gained
        left -= {(p, best[p], q, best[q]) for p, q in itertools.combinations(names, 2)}
        rows.append(best)
    return rows


def product(factors):
    """Every combination of factors, in an order in which neighbours differ much: trouble shows early."""
    rows = [dict(zip(factors, values)) for values in itertools.product(*factors.values())]
    random.Random(1).shuffle(rows)
    return rows[:: int(os.environ.get("MATRIX_SAMPLE", 1))]


class Report:
    def __init__(self):
        self.failed = 0

    def case(self, name, trouble=None):
        print(("ok " if trouble is None else "not ok ") + name, flush=True)
        if trouble is not None:
            self.failed += 1
            print("\n".join("    " + line for line in str(trouble).split("\n")), flush=True)


def name_of(setting):
    return ".".join(str(v) for v in setting.values())


class Machine:
    """The binaries, and one process under a setting."""

    def __init__(self, scratch, timeout, short_memory=None):
        """short_memory: what a rank gets where a setting spills; None: a test knob makes it spill whatever it has."""
        self.scratch, self.timeout, self.short_memory = Path(scratch), timeout, short_memory
        self.binaries = {}

    def build(self, compilers):
        """Object folders are named by compiler and flags, so other builds stay what they are."""
        for cc in compilers:
            listing = subprocess.run(["make", "-s", f"CC={cc}", "list"], capture_output=True, text=True, check=True).stdout
            binary = re.search(r"build folder: (\S+)", listing)[1] + "/rankmill"
            start = time.monotonic()
            run = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", f"CC={cc}", binary], capture_output=True, text=True)
            if run.returncode != 0:
                raise SystemExit(f"make CC={cc} failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
            print(f"# {cc}: {binary} built in {time.monotonic() - start:.0f} s", flush=True)
            self.binaries[cc] = os.path.abspath(binary)

    def environment(self, setting):
        env = dict(os.environ)
        env["RANKMILL_SIMD"] = setting.get("simd", "v3")
        if setting.get("glibc", "all") != "all":
            env["GLIBC_TUNABLES"] = TUNABLES
        spilled = setting.get("spill") == "spilled" and self.short_memory is None
        knobs = {
            "FORCE_SPILL": "1" if spilled else None,
            "BUCKET_BYTES": 8192 if spilled else setting.get("bucket"),
            "SPLIT_BYTES": setting.get("split"),
            "BATCH_ROWS": setting.get("batch"),
            "ROUND_BYTES": setting.get("round"),
            "BROADCAST_BYTES": setting.get("broadcast"),
            "FORCE_SPECULATION": "1" if setting.get("guess", "right") != "right" else None,
            "INVERT_GUESS": "1" if setting.get("guess") == "inverted" else None,
        }
        env.update({"RANKMILL_TEST_" + k: str(v) for k, v in knobs.items() if v is not None})
        return env

    def run(self, setting, arguments):
        command = [self.binaries[setting.get("cc", "gcc")], *arguments, "-n", str(setting["ranks"])]
        if setting.get("spill") == "spilled" and self.short_memory is not None:
            command += ["--memory-per-rank", self.short_memory]
        try:
            return subprocess.run(command, env=self.environment(setting), capture_output=True, text=True, timeout=self.timeout,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, -1, "", f"no end after {self.timeout} s")

    def job(self, setting, job, raw, arguments=()):
        """(what it came to, spilled buckets, trouble); the store is at scratch/store until the next call."""
        out = self.scratch / "store"
        shutil.rmtree(out, ignore_errors=True)
        run = self.run(setting, ["run", job, "--set", f"raw={raw}", "--out", str(out), "--progress", "none", *arguments])
        if run.returncode != 0:
            return f"exit {run.returncode}", 0, run.stderr[-1500:]
        manifest = json.loads((out / "manifest.json").read_text())
        return manifest["content_hash"], max((e["spilled_buckets"] for e in manifest["ledger"]["exchanges"]), default=0), None


def compress(folder):
    """folder/plain → folder/gz and folder/zst, file by file."""
    for codec in ("gz", "zst"):
        (folder / codec).mkdir()
    for path in sorted((folder / "plain").iterdir()):
        subprocess.run(["gzip", "-1nc", str(path)], stdout=open(folder / "gz" / (path.name + ".gz"), "wb"), check=True)
        subprocess.run(["zstd", "-q", "-1", "-c", str(path)], stdout=open(folder / "zst" / (path.name + ".zst"), "wb"), check=True)


def datagen(machine, kind, folder, rows, files, seed=5):
    plain = folder / "plain"
    run = machine.run({"ranks": 1}, ["datagen", kind, "--rows", str(rows), "--files", str(files), "--seed", str(seed), "--out", str(plain)])
    if run.returncode != 0:
        raise SystemExit(f"datagen {kind}: {run.stderr}")
    return plain


def odd_files(plain, stem):
    """An empty file, a header alone, one without its line end, and a header with one row, between the others."""
    paths = sorted(p for p in plain.iterdir() if p.name.startswith(stem))
    header, first = paths[0].read_bytes().split(b"\n")[:2]
    (plain / f"{stem}-00000a.csv").write_bytes(b"")
    (plain / f"{stem}-00000b.csv").write_bytes(header + b"\n")
    (plain / f"{stem}-00001a.csv").write_bytes(header)
    if stem != "facts":  # whose first row may go over several lines
        (plain / f"{stem}-99999.csv").write_bytes(header + b"\n" + first)


def same_store(machine, report, name, job, raw_of, settings, spilled_least, expected=None):
    """Every setting gives one content hash (or one exit code). raw_of: the input of a setting."""
    for setting in settings:
        got, spilled, trouble = machine.job(setting, job, raw_of(setting))
        case = f"{name}.{name_of(setting)}"
        if expected is None:
            expected = got
        if got != expected:
            report.case(case, f"{got}, others {expected}\n{trouble or ''}")
        elif setting.get("spill") == "spilled" and spilled < spilled_least:
            report.case(case, f"the ledger shows {spilled} spilled buckets, at least {spilled_least} were wanted")
        else:
            report.case(case)
    return expected


def same_answer(machine, report, key, folder_of, settings, expected=None):
    sql = subprocess.run([PYTHON, "tests/oracles/groupby.py", "--sql", key], capture_output=True, text=True, check=True).stdout.strip()
    first = None
    for setting in settings:
        source = subprocess.run([PYTHON, "tests/oracles/groupby.py", "--source", f"{folder_of(setting)}/facts*"], capture_output=True,
                                text=True, check=True).stdout.strip()
        run = machine.run(setting, ["query", "--format", "csv", "--source", source, sql])
        got = run.stdout if run.returncode == 0 else f"exit {run.returncode}"
        first = got if first is None else first
        trouble = None if got == first and run.returncode == 0 else f"{hashlib.sha1(got.encode()).hexdigest()} differs\n{run.stderr[-1000:]}"
        report.case(f"groupby.{key}.{name_of(setting)}", trouble)
    return first


def oracle(report, arguments, text=None):
    """Passes an oracle's own lines on."""
    run = subprocess.run([PYTHON, *arguments], capture_output=True, text=True, input=text)
    print(run.stdout, end="", flush=True)
    report.failed += run.returncode != 0
    if run.returncode != 0 and "not ok" not in run.stdout:
        print(f"not ok {arguments[0]}: {run.stderr[-1500:]}", flush=True)


def variant(scratch, name, change):
    """tests/jobs/mixed.json, changed."""
    text = "".join(line for line in open("tests/jobs/mixed.json", encoding="utf-8") if not line.lstrip().startswith("//"))
    job = json.loads(text)
    change(job)
    path = Path(scratch) / f"{name}.json"
    path.write_text(json.dumps(job))
    return str(path)


def without_split(job):
    job["steps"].pop()
    job["store"]["from"] = "named"


def without_fits(job):
    without_split(job)
    for name in ("scaled", "group", "name_id"):
        del job["store"]["tensors"][name]


def by_codec(folder):
    return lambda setting: f"{folder / setting.get('codec', 'plain')}"


def files_in(folder):
    return lambda setting: f"{folder / setting.get('codec', 'plain')}/*"


def same_from_any_files(machine, report, scratch, rows, settings):
    """Order input: the number of files that hold the rows is no part of the data, with row ids that differ and a split by a key."""
    whole = variant(scratch, "whole", without_split)
    for name, job in (("split-by-key", "tests/jobs/mixed.json"), ("no-split", whole)):
        expected = None
        for files in (1, 7, 200):
            folder = Path(scratch) / f"files-{files}"
            if not folder.exists():
                mixed_data.make(folder, rows=rows, files=files)
            expected = same_store(machine, report, f"files.{name}.{files}", job, lambda _, folder=folder: folder, settings, 3, expected)


def odd_inputs(machine, report, scratch, settings):
    """Input without rows, with one, of one key, of NULLs alone: one hash each, or one refusal."""
    plain = variant(scratch, "unfitted", without_fits)
    for kind in ("one", "none", "nulls", "skewed"):
        folder = Path(scratch) / f"odd-{kind}"
        mixed_data.make(folder, rows=700, files=11, kind=kind)
        got = same_store(machine, report, f"odd.{kind}", plain, lambda _, folder=folder: folder, settings, 0)
        if got.startswith("exit"):
            report.case(f"odd.{kind}.is-made", got)
        # Nothing to fit on is refused, everywhere in the same way.
        same_store(machine, report, f"odd.{kind}.fitted", "tests/jobs/mixed.json", lambda _, folder=folder: folder, settings, 0)


def fast(scratch):
    report, machine = Report(), Machine(scratch, timeout=300)
    machine.build(["gcc", "clang"])
    settings = cover({**MACHINE, **KNOBS})
    print(f"# {len(settings)} settings hold every pair", flush=True)
    root = Path(scratch)
    odd_files(datagen(machine, "taxi", root / "taxi", 3000, 7), "taxi")
    odd_files(datagen(machine, "titanic", root / "titanic", 700, 3), "titanic")
    mixed_data.make(root / "mixed" / "plain", rows=2000, files=4)
    odd_files(root / "mixed" / "plain", "facts")
    for name in ("taxi", "titanic", "mixed"):
        compress(root / name)
    same_store(machine, report, "taxi", "configs/nyctaxi.json", files_in(root / "taxi"), settings, 3)
    # Of the Titanic job nothing is exchanged by bucket but one row of an aggregate; its other rows stay on their ranks.
    same_store(machine, report, "titanic", "configs/titanic.json", files_in(root / "titanic"), settings, 1)
    same_store(machine, report, "mixed", "tests/jobs/mixed.json", by_codec(root / "mixed"), settings, 3)
    oracle(report, ["tests/oracles/mixed.py", str(root / "store"), str(root / "mixed" / "plain")])
    for key in ("g", "k"):
        answer = same_answer(machine, report, key, by_codec(root / "mixed"), settings)
        oracle(report, ["tests/oracles/groupby.py", str(root / "mixed" / "plain")], answer)
    few = [{"ranks": 1, "spill": "ample"}, {"ranks": 8, "spill": "spilled", "split": 1500, "batch": 37, "broadcast": 0},
           {"ranks": 3, "spill": "ample", "guess": "inverted", "split": 1500}]
    odd_inputs(machine, report, scratch, few)
    same_from_any_files(machine, report, scratch, 1500, few)
    return report.failed


def slow(scratch):
    report, machine = Report(), Machine(scratch, timeout=900, short_memory="40M")
    machine.build(["gcc", "clang"])
    root = Path(scratch)
    whole = product(MACHINE)
    datagen(machine, "taxi", root / "taxi", 2_100_000, 9)
    mixed_data.make(root / "mixed" / "plain", rows=1_900_000, files=7)
    mixed_data.make(root / "joined" / "plain", rows=60_000, files=5)
    for name in ("taxi", "mixed", "joined"):
        compress(root / name)
        size = sum(path.stat().st_size for path in (root / name / "plain").iterdir())
        print(f"# {name}: {size / 1e6:.0f} MB, {len(whole)} settings", flush=True)
        report.case(f"{name}.is-large", None if name == "joined" or size >= 200e6 else f"{size} bytes")
    same_store(machine, report, "taxi", "configs/nyctaxi.json", files_in(root / "taxi"), whole, 3)
    oracle(report, ["tests/oracles/taxi.py", str(root / "store"), str(root / "taxi" / "plain" / "*.csv")])
    answer = same_answer(machine, report, "g", by_codec(root / "mixed"), whole)
    oracle(report, ["tests/oracles/groupby.py", str(root / "mixed" / "plain")], answer)
    same_store(machine, report, "joined", "tests/jobs/mixed.json", by_codec(root / "joined"), cover(MACHINE), 0)
    oracle(report, ["tests/oracles/mixed.py", str(root / "store"), str(root / "joined" / "plain")])
    return report.failed


def main():
    os.chdir(Path(__file__).resolve().parents[2])
    mode, scratch = sys.argv[1:3]
    return 1 if {"fast": fast, "slow": slow}[mode](scratch) else 0


if __name__ == "__main__":
    sys.exit(main())
