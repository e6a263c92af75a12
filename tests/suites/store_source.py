"""Stores as sources: `FROM "out/trips"` and "format": "store" against h5py alone, on several rank counts, with splits and
batches of a few rows; jobs from store to store; errors. Nothing here shares code with rankmill or its Python reader.

usage: store_source.py BUILD"""

import collections
import itertools
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import h5py
import numpy as np

BUILD = os.path.abspath(sys.argv[1])
MILL = BUILD + "/rankmill"
RANKS = (1, 2, 3, 5)
TINY = {"RANKMILL_TEST_SPLIT_BYTES": "3000", "RANKMILL_TEST_BATCH_ROWS": "7"}
failed = False


def case(name, good, why=""):
    global failed
    failed |= not good
    print(("ok" if good else "not ok") + " store_source." + name)
    if not good:
        print("    " + str(why)[:2000])
    sys.stdout.flush()


def run(arguments, env=None, ranks=None):
    line = [MILL, *arguments] if ranks is None else [MILL, arguments[0], "--ranks", str(ranks), *arguments[1:]]
    return subprocess.run(line, capture_output=True, text=True, timeout=300, env={**os.environ, **(env or {})})


def query(sql, ranks=1, env=None, *options):
    """The rows as dicts; numbers as text."""
    out = run(["query", "--format", "jsonl", *options, sql], env, ranks)
    if out.returncode != 0:
        return f"exit {out.returncode}: {out.stderr}"
    pick = {"parse_int": str, "parse_float": str, "parse_constant": str}
    return [json.loads(line, **pick) for line in out.stdout.split("\n") if line]


# What h5py says of a store -------------------------------------------------------------------------------------------


def link(name):
    return "%2E" if name == "." else name.replace("%", "%25").replace("/", "%2F")


def manifest_of(store):
    return json.loads((Path(store) / "manifest.json").read_text(), object_pairs_hook=collections.OrderedDict)


def columns_of(manifest):
    """(name, dataset, feature, dtype): kept, tensors, split; who keeps a name that several want."""
    found = [(k, "keep." + k, "keep/" + k, 0, v["dtype"], 1) for k, v in manifest["keep"].items()]
    for name, tensor in manifest["tensors"].items():
        for f, feature in enumerate(tensor["features"]):
            single = len(tensor["shape"]) == 1
            found.append((name if single else feature, f"{name}.{feature}", name, f, tensor["dtype"], 2 if single else 3))
    if set(manifest["splits"]) - {"all"}:
        found.append(("split", "split", None, 0, "string", 0))
    best = collections.Counter()
    for short, rank in {(c[0], c[5]) for c in found}:
        best[short] = min(best.get(short, 9), rank)
    crowd = collections.Counter((c[0], c[5]) for c in found)
    return [
        (short if rank == best[short] and (rank < 3 or crowd[short, rank] == 1) else full, dataset, feature, dtype)
        for short, full, dataset, feature, dtype, rank in found
    ]


def kept_values(file, name, dtype):
    item = file["keep/" + link(name)]
    if isinstance(item, h5py.Group):
        data, offsets = item["values"][:].tobytes(), item["offsets"][:].tolist()
        valid = item["valid"][:] if "valid" in item else np.ones(len(offsets) - 1, bool)
        values = [data[a:b].decode() if dtype == "string" else data[a:b] for a, b in zip(offsets, offsets[1:])]
    else:
        stored = item[:]
        flag = "keep/" + link(name) + ".valid"
        valid = file[flag][:] if flag in file else np.ones(len(stored), bool)
        if dtype.startswith("decimal"):
            scale = int(dtype[:-1].split(",")[1])
            whole = [int(v) for v in stored] if stored.ndim == 1 else [int.from_bytes(v.tobytes(), "little", signed=True) for v in stored]
            values = [Decimal(v).scaleb(-scale) for v in whole]
        elif dtype == "date":
            values = [str(np.datetime64(int(v), "D")) for v in stored]
        elif dtype.startswith("timestamp"):
            values = []
            for v in stored:
                text = str(np.datetime64(int(v) if int(v) != -(2**63) else 0, "us")).replace("T", " ")  # NaT stands for NULL
                year = text.rsplit("-", 2)[0]
                rest = text[len(year) :]
                rest = (rest.rstrip("0").rstrip(".") if "." in rest else rest) + ("+00" if "zone" in dtype else "")
                values.append(year + rest if int(year) > 0 else f"{1 - int(year):04d}{rest} BC")
        elif dtype == "bool":
            values = [bool(v) for v in stored]
        else:
            values = list(stored)
    return [v if ok else None for v, ok in zip(values, valid)]


