"""Writes lib/base/pow10.c: the leading 128 bits of 10^e for e = -342 ... 324, cut."""

from fractions import Fraction

LOW, HIGH = -342, 324


def leading(e):
    value = Fraction(10) ** e
    scale = 127 - (value.numerator.bit_length() - value.denominator.bit_length())
    for s in (scale - 1, scale, scale + 1):
        bits = value.numerator * 2 ** max(s, 0) // (value.denominator * 2 ** max(-s, 0))
        if bits.bit_length() == 128:
            return bits >> 64, bits & (2**64 - 1)
    raise AssertionError(e)


def main():
    print('#include "base/pow10.h"\n\n/* clang-format off */')
    print("const mill_pow10 mill_pow10_table[MILL_POW10_MAX - MILL_POW10_MIN + 1] = {")
    cells = ["{0x%016X, 0x%016X}," % leading(e) for e in range(LOW, HIGH + 1)]
    for at in range(0, len(cells), 2):
        print("\t" + " ".join(cells[at : at + 2]))
    print("};")


if __name__ == "__main__":
    main()
