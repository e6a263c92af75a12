"""CSV sources as SQL and jobs see them: what is judged under a LIMIT, by a second scan, with cells that become NULL; what is refused; hidden
columns; hive folders. Every case gives one answer, whatever ranks, batches, splits and guesses."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MILL = str(Path("build/current/rankmill").resolve())
WAYS = [(1, {}), (1, {"BATCH_ROWS": "7"}), (2, {}), (3, {"BATCH_ROWS": "50", "FORCE_SPECULATION": "1"}), (5, {"INVERT_GUESS": "1"})]
FAILED = []


def run(ranks, knobs, *arguments):
    env = dict(os.environ, **{f"RANKMILL_TEST_{k}": v for k, v in knobs.items()})
    done = subprocess.run([MILL, *arguments, "-n", str(ranks)], capture_output=True, text=True, env=env, timeout=120)
    return done.returncode, done.stdout, done.stderr


def query(sql, ranks=1, knobs={}, **source):
    return run(ranks, knobs, "query", "--format", "csv", "--source", "t=" + json.dumps(source), sql)


def verdict(name, good, why=""):
    print(f"{'ok' if good else 'not ok'} csv_scan.{name}")
    if not good:
        FAILED.append(name)
        print("    " + str(why).replace("\n", "\n    "))


def everywhere(name, want, sql, **source):
    """want: a test of (code, stdout, stderr), or the rows. The answers of all ways are equal, too."""
    answers = [query(sql, ranks, knobs, **source) for ranks, knobs in WAYS]
    first = answers[0]
    good = want(*first) if callable(want) else first[:2] == (0, want)
    different = next((f"{WAYS[i]}: {a}" for i, a in enumerate(answers) if a != first), None)
    verdict(name, good and different is None, different or first)


def limits():
    """Rows 500, 1500 and 2900 of 3000 are bad."""
    bad = (500, 1500, 2900)
    Path("bad.csv").write_text("id,v\n" + "".join(f"{i},{'x' if i in bad else i}\n" for i in range(3000)))
    source = {"path": "bad.csv", "schema": {"id": "int64", "v": "int64"}, "options": {"split_bytes": "1 KiB"}}

    def refused(rows, count):
        return lambda code, out, err: code == 3 and f"{count} of {rows} rows are bad" in err

    everywhere("limit_before_bad_row", "count\n500\n", "SELECT count(*) FROM (SELECT * FROM t LIMIT 500) x", **source)
    everywhere("limit_behind_bad_row", refused(502, 1), "SELECT count(*) FROM (SELECT * FROM t LIMIT 501) x", **source)
    everywhere("limit_and_filter", refused(2003, 2), "SELECT * FROM t WHERE id >= 2000 LIMIT 3", **source)
    everywhere("limit_and_offset", refused(1502, 2), "SELECT * FROM t LIMIT 1 OFFSET 1499", **source)
    everywhere("limit_0", "id,v\n", "SELECT * FROM t LIMIT 0", **source)
    everywhere("limit_of_all", refused(3000, 3), "SELECT * FROM t LIMIT 2998", **source)
    everywhere("second_scan", refused(3000, 3), "SELECT (SELECT min(id) FROM (SELECT id FROM t LIMIT 1) x) AS a, sum(v) FROM t", **source)
    source.update(bad_rows="quarantine", max_bad_rows=1)
    everywhere("limit_counts", "sum\n500000\n", "SELECT sum(id) FROM (SELECT id FROM t LIMIT 1001) x WHERE id <> 1001", **source)
    # The rows inside quotes look like rows, so that guesses fail; the limit ends behind a run's head.
    Path("guess.csv").write_text("id,v\n" + "".join(f'{i},"x\n{i + 10000},y\nz{i}"\n' for i in range(2000)))
    guess = {"path": "guess.csv", "options": {"split_bytes": "1 KiB"}}
    everywhere("limit_and_guess", "id\n700\n701\n", "SELECT id FROM t WHERE id >= 700 LIMIT 2", **guess)


def limited_store():
    job = {"version": 1, "job": "few", "sources": {"t": {"path": "bad.csv", "schema": {"id": "int64", "v": "int64"}, "bad_rows": "quarantine",
           "options": {"split_bytes": "1 KiB"}}}, "store": {"from": "t", "tensors": {"v": {"dtype": "int64", "columns": ["id", "v"]}}}}
    Path("few.json").write_text(json.dumps(job))
    seen = set()
    for ranks, knobs in WAYS:
        code, out, err = run(ranks, knobs, "run", "few.json", "--limit-rows", "1600", "--out", "few", "--overwrite")
        if code != 0:
            verdict("limited_store", False, err)
            return
        manifest = json.loads(Path("few/manifest.json").read_text())
        lines = sorted(line for f in Path("few/quarantine").glob("*") for line in f.read_text().splitlines())
        seen.add((manifest["content_hash"], json.dumps(manifest["bad_rows"]), manifest["partial"], *lines))
    only = seen.pop()
    want = {"t": {"read": 1602, "bad": 2, "by_reason": {"bad_value": 2}}}
    places = [(json.loads(line)["line"], json.loads(line)["raw"]) for line in only[3:]]
    verdict("limited_store", not seen and json.loads(only[1]) == want and only[2] is True and places == [(1502, "1500,x"), (502, "500,x")], (only, seen))


def quarantine():
    """Each reason, raw text or base64, the same lines over ranks; a source's name never leaves the folder."""
    Path("all.csv").write_bytes(b'a,b\n1,x\n2,\xff\xfe\nz,"q\nq"\n4,\x00\n5,y,w\n"6"x,1\n7,"open\n')
    Path("all.json").write_text(json.dumps({"version": 1, "job": "all", "sources": {"../a/%": {"path": "all.csv", "schema": {"a": "int32"},
        "bad_rows": "quarantine", "max_bad_rows": "80%", "options": {"split_bytes": 7}}},
        "store": {"from": "../a/%", "tensors": {"a": {"dtype": "int32", "column": "a"}}}}))
    want = [(3, 8, "b", "invalid_utf8", "Miz//g=="), (4, 13, "a", "bad_value", 'z,"q\nq"'), (7, 25, None, "field_count", "5,y,w"),
            (8, 31, None, "text_after_quote", '"6"x,1'), (9, 38, None, "open_quote", '7,"open\n')]
    for ranks in (1, 3):
        code, _, err = run(ranks, {}, "run", "all.json", "--out", f"all{ranks}")
        rows = [json.loads(line) for f in sorted(Path(f"all{ranks}/quarantine").glob("%2E.%2Fa%2F%25-*.jsonl")) for line in f.read_text().splitlines()]
        got = [(r["line"], r["offset"], r.get("column"), r["reason"], r.get("raw", r.get("raw_base64"))) for r in rows]
        verdict(f"quarantine.{ranks}", code == 0 and got == want, (got, err))


