"""How do bytes and descriptors travel over a UNIX stream socket without ever blocking?

Every read is a recvmsg(2): a plain read would silently drop descriptors. What the peer does not take at once waits
here, in order; a hostile peer that sends without reading is simply not read until it does.
"""

from __future__ import annotations

import array
import os
import socket

from glassnic.transports.errors import ProtocolError

BUFFER_BYTES = 256 * 1024
"""One read takes all that a socket holds: with this much QEMU's messages are hardly ever split."""

_ANCILLARY_BYTES = socket.CMSG_SPACE(16 * array.array("i").itemsize)

# Plain integers: Python's flag classes cost a microsecond an operation.
_RECEIVE = int(socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT)
_SEND = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
_LOST = int(socket.MSG_CTRUNC)


class FdSocket:
    """A connected UNIX stream socket; `fileno` is for polling."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._buffers = [self._buffer]
        self._waiting = bytearray()

    def fileno(self) -> int:
        """The descriptor, or -1 once closed."""
        return self._sock.fileno()

    @property
    def blocked(self) -> bool:
        """Part of what was sent still waits: poll for writability, then `flush`."""
        return bool(self._waiting)

    def receive(self) -> tuple[memoryview, list[int]] | None:
        """What has arrived: bytes (valid until the next call) and descriptors (the caller's to close).

        None when nothing has. No bytes means that the peer has closed. Raises `ProtocolError` when descriptors were
        lost, `OSError` when the connection broke.
        """
        try:
            length, ancillary, flags, _ = self._sock.recvmsg_into(self._buffers, _ANCILLARY_BYTES, _RECEIVE)
        except BlockingIOError:
            return None
        fds: list[int] = []
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                run = array.array("i")
                run.frombytes(data[: len(data) - len(data) % run.itemsize])
                fds.extend(run)
        if flags & _LOST:
            for fd in fds:
                os.close(fd)
            raise ProtocolError(0, "the client sent more descriptors at once than can be taken")
        return self._buffer[:length], fds

    def send(self, data: bytes) -> None:
        """Send in one piece if the socket takes it, else keep the rest. Raises `OSError` when the connection broke."""
        if self._waiting:
            self._waiting += data
            return
        try:
            taken = self._sock.send(data, _SEND)
        except BlockingIOError:
            taken = 0
        if taken < len(data):
            self._waiting += data[taken:]

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        if self._waiting:
            data, self._waiting = bytes(self._waiting), bytearray()
            self.send(data)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()
