"""What happened to one frame? The facts of its slice: descriptors, context, segment, fields, sums, tag, padding.

Offsets are those of the frame as it left: a tag that was inserted moves what lies behind the addresses (§3.3.4). The
fields that segmentation rewrites are not recorded one by one: which they are follows from the context (§3.5.9). All
that the card did to the bytes can be undone: `handed` is what the driver handed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

from glassnic.spec import events
from glassnic.spec.bits import Bits, take
from glassnic.spec.descriptors import RANGES, TX_CONTEXT, TX_DATA
from glassnic.spec.models import MODELS, Model
from glassnic.spec.profiles import MANUAL, PROFILES, Traits
from glassnic.wire import checksum, tcp
from glassnic.xray.trace import LAST, WHOLE, Row, Slice

ADDRESSES, TAG = 12, 4
WORD = (1 << 64) - 1
"""Quadwords are recorded as signed numbers."""
EXTENDED_FLAGS = ("EOP", "IFCS", "TSE", "RS", "VLE", "IDE", "IXSM", "TXSM")
LEGACY_FLAGS = ("EOP", "IFCS", "IC", "RS", "VLE", "IDE")
ACTS = frozenset((events.TX_SUM, events.TX_TAG, events.TX_PAD, events.TX_PROTOTYPE))
"""What the card does in good order to the bytes of a frame."""
KIND = 3
LEGACY, PLAIN, SEGMENTED = 1, 2, 3
"""The kind of a packet; `how` of TX_FRAME holds it in its lowest bits, the segment number 8 bits higher."""


class Origin(NamedTuple):
    """Which card made the record: names of `spec/models.py` and `spec/profiles.py`."""

    model: str = "82540em"
    profile: str = "manual"

    @property
    def traits(self) -> Traits:
        return PROFILES[self.profile]

    @property
    def part(self) -> Model:
        return MODELS[self.model]


class Descriptor(NamedTuple):
    """A data descriptor: its place in the ring, the address of its buffer, its second quadword."""

    place: int
    address: int
    command: int

    @property
    def length(self) -> int:
        """Bytes of its buffer (§3.3.3, §3.3.7)."""
        return take(self.command, TX_DATA.DTALEN if self.extended else TX_DATA.LENGTH)

    def has(self, bit: Bits) -> bool:
        return bool(take(self.command, bit))

    @property
    def extended(self) -> bool:
        """A data descriptor (§3.3.7), not a legacy one (§3.3.3)."""
        return self.has(TX_DATA.DEXT)

    @property
    def flags(self) -> tuple[str, ...]:
        """The command and option bits that are set, by their names."""
        names = EXTENDED_FLAGS if self.extended else LEGACY_FLAGS
        return tuple(name for name in names if self.has(getattr(TX_DATA, name)))


class Load(NamedTuple):
    """A context descriptor that was loaded: when, and its two quadwords (§3.3.6)."""

    place: int
    at_ns: int
    ranges: int
    command: int

    def range(self, bits: Bits) -> int:
        return take(self.ranges, bits)

    def field(self, bits: Bits) -> int:
        return take(self.command, bits)

    @property
    def segments(self) -> bool:
        """A segmentation context (TUCMD.TSE), not a plain one (§3.6)."""
        return bool(self.field(TX_CONTEXT.TSE))

    def named(self) -> dict[str, int]:
        """What it says, in the manual's names; of a plain context what counts there (§3.3.6.1)."""
        values = {name: self.range(getattr(RANGES, name)) for name in RANGES._fields}
        if self.segments:
            values |= {name: self.field(getattr(TX_CONTEXT, name)) for name in ("HDRLEN", "MSS", "PAYLEN")}
        return values


class Sum(NamedTuple):
    """A checksum that was inserted over bytes `begin` to `end`, inclusive; `of` is the range's name: IP, TU or CSS."""

    of: str
    begin: int
    end: int
    place: int
    before: int
    after: int


class Field(NamedTuple):
    """A header field that segmentation rewrote; `before` is None where the record does not tell."""

    name: str
    begin: int
    length: int
    before: int | None
    after: int
    section: str


