"""Exact sums against fractions.Fraction: argv[1] is the exact program, argv[2] a seed (random when missing)."""

import math
import random
import struct
import subprocess
import sys
from fractions import Fraction


def bits(x):
    return "nan" if math.isnan(x) else "%016x" % struct.unpack("<Q", struct.pack("<d", x))[0]


def rounded(value, precision=53, least=-1074, most=1023):
    """The fraction as the nearest float of a format, ties to even; zero is +0; 'error' beyond its range."""
    if value == 0:
        return bits(0.0)
    magnitude = abs(value)
    top = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** top > magnitude:
        top -= 1
    unit = Fraction(2) ** max(top - precision + 1, least)
    count, rest = divmod(magnitude, unit)
    if rest * 2 > unit or (rest * 2 == unit and count % 2 == 1):
        count += 1
    if count * unit >= Fraction(2) ** (most + 1):
        return "error"
    return bits(math.copysign(float(count * unit), value) if count else 0.0)


def special_sum(x):
    total = [v for v in x if not math.isfinite(v)]
    if any(math.isnan(v) for v in total) or len(set(total)) > 1:
        return "nan"
    return bits(total[0])


def expect_sum(x):
    if any(not math.isfinite(v) for v in x):
        return " ".join([special_sum(x)] * 3)
    total = sum(map(Fraction, x))
    mean = rounded(total / len(x)) if x else "nan"
    return f"{rounded(total)} {rounded(total, 24, -149, 127)} {mean}"


def centred(x, y):
    return len(x) * sum(a * b for a, b in zip(x, y)) - sum(x) * sum(y)


def expect_variance(x):
    if any(not math.isfinite(v) for v in x):
        return "nan nan"
    f, n = list(map(Fraction, x)), len(x)
    value = centred(f, f)
    return f"{rounded(value / (n * (n - 1)))} {rounded(value / (n * n))}"


