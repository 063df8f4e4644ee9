"""What does one card tell of its frames, while it runs? Frames and rows of the record go in; each frame with its slice
goes on to whoever listens: a capture (`capture.py`), a watch for findings (`watch.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from glassnic.spec import events
from glassnic.xray.arrivals import Arrivals
from glassnic.xray.pcapng import INBOUND, OUTBOUND, CaptureError
from glassnic.xray.trace import Slice, Tracer

Frame = bytes | bytearray | memoryview
Rows = Iterable[Sequence[int]]


class Listener(Protocol):
    """What a card's frames are told to. Times count from 1970. Methods raise CaptureError, which ends the listening."""

    def frame(self, at_ns: int, frame: Frame, direction: int, piece: Slice | None) -> None:
        """A frame that left, or came from the wire. None: the record does not tell which rows are its own."""

    def complete(self, at_ns: int, piece: Slice) -> None:
        """A packet that is complete, with frames or without, or odd rows that belong to none."""

    def flush(self) -> None:
        """So much for now."""


class Probe:
    """Tells one card's frames to its listeners. Raises CaptureError when one fails, which then hears no more."""

    def __init__(self, listeners: Iterable[Listener], offset_ns: int = 0) -> None:
        """`offset_ns` makes the card's clock count from 1970."""
        self.listeners = list(listeners)
        self._offset_ns = offset_ns
        self._tracer = Tracer()
        self._pieces: list[Slice] = []
        """Of frames that have left and were not handed on yet."""
        self._arrivals = Arrivals()
        self._held: dict[int, tuple[int, Frame]] = {}
        """Frames that wait in the FIFO, by number, with the time of their arrival."""
        self._now_ns = 0

    def lost_rows(self, waiting: int = 0) -> None:
        """The record has been overwritten before it was read; so many frames are in the receive FIFO."""
        self._tracer.forget()
        self._arrivals.forget(waiting)
        self._tell(INBOUND, [(at_ns, frame, None) for at_ns, frame in self._held.values()])
        self._held.clear()

    def follow(self, rows: Rows) -> None:
        """The rows since the last call, of any of these methods."""
        rows = list(rows)
        self._pieces += self._tracer.follow(rows)
        self._delivered(self._arrivals.follow(rows))

    def sent(self, frames: Iterable[Frame], rows: Rows) -> None:
        """Frames that left, and all rows since the last call.

        Flow control frames stand first and have no rows of their own; frames that looped back have rows but left not.
        """
        self.follow(rows)
        kept, pieces, self._pieces = list(frames), self._pieces, []
        unrecorded = len(kept) - len(pieces)
        if unrecorded < 0:
            pieces, unrecorded = [], len(kept)
        own: list[tuple[Frame, Slice | None]] = [(frame, None) for frame in kept[:unrecorded]]
        told = [*own, *zip(kept[unrecorded:], pieces, strict=True)]
        self._tell(OUTBOUND, [(self._at(piece), frame, piece) for frame, piece in self._in_order(told)])

    def _in_order(self, frames: list[tuple[Frame, Slice | None]]) -> Iterator[tuple[Frame | None, Slice | None]]:
        """Frames, and before each what is complete with it: the cause before its consequences."""
        complete = deque(self._tracer.complete())
        for frame, piece in frames:
            while piece is not None and complete and _serial(complete[0]) <= _serial(piece):
                yield None, complete.popleft()
            yield frame, piece
        for one in complete:
            yield None, one

    def received(self, frames: Iterable[Frame], rows: Rows, now_ns: int) -> None:
        """Frames from the wire, and the rows of their arrival. A frame that waits is told when its fate is known.

        Where the rows tell of another number of frames, none is told apart.
        """
        kept, rows, first = list(frames), list(rows), self._arrivals.count
        self._now_ns = now_ns
        at_ns = self._at(None)
        self._pieces += self._tracer.follow(rows)
        done = self._arrivals.follow(rows)
        if self._arrivals.count - first != len(kept):
            self._tell(INBOUND, [(at_ns, frame, None) for frame in kept])
            return
        self._held |= {first + index: (at_ns, bytes(frame)) for index, frame in enumerate(kept)}
        self._delivered(done)

    def close(self) -> None:
        """There will be no more rows: tell of the frames that wait still."""
        self._delivered(self._arrivals.close())

    def _delivered(self, done: list[tuple[int, Slice]]) -> None:
        """Tell of frames whose fate is known as far as it will be."""
        told = [(*self._held.pop(number), piece) for number, piece in done if number in self._held]
        if told:
            self._tell(INBOUND, told)

    def _at(self, piece: Slice | None) -> int:
        """When a slice's last acts were: its turn tells."""
        for row in piece.rows if piece else ():
            if row[0] == events.TURN:
                self._now_ns = row[1]
        return self._now_ns + self._offset_ns

    def _tell(self, direction: int, told: Sequence[tuple[int, Frame | None, Slice | None]]) -> None:
        """Tell each listener of frames, and of what is no frame."""
        failed: CaptureError | None = None
        for listener in list(self.listeners):
            try:
                for at_ns, frame, piece in told:
                    if frame is not None:
                        listener.frame(at_ns, frame, direction, piece)
                    elif piece is not None:
                        listener.complete(at_ns, piece)
                listener.flush()
            except CaptureError as error:
                self.listeners.remove(listener)
                failed = error
        if failed is not None:
            raise failed


def _serial(piece: Slice) -> int:
    """Of the frame whose slice this is, of a packet's first one; -1 where there is none."""
    event, serial, *_ = piece.rows[-1]
    return serial if event == events.TX_FRAME else -1
