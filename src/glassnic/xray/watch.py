"""How does one learn at once of what is wrong? Watches cards while they run, and tells each finding when it is certain.

A finding goes to a file (JSON lines), to whoever is to be alarmed, and into the counts of the table at the end. What
concerns a packet is told once, when the packet is complete, whether it made frames or not; what concerns a frame, when
the frame has left. Costs some 0.2 ms of the host's time a frame; nothing is done where nobody watches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich import box
from rich.table import Table

from glassnic.spec import findings as f
from glassnic.spec.descriptors import TX_DATA
from glassnic.spec.findings import ERROR, WARNING
from glassnic.xray.detect import judge_frame
from glassnic.xray.found import Found, found
from glassnic.xray.pcapng import OUTBOUND
from glassnic.xray.probe import Frame
from glassnic.xray.requests import judge_request
from glassnic.xray.sends import judge_send
from glassnic.xray.sink import Sink
from glassnic.xray.story import Descriptor, Load, Origin, Request, read_request, read_story
from glassnic.xray.trace import Slice

SEVERITIES = (WARNING, ERROR)
"""In order: who asks for warnings gets errors too."""
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
    """All that was found. `sink` takes lines, `alarm` sentences, of findings as bad as `severity` or worse."""

    sink: Sink | None = None
    alarm: Callable[[str, str], None] | None = None
    """Takes the card's name and the sentence."""
    severity: str = WARNING
    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    """By card and code."""

    def eye(self, card: str, origin: Origin) -> Eye:
        """Watches one card: a listener of its probe."""
        return Eye(self, card, origin)

    def take(self, card: str, at_ns: int, one: Found) -> None:
        """A finding that has just happened. Raises CaptureError."""
        count = self.counts.setdefault((card, one.code), Count(one))
        count.times += 1
        if self.sink is not None:
            self.sink.write(_line(card, at_ns, one))
        if self.alarm is None or SEVERITIES.index(one.severity) < SEVERITIES.index(self.severity):
            return
        if at_ns - count.alarmed_ns < QUIET_NS:
            count.unsaid += 1
            return
        more = f", and {count.unsaid} more before" if count.unsaid else ""
        count.alarmed_ns, count.unsaid = at_ns, 0
        self.alarm(card, f"{one}{more}")

    def flush(self) -> None:
        """Go on with what a pipe did not take at once. Raises CaptureError."""
        if self.sink is not None:
            self.sink.flush()

    def table(self) -> Table:
        """What was found, by card and code, the worst first."""
        table = Table(box=box.SIMPLE, title="What was out of order", title_justify="left")
        for title in ("card", "finding", "severity", "times", "the first one", "section"):
            table.add_column(title, justify="right" if title == "times" else "left")
        for (card, code), count in sorted(self.counts.items(), key=lambda item: _rank(item[1])):
            first = count.first
            style = "red" if first.severity == ERROR else "yellow"
            table.add_row(card, code, first.severity, str(count.times), first.sentence, first.section, style=style)
        return table


class Eye:
    """Finds what is wrong with the requests and frames of one card. All methods raise CaptureError."""

    def __init__(self, watch: Watch, card: str, origin: Origin) -> None:
        self._watch = watch
        self._card = card
        self._origin = origin
        self._laps = Laps()

    def frame(self, at_ns: int, frame: Frame, direction: int, piece: Slice | None) -> None:
        """What is wrong with a frame that left, and with the send it is the first of."""
        if piece is None or direction != OUTBOUND:
            return
        story = read_story(self._origin, bytes(frame), piece)
        if not story.number or story.whole:
            self._take(at_ns, judge_send(story))
        self._take(at_ns, judge_frame(story))

    def complete(self, at_ns: int, piece: Slice) -> None:
        """What is wrong with a packet, or with what belongs to none."""
        request = read_request(self._origin, piece.rows)
        self._take(at_ns, judge_request(request))
        self._take(at_ns, self._laps.follow(request))

    def flush(self) -> None:
        self._watch.flush()

    def _take(self, at_ns: int, some: Iterable[Found]) -> None:
        for one in some:
            self._watch.take(self._card, at_ns, one)


class Laps:
    """Does the driver ask for reports often enough? RS of any descriptor vouches for all before it (§3.3.3.2)."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._unreported: list[int] = []
        """Places of the descriptors since the last RS, in order, up to a lap."""
        self._told = False

    def follow(self, request: Request) -> Iterator[Found]:
        """A finding when a whole lap of the ring has gone without RS."""
        reports = TX_DATA.RS.mask | (TX_DATA.RPS.mask if request.origin.part.reports_on_wire else 0)
        taken: Sequence[Descriptor | Load] = request.descriptors or request.known
        if not taken and request.from_reset:
            self._forget()
        for one in taken:
            here = self._unreported
            if one.command & reports or (here and one.place not in (0, here[-1] + 1)):  # or rows were lost
                self._forget()
            elif here and one.place == here[0] and not self._told:
                self._told = True
                yield found(f.NO_REPORT, request.serial, count=len(here), place=one.place)
            elif not self._told:
                here.append(one.place)


def _line(card: str, at_ns: int, one: Found) -> bytes:
    """A finding as a line of JSON."""
    at = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).replace(microsecond=at_ns % 1_000_000_000 // 1000)
    content = {
        "time": at.isoformat(timespec="microseconds"), "card": card, "code": one.code, "severity": one.severity,
        "sentence": one.sentence, "section": one.section, "frame": one.frame, "values": one.values,
    }  # fmt: skip
    return (json.dumps(content) + "\n").encode()


def _rank(count: Count) -> tuple[int, int]:
    return -SEVERITIES.index(count.first.severity), -count.times
