"""What does the plainest card make of a packet? Checksums and header fields, in bytes and integers, clarity first.

Written from the manual (§3.3.3.1 legacy sums, §3.5.8 and §3.6 checksums, §3.5.9 segments), not from the engine. It is
the packet's half of the slow twin that the tests hold against the engine, and what `against.py` asks how another
profile would have sent a frame. Each trait that changes bytes has its one use here; tag, padding and FCS come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from glassnic.spec.bits import Bits, put, take
from glassnic.spec.descriptors import RANGES, TX_CONTEXT, TX_DATA
from glassnic.spec.profiles import Traits
from glassnic.wire.checksum import checksum

FIN, PSH = 0x01, 0x08


class Context(NamedTuple):
    """A context as loaded: the descriptor's two quadwords (§3.3.6); zeros after a reset (inferred)."""

    ranges: int = 0
    command: int = 0

    def range(self, bits: Bits) -> int:
        return take(self.ranges, bits)

    def field(self, bits: Bits) -> int:
        return take(self.command, bits)


@dataclass
class PlainCard:
    """Works on frames in place. `first` and `last`: second quadwords of a packet's first and last data descriptor."""

    traits: Traits
    ipv6: int
    """Does this part know IPv6? Of `spec/models.py`."""
    findings: list[str] = field(default_factory=list)
    """Names of the events that tell of what could not be done."""
    stored: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """The sums that were put in: first and last byte, place, what stood there, what stands there now."""

    def legacy(self, frame: bytearray, first: int, last: int) -> None:
        """A packet of legacy descriptors: CSS of the first, IC and CSO of the last (§3.3.3.1)."""
        if take(last, TX_DATA.IC) & self.traits.legacy_sum:
            self._insert_sum(frame, take(first, TX_DATA.CSS), take(last, TX_DATA.CSO), 0)

    def sums(self, frame: bytearray, first: int, context: Context, length_word: int = 0) -> None:
        """The two checksums, as POPTS of the first descriptor asks (§3.3.7.3); a plain packet needs no more."""
        if take(first, TX_DATA.TXSM):
            start, place, end = (context.range(bits) for bits in (RANGES.TUCSS, RANGES.TUCSO, RANGES.TUCSE))
            self._insert_sum(frame, start, place, end, length_word)
        if take(first, TX_DATA.IXSM):
            start, place, end = (context.range(bits) for bits in (RANGES.IPCSS, RANGES.IPCSO, RANGES.IPCSE))
            self._insert_sum(frame, start, place, end)

    def segment(self, frame: bytearray, first: int, context: Context, number: int, last: bool) -> None:
        """A frame of a segmented send: the prototype header and its share of payload become frame `number`, from 0."""
        header = context.field(TX_CONTEXT.HDRLEN)
        prototype = bytes(frame[:header])
        is_ip, is_tcp = context.field(TX_CONTEXT.IP), context.field(TX_CONTEXT.TCP)
        block_send = not is_ip and not is_tcp and self.traits.block_send  # §3.3.6.1 note 2
        ip, l4 = context.range(RANGES.IPCSS), context.range(RANGES.TUCSS)
        ip_length, l4_length = len(frame) - ip, len(frame) - l4
        if is_ip:
            self._set(frame, header, ip + 2, 2, ip_length)
            self._add(frame, prototype, ip + 4, 2, number)
        elif self.ipv6 and not block_send:
            self._set(frame, header, ip + 4, 2, ip_length - self.traits.ipv6_header_bytes)
        if is_tcp:
            self._add(frame, prototype, l4 + 4, 4, number * context.field(TX_CONTEXT.MSS))
            flags = frame[l4 + 13] if l4 + 13 < header else 0
            self._set(frame, header, l4 + 13, 1, flags if last else flags & ~(FIN | PSH))
        elif not block_send:
            self._set(frame, header, l4 + 4, 2, l4_length)
        self.sums(frame, first, context, 0 if block_send else l4_length)

    def _insert_sum(self, frame: bytearray, start: int, place: int, end: int, extra: int = 0) -> None:
        """Sum the bytes `start` to `end` inclusive (0: to the last) and store the complement at `place` (§3.5.8)."""
        stop = end if 0 < end < len(frame) else len(frame) - 1
        room = stop + 1 if self.traits.sum_in_range else len(frame)
        if place + 1 >= room or (stop < start and not self.traits.empty_sum):
            self.findings.append("TX_SUM_OUTSIDE")
            return
        covered = bytes(frame[start : stop + 1])
        before = int.from_bytes(frame[place : place + 2], "big")
        after = checksum(covered, extra if covered else 0) or self.traits.zero_sum
        frame[place : place + 2] = after.to_bytes(2, "big")
        self.stored.append((start, stop, place, before, after))

    def _set(self, frame: bytearray, header: int, at: int, size: int, value: int) -> None:
        """Store a big-endian field of the header; one that does not lie in the header is left alone."""
        if at + size > header:
            self.findings.append("TX_HEADER_FIELD_OUTSIDE")
        else:
            frame[at : at + size] = put(0, Bits(0, 8 * size), value).to_bytes(size, "big")

    def _add(self, frame: bytearray, prototype: bytes, at: int, size: int, amount: int) -> None:
        """Store the prototype's value of a field plus `amount`."""
        value = int.from_bytes(prototype[at : at + size], "big")
        self._set(frame, len(prototype), at, size, value + amount)
