"""What would the plainest transmitter send? A slow twin of the transmit engine: bytes, lists, integers; clarity first.

Written from the manual's chapter 3 (§3.3 descriptors, §3.4 ring, §3.5 segmentation, §3.6 checksums), not from the
engine, with which it shares the tables of `spec` and nothing else. What becomes of a packet's bytes is the x-ray's
`plain.py`, which is not of the engine either. One object is one card's transmit unit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol
from zlib import crc32

from glassnic.spec.bits import Bits, take
from glassnic.spec.descriptors import (
    DESCRIPTOR_BYTES,
    DTYP_CONTEXT,
    DTYP_DATA,
    FIFO_SLACK_BYTES,
    HEADER_LIMIT_BYTES,
    TX_CONTEXT,
    TX_DATA,
)
from glassnic.spec.fields import CAUSE, CTRL, PBA, TCTL, TXDCTL
from glassnic.spec.models import M82540EM, Model
from glassnic.spec.profiles import Traits
from glassnic.spec.registers import REGISTERS
from glassnic.xray.plain import Context, PlainCard

TRANSMIT_REGISTERS = (
    "CTRL", "VET", "PBA", "TCTL", "TDBAL", "TDBAH", "TDLEN", "TDH", "TDT", "TIDV", "TXDCTL", "TADV",
)  # fmt: skip
TAG_FIELDS = TX_DATA.VLE.mask | TX_DATA.SPECIAL.mask
FIFO_KB = 64
FCS_BYTES, ETHERNET_BYTES, ADDRESSES_BYTES, TAG_BYTES = 4, 14, 12, 4
PADDED_BYTES = 60
SIZES = {64: "PTC64", 127: "PTC127", 255: "PTC255", 511: "PTC511", 1023: "PTC1023", 1 << 30: "PTC1522"}


class Memory(Protocol):
    """Guest memory. `ranges` is an array whose rows (start, end, writable) are the only parts there are."""

    ranges: Any

    def read(self, address: int, length: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...


@dataclass
class Packet:
    """The packet being gathered. `first` is the second quadword of the descriptor that opened it.

    Of a send `data` is the frame under construction, and `header` what stands before each.
    """

    first: int
    legacy: bool
    context: Context
    data: bytearray = field(default_factory=bytearray)
    header: bytearray = field(default_factory=bytearray)
    spoilt: bool = False
    frames: int = 0
    taken: int = 0
    """Payload bytes that went into frames."""
    excess: int = 0
    """And those for which PAYLEN left no room."""

    @property
    def segmented(self) -> bool:
        return not self.legacy and take(self.first, TX_DATA.TSE) == 1

    @property
    def begun(self) -> bool:
        return bool(self.data or self.header or self.spoilt)

    def of_context(self, bits: Bits) -> int:
        return self.context.field(bits)


class NaiveTransmit:
    """`write` registers as a driver would; what happened is in `frames`, `stats`, `causes`, `findings` and memory."""

    def __init__(self, memory: Memory, model: Model = M82540EM, traits: Traits | None = None) -> None:
        self.memory = memory
        self.model = model
        self.traits = traits or Traits()
        self.registers = {name: REGISTERS[name].reset for name in TRANSMIT_REGISTERS}
        self.frames: list[bytes] = []
        self.stats: Counter[str] = Counter()
        self.causes = 0
        self.delaying = False
        """A delayed TXDW waits for TIDV or TADV."""
        self.findings: list[str] = []
        self.plain = PlainCard(self.traits, model.ipv6, self.findings)
        self.contexts = [Context(), Context()]
        self.loaded: set[int] = set()
        """The slots that were loaded since the reset."""
        self.packet: Packet | None = None

    @property
    def head(self) -> int:
        return self.registers["TDH"]

    @property
    def enabled(self) -> bool:
        return take(self.registers["TCTL"], TCTL.EN) == 1

    def write(self, name: str, value: int) -> None:
        """A driver's register write: a tail, or EN going from 0 to 1, starts a sweep."""
        row = REGISTERS[name]
        before = self.enabled
        self.registers[name] = value & row.writable | row.reset & ~row.writable
        if name == "TDT" or (self.enabled and not before):
            self.sweep()

    def reset(self) -> None:
        """CTRL.RST: registers, contexts and the open packet go; frames and counts stay with who looks on."""
        self.registers |= {name: REGISTERS[name].reset for name in TRANSMIT_REGISTERS if name != "PBA"}
        self.contexts = [Context(), Context()]
        self.loaded.clear()
        self.packet = None
        self.delaying = False

    # The ring, §3.4

    def sweep(self) -> None:
        """Work off what lies between head and tail, one lap at most."""
        registers = self.registers
        entries, head, tail = registers["TDLEN"] // DESCRIPTOR_BYTES, registers["TDH"], registers["TDT"]
        if head == tail:
            if self.enabled and self.traits.idle_txqe:
                self._raise(CAUSE.TXQE)
            return
        if head >= entries or tail >= entries:
            self.findings.append("TX_RING_ODD")
        head = registers["TDH"] = head if head < entries else 0
        if not self.enabled or not entries:
            return
        todo = min(tail - head if head <= tail else entries - head + tail, entries)
        base = registers["TDBAH"] << 32 | registers["TDBAL"] & ~0xF
        low_water = 8 * take(registers["TXDCTL"], TXDCTL.LWTHRESH)
        while todo:
            self._descriptor(base + DESCRIPTOR_BYTES * head)
            head = (head + 1) % entries
            todo -= 1
            registers["TDH"] = head
            if self.model.small_packets and self.traits.watches_low and todo == low_water:
                self._raise(CAUSE.TXD_LOW)
            if not todo and head == tail:
                self._raise(CAUSE.TXQE)

    def _raise(self, cause: Bits) -> None:
        self.causes |= cause.mask

    def _range_of(self, address: int, length: int) -> tuple[int, int, int] | None:
        """The row of memory that holds all these bytes."""
        for start, end, writable in self.memory.ranges.tolist():
            if start <= address and address + length <= end:
                return start, end, writable
        return None

    def _descriptor(self, place: int) -> None:
        """Fetch a descriptor, do what it says, write it back."""
        row = self._range_of(place, DESCRIPTOR_BYTES)
        if row is None:
            self.findings.append("TX_RING_OUTSIDE")
            return
        raw = self.memory.read(place, DESCRIPTOR_BYTES)
        low, high = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")
        kind = take(high, TX_DATA.DTYP)
        if not take(high, TX_DATA.DEXT):
            self._data(low, high, take(high, TX_DATA.LENGTH), legacy=True)
        elif kind == DTYP_CONTEXT:
            self._load_context(low, high)
        elif kind == DTYP_DATA:
            self._data(low, high, take(high, TX_DATA.DTALEN) & self.traits.length_mask, legacy=False)
        else:
            self.findings.append("TX_RESERVED")
        on_wire = (self.model.reports_on_wire or self.traits.reports_on_wire) and take(high, TX_DATA.RPS)
        if take(high, TX_DATA.RS) or on_wire:
            self._write_back(place, raw[12], writable=bool(row[2]), delayed=take(high, TX_DATA.IDE))

    def _write_back(self, place: int, status: int, writable: bool, delayed: int) -> None:
        """DD into the status nibble, then TXDW, at once or by the timers (§3.3.3.2, §3.4.3)."""
        if writable:
            self.memory.write(place + 12, bytes([status & 0xF0 | 1]))
        else:
            self.findings.append("TX_WRITE_BACK_OUTSIDE")
        self.delaying = bool(delayed and self.registers["TIDV"] and self.traits.delays)
        if not self.delaying:
            self._raise(CAUSE.TXDW)

    # Contexts and packets, §3.3.5 to §3.3.7

    def _slot(self, tse: int) -> int:
        return self.traits.segmented_slot if tse else self.traits.plain_slot

    def _load_context(self, low: int, high: int) -> None:
        segments = take(high, TX_CONTEXT.TSE)
        slot = self._slot(segments)
        self.contexts[slot] = Context(low, high)
        self.loaded.add(slot)
        packet = self.packet
        if packet is None:
            return
        self.findings.append("TX_CONTEXT_INSIDE")
        if not self.traits.latched and not packet.legacy and packet.segmented == segments:
            packet.context, packet.frames = self.contexts[slot], 0
            self._judge(packet)

    def _data(self, address: int, high: int, length: int, legacy: bool) -> None:
        packet = self.packet
        if packet is None or not (packet.begun or self.traits.opens_empty):
            packet = self.packet = self._open(high, legacy)
        else:
            self._follow_on(packet, high, legacy)
        self._gather(packet, address, length)
        if take(high, TX_DATA.EOP):
            self.packet = None
            if packet.segmented:
                self._end_segmented(packet)
            else:
                self._end_plain(packet, high)

    def _open(self, first: int, legacy: bool) -> Packet:
        slot = self._slot(0 if legacy else take(first, TX_DATA.TSE))
        packet = Packet(first, legacy, self.contexts[slot])
        needed = take(first, TX_DATA.IXSM) or take(first, TX_DATA.TXSM) or take(first, TX_DATA.TSE)
        if not legacy and needed and slot not in self.loaded:
            self.findings.append("TX_UNLOADED")
        self._judge(packet)
        return packet

    def _follow_on(self, packet: Packet, high: int, legacy: bool) -> None:
        """The descriptors of a packet are of one kind; where not, the first one's counts (§3.3.5, §3.3.7.1)."""
        if packet.legacy != legacy:
            self.findings.append("TX_MIXED")
        elif packet.segmented != take(high, TX_DATA.TSE) and not legacy:
            self.findings.append("TX_TSE_MIXED")
        if packet.segmented and self.traits.late_tag and take(high, TX_DATA.VLE):
            packet.first = packet.first & ~TAG_FIELDS | high & TAG_FIELDS

    def _judge(self, packet: Packet) -> None:
        """A context by which a send cannot be cut, or not any more, spoils it (§3.3.6)."""
        if packet.segmented and not self._can_segment(packet):
            packet.spoilt = True
            self.findings.append("TX_SEGMENTATION_IMPOSSIBLE")

    def _gather(self, packet: Packet, address: int, length: int) -> None:
        """Append a buffer's bytes. A null descriptor has none (§3.3.3.1 note 3); one bad buffer spoils the packet."""
        if not address:
            length &= self.traits.null_mask
        if not length:
            return
        if self._range_of(address, length) is None:
            packet.spoilt = True
            self.findings.append("TX_BUFFER_OUTSIDE")
        elif not packet.spoilt:
            data = self.memory.read(address, length)
            if packet.segmented:
                self._cut(packet, data)
            else:
                packet.data += data

    @property
    def limit_bytes(self) -> int:
        """The longest packet: the transmit FIFO less 80 bytes (§3.3.6 note 2, §3.3.7)."""
        return max((FIFO_KB - take(self.registers["PBA"], PBA.RXA)) * 1024 - FIFO_SLACK_BYTES, 0)

    def _end_plain(self, packet: Packet, last: int) -> None:
        """EOP of a packet that is one frame: `last` decides what only its last descriptor may say (§3.3.3.1)."""
        if packet.spoilt:
            return
        if not packet.data:
            self.findings.append("TX_EMPTY")
        if not packet.data and self.traits.shortest_bytes:
            pass
        elif len(packet.data) > self.limit_bytes:
            self.findings.append("TX_TOO_LONG")
        else:
            if packet.legacy:
                self.plain.legacy(packet.data, packet.first, last)
            else:
                self.plain.sums(packet.data, packet.first, packet.context)
            self._finish(bytes(packet.data), last)

    # Segmentation, §3.5

    def _can_segment(self, packet: Packet) -> bool:
        header, mss = packet.of_context(TX_CONTEXT.HDRLEN), packet.of_context(TX_CONTEXT.MSS)
        paylen = packet.of_context(TX_CONTEXT.PAYLEN)
        fits = header + mss <= self.limit_bytes and len(packet.data) <= header + mss
        ends = bool(self.traits.open_end) or 1 <= paylen >= packet.taken
        return 1 <= header <= HEADER_LIMIT_BYTES and mss >= 1 and ends and fits

    def _cut(self, packet: Packet, data: bytes) -> None:
        """Byte by byte: into the header, into a frame, or nowhere. What fills a frame, or meets PAYLEN, sends it."""
        header, full = packet.of_context(TX_CONTEXT.HDRLEN), packet.of_context(TX_CONTEXT.MSS)
        full += header
        paylen = packet.of_context(TX_CONTEXT.PAYLEN)
        for byte in data:
            ended = packet.taken == paylen and not self.traits.open_end
            if len(packet.header) < header:
                packet.header.append(byte)
            elif ended:
                packet.excess += 1
            else:
                if len(packet.data) == full:  # a context that came in its midst says so
                    self._send_segment(packet)
                packet.data = packet.data or packet.header[:header]
                packet.data.append(byte)
                packet.taken += 1
                if len(packet.data) == full or (packet.taken == paylen and not self.traits.open_end):
                    self._send_segment(packet)

    def _send_segment(self, packet: Packet, at_end: bool = False) -> None:
        """The frame is complete. PAYLEN tells whether it is the last, or an early EOP does (§3.3.6)."""
        counted = packet.frames * packet.of_context(TX_CONTEXT.MSS)
        left = (packet.of_context(TX_CONTEXT.PAYLEN) - counted) % (1 << 32)
        last = at_end or left <= packet.of_context(TX_CONTEXT.MSS)
        if self.traits.sends_by_frame and packet.of_context(TX_CONTEXT.TCP) and last and packet.frames:
            self.stats["TSCTC"] += 1
        frame, packet.data = packet.data, bytearray()
        self.plain.segment(frame, packet.first, packet.context, packet.frames, last)
        packet.frames += 1
        self._finish(bytes(frame), packet.first)

    def _end_segmented(self, packet: Packet) -> None:
        """EOP of a segmentation: whole or not, what PAYLEN says (§3.3.7.1, §13.7.53, §13.7.54)."""
        header, paylen = packet.of_context(TX_CONTEXT.HDRLEN), packet.of_context(TX_CONTEXT.PAYLEN)
        given = packet.taken + packet.excess
        whole = len(packet.header) >= header
        complete = not packet.spoilt and whole and given == paylen
        if not self.traits.sends_by_frame:
            self.stats["TSCTC" if complete else "TSCTFC"] += 1
        if packet.spoilt:
            return
        if not whole:
            self.findings.append("TX_HEADER_SHORT")
            return
        if given != paylen:
            self.findings.append("TX_PAYLEN_UNMET" if given < paylen else "TX_PAYLEN_EXCEEDED")
        if self.traits.open_end:
            packet.data = packet.data or packet.header[:header]
        if packet.data:
            self._send_segment(packet, at_end=not self.traits.open_end)

    # The frame's last steps: FCS, tag, padding, counts (§3.3.4, §13.4.33, §13.7)

    def _finish(self, frame: bytes, command: int) -> None:
        """`command` is the second quadword of the descriptor that decides on FCS and tag."""
        tagged = take(command, TX_DATA.VLE) and take(self.registers["CTRL"], CTRL.VME)
        if not tagged and not take(command, TX_DATA.IFCS) and self.traits.own_fcs:
            self._finish_with_own_fcs(frame)
            return
        if tagged:
            if len(frame) < ADDRESSES_BYTES:
                self.findings.append("TX_RUNT")
                return
            tag = self.registers["VET"].to_bytes(2, "big") + take(command, TX_DATA.SPECIAL).to_bytes(2, "big")
            frame = frame[:ADDRESSES_BYTES] + tag + frame[ADDRESSES_BYTES:]
        if take(self.registers["TCTL"], TCTL.PSP) & self.traits.pads:
            frame = frame.ljust(PADDED_BYTES, b"\0")
        elif len(frame) < self.traits.shortest_bytes:
            self.findings.append("TX_RUNT")
            return
        self._send(frame, TAG_BYTES if tagged else 0)

    def _finish_with_own_fcs(self, frame: bytes) -> None:
        """The last four bytes came from software as FCS (§3.3.3.1). With a wrong one no peer takes the frame."""
        if len(frame) < ETHERNET_BYTES + FCS_BYTES:
            self.findings.append("TX_RUNT")
            return
        bare, fcs = frame[:-FCS_BYTES], frame[-FCS_BYTES:]
        if crc32(bare).to_bytes(4, "little") == fcs:
            self._send(bare)
        else:
            self.findings.append("TX_BAD_FCS")
            self._count(len(frame))

    def _send(self, frame: bytes, tag: int = 0) -> None:
        """`tag`: bytes of an inserted tag."""
        self.frames.append(frame)
        length = len(frame) + FCS_BYTES
        octets = length if self.traits.tag_counted else length - tag
        self._count(octets)
        if length < self.traits.good_octets:
            return  # GPTC and all that follow it count from 64 bytes on (§13.7.30)
        self.stats.update(GPTC=1, GOTC=octets)
        if length >= 64:
            self.stats[next(name for upto, name in SIZES.items() if length <= upto)] += 1
        if frame[:6] == b"\xff" * 6:
            self.stats["BPTC"] += 1
        elif len(frame) >= 6 and frame[0] & 1:
            self.stats["MPTC"] += 1

    def _count(self, length: int) -> None:
        self.stats.update(TPT=1, TOT=length)
