"""How does the lab meet a program that it starts? By a unix socket that listens before the program is told where."""

from __future__ import annotations

import socket
from pathlib import Path

from glassnic.lab.errors import LabError


def listen(path: Path, timeout_s: float) -> socket.socket:
    """A unix stream socket that listens at `path`."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(timeout_s)
    return listener


def accept(listener: socket.socket, who: str) -> socket.socket:
    """The connection of the one that has been told to connect here; the listener's timeout becomes its own."""
    try:
        sock, _ = listener.accept()
    except TimeoutError as error:
        raise LabError(f"{who} did not connect in {listener.gettimeout():.0f} s") from error
    sock.settimeout(listener.gettimeout())
    return sock
