"""What is the least card that a bus can drive? Registers that store, and an interrupt: causes, a mask, a line.

Tests of the layers below the card use it where the card itself would only be in the way.
"""

from __future__ import annotations

from glassnic.device.lookups import Lookups

ICR, ICS, IMS, IMC = 0x0C0, 0x0C8, 0x0D0, 0x0D8


class Wakeup:
    """Has it been woken?"""

    def __init__(self) -> None:
        self.pme = False

    def clear_pme(self) -> None:
        self.pme = False


class RegisterRam:
    """Implements `pci.function.Registers`; `accesses` keeps what reached it, in order."""

    def __init__(self) -> None:
        self.registers: dict[int, int] = {}
        self.accesses: list[tuple[str, int, int]] = []
        self.icr = self.ims = self.ioaddr = self.resets = 0
        self.bus_master = self.asleep = False
        self.wakeup = Wakeup()
        self.lookups: Lookups | None = None

    @property
    def interrupt(self) -> bool:
        return bool(self.icr & self.ims)

    def read(self, offset: int) -> int:
        assert offset % 4 == 0
        if offset == ICR:
            value, self.icr = self.icr, 0
        else:
            value = self.registers.get(offset, 0)
        self.accesses.append(("read", offset, value))
        return value

    def write(self, offset: int, value: int) -> None:
        assert offset % 4 == 0
        self.accesses.append(("write", offset, value))
        if offset == ICS:
            self.icr |= value
        elif offset == IMS:
            self.ims |= value
        elif offset == IMC:
            self.ims &= ~value
        else:
            self.registers[offset] = value

    def read_io(self, offset: int) -> int:
        return self.ioaddr if offset == 0 else self.read(self.ioaddr) if offset == 4 else 0

    def write_io(self, offset: int, value: int) -> None:
        if offset == 0:
            self.ioaddr = value
        elif offset == 4:
            self.write(self.ioaddr, value)

    def reset(self) -> None:
        self.registers.clear()
        self.icr = self.ims = self.ioaddr = 0
        self.resets += 1
