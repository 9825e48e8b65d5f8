"""Writes rounding.json: float instructions of PTX on chosen and random operands, computed in fractions and rounded once.

Run: python generate.py > rounding.json. Nothing but Python's own library is needed.
"""

import json
import random
from fractions import Fraction
from struct import pack, unpack

# Significant bits, exponents of the smallest normal and the largest number, bits in all.
FORMATS = {"f16": (11, -14, 15, 16), "bf16": (8, -126, 127, 16), "f32": (24, -126, 127, 32), "f64": (53, -1022, 1023, 64)}


def decode(bits, name):
    precision, least, _, width = FORMATS[name]
    fraction_bits = precision - 1
    exponent = (bits >> fraction_bits) & ((1 << (width - 1 - fraction_bits)) - 1)
    fraction = bits & ((1 << fraction_bits) - 1)
    significand = fraction if exponent == 0 else fraction | 1 << fraction_bits
    value = Fraction(significand) * Fraction(2) ** (least - fraction_bits + max(exponent, 1) - 1)
    return -value if bits >> (width - 1) else value


def encode(value, name, mode):
    """The bits of a nonzero number, rounded: to nearest even, toward zero, down or up."""
    precision, least, most, width = FORMATS[name]
    sign = 1 if value < 0 else 0
    magnitude = abs(value)
    exponent = least
    while magnitude >= Fraction(2) ** (exponent + 1):
        exponent += 1
    unit = Fraction(2) ** (exponent - precision + 1)
    whole, rest = divmod(magnitude, unit)
    away = {"rn": rest > unit / 2 or (rest == unit / 2 and whole % 2 == 1), "rz": False,
            "rm": rest > 0 and sign == 1, "rp": rest > 0 and sign == 0}[mode]  # fmt: skip
    whole += away
    largest = ((1 << (width - precision)) - 1 << (precision - 1)) - 1
    # A normal number's hidden bit carries into the exponent.
    bits = int(whole) + (exponent - least << (precision - 1))
    if bits > largest:
        finite = mode == "rz" or (mode == "rm" and sign == 0) or (mode == "rp" and sign == 1)
        bits = largest if finite else largest + 1
    return bits | sign << (width - 1)


def finite(name, rng, spread):
    """Bits of a random number with an exponent around that of 1, or of any number."""
    precision, least, most, width = FORMATS[name]
    fraction_bits = precision - 1
    bias = most
    exponent = rng.randint(max(1, bias - spread), min(2 * bias, bias + spread))
    return rng.getrandbits(1) << (width - 1) | exponent << fraction_bits | rng.getrandbits(fraction_bits)


def f32(value):
    return unpack("<I", pack("<f", value))[0]


def cases(name, count, rng):
    """Operands whose sums cancel, fall halfway between two numbers, or leave the normal range."""
    rows = [[finite(name, rng, spread) for _ in range(count)] for spread in (2, 2, 8, 24, 24, 126) for _ in range(16)]
    if name == "f32" and count == 3:
        for _ in range(24):
            # An odd product of 25 bits lies halfway; the sum is moved off it by far less than a double's last bit.
            odd = rng.randrange(2**23 + 1, 2**24, 2)
            for tiny in (2.0**-80, -(2.0**-80), 0.5, -0.5):
                rows.append([f32(3.0 if odd * 3 < 2**25 else 2.5), f32(float(odd)), f32(tiny)])
            # The product cancels but for its lower half.
            a, b = finite(name, rng, 3), finite(name, rng, 3)
            rows.append([a, b, encode(-decode(a, name) * decode(b, name), name, "rn")])
            # Subnormal results.
            small = [finite(name, rng, 2), rng.randrange(1, 2**27), rng.randrange(1, 2**24)]
            rows.append(small)
    return rows


def main():
    rng = random.Random(1)
    out = {}

    def add(opcode, name, count, compute, mode, result=None):
        rows = []
        for row in cases(name, count, rng):
            exact = compute(*[decode(bits, name) for bits in row])
            if exact == 0:
                continue
            rows.append([f"{bits:x}" for bits in [*row, encode(exact, result or name, mode)]])
        out[opcode] = rows

    for mode in ("rn", "rz", "rm", "rp"):
        add(f"fma.{mode}.f32", "f32", 3, lambda a, b, c: a * b + c, mode)
        add(f"add.{mode}.f32", "f32", 2, lambda a, b: a + b, mode)
        add(f"sub.{mode}.f32", "f32", 2, lambda a, b: a - b, mode)
        add(f"mul.{mode}.f32", "f32", 2, lambda a, b: a * b, mode)
        add(f"cvt.{mode}.f32.f64", "f64", 1, lambda a: a, mode, "f32")
    add("div.rn.f32", "f32", 2, lambda a, b: a / b, "rn")
    add("rcp.rn.f32", "f32", 1, lambda a: 1 / a, "rn")
    add("fma.rn.f64", "f64", 3, lambda a, b, c: a * b + c, "rn")
    for name in ("f16", "bf16"):
        add(f"fma.rn.{name}", name, 3, lambda a, b, c: a * b + c, "rn")
        for mode in ("rn", "rz"):
            add(f"cvt.{mode}.{name}.f32", "f32", 1, lambda a: a, mode, name)
    add("add.f16", "f16", 2, lambda a, b: a + b, "rn")
    add("mul.f16", "f16", 2, lambda a, b: a * b, "rn")
    add("cvt.f32.f16", "f16", 1, lambda a: a, "rn", "f32")
    add("cvt.f32.bf16", "bf16", 1, lambda a: a, "rn", "f32")
    lines = ",\n".join(f'"{name}": {json.dumps(rows, separators=(",", ":"))}' for name, rows in out.items())
    print("{\n" + lines + "\n}")


main()
