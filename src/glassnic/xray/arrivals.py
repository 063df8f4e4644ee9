"""Which rows tell of a frame that arrived? Follows the receive side of one card, through the FIFO if need be.

Each frame from the wire makes one row of FATES when it arrives; one that has to wait (§13.4.16) makes RX_WAITS, and its
delivery is told by the rows of a later turn. The FIFO gives frames out in the order in which they came, and while one
waits no later one passes it: so the next RX_FRAME is always that of the frame which has waited longest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from glassnic.spec import events
from glassnic.xray.trace import Row, Slice

FATES = frozenset((events.RX_FRAME, events.RX_FILTERED, events.RX_MISSED, events.RX_BAD, events.RX_DISABLED))
"""What may become of a frame: one row of these ends its slice, or RESET if it waited."""
MOST_ACTS = 64
"""Of a frame so many rows are kept, and the last."""


class Arrivals:
    """What arrives is numbered in its order, a packet that is cut at the card's door as one; `count` tells how many."""

    def __init__(self) -> None:
        self.count = 0
        self.forget(0)

    def forget(self, waiting: int) -> None:
        """Rows were lost; so many frames wait, of which nothing is known."""
        self._waiting: deque[tuple[int, list[Row]]] = deque([(-1, [])] * waiting)
        self._acts: list[Row] = []
        self._cut = 0
        """So many frames of the packet that is being cut are still to come."""
        self._parts: dict[int, tuple[list[Row], int]] = {}
        """Of packets that were cut: the rows so far, and how many frames have no fate yet."""

    def follow(self, rows: Iterable[Sequence[int]]) -> list[tuple[int, Slice]]:
        """The arrivals whose fate these rows tell: the number of each, -1 where it is not known, and its slice."""
        done: list[tuple[int, Slice]] = []
        for event, a, b, c in rows:
            row = (event, a, b, c)
            if event == events.RESET:  # empties the FIFO
                for number, acts in self._waiting:
                    self._end(number, [*acts, row], done)
                self.forget(0)
            elif event == events.RX_CUT:
                self._cut = b
                self._parts[self.count] = ([row], b)
            elif event == events.RX_WAITS:
                self._waiting.append((self._number(), self._take(row)))
            elif event == events.RX_FRAME and self._waiting:
                number, acts = self._waiting.popleft()
                self._end(number, [*acts, *self._take(row)], done)
            elif event in FATES:
                self._end(self._number(), self._take(row), done)
            elif event >= events.RX_FRAME and len(self._acts) < MOST_ACTS:
                self._acts.append(row)
        return done

    def close(self) -> list[tuple[int, Slice]]:
        """There will be no more rows: the frames that wait still, as far as they are known."""
        done: list[tuple[int, Slice]] = []
        for number, acts in self._waiting:
            self._end(number, acts, done)
        self.forget(0)
        return [(number, piece) for number, piece in done if piece.rows]

    def _number(self) -> int:
        """Of the frame that has just come in."""
        number = self.count
        self._cut = max(self._cut - 1, 0)
        if not self._cut:
            self.count += 1
        return number

    def _take(self, row: Row) -> list[Row]:
        """The rows up to this one, which ends them."""
        rows, self._acts = [*self._acts, row], []
        return rows

    def _end(self, number: int, rows: list[Row], done: list[tuple[int, Slice]]) -> None:
        """A frame has met its fate, and with the last of its frames a packet."""
        before, frames = self._parts.pop(number, ([], 1))
        if frames > 1:
            self._parts[number] = (before + rows, frames - 1)
        else:
            done.append((number, Slice((*before, *rows))))
