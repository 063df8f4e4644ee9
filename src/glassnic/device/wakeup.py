"""Which frame wakes the system? A magic packet, or what WUFC asks for; the first one is kept (§6.4, §13.6).

Rules kept here:
- A frame must pass the address filters first; a magic packet to everybody passes them even with RCTL.BAM=0 (§6.4.3).
- APM (WUC.APME) listens for magic packets in every power state; the filters of WUFC only while asleep.
- Once a frame woke, nothing does until software clears WUS (§6.4.2).
- PME_Status is here and in PCI configuration space: `pme` is for the PCI layer to show, `clear_pme` for it to call.
  No transport of ours carries PME#.
"""

from __future__ import annotations

from collections.abc import Callable

from glassnic.device.core import Core
from glassnic.device.filters import exact_addresses
from glassnic.device.receive import HASH_SHIFTS
from glassnic.device.register_file import RegisterFile
from glassnic.spec.bits import Bits, put, take
from glassnic.spec.fields import CTRL, RCTL, WAKE, WUC
from glassnic.spec.registers import R
from glassnic.wire.ethernet import ARP, BROADCAST, HEADER_BYTES, IPV4, IPV6, is_multicast

KEPT_BYTES, LONGEST_LENGTH = 128, 0x7FF
"""WUPM keeps the start of the frame, WUPL its length as far as 11 bits go (§13.6.7, §13.6.8)."""

MAGIC_SYNC, MAGIC_COPIES = b"\xff" * 6, 16
ARP_REQUEST = bytes.fromhex("0001080006040001")
"""Ethernet, IPv4, their address lengths, operation 1."""
IPV6_VALID = 16
"""The bit of IPAV for the one IPv6 address; bits 3:0 are for the IPv4 addresses (§13.6.4, recalled)."""


class Wakeup:
    """WUC, WUS and the kept frame. The tables it compares with only store."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.pme = False

    def reset(self) -> None:
        """Power on, or RST#: there is no auxiliary power that would keep PME_Status (§6.3.3)."""
        self.clear_pme()

    def clear_pme(self) -> None:
        """Software cleared PME_Status, here or in PMCSR."""
        self._show(False)

    def write_control(self, value: int) -> None:
        """A write of WUC: a 1 to PME_Status clears it, a 0 leaves it (§13.6.1)."""
        self._show(self.pme and not take(value, WUC.PME_Status))

    def write_status(self, value: int) -> None:
        """A write of WUS: each 1 clears its bit (§13.6.3)."""
        self.core.registers[R.WUS] &= ~value

    def examine(self, frame: bytes, asleep: bool) -> bool:
        """A frame of the wire, without FCS: True if it wakes."""
        registers = self.core.registers
        magic = is_magic(registers, frame)
        if len(frame) < HEADER_BYTES or not _passes(registers, frame, magic):
            return False
        reasons = WAKE.MAG.mask if magic and take(registers[R.WUC], WUC.APME) else 0
        if asleep:
            matching = (bits.mask for bits, matches in FILTERS if matches(registers, frame))
            reasons |= registers[R.WUFC] & (sum(matching) | flexible_matches(registers, frame) << WAKE.FLX.lo)
        return self._wake(reasons, frame)

    def link_changed(self, asleep: bool) -> bool:
        """The link went up or down: True if that wakes."""
        return asleep and self._wake(self.core.registers[R.WUFC] & WAKE.LNKC.mask, b"")

    def _wake(self, reasons: int, frame: bytes) -> bool:
        registers = self.core.registers
        if not reasons or registers[R.WUS]:
            return False
        registers[R.WUS] = reasons
        if frame:
            registers[R.WUPL] = min(len(frame), LONGEST_LENGTH)
            kept = frame[:KEPT_BYTES].ljust(KEPT_BYTES, b"\0")
            for at in range(0, KEPT_BYTES, 4):
                registers.words[(R.WUPM.offset + at) >> 2] = int.from_bytes(kept[at : at + 4], "little")
        self._show(True)
        return True

    def _show(self, pme: bool) -> None:
        self.pme = pme
        self.core.registers[R.WUC] = put(self.core.registers[R.WUC], WUC.PME_Status, pme)


