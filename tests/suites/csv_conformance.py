"""Third-party CSV files against what DuckDB and Python's csv module both read (NAME.expected.json where second_reader_agrees), by
csvcheck, which also reads every file in all other ways. A quoted and an unquoted empty field compare equal here.
tests/conformance/csv_exceptions.txt lists the files where we mean to differ, each with its reason."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = "build/current/tests/tools/csvcheck"
MILL = "build/current/rankmill"
EXCEPTIONS = Path("tests/conformance/csv_exceptions.txt")
# Where DuckDB's inferred type is one of these, ours must be the one beside it.
TYPES = {"BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool", "DATE": "date", "VARCHAR": "string", "TIMESTAMP": "timestamp"}


def byte(text, default=-1):
    return default if text in ("(empty)", None) else ord({"\\t": "\t"}.get(text, text))


def unescape(value):
    if value == "\\N":
        return b""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), value.encode("utf-8", "surrogateescape"))


def load(root):
    cases = []
    for entry in json.loads((root / "MANIFEST.json").read_text()):
        if entry.get("second_reader_agrees") is not True:
            continue
        expected = json.loads((root / (entry["file"] + ".expected.json")).read_text())
        d = expected["dialect"]
        line = [root / entry["file"], byte(d["delimiter"]), byte(d["quote"]), byte(d["escape"]), byte(d["comment"]),
                int(d["has_header"]), d["skip_rows"]]
        cases.append((entry["file"], expected, "\t".join(map(str, line))))
    return cases


def read_blocks(text):
    blocks = []
    for line in text.split("\n"):
        kind, _, rest = line.partition("\t")
        if kind == "file":
            blocks.append({"row": [], "bad": [], "differs": [], "error": [], "types": []})
        elif kind:
            blocks[-1][kind].append(rest)
    return blocks


def compare(expected, block):
    """None, or what differs."""
    if block["error"]:
        return "refused: " + block["error"][0]
    if block["differs"]:
        return "readings differ: " + "; ".join(block["differs"][:3])
    if block["bad"]:
        return f"{len(block['bad'])} bad rows, first: {block['bad'][0]}"
    rows = [[unescape(v) for v in row.split("\t")] for row in block["row"]]
    if len(rows) != expected["rows"]:
        return f"{len(rows)} rows, expected {expected['rows']}"
    for i, want in enumerate(expected.get("data", expected.get("first_rows"))):
        want = [b"" if v is None else v.encode("utf-8", "surrogatepass") for v in want]
        if want != rows[i]:
            return f"row {i}: {rows[i]}, expected {want}"
    return None


def compare_types(expected, block):
    if block["error"]:
        return None
    ours = block["types"][0].split("\t")
    # DuckDB tries other date formats; ours are ISO unless timestamp_format says otherwise.
    dialect = expected["dialect"]
    iso = dialect["date_format"] in (None, "%Y-%m-%d") and dialect["timestamp_format"] is None
    for (name, theirs), our in zip(expected["inferred_types"], ours):
        if theirs in ("DATE", "TIMESTAMP") and not iso:
            continue
        if theirs in TYPES and TYPES[theirs] != our:
            return f"column {name}: {our}, DuckDB {theirs}"
    return None


def literal(byte):
    return "NULL" if byte < 0 else "'" + chr(byte).replace("'", "''") + "'"


def read_by_sql(line):
    path, delimiter, quote, escape, comment, header, skip = line.split("\t")
    options = [f"{name} => {literal(int(value))}" for name, value in (("delimiter", delimiter), ("quote", quote), ("escape", escape), ("comment", comment))]
    options += [f"header => {'true' if header == '1' else 'false'}", f"skip_lines => {skip}", "infer => false", "split_bytes => 64"]
    return "SELECT *, _line, _offset FROM read_csv('" + path.replace("'", "''") + "', " + ", ".join(options) + ");"


def ranks(cases, blocks):
    """csvcheck plays the ranks itself; here real ones read every sound file, in one run a rank count: None, or what differs."""
    script = "\n".join(read_by_sql(case[2]) for case, block in zip(cases, blocks) if not block["error"] and not block["bad"])
    outputs = set()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        for count in ("1", "3"):
            for forced in ("0", "1"):
                env = dict(os.environ, RANKMILL_TEST_FORCE_SPECULATION=forced)
                run = subprocess.run([MILL, "query", "-n", count, "--format", "csv", "--file", file.name], capture_output=True, env=env)
                if run.returncode != 0:
                    return f"{count} ranks: {run.stderr.decode(errors='replace')}"
                outputs.add(run.stdout)
    return None if len(outputs) == 1 and len(outputs.pop()) > len(script) else "the rows of 1 and 3 ranks, speculation forced or not, differ"


def main():
    root = Path(os.environ.get("RANKMILL_TEST_DATA", "../shared/data")) / "csv"
    if not (root / "MANIFEST.json").exists():
        print(f"skip csv-conformance: {root}/MANIFEST.json is missing; set RANKMILL_TEST_DATA")
        return 0
    exceptions, type_exceptions = {}, {}
    for line in EXCEPTIONS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, why = line.partition(": ")
            (type_exceptions if name.startswith("types ") else exceptions)[name.removeprefix("types ")] = why
    cases = load(root)
    run = subprocess.run([CHECK], input="\n".join(c[2] for c in cases) + "\n", capture_output=True, text=True,
                         errors="surrogateescape")
    if run.returncode != 0:
        print(run.stderr[-2000:])
        print(f"not ok csv-conformance: csvcheck exited with {run.returncode}")
        return 1
    blocks = read_blocks(run.stdout)
    trouble = ranks(cases, blocks)
    failed = 1 if trouble else 0
    print(f"{'not ok' if trouble else 'ok'} csv-conformance ranks")
    if trouble:
        print(f"    {trouble}")
    for (name, expected, _), block in zip(cases, blocks, strict=True):
        for kind, trouble, known in (("rows", compare(expected, block), exceptions),
                                     ("types", compare_types(expected, block), type_exceptions)):
            good = (trouble is not None) == (name in known)
            failed += not good
            print(f"{'ok' if good else 'not ok'} csv-conformance {kind} {name}")
            if not good:
                print(f"    {trouble or 'listed as an exception, but it agrees'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
