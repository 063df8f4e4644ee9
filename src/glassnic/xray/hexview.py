"""What is each byte of the frame, and who put it there? A hex view whose letters say the same as its colours.

Under each byte stand two marks: what it is (a letter of LEGEND), and which checksum range covers it: 1 for the first
checksum that was inserted, 2 for the second, * for both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.text import Text

from glassnic.xray.explain import Explanation
from glassnic.xray.story import ADDRESSES, TAG, Story

ROW_BYTES, SHORT_ROWS = 16, 8
GAP = "       ..."


class Mark(NamedTuple):
    """One kind of region: its letter, its colour, its meaning."""

    letter: str
    style: str
    words: str


DATA = Mark("d", "", "as gathered from the driver's buffers")
HEADER = Mark("h", "cyan", "copied from the prototype header (§3.5.5)")
FIELD = Mark("f", "yellow", "header field rewritten for this segment (§3.5.9)")
SUM = Mark("C", "bold green", "checksum stored by the card (§3.5.8)")
TAGGED = Mark("t", "magenta", "VLAN tag inserted (§3.3.4)")
PAD = Mark("p", "dim", "padding (§13.4.33)")
SPOILT = Mark("X", "bold white on red", "spoilt: see the findings")
LEGEND = (DATA, HEADER, FIELD, SUM, TAGGED, PAD, SPOILT)


def marks_of(explanation: Explanation, length: int) -> list[Mark]:
    """What each byte of the frame is; what was put there last counts."""
    marks = [DATA] * length
    story = explanation.story
    if story is None:
        return marks
    _lay(marks, HEADER, 0, story.header_length)
    for field in story.fields():
        _lay(marks, FIELD, field.begin, field.begin + field.length)
    for one in story.sums:
        _lay(marks, SUM, one.place, one.place + 2)
    if story.tag:
        _lay(marks, TAGGED, ADDRESSES, ADDRESSES + TAG)
    if story.padded_from is not None:
        _lay(marks, PAD, story.padded_from, length)
    for point in explanation.points:
        for place in point.places:
            _lay(marks, SPOILT, place, place + 1)
    return marks


def covered(story: Story | None, offset: int) -> str:
    """Which checksum's range covers this byte."""
    sums = story.sums if story else ()
    over = [number for number, one in enumerate(sums, 1) if one.begin <= offset <= one.end]
    return "*" if len(over) > 1 else str(over[0]) if over else " "


def view(explanation: Explanation, frame: bytes) -> list[Text]:
    """The lines of the view, then the legend of what is in it; a frame that arrived needs neither mark nor legend.

    Long runs of nothing but data are cut short.
    """
    marks, story = marks_of(explanation, len(frame)), explanation.story

    def draw(row: range) -> list[Text]:
        octets = Text(f"{row.start:5d}  ").append(_octets(marks, frame, row))
        if story is None:
            return [octets]
        letters = Text(" " * 7)
        for offset in row:
            mark = marks[offset]
            letters.append(f"{mark.letter}{covered(story, offset)} ", mark.style if mark is SPOILT else "dim")
        letters.rstrip()
        return [octets, letters]

    shown = _shown(len(frame), lambda row: set(marks[row.start : row.stop]) == {DATA}, draw)
    return [*shown, Text(), *_legend(marks, story, len(frame))] if story else shown


class Side(NamedTuple):
    """One of two frames of one length."""

    title: str
    explanation: Explanation
    frame: bytes


def compare(left: Side, other: Side) -> list[Text]:
    """One above the other, with ^^ under bytes that differ; rows that are alike stand once, long runs of them not."""
    width = max(len(left.title), len(other.title))
    marks = [marks_of(side.explanation, len(side.frame)) for side in (left, other)]

    def alike(row: range) -> bool:
        return left.frame[row.start : row.stop] == other.frame[row.start : row.stop]

    def draw(row: range) -> list[Text]:
        octets = [_octets(of, side.frame, row) for of, side in zip(marks, (left, other), strict=True)]
        if alike(row):
            return [Text(f"{row.start:5d}  {'':{width}}  ").append(octets[0])]
        signs = "".join("^^ " if left.frame[offset] != other.frame[offset] else "   " for offset in row)
        return [
            Text(f"{row.start:5d}  {left.title:{width}}  ").append(octets[0]),
            Text(f"{'':5}  {other.title:{width}}  ").append(octets[1]),
            Text(f"{'':5}  {'':{width}}  {signs.rstrip()}", "bold"),
        ]

    return _shown(len(left.frame), alike, draw)


def _shown(length: int, is_dull: Callable[[range], bool], draw: Callable[[range], list[Text]]) -> list[Text]:
    """The rows, drawn; of a long frame the first, the last, and what is or has a neighbour that is not dull."""
    rows = [range(start, min(start + ROW_BYTES, length)) for start in range(0, length, ROW_BYTES)]
    dull = [is_dull(row) for row in rows]
    lines: list[Text] = []
    for number, row in enumerate(rows):
        if len(rows) <= SHORT_ROWS or row in (rows[0], rows[-1]) or not all(dull[number - 1 : number + 2]):
            lines += draw(row)
        elif lines[-1].plain != GAP:
            lines.append(Text(GAP))
    return lines


def _octets(marks: list[Mark], frame: bytes, row: range) -> Text:
    """Sixteen bytes in their colours, and as characters."""
    octets = Text()
    for offset in row:
        octets.append(f"{frame[offset]:02x}", marks[offset].style).append(" ")
    octets.append("   " * (ROW_BYTES - len(row)) + " ")
    for offset in row:
        octets.append(_readable(frame[offset]), marks[offset].style)
    return octets


def _legend(marks: list[Mark], story: Story | None, length: int) -> list[Text]:
    lines = [Text(f"  {mark.letter}  ").append(mark.words, mark.style) for mark in LEGEND if mark in marks]
    for number, one in enumerate(story.sums if story else (), 1):
        lines.append(Text(f"  {number}  summed for the {one.of} checksum, stored at {one.place}"))
    if "*" in {covered(story, offset) for offset in range(length)}:
        lines.append(Text("  *  summed for both"))
    return lines


def _lay(marks: list[Mark], mark: Mark, begin: int, end: int) -> None:
    begin, end = max(begin, 0), min(end, len(marks))
    if begin < end:
        marks[begin:end] = [mark] * (end - begin)


def _readable(octet: int) -> str:
    return chr(octet) if 32 <= octet < 127 else "."