def null_cells():
    Path("cells.csv").write_text("a,b\nx,y\n1,2\nz,3\n")
    source = {"path": "cells.csv", "schema": {"a": "int32", "b": "int32"}, "bad_rows": "null"}
    rows = "a,b\n,\n1,2\n,3\n"
    everywhere("null_counts_rows", rows, "SELECT * FROM t", max_bad_rows=2, **source)
    everywhere("null_share_of_rows", rows, "SELECT * FROM t", max_bad_rows="67%", **source)
    everywhere("null_over_share", lambda code, out, err: code == 3 and "2 of 3 rows are bad (bad_value 2)" in err,
               "SELECT count(*) FROM t", max_bad_rows="66%", **source)


def messages():
    Path("caret.csv").write_bytes("a,b\nété\t日本,x\n".encode() + b"\xff\xfe,1\n")
    code, _, err = query("SELECT b FROM t", path="caret.csv", schema={"b": "int8"})
    want = ('  caret.csv:2 (byte 4): bad_value: "x" is not an int8\n    été 日本,x\n           ^\n'
            "  caret.csv:3 (byte 19): invalid_utf8: byte 0xFF is not UTF-8\n    ??,1\n    ^\n")
    verdict("caret", code == 3 and err.endswith(want), err)


def sources():
    Path("one.csv").write_text("a,b\n1,2\n")
    schema = {"a": "int32", "b": "string"}
    everywhere("optional", "count\n0\n", "SELECT count(*) FROM t", path="nothing-*.csv", optional=True, schema=schema)
    everywhere("optional_without_header", "a,b\n", "SELECT * FROM t", path="nothing", optional=True, schema=schema, options={"header": False})

    def usage(text):
        return lambda code, out, err: code == 2 and text in err and ": :" not in err

    for name, text, source in [
        ("optional_without_schema", "declare it", {"path": "nothing-*.csv", "optional": True}),
        ("delimiter_twice", "are one option", {"path": "one.csv", "options": {"delimiter": ";", "sep": ","}}),
        ("both_true_and_false", '"Y" is among both', {"path": "one.csv", "options": {"true_values": ["N", "Y"], "false_values": ["Y"]}}),
        ("column_twice", 'names the column "a" twice', {"path": "one.csv", "schema": {"a": "int32", "A": "int64"}}),
        ("column_twice_by_braces", 'names the column "a" twice', {"path": "one.csv", "schema": {"{a,a}": "int32"}}),
        ("column_twice_by_position", "names a column twice", {"path": "one.csv", "schema": {"{a,a}": "int32"}, "options": {"header": False}}),
    ]:
        answer = query("SELECT * FROM t", **source)
        verdict(name, usage(text)(*answer), answer)


