"""The rankmill binary as functions."""

import io
import json
import os
import re
import shutil
import subprocess
import tempfile

from ._errors import RankmillError


def _binary():
    """$RANKMILL, then PATH, then the build folder of the checkout this file is in."""
    here = os.path.dirname(os.path.abspath(__file__))
    built = os.path.normpath(os.path.join(here, "..", "..", "..", "build", "rankmill"))
    for candidate in (os.environ.get("RANKMILL"), shutil.which("rankmill"), built):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise RankmillError(2, "the rankmill binary is not found: put it on PATH or set RANKMILL to its path")


def _call(arguments):
    done = subprocess.run([_binary(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip()
        raise RankmillError(done.returncode, message or f"rankmill ended with code {done.returncode}")
    return done.stdout.decode()


_OPTIONS = ("ranks", "memory", "scratch", "checkpoint", "limit_rows", "rank_timeout")
_FLAGS = ("resume", "overwrite", "if_changed", "fail_fast")


def run(job, out=None, **params):
    """Runs a job (the path of its file, or a dict) and returns its Store.

    ranks, memory, scratch, checkpoint, limit_rows, rank_timeout, resume, overwrite, if_changed, fail_fast are options of
    `rankmill run`; every other keyword is a parameter of the job (--set name=value)."""
    from ._store import Store

    arguments = ["run"]
    if out is not None:
        arguments += ["--out", os.fspath(out)]
    for name in _OPTIONS:
        if params.get(name) is not None:
            arguments += ["--" + name.replace("_", "-"), str(params[name])]
    for name in _FLAGS:
        if params.get(name):
            arguments.append("--" + name.replace("_", "-"))
    for name, value in params.items():
        if name not in _OPTIONS and name not in _FLAGS:
            arguments += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    arguments += ["--progress", "none"]
    if isinstance(job, dict):
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="rankmill-job-", encoding="utf-8") as file:
            json.dump(job, file)
            file.flush()
            printed = _call(arguments + [file.name])
    else:
        printed = _call(arguments + [os.fspath(job)])
    paths = printed.split("\n")
    return Store([p for p in paths if p]) if any(paths) else None


def query(sql, **sources):
    """The result of a query as a DataFrame. Keywords name tables: query("SELECT * FROM t", t="data/*.csv")."""
    import pandas

    arguments = ["query", sql, "--format", "csv"]
    for name, source in sources.items():
        arguments += ["--source", f"{name}={source if isinstance(source, str) else json.dumps(source)}"]
    rows = _read_csv(_call(arguments))
    if not rows:
        return pandas.DataFrame()
    names = [name for name, _ in rows[0]]
    columns = [_column(pandas, [row[i] for row in rows[1:]]) for i in range(len(names))]
    frame = pandas.concat(columns, axis=1) if columns else pandas.DataFrame()
    frame.columns = names
    return frame


def _read_csv(text):
    """Rows of (text, quoted): NULL is an unquoted nothing, the empty string is quoted."""
    rows = []
    row = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            cell = io.StringIO()
            at += 1
            while True:
                end = text.index('"', at)
                cell.write(text[at:end])
                at = end + 1
                if text[at : at + 1] != '"':
                    break
                cell.write('"')
                at += 1
            row.append((cell.getvalue(), True))
        else:
            end = min(i for i in (text.find(",", at), text.find("\n", at), len(text)) if i >= 0)
            row.append((text[at:end].rstrip("\r"), False))
            at = end
        if text[at : at + 1] == "\r":
            at += 1
        if at >= len(text) or text[at] == "\n":
            rows.append(row)
            row = []
        elif at + 1 >= len(text) or text[at + 1] == "\n":
            row.append(("", False))  # a NULL in the last column
            at += 1
            rows.append(row)
            row = []
        at += 1
    return rows


_TIME = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?")


def _is_int(text):
    digits = text[1:] if text[:1] == "-" else text
    return digits.isascii() and digits.isdigit() and (len(digits) == 1 or digits[0] != "0")


def _is_float(text):
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text and text == text.strip() and not text.lstrip("-").startswith("00")


def _column(pandas, cells):
    """A Series of the narrowest type that all cells have: int64, float64, bool, datetime64, else text."""
    values = [text if text or quoted else None for text, quoted in cells]
    plain = [text for (text, quoted), value in zip(cells, values) if value is not None]
    quoted = any(q for (_, q), value in zip(cells, values) if value is not None)
    has_null = len(plain) < len(values)
    if plain and not quoted:
        if all(map(_is_int, plain)) and all(-(2**63) <= int(text) < 2**63 for text in plain):
            return pandas.Series([None if v is None else int(v) for v in values], dtype="Int64" if has_null else "int64")
        if all(map(_is_float, plain)):
            return pandas.Series([float("nan") if v is None else float(v) for v in values], dtype="float64")
        if all(text in ("true", "false") for text in plain):
            flags = [None if v is None else v == "true" for v in values]
            return pandas.Series(flags, dtype="boolean" if has_null else "bool")
        if all(_TIME.fullmatch(text) for text in plain):
            try:
                return pandas.Series([None if v is None else pandas.Timestamp(v) for v in values], dtype="datetime64[ns]")
            except (ValueError, OverflowError):  # years that nanoseconds do not reach
                pass
    return pandas.Series(values, dtype=object)
