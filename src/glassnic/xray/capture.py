"""How do a card's frames and the record of them get into a capture, while it runs? Each frame with its comments.

The first comment is for people: what happened, in words; the second is the record itself (`note.py`). Frames that
arrive are kept as they came from the wire, whatever became of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from glassnic import __version__
from glassnic.xray.explain import explain
from glassnic.xray.note import Note, write_note
from glassnic.xray.pcapng import INBOUND, OUTBOUND, Interface, packet, section
from glassnic.xray.probe import Frame
from glassnic.xray.sink import Place, Sink, Target
from glassnic.xray.story import Origin
from glassnic.xray.trace import Slice

UNTOLD = {
    INBOUND: "the record does not tell which of its rows are of this frame",
    OUTBOUND: "a frame of the card's own, as flow control asks (§8.7)",
}
"""Of frames without rows of their own, by direction."""
MOST_PLACES = 1 << 14
"""More than the frames of one turn."""


class Capture:
    """A capture of one or more cards; `channel` gives what one of them tells its frames to."""

    def __init__(self, goal: Target, cards: Sequence[tuple[str, Origin]]) -> None:
        """`cards` are names and identities. Raises CaptureError."""
        described = [Interface(name, f"{card.part.title}, profile {card.profile}") for name, card in cards]
        self._sink = Sink(goal, section(cards[0][1].part.title, f"glassnic {__version__}", described))
        self._cards = [card for _, card in cards]
        self._lost = 0

    def channel(self, number: int = 0) -> Channel:
        """Of card `number`: a listener of its probe."""
        return Channel(self, number, self._cards[number])

    def write(self, number: int, at_ns: int, frame: Frame, direction: int, comments: list[str]) -> Place | None:
        """One frame; None, and counted, if the reader of the pipe is too slow for it. Raises CaptureError."""
        place = self._sink.write(packet(number, at_ns, bytes(frame), direction, comments, self._lost))
        self._lost = 0 if place else self._lost + 1
        return place

    def flush(self) -> None:
        """Go on with what a pipe did not take at once. Raises CaptureError."""
        self._sink.flush()

    def close(self) -> None:
        """The capture is complete."""
        self._sink.close()


class Channel:
    """What one card tells its frames to. All methods raise CaptureError."""

    def __init__(self, capture: Capture, number: int, card: Origin) -> None:
        self._capture = capture
        self._number = number
        self._card = card
        self._places: dict[int, Place | None] = {}
        """Of the last frames that left, by their serials."""

    def frame(self, at_ns: int, frame: Frame, direction: int, piece: Slice | None) -> None:
        """A frame with what is known of it."""
        if piece is None:
            comments = [UNTOLD[direction]]
        else:
            note = Note(self._card, piece)
            comments = [explain(note, bytes(frame)).comment(), write_note(note)]
        place = self._capture.write(self._number, at_ns, frame, direction, comments)
        if piece is not None and direction == OUTBOUND:
            self._places[piece.rows[-1][1]] = place
            if len(self._places) > MOST_PLACES:
                del self._places[next(iter(self._places))]

    def place(self, serial: int) -> Place | None:
        """Where a frame that has left not long ago lies; None where it is not in the capture."""
        return self._places.get(serial)

    def complete(self, at_ns: int, piece: Slice) -> None:
        """A packet without frames is told with the frame that follows: a capture has no place for it."""

    def flush(self) -> None:
        """Go on with what a pipe did not take at once."""
        self._capture.flush()
