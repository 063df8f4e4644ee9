"""How does a peer come to us? We listen at a path, serve one peer at a time, and wait for the next when it leaves.

While nobody is there the cable ends in the air: frames are dropped and counted. A peer that breaks the protocol is
shown the door like one that left.
"""

from __future__ import annotations

import socket

from glassnic.backends import unix_socket
from glassnic.backends.port import BackendError
from glassnic.backends.stream import Stream
from glassnic.device.ports import LENGTH_LEAD, NO_FRAMES, NO_OUTLET, Frames, Inlet, Outlet


class StreamListen:
    """`stream-listen:PATH`. `fileno` is the listener's until a peer comes, then the peer's."""

    lead = LENGTH_LEAD

    def __init__(self, path: str) -> None:
        self._path = path
        self._listener = unix_socket.bind(path, socket.SOCK_STREAM)
        self._listener.listen(1)
        self._peer: Stream | None = None
        self._dropped = 0

    @property
    def outlet(self) -> Outlet:
        return self._peer.outlet if self._peer else NO_OUTLET

    @property
    def inlet(self) -> Inlet | None:
        return self._peer.inlet if self._peer else None

    @property
    def blocked(self) -> bool:
        return self._peer is not None and self._peer.blocked

    @property
    def pending(self) -> bool:
        return self._peer is not None and self._peer.pending

    @property
    def dropped(self) -> int:
        return self._dropped + (self._peer.dropped if self._peer else 0)

    def fileno(self) -> int:
        return self._peer.fileno() if self._peer else self._listener.fileno()

    def send(self, frames: Frames) -> None:
        if self._peer:
            self._peer.send(frames)
        else:
            self._dropped += len(frames)

    def flush(self) -> None:
        if self._peer:
            self._peer.flush()

    def receive(self, limit: int = 64) -> Frames:
        self._peer = self._peer or self._accept()
        if not self._peer:
            return NO_FRAMES
        try:
            return self._peer.receive(limit)
        except BackendError:
            self._dismiss()  # the next peer comes with the next call, so that the loop sees `fileno` change between
            return NO_FRAMES

    def close(self) -> None:
        if self._listener.fileno() < 0:
            return
        self._dismiss()
        self._listener.close()
        unix_socket.unlink(self._path)

    def _accept(self) -> Stream | None:
        try:
            link, _ = self._listener.accept()
        except BlockingIOError:
            return None
        return Stream(link, f"stream-listen:{self._path}")

    def _dismiss(self) -> None:
        if self._peer:
            self._peer.close()
            self._dropped += self._peer.dropped
            self._peer = None
