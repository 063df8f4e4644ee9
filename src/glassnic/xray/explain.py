"""Why did this frame leave as it did, or what became of it? The story of a frame in sentences, each with its section.

Facts come from `story.py` and findings from `detect.py`; the sentences of single events are those of `spec/events.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import RX
from glassnic.spec.events import BY_NUMBER, say
from glassnic.spec.ways import REFUSALS, WAYS
from glassnic.wire.verdict import verify
from glassnic.xray.detect import detect
from glassnic.xray.found import Found, noted
from glassnic.xray.note import Note
from glassnic.xray.outline import protocol_of
from glassnic.xray.story import SEGMENTED, WORD, Load, Story, read_story
from glassnic.xray.trace import Row

MOST_DESCRIPTORS = 6
"""So many are told one by one."""
MOST_ROWS = 12
"""The same for what became of a packet's frames."""


class Explanation(NamedTuple):
    """What can be said of one frame. `story` is None for a frame that arrived."""

    headline: str
    sentences: tuple[str, ...]
    points: tuple[Found, ...]
    story: Story | None

    def comment(self) -> str:
        """The whole in the few lines that a packet's comment takes: findings first."""
        return "\n".join([self.headline, *map(str, self.points), *self.sentences])


def explain(note: Note, frame: bytes) -> Explanation:
    """Explain a frame from its record. ValueError if the record is of no frame."""
    if note.piece.rows[0][0] >= events.RX_FRAME:
        return _explain_arrival(note.piece.rows, frame)
    return explain_story(read_story(note.origin, frame, note.piece))


def explain_story(story: Story) -> Explanation:
    """Explain a frame that left, or that would have left."""
    points = (*detect(story), *noted(story.loose, where="before this frame, "))
    return Explanation(_headline(story), tuple(_sentences(story)), points, story)


def _explain_arrival(rows: Sequence[Row], frame: bytes) -> Explanation:
    """A frame from the wire: its rows, one sentence each; the last one says what became of it."""
    protocol = protocol_of(frame)
    told = [_event_sentence(row) for row in rows if not BY_NUMBER[row[0]].finding]
    if rows[0][0] == events.RX_CUT:
        return Explanation(_cut_apart(rows), tuple(told[1:MOST_ROWS]), tuple(noted(rows)), None)
    event, _, _, last = rows[-1]
    if event == events.RX_FRAME:
        return Explanation(f"{protocol}, delivered", (*told, *_delivered(last)), tuple(noted(rows)), None)
    if event == events.RESET:
        told[-1] = f"lost from the FIFO: {told[-1]}"
    if event == events.RX_FILTERED:
        told[-1] += f": {REFUSALS.get(last, 'for a reason unknown')}"
    return Explanation(f"{protocol}: {told[-1]}", tuple(told[:-1]), tuple(noted(rows)), None)


def _cut_apart(rows: Sequence[Row]) -> str:
    """What became of a packet that came in whole."""
    came = sum(row[0] == events.RX_FRAME for row in rows)
    return f"{_event_sentence(rows[0])}; {came} of them are delivered"


def _delivered(marks: int) -> Iterator[str]:
    """By which filter a frame came in, and what the descriptor says of it, status and errors (§3.2.3)."""
    way, word = marks >> 16, (marks & 0xFFFF) << 32
    yield f"let in by {WAYS.get(way, 'a filter unknown')}"
    if take(word, RX.VP):
        yield "the tag is taken out of the frame, into SPECIAL of the descriptor (§9.2)"
    if take(word, RX.CE):
        yield "the FCS is wrong: CE, and it is stored because of RCTL.SBP (§13.4.22)"
    elif take(word, RX.IXSM):
        yield "no checksum was looked at: IXSM (§3.2.3.1)"
    for name, looked, wrong in (("IPv4 header", RX.IPCS, RX.IPE), ("TCP or UDP", RX.TCPCS, RX.TCPE)):
        if take(word, looked):
            yield f"the {name} checksum was looked at, and is {'wrong' if take(word, wrong) else 'right'} (§3.2.9)"


