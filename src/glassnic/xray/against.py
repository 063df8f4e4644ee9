"""What would the card have sent for this frame under another profile? The counterfactual, from the record alone.

The packet as the driver handed it over and the last load of either kind of context are in the frame's story; `plain.py`
makes of them what the other profile's traits ask for (§3.3.3.1, §3.5, §3.6). What hangs on more than the record tells
is not guessed: bytes that were not gathered, registers that were not looked at. A frame that did not leave has no
story, so what only the other profile sends is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from glassnic.spec import events
from glassnic.spec.descriptors import HEADER_LIMIT_BYTES, TX_CONTEXT, TX_DATA
from glassnic.spec.events import BY_NUMBER, say
from glassnic.spec.profiles import Traits
from glassnic.wire.verdict import verify
from glassnic.xray.plain import Context, PlainCard
from glassnic.xray.story import ADDRESSES, LEGACY, SEGMENTED, TAG, Story, sum_of

FCS, SHORTEST_WITH_FCS, PADDED = 4, 18, 60
LEAVES, STAYS, UNTOLD = "leaves", "stays", "untold"
"""What would become of the packet: a frame leaves, none does, or the record does not tell."""

TOO_LATE = "the record begins too late to tell what the driver handed over, or which context it had loaded"
FCS_UNFIT = "nothing would leave: the FCS that the driver brought would not fit the frame (§3.3.3.1)"
WHOLE_UNLIKE = (
    "this send was handed over whole, for the host to cut; the card would cut it otherwise: "
    "a capture from a back end with gso=off tells each frame"
)


UNSETTLED = (
    "a context stands in the packet, or its first descriptor is empty: which context would count is not in the record"
)
GATHERED = "the card would gather other bytes, which the record does not hold"
TAGGED_LATE = "only a later descriptor asks for the tag: the record does not tell of CTRL.VME and VET (§3.3.7.1)"
MORE_TO_COME = "what the driver gave beyond PAYLEN would be in it, and the record does not hold that (§3.3.6)"
NOTHING_LEFT = "nothing would leave: the send is over at PAYLEN (§3.5.5)"
TOO_SHORT = "nothing would leave: the packet is too short for a frame (§13.4.33)"
PADDING_UNTOLD = "whether it would be padded, the record does not tell (§13.4.33)"


class Otherwise(NamedTuple):
    """The other profile's answer: the story of the frame that would leave, or why there is none."""

    fate: str
    story: Story | None
    reason: str = ""


class Difference(NamedTuple):
    """Bytes `begin` to `end`, exclusive, that would be others: what left there, what would, each with what it is."""

    begin: int
    end: int
    left: str
    would: str

    @property
    def span(self) -> str:
        return f"byte {self.begin}" if self.end == self.begin + 1 else f"bytes {self.begin}-{self.end - 1}"

    def __str__(self) -> str:
        they = "it" if self.end == self.begin + 1 else "they"
        return f"{self.span} would {self.would}; {they} left as {self.left}"


def under(story: Story, profile: str) -> Otherwise:
    """The frame as the card would have sent it under `profile`."""
    other = replace(story, origin=story.origin._replace(profile=profile), sums=(), noted=(), loose=())
    context = _context(other)
    refusal = _unknown(story, other, context)
    if refusal is not None:
        return refusal
    assert story.handed is not None
    assert context is not None
    packet, card = bytearray(story.handed), PlainCard(other.origin.traits, other.origin.part.ipv6)
    first, last = story.descriptors[0].command, story.descriptors[-1].command
    if story.whole:
        alike = _cuts(other, context) == _cuts(story, _context(story))
        other = replace(other, sums=story.sums)
        return Otherwise(LEAVES, other) if alike else Otherwise(UNTOLD, None, WHOLE_UNLIKE)
    if story.kind == SEGMENTED:
        ending = _end(story, other, context, packet)
        if isinstance(ending, Otherwise):
            return ending
        card.segment(packet, first, context, story.number, ending)
    elif story.kind == LEGACY:
        card.legacy(packet, first, last)
    else:
        card.sums(packet, first, context)
    return _leave(story, other, packet, card)


