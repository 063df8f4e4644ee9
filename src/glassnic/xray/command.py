"""What does `glassnic explain` do? Reads a capture that the card made, and tells of its frames from nothing else.

Exit status 0; 1 with one sentence where the file or the frame is not to be had.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from glassnic.spec.findings import ERROR
from glassnic.spec.profiles import PROFILES
from glassnic.xray.against import STAYS, differences, under
from glassnic.xray.explain import Explanation, explain, explain_story
from glassnic.xray.found import Found
from glassnic.xray.hexview import Side, compare, view
from glassnic.xray.note import read_note
from glassnic.xray.pcapng import INBOUND, OUTBOUND, CaptureError, Packet, read
from glassnic.xray.report_frame import summarize
from glassnic.xray.story import Story

ARROWS = {OUTBOUND: "sent", INBOUND: "received", 0: ""}
STYLES = {ERROR: "bold red"}
AT_ONCE = 200
"""Lines."""

FATES = SAME, OTHER, NOT_SENT, NOT_TOLD, NOT_COMPARED = (
    "would be the same", "would differ", "would not leave", "cannot be told", "arrived or have no record",
)  # fmt: skip
"""What may become of a frame under another profile."""


class Entry(NamedTuple):
    """A packet of the file by its number, as Wireshark counts; `explanation` is None where there is no record."""

    number: int
    packet: Packet
    explanation: Explanation | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic explain`."""
    parser.add_argument("file", metavar="FILE", help="a capture made with --pcapng")
    parser.add_argument("--frame", type=int, metavar="N", help="tell all of frame N, numbered as in Wireshark")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--findings", action="store_true", help="only frames with which something is wrong")
    which.add_argument(
        "--against",
        metavar="PROFILE",
        choices=sorted(PROFILES),
        help="what the card would have sent under another profile: which frames would differ and where; with --frame, "
        f"byte by byte. Profiles: {', '.join(sorted(PROFILES))}",
    )


