"""What do reads and writes of PCI configuration space do? (Intel's manual §4.1 and §6.3.3.)

The rows of `spec/pci.py` say which bits exist; here is how 256 bytes obey them. Every access is bounded: bytes outside
read 0 and ignore writes, as do reserved bits. What a write *means* for the card (bus mastering, D3, MSI) is told by the
properties below and acted on in `function.py`.
"""

from __future__ import annotations

from typing import Protocol

from glassnic.spec.bits import Bits, put, take
from glassnic.spec.pci import (
    COMMAND,
    CONFIG_BYTES,
    CONFIG_FIELDS,
    CONFIG_SPACE,
    D0,
    D3HOT,
    MSI_CONTROL,
    PMCSR,
    POWER_DATA,
    POWER_DATA_SCALED,
    STATUS,
)


class Identity(Protocol):
    """What a model's row says about its configuration space."""

    @property
    def device_id(self) -> int: ...
    @property
    def revision(self) -> int: ...
    @property
    def subsystem_vendor_id(self) -> int: ...
    @property
    def subsystem_id(self) -> int: ...


class ConfigSpace:
    """Type 0 configuration space of one card."""

    def __init__(self, identity: Identity) -> None:
        reset, writable, clears = bytearray(CONFIG_BYTES), bytearray(CONFIG_BYTES), bytearray(CONFIG_BYTES)
        for field in CONFIG_SPACE:
            value = getattr(identity, field.name.lower()) if field.reset is None else field.reset
            where = slice(field.offset, field.offset + field.width_bytes)
            reset[where] = value.to_bytes(field.width_bytes, "little")
            writable[where] = field.writable.to_bytes(field.width_bytes, "little")
            clears[where] = field.clears.to_bytes(field.width_bytes, "little")
        self._reset = bytes(reset)
        self._writable = bytes(writable)
        self._clears = bytes(clears)
        self._bytes = bytearray(reset)

    def reset(self) -> None:
        """RST#: every field takes its reset value. (PME context too: no auxiliary power, §6.3.3.)"""
        self._bytes[:] = self._reset

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; what lies beyond the 256 reads 0."""
        return bytes(self._bytes[offset : offset + length]).ljust(length, b"\0")

    def write(self, offset: int, data: bytes) -> None:
        """Store the writable bits; bits that a 1 clears are cleared."""
        state = self.power_state
        for at, byte in enumerate(data[: max(0, CONFIG_BYTES - offset)], offset):
            kept = self._bytes[at] & ~self._writable[at] & ~(byte & self._clears[at])
            self._bytes[at] = kept | (byte & self._writable[at])
        if self.power_state not in (D0, D3HOT):  # §6.3.3.4: an unsupported state is discarded
            self._set("PMCSR", PMCSR.POWER_STATE, state)
        select = self._take("PMCSR", PMCSR.DATA_SELECT)
        self._set("PMCSR", PMCSR.DATA_SCALE, int(select in POWER_DATA_SCALED))
        self._set("PM_DATA", Bits(0, 8), POWER_DATA.get(select, 0))

    def show_interrupt(self, pending: bool) -> None:
        """Let the status register tell whether INTA# would be asserted, INTX_DISABLE or not."""
        self._set("STATUS", STATUS.INTERRUPT, int(pending))

    def show_pme(self, status: bool) -> None:
        """Let PMCSR tell whether a frame has woken the card (§6.3.3.4)."""
        self._set("PMCSR", PMCSR.PME_STATUS, int(status))

    @property
    def pme_status(self) -> bool:
        """PMCSR.PME_Status: as shown last, unless software has cleared it since."""
        return self._take("PMCSR", PMCSR.PME_STATUS) == 1

    @property
    def decodes_memory(self) -> bool:
        """BAR0 answers: memory access enabled, and not asleep (§6.3.1.2)."""
        return self.power_state == D0 and self._take("COMMAND", COMMAND.MEM) == 1

    @property
    def decodes_io(self) -> bool:
        """The I/O window answers."""
        return self.power_state == D0 and self._take("COMMAND", COMMAND.IO) == 1

    @property
    def bus_master(self) -> bool:
        """The card may reach into guest memory."""
        return self.power_state == D0 and self._take("COMMAND", COMMAND.BM) == 1

    @property
    def intx_disabled(self) -> bool:
        """INTA# is held back."""
        return self._take("COMMAND", COMMAND.INTX_DISABLE) == 1

    @property
    def msi_enabled(self) -> bool:
        """Interrupts are messages, not the pin (§4.1.3)."""
        return self._take("MSI_CONTROL", MSI_CONTROL.ENABLE) == 1

    @property
    def power_state(self) -> int:
        """D0 or D3hot, as PMCSR numbers them."""
        return self._take("PMCSR", PMCSR.POWER_STATE)

    def _word(self, name: str) -> int:
        field = CONFIG_FIELDS[name]
        return int.from_bytes(self._bytes[field.offset : field.offset + field.width_bytes], "little")

    def _take(self, name: str, bits: Bits) -> int:
        return take(self._word(name), bits)

    def _set(self, name: str, bits: Bits, value: int) -> None:
        field = CONFIG_FIELDS[name]
        word = put(self._word(name), bits, value)
        self._bytes[field.offset : field.offset + field.width_bytes] = word.to_bytes(field.width_bytes, "little")