def _unknown(story: Story, other: Story, context: Context | None) -> Otherwise | None:
    """The answer where what the other card would have worked on is not in the record, or could not be sent."""
    mine, its = story.origin.traits, other.origin.traits
    if not story.settled and not (mine.latched and mine.opens_empty and its.latched and its.opens_empty):
        return Otherwise(UNTOLD, None, UNSETTLED)
    if story.handed is None or context is None:
        return Otherwise(UNTOLD, None, TOO_LATE)
    if any(story.held(one) != story.held(one, its) for one in story.descriptors):
        return Otherwise(UNTOLD, None, GATHERED)
    if story.kind != SEGMENTED:
        return None
    if mine.late_tag != its.late_tag and any(one.has(TX_DATA.VLE) for one in story.descriptors[1:]):
        return Otherwise(UNTOLD, None, TAGGED_LATE)
    return _cut_otherwise(story, context, its)


def _end(story: Story, other: Story, context: Context, packet: bytearray) -> bool | Otherwise:
    """Would the frame be the last of its send? A card that goes by PAYLEN drops what lies beyond (§3.3.6, §3.5.5)."""
    its = other.origin.traits
    if story.origin.traits.open_end == its.open_end:
        return story.last
    header, mss, paylen = (context.field(bits) for bits in (TX_CONTEXT.HDRLEN, TX_CONTEXT.MSS, TX_CONTEXT.PAYLEN))
    left, payload = paylen - story.number * mss, len(packet) - header
    if its.open_end:
        given = sum(map(story.held, story.descriptors)) - header
        goes_on = given > paylen or not story.descriptors[-1].has(TX_DATA.EOP)
        return Otherwise(UNTOLD, None, MORE_TO_COME) if payload == left < mss and goes_on else left <= mss
    if payload == 0 or left <= 0:
        return Otherwise(STAYS, None, NOTHING_LEFT)
    del packet[header + left :]
    return left <= mss or payload < mss


def _leave(story: Story, other: Story, packet: bytearray, card: PlainCard) -> Otherwise:
    """Put in the tag and the padding. An FCS that the driver brought stays as it came."""
    traits = other.origin.traits
    if other.own_fcs:
        packet, fcs = packet[:-FCS], packet[-FCS:]
        if len(packet) < SHORTEST_WITH_FCS - FCS:
            return Otherwise(STAYS, None, TOO_SHORT)
        if crc32(packet).to_bytes(FCS, "little") != fcs:
            return Otherwise(STAYS, None, FCS_UNFIT)
    elif (story.tag and len(packet) < ADDRESSES) or (traits.shortest_bytes and not packet):
        return Otherwise(STAYS, None, TOO_SHORT)
    if story.tag:
        packet[ADDRESSES:ADDRESSES] = story.frame[ADDRESSES : ADDRESSES + TAG]
    bare = len(packet)
    if not other.own_fcs and bare < PADDED:
        pads = _pads(story)
        if pads is None and (traits.pads or bare < traits.shortest_bytes):
            return Otherwise(UNTOLD, None, PADDING_UNTOLD)
        if pads and traits.pads:
            packet = packet.ljust(PADDED, b"\0")
        elif bare < traits.shortest_bytes:
            return Otherwise(STAYS, None, TOO_SHORT)
    padded_from = bare if len(packet) > bare else None
    story = replace(other, frame=bytes(packet), padded_from=padded_from)
    return Otherwise(LEAVES, replace(story, sums=tuple(sum_of(story, *stored) for stored in card.stored)))


def _pads(story: Story) -> bool | None:
    """Was TCTL.PSP set? None where the frame does not tell."""
    if story.padded_from is not None:
        return True
    tells = len(story.frame) < PADDED and story.origin.traits.pads and not story.own_fcs
    return False if tells else None