@dataclass(frozen=True)
class Request:
    """What the driver asked for: a packet, whether it made frames or not; or rows that belong to none."""

    origin: Origin
    serial: int | None
    """Of the frame; of a whole packet, of its first one, None if it made none."""
    at_ns: int
    kind: int
    """LEGACY, PLAIN or SEGMENTED; 0 where there is no descriptor."""
    descriptors: tuple[Descriptor, ...]
    known: tuple[Load, ...]
    """The last load of either kind of context before the packet, the later one last."""
    void: tuple[Load, ...]
    """Loads that the last reset made void, of kinds that were not loaded since."""
    from_reset: bool
    """The record goes back to the reset: a context that is not known was not loaded."""
    noted: tuple[Row, ...]
    """Rows that tell of something out of order."""

    def held(self, one: Descriptor, traits: Traits | None = None) -> int:
        """Bytes that the card took from a descriptor's buffer, or would take with other traits (§3.3.3.1, §3.3.7)."""
        traits = traits or self.origin.traits
        length = one.length & (traits.length_mask if one.extended else WORD)
        return length if one.address else length & traits.null_mask

    @property
    def settled(self) -> bool:
        """Is it the same for all profiles which descriptor opened the packet, and which context it used?"""
        if any(row[0] == events.TX_CONTEXT_INSIDE for row in self.noted):
            return False
        return len(self.descriptors) < 2 or bool(self.held(self.descriptors[0], MANUAL))

    @cached_property
    def loads(self) -> tuple[Load, ...]:
        """What went to the context that it used, which comes last; none if it used none."""
        return tuple(load for load in self.known if self.asks_context and self.goes_to(load) == self.slot)

    @property
    def context(self) -> Load | None:
        return self.loads[-1] if self.loads else None

    @property
    def first(self) -> Descriptor | None:
        return self.descriptors[0] if self.descriptors else None

    @property
    def asks_context(self) -> bool:
        """Whether the packet uses a context at all, known or not (§3.3.7)."""
        asked = self.first is not None and self.first.extended and take(self.first.command, TX_DATA.POPTS) & 3
        return self.kind == SEGMENTED or bool(asked)

    @property
    def slot(self) -> int:
        """Which of the card's contexts the packet used."""
        traits = self.origin.traits
        return traits.segmented_slot if self.kind == SEGMENTED else traits.plain_slot

    def goes_to(self, load: Load) -> int:
        """Which of the card's contexts a descriptor loaded."""
        traits = self.origin.traits
        return traits.segmented_slot if load.segments else traits.plain_slot

    @property
    def decides(self) -> Descriptor:
        """The descriptor whose VLE, IFCS and SPECIAL count: the last, in segmentation the first (§3.3.7.1)."""
        return self.descriptors[0 if self.kind == SEGMENTED else -1]


@dataclass(frozen=True)
class Story(Request):
    """A frame that left."""

    serial: int
    frame: bytes
    number: int
    """Of its segment, from 0; of a send that was handed over whole, how many frames it makes."""
    last: bool
    whole: bool
    tag: tuple[int, int] | None
    padded_from: int | None
    loose: tuple[Row, ...]
    sums: tuple[Sum, ...] = ()
    handed: bytes | None = None
    """What the driver handed over for this frame, prototype header and all, with the FCS if it brought one."""

    @property
    def header_length(self) -> int:
        """Bytes of the frame that were copied from the prototype header; 0 where there was none (§3.5.5)."""
        return self.moved(self.context.field(TX_CONTEXT.HDRLEN)) if self.kind == SEGMENTED and self.context else 0

    def moved(self, offset: int) -> int:
        """An offset in the packet as one in the frame."""
        return offset + TAG if self.tag and offset >= ADDRESSES else offset

    @property
    def bare(self) -> bytes:
        """The frame without padding and inserted tag: the packet, with the offsets that descriptors speak of."""
        kept = self.frame[: self.padded_from]
        return kept[:ADDRESSES] + kept[ADDRESSES + TAG :] if self.tag else kept

    @property
    def own_fcs(self) -> bool:
        """Did the driver bring the FCS? With an inserted tag it does not count (§3.3.3.1)."""
        return bool(self.origin.traits.own_fcs) and not self.tag and not self.decides.has(TX_DATA.IFCS)

    def fields(self) -> Iterator[Field]:
        """The header fields that segmentation rewrote (§3.5.9.1 to §3.5.9.3)."""
        context = self.context
        if self.kind != SEGMENTED or context is None or self.whole:
            return
        tcp, ipv4 = context.field(TX_CONTEXT.TCP), context.field(TX_CONTEXT.IP)
        if self.origin.traits.block_send and not tcp and not ipv4:
            return
        l3, l4 = context.range(RANGES.IPCSS), context.range(RANGES.TUCSS)
        if ipv4:
            yield from self._field("IPv4 total length", l3 + 2, 2, "3.5.9.1")
            yield from self._field("IPv4 identification", l3 + 4, 2, "3.5.9.1")
        elif self.origin.part.ipv6:
            yield from self._field("IPv6 payload length", l3 + 4, 2, "3.5.9.1")
        if tcp:
            yield from self._field("TCP sequence number", l4 + 4, 4, "3.5.9.2")
            if not self.last:
                yield from self._field("TCP flags", l4 + 13, 1, "3.5.9.2")
        else:
            yield from self._field("UDP length", l4 + 4, 2, "3.5.9.3")

    def _field(self, name: str, at: int, length: int, section: str) -> Iterator[Field]:
        """The field, if the prototype header held all of it."""
        assert self.context is not None
        if at + length <= self.context.field(TX_CONTEXT.HDRLEN):
            before, after = (
                None if packet is None else int.from_bytes(packet[at : at + length], "big")
                for packet in (self.handed, self.bare)
            )
            yield Field(name, self.moved(at), length, before, after or 0, section)


