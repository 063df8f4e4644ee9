"""How does a client find the card and stay connected? The listening socket, and one client's connection.

Both are passive: the loop in `glassnic/server.py` polls their descriptors and calls them. Rules kept here:
- A socket file left behind by a dead process is replaced; one that somebody listens on is not touched.
- Only the user who runs the card may connect.
- One client at a time: the next one waits in the listening socket's queue.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from glassnic.pci.function import PciFunction
from glassnic.transports.errors import ProtocolError
from glassnic.transports.fdsocket import FdSocket
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.counter import Counter
from glassnic.transports.vfio_user.session import Session


class ListenError(Exception):
    """The socket cannot be had; the message is one sentence for the user."""


class Listener:
    """A UNIX socket that waits for clients at `path`."""

    def __init__(self, path: Path, option: str = "--socket") -> None:
        """`option` is what the user chose the path with. Raises ListenError."""
        self.path = path
        _make_room(path, option)
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._sock.bind(str(path))
            path.chmod(0o600)  # before anybody can connect
            self._identity = _identity(path)
            self._sock.listen(16)
        except OSError as error:
            self._sock.close()
            why = error.strerror or str(error)  # a path too long for a socket has no strerror
            raise ListenError(f"cannot listen on {path}: {why}") from error

    def fileno(self) -> int:
        """What to poll."""
        return self._sock.fileno()

    def accept(self) -> FdSocket | None:
        """The next client, or None if it has given up meanwhile."""
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return None
        return FdSocket(sock)

    def close(self) -> None:
        """Stop listening; the socket file goes, unless it is another's by now."""
        self._sock.close()
        if _identity(self.path) == self._identity:
            self.path.unlink(missing_ok=True)


class Connection:
    """One client, connected: what it sends becomes accesses to the card."""

    def __init__(self, sock: FdSocket, function: PciFunction, memory: SharedMemory) -> None:
        self.sock = sock
        self.session = Session(function, memory)
        self._counter = Counter()

    def readable(self) -> bool:
        """Serve what has arrived. False when the conversation is over."""
        try:
            if self._counter.serve(self.sock, self.session):
                return True
            chunk = self.sock.receive()
            if chunk is None:
                return True
            data, fds = chunk
            if not data:
                return False
            replies = self.session.receive(data, fds)
            if replies:
                self.sock.send(replies)
        except ProtocolError as error:
            self.session.sentences.append(str(error))
            return False
        except OSError:  # the client went away in mid-sentence, as killed ones do
            return False
        return not self.session.ended

    def writable(self) -> bool:
        """Send what waits. False when the conversation is over."""
        try:
            self.sock.flush()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Forget the client: its memory, its descriptors, its socket."""
        self.session.close()
        self.sock.close()


def _make_room(path: Path, option: str) -> None:
    """Remove a socket that nobody listens on any more."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ListenError(f"cannot listen on {path}: {error.strerror}") from error
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"cannot listen on {path}: a file of that name is there already")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            with contextlib.suppress(OSError):
                path.unlink()
            return
        except BlockingIOError:  # its queue is full, so somebody listens
            pass
        except OSError as error:
            raise ListenError(f"cannot listen on {path}: {error.strerror}") from error
    raise ListenError(f"another process listens on {path}: end it, or choose another {option}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
