"""What jobs make and what the program says, against the golden files of tests/golden.

    golden.py RANKMILL SCRATCH    prints `ok NAME` or `not ok NAME` a case; GOLDEN_BLESS=1 writes the golden files anew

NAME.store.txt: a line for every split, tensor, shard and file of a store; one text for every number of ranks and for the
test knobs. Shards are told by their checksum, and by a digest of what HDF5 reads from them: names, types, shapes, chunks,
filters, attributes, values. Stores with deflate:1 have the digest only: what ISA-L 2.30 writes of a chunk depends on where
its state lies in memory. NAME.plan.txt: check and explain. help.txt: the manual page and every topic.
"""

import concurrent.futures
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import xxhash

import mixed_data

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
BLESS = os.environ.get("GOLDEN_BLESS") == "1"
KNOBS = {"BATCH_ROWS": "37", "BUCKET_BYTES": "8192", "ROUND_BYTES": "5000", "SPLIT_BYTES": "20000", "BROADCAST_BYTES": "0", "FORCE_SPILL": "1"}
SETTINGS = {"1": (1, {}), "2": (2, {}), "3": (3, {}), "5": (5, {}), "knobs": (3, KNOBS)}
SIDE_BY_SIDE = 3


class Tool:
    def __init__(self, mill, scratch):
        self.mill, self.scratch = str(Path(mill).resolve()), Path(scratch)
        # What the caller's shell sets for other tests is no part of this one.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("RANKMILL_") or k == "RANKMILL_SIMD"}

    def run(self, *arguments, knobs={}):
        env = dict(self.env, **{f"RANKMILL_TEST_{k}": v for k, v in knobs.items()})
        return subprocess.run([self.mill, *map(str, arguments)], cwd=self.scratch, capture_output=True, text=True, env=env, timeout=300)

    def need(self, *arguments):
        done = self.run(*arguments)
        if done.returncode != 0:
            raise SystemExit(f"not ok golden.data: {arguments}: {done.stderr}")


def gzip_file(data):
    """One stored block: no compressor's version shows in the size of a source."""
    assert len(data) < 1 << 16
    size = len(data).to_bytes(2, "little")
    block = b"\1" + size + bytes(255 - b for b in size) + data
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")


def zstd_file(data):
    """One raw block, for the same reason."""
    assert len(data) < 1 << 17
    return b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little") + (len(data) << 3 | 1).to_bytes(3, "little") + data


def files_data(folder):
    """For jobs/files.json: two hive levels, plain, gzip and zstd files, some bad rows."""
    rng = random.Random(4)
    row = 0
    for year in (2019, 2020, 2021):
        for part in (1, 2):
            lines = ["id;seen;amount;place"]
            for _ in range(700):
                seen = f"{rng.randrange(1, 29):02d}.{rng.randrange(1, 13):02d}.{year} {rng.randrange(24):02d}:{rng.randrange(60):02d}"
                amount = rng.choice(["-", f"{rng.randrange(10**7) / 1000:.3f}"])
                lines.append(f"{row};{seen};{amount};{'' if rng.random() < 0.05 else f'p{rng.randrange(60)}'}")
                row += 1
            if part == 1:
                lines[100] += ";more"
                lines[300] = "x" + lines[300]
            target = folder / "hive" / f"year={year}" / f"part={part}"
            target.mkdir(parents=True)
            data = ("\n".join(lines) + "\n").encode()
            if year == 2020:
                (target / "trips.csv.gz").write_bytes(gzip_file(data))
            elif year == 2021 and part == 2:
                (target / "trips.csv.zst").write_bytes(zstd_file(data))
            else:
                (target / "trips.csv").write_bytes(data)
    (folder / "places.tsv").write_text("place\tname\tweight\n" + "".join(f"p{i}\tname {i}\t{i * i / 8}\n" for i in range(55)))
    (folder / "more.csv").write_text("place,rank\n" + "".join(f"p{i % 61},{'?' if i % 9 == 0 else i}\n" for i in range(200)))


def side_data(folder):
    for part in range(3):
        rows = ((i, i * 7919 % 130003) for i in range(part * 50000, (part + 1) * 50000))
        (folder / f"side-{part}.csv").write_text("n,s\n" + "".join(f"{n},v{i % 110000:x}\n" for i, n in rows))


def make_data(tool):
    tool.need("datagen", "taxi", "--rows", 12000, "--files", 5, "--seed", 5, "--out", "out/data/taxi")
    tool.need("datagen", "titanic", "--rows", 2500, "--files", 3, "--seed", 5, "--out", "out/data/titanic")
    mixed_data.make(tool.scratch / "mixed", rows=3000, files=4)
    files_data(tool.scratch)
    side_data(tool.scratch)


