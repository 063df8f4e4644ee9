"""How do others than the guest talk to the process, and never hold a card up? Through a door in the one loop.

What a visitor says is a session's business (`control.py`, `metrics.py`), bytes in and bytes out. Rules kept here:
- One answer a turn of the loop, and the next only when the visitor has taken it: nobody's queue grows.
- So many visitors at once; then the one that was silent longest has to leave for the next.
- A visitor that breaks off, or whom the session shows the door, harms nobody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from glassnic.server.loop import IN, OUT, Watches
from glassnic.transports.errors import ProtocolError
from glassnic.transports.fdsocket import FdSocket

MOST_VISITORS = 16


class Session(Protocol):
    """One visitor's conversation."""

    @property
    def ended(self) -> bool:
        """True: there is nothing more to say once what waits has been sent."""

    def receive(self, data: bytes) -> None:
        """What the visitor has said. It keeps to a limit of its own."""

    def answer(self) -> bytes:
        """The answer to the next request, or nothing if none is complete."""


class Listening(Protocol):
    """A socket that others may connect to."""

    def fileno(self) -> int:
        """What to poll."""

    def accept(self) -> FdSocket | None:
        """The next visitor, or None if it has given up meanwhile."""

    def close(self) -> None:
        """Listen no more."""


class Door:
    """Lets visitors in at `listener`, each to a session that `welcome` makes."""

    def __init__(self, watches: Watches, listener: Listening, welcome: Callable[[], Session]) -> None:
        self._watches = watches
        self._listener = listener
        self._welcome = welcome
        self._visitors: dict[FdSocket, Session] = {}
        """In the order in which they were last heard."""
        watches.watch(listener.fileno(), IN, lambda _: self._open())

    def close(self) -> None:
        """Everybody leaves; nobody comes."""
        for sock in list(self._visitors):
            self._show_out(sock)
        self._watches.forget(self._listener.fileno())
        self._listener.close()

    def _open(self) -> None:
        sock = self._listener.accept()
        if sock is None:
            return
        if len(self._visitors) >= MOST_VISITORS:
            self._show_out(next(iter(self._visitors)))
        self._visitors[sock] = self._welcome()
        self._listen_to(sock, IN)

    def _listen_to(self, sock: FdSocket, events: int) -> None:
        self._watches.watch(sock.fileno(), events, lambda events: self._serve(sock, events))

    def _serve(self, sock: FdSocket, events: int) -> None:
        session = self._visitors.pop(sock)
        self._visitors[sock] = session
        try:
            more = self._converse(sock, session, events)
        except (OSError, ProtocolError):  # it has broken off
            self._show_out(sock)
            return
        if session.ended and not sock.blocked:
            self._show_out(sock)
            return
        self._listen_to(sock, OUT if more else IN)

    def _converse(self, sock: FdSocket, session: Session, events: int) -> bool:
        """Hear or speak, once; True while there is more to say."""
        if events & OUT:
            sock.flush()
            if sock.blocked:
                return True
        else:
            chunk = sock.receive()
            if chunk is None:
                return False
            data, fds = chunk
            for fd in fds:
                os.close(fd)
            if not data:
                raise ConnectionResetError
            session.receive(bytes(data))
        answer = session.answer()
        if answer:
            sock.send(answer)
        return bool(answer)

    def _show_out(self, sock: FdSocket) -> None:
        del self._visitors[sock]
        self._watches.forget(sock.fileno())
        sock.close()
