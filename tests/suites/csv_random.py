"""Random CSV text against Python's csv module, through csvcheck (which also reads every file in all other ways). Two kinds: tables that
csv.writer wrote, compared with the table, and byte soup that csv.reader(strict=True) accepts, compared with what it reads.
RANKMILL_TEST_SEED picks another seed."""

import csv
import io
import os
import random
import re
import subprocess
import sys
import tempfile

CHECK = "build/current/tests/tools/csvcheck"
CASES = 120


def unescape(value):
    if value == "\\N":
        return ""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), value.encode()).decode()


def written(rng):
    """A table and its text."""
    dialect = {"delimiter": rng.choice(",;\t|"), "quotechar": rng.choice("\"'"), "lineterminator": rng.choice(["\n", "\r\n", "\r"])}
    escape = rng.random() < 0.3
    # The writer leaves row ends other than its own, and escapes, outside quotes, where they mean something else here.
    minimal = dialect["lineterminator"] == "\r\n" and not escape
    dialect["quoting"] = csv.QUOTE_MINIMAL if minimal else csv.QUOTE_ALL
    if escape:
        dialect.update(doublequote=False, escapechar="\\")
    width = rng.randint(2, 6)
    alphabet = "ab1.,;|\t\"'\n\r é\u20ac\U0001F600" + ("" if escape else "\\")
    rows = [["".join(rng.choices(alphabet, k=rng.choice([0, 1, 3, 40]))) for _ in range(width)] for _ in range(rng.randint(1, 60))]
    out = io.StringIO(newline="")
    csv.writer(out, **dialect).writerows(rows)
    return rows, out.getvalue(), dialect


def soup(rng):
    """Text that csv.reader accepts strictly, and its rows of the commonest width; None: it does not."""
    text = "".join(rng.choices(["a", "1", ",", ",", '"', '""', "\n", "\n", "\r", "\r\n", " ", "é", '",', '"\n', ',"', '\n"'], k=rng.randint(1, 300)))
    try:
        rows = [r for r in csv.reader(io.StringIO(text, newline=""), strict=True) if r]
    except csv.Error:
        return None
    if not rows or len(rows[0]) < 2:
        return None
    return [r for r in rows if len(r) == len(rows[0])], text, {"delimiter": ",", "quotechar": '"'}


def main():
    seed = int(os.environ.get("RANKMILL_TEST_SEED", "1"))
    print(f"seed {seed}")
    rng = random.Random(seed)
    cases = [written(rng) for _ in range(CASES)]
    while len(cases) < 2 * CASES:
        case = soup(rng)
        if case is not None:
            cases.append(case)
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for i, (_, text, dialect) in enumerate(cases):
            path = os.path.join(folder, f"{i}.csv")
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            escape = ord("\\") if "escapechar" in dialect else -1
            lines.append(f"{path}\t{ord(dialect['delimiter'])}\t{ord(dialect['quotechar'])}\t{escape}\t-1\t0\t0")
        run = subprocess.run([CHECK], input="\n".join(lines) + "\n", capture_output=True, text=True)
    blocks = run.stdout.split("file\t")[1:]
    failed = run.returncode != 0 or len(blocks) != len(cases)
    for i, ((rows, text, dialect), block) in enumerate(zip(cases, blocks)):
        out = block.split("\n")
        got = [[unescape(v) for v in line.split("\t")[1:]] for line in out if line.startswith("row\t")]
        trouble = [line for line in out if line.startswith(("differs", "error"))]
        if i < CASES:
            trouble += [line for line in out if line.startswith("bad\t")]
        if got != rows or trouble:
            failed = True
            row = next((r for r, (a, b) in enumerate(zip(rows, got)) if a != b), min(len(rows), len(got)))
            print(f"case {i} {dialect}: row {row}\nexpected {rows[row : row + 1]}\ngot {got[row : row + 1]}\n{trouble[:3]}\n{text[:2000]!r}")
            break
    print(f"{'not ok' if failed else 'ok'} csv-random")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
