"""Which reads of registers can be answered by whoever sees what is stored? Most: a read only looks, or clears besides.

And what may be left to be done until those who wait have their answers? That a read of ICR clears it, and posted writes
that a read of STATUS does not depend on: drivers read it to know that what they wrote before has arrived. No chapter of
the manual; each is exactly what `Nic.read` and `Nic.write` do.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassnic.spec.registers import WINDOW_BYTES, R

LOOKED_UP, STEADY, WAITS, TAKEN = 1, 2, 4, 8
"""Kinds of registers, as bits: a read only looks; nothing that waits changes it; a posted write of it may wait; a read
takes what it finds, and that it does so may wait."""
OVERTAKEN = (R.IMS, R.IMC, R.TDT, R.RDT)
"""What drivers write just before they read STATUS."""


class Lookups(NamedTuple):
    """The registers by number of their dword: what is stored, and what kinds they are of."""

    words: NDArray[np.int64]
    kinds: NDArray[np.uint8]


def kinds_of(offsets: Iterable[int], asked: Container[int]) -> NDArray[np.uint8]:
    """The kinds of the registers at these offsets; of those in `asked` a read is more than a look."""
    kinds = np.zeros(WINDOW_BYTES // 4, np.uint8)
    for offset in offsets:
        kinds[offset >> 2] = LOOKED_UP if offset not in asked else 0
    kinds[R.STATUS.offset >> 2] = LOOKED_UP | STEADY
    kinds[R.ICR.offset >> 2] = TAKEN
    for row in OVERTAKEN:
        kinds[row.offset >> 2] |= WAITS
    return kinds
