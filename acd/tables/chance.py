"""
Chance from a seed, in whole numbers, so that every machine draws the same.

The generator is SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014): the n-th draw needs no state but n.
"""

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_BITS = 64
FRACTION_BITS = 32
"""An exponential draw is told in parts of 2 to the 32nd."""


def bits(seed: int, draw: int) -> int:
    """Return 64 bits of chance: the `draw`-th of those that the seed has."""
    mixed = (seed + draw * _GOLDEN) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def exponential(seed: int, draw: int) -> int:
    """
    Return an exponentially distributed draw, of mean `2**FRACTION_BITS / ln 2`.

    The least of several such draws, each divided by its weight, is one's in proportion to his
    weight; and by how much the others' are greater is so distributed again. So the others keep
    theirs, and who comes back draws anew from the least one on, as clocks that race.
    """
    value = bits(seed, draw) | 1
    whole = value.bit_length() - 1
    # the binary logarithm of value / 2**whole, bit by bit, by squaring
    mantissa = value << (_BITS - 1 - whole)
    fraction = 0
    for _ in range(FRACTION_BITS):
        mantissa = (mantissa * mantissa) >> (_BITS - 1)
        fraction <<= 1
        if mantissa >> _BITS:
            mantissa >>= 1
            fraction |= 1
    return ((_BITS - whole) << FRACTION_BITS) - fraction
