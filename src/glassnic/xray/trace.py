"""Which rows of the record tell of one frame? Cuts the run of rows into slices, one for each frame that left.

A slice is complete in itself: the contexts as they were loaded when the packet began, each with its turn (§3.6), stand
before the turn, the descriptors and the prototype of the packet, then come the acts that made this frame, and TX_FRAME
ends it. The last load of either kind is told, the later one last, whichever the card used: which counts depends on the
profile, and another profile may have used the other. Where a kind was not loaded since the reset, RESET stands first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import CONTEXTS, TX_CONTEXT, TX_DATA

Row = tuple[int, int, int, int]
"""`(event, a, b, c)`, as the card recorded it."""

TRANSMIT = range(events.TX_CONTEXT, events.RX_FRAME)
MOST_DESCRIPTORS = 64
"""A packet may have any number of descriptors; the first ones are kept, and the last."""
MOST_ACTS = 64
"""The same for what the card noted, of a packet and of packets that made no frame."""
NO_TURN: Row = (events.TURN, 0, 0, 0)
FATES = frozenset(
    (events.RX_FRAME, events.RX_FILTERED, events.RX_NO_BUFFER, events.RX_MISSED, events.RX_BAD, events.RX_DISABLED)
)
"""What may become of an arriving frame: one row of these ends its slice."""


class Slice(NamedTuple):
    """The rows of one frame. `loose` are those since the last one that belong to none: dropped packets, late notes."""

    rows: tuple[Row, ...]
    loose: tuple[Row, ...] = ()


class Tracer:
    """Follows the transmit side of one card."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The card was reset, or rows were lost: nothing is known of contexts or of an open packet."""
        self._turn = NO_TURN
        self._reset: list[Row] = []
        self._loads: dict[int, tuple[Row, Row]] = {}
        self._latched: list[Row] = []
        self._descriptors: list[Row] = []
        self._prototype: list[Row] = []
        self._acts: list[Row] = []
        self._loose: list[Row] = []
        self._closed = True

    def follow(self, rows: Iterable[Sequence[int]]) -> list[Slice]:
        """The slices of the frames that these rows complete, in the order in which they left."""
        slices: list[Slice] = []
        for event, a, b, c in rows:
            row = (event, a, b, c)
            if event == events.RESET:
                self.forget()
                self._reset = [row]
            elif event == events.TURN:
                self._turn = row
            elif event == events.TX_CONTEXT:
                self._load(row)
            elif event == events.TX_DESCRIPTOR:
                self._take(row)
            elif event == events.TX_PROTOTYPE:
                self._prototype = [row]
            elif event == events.TX_FRAME:
                slices.append(self._finish(row))
            elif event in TRANSMIT and len(self._acts) < MOST_ACTS:
                self._acts.append(row)
        return slices

    def _load(self, row: Row) -> None:
        kind = take(row[3], TX_CONTEXT.TSE)
        self._loads.pop(kind, None)  # so that the latest stands last
        self._loads[kind] = (self._turn, row)

    def _take(self, row: Row) -> None:
        """A descriptor; after an EOP it opens a packet and latches the contexts (§3.3.7)."""
        command = row[3]
        if self._closed:
            self._loose = (self._loose + self._acts)[-MOST_ACTS:]
            self._acts, self._descriptors, self._prototype = [], [], []
            self._latched = self._reset if len(self._loads) < CONTEXTS else []
            self._latched = [*self._latched, *(part for load in self._loads.values() for part in load)]
        if len(self._descriptors) == MOST_DESCRIPTORS:
            self._descriptors.pop()
        self._descriptors.append(row)
        self._closed = bool(take(command, TX_DATA.EOP))

    def _finish(self, row: Row) -> Slice:
        latched = self._latched if any(_asks_context(row[3]) for row in self._descriptors) else ()
        rows = (*latched, self._turn, *self._descriptors, *self._prototype, *self._acts, row)
        done = Slice(rows, tuple(self._loose))
        self._acts, self._loose = [], []
        return done


def _asks_context(command: int) -> bool:
    """Does a data descriptor need a context: for segmentation, or a checksum (§3.3.7)?"""
    return bool(take(command, TX_DATA.DEXT) and (take(command, TX_DATA.TSE) or take(command, TX_DATA.POPTS) & 3))


def arrivals(rows: Iterable[Sequence[int]]) -> list[Slice]:
    """The slices of frames that arrived, in their order, from the rows of one call that nothing had to wait for."""
    slices: list[Slice] = []
    acts: list[Row] = []
    for event, a, b, c in rows:
        if event >= events.RX_FRAME:
            acts.append((event, a, b, c))
        if event in FATES:
            slices.append(Slice(tuple(acts)))
            acts = []
    return slices