def _headline(story: Story) -> str:
    """What the frame is, in a line."""
    if story.whole:
        return f"TCP, a send handed over whole, for the host to cut into {story.number} frames"
    sums = verify(story.frame).sums
    protocol = sums[-1].of.removesuffix(" header") if sums else protocol_of(story.bare)
    if story.kind == SEGMENTED:
        return f"{protocol}, segment {story.number + 1} of a send{', its last' if story.last else ''}"
    asked = " and ".join(dict.fromkeys(f"the {one.of} checksum" for one in story.sums))
    return f"{protocol}, sent as gathered" + (f" but for {asked}" if asked else "")


def _sentences(story: Story) -> Iterator[str]:
    yield from _descriptors(story)
    yield from _contexts(story)
    for one in story.fields():
        width = 2 * one.length
        before = "" if one.before is None else f"0x{one.before:0{width}x} "
        change = "stays 0x" if one.before == one.after else f"{before}becomes 0x"
        yield f"{one.name} at {_span(one.begin, one.length)}: {change}{one.after:0{width}x} (§{one.section})"
    for sum_ in story.sums:
        span = f"bytes {sum_.begin} to {sum_.end} are summed"
        stored = f"{sum_.before:#06x} at {sum_.place} becomes {sum_.after:#06x}"
        yield f"{sum_.of} checksum: {span}, {stored} (§3.5.8)"
    if story.tag:
        yield _event_sentence((events.TX_TAG, *story.tag, 0))
    if story.padded_from is not None:
        yield _event_sentence((events.TX_PAD, story.padded_from, len(story.frame), 0))
    verdict = verify(story.frame)
    if not story.whole:
        yield f"as it left, the card's frame {story.serial}: {verdict}"


def _descriptors(story: Story) -> Iterator[str]:
    for one in story.descriptors[:MOST_DESCRIPTORS]:
        flags = " ".join(one.flags) or "no flag"
        kind, section = ("data", "3.3.7") if one.extended else ("legacy", "3.3.3")
        yield f"{kind} descriptor {one.place}: {one.length} bytes at {one.address:#x}, {flags} (§{section})"
    more = len(story.descriptors) - MOST_DESCRIPTORS
    if more > 0:
        yield f"and {more} more descriptors"


def _contexts(story: Story) -> Iterator[str]:
    """The context that was used, and the one of the other kind that it replaced in the same slot, if so."""
    used = story.context
    if used is None:
        if story.asks_context:
            known = "it was not loaded since the reset" if story.from_reset else "nothing is known of its being loaded"
            yield f"context {story.slot} is used, and {known} (§3.6)"
        return
    age_ns = story.at_ns - used.at_ns
    since = f"{age_ns / 1000:,.0f} µs before" if age_ns else "in the same turn"
    yield (
        f"context {story.slot}: {_kind_of(used)}, loaded by descriptor {used.place}, {since}: {_ranges(used)} (§3.3.6)"
    )
    for replaced in story.loads[:-1]:
        yield (
            f"it had replaced {_kind_of(replaced)} of descriptor {replaced.place}, which said: {_ranges(replaced)}; "
            "the manual keeps the two kinds apart (§3.6)"
        )


def _kind_of(load: Load) -> str:
    return "the segmentation context" if load.segments else "the plain context"


def _ranges(load: Load) -> str:
    return ", ".join(f"{name} {value}" for name, value in load.named().items())


def _event_sentence(row: Row) -> str:
    event = BY_NUMBER[row[0]]
    return f"{say(event, _unsigned(row))} (§{event.section})"


def _unsigned(row: Row) -> list[int]:
    return [value & WORD for value in row[1:]]


def _span(begin: int, length: int) -> str:
    return f"{begin}-{begin + length - 1}" if length > 1 else str(begin)
