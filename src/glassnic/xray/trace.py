"""Which rows of the record tell of one frame? Cuts the run of rows into slices, one for each frame that left.

A slice is complete in itself: the contexts as they were loaded when the packet began, each with its turn (§3.6), stand
before the turn, the descriptors and the prototype of the packet, then come the acts that made this frame, and TX_FRAME
ends it. The last load of either kind is told, the later one last, whichever the card used: which counts depends on the
profile, and another profile may have used the other. Where a kind was not loaded since the reset, RESET stands before
them, and before it what had been loaded earlier, which the reset made void.

A packet is told of once more when it is complete, whether it made frames or not: its descriptors, and what the card
noted of it from beginning to end. So are rows that belong to no packet: each reset, each load of a context, each
request out of order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import CONTEXTS, TX_CONTEXT, TX_DATA
from glassnic.spec.events import BY_NUMBER

Row = tuple[int, int, int, int]
"""`(event, a, b, c)`, as the card recorded it."""

TRANSMIT = range(events.TX_CONTEXT, events.RX_FRAME)
WHOLE, LAST = 32, 16
"""Bits of `how` of TX_FRAME: the send was handed over whole; this segment is its packet's last."""
MOST_DESCRIPTORS = 64
"""A packet may have any number of descriptors; the first ones are kept, and the last."""
MOST_ACTS = 64
"""The same for what the card noted, of a packet and of packets that made no frame."""
OF_THE_RING = frozenset((events.TX_RING_ODD, events.TX_RING_OUTSIDE, events.TX_RESERVED, events.TX_WRITE_BACK_OUTSIDE))
"""Between packets these rows are of none."""
MOST_COMPLETE = 1 << 14
"""So many complete packets wait for one who asks."""
NO_TURN: Row = (events.TURN, 0, 0, 0)


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
        self._turn = self._acted = NO_TURN
        self._reset: list[Row] = []
        self._void: dict[int, tuple[Row, Row]] = {}
        self._loads: dict[int, tuple[Row, Row]] = {}
        self._latched: list[Row] = []
        self._descriptors: list[Row] = []
        self._prototype: list[Row] = []
        self._acts: list[Row] = []
        self._noted: list[Row] = []
        self._first_frame: list[Row] = []
        self._loose: list[Row] = []
        self._complete: deque[Slice] = deque(maxlen=MOST_COMPLETE)
        self._closed = True
        self._how = 0

    def follow(self, rows: Iterable[Sequence[int]]) -> list[Slice]:
        """The slices of the frames that these rows complete, in the order in which they left."""
        slices: list[Slice] = []
        for event, a, b, c in rows:
            row = (event, a, b, c)
            if event == events.TURN:
                self._turn = row
            elif event == events.TX_DESCRIPTOR:
                self._take(row)
            elif event == events.TX_FRAME:
                slices.append(self._finish(row))
            elif event == events.TX_CONTEXT:
                self._load(row)
            elif event == events.TX_PROTOTYPE:
                self._prototype = [row]
            elif event == events.RESET:
                self._void_contexts(row)
            elif event not in TRANSMIT or (self._closed and event in OF_THE_RING):
                self._keep_alone(row)
            else:
                self._note(row)
        return slices

    def complete(self) -> list[Slice]:
        """Packets that are complete, and odd rows of none, since the last call: to be asked for between turns only.

        The slice of a packet that made frames ends with TX_FRAME of the first.
        """
        if self._closed and not self._goes_on():
            self._end_packet()
        told = list(self._complete)
        self._complete.clear()
        return told

    def _goes_on(self) -> bool:
        """Is a send in the midst of its last descriptor, because the turn was over?"""
        segmented = bool(self._descriptors) and take(self._descriptors[0][3], TX_DATA.TSE)
        return bool(segmented and self._how and not self._how & (LAST | WHOLE) and not self._acts)

    def _load(self, row: Row) -> None:
        if self._closed:
            self._end_packet()
        kind = take(row[3], TX_CONTEXT.TSE)
        self._loads.pop(kind, None)  # so that the latest stands last
        self._loads[kind] = (self._turn, row)
        self._complete.append(Slice((self._turn, row)))

    def _void_contexts(self, row: Row) -> None:
        """A reset: an open packet is gone (§14.7), and the contexts hold nothing that one may rely on (§3.6)."""
        self._end_packet()
        self._void |= self._loads
        self._loads, self._reset, self._closed = {}, [row], True
        self._complete.append(Slice((self._turn, row)))

    def _take(self, row: Row) -> None:
        """A descriptor; after an EOP it opens a packet and latches the contexts (§3.3.7)."""
        if self._closed:
            self._end_packet()
            self._latched = [*self._before(), *(part for load in self._loads.values() for part in load)]
        if len(self._descriptors) == MOST_DESCRIPTORS:
            self._descriptors.pop()
        self._descriptors.append(row)
        self._closed, self._acted = bool(take(row[3], TX_DATA.EOP)), self._turn

    def _before(self) -> list[Row]:
        """Where a kind of context was not loaded since the reset: the reset, after what it made void."""
        if len(self._loads) == CONTEXTS:
            return []
        void = [part for kind, load in self._void.items() if kind not in self._loads for part in load]
        return [*void, *self._reset]

    def _note(self, row: Row) -> None:
        """An act of the card, for the frame that follows; what is odd, for the packet too."""
        if len(self._acts) < MOST_ACTS:
            self._acts.append(row)
        if len(self._noted) < MOST_ACTS and _is_odd(row):
            self._noted.append(row)

    def _keep_alone(self, row: Row) -> None:
        if _is_odd(row):
            self._loose = [*self._loose, row][-MOST_ACTS:]
            self._complete.append(Slice((self._turn, row)))

    def _finish(self, row: Row) -> Slice:
        self._acted = self._turn
        inside = [one for one in self._noted if one[0] == events.TX_CONTEXT_INSIDE and one not in self._acts]
        done = Slice((*self._packet(), *inside, *self._acts, row), tuple(self._loose))
        self._acts, self._loose = [], []
        self._first_frame = self._first_frame or [row]
        self._how = row[3]
        return done

    def _packet(self) -> list[Row]:
        latched = self._latched if any(_asks_context(row[3]) for row in self._descriptors) else []
        return [*latched, self._acted, *self._descriptors, *self._prototype]

    def _end_packet(self) -> None:
        """The packet is complete, or a reset ended it; what no frame took is left to the next one."""
        if self._descriptors:
            self._complete.append(Slice((*self._packet(), *self._noted, *self._first_frame)))
        self._loose = (self._loose + self._acts)[-MOST_ACTS:]
        self._latched, self._descriptors, self._prototype = [], [], []
        self._acts, self._noted, self._first_frame = [], [], []
        self._how = 0


def _is_odd(row: Row) -> bool:
    event = BY_NUMBER.get(row[0])
    return event is not None and event.finding


def _asks_context(command: int) -> bool:
    """Does a data descriptor need a context: for segmentation, or a checksum (§3.3.7)?"""
    return bool(take(command, TX_DATA.DEXT) and (take(command, TX_DATA.TSE) or take(command, TX_DATA.POPTS) & 3))
