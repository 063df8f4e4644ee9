"""What does `glassnic explain` do? Reads a capture that the card made, and tells of its frames from nothing else.

Exit status 0; 1 with one sentence where the file or the frame is not to be had.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from glassnic.spec.findings import ERROR
from glassnic.xray.explain import Explanation, Point, explain
from glassnic.xray.hexview import view
from glassnic.xray.note import read_note
from glassnic.xray.pcapng import INBOUND, OUTBOUND, CaptureError, Packet, read

ARROWS = {OUTBOUND: "sent", INBOUND: "received", 0: ""}
STYLES = {ERROR: "bold red"}


class Entry(NamedTuple):
    """A packet of the file by its number, as Wireshark counts; `explanation` is None where there is no record."""

    number: int
    packet: Packet
    explanation: Explanation | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic explain`."""
    parser.add_argument("file", metavar="FILE", help="a capture made with --pcapng")
    parser.add_argument("--frame", type=int, metavar="N", help="tell all of frame N, numbered as in Wireshark")
    parser.add_argument("--findings", action="store_true", help="only frames with which something is wrong")


def run(args: argparse.Namespace) -> int:
    """Tell; the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False, soft_wrap=True)
    try:
        if args.frame is None:
            _list(args.file, args.findings, console)
        else:
            _tell(_nth(args.file, args.frame), console)
    except CaptureError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    return 0


def entries(path: str) -> Iterator[Entry]:
    """Every packet of the file, explained. Raises CaptureError."""
    try:
        with open(path, "rb") as file:
            for number, packet in enumerate(read(file), 1):
                yield Entry(number, packet, _explained(packet))
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
    for entry in entries(path):
        last = entry.number
        if last == number:
            return entry
    raise CaptureError(f"{path} has no frame {number}: its frames are 1 to {last}")


def _list(path: str, only_findings: bool, console: Console) -> None:
    """A line for each frame, then what was found, counted."""
    frames, found = 0, 0
    for entry in entries(path):
        frames += 1
        points = entry.explanation.points if entry.explanation else ()
        found += bool(points)
        if points or not only_findings:
            console.print(_line(entry))
        for point in points if only_findings else ():
            console.print(Text(f"       {point}", STYLES.get(point.severity, "yellow")))
    console.print(Text(f"{frames} frames, {found} of them with findings"))


def _line(entry: Entry) -> Text:
    packet, explanation = entry.packet, entry.explanation
    if explanation is None:
        words = "".join(filter(str.isprintable, "".join(packet.comments[:1]).partition("\n")[0])) or "no record"
        return Text(f"{entry.number:5d}  {ARROWS.get(packet.direction, ''):8} {len(packet.frame):5d} bytes  {words}")
    line = Text(f"{entry.number:5d}  {ARROWS[packet.direction]:8} {len(packet.frame):5d} bytes  {explanation.headline}")
    codes = list(dict.fromkeys(point.code for point in explanation.points))
    return line.append("  ✗ " + " ".join(codes), _style(explanation.points)) if codes else line


def _style(points: tuple[Point, ...]) -> str:
    return STYLES[ERROR] if any(point.severity == ERROR for point in points) else "yellow"


def _tell(entry: Entry, console: Console) -> None:
    """The story of one frame: findings, sentences, bytes."""
    packet, explanation = entry.packet, entry.explanation
    console.print(_line(entry), Text())
    if explanation is None:
        console.print(Text("The file holds no record of this frame."))
        return
    for point in explanation.points:
        console.print(Text(f"✗ {point}", STYLES.get(point.severity, "yellow")))
    if explanation.points:
        console.print()
    for sentence in explanation.sentences:
        console.print(Text(f"- {sentence}"))
    console.print()
    for line in view(explanation, packet.frame):
        console.print(line)