def _context(story: Story) -> Context | None:
    """What the packet's context holds under the story's profile; None if that cannot be known."""
    load = story.context
    if load is not None:
        return Context(load.ranges, load.command)
    return Context() if story.from_reset or not story.asks_context else None


def _cut_otherwise(story: Story, context: Context, traits: Traits) -> Otherwise | None:
    """The answer where this context would not cut the send into the same frames."""
    assert story.context is not None
    fields = (TX_CONTEXT.MSS, TX_CONTEXT.HDRLEN, TX_CONTEXT.PAYLEN)
    cut, before = ([one.field(bits) for bits in fields] for one in (context, story.context))
    mss, header, paylen = cut
    if not (mss and header and (paylen or traits.open_end) and header <= HEADER_LIMIT_BYTES):
        event = BY_NUMBER[events.TX_SEGMENTATION_IMPOSSIBLE]
        return Otherwise(STAYS, None, f"nothing would leave: {say(event, cut)} (§{event.section})")
    if cut == before:
        return None
    words = f"MSS {mss}, HDRLEN {header} and PAYLEN {paylen} instead of {before[0]}, {before[1]} and {before[2]}"
    return Otherwise(UNTOLD, None, f"the send would be cut otherwise, with {words} (§3.3.6)")


def _cuts(story: Story, context: Context | None) -> list[bytes]:
    """The frames that the card itself would cut a whole send into."""
    assert story.handed is not None
    assert context is not None
    card, packet = PlainCard(story.origin.traits, story.origin.part.ipv6), story.handed
    header, mss = context.field(TX_CONTEXT.HDRLEN), context.field(TX_CONTEXT.MSS)
    end = len(packet) + story.origin.traits.open_end
    frames = [bytearray(packet[:header] + packet[start : start + mss]) for start in range(header, end, mss)]
    for number, frame in enumerate(frames):
        card.segment(frame, story.descriptors[0].command, context, number, number == len(frames) - 1)
    return list(map(bytes, frames))


def differences(left: Story, other: Story) -> Iterator[Difference]:
    """Where two frames differ, by fields as far as either has one there; then what only one of them has."""
    named = (_regions(left), _regions(other))
    end = 0
    for offset, (mine, its) in enumerate(zip(left.frame, other.frame, strict=False)):
        if mine == its or offset < end:
            continue
        spans = [span for regions in reversed(named) for span in regions if span[0] <= offset < span[1]]
        begin, end = spans[0] if spans else (offset, offset + 1)
        was, would = (
            f"{regions.get((begin, end), _gathered(story, begin))}, 0x{story.frame[begin:end].hex()}"
            for story, regions in zip((left, other), named, strict=True)
        )
        yield Difference(begin, end, was, ("be " if (begin, end) in named[1] else "stay as ") + would)
    shorter, longer = sorted((len(left.frame), len(other.frame)))
    if shorter < longer:
        tail = f"0x{max(left.frame, other.frame, key=len)[shorter:].hex()}"
        goes = longer == len(left.frame)
        yield Difference(shorter, longer, tail if goes else "nothing", "not leave" if goes else f"leave too, as {tail}")


def _regions(story: Story) -> dict[tuple[int, int], str]:
    """What the card itself put into the frame, by where it lies; what was put there last comes first."""
    places = {found.offset: f"the {found.of} checksum" for found in verify(story.frame).sums}
    regions: dict[tuple[int, int], str] = {}
    for one in reversed(story.sums):
        name = places.get(one.place, f"a checksum of bytes {one.begin} to {one.end}")
        regions.setdefault((one.place, one.place + 2), f"{name} (§3.5.8)")
    for field in story.fields():
        regions.setdefault((field.begin, field.begin + field.length), f"the {field.name} (§{field.section})")
    return regions


def _gathered(story: Story, offset: int) -> str:
    return "in the prototype header" if offset < story.header_length else "gathered"
