"""How does one bind and connect unix sockets so that every failure is a sentence? Used by stream, stream-listen and
dgram."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress

from glassnic.backends.port import BackendError

MAX_PATH_BYTES = 107
"""What the kernel's `sun_path` holds beside its closing zero."""


def connect(path: str, kind: socket.SocketKind) -> socket.socket:
    """A socket connected to the one that listens at `path`, not blocking. Raises BackendError."""
    check_length(path)
    link = _new(kind)
    try:
        link.connect(path)
    except OSError as error:
        link.close()
        raise BackendError(f"cannot connect to {path}: {why_not(error)}") from error
    return link


def bind(path: str, kind: socket.SocketKind) -> socket.socket:
    """A socket at `path`, not blocking; what a dead program left there goes away. Raises BackendError."""
    check_length(path)
    _remove_stale(path, kind)
    link = _new(kind)
    try:
        link.bind(path)
    except OSError as error:
        link.close()
        raise BackendError(f"cannot make the socket {path}: {why_not(error)}") from error
    return link


def check_length(path: str) -> None:
    """Raise BackendError for a path that no socket can have."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise BackendError(f"the socket path {path} is longer than {MAX_PATH_BYTES} bytes; choose a shorter one")


def why_not(error: OSError) -> str:
    """The reason in words, and what to do."""
    return _WHY_NOT.get(error.errno or 0, error.strerror or "it failed")


def unlink(path: str) -> None:
    """Take the socket's name away; somebody may have been quicker."""
    with suppress(FileNotFoundError):
        os.unlink(path)


_WHY_NOT = {
    errno.ENOENT: "there is no such socket or folder; start the peer first or make the folder",
    errno.ECONNREFUSED: "nobody listens there; start the peer first",
    errno.EACCES: "you may not use that path; choose one in a folder of yours",
    errno.EADDRINUSE: "something is there already; choose another path or remove it",
    errno.EPROTOTYPE: "a socket of the other kind is there; stream and dgram do not mix",
    errno.ENOTSOCK: "what is there is no socket; choose another path",
    errno.ENOTDIR: "a part of that path is no folder; choose another path",
    errno.EAGAIN: "the listener's queue is full; it has a peer already",
}


def _new(kind: socket.SocketKind) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, kind)
    link.setblocking(False)
    return link


def _remove_stale(path: str, kind: socket.SocketKind) -> None:
    try:
        is_socket = stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return
    if not is_socket:
        raise BackendError(f"cannot make the socket {path}: something else has that name; choose another path")
    with _new(kind) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            unlink(path)
        except OSError:
            return  # alive or not ours: bind will say
