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
    """Frames are numbered in the order in which they arrived; `count` is how many have."""

    def __init__(self) -> None:
        self.count = 0
        self.forget(0)

    def forget(self, waiting: int) -> None:
        """Rows were lost; so many frames wait, of which nothing is known."""
        self._waiting: deque[tuple[int, list[Row]]] = deque([(-1, [])] * waiting)
        self._acts: list[Row] = []

    def follow(self, rows: Iterable[Sequence[int]]) -> list[tuple[int, Slice]]:
        """The frames whose fate these rows tell: the number of each, -1 where it is not known, and its slice."""
        done: list[tuple[int, Slice]] = []
        for event, a, b, c in rows:
            row = (event, a, b, c)
            if event == events.RESET:  # empties the FIFO
                done += [(number, Slice((*acts, row))) for number, acts in self._waiting]
                self.forget(0)
            elif event == events.RX_WAITS:
                self._waiting.append((self.count, [*self._acts, row]))
                self._next()
            elif event == events.RX_FRAME and self._waiting:
                number, acts = self._waiting.popleft()
                done.append((number, Slice((*acts, *self._acts, row))))
                self._acts = []
            elif event in FATES:
                done.append((self.count, Slice((*self._acts, row))))
                self._next()
            elif event >= events.RX_FRAME and len(self._acts) < MOST_ACTS:
                self._acts.append(row)
        return done

    def waiting(self) -> list[tuple[int, Slice]]:
        """The frames that wait now."""
        return [(number, Slice(tuple(acts))) for number, acts in self._waiting if acts]

    def _next(self) -> None:
        self.count += 1
        self._acts = []
