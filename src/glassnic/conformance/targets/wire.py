"""What does the network see of a card? The far end of a unix stream, on which each frame follows its length in four
bytes, big endian: so QEMU's `stream` and our back end of that name speak, and frames of any length stay as they are.
"""

from __future__ import annotations

import array
import fcntl
import select
import socket
import termios
import time

from glassnic.conformance.targets.port import LostError

PREFIX_BYTES = 4
READ_BYTES = 1 << 18
FIRST_OF_LENGTH = bytes(2)
"""Of each frame: none is as long as 64 KB."""
TAKEN_NS = 20_000_000
"""How long to wait for a card to take frames; one that keeps them waiting goes on when it likes."""


class Wire:
    """One end of a wire. A card that closes the other, or takes nothing any more, is lost: LostError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = b""
        self._ahead = b""
        """What has been sent of the next frame's length."""

    def meet(self, patience_s: float) -> None:
        """Wait until the other end reads: one that connects may drop what it sends before it knows that it has.

        No frame is sent for that, but the zeros with which each frame's length begins.
        """
        self._put(FIRST_OF_LENGTH)
        self._ahead = FIRST_OF_LENGTH
        end_ns = time.monotonic_ns() + int(patience_s * 1e9)
        while self._waiting_bytes():
            if time.monotonic_ns() > end_ns:
                raise LostError(f"the card's end of the wire has not been read for {patience_s:.0f} s")
            time.sleep(0.0002)

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Put frames on the wire."""
        data = b"".join(len(frame).to_bytes(PREFIX_BYTES, "big") + frame for frame in frames)
        if data:
            self._put(data.removeprefix(self._ahead))
            self._ahead = b""

    def _put(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except TimeoutError as error:
            raise LostError("the card takes no more frames from the wire") from error
        except OSError as error:
            raise LostError("the card has left the wire") from error

    def settle(self) -> None:
        """Wait until all frames have been taken off the wire, if the card takes them."""
        end_ns = time.monotonic_ns() + TAKEN_NS
        while self._waiting_bytes() and time.monotonic_ns() < end_ns:
            time.sleep(0.0002)

    def take(self) -> list[bytes]:
        """The frames that have come, whole ones only."""
        while select.select([self._sock], [], [], 0)[0]:
            try:
                chunk = self._sock.recv(READ_BYTES)
            except OSError as error:
                raise LostError("the card has left the wire") from error
            if not chunk:
                raise LostError("the card has left the wire")
            self._received += chunk
        frames: list[bytes] = []
        while (end := self._end_of_next()) <= len(self._received):
            frames.append(self._received[PREFIX_BYTES:end])
            self._received = self._received[end:]
        return frames

    def close(self) -> None:
        """Leave."""
        self._sock.close()

    def _end_of_next(self) -> int:
        length = int.from_bytes(self._received[:PREFIX_BYTES], "big") if len(self._received) >= PREFIX_BYTES else 0
        return PREFIX_BYTES + length

    def _waiting_bytes(self) -> int:
        """What the other end has not read yet."""
        waiting = array.array("i", [0])
        fcntl.ioctl(self._sock, termios.TIOCOUTQ, waiting)
        return waiting[0]
