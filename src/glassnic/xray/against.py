"""What would the card have sent for this frame under another profile? The counterfactual, from the record alone.

The packet as the driver handed it over and the last load of either kind of context are in the frame's story; `plain.py`
makes of them what the other profile's traits ask for (§3.3.3.1, §3.5, §3.6). What does not depend on traits stays as it
was: tag, padding, where a send was cut. A frame that did not leave has no story, so what only the other profile sends
is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from glassnic.spec import events
from glassnic.spec.descriptors import HEADER_LIMIT_BYTES, TX_CONTEXT
from glassnic.spec.events import BY_NUMBER, say
from glassnic.wire.verdict import verify
from glassnic.xray.plain import Context, PlainCard
from glassnic.xray.story import ADDRESSES, LEGACY, SEGMENTED, TAG, Story, sum_of

FCS = 4
LEAVES, STAYS, UNTOLD = "leaves", "stays", "untold"
"""What would become of the packet: a frame leaves, none does, or the record does not tell."""

TOO_LATE = "the record begins too late to tell what the driver handed over, or which context it had loaded"
FCS_UNFIT = "nothing would leave: the FCS that the driver brought would not fit the frame (§3.3.3.1)"
WHOLE_UNLIKE = (
    "this send was handed over whole, for the host to cut; the card would cut it otherwise: "
    "a capture from a back end with gso=off tells each frame"
)


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
    if story.handed is None or context is None:
        return Otherwise(UNTOLD, None, TOO_LATE)
    refusal = _cut_otherwise(story, context) if story.kind == SEGMENTED else None
    if refusal is not None:
        return refusal
    if story.whole:
        alike = _cuts(other, context) == _cuts(story, _context(story))
        other = replace(other, sums=story.sums)
        return Otherwise(LEAVES, other) if alike else Otherwise(UNTOLD, None, WHOLE_UNLIKE)
    packet, card = bytearray(story.handed), PlainCard(other.origin.traits, other.origin.part.ipv6)
    first, last = story.descriptors[0].command, story.descriptors[-1].command
    if story.kind == SEGMENTED:
        card.segment(packet, first, context, story.number, story.last)
    elif story.kind == LEGACY:
        card.legacy(packet, first, last)
    else:
        card.sums(packet, first, context)
    return _leave(other, packet, card)


def _leave(story: Story, packet: bytearray, card: PlainCard) -> Otherwise:
    """What is the same under all profiles: the FCS stays as it came, the tag and the padding are put in."""
    if story.own_fcs:
        packet, fcs = packet[:-FCS], packet[-FCS:]
        if crc32(packet).to_bytes(FCS, "little") != fcs:
            return Otherwise(STAYS, None, FCS_UNFIT)
    if story.tag:
        packet[ADDRESSES:ADDRESSES] = story.frame[ADDRESSES : ADDRESSES + TAG]
    story = replace(story, frame=bytes(packet).ljust(len(story.frame), b"\0"))
    return Otherwise(LEAVES, replace(story, sums=tuple(sum_of(story, *stored) for stored in card.stored)))


def _context(story: Story) -> Context | None:
    """What the packet's context holds under the story's profile; None if that cannot be known."""
    load = story.context
    if load is not None:
        return Context(load.ranges, load.command)
    return Context() if story.from_reset or not story.asks_context else None


def _cut_otherwise(story: Story, context: Context) -> Otherwise | None:
    """The answer where this context would not cut the send into the same frames."""
    assert story.context is not None
    fields = (TX_CONTEXT.MSS, TX_CONTEXT.HDRLEN, TX_CONTEXT.PAYLEN)
    cut, before = ([one.field(bits) for bits in fields] for one in (context, story.context))
    mss, header, paylen = cut
    if not (mss and header and paylen and header <= HEADER_LIMIT_BYTES):
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
    frames = [bytearray(packet[:header] + packet[start : start + mss]) for start in range(header, len(packet), mss)]
    for number, frame in enumerate(frames):
        card.segment(frame, story.descriptors[0].command, context, number, number == len(frames) - 1)
    return list(map(bytes, frames))


def differences(left: Story, other: Story) -> Iterator[Difference]:
    """Where two frames of one length differ, by fields as far as either has one there."""
    named = (_regions(left), _regions(other))
    end = 0
    for offset, (mine, its) in enumerate(zip(left.frame, other.frame, strict=True)):
        if mine == its or offset < end:
            continue
        spans = [span for regions in reversed(named) for span in regions if span[0] <= offset < span[1]]
        begin, end = spans[0] if spans else (offset, offset + 1)
        was, would = (
            f"{regions.get((begin, end), _gathered(story, begin))}, 0x{story.frame[begin:end].hex()}"
            for story, regions in zip((left, other), named, strict=True)
        )
        yield Difference(begin, end, was, ("be " if (begin, end) in named[1] else "stay as ") + would)


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
