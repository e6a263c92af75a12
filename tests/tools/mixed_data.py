"""Data for tests/jobs/mixed.json, deterministic: facts*.csv with every kind of trouble, and names.csv.

    mixed_data.py OUT [--rows 3000] [--files 3] [--seed 1] [--kind usual|nulls|skewed|one|none]

usual: every third row of one key, quoted line ends, NULL and empty text, values of very different size.
nulls: every cell but id is NULL. skewed: all rows of one key and group. one: a single row. none: headers alone.
"""

import argparse
import os
import random

GROUPS = ["alpha", "be\nta", "ga,mma", 'de"lta', "épsilon", "", "zeta zeta zeta", "H", "solo", "tiny", "huge"]
NOTES = ["plain", 'said "no",\n"yes"', "\n", "a,b,c\r\nd", "", "ünï\u2028cöde", '"', ",,,\n,,,", "x" * 300]
FACTS = "id,k,g,other,x,y,f,n,t,flag,note"
NAMES = "k,name,w"


def text(value):
    if value is None:
        return ""
    if value == "" or any(c in value for c in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def maybe(rng, share, value):
    return None if rng.random() < share else value


def size_of(rng, group):
    if group == "tiny":
        return rng.gauss(0, 1) * 1e-170
    if group == "huge":
        return rng.gauss(0, 1) * 1e150
    if group == "H":
        return 7.25
    return rng.choice([lambda: round(rng.uniform(0.01, 250), 2), lambda: rng.gauss(0, 1) * 10.0 ** rng.randrange(-30, 30),
                       lambda: float(rng.randrange(-1000, 1000)), lambda: -0.0])()


def stamp(rng):
    return "20%02d-%02d-%02d %02d:%02d:%02d.%06d" % (rng.randrange(100), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24),
                                                     rng.randrange(60), rng.randrange(60), rng.randrange(10**6))


def fact(rng, row, kind):
    if kind == "nulls":
        return [str(row)] + [""] * 10
    key = 5 if kind == "skewed" or rng.random() < 0.35 else rng.randrange(-20, 40)
    group = "be\nta" if kind == "skewed" else rng.choice(GROUPS)
    if group == "solo" and row != 17:
        group = "alpha"
    x = size_of(rng, group)
    y = 0.5 * x + rng.gauss(0, 1) if rng.random() < 0.5 else rng.gauss(0, 1)
    numbers = [maybe(rng, 0.1, v) for v in (x, y, round(rng.gauss(0, 100), 3))]
    return [str(row), text(maybe(rng, 0.05, str(key))), text(maybe(rng, 0.1, group)), text(maybe(rng, 0.2, rng.choice(GROUPS))),
            *("" if v is None else repr(v) for v in numbers), text(maybe(rng, 0.2, str(rng.randrange(0, 100)))),
            text(maybe(rng, 0.3, stamp(rng))), text(maybe(rng, 0.3, rng.choice(["true", "FALSE"]))),
            text(maybe(rng, 0.2, rng.choice(NOTES)))]


def names(rng, kind):
    """Some keys are missing, some are there twice."""
    if kind == "none":
        return []
    if kind == "nulls":
        return ["", ",,"]
    rows = []
    for k in range(-15, 35):
        for _ in range(rng.choice([1, 1, 1, 0, 2])):
            rows.append(f"{k},{text(maybe(rng, 0.2, rng.choice(['one', 'two', 'thr' + chr(10) + 'ee', 'four', f'only {k}'])))},"
                        f"{text(maybe(rng, 0.2, repr(rng.gauss(0, 10))))}")
    return rows


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("\n".join([header, *rows]) + "\n")


def make(folder, rows=3000, files=3, seed=1, kind="usual"):
    """Rows are the same whatever the number of files."""
    os.makedirs(folder, exist_ok=True)
    rows = {"one": 1, "none": 0}.get(kind, rows)
    rng = random.Random(seed)
    lines = [",".join(fact(rng, row, kind)) for row in range(rows)]
    for i in range(files):
        write(os.path.join(folder, f"facts-{i:05d}.csv"), FACTS, lines[rows * i // files : rows * (i + 1) // files])
    write(os.path.join(folder, "names.csv"), NAMES, names(rng, kind))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", default="usual", choices=["usual", "nulls", "skewed", "one", "none"])
    options = parser.parse_args()
    make(options.out, options.rows, options.files, options.seed, options.kind)