def even_scale(value):
    """Half the exponent of the even power of two that brings value into [1, 4)."""
    half = 0
    while value * Fraction(4) ** half >= 4:
        half -= max(1, (value.numerator.bit_length() - value.denominator.bit_length()) // 4)
    while value * Fraction(4) ** half < 1:
        half += 1
    return half


def expect_corr(x, y):
    if any(not math.isfinite(v) for v in x + y):
        return "nan"
    fx, fy = list(map(Fraction, x)), list(map(Fraction, y))
    a, b, c = centred(fx, fx), centred(fy, fy), centred(fx, fy)
    if a == 0 or b == 0:
        return "null"
    ha, hb = even_scale(a), even_scale(b)
    a, b, c = float(a * Fraction(4) ** ha), float(b * Fraction(4) ** hb), float(c * Fraction(2) ** (ha + hb))
    return bits(max(-1.0, min(1.0, c / (math.sqrt(a) * math.sqrt(b)))) + 0.0)


def plain_corr(x, y):
    """The same without scaling, where float64 can do it: must agree."""
    fx, fy = list(map(Fraction, x)), list(map(Fraction, y))
    a, b, c = float(centred(fx, fx)), float(centred(fy, fy)), float(centred(fx, fy))
    return bits(max(-1.0, min(1.0, c / (math.sqrt(a) * math.sqrt(b)))))


def expect_covariance(x, y):
    if any(not math.isfinite(v) for v in x + y):
        return "nan"
    n = len(x)
    return rounded(centred(list(map(Fraction, x)), list(map(Fraction, y))) / (n * (n - 1)))


def from_bits(value):
    return struct.unpack("<d", struct.pack("<Q", value))[0]


def finite(rng):
    while True:
        x = from_bits(rng.getrandbits(64))
        if math.isfinite(x):
            return x


def columns(rng, n):
    """name -> n values"""
    tie = [1.0, 2.0**-53] + [rng.choice([0.0, 2.0**-106, -(2.0**-106)]) for _ in range(n - 2)]
    pairs = [v for x in (finite(rng) for _ in range(n // 2)) for v in (x, -x)]
    rng.shuffle(pairs)
    near_max = [rng.choice([1, -1]) * rng.uniform(0.5, 1) * sys.float_info.max for _ in range(n)]
    specials = [rng.uniform(-1, 1) for _ in range(n)]
    specials[rng.randrange(n)] = rng.choice([math.nan, math.inf, -math.inf])
    specials[rng.randrange(n)] = rng.choice([1.0, math.inf, -math.inf])
    return {
        "fares": [round(rng.uniform(0.01, 250), 2) for _ in range(n)],
        "normal": [rng.gauss(0, 1) for _ in range(n)],
        "integers": [float(rng.randrange(-(10**6), 10**6)) for _ in range(n)],
        "longitudes": [rng.uniform(-74.3, -73.7) for _ in range(n)],
        "tiny": [rng.gauss(0, 1) * 1e-170 for _ in range(n)],
        "subnormal": [from_bits(rng.getrandbits(rng.randrange(1, 52)) | rng.getrandbits(1) << 63) for _ in range(n)],
        "huge": [rng.gauss(0, 1) * 1e150 for _ in range(n)],
        "any": [finite(rng) for _ in range(n)],
        "wide": [rng.gauss(0, 1) * 10.0 ** rng.randrange(-40, 40) for _ in range(n)],
        "cancelling": pairs + [5e-324] * (n - len(pairs)),
        "ties": tie[:n],
        "near_max": near_max,
        "all_max": [sys.float_info.max] * n,
        "constant": [0.1] * n,
        "zeros": [rng.choice([0.0, -0.0]) for _ in range(n)],
        "mostly_zero": [rng.choice([0.0, 0.0, 0.0, -0.0, 1e-3, 7.5]) for _ in range(n)],
        "outlier_first": [1e-200] + [rng.uniform(1, 2) for _ in range(n - 1)],
        "outlier_last": [rng.uniform(1, 2) for _ in range(n - 1)] + [1e200],
        "specials": specials,
    }


def requests(rng, rounds):
    for _ in range(rounds):
        n = rng.choice([2, 3, 5, 64, 65, 200, 777])
        data = columns(rng, n)
        for name, x in data.items():
            parts = rng.choice([1, 2, 3, 8])
            head = f"{rng.getrandbits(60)} {parts} {n}"
            lines = "\n".join(f"{struct.unpack('<Q', struct.pack('<d', v))[0]:x}" for v in x)
            yield f"sum.{name}", f"sum {head}\n{lines}", expect_sum(x)
            if n > 200:
                continue
            yield f"variance.{name}", f"variance {head}\n{lines}", expect_variance(x)
            other = rng.choice(sorted(data))
            y = [0.5 * a + rng.gauss(0, 1) for a in x] if rng.random() < 0.3 else data[other]
            both = "\n".join(
                f"{struct.unpack('<Q', struct.pack('<d', v))[0]:x} {struct.unpack('<Q', struct.pack('<d', w))[0]:x}"
                for v, w in zip(x, y)
            )
            expected = expect_corr(x, y)
            if name in ("fares", "normal", "longitudes") and other in ("fares", "normal", "integers"):
                plain = plain_corr(x, y) if expected not in ("null", "nan") else expected
                assert plain == expected, (name, other, plain, expected)
            yield f"corr.{name}", f"corr {head}\n{both}", f"{expected} {expect_covariance(x, y)}"


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().getrandbits(32)
    print("seed", seed)
    work = list(requests(random.Random(seed), 12))
    text = "\n".join(r for _, r, _ in work) + "\n"
    out = subprocess.run([sys.argv[1]], input=text, capture_output=True, text=True)
    answers = out.stdout.split("\n")[:-1]
    results = {}
    for at, (name, request, expected) in enumerate(work):
        got = answers[at] if at < len(answers) else "nothing"
        results.setdefault(name, []).append(None if got == expected else (request.split("\n")[0], got, expected))
    failed = 0
    for name in sorted(results):
        bad = [r for r in results[name] if r is not None]
        print(("not ok" if bad else "ok") + f" exact.{name}")
        failed += bool(bad)
        for item in bad[:3]:
            print("   ", *item)
    if len(answers) != len(work) or out.returncode != 0:
        print(f"not ok exact.program {len(answers)} answers for {len(work)} requests, exit {out.returncode}")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
