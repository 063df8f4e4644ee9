"""What is each byte of the frame, and who put it there? A hex view whose letters say the same as its colours.

Under each byte stand two marks: what it is (a letter of LEGEND), and which checksum range covers it: 1 for the first
checksum that was inserted, 2 for the second, * for both.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.text import Text

from glassnic.xray.explain import Explanation
from glassnic.xray.story import ADDRESSES, TAG, Story

ROW_BYTES, SHORT_ROWS = 16, 8


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
    """The lines of the view, then the legend of what is in it. Long runs of nothing but data are cut short."""
    marks, story = marks_of(explanation, len(frame)), explanation.story
    lines: list[Text] = []
    starts = range(0, len(frame), ROW_BYTES)
    dull = [set(marks[start : start + ROW_BYTES]) == {DATA} for start in starts]
    for row, start in enumerate(starts):
        if len(dull) > SHORT_ROWS and all(dull[max(row - 1, 0) : row + 2]) and row and row + 1 < len(dull):
            if not lines[-1].plain.endswith("..."):
                lines.append(Text("       ..."))
            continue
        lines += _row(marks, story, frame, range(start, min(start + ROW_BYTES, len(frame))))
    return [*lines, Text(), *_legend(marks, story, len(frame))]


def _row(marks: list[Mark], story: Story | None, frame: bytes, window: range) -> tuple[Text, Text]:
    """Sixteen bytes, and their marks below."""
    octets, letters = Text(f"{window.start:5d}  "), Text(" " * 7)
    for offset in window:
        mark = marks[offset]
        octets.append(f"{frame[offset]:02x}", mark.style).append(" ")
        letters.append(f"{mark.letter}{covered(story, offset)} ", mark.style if mark is SPOILT else "dim")
    octets.append("   " * (ROW_BYTES - len(window)) + " ")
    for offset in window:
        octets.append(_readable(frame[offset]), marks[offset].style)
    letters.rstrip()
    return octets, letters


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
