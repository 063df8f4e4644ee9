"""How do bus accesses reach the card's registers, and its interrupt the bus? (Intel's manual §4.1, §6.3, §13.2.)

A transport brings reads and writes of regions (BAR0, the I/O window, configuration space) in bytes; the card knows
dwords. Rules kept here:
- A read narrower than a dword reads the dword, side effects and all, and takes its bytes out of it.
- A write narrower than a dword is dropped and counted: the registers latch only whole dwords (§13.2.2.1 says it of the
  I/O window; for memory the manual asks for dwords, and Intel's engineers report that nothing else latches).
- Eight bytes are two dwords, low one first, as the pairs RAL/RAH allow (§13.5.2).
- Asleep (D3) or with decoding off, the card does not answer: reads are all ones, writes vanish.
- MSI replaces the pin (§4.1.3); both follow the one level `nic.interrupt`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from glassnic.device.lookups import Lookups
from glassnic.pci.config import ConfigSpace, Identity
from glassnic.spec.pci import BAR0_BYTES, CONFIG_BYTES, D0, D3HOT, IO_BYTES

BAR0, IO, CONFIG = 0, 2, 7
"""Regions, numbered as VFIO does: BARs 0 to 5, 6 the ROM, 7 configuration space."""

REGION_BYTES = {BAR0: BAR0_BYTES, IO: IO_BYTES, CONFIG: CONFIG_BYTES}
"""The regions that exist, with their sizes."""

DWORD = 4
ALL_ONES = 0xFFFF_FFFF


class Waking(Protocol):
    """What has woken the card."""

    pme: bool

    def clear_pme(self) -> None: ...


class Registers(Protocol):
    """What a card shows to its bus."""

    bus_master: bool
    asleep: bool

    @property
    def wakeup(self) -> Waking: ...
    @property
    def lookups(self) -> Lookups | None: ...
    @property
    def interrupt(self) -> bool: ...
    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def read_io(self, offset: int) -> int: ...
    def write_io(self, offset: int, value: int) -> None: ...
    def reset(self) -> None: ...


class PciFunction:
    """One card on a bus. `dropped_writes` counts writes that were not whole dwords."""

    def __init__(self, nic: Registers, identity: Identity) -> None:
        self.nic = nic
        self.config = ConfigSpace(identity)
        self.dropped_writes = 0
        self._obey_config()

    def reset(self) -> None:
        """RST#: configuration space and card as after power-on; the EEPROM keeps its content (§14.7)."""
        self.config.reset()
        self.nic.reset()
        self._obey_config()

    def read(self, region: int, offset: int, length: int) -> bytes:
        """`length` bytes of a region that exists, from within its size."""
        if region == BAR0:
            return _read_dwords(self.read_dword, offset, length)
        if region == IO:
            return _read_dwords(self.nic.read_io, offset, length) if self.config.decodes_io else b"\xff" * length
        self.config.show_interrupt(self.nic.interrupt and not self.msi_enabled)
        self.config.show_pme(self.nic.wakeup.pme)
        return self.config.read(offset, length)

    def read_dword(self, offset: int) -> int:
        """A register: the aligned dword at `offset` of BAR0."""
        return self.nic.read(offset) if self._decodes_memory else ALL_ONES

    @property
    def lookups(self) -> Lookups | None:
        """What need not be asked with `read_dword` (`device/lookups.py`)."""
        return self.nic.lookups if self._decodes_memory else None

    def write_dword(self, offset: int, value: int) -> None:
        """Write a register: the aligned dword at `offset` of BAR0."""
        if self._decodes_memory:
            self.nic.write(offset, value)

    def write(self, region: int, offset: int, data: bytes | memoryview) -> None:
        """Write `data` to a region that exists, within its size."""
        if region == CONFIG:
            self._write_config(offset, bytes(data))
        elif len(data) % DWORD or offset % DWORD:
            self.dropped_writes += 1
        elif region == BAR0 and self._decodes_memory:
            for at in range(0, len(data), DWORD):
                self.nic.write(offset + at, int.from_bytes(data[at : at + DWORD], "little"))
        elif region == IO and self.config.decodes_io:
            for at in range(0, len(data), DWORD):
                self.nic.write_io(offset + at, int.from_bytes(data[at : at + DWORD], "little"))

    @property
    def intx(self) -> bool:
        """INTA# is asserted."""
        return self.nic.interrupt and self._pin_enabled

    @property
    def msi(self) -> bool:
        """An interrupt is wanted and messages carry it: each rise is one message (§4.1.3)."""
        return self.msi_enabled and self.nic.interrupt

    def _write_config(self, offset: int, data: bytes) -> None:
        was = self.config.power_state
        self.config.show_pme(self.nic.wakeup.pme)
        self.config.write(offset, data)
        if self.nic.wakeup.pme and not self.config.pme_status:
            self.nic.wakeup.clear_pme()
        if was == D3HOT and self.config.power_state == D0:
            self.nic.reset()  # §6.3.1.2: waking is like RST# for the card, but configuration space stays
        self._obey_config()

    def _obey_config(self) -> None:
        """Keep what each register access asks as plain attributes: configuration changes seldom."""
        config = self.config
        awake = config.power_state == D0
        self._decodes_memory = config.decodes_memory
        self.msi_enabled = awake and config.msi_enabled
        self._pin_enabled = awake and not config.msi_enabled and not config.intx_disabled
        self.nic.bus_master = config.bus_master
        self.nic.asleep = not awake


def _read_dwords(read: Callable[[int], int], offset: int, length: int) -> bytes:
    """The bytes of all dwords touched, cut to those asked for."""
    start = offset & ~3
    run = b"".join(read(at).to_bytes(4, "little") for at in range(start, offset + length, DWORD))
    return run[offset - start : offset - start + length]
