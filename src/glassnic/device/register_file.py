"""What does a register hold? Storage for the window of BAR0, with each row's writable bits and reset value (§13.4).

Registers that only store need nothing else. Those that behave are wired in the switchboard of `nic.py`.
"""

from __future__ import annotations

from glassnic.spec.models import Model
from glassnic.spec.profiles import MANUAL, Traits
from glassnic.spec.registers import ALIAS_OF, BY_OFFSET, REGISTERS, WINDOW_BYTES, Access, Register, offsets

KEPT_BY_SOFT_RESET = ("PBA", "WUS", "WUPL", "WUPM", "WUC", "MTA", "VFTA", "PBM", "LEDCTL", "EECD", "MDIC")
"""What CTRL.RST leaves alone: the packet buffer's split (§13.4.16), wake-up (§14.7), tables called undefined."""

KEPT_BY_PCI_RESET = ("WUS", "WUPL", "WUPM")


class RegisterFile:
    """`registers[R.TCTL]` reads and writes storage; `store` is what a guest's write does."""

    def __init__(self, model: Model, traits: Traits = MANUAL) -> None:
        self.words = [0] * (WINDOW_BYTES // 4)
        self.writable = [0] * (WINDOW_BYTES // 4)
        self.present = {name: row for name, row in REGISTERS.items() if name not in model.absent | traits.absent}
        self.rows: dict[int, tuple[str, Register]] = {
            offset: BY_OFFSET[offset] for row in self.present.values() for offset in offsets(row)
        }
        patches = dict(traits.writable)
        for name, row in self.present.items():
            if row.access is Access.RW:
                for offset in offsets(row):
                    self.writable[offset >> 2] = patches.get(name, row.writable)
        self.reset(kept=())

    def __getitem__(self, row: Register) -> int:
        return self.words[row.offset >> 2]

    def __setitem__(self, row: Register, value: int) -> None:
        self.words[row.offset >> 2] = value

    def many(self, row: Register) -> list[int]:
        """All words of a register array."""
        return [self.words[offset >> 2] for offset in offsets(row)]

    def pair(self, low: Register, high: Register) -> int:
        """A 64-bit address held in two registers."""
        return self.words[high.offset >> 2] << 32 | self.words[low.offset >> 2]

    def store(self, offset: int, value: int) -> None:
        """Set the writable bits of the word at `offset`; the others stay."""
        index = offset >> 2
        writable = self.writable[index]
        self.words[index] = (value & writable) | (self.words[index] & ~writable)

    def own_offset(self, offset: int) -> int:
        """The register's own offset, given one of the 82542's places for it."""
        return ALIAS_OF.get(offset, offset)

    def reset(self, kept: tuple[str, ...] = KEPT_BY_SOFT_RESET) -> None:
        """Back to the reset values, but for the registers named in `kept`."""
        for name, row in self.present.items():
            if name not in kept:
                for offset in offsets(row):
                    self.words[offset >> 2] = row.reset