def rows_of(store, wanted=None):
    """Rows in the order of ids: shards by path, then row number; with _file and _offset."""
    manifest = manifest_of(store)
    columns = [c for c in columns_of(manifest) if wanted is None or c[0] in wanted]
    shards = sorted((s["file"], s["rows"], split) for split, body in manifest["splits"].items() for s in body["shards"])
    out = []
    for path, rows, split in shards:
        values = []
        with h5py.File(Path(store) / path) as file:
            for _, dataset, feature, dtype in columns:
                if dataset is None:
                    values.append([split] * rows)
                elif dataset.startswith("keep/"):
                    values.append(kept_values(file, dataset[5:], dtype))
                else:
                    stored = file[link(dataset)]
                    values.append(list(stored[:, feature] if stored.ndim == 2 else stored[:]))
        for r, row in enumerate(zip(*values) if values else [()] * rows):
            out.append({**{c[0]: v for c, v in zip(columns, row)}, "_file": f"{store}/{path}", "_offset": r})
    return out


def same_cell(got, want):
    if got is None or want is None:
        return got is None and want is None
    if isinstance(want, (np.floating,)):
        value = want.dtype.type(float(got))
        return value.tobytes() == want.tobytes() or (np.isnan(value) and np.isnan(want))
    if isinstance(want, (bool, str)):
        return got == want
    if isinstance(want, Decimal):
        return Decimal(got) == want
    return int(got) == int(want)


def compare(got, want, names=None):
    """"" where the rows are equal, in order."""
    if isinstance(got, str):
        return got
    if len(got) != len(want):
        return f"{len(got)} rows, expected {len(want)}"
    for i, (g, w) in enumerate(zip(got, want)):
        keys = names or list(w)
        if list(g) != keys:
            return f"columns {list(g)}, expected {keys}"
        for k in keys:
            if not same_cell(g[k], w[k]):
                return f"row {i}, {k}: {g[k]!r}, expected {w[k]!r}"
    return ""


def check(name, sql, want, ranks=RANKS, envs=(None, TINY)):
    """sql gives the rows whatever the number of ranks, splits and batches."""
    for count, env in itertools.product(ranks, envs):
        why = compare(query(sql, count, env), want)
        case(f"{name}.{count}{'.tiny' if env else ''}", why == "", f"{sql}: {why}")


# Reading -------------------------------------------------------------------------------------------------------------


