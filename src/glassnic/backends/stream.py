"""How do frames travel on a byte stream? Each behind its length, 4 bytes big endian, as QEMU's `-netdev stream` and
passt speak.

A whole sweep leaves in one `send`: the arena holds the lengths already. The socket's buffer has room for one such run
while the peer reads the one before; a bigger one is slower. The end of the peer is told by the reading side only, so
nothing that it sent before is lost.
"""

from __future__ import annotations

import socket
from collections import deque

import numpy as np
from numpy.typing import NDArray

from glassnic.backends import unix_socket
from glassnic.backends.inbox import RUN_BYTES, Inbox, split
from glassnic.backends.port import MAX_FRAME_BYTES, BackendError
from glassnic.device.ports import LENGTH_LEAD, PREFIX_BYTES, RUN, Frames, Outlet
from glassnic.device.transmit_state import ROOM_BYTES


class _Run:
    """What the host has not taken yet of one `send`: a copy of the bytes, and where in it each frame ends."""

    def __init__(self, frames: Frames, taken: int) -> None:
        start = frames.bounds[0, 0] - PREFIX_BYTES + frames.begun + taken
        self.data = memoryview(bytes(frames.stream()[taken:]))
        self.ends: NDArray[np.int64] = frames.bounds[:, 1] - start
        self.taken = 0

    @property
    def frames_left(self) -> int:
        """Frames that the host did not take to their last byte."""
        return int(np.count_nonzero(self.ends > self.taken))


class Stream:
    """`stream:PATH`, and what `stream-listen` and `passt` put on a connected socket. `name` stands in the sentences."""

    lead = LENGTH_LEAD

    def __init__(self, link: socket.socket, name: str) -> None:
        link.setblocking(False)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM_BYTES)  # Linux gives twice as much, for its books
        self.dropped = 0
        self.outlet = Outlet(link.fileno(), RUN)
        self._link = link
        self._name = name
        self._runs: deque[_Run] = deque()
        self._peer_left = False
        self._inbox = Inbox(LENGTH_LEAD)
        self._octets = self._inbox.arena.data
        self._begin = self._end = 0
        """What of the inbox nobody has taken yet."""

    @classmethod
    def connect(cls, path: str) -> Stream:
        """Connect to the listener at `path`. Raises BackendError."""
        return cls(unix_socket.connect(path, socket.SOCK_STREAM), f"stream:{path}")

    @property
    def blocked(self) -> bool:
        return bool(self._runs)

    @property
    def pending(self) -> bool:
        length = self._next_length()
        return length is not None and (length > MAX_FRAME_BYTES or self._end >= self._begin + PREFIX_BYTES + length)

    def fileno(self) -> int:
        return self._link.fileno()

    def send(self, frames: Frames) -> None:
        if not len(frames):
            return
        data = frames.stream()
        taken = 0 if self._runs else self._put(data)
        if self._peer_left:
            self.dropped += len(frames)
        elif taken < len(data):
            self._runs.append(_Run(frames, taken))

    def flush(self) -> None:
        while self._runs:
            run = self._runs[0]
            run.taken += self._put(run.data[run.taken :])
            if run.taken < len(run.data):
                break
            self._runs.popleft()
        if self._peer_left:
            self._forget()

    def receive(self, limit: int = 64) -> Frames:
        if not self.pending:
            self._fill()
        number, self._begin = split(self._inbox.arena, self._begin, self._end, self._inbox.rows(limit))
        if (self._next_length() or 0) > MAX_FRAME_BYTES:
            raise BackendError(f"the peer of {self._name} does not speak 4-byte lengths and frames: end it")
        return self._inbox.frames(number)

    def close(self) -> None:
        self._forget()
        self._link.close()

    def _put(self, data: memoryview) -> int:
        """How many bytes the host took now."""
        if self._peer_left:
            return 0
        try:
            return self._link.send(data)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            self._peer_left = True
            return 0

    def _forget(self) -> None:
        self.dropped += sum(run.frames_left for run in self._runs)
        self._runs.clear()

    def _fill(self) -> None:
        rest = self._end - self._begin
        if rest:
            self._octets[:rest] = bytes(self._octets[self._begin : self._end])
        self._begin, self._end = 0, rest
        try:
            length = self._link.recv_into(self._octets[rest : rest + RUN_BYTES])
        except BlockingIOError:
            return
        except ConnectionResetError:
            length = 0
        if not length:
            self._forget()
            raise BackendError(f"the peer of {self._name} has left: start it again, then the card")
        self._end += length

    def _next_length(self) -> int | None:
        """The length of the next frame in the inbox; None while even that has not come whole."""
        start = self._begin + PREFIX_BYTES
        return int.from_bytes(self._octets[self._begin : start], "big") if start <= self._end else None
