"""What did the card do? A bounded ring of rows `(event, a, b, c)`, written while it acts, by Python and by jitted
code alike.

Words are made from rows elsewhere (`spec/events.py` has the sentences). `tally[0]` counts all rows ever written,
`tally[n]` those of event n, so that nothing is lost from the count when the ring wraps. One row of capacity is "off":
the code is the same.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.span import unsigned
from glassnic.spec.events import BY_NUMBER, KINDS, Event

CAPACITY_ROWS = 1 << 16


class Recorder:
    """Rows of int64, shape (capacity, 4); the capacity is a power of two."""

    def __init__(self, capacity_rows: int = CAPACITY_ROWS) -> None:
        assert capacity_rows & (capacity_rows - 1) == 0, "the ring is indexed by a mask"
        self.rows: NDArray[np.int64] = np.zeros((capacity_rows, 4), np.int64)
        self.tally: NDArray[np.int64] = np.zeros(KINDS, np.int64)

    def record(self, event: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Append a row. Its jitted twin is below."""
        total = int(self.tally[0])
        self.rows[total & (len(self.rows) - 1)] = (event, a, b, c)
        self.tally[0] = total + 1
        self.tally[event] += 1

    def history(self) -> NDArray[np.int64]:
        """The rows still held, oldest first, as a copy of shape (n, 4)."""
        return self.since(0)

    @property
    def total(self) -> int:
        """How many rows were ever written: what `since` takes to read on from here."""
        return int(self.tally[0])

    def since(self, total: int) -> NDArray[np.int64]:
        """The rows after the first `total` ever written, as far as they are still held, as a copy of shape (n, 4)."""
        capacity = len(self.rows)
        count = min(self.total - total, capacity)
        begin = (self.total - count) & (capacity - 1)
        return np.concatenate((self.rows[begin : begin + count], self.rows[: max(begin + count - capacity, 0)]))

    def findings(self) -> list[tuple[Event, int]]:
        """Each kind of finding that happened, with its count."""
        counted = ((BY_NUMBER[number], int(self.tally[number])) for number in BY_NUMBER)
        return [(event, count) for event, count in counted if event.finding and count]


class Desk(Protocol):
    """What an engine works on has the recorder's arrays among it."""

    @property
    def rows(self) -> NDArray[np.int64]: ...

    @property
    def tally(self) -> NDArray[np.int64]: ...


@leaf
def record(desk: Desk, event: int, a: int, b: int, c: int) -> None:
    """Append a row; the same as `Recorder.record`."""
    total = desk.tally[0]
    row = unsigned(total & (len(desk.rows) - 1))
    desk.rows[row, 0] = event
    desk.rows[row, 1] = a
    desk.rows[row, 2] = b
    desk.rows[row, 3] = c
    desk.tally[0] = total + 1
    desk.tally[unsigned(event)] += 1
