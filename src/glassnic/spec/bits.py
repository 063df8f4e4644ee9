"""How is a field read out of a word, and put into one? One declaration serves registers, descriptors, the jitted engine and the docs.

A word's fields are the members of a NamedTuple of `Bits`, so that jitted code takes them as constants and `take` compiles to
the shift one would have written by hand.
"""

from __future__ import annotations

from typing import NamedTuple


class Bits(NamedTuple):
    """A field of `width` bits whose lowest is bit `lo`."""

    lo: int
    width: int = 1

    @property
    def mask(self) -> int:
        """The field's bits, in place in the word."""
        return ((1 << self.width) - 1) << self.lo


def take(word: int, bits: Bits) -> int:
    """The value of a field. `word` is not negative."""
    return (word >> bits.lo) & ((1 << bits.width) - 1)


def put(word: int, bits: Bits, value: int) -> int:
    """The word with the field set to `value`, cut to the field's width."""
    mask = (1 << bits.width) - 1
    return (word & ~(mask << bits.lo)) | ((value & mask) << bits.lo)
