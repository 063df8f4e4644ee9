"""Which backend does `--net TEXT` mean? One table from the word before the colon to what opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from glassnic.backends.dgram import Dgram
from glassnic.backends.host import Host
from glassnic.backends.loopback import Loopback
from glassnic.backends.null import Null
from glassnic.backends.passt import Passt
from glassnic.backends.pcap import Pcap
from glassnic.backends.port import Backend, BackendError
from glassnic.backends.stream import Stream
from glassnic.backends.stream_listen import StreamListen
from glassnic.backends.tap import Tap


class _Kind(NamedTuple):
    """`open` gets what stands behind the colon; an empty `form` takes nothing."""

    form: str
    open: Callable[[str], Backend]
    words: str


_KINDS = {
    "host": _Kind(
        "", lambda _: Host(), "a tiny built-in neighbour at 10.0.2.2 and fd00::2: no root, nothing to install"
    ),
    "passt": _Kind("", lambda _: Passt(), "the host's network without root, through passt"),
    "tap": _Kind("NAME[,gso=off]", Tap.of_text, "a TAP interface of the host"),
    "stream": _Kind("PATH", Stream.connect, "connects to a unix stream socket, as QEMU's -netdev stream speaks"),
    "stream-listen": _Kind("PATH", StreamListen, "the same, but waits there for a peer"),
    "dgram": _Kind("LOCAL,REMOTE", Dgram.of_text, "unix datagrams, one a frame"),
    "pcap": _Kind("FILE", Pcap, "writes what is sent into a capture file"),
    "loopback": _Kind("", lambda _: Loopback(), "what leaves comes back"),
    "null": _Kind("", lambda _: Null(), "what leaves is gone"),
}

FORMS = {f"{name}:{kind.form}" if kind.form else name: kind.words for name, kind in _KINDS.items()}
"""How each backend is written, and what it is in a few words."""


def open_backend(text: str) -> Backend:
    """Open the backend that `text` names, as `tap:NAME,gso=off`. BackendError is one sentence that says what to do."""
    name, colon, rest = text.partition(":")
    kind = _KINDS.get(name)
    if kind is None:
        raise BackendError(f"there is no backend {name!r}: use one of {', '.join(FORMS)}")
    if kind.form and not rest:
        raise BackendError(f"the backend {name} needs more: write {name}:{kind.form}")
    if colon and not kind.form:
        raise BackendError(f"the backend {name} takes nothing behind it: write {name}")
    return kind.open(rest)
