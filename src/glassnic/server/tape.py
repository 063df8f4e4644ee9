"""What did the card do of late? A tape: the frames of its last turns, each with its stretch of the record (§3).

It is kept only where somebody may ask for it, over the control socket: one copy of what leaves, nothing a frame. Words
are made of it elsewhere. Rules kept here:
- The tape reaches back half the recorder's ring at least, and never beyond it, so no frame on it has lost its rows.
- Contexts may be much older than that (§3.6): `loads` follows the record from the start, so their rows are never lost.
  So are those of the packet of which frames have still to leave.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassnic.device.ports import Frames
from glassnic.device.recorder import Recorder
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import TX_CONTEXT, TX_DATA

MOST_BYTES = 4 << 20
"""So much of the last frames is kept."""
MOST_OF_A_PACKET = 64
"""Rows."""
ROWS_OF_A_PIECE = 3 << 10
"""A multiple of three, so that pieces of base64 follow one another without a gap."""
PIECE_BYTES = 1 << 16
NEAR_ROWS = 1 << 11
"""What `top` asks for in a look begins so many rows back at most."""

Rows = NDArray[np.int64]
NO_TURN = [events.TURN, 0, 0, 0]


class Stretch(NamedTuple):
    """Frames of one turn, and which rows tell of them: those after the first `begin` ever written, up to `end`."""

    sent: bool
    at_ns: int
    begin: int
    end: int
    frames: Frames

    @property
    def length(self) -> int:
        """Bytes of it all."""
        return len(self.frames.arena)


class Loads:
    """Which context of each kind was loaded last, in which turn, and what the last packet was gathered from.

    As of the first `seen` rows of the record.
    """

    def __init__(self, seen: int = 0) -> None:
        self.seen = seen
        self._turn = NO_TURN
        self._last: dict[int, tuple[list[int], list[int]]] = {}
        self._packet: list[list[int]] = []
        """Rows of its descriptors and of its prototype header."""

    def copy(self) -> Loads:
        other = Loads(self.seen)
        other._turn, other._last, other._packet = self._turn, dict(self._last), self._packet
        return other

    def follow(self, recorder: Recorder, end: int) -> None:
        """Go on up to row `end`. What has been overwritten unseen leaves nothing to rely on."""
        rows = recorder.since(self.seen)
        lost = recorder.total - self.seen - len(rows)
        if lost > 0:
            self._last.clear()
            self._packet = []
        self._take(rows[: max(end - self.seen - lost, 0)])
        self.seen = max(self.seen, end)

    def _take(self, rows: Rows) -> None:
        resets = np.flatnonzero(rows[:, 0] == events.RESET)
        if len(resets):
            self._last.clear()
            self._packet = []
            rows = rows[resets[-1] :]
        kinds = rows[:, 0].copy()  # side by side, which is quicker to search twice
        turns = np.flatnonzero(kinds == events.TURN)
        loads = np.flatnonzero(kinds == events.TX_CONTEXT)
        segmented = rows[loads, 3] >> TX_CONTEXT.TSE.lo & 1
        latest = sorted((int(some[-1]), kind) for kind in (0, 1) if len(some := loads[segmented == kind]))
        for at, kind in latest:
            before = int(np.searchsorted(turns, at)) - 1
            turn = rows[turns[before]].tolist() if before >= 0 else self._turn
            self._last.pop(kind, None)  # so that the latest stands last
            self._last[kind] = (turn, rows[at].tolist())
        if len(turns):
            self._turn = rows[turns[-1]].tolist()
        self._gather(rows[(kinds == events.TX_DESCRIPTOR) | (kinds == events.TX_PROTOTYPE)])

    def _gather(self, rows: Rows) -> None:
        """Go on with the packet, or begin the one behind the last EOP that has descriptors behind it."""
        taken = np.flatnonzero(rows[:, 0] == events.TX_DESCRIPTOR)
        ends = taken[(rows[taken, 3] >> TX_DATA.EOP.lo & 1).astype(bool)]
        if len(ends) and ends[-1] == taken[-1]:
            ends = ends[:-1]
        if len(ends):
            self._packet, rows = [], rows[taken[np.searchsorted(taken, ends[-1]) + 1] :]
        elif len(taken) and self._is_gathered():
            self._packet, rows = [], rows[taken[0] :]
        some = [*self._packet, *rows.tolist()]
        self._packet = some if len(some) <= MOST_OF_A_PACKET else [*some[: MOST_OF_A_PACKET - 1], some[-1]]

    def _is_gathered(self) -> bool:
        return any(kind == events.TX_DESCRIPTOR and take(row, TX_DATA.EOP) for kind, _, _, row in self._packet)

    def rows(self) -> list[list[int]]:
        """The rows that say so: a turn and a load in pairs, the present turn, the packet; as the card wrote them."""
        return [row for pair in self._last.values() for row in pair] + [self._turn, *self._packet]

    def __iter__(self) -> Any:
        """Turn and load in pairs, the latest last."""
        return iter(self._last.values())


class Tape:
    """The tape of one card."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._stretches: deque[Stretch] = deque()
        self._bytes = 0
        self._told = recorder.total
        self._anchor = Loads(recorder.total)
        """As of somewhere before the tape's first frame."""
        self._late = self._anchor
        """As of somewhat before the last time that somebody asked, so that not all is looked at each time."""

    def sent(self, frames: Frames, now_ns: int) -> None:
        """Frames that left just now: all rows since the last ones are theirs."""
        if len(frames):
            self._reach()
            self._keep(Stretch(True, now_ns, self._told, self._recorder.total, _copy(frames)))
            self._told = self._recorder.total

    def received(self, frames: Frames, begin: int, now_ns: int) -> None:
        """Frames from the wire: rows from `begin` on are theirs."""
        if len(frames):
            self._reach()
            self._keep(Stretch(False, now_ns, begin, self._recorder.total, _copy(frames)))

    def loads(self) -> Loads:
        """As of now."""
        return self._loads_at(self._recorder.total)

    def content(self, most: int | None = None) -> Iterator[bytes]:
        """What is on the tape now, or its last `most` frames at least: members of a JSON object, piece by piece.

        Each piece is the work of a fraction of a millisecond. Rows are little-endian int64, in base64 like the frames.
        """
        chosen: list[Stretch] = []
        wanted = most if most is not None else MOST_BYTES
        for stretch in reversed(self._stretches):
            if wanted <= 0:
                break
            chosen.append(stretch)
            wanted -= len(stretch.frames)
        begin = min((stretch.begin for stretch in chosen), default=self._recorder.total)
        return _pieces(self._loads_at(begin), self._recorder.since(begin), begin, chosen[::-1])

    def _loads_at(self, end: int) -> Loads:
        """As of the first `end` rows: the guest waits meanwhile."""
        recorder = self._recorder
        if recorder.total - self._late.seen > len(recorder.rows):  # some are overwritten
            self._late = self._anchor
        start = (self._late if self._late.seen <= end else self._anchor).copy()
        start.follow(recorder, end - NEAR_ROWS)
        if start.seen > self._late.seen:
            self._late = start.copy()
        start.follow(recorder, end)
        return start

    def _reach(self) -> None:
        """See that the tape's rows are still there; now and then the anchor has to move for that."""
        capacity = len(self._recorder.rows)
        if self._recorder.total - self._anchor.seen > capacity * 3 // 4:
            self._anchor.follow(self._recorder, self._recorder.total - capacity // 2)
            self._told = max(self._told, self._anchor.seen)

    def _keep(self, stretch: Stretch) -> None:
        self._stretches.append(stretch)
        self._bytes += stretch.length
        while self._bytes > MOST_BYTES or (self._stretches and self._stretches[0].begin < self._anchor.seen):
            self._bytes -= self._stretches.popleft().length


def _copy(frames: Frames) -> Frames:
    """An arena of its own for what the engine's shows only now."""
    begin, end = int(frames.bounds[0, 0]), int(frames.bounds[-1, 1])
    return Frames(frames.arena[begin:end].copy(), frames.bounds - begin)


def _pieces(loads: Loads, rows: Rows, begin: int, stretches: list[Stretch]) -> Iterator[bytes]:
    yield f'"before":{json.dumps(loads.rows())},"rows":"'.encode()
    for at in range(0, len(rows), ROWS_OF_A_PIECE):
        yield b2a_base64(rows[at : at + ROWS_OF_A_PIECE].astype("<i8").tobytes(), newline=False)
    piece, comma = bytearray(b'","turns":['), b""
    for stretch in stretches:
        piece += comma + _plain(stretch, begin)
        comma = b","
        if len(piece) > PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"]"


def _plain(stretch: Stretch, begin: int) -> bytes:
    frames = list(map(bytes, stretch.frames))
    told = {
        "sent": stretch.sent,
        "at_ns": stretch.at_ns,
        "rows": [stretch.begin - begin, stretch.end - begin],
        "lengths": list(map(len, frames)),
    }
    return json.dumps(told).encode()[:-1] + b',"frames":"' + b2a_base64(b"".join(frames), newline=False) + b'"}'
