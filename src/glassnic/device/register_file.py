"""What does a register hold? Storage for the window of BAR0, with each row's writable bits and reset value (§13.4).

Registers that only store need nothing else. Those that behave are wired in the switchboard of `nic.py`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassnic.spec.models import Model
from glassnic.spec.profiles import MANUAL, Traits
from glassnic.spec.registers import ALIAS_OF, BY_OFFSET, REGISTERS, WINDOW_BYTES, Access, Register, offsets

_Value = TypeVar("_Value")

KEPT_BY_SOFT_RESET = ("PBA", "WUS", "WUPL", "WUPM", "WUC", "MTA", "VFTA", "PBM", "LEDCTL", "EECD", "MDIC")
"""What CTRL.RST leaves alone: the packet buffer's split (§13.4.16), wake-up (§14.7), tables called undefined."""

KEPT_BY_PCI_RESET = ("WUS", "WUPL", "WUPM")


class _Layout(NamedTuple):
    """What never changes: the rows there are, and for each word of the window its writable bits and reset value.

    `rows` has those too that the profile leaves out of `present`: they are the part's, and no driver errs that asks.
    """

    present: dict[str, Register]
    rows: dict[int, tuple[str, Register]]
    writable: list[int]
    first: list[int]


@cache
def _layout(model: Model, traits: Traits) -> _Layout:
    """Made once for all cards of a kind, for the window has 32768 words."""
    parts = {name: row for name, row in REGISTERS.items() if name not in model.absent}
    present = {name: row for name, row in parts.items() if name not in traits.absent}
    rows = {offset: BY_OFFSET[offset] for row in parts.values() for offset in offsets(row)}
    writable, first = [0] * (WINDOW_BYTES // 4), [0] * (WINDOW_BYTES // 4)
    patches = dict(traits.writable)
    for name, row in present.items():
        first[_span(row)] = [row.reset] * row.number
        if row.access is Access.RW:
            writable[_span(row)] = [patches.get(name, row.writable)] * row.number
    return _Layout(present, rows, writable, first)


def by_offset(board: dict[Register, _Value]) -> dict[int, _Value]:
    """The board spread over every offset of each register."""
    return {offset: value for row, value in board.items() for offset in offsets(row)}


def _span(row: Register) -> slice:
    """Where the words of a register or register array lie."""
    return slice(row.offset >> 2, (row.offset + row.number * row.stride) >> 2, row.stride >> 2)


class RegisterFile:
    """`registers[R.TCTL]` reads and writes storage; `store` is what a guest's write does."""

    def __init__(self, model: Model, traits: Traits = MANUAL) -> None:
        self.present, self.rows, self.writable, self._first = _layout(model, traits)
        self.numbers: NDArray[np.int64] = np.array(self._first, np.int64)
        self.words = self.numbers.data
        """The same: plain Python reads and writes them sooner so."""

    def __getitem__(self, row: Register) -> int:
        return self.words[row.offset >> 2]

    def __setitem__(self, row: Register, value: int) -> None:
        self.words[row.offset >> 2] = value

    def many(self, row: Register) -> list[int]:
        """All words of a register array."""
        words: list[int] = self.words[_span(row)].tolist()
        return words

    def pair(self, low: Register, high: Register) -> int:
        """A 64-bit address held in two registers."""
        return self.words[high.offset >> 2] << 32 | self.words[low.offset >> 2]

    def store(self, offset: int, value: int) -> None:
        """Set the writable bits of the word at `offset`; the others stay."""
        index = offset >> 2
        writable = self.writable[index]
        self.words[index] = (value & writable) | (self.words[index] & ~writable)

    def keep(self, row: Register, value: int) -> None:
        """Set the bits that software cannot write."""
        index = row.offset >> 2
        writable = self.writable[index]
        self.words[index] = (self.words[index] & writable) | (value & ~writable)

    def own_offset(self, offset: int) -> int:
        """The register's own offset, given one of the 82542's places for it."""
        return ALIAS_OF.get(offset, offset)

    def reset(self, kept: tuple[str, ...] = KEPT_BY_SOFT_RESET) -> None:
        """Back to the reset values, but for the registers named in `kept`."""
        fresh = np.array(self._first, np.int64)
        for row in (self.present[name] for name in kept if name in self.present):
            fresh[_span(row)] = self.numbers[_span(row)]
        self.numbers[:] = fresh
