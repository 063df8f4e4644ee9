"""What is wrong with what one card does, as it does it? A listener of its probe, which tells each finding once.

What concerns a packet is told when the packet is complete, whether it made frames or not; what concerns a whole send,
with its first frame; what concerns a frame, when it has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from glassnic.spec import findings as f
from glassnic.spec.descriptors import TX_DATA
from glassnic.xray.detect import judge_frame
from glassnic.xray.found import Found, found
from glassnic.xray.pcapng import OUTBOUND
from glassnic.xray.probe import Frame
from glassnic.xray.requests import judge_request
from glassnic.xray.sends import judge_send
from glassnic.xray.story import Descriptor, Load, Origin, Request, read_request, read_story
from glassnic.xray.trace import Slice


class Eye:
    """Finds what is wrong with the requests and frames of one card. All methods raise CaptureError."""

    def __init__(self, origin: Origin, take: Callable[[int, Found], None], flush: Callable[[], None]) -> None:
        """`take` is given each finding with its time; `flush` is called when there are no more for now."""
        self._origin = origin
        self._take = take
        self._flush = flush
        self._laps = Laps()

    def frame(self, at_ns: int, frame: Frame, direction: int, piece: Slice | None) -> None:
        """What is wrong with a frame that left, and with the send it is the first of."""
        if piece is None or direction != OUTBOUND:
            return
        story = read_story(self._origin, bytes(frame), piece)
        if not story.number or story.whole:
            self._take_all(at_ns, judge_send(story))
        self._take_all(at_ns, judge_frame(story))

    def complete(self, at_ns: int, piece: Slice) -> None:
        """What is wrong with a packet, or with what belongs to none."""
        request = read_request(self._origin, piece.rows)
        self._take_all(at_ns, judge_request(request))
        self._take_all(at_ns, self._laps.follow(request))

    def flush(self) -> None:
        """So much for now."""
        self._flush()

    def _take_all(self, at_ns: int, some: Iterable[Found]) -> None:
        for one in some:
            self._take(at_ns, one)


class Laps:
    """Does the driver ask for reports often enough? RS of any descriptor vouches for all before it (§3.3.3.2)."""

    def __init__(self) -> None:
        self._last = -1
        self._forget()

    def _forget(self) -> None:
        self._begin: int | None = None
        """Place of the first descriptor since the last RS."""
        self._count = 0
        self._told = False

    def follow(self, request: Request) -> Iterator[Found]:
        """A finding, once, when a whole lap of the ring has gone without RS."""
        reports = TX_DATA.RS.mask | (TX_DATA.RPS.mask if request.origin.part.reports_on_wire else 0)
        taken: Sequence[Descriptor | Load] = request.descriptors or request.known
        if not taken and request.from_reset:
            self._forget()
        for one in taken:
            if one.place not in (0, self._last + 1):  # rows were lost
                self._forget()
            self._last = one.place
            if one.command & reports:
                self._forget()
                continue
            if one.place == self._begin and not self._told:
                self._told = True
                yield found(f.NO_REPORT, request.serial, count=self._count, place=one.place)
            self._begin = one.place if self._begin is None else self._begin
            self._count += 1