def make_jobs(folder):
    """Puts the job files into folder; returns their names."""
    for path in [*ROOT.glob("configs/*.json"), *ROOT.glob("tests/jobs/*.json"), *GOLDEN.glob("jobs/*")]:
        shutil.copy(path, folder)
    mixed = (folder / "mixed.json").read_text().replace('"params": { "raw": null }', '"params": { "raw": "mixed" }')
    (folder / "mixed.json").write_text(mixed)
    for name, compression in (("plain", "none"), ("deflate", "deflate:6")):
        text = mixed.replace('"job": "mixed"', f'"job": "mixed-{name}"').replace("shuffle+deflate:1", compression)
        (folder / f"mixed-{name}.json").write_text(text)
    return sorted(path.stem for path in folder.glob("*.json"))


def digest(path):
    """Of what HDF5 reads from a file, in the order of names."""
    total = hashlib.sha256()

    def add(name, item):
        total.update(repr(name).encode())
        for key in sorted(item.attrs):
            total.update(repr((key, item.attrs.get_id(key).dtype.str, item.attrs[key])).encode())
        if isinstance(item, h5py.Dataset):
            shape = (item.dtype.str, item.shape, item.chunks, item.shuffle, item.compression, item.compression_opts)
            total.update(repr(shape).encode())
            total.update(repr(item[()].tolist()).encode() if item.dtype.kind in "OS" else item[()].tobytes())
            if item.is_virtual:
                total.update(repr([tuple(source)[1:3] for source in item.virtual_sources()]).encode())

    with h5py.File(path, "r") as file:
        add("/", file)
        names = []
        file.visit(names.append)
        for name in sorted(names):
            add(name, file[name])
    return total.hexdigest()[:32]


def keys_of(value, where=""):
    """Every key below value and the JSON type of what it holds; the items of an array are as one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{where}.{key}" if where else key, type(item).__name__
            yield from keys_of(item, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for item in value:
            yield f"{where}[]", type(item).__name__
            yield from keys_of(item, f"{where}[]")


def describe(store):
    """The golden text of a store."""
    manifest = json.loads((store / "manifest.json").read_text())
    by_state = re.search(r"deflate:1$", manifest["job"]["store"].get("compression", "")) is not None
    lines = [f"content_hash {manifest['content_hash']}"]
    lines += [f"{key} {json.dumps(manifest[key])}" for key in ("format_version", "job_name", "seed", "partial", "order", "checks", "bad_rows")]
    lines.append(f"job xxh3_128 {xxhash.xxh3_128_hexdigest(json.dumps(manifest['job']).encode())}")
    for split, entry in manifest["splits"].items():
        lines.append(f"split {split}: {entry['rows']} rows")
        lines += [f"  hash {name} {value}" for name, value in entry["hashes"].items()]
        for shard in entry["shards"]:
            path = store / shard["file"]
            if xxhash.xxh3_128_hexdigest(path.read_bytes()) != shard["xxh3_128"] or path.stat().st_size != shard["bytes"]:
                lines.append(f"  {shard['file']} is not what the manifest says")
            size = "" if by_state else f" bytes {shard['bytes']} xxh3_128 {shard['xxh3_128']}"
            lines.append(f"  shard {shard['file']}: {shard['rows']} rows{size} digest {digest(path)}")
    lines += [f"tensor {name} {json.dumps(value)}" for name, value in manifest["tensors"].items()]
    lines += [f"keep {name} {json.dumps(value)}" for name, value in manifest["keep"].items()]
    lines += [f"input {entry['path']}" for entry in manifest["inputs"]]
    # Files are what these two make of the data; other libraries of the list show in values, if at all.
    by_version = ("hdf5", "libdeflate")
    lines += [f"version of {name}{' ' + value if name in by_version else ''}" for name, value in manifest["versions"].items()]
    for part in ("exchanges", "stages"):
        lines += [f"{part[:-1]} {json.dumps(entry['name'])}" for entry in manifest["ledger"][part]]
    shards = {shard["file"] for entry in manifest["splits"].values() for shard in entry["shards"]}
    for path in sorted(p for p in store.rglob("*") if p.is_file()):
        name = str(path.relative_to(store))
        if name in shards or name in ("manifest.json", "checksums.xxh128") or name.startswith("quarantine/"):
            continue
        of = digest(path) if path.suffix == ".h5" and by_state else xxhash.xxh3_128_hexdigest(path.read_bytes())
        lines.append(f"file {name} {of}")
    listed = [line.split(maxsplit=1)[1] for line in (store / "checksums.xxh128").read_text().splitlines()]
    lines += [f"listed in checksums.xxh128: {name}" for name in sorted(listed) if not name.startswith("quarantine/")]
    # Which rank met a bad row is no part of the data.
    aside = [line for path in store.glob("quarantine/*") for line in path.read_text().splitlines()]
    lines += [f"quarantined {line}" for line in sorted(aside)]
    skipped = ("job", "splits", "tensors", "keep", "bad_rows")
    shown = {key: value for key, value in manifest.items() if key not in skipped}
    lines += [f"key {key} {kind}" for key, kind in sorted(set(keys_of(shown))) if ".dropped." not in key]
    return "\n".join(lines) + "\n"


def store_of(tool, job, setting):
    """What a run gives. Without a broadcast a join has more stages: they are left out where knobs are set."""
    ranks, knobs = SETTINGS[setting]
    out = f"stores/{job}-{setting}"
    done = tool.run("run", f"{job}.json", "-n", ranks, "--out", out, "--progress", "none", knobs=knobs)
    if done.returncode != 0:
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    text = describe(tool.scratch / out)
    shutil.rmtree(tool.scratch / out)
    return without_stages(text) if knobs else text


def without_stages(text):
    return re.sub(r"^(exchange|stage) .*\n", "", text, flags=re.M)


def shown(tool, *arguments):
    """A command with its output, errors and exit code; the program's version is left out."""
    done = tool.run(*arguments)
    text = f"$ rankmill {' '.join(map(str, arguments))}\n{done.stdout}"
    if done.stderr:
        text += f"-- stderr\n{done.stderr}"
    return text + f"-- exit {done.returncode}\n\n"


