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
from glassnic.backends.inbox import Inbox
from glassnic.backends.port import BackendError
from glassnic.device.ports import LENGTH_LEAD, MAX_FRAME_BYTES, PREFIX_BYTES, RUN, Frames, Outlet
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
        self._inbox = Inbox(link.fileno(), LENGTH_LEAD, runs=True)
        self.inlet = self._inbox.inlet

    @classmethod
    def connect(cls, path: str) -> Stream:
        """Connect to the listener at `path`. Raises BackendError."""
        return cls(unix_socket.connect(path, socket.SOCK_STREAM), f"stream:{path}")

    @property
    def blocked(self) -> bool:
        return bool(self._runs)

    @property
    def pending(self) -> bool:
        return self._inbox.pending

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
        frames = self._inbox.fetch(limit)
        if not len(frames):
            self._ask()
        return frames

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

    def _ask(self) -> None:
        """No frame has come. Is there no more to it?"""
        if self._inbox.next_length > MAX_FRAME_BYTES:
            raise BackendError(f"the peer of {self._name} does not speak 4-byte lengths and frames: end it")
        try:
            left = not self._link.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except ConnectionResetError:
            left = True
        if left:
            self._forget()
            raise BackendError(f"the peer of {self._name} has left: start it again, then the card")