def write_store(out, *arguments):
    subprocess.run([BUILD + "/tests/tools/store_write", out, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def visible(rows):
    return [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]


def reading():
    for name, arguments in {
        "none": (300, 41, 90, 64, "none"),
        "deflate": (300, 41, 300, 64, "deflate:6"),
        "shuffled": (300, 41, 77, 10, "shuffle+deflate:1"),
        "one_row": (1, 0, 10, 10, "none"),
        "empty_split": (5, 0, 2, 10, "shuffle+deflate:1"),
    }.items():
        write_store(name, *arguments)
        # A full sort by ids: the order of `SELECT *` itself is that of the ids only under ORDER BY or LIMIT.
        want = rows_of(name)
        check(name, f'SELECT *, _file, _offset FROM "{name}" LIMIT 1000000', want, RANKS if name == "none" else (1, 3))
    write_store("nothing", 0, 0, 10, 10, "none")
    check("no_rows", 'SELECT count(*) AS n, count(id) AS ids, max(label) AS m FROM "nothing"', [{"n": 0, "ids": 0, "m": None}], (1, 3), (None,))
    write_store("big", 20000, 3000, 9000, 8192, "shuffle+deflate:1")
    want = rows_of("big", {"day", "dense.day", "label", "split"})
    check("big", 'SELECT day, "dense.day", label, split, _file, _offset FROM "big" LIMIT 1000000', want, (1, 3), (None,))
    check("trailing_slash", 'SELECT count(*) AS n FROM "none/"', [{"n": 341}], (1,), (None,))


def pushing_down():
    rows = rows_of("none")
    order = "ORDER BY _file, _offset"
    kept = [r for r in rows if r["flag"] and not r["x"] <= -50]  # NaN is above all numbers
    names = ["name", "fare", "_offset"]
    check("filter", f'SELECT name, fare, _offset FROM "none" WHERE flag AND x > -50 {order}', [{k: r[k] for k in names} for r in kept], RANKS)
    val = [r for r in rows if r["split"] == "val"]
    check("where_split", f'SELECT id, split FROM "none" WHERE split = $$val$$ {order}', [{k: r[k] for k in ("id", "split")} for r in val])
    check("where_split_and", f'SELECT id FROM "none" WHERE split <> $$train$$ AND id > 5000000 {order}', [{"id": r["id"]} for r in val if r["id"] > 5000000], (1, 3))
    check("no_such_split", 'SELECT id FROM "none" WHERE split = $$nope$$', [], (1, 3), (None,))
    for limit, offset in ((1, 0), (95, 0), (10, 85), (3, 299), (500, 0), (0, 0)):
        want = [{"id": r["id"], "_offset": r["_offset"]} for r in rows[offset : offset + limit]]
        check(f"limit_{limit}_{offset}", f'SELECT id, _offset FROM "none" LIMIT {limit} OFFSET {offset}', want, (1, 3))
    want = [{"id": r["id"]} for r in rows if r["price"] is not None and r["price"] > 0][:20]
    check("limit_filter", 'SELECT id FROM "none" WHERE price > 0 LIMIT 20', want, (1, 2, 5))
    check("count", 'SELECT count(*) AS n FROM "none"', [{"n": len(rows)}], RANKS)
    job = {"job": "p", "sources": {"s": {"path": "none"}}, "steps": [{"name": "v", "sql": "SELECT id FROM s WHERE split = 'val'"}], "store": {"from": "v", "keep": ["id"]}}
    Path("p.json").write_text(json.dumps(job))
    out = run(["explain", "p.json"])
    case("explain", "scan s: 1 of 5 shards are read, by their split" in out.stdout, out.stdout + out.stderr)
    out = run(["check", "p.json"])
    case("check", "source s  (5 shards, 341 rows, " in out.stdout, out.stdout + out.stderr)


def sql():
    rows = rows_of("shuffled")
    groups = collections.OrderedDict()
    for r in sorted(rows, key=lambda r: (r["split"], int(r["tiny"]) % 5)):
        g = groups.setdefault((r["split"], int(r["tiny"]) % 5), [0, 0, 0])
        g[0] += 1
        g[1] += int(r["label"])
        g[2] += r["name"] is not None
    want = [{"split": s, "n": n, "sum": total, "names": names} for (s, _), (n, total, names) in groups.items()]
    by = '("tiny" % 5 + 5) % 5'
    check("group_by", f'SELECT split, count(*) AS n, sum(label) AS sum, count(name) AS names FROM "shuffled" GROUP BY split, {by} ORDER BY split, {by}', want, RANKS)
    Path("names.csv").write_text("code,word\n" + "".join(f"{i},w{i % 7}\n" for i in range(0, 1000, 3)))
    words = {i: f"w{i % 7}" for i in range(0, 1000, 3)}
    joined = [(r["id"], words[int(r["C1"])]) for r in rows if int(r["C1"]) in words]
    want = [{"id": i, "word": w} for i, w in sorted(joined)]
    check("join", 'SELECT s.id, w.word FROM "shuffled" s JOIN "names.csv" w ON s."C1" = w.code ORDER BY s.id, w.word', want, RANKS)
    check("self_join", 'SELECT count(*) AS n FROM "shuffled" a JOIN "none" b ON a.id = b.id AND a.split = b.split', [{"n": 341}], (1, 3))


def dtypes():
    """Every dtype, any bits, NULLs everywhere; a tensor of 70,000 columns and one of none beside them."""
    types = "i8 i16 i32 i64 u8 u16 u32 u64 f32 f64".split()
    for compression in ("none", "shuffle+deflate:1"):
        odd = "odd-" + compression
        subprocess.run([BUILD + "/tests/tools/store_odd", odd, compression], check=True)
        refuse("same_features." + compression, f'SELECT count(*) FROM "{odd}"', 3, 'two columns would be called "', ranks=(1,))
        edit(odd, lambda m: [t.update(features=[f"{n}_{i}" for i in range(len(t["features"]))]) for n, t in m["tensors"].items()])
        names = ["code", "long", ".", "u64", "f64"] + [f"{t}_{i}" for t in types for i in (0, 4)] + ["wide/100%_0", "wide/100%_69999"]
        short = [n for n in names if n != "long"]
        rows = [{k: r[k] for k in names} for r in rows_of(odd, set(names))]
        quoted = ", ".join('"' + n + '"' for n in short)
        check("dtypes." + compression, f'SELECT {quoted} FROM "{odd}" LIMIT 1000000', [{k: r[k] for k in short} for r in rows], (1, 3), (None, TINY))
        lengths = [{"n": None if r["long"] is None else len(r["long"])} for r in rows]
        check("long." + compression, f'SELECT octet_length("long") AS n FROM "{odd}" LIMIT 1000000', lengths, (1,), (None,))


def folders():
    """Several stores as one table, key=value folders above them."""
    for day, rows in ((1, 30), (2, 0), (3, 25)):
        write_store(f"days/day={day}", rows, 7, 10, 64, "none")
    # The key=value folder is called like a kept column, which keeps its name.
    want = [r for day in (1, 2, 3) for r in rows_of(f"days/day={day}")]
    check("glob", 'SELECT * FROM "days/day=*" LIMIT 1000000', visible(want), (1, 3))
    for part in (1, 3):
        shutil.copytree(f"days/day={part}", f"parts/part={part}")
    want = [{"id": r["id"], "split": r["split"], "part": p} for p in (1, 3) for r in rows_of(f"parts/part={p}")]
    check("hive", 'SELECT id, split, part FROM "parts/part=*" LIMIT 1000000', want, (1, 3))
    check("hive_where", 'SELECT id, split, part FROM "parts/part=*" WHERE part = 3 AND split = $$val$$ LIMIT 1000000', [w for w in want if w["part"] == 3 and w["split"] == "val"], (1, 3))
    check("dotted", 'SELECT count(*) AS n FROM "days/day=[13]"', [{"n": 69}], (1,), (None,))
    os.rename("parts", "dot.ted")
    out = run(["query", 'SELECT * FROM "dot.ted/part=1.*"'])
    case("pattern_of_files", out.returncode == 1 and "no file matches" in out.stderr, out.stderr)
    block = json.dumps({"path": "dot.ted/**", "format": "store"})
    out = run(["query", "--format", "jsonl", "--source", "d=" + block, "SELECT count(*) AS n FROM d"])
    case("pattern_as_store", out.returncode == 0 and json.loads(out.stdout) == {"n": 69}, out.stderr)
    job = {"job": "l", "sources": {"s": {"path": ["none", "one_row"], "format": "store"}}, "steps": [{"name": "n", "sql": "SELECT id, split FROM s"}], "store": {"from": "n", "keep": ["id"], "order": "input"}}
    Path("l.json").write_text(json.dumps(job))
    out = run(["run", "l.json"], None, 2)
    got = sorted(int(r["id"]) for r in rows_of("out/l")) if out.returncode == 0 else out.stderr
    case("list", got == sorted(int(r["id"]) for s in ("none", "one_row") for r in rows_of(s)), got)


# Jobs ----------------------------------------------------------------------------------------------------------------


def job_file(name, source, order, extra=""):
    job = {
        "job": name,
        "seed": 7,
        "sources": {"s": {"path": source, "format": "store"}},
        "steps": [{"name": "more", "sql": f"SELECT *, x * 2 AS twice, \"C1\" + 1 AS next{extra} FROM s"}],
        "store": {
            "from": "more",
            "fit_on": "train",
            "tensors": {
                "d": {"dtype": "float32", "columns": ["fare", "dense.day", "twice"], "nulls": "nan"},
                "c": {"dtype": "int32", "columns": ["next", "C2"], "do": [{"vocabulary": {}}]},
                "label": {"dtype": "uint64", "column": "label", "role": "label"},
            },
            "keep": ["id", "km/h", "flag", "name", "seen", "day", "price", "huge"],
            "order": order,
            "shards": {"rows": 64},
        },
    }
    Path(name + ".json").write_text(json.dumps(job))


def jobs():
    for order in ("input", {"shuffle": True}):
        name = "again-input" if order == "input" else "again-shuffled"
        job_file(name, "shuffled", order)
        hashes = {}
        for ranks, env in itertools.product(RANKS, (None, {**TINY, "RANKMILL_TEST_BUCKET_BYTES": "5000"})):
            out = run(["run", "--overwrite", name + ".json"], env, ranks)
            if out.returncode != 0:
                case(f"{name}.{ranks}", False, out.stderr)
                continue
            manifest = manifest_of("out/" + name)
            hashes[ranks, env is None] = manifest["content_hash"]
            if env is None:
                case(f"{name}.{ranks}.verify", run(["verify", "out/" + name]).returncode == 0)
        case(f"{name}.hash", len(hashes) == 8 and len(set(hashes.values())) == 1, hashes)
        want = rows_of("shuffled")
        got = rows_of("out/" + name)
        if order != "input":
            want, got = (sorted(side, key=lambda r: int(r["id"])) for side in (want, got))
        names = ["id", "km/h", "flag", "name", "seen", "day", "price", "huge", "fare", "dense.day", "label", "split"]
        want = [{n: r[n] for n in names} for r in want]
        why = [(g, w) for g, w in zip(got, want) if any(not (g[n] is None and w[n] is None) and g[n] != w[n] and g[n] == g[n] for n in names)]
        case(f"{name}.rows", len(got) == len(want) and not why, why[:1])
        inputs = [i["path"] for i in manifest["inputs"]]
        source = manifest_of("shuffled")
        files = sorted(s["file"] for split in source["splits"].values() for s in split["shards"])
        sizes = {i["bytes"] == os.path.getsize(i["path"]) for i in manifest["inputs"]}
        case(f"{name}.inputs", inputs == ["shuffled/" + f for f in files] and sizes == {True}, inputs)
        case(f"{name}.bad_rows", manifest["bad_rows"]["s"]["read"] == 341 and manifest["bad_rows"]["s"]["bad"] == 0, manifest["bad_rows"])
    # A copy is the same data: kept columns, tensors and splits as they were.
    copy = {
        "job": "copy",
        "sources": {"s": {"path": "none"}},
        "store": {
            "from": "s",
            "tensors": {"dense": {"dtype": "float32", "columns": ["fare", {"column": "dense.day", "as": "day"}, "pickup_é"]}, "label": {"dtype": "uint64", "column": "label"}},
            "keep": ["id", "km/h", "flag", "name", "seen", "day", "price", "huge"],
            "order": "input",
        },
    }
    Path("copy.json").write_text(json.dumps(copy))
    out = run(["run", "copy.json"], TINY, 3)
    if out.returncode != 0:
        case("copy", False, out.stderr)
        return
    ours, theirs = manifest_of("out/copy")["splits"], manifest_of("none")["splits"]
    pairs = [(ours[s]["hashes"][d], theirs[s]["hashes"][d]) for s in theirs for d in ours[s]["hashes"]]
    case("copy", len(pairs) == 20 and all(a == b for a, b in pairs), pairs)
    # A store without splits has no column `split`, so that it is written as it was, and may be split.
    Path("plain.csv").write_text("a,b\n1,x\n2,\n3,z\n")
    for name, source, step in (("all1", "plain.csv", ""), ("all2", "out/all1", ""), ("all3", "out/all1", "split")):
        job = {"job": name, "sources": {"s": {"path": source}}, "steps": [], "store": {"from": "s", "keep": ["a", "b"], "order": "input"}}
        if step:
            job["steps"], job["store"]["from"] = [{"name": "p", "split": {"from": "s", "into": {"train": 1, "val": 1}}}], "p"
        Path(name + ".json").write_text(json.dumps(job))
        out = run(["run", name + ".json"], None, 2)
        if out.returncode != 0:
            case("all", False, out.stderr)
            return
    hashes = [manifest_of("out/" + n)["content_hash"] for n in ("all1", "all2")]
    case("all", hashes[0] == hashes[1] and set(manifest_of("out/all3")["splits"]) <= {"train", "val"}, hashes)


# Errors --------------------------------------------------------------------------------------------------------------


def refuse(name, sql, code, *texts, ranks=(1, 3), env=None):
    for count in ranks:
        out = run(["query", sql], env, count)
        case(f"{name}.{count}", out.returncode == code and all(t in out.stderr for t in texts), f"exit {out.returncode}: {out.stderr}")


def refuse_job(name, source, code, *texts):
    job = {"job": "e", "sources": {"s": source}, "store": {"from": "s", "keep": ["id"]}}
    Path("e.json").write_text(json.dumps(job))
    out = run(["check", "e.json"])
    case(name, out.returncode == code and all(t in out.stderr for t in texts), f"exit {out.returncode}: {out.stderr}")


def edit(store, change):
    path = Path(store) / "manifest.json"
    manifest = json.loads(path.read_text(), object_pairs_hook=collections.OrderedDict)
    change(manifest)
    path.write_text(json.dumps(manifest))


def damaged_copy(name, compression="deflate"):
    shutil.copytree(compression, name)
    return sorted(Path(name).glob("train/*.h5"))


def errors():
    os.makedirs("empty/folder", exist_ok=True)
    refuse_job("no_manifest", {"path": "empty", "format": "store"}, 2, "empty: not a store: it has no manifest.json")
    refuse_job("not_there", {"path": "gone", "format": "store"}, 1, "gone: no such store")
    refuse_job("no_match", {"path": "gone*", "format": "store"}, 1, "gone*: no store matches")
    refuse_job("a_file", {"path": "plain.csv", "format": "store"}, 2, "not a store")
    refuse_job("option", {"path": "none", "format": "store", "options": {"delimiter": ";"}}, 2, "/options", "delimiter")
    refuse_job("declared", {"path": "none", "schema": {"id": "string"}}, 2, 'the schema says that "id" is string, and the store has int64')
    refuse_job("declared_unknown", {"path": "none", "schema": {"idd": "int64"}}, 2, 'the column "idd"', 'did you mean "id"?')
    refuse_job("optional", {"path": "gone", "format": "store", "optional": True}, 2, 'declare it in "schema"')
    for later in ("jsonl", "parquet", "delta"):
        refuse_job(later, {"path": "none", "format": later}, 2, f'format "{later}" is not supported yet; csv, tsv and store are')
    damaged_copy("version")
    edit("version", lambda m: m.update(format_version=2))
    refuse("version", 'SELECT id FROM "version"', 3, "a store of format version 2; this rankmill reads version 1")
    damaged_copy("broken")
    (Path("broken") / "manifest.json").write_text("{")
    refuse("broken", 'SELECT id FROM "broken"', 3, "manifest.json")
    for text in ("SELECT id", "SELECT count(*)"):
        first = damaged_copy("missing")[0]
        first.unlink()
        refuse("missing", f'{text} FROM "missing"', 3, f"{first}: the shard is missing; the store is damaged: rankmill verify missing")
        shutil.rmtree("missing")
    first = damaged_copy("cut")[0]
    os.truncate(first, os.path.getsize(first) - 1)
    refuse("cut", 'SELECT id FROM "cut"', 3, f"{first}: the file has ", "rankmill verify cut")
    first = damaged_copy("flipped")[0]
    with h5py.File(first) as file:
        place = file["dense"].id.get_chunk_info(0)
    data = bytearray(first.read_bytes())
    data[place.byte_offset + place.size // 2] ^= 255
    first.write_bytes(data)
    refuse("flipped", 'SELECT avg(fare) FROM "flipped"', 3, f"{first}: dense: a compressed chunk is damaged; the store is damaged: rankmill verify flipped")
    check("flipped_elsewhere", 'SELECT count(id) AS n FROM "flipped"', [{"n": 341}], (1, 3), (None,))
    first = damaged_copy("no_hdf5")[0]
    first.write_bytes(b"x" * os.path.getsize(first))
    refuse("no_hdf5", 'SELECT id FROM "no_hdf5"', 3, f"{first}: not an intact HDF5 file", "rankmill verify no_hdf5")
    damaged_copy("swapped", "none")
    a, b = sorted(Path("swapped").glob("train/*.h5"))[:2]
    a.rename("swapped/x"), b.rename(a), Path("swapped/x").rename(b)
    refuse("swapped", 'SELECT id FROM "swapped"', 3, "it is the shard of split train that starts at row ", "rankmill verify swapped")
    first = damaged_copy("utf8", "none")[0]
    with h5py.File(first, "r+") as file:
        values = file["keep/name/values"]
        values[0:2] = [255, 255]
    if os.path.getsize(first) == os.path.getsize(str(first).replace("utf8/", "none/")):
        refuse("utf8", 'SELECT name FROM "utf8"', 3, f"{first}: keep/name: text that is not UTF-8", "rankmill verify utf8")
    shutil.copytree("none", "mixed/a")
    shutil.copytree("deflate", "mixed/b")
    edit("mixed/b", lambda m: m["tensors"]["tiny"].update(dtype="uint8"))
    refuse("mixed", 'SELECT id FROM "mixed/*"', 3, "the stores mixed/a and mixed/b do not make one table: tiny is not the same")
    shutil.copytree("none", "clash")
    edit("clash", lambda m: m["tensors"]["dense"].update(features=["x", "y", "day"]))
    check("clash", 'SELECT "dense.x", "wide.x", y, day FROM "clash" LIMIT 0', [], (1,), (None,))
    refuse("line", 'SELECT _line FROM "none"', 2, "_line", ranks=(1,))
    refuse("shard_alone", 'SELECT id FROM "none/train/shard-00000.h5"', 2, "h5 files are not supported yet", ranks=(1,))
    out = run(["query", 'SELECT sum(1 / (id + 17)) FROM "none"'], None, 2)
    case("sql_error_is_no_damage", out.returncode == 3 and "damaged" not in out.stderr and "division by zero" in out.stderr, out.stderr)
    out = run(["query", "--format", "jsonl", "--source", 's={"path": "gone", "format": "store", "optional": true, "schema": {"id": "int64"}}', "SELECT count(*) AS n, max(id) AS m FROM s"])
    case("optional_empty", out.returncode == 0 and json.loads(out.stdout) == {"n": 0, "m": None}, out.stderr)


PARTS = (reading, pushing_down, sql, dtypes, folders, jobs, errors)


def main():
    with tempfile.TemporaryDirectory(prefix="rankmill-suite-source-") as work:
        os.chdir(work)
        for part in PARTS:
            part()
        os.chdir("/")
    sys.exit(1 if failed else 0)


main()
