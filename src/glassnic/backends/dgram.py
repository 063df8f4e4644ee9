"""How do frames travel as unix datagrams? One each, between two bound sockets, as QEMU's `-netdev dgram` speaks.

The kernel queues few datagrams for a slow peer (`net.unix.max_dgram_qlen`, 10 by default): then we wait for it. A
peer that is not there loses frames like an unplugged cable: counted. We connect, so that polling tells of the peer's
room; when the peer starts anew, our next frame finds it again.
"""

from __future__ import annotations

import errno
import socket

from glassnic.backends import unix_socket
from glassnic.backends.inbox import Inbox
from glassnic.backends.outbox import Outbox
from glassnic.backends.port import BackendError
from glassnic.device.ports import LENGTH_LEAD, NO_FRAMES, Frames, Outlet

_NOT_YET = (errno.ENOENT, errno.ECONNREFUSED, errno.EPERM)  # the peer may start later, or have an old peer still
_LOST = (
    errno.ECONNREFUSED, errno.ENOTCONN, errno.ECONNRESET, errno.EPERM,  # nobody is there, or somebody else's peer
    errno.ENOBUFS, errno.EMSGSIZE,  # the host has no room for this frame
)  # fmt: skip


class Dgram:
    """`dgram:LOCAL,REMOTE`: bound to `local`, frames go to `remote`. Raises BackendError."""

    lead = LENGTH_LEAD
    pending = False

    def __init__(self, local: str, remote: str) -> None:
        self.dropped = 0
        self._local = local
        self._remote = remote
        unix_socket.check_length(remote)
        self._link = unix_socket.bind(local, socket.SOCK_DGRAM)
        self.outlet = Outlet(self._link.fileno(), 0)
        self._outbox = Outbox(self._put)
        self._inbox = Inbox(self._link.fileno(), LENGTH_LEAD)
        self.inlet = self._inbox.inlet
        try:
            self._link.connect(remote)
        except OSError as error:
            if error.errno not in _NOT_YET:
                self.close()
                raise BackendError(f"cannot send to {remote}: {unix_socket.why_not(error)}") from error

    @classmethod
    def of_text(cls, text: str) -> Dgram:
        """From `LOCAL,REMOTE`."""
        local, _, remote = text.partition(",")
        if not (local and remote):
            raise BackendError("the backend dgram needs two socket paths: write dgram:LOCAL,REMOTE")
        return cls(local, remote)

    @property
    def blocked(self) -> bool:
        return len(self._outbox) > 0

    def fileno(self) -> int:
        return self._link.fileno()

    def send(self, frames: Frames) -> None:
        self._outbox.send(frames)

    def flush(self) -> None:
        self._outbox.flush()

    def receive(self, limit: int = 64) -> Frames:
        try:
            return self._inbox.fetch_or_ask(limit)
        except ConnectionResetError:
            return NO_FRAMES  # the peer has left: said once, and no frame

    def close(self) -> None:
        if self._link.fileno() < 0:
            return
        self.dropped += self._outbox.forget()
        self._link.close()
        unix_socket.unlink(self._local)

    def _put(self, frame: bytes | memoryview) -> None:
        """Send one frame; a second try finds a peer that started anew. BlockingIOError: its queue is full."""
        for _ in range(2):
            try:
                self._link.send(frame)
                return
            except BlockingIOError:
                raise
            except OSError as error:
                if error.errno not in _LOST:
                    raise BackendError(f"dgram:{self._local},{self._remote} failed: {error.strerror}") from error
            if not self._connect():
                break
        self.dropped += 1

    def _connect(self) -> bool:
        try:
            self._link.connect(self._remote)
        except OSError:
            return False
        return True
