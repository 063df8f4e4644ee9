"""How does one learn at once of what is wrong? Watches cards while they run, and tells each finding when it is certain.

A finding goes to a file (JSON lines), to whoever is to be alarmed, and into the counts of the table at the end. Where
nobody watches, nothing is done.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from glassnic.spec.findings import ERROR, WARNING
from glassnic.xray.eye import Eye
from glassnic.xray.found import Found
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.sink import Place, Sink, target
from glassnic.xray.story import Origin

SEVERITIES = (WARNING, ERROR)
"""In order: who asks for warnings gets errors too."""
FRAMES_PER_SECOND = 3000
"""What a small machine looks at, at 0.2 to 0.3 ms a frame."""
QUIET_NS = 1_000_000_000
"""After an alarm of one code the next one of that code and card comes no sooner."""


@dataclass
class Count:
    """How often a finding happened, and the first one."""

    first: Found
    times: int = 0
    alarmed_ns: int = -QUIET_NS
    unsaid: int = 0


@dataclass
class Watch:
    """All that was found. `sink` takes lines; `say` a card's name and a sentence."""

    sink: Sink | None = None
    say: Callable[[str, str], None] | None = None
    severity: str = ""
    """What is as bad as this, or worse, is said at once; nothing, where it is empty."""
    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    """By card and code."""

    def eye(self, card: str, origin: Origin, place_of: Callable[[int], Place | None] | None = None) -> Eye:
        """Watches one card: a listener of its probe, behind the capture that tells by serials where frames lie."""

        def take(at_ns: int, one: Found) -> None:
            self.take(card, at_ns, one, place_of(one.serial) if place_of and one.serial is not None else None)

        return Eye(origin, take, partial(self.flush, card))

    def take(self, card: str, at_ns: int, one: Found, place: Place | None = None) -> None:
        """A finding that has just happened; `place` is that of the frame in a capture."""
        count = self.counts.setdefault((card, one.code), Count(one))
        count.times += 1
        self._write(card, _line(card, at_ns, one, place))
        if self.say and self.severity and SEVERITIES.index(one.severity) >= SEVERITIES.index(self.severity):
            self._alarm(card, at_ns, f"frame {place.number} of {place.file}: {one}" if place else str(one), count)

    def _alarm(self, card: str, at_ns: int, sentence: str, count: Count) -> None:
        if at_ns - count.alarmed_ns < QUIET_NS:
            count.unsaid += 1
            return
        more = f", and {count.unsaid} more before" if count.unsaid else ""
        count.alarmed_ns, count.unsaid = at_ns, 0
        assert self.say is not None
        self.say(card, f"{sentence}{more}")

    def flush(self, card: str) -> None:
        """Go on with what a pipe did not take at once."""
        self._write(card, b"")

    def _write(self, card: str, line: bytes) -> None:
        """A file that cannot be written any more ends with a sentence, and the watch goes on without."""
        try:
            if self.sink is not None and line:
                self.sink.write(line)
            elif self.sink is not None:
                self.sink.flush()
        except CaptureError as error:
            self.sink = None
            if self.say is None:
                raise
            self.say(card, str(error))

    def show(self) -> None:
        """Print what was found, as a table; or that nothing was."""
        from glassnic.xray.tally import show  # with its library, only where there is something to show

        if self.counts:
            show({key: (count.first, count.times) for key, count in self.counts.items()})
        else:
            print("watched: nothing that was asked for, and no frame that left, was out of order")
        if self.sink is not None and self.sink.dropped:
            print(f"{self.sink.dropped} findings were not written: their reader was too slow")


def add_watch_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that ask for a watch."""
    parser.add_argument(
        "--findings",
        metavar="FILE",
        help="write what is wrong with requests and frames as JSON lines, at once; FILE as for --pcapng. Looking at "
        f"each frame costs time: the card sends some {FRAMES_PER_SECOND:,} frames a second at most",
    )
    parser.add_argument(
        "--strict",
        nargs="?",
        const=WARNING,
        choices=SEVERITIES,
        help="say it on standard error when a finding is at least that bad (default: warning), once a second for each "
        "kind; costs what --findings costs",
    )


def open_watch(args: argparse.Namespace, stack: ExitStack, say: Callable[[str, str], None]) -> Watch | None:
    """The watch that was asked for, if any. Raises CaptureError."""
    if args.findings is None and args.strict is None:
        return None
    sink = None
    if args.findings is not None:
        sink = Sink(target(args.findings), b"")
        stack.callback(sink.close)
    return Watch(sink, say, args.strict or "")


def _line(card: str, at_ns: int, one: Found, place: Place | None) -> bytes:
    """A finding as a line of JSON."""
    at = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).replace(microsecond=at_ns % 1_000_000_000 // 1000)
    content = {
        "time": at.isoformat(timespec="microseconds"), "card": card, "code": one.code, "severity": one.severity,
        "sentence": one.sentence, "section": one.section, "serial": one.serial,
        "frame": place.number if place else None, "file": str(place.file) if place else None, "values": one.values,
    }  # fmt: skip
    return (json.dumps(content) + "\n").encode()