def run(args: argparse.Namespace) -> int:
    """Tell; the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False, soft_wrap=True)
    try:
        if args.frame is None and args.against is None:
            _print(_list(args.file, args.findings), console)
        elif args.frame is None:
            _print(_list_against(args.file, args.against), console)
        elif args.against is None:
            _tell(_nth(args.file, args.frame), console)
        else:
            _tell_against(_nth(args.file, args.frame), args.against, console)
    except CaptureError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    return 0


def entries(path: str) -> Iterator[Entry]:
    """Every packet of the file, explained. Raises CaptureError."""
    for number, packet in _packets(path):
        yield Entry(number, packet, _explained(packet))


def _packets(path: str) -> Iterator[tuple[int, Packet]]:
    """Every packet of the file, numbered from 1. Raises CaptureError."""
    try:
        with open(path, "rb") as file:
            yield from enumerate(read(file), 1)
    except OSError as error:
        raise CaptureError(f"{path} cannot be read: {error.strerror}") from error
    except CaptureError as error:
        raise CaptureError(f"{path}: {error}; give a file made with --pcapng") from error


def _explained(packet: Packet) -> Explanation | None:
    note = read_note(packet.comments)
    try:
        return explain(note, packet.frame) if note else None
    except (ValueError, LookupError):  # a record that somebody has edited
        return None


def _nth(path: str, number: int) -> Entry:
    last = 0
    for last, packet in _packets(path):
        if last == number:
            return Entry(number, packet, _explained(packet))
    raise CaptureError(f"{path} has no frame {number}: its frames are 1 to {last}")


def _print(lines: Iterator[Text], console: Console) -> None:
    """Many at once, which is quicker; what is there when the file turns out to be damaged, too."""
    some: list[Text] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == AT_ONCE:
                console.print(*some, sep="\n")
                some = []
    finally:
        if some:
            console.print(*some, sep="\n")


def _list(path: str, only_findings: bool) -> Iterator[Text]:
    """A line for each frame, then what was found, counted."""
    frames, found = 0, 0
    for entry in entries(path):
        frames += 1
        points = entry.explanation.points if entry.explanation else ()
        found += bool(points)
        if points or not only_findings:
            yield _line(entry)
        for point in points if only_findings else ():
            yield Text(f"       {point}", STYLES.get(point.severity, "yellow"))
    yield Text(f"{frames} frames, {found} of them with findings")


def _line(entry: Entry) -> Text:
    """What a frame is, and the codes of what is wrong with it."""
    line, points = _head(entry), entry.explanation.points if entry.explanation else ()
    codes = list(dict.fromkeys(point.code for point in points))
    return line.append("  ✗ " + " ".join(codes), _style(points)) if codes else line


def _head(entry: Entry) -> Text:
    packet, explanation = entry.packet, entry.explanation
    if explanation is None:
        words = _printable("".join(packet.comments[:1]).partition("\n")[0]) or "no record"
    else:
        words = explanation.headline
    card, way = _printable(packet.interface), ARROWS.get(packet.direction, "")
    return Text(f"{entry.number:5d}  {card}  {way:8} {len(packet.frame):5d} bytes  {words}")


def _printable(text: str) -> str:
    """What somebody else wrote, fit for a terminal."""
    return "".join(filter(str.isprintable, text))


def _begin(entry: Entry, console: Console) -> None:
    """What a frame is in a line, and from whom to whom."""
    line = summarize(entry.packet.frame)
    console.print(_line(entry))
    console.print(Text(f"       {line.source} → {line.destination}  {line.protocol} {line.info}".rstrip()))
    console.print()


def _style(points: tuple[Found, ...]) -> str:
    return STYLES[ERROR] if any(point.severity == ERROR for point in points) else "yellow"


def _tell(entry: Entry, console: Console) -> None:
    """The story of one frame: findings, sentences, bytes."""
    packet, explanation = entry.packet, entry.explanation
    _begin(entry, console)
    if explanation is None:
        console.print(Text("The file holds no record of this frame."))
        return
    for point in explanation.points:
        console.print(Text(f"✗ {point}", STYLES.get(point.severity, "yellow")))
    if explanation.points:
        console.print()
    for sentence in explanation.sentences:
        console.print(Text(f"- {sentence}"))
    if explanation.sentences:
        console.print()
    for line in view(explanation, packet.frame):
        console.print(line)


def _list_against(path: str, profile: str) -> Iterator[Text]:
    """A line for each frame that would not be the same under this profile, then how many of them there are."""
    fates: Counter[str] = Counter()
    for entry in entries(path):
        story = entry.explanation.story if entry.explanation else None
        fate, words = _in_short(story, profile) if story else (NOT_COMPARED, "")
        fates[fate] += 1
        if words:
            yield _head(entry).append(f": {words}")
    counts = ", ".join(f"{fates[fate]} {fate}" for fate in FATES if fates[fate] or fate is OTHER)
    yield Text(f"{fates.total()} frames; under {profile} {counts}")


def _in_short(story: Story, profile: str) -> tuple[str, str]:
    """Would the frame be another, and how?"""
    answer = under(story, profile)
    if answer.story is None:
        return NOT_SENT if answer.fate == STAYS else NOT_TOLD, answer.reason
    spans = [one.span for one in differences(story, answer.story)]
    return (OTHER, f"would differ at {', '.join(spans)}") if spans else (SAME, "")


def _tell_against(entry: Entry, profile: str, console: Console) -> None:
    """One frame as it left and as it would have left: each difference in words, then the bytes."""
    _begin(entry, console)
    story = entry.explanation.story if entry.explanation else None
    if entry.explanation is None or story is None:
        console.print(Text("Nothing to hold against a profile: only a frame that left, with its record, can be."))
        return
    answer = under(story, profile)
    if answer.story is None:
        console.print(Text(f"Under {profile}: {answer.reason}"))
        return
    found = list(differences(story, answer.story))
    console.print(Text(f"Under {profile}" + (":" if found else " the same bytes would leave.")))
    for one in found:
        console.print(Text(f"- {one}"))
    other = explain_story(answer.story)
    for point in other.points:
        console.print(Text(f"✗ {point}", STYLES.get(point.severity, "yellow")))
    if found:
        console.print()
    sides = Side("as it left", entry.explanation, story.frame), Side(profile, other, answer.story.frame)
    for line in compare(*sides) if found else ():
        console.print(line)