def _passes(registers: RegisterFile, frame: bytes, magic: bool) -> bool:
    """The address filters of the receiver (§3.2.1), one frame at a time."""
    control = registers[R.RCTL]
    if is_exact(registers, frame):
        return True
    if not is_multicast(frame):
        return bool(take(control, RCTL.UPE))
    if is_broadcast(registers, frame) and (magic or take(control, RCTL.BAM)):
        return True
    index = (int.from_bytes(frame[4:6], "little") >> HASH_SHIFTS[take(control, RCTL.MO)]) & 0xFFF
    return bool(take(control, RCTL.MPE) or registers.many(R.MTA)[index >> 5] >> (index & 31) & 1)


# What each filter of WUFC looks for (§6.4.3)


def is_magic(registers: RegisterFile, frame: bytes) -> bool:
    """Six times FFh and 16 times the station's address, anywhere."""
    station = registers.pair(R.RAL, R.RAH).to_bytes(8, "little")[:6]
    return MAGIC_SYNC + station * MAGIC_COPIES in frame


def is_exact(registers: RegisterFile, frame: bytes) -> bool:
    """To one of the 16 exact addresses; entries that compare the source do not count (inferred)."""
    return int.from_bytes(frame[:6], "little") in exact_addresses(registers)[:, 0]


def is_group(registers: RegisterFile, frame: bytes) -> bool:
    return is_multicast(frame) and not is_broadcast(registers, frame)


def is_broadcast(registers: RegisterFile, frame: bytes) -> bool:
    return frame[:6] == BROADCAST


def asks_for_us(registers: RegisterFile, frame: bytes) -> bool:
    """An ARP request for one of the IPv4 addresses."""
    packet = _packet(registers, frame, ARP)
    return packet.startswith(ARP_REQUEST) and packet[24:28] in ipv4_addresses(registers)


def is_our_ipv4(registers: RegisterFile, frame: bytes) -> bool:
    return _packet(registers, frame, IPV4)[16:20] in ipv4_addresses(registers)


def is_our_ipv6(registers: RegisterFile, frame: bytes) -> bool:
    address = b"".join(word.to_bytes(4, "little") for word in registers.many(R.IP6AT))
    return bool(registers[R.IPAV] >> IPV6_VALID & 1) and _packet(registers, frame, IPV6)[24:40] == address


FILTERS: tuple[tuple[Bits, Callable[[RegisterFile, bytes], bool]], ...] = (
    (WAKE.MAG, is_magic),
    (WAKE.EX, is_exact),
    (WAKE.MC, is_group),
    (WAKE.BC, is_broadcast),
    (WAKE.ARP, asks_for_us),
    (WAKE.IPv4, is_our_ipv4),
    (WAKE.IPv6, is_our_ipv6),
)


def flexible_matches(registers: RegisterFile, frame: bytes) -> int:
    """Bits 3:0: the flexible filters whose length the frame reaches without a byte that differs (§13.6.9 to §13.6.11).

    A length of 0 is a filter that is off (inferred).
    """
    masks, values = registers.many(R.FFMT), registers.many(R.FFVT)
    matching = 0
    for lane, length in enumerate(registers.many(R.FFLT)):
        compared = [at for at in range(min(length, KEPT_BYTES)) if masks[at] >> lane & 1]
        if len(frame) >= length > 0 and all(frame[at] == values[at] >> 8 * lane & 0xFF for at in compared):
            matching |= 1 << lane
    return matching


def ipv4_addresses(registers: RegisterFile) -> list[bytes]:
    """The valid ones; a register holds an address as it goes over the wire, first byte lowest (§13.6.5, inferred)."""
    table = enumerate(registers.many(R.IP4AT))
    return [address.to_bytes(4, "little") for index, address in table if registers[R.IPAV] >> index & 1]


def _packet(registers: RegisterFile, frame: bytes, ethertype: int) -> bytes:
    """What follows the ethertype, if it is this one; a VLAN tag before it is skipped in VLAN mode (§9.2)."""
    start = 12
    if take(registers[R.CTRL], CTRL.VME) and frame[start : start + 2] == (registers[R.VET] & 0xFFFF).to_bytes(2, "big"):
        start += 4
    return frame[start + 2 :] if frame[start : start + 2] == ethertype.to_bytes(2, "big") else b""
