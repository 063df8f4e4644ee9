"""How are registers reached by I/O? IOADDR names one, and IODATA is it (§13.2.2). The Linux driver resets so.

What lies beyond the registers reads 0; the flash, which is not there, reads all ones.
"""

from __future__ import annotations

from collections.abc import Callable

from glassnic.spec.profiles import Traits
from glassnic.spec.registers import WINDOW_BYTES

ALL_ONES = 0xFFFF_FFFF
IOADDR, IODATA = 0, 4
IOADDR_BITS = 0xF_FFFF
FLASH_WINDOW = range(0x80000, 0x100000)


class IoWindow:
    """The I/O BAR. `read` and `write` are those of BAR0."""

    def __init__(self, read: Callable[[int], int], write: Callable[[int, int], None], traits: Traits) -> None:
        self._read, self._write = read, write
        self._bits = IOADDR_BITS * traits.io_bar
        self._reached = WINDOW_BYTES * traits.io_bar
        self.reset()

    def reset(self) -> None:
        """As RST# leaves it."""
        self._address = 0

    def read(self, offset: int) -> int:
        """The 32 bits at byte `offset` of the BAR."""
        if offset == IOADDR:
            return self._address
        if offset != IODATA:
            return 0
        if self._address in FLASH_WINDOW:
            return ALL_ONES
        return self._read(self._address & ~3) if self._address < self._reached else 0

    def write(self, offset: int, value: int) -> None:
        """Write 32 bits at byte `offset` of the BAR."""
        if offset == IOADDR:
            self._address = value & self._bits  # §13.2.2.1: bits 31:20 read 0
        elif offset == IODATA and self._address < self._reached:
            self._write(self._address & ~3, value)
