"""Shortest float text against Python's repr (and NumPy's for float32): argv[1] is the float_text program."""

import random
import struct
import subprocess
import sys


def doubles(rng, count):
    fixed = [0, 1 << 63, 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000]
    fixed += [(e << 52) + d for e in range(1, 2047) for d in (-1, 0, 1)]
    for x in (0.1, 1 / 3, 1e16, 1e15, 9999999999999998.0, 1e-4, 1e-5, 9.999e-5, 5e-324, 123456789.125, 1e22, 1e23, 100000.0, 99999.0, 2.0**-44):
        fixed.append(struct.unpack("<Q", struct.pack("<d", x))[0])
    fixed += [rng.getrandbits(64) for _ in range(count)]
    for _ in range(count):
        x = rng.randrange(10 ** rng.randrange(1, 18)) / 10 ** rng.randrange(0, 20)
        fixed.append(struct.unpack("<Q", struct.pack("<d", x))[0])
    return fixed


def python_text(bits):
    x = struct.unpack("<d", struct.pack("<Q", bits))[0]
    text = repr(x)
    return text[:-2] if text.endswith(".0") else text


def float32_text(bits, numpy):
    x = numpy.uint32(bits).view(numpy.float32)
    if not numpy.isfinite(x):
        return str(x).replace("-nan", "nan")
    digits = numpy.format_float_scientific(x, unique=True, trim="-")
    mantissa, exponent = digits.split("e")
    # NumPy's layout differs from repr's: only its digits are the oracle.
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole = mantissa.replace(".", "")
    e = int(exponent)
    if whole.strip("0") == "":
        return sign + "0"
    if e >= 16 or e < -4:
        return f"{sign}{whole[0]}{'.' + whole[1:] if len(whole) > 1 else ''}e{'-' if e < 0 else '+'}{abs(e):02d}"
    if e < 0:
        return sign + "0." + "0" * (-e - 1) + whole
    if len(whole) <= e + 1:
        return sign + whole + "0" * (e + 1 - len(whole))
    return sign + whole[: e + 1] + "." + whole[e + 1 :]


def compare(name, program, lines, expected):
    out = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    bad = [(l, o, e) for l, o, e in zip(lines, out, expected) if o != e]
    good = not bad and len(out) == len(expected)
    print(("ok " if good else "not ok ") + name)
    for item in bad[:10]:
        print("   ", *item)
    return good


def main():
    seed = random.SystemRandom().getrandbits(32) if len(sys.argv) < 3 else int(sys.argv[2])
    print("seed", seed)
    rng = random.Random(seed)
    bits = doubles(rng, 40000)
    good = compare("float_text.f64", sys.argv[1], [f"d {b:x}" for b in bits], [python_text(b) for b in bits])
    try:
        import numpy
    except ImportError:
        print("skip float_text.f32: NumPy is missing")
    else:
        bits = [(e << 23) + d for e in range(1, 255) for d in (-1, 0, 1)] + [rng.getrandbits(32) for _ in range(20000)]
        good &= compare("float_text.f32", sys.argv[1], [f"f {b:x}" for b in bits], [float32_text(b, numpy) for b in bits])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