def plan_of(tool, job):
    path = f"{job}.json"
    commands = [["check", path], ["check", path, "--json"]]
    commands += [["explain", path, *options] for options in ([], ["-n", 3], ["--format", "json"], ["--format", "dot"])]
    return "".join(shown(tool, *command) for command in commands)


def help_text(tool):
    version = tool.run("--version").stdout.split()[1]
    overview = tool.run("help").stdout
    topics = re.findall(r"^  (\S+)", overview[overview.index("sub-commands\n"):], re.M)
    topics += re.search(r"or one of\n  (.*)", overview)[1].split(", ") + ["man", "completion"]
    functions = dict.fromkeys(line.split()[0] for line in tool.run("help", "functions").stdout.splitlines() if line.startswith("  "))
    text = shown(tool, "help") + shown(tool) + "".join(shown(tool, "help", topic) for topic in [*topics, *functions])
    commands = re.findall(r"^  (\S+)", overview[overview.index("sub-commands\n"):overview.index("\nsteps\n")], re.M)
    text += "".join(shown(tool, command, "--help") for command in commands)
    return text.replace(f"rankmill {version}", "rankmill VERSION")


def judge(name, golden, got, view):
    """The lines that a case prints. view: what of the golden text is looked at."""
    path = GOLDEN / golden
    if BLESS:
        path.write_text(got)
        return f"ok {name} (blessed)"
    want = view(path.read_text()) if path.exists() else ""
    if got == want:
        return f"ok {name}"
    diff = difflib.unified_diff(want.splitlines(True), got.splitlines(True), f"tests/golden/{golden}", name, n=1)
    return f"not ok {name}\n" + "".join(line if line.endswith("\n") else line + "\n" for line in diff).rstrip()


def case(work, name, golden, *arguments):
    """One case: what work(*arguments) gives is the text of a golden file."""
    try:
        got = work(*arguments)
    except Exception as error:  # whatever it is, the other cases run
        return f"not ok {name}: {type(error).__name__}: {error}"
    return judge(name, golden, got, without_stages if name.endswith(".knobs") else str)


def main():
    tool = Tool(*sys.argv[1:3])
    make_data(tool)
    jobs = make_jobs(tool.scratch)
    work = [(help_text, "golden.help", "help.txt", tool)]
    for job in jobs:
        if not job.startswith("mixed-"):  # planned as mixed is
            work.append((plan_of, f"golden.{job}.plan", f"{job}.plan.txt", tool, job))
        for setting in ["1"] if BLESS else SETTINGS:
            work.append((store_of, f"golden.{job}.{setting}", f"{job}.store.txt", tool, job, setting))
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        lines = list(pool.map(lambda arguments: case(*arguments), work))
    print("\n".join(lines))
    return any(line.startswith("not ok") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
