"""How does the card count? The statistics of §13.7: read-clear, 32 bits that stick at all ones, four of them 64 bits
in two halves.

The counts live in one int64 array so that jitted code can add to them; `INDEX` says where each is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.spec.registers import REGISTERS, Access

_PAIRS = {"GORCL": "GORC", "GOTCL": "GOTC", "TORL": "TOR", "TOTL": "TOT"}
_PAIRS |= {name[:-1] + "H": pair for name, pair in _PAIRS.items()}

INDEX: dict[str, int] = {}
for _name, _row in REGISTERS.items():
    if _row.access in (Access.RC, Access.LOW):
        INDEX[_PAIRS.get(_name, _name)] = len(INDEX)


class Statistics:
    """The counts and what reading them does."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(len(INDEX), np.int64)
        self._taken = np.zeros_like(self.counts)
        """What reads and resets have cleared so far."""

    def __getitem__(self, name: str) -> int:
        """A count by its register's name (64-bit pairs without the L or H), not cleared."""
        return int(self.counts[INDEX[name]])

    def totals(self) -> dict[str, int]:
        """Every count since the card was made, whatever software has read and cleared meanwhile."""
        return dict(zip(INDEX, (self.counts + self._taken).tolist(), strict=True))

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[INDEX[name]] += amount

    def read(self, name: str) -> int:
        """What a guest's read of the register `name` returns, and clears (§13.7.31)."""
        access = REGISTERS[name].access
        index = INDEX[_PAIRS.get(name, name)]
        count = int(self.counts[index])
        if access is Access.LOW:
            return count & 0xFFFF_FFFF
        self.counts[index] = 0
        self._taken[index] += count
        return count >> 32 if access is Access.HIGH else min(count, 0xFFFF_FFFF)

    def reset(self) -> None:
        self._taken += self.counts
        self.counts[:] = 0
