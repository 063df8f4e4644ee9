"""How do a card's frames and the record of them get into a capture, while it runs? Each frame with its comments.

The first comment is for people: what happened, in words; the second is the record itself (`note.py`). Frames that
arrive are kept as they came from the wire, whatever became of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from glassnic import __version__
from glassnic.spec import events
from glassnic.xray.explain import explain
from glassnic.xray.note import Note, write_note
from glassnic.xray.pcapng import INBOUND, OUTBOUND, Interface, packet, section
from glassnic.xray.sink import Sink, Target
from glassnic.xray.story import Origin
from glassnic.xray.trace import Slice, Tracer, arrivals

UNTOLD = "arrived while others waited in the FIFO, or was cut at the card's door: its rows are not told apart"

Frame = bytes | bytearray | memoryview
Rows = Iterable[Sequence[int]]


class Capture:
    """A capture of one or more cards; `probe` gives what one of them tells its frames to."""

    def __init__(self, goal: Target, cards: Sequence[tuple[str, Origin]]) -> None:
        """`cards` are names and identities. Raises CaptureError."""
        described = [Interface(name, f"{card.part.title}, profile {card.profile}") for name, card in cards]
        self._sink = Sink(goal, section(cards[0][1].part.title, f"glassnic {__version__}", described))
        self._cards = [card for _, card in cards]
        self._lost = 0

    def probe(self, number: int = 0, offset_ns: int = 0) -> Probe:
        """The probe of card `number`; `offset_ns` makes the card's clock count from 1970."""
        return Probe(self, number, self._cards[number], offset_ns)

    def write(self, number: int, at_ns: int, frame: Frame, direction: int, comments: list[str]) -> None:
        """One frame; counted if the reader of the pipe is too slow for it. Raises CaptureError."""
        taken = self._sink.write(packet(number, at_ns, bytes(frame), direction, comments, self._lost))
        self._lost = 0 if taken else self._lost + 1

    def flush(self) -> None:
        """Go on with what a pipe did not take at once. Raises CaptureError."""
        self._sink.flush()

    def close(self) -> None:
        """The capture is complete."""
        self._sink.close()


class Probe:
    """What one card sends and receives, with the rows that tell of it. All methods raise CaptureError."""

    def __init__(self, capture: Capture, number: int, card: Origin, offset_ns: int) -> None:
        self._capture = capture
        self._number = number
        self._card = card
        self._offset_ns = offset_ns
        self._tracer = Tracer()
        self._now_ns = 0

    def lost_rows(self) -> None:
        """The record has been overwritten before it was read."""
        self._tracer.forget()

    def sent(self, frames: Iterable[Frame], rows: Rows) -> None:
        """Frames that left, and all rows since the last call.

        Flow control frames stand first and have no rows of their own; frames that looped back have rows but left not.
        """
        kept, pieces = list(frames), self._tracer.follow(rows)
        unrecorded = len(kept) - len(pieces)
        if unrecorded < 0:
            pieces, unrecorded = [], len(kept)
        for frame in kept[:unrecorded]:
            self._write(frame, OUTBOUND, ["a frame of the card's own, as flow control asks (§8.7)"])
        for frame, piece in zip(kept[unrecorded:], pieces, strict=True):
            self._explained(frame, OUTBOUND, piece)
        self._capture.flush()

    def received(self, frames: Iterable[Frame], rows: Rows, now_ns: int) -> None:
        """Frames from the wire, and the rows of their arrival; fewer rows tell of none of them."""
        kept, pieces = list(frames), arrivals(rows)
        self._now_ns = now_ns
        for index, frame in enumerate(kept):
            if len(pieces) == len(kept):
                self._explained(frame, INBOUND, pieces[index])
            else:
                self._write(frame, INBOUND, [UNTOLD])
        self._capture.flush()

    def _explained(self, frame: Frame, direction: int, piece: Slice) -> None:
        note = Note(self._card, piece)
        for row in piece.rows:
            if row[0] == events.TURN:
                self._now_ns = row[1]
        self._write(frame, direction, [explain(note, bytes(frame)).comment(), write_note(note)])

    def _write(self, frame: Frame, direction: int, comments: list[str]) -> None:
        self._capture.write(self._number, self._now_ns + self._offset_ns, frame, direction, comments)
