"""Which rows of the record tell of one frame? Cuts the run of rows into slices, one for each frame that left.

A slice is complete in itself: the context that the packet latched, with the turn in which it was loaded (§3.6), stands
before the turn and the descriptors of the packet, then come the acts that made this frame, and TX_FRAME ends it.
Where one slot has been loaded by both kinds of context, both loads are in the slice, the one that counts last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import TX_CONTEXT, TX_DATA
from glassnic.spec.profiles import Traits

Row = tuple[int, int, int, int]
"""`(event, a, b, c)`, as the card recorded it."""

TRANSMIT = range(events.TX_CONTEXT, events.RX_FRAME)
MOST_DESCRIPTORS = 64
"""A packet may have any number of descriptors; the first ones are kept."""
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
    """Follows the transmit side of one card, whose profile says which slot a context goes to."""

    def __init__(self, traits: Traits) -> None:
        self._slots = (traits.plain_slot, traits.segmented_slot)
        self.forget()

    def forget(self) -> None:
        """The card was reset, or rows were lost: nothing is known of contexts or of an open packet."""
        self._turn = NO_TURN
        self._loads: dict[int, dict[int, tuple[Row, Row]]] = {slot: {} for slot in self._slots}
        self._latched: list[Row] = []
        self._descriptors: list[Row] = []
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
            elif event == events.TURN:
                self._turn = row
            elif event == events.TX_CONTEXT:
                self._load(row)
            elif event == events.TX_DESCRIPTOR:
                self._take(row)
            elif event == events.TX_FRAME:
                slices.append(self._finish(row))
            elif event in TRANSMIT and len(self._acts) < MOST_ACTS:
                self._acts.append(row)
        return slices

    def _load(self, row: Row) -> None:
        segmented = take(row[3], TX_CONTEXT.TSE)
        loads = self._loads[self._slots[segmented]]
        loads.pop(segmented, None)  # so that the latest stands last
        loads[segmented] = (self._turn, row)

    def _take(self, row: Row) -> None:
        """A descriptor; after an EOP it opens a packet and latches a context, if it needs one (§3.3.7)."""
        command = row[3]
        if self._closed:
            self._loose = (self._loose + self._acts)[-MOST_ACTS:]
            self._acts, self._descriptors, self._latched = [], [], []
            if take(command, TX_DATA.DEXT) and (take(command, TX_DATA.TSE) or take(command, TX_DATA.POPTS) & 3):
                loads = self._loads[self._slots[take(command, TX_DATA.TSE)]]
                self._latched = [part for load in loads.values() for part in load]
        if len(self._descriptors) < MOST_DESCRIPTORS:
            self._descriptors.append(row)
        self._closed = bool(take(command, TX_DATA.EOP))

    def _finish(self, row: Row) -> Slice:
        done = Slice((*self._latched, self._turn, *self._descriptors, *self._acts, row), tuple(self._loose))
        self._acts, self._loose = [], []
        return done


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