def hidden_columns():
    """Lines and offsets against Python's own count."""
    rows, text, line = [], "\ufeff# note\r\nid,t\r\n", 3
    for i in range(400):
        end = "\n" if i % 3 else "\r\n"
        body = f'{i},"a\r\nb\rc\nd{i}"' if i % 5 == 0 else f"{i},é{i}"
        text += ("#x\n" if i % 7 == 0 else "") + ("\n" if i % 11 == 0 else "")
        line += (i % 7 == 0) + (i % 11 == 0)
        rows.append(f"{i},{line},{len(text.encode())}")
        text += body + end
        line += 4 if i % 5 == 0 else 1
    Path("lines.csv").write_bytes(text.encode())
    everywhere("hidden_columns", "id,_line,_offset\n" + "\n".join(rows) + "\n", "SELECT id, _line, _offset FROM t",
               path="lines.csv", options={"comment": "#", "split_bytes": 200})


def hive_folders():
    """key=value folders: values, types, and that what WHERE rules out is not read: a file there would be refused."""
    for month in (1, 2, 11):
        for region in ("eu", "a%2Fb%20c", "__HIVE_DEFAULT_PARTITION__"):
            folder = Path(f"hive/month={month:02}/region={region}")
            folder.mkdir(parents=True)
            (folder / "p.csv").write_text("v\nno number\n" if month == 11 else f"v\n{month}\n7\n")
    source = {"path": "hive", "schema": {"v": "int32"}}
    rows = '2,,2\n7,,2\n2,a/b c,2\n7,a/b c,2\n2,eu,2\n7,eu,2\n'
    everywhere("hive_values", "v,region,month\n" + rows, "SELECT v, region, month FROM t WHERE month = 2", **source)
    for name, where, want in [("range", "month < 10", "12,51\n"), ("and", "month < 3 AND region = 'eu' AND v = 7", "2,14\n"),
                              ("null", "region IS NULL AND month < 10", "4,17\n"), ("none", "month > 11", "0,\n"),
                              ("sub_query", "month = (SELECT min(month) FROM t WHERE month < 10)", "6,24\n")]:
        everywhere("hive_" + name, "count,sum\n" + want, f"SELECT count(*), sum(v) FROM t WHERE {where}", **source)
    everywhere("hive_all", lambda code, out, err: code == 3 and "3 of 15 rows are bad" in err, "SELECT count(*) FROM t", **source)
    everywhere("hive_part_then_all", lambda code, out, err: code == 3 and "3 of 15 rows are bad" in err,
               "SELECT (SELECT count(*) FROM t WHERE month = 1) AS a, count(*) FROM t", **source)
    Path("hive.json").write_text(json.dumps({"version": 1, "sources": {"t": source}, "steps": [
        {"name": "s", "sql": "SELECT v FROM t WHERE month < 10 AND region = 'eu'"}],
        "store": {"from": "s", "tensors": {"v": {"dtype": "int32", "columns": ["v"]}}}}))
    code, out, err = run(1, {}, "explain", "hive.json")
    verdict("hive_explained", code == 0 and "scan t: 4 of 9 files are read" in out, out + err)
    for region in ("eu", "us"):
        Path(f"bare/day=2024-01-0{len(region)}/r={region}").mkdir(parents=True)
        Path(f"bare/day=2024-01-0{len(region)}/r={region}/p.csv").write_text("1\n")
    everywhere("hive_without_header", "v,day\n1,2024-01-02\n1,2024-01-02\n", "SELECT v, day FROM t", path="bare",
               schema={"v": "int8", "day": "date"}, options={"header": False})


def main(folder):
    os.chdir(folder)
    limits()
    limited_store()
    quarantine()
    null_cells()
    messages()
    sources()
    hidden_columns()
    hive_folders()
    return 1 if FAILED else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        sys.exit(main(work))
