"""Thousands of small files: whatever the number of ranks that share the work of opening them, a source has one schema, one content hash, and
the error of the file with the lowest ordinal."""

import gzip
import json
import os
import subprocess
import tempfile
from pathlib import Path

MILL = str(Path("build/current/rankmill").resolve())
FILES = 3000
RANKS = (1, 2, 3, 5)


def verdict(name, good, why=""):
    print(f"{'ok' if good else 'not ok'} many_files.{name}", flush=True)
    if not good:
        print("    " + str(why).replace("\n", "\n    "))


def run(ranks, *arguments):
    done = subprocess.run([MILL, *arguments, "-n", str(ranks)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def everywhere(name, want, *arguments):
    """want: a test of (code, stdout, stderr) of one rank; every number of ranks says the same."""
    answers = {ranks: run(ranks, *arguments) for ranks in RANKS}
    different = next((f"{ranks} ranks: {a}\n1 rank: {answers[1]}" for ranks, a in answers.items() if a != answers[1]), None)
    verdict(name, want(*answers[1]) and different is None, different or answers[1])


def path_of(ordinal):
    return Path(f"part={ordinal % 3}/f{ordinal:05}.csv")


def order(ordinals):
    """Files are read in the order of their paths."""
    return sorted(ordinals, key=lambda i: str(path_of(i)))


def write_files():
    """`late` is an integer in all files but one in the middle of the list, `rare` is empty but for another one; some files are empty."""
    for part in range(3):
        Path(f"part={part}").mkdir()
    names = order(range(FILES))
    for place, i in enumerate(names):
        late = "2.5" if place == 2 * FILES // 3 + 1 else str(i % 50)
        rare = "2024-02-29" if place == FILES - 7 else ""
        header = "id,late,rare\n"
        rows = "".join(f"{i * 3 + k},{late},{rare}\n" for k in range(3))
        path_of(i).write_text("" if place in (0, 1, 700) else header if place == 2 else header + rows)
    return names


def schema_and_rows(names):
    source = json.dumps({"path": "part=*/*.csv"})
    rows = (FILES - 4) * 3
    job = {
        "version": 1,
        "job": "many",
        "sources": {"t": {"path": "part=*/*.csv"}},
        "steps": [{"name": "s", "sql": "SELECT * FROM t"}],
        "store": {"from": "s", "keep": ["id", "rare", "part"], "tensors": {"x": {"dtype": "float64", "column": "late"}}},
    }
    Path("job.json").write_text(json.dumps(job))
    lines = ["id    int64", "late  float64", "rare  date", "part  int64"]
    everywhere("schema", lambda code, out, err: code == 0 and all(line in out for line in lines), "check", "job.json")
    sql = "SELECT count(*) AS n, sum(id) AS s, max(late) AS l, count(rare) AS o, max(_file) AS f, max(_line) AS e FROM t WHERE part <> 1"
    everywhere("rows", lambda code, out, err: code == 0 and len(out.split("\n")) == 3, "query", "--format", "csv", "--source", "t=" + source, sql)
    everywhere("count", lambda code, out, err: out == f"n\n{rows}\n", "query", "--format", "csv", "--source", "t=" + source, "SELECT count(*) AS n FROM t")
    hashes = {}
    for ranks in RANKS:
        code, out, err = run(ranks, "run", "job.json", "--out", f"out{ranks}", "--progress", "none")
        manifest = Path(f"out{ranks}/manifest.json")
        hashes[ranks] = json.loads(manifest.read_text())["content_hash"] if code == 0 else err
    verdict("content_hash", len(set(hashes.values())) == 1 and code == 0, hashes)


def lowest_error(names):
    """Two files that cannot be opened, far apart: the first of them is named, by whichever rank came upon it."""
    for name, spoil, status, word in (
        ("header", lambda p: p.write_text("id,other,rare\n1,2,3\n"), 3, "the headers of two files differ"),
        ("utf16", lambda p: p.write_bytes(b"\xff\xfei\0d\0"), 3, "is UTF-16"),
        ("gzip", lambda p: p.write_bytes(gzip.compress(b"id,late,rare\n" + b"1,2,\n" * 40)[:30]), 3, "compressed file"),
    ):
        for places in ((FILES // 7, FILES - 3), (FILES // 2, FILES // 2 + 1), (FILES - 2, FILES - 1)):
            saved = [(path_of(names[place]), path_of(names[place]).read_bytes()) for place in places]
            for path, _ in saved:
                spoil(path)
            first, second = (str(path) for path, _ in saved)

            def want(code, out, err):
                return code == status and word in err and first in err and second not in err

            everywhere(f"lowest_{name}_{places[0]}", want, "query", 'SELECT count(*) FROM "part=*/*.csv"')
            for path, data in saved:
                path.write_bytes(data)
    # A column that nobody has is told once all files were looked at; a file that is spoilt comes first.
    schema = json.dumps({"path": "part=*/*.csv", "schema": {"nobody": "int64"}})
    arguments = ("query", "--source", "t=" + schema, "SELECT 1 AS a FROM t")
    everywhere("unknown_column", lambda code, out, err: code == 2 and '"nobody"' in err, *arguments)
    path_of(names[-1]).write_text("id,x\n")
    everywhere("spoilt_before_unknown", lambda code, out, err: code == 3 and "differ" in err, *arguments)


def unreadable(names):
    """A file that went away between listing and opening would be told by the rank that missed it; a folder in its place is."""
    path = path_of(names[FILES - 5])
    path.unlink()
    path.symlink_to("nowhere")
    answers = {ranks: run(ranks, "query", 'SELECT count(*) FROM "part=*/*.csv"') for ranks in RANKS}
    verdict("unreadable", all(code == 1 and str(path) in err for code, _, err in answers.values()), answers)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        names = write_files()
        schema_and_rows(names)
        lowest_error(names)
        unreadable(names)


main()
