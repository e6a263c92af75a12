"""Grouped statistics against fractions.Fraction: argv[1] is the ops_exact program, argv[2] a seed (random when missing)."""

import math
import random
import struct
import subprocess
import sys
from fractions import Fraction

from exact import bits, centred, expect_corr, from_bits, rounded, special_sum


def narrow(x):
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def is_finite(x):
    return all(map(math.isfinite, x))


def root(text):
    return text if text in ("nan", "null") else bits(math.sqrt(from_bits(int(text, 16))))


def moments(x, y, samp):
    n = len(x)
    if samp and n == 1:
        return "null"
    if not is_finite(x) or not is_finite(y):
        return "nan"
    fx, fy = list(map(Fraction, x)), list(map(Fraction, y))
    return rounded(centred(fx, fy) / (n * (n - 1 if samp else n)))


def total(x, precision=53, least=-1074, most=1023):
    if not is_finite(x):
        return special_sum(x)
    return rounded(sum(map(Fraction, x)), precision, least, most)


def mean(x):
    return special_sum(x) if not is_finite(x) else rounded(sum(map(Fraction, x)) / len(x))


def quantile(x, p):
    ordered = sorted(x, key=lambda v: (math.isnan(v), 0 if math.isnan(v) else v))
    h = (len(x) - 1) * Fraction(p)
    low = math.floor(h)
    fraction = float(h - low)
    value = ordered[low]
    if fraction != 0:
        high = ordered[low + 1]
        value = value if value == high else value + (high - value) * fraction
    return bits(value + 0.0)


def expected(x, y, p):
    samp, pop = moments(x, x, True), moments(x, x, False)
    corr = expect_corr(x, y)
    partial = [total(x), mean(x), samp, pop, root(samp), root(pop), corr, moments(x, y, True), moments(x, y, False)]
    partial.append(total(list(map(narrow, x)), 24, -149, 127))
    return partial, partial + [quantile(x, 0.5), quantile(x, p)]


def values(rng, n):
    kinds = [
        lambda: round(rng.uniform(0.01, 250), 2),
        lambda: rng.gauss(0, 1),
        lambda: float(rng.randrange(-1000, 1000)),
        lambda: rng.gauss(0, 1) * 10.0 ** rng.randrange(-30, 30),
        lambda: rng.gauss(0, 1) * 1e-30,
        lambda: rng.choice([1.0, 2.0**-53, 2.0**-106, -(2.0**-106), 1 + 2.0**-23, 2.0**-24]),
        lambda: 7.25,
        lambda: rng.gauss(0, 1) * 1e150,
        lambda: rng.gauss(0, 1) * 1e-170,
        lambda: rng.randrange(-(10**15), 10**15) * 5e-324,
    ]
    kind = rng.choice(kinds)
    x = [kind() for _ in range(n)]
    if rng.random() < 0.1:
        x[rng.randrange(n)] = rng.choice([math.nan, math.inf, -math.inf])
        x[rng.randrange(n)] = rng.choice([math.inf, -math.inf, 1.0])
    return x


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    print(f"ops_exact: seed {seed}")
    rng = random.Random(seed)
    p = rng.choice([0.0, 1.0, 0.25, 0.1, 0.95, rng.random(), rng.random()])
    groups = {}
    for g in range(150):
        n = rng.choice([1, 2, 3, 10, 100])
        groups[g * 977 - 5000] = (values(rng, n), values(rng, n))
    rows = [(g, a, b) for g, (x, y) in groups.items() for a, b in zip(x, y)]
    # In order of size the parts choose different units for their sums, otherwise the same.
    order = rng.randrange(3)
    if order == 0:
        rng.shuffle(rows)
    else:
        rows.sort(key=lambda row: abs(row[1]) if row[1] == row[1] else 1.0, reverse=order == 1)
    as_bits = lambda v: "%016x" % struct.unpack("<Q", struct.pack("<d", v))[0]
    text = "".join(f"{g} {as_bits(a)} {as_bits(b)} {as_bits(p)}\n" for g, a, b in rows)
    out = subprocess.run([sys.argv[1], str(seed)], input=text, capture_output=True, text=True)
    failures, seen = 0 if out.returncode == 0 else 1, set()
    for line in out.stdout.splitlines():
        mode, group, *got = line.split()
        if mode not in ("merged", "whole"):
            print(line)
            failures += 1
            continue
        want = expected(*groups[int(group)], p)[mode == "whole"]
        seen.add((mode, int(group)))
        if got != want:
            failures += 1
            print(f"{mode} {group}: got {got}\n  want {want}")
    if len(seen) != 2 * len(groups):
        failures += 1
    print(("ok" if failures == 0 else "not ok") + " ops_exact")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