def read_request(origin: Origin, rows: Iterable[Row]) -> Request:
    """What the driver asked for, from the slice of a packet or of one of its frames."""
    now_ns = kind = 0
    loads: list[Load] = []
    void: list[Load] = []
    descriptors: list[Descriptor] = []
    noted: list[Row] = []
    from_reset, serial = False, None
    for row in rows:
        event, a, b, c = row
        if event == events.TURN:
            now_ns = a
        elif event == events.TX_CONTEXT:
            loads.append(Load(a, now_ns, b & WORD, c & WORD))
        elif event == events.RESET:
            void, loads, from_reset = loads, [], True
        elif event == events.TX_DESCRIPTOR:
            descriptors.append(Descriptor(a, b & WORD, c & WORD))
        elif event == events.TX_FRAME:
            serial, kind = a, c & KIND
        elif event not in ACTS:
            noted.append(row)
    if not kind and descriptors:
        kind = LEGACY if not descriptors[0].extended else SEGMENTED if descriptors[0].has(TX_DATA.TSE) else PLAIN
    return Request(
        origin, serial, now_ns, kind, tuple(descriptors), tuple(loads), tuple(void), from_reset, tuple(noted)
    )


def read_story(origin: Origin, frame: bytes, piece: Slice) -> Story:
    """The story of a frame that left, from its slice. A slice without TX_FRAME is our mistake, or a spoilt file."""
    event, serial, _, how = piece.rows[-1]
    if event != events.TX_FRAME:
        raise ValueError("the record does not end with the frame")
    acts = {row[0]: row for row in piece.rows}
    tag, pad = acts.get(events.TX_TAG), acts.get(events.TX_PAD)
    asked = vars(read_request(origin, piece.rows)) | {"serial": serial}
    story = Story(
        **asked, frame=bytes(frame), number=how >> 8, last=bool(how & LAST), whole=bool(how & WHOLE),
        tag=tag[1:3] if tag else None, padded_from=pad[1] if pad else None, loose=piece.loose,
    )  # fmt: skip
    story = replace(story, sums=tuple(_sum(story, row) for row in piece.rows if row[0] == events.TX_SUM))
    return replace(story, handed=_handed_over(story, acts.get(events.TX_PROTOTYPE)))


def _sum(story: Story, row: Row) -> Sum:
    """A TX_SUM row in words."""
    _, span, place, change = row
    return sum_of(story, span >> 32, span & 0xFFFF_FFFF, place, change >> 16 & 0xFFFF, change & 0xFFFF)


def sum_of(story: Story, begin: int, end: int, place: int, before: int, after: int) -> Sum:
    """A checksum in the frame's offsets; its range's name is the one whose start and place the context gives."""
    context = story.context
    if context is None:
        name = "CSS"
    elif (context.range(RANGES.TUCSS), context.range(RANGES.TUCSO)) == (begin, place):
        name = "TU"
    else:
        name = "IP"
    begin, end, place = map(story.moved, (begin, end, place))
    return Sum(name, begin, min(end, len(story.frame) - 1), place, before, after)


def _handed_over(story: Story, prototype: Row | None) -> bytes | None:
    """Undo what the card did to the packet, the last thing first; None where the record does not tell."""
    context, traits = story.context, story.origin.traits
    if not (story.settled or (traits.latched and traits.opens_empty)):
        return None
    if not story.descriptors or (story.kind == SEGMENTED and (prototype is None or context is None)):
        return None
    packet = bytearray(story.bare)
    if story.own_fcs:
        packet += crc32(packet).to_bytes(4, "little")
    for one in reversed(story.sums):
        at = one.place - TAG if story.tag and one.place >= ADDRESSES + TAG else one.place
        packet[at : at + 2] = one.before.to_bytes(2, "big")
    if prototype is not None and context is not None:
        l3, l4 = context.range(RANGES.IPCSS), context.range(RANGES.TUCSS)
        if story.whole:
            addresses = packet[l3 + 12 : l3 + 20] if context.field(TX_CONTEXT.IP) else packet[l3 + 8 : l3 + 40]
            seed = checksum.fold(checksum.ones_sum(addresses) + tcp.PROTOCOL)  # that the card looked for (§3.5.7)
            packet[l4 + tcp.CHECKSUM_OFFSET : l4 + tcp.CHECKSUM_OFFSET + 2] = seed.to_bytes(2, "big")
        ip, transport, flags = prototype[1:]
        for at, length, value in ((l3 + 2, 4, ip), (l4 + 4, 4, transport), (l4 + 13, 1, flags)):
            octets = (value & 0xFFFF_FFFF).to_bytes(4, "big")[-length:]
            inside = max(min(length, context.field(TX_CONTEXT.HDRLEN) - at), 0)
            packet[at : at + inside] = octets[:inside]
    return bytes(packet)
