"""What was on a card's tape? Its frames with their slices of the record, told to listeners as the card would tell them.

A control socket's `dump` answers with rows and frames, numbers only; `xray` makes the words, here, where it costs the
card nothing.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from struct import iter_unpack
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from glassnic.live.protocol import ControlError
from glassnic.xray.capture import Capture
from glassnic.xray.explain import Explanation, explain
from glassnic.xray.note import Note
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.probe import Frame, Listener, Probe
from glassnic.xray.sink import Target
from glassnic.xray.story import Origin
from glassnic.xray.trace import Row, Slice

STDOUT = "-"


class Seen(NamedTuple):
    """A frame that passed: when (ns since 1970), which way, and its slice if the record tells."""

    at_ns: int
    direction: int
    frame: bytes
    piece: Slice | None

    def explained(self, origin: Origin) -> Explanation | None:
        """Its story; None where there is no record of it."""
        return explain(Note(origin, self.piece), self.frame) if self.piece else None


class Collector:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[Seen] = []

    def frame(self, at_ns: int, frame: Frame, direction: int, piece: Slice | None) -> None:
        self.frames.append(Seen(at_ns, direction, bytes(frame), piece))

    def complete(self, at_ns: int, piece: Slice) -> None:
        """Its frames say it."""

    def flush(self) -> None:
        """Nothing waits."""


def origin(answer: dict[str, Any]) -> Origin:
    """Which card answered `status` or `dump`."""
    return Origin(answer["model"], answer["profile"])


def replay(answer: dict[str, Any], listener: Listener) -> None:
    """Tell a listener all that an answer to `dump` holds. Raises CaptureError if the listener does."""
    probe = Probe([listener], answer["epoch_ns"])
    probe.follow(answer["before"])
    rows: list[Row] = list(iter_unpack("<qqqq", base64.b64decode(answer["rows"])))
    followed = 0
    for turn in answer["turns"]:
        begin, end = turn["rows"]
        if turn["sent"]:
            probe.sent(_frames(turn), rows[followed:end])
        else:
            probe.follow(rows[followed:begin])
            probe.received(_frames(turn), rows[begin:end], turn["at_ns"])
        followed = end
    probe.follow(rows[followed:])
    probe.close()


def collect(answer: dict[str, Any]) -> list[Seen]:
    """Its frames, oldest first."""
    collector = Collector()
    replay(answer, collector)
    return collector.frames


def write(answer: dict[str, Any], path: str) -> None:
    """As a capture into a file, or to standard output. ControlError if that cannot be."""
    if path == STDOUT:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "dump.pcapng"
            write(answer, str(file))
            sys.stdout.flush()
            with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
                out.write(file.read_bytes())
        return
    try:
        capture = Capture(Target(Path(path)), [(answer["card"], origin(answer))])
        try:
            replay(answer, capture.channel())
        finally:
            capture.close()
    except CaptureError as error:
        raise ControlError(str(error)) from error


def _frames(turn: dict[str, Any]) -> Iterator[bytes]:
    data, at = base64.b64decode(turn["frames"]), 0
    for length in turn["lengths"]:
        yield data[at : at + length]
        at += length
