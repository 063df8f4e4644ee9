"""What stands at the other end of a backend in these tests? A real socket or interface, and numbered frames to tell
order by."""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from glassnic.backends import Backend, BackendError
from glassnic.backends.dgram import Dgram
from glassnic.backends.loopback import Loopback
from glassnic.backends.stream import Stream
from glassnic.backends.stream_listen import StreamListen
from glassnic.backends.tap import Tap
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD, Frames

PATIENCE_S = 10.0
CLONE_NEWNET = 0x40000000
SIOCSIFMTU = 0x8922
ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
GUEST, OTHER = bytes.fromhex("525400123456"), bytes.fromhex("52550a000202")
ETHERTYPE = b"\x88\xb5"  # for local experiments: no kernel sends it by itself


def numbered(count: int, size: int = 60, start: int = 0) -> list[bytes]:
    """`count` frames of `size` bytes that differ in the number they carry."""
    head = OTHER + GUEST + ETHERTYPE
    return [(head + (start + i).to_bytes(4, "big")).ljust(size, b"\xa5") for i in range(count)]


def octets(frames: Frames) -> list[bytes]:
    """The frames as objects; with the virtio-net header where that leads them."""
    return [bytes(frame) for frame in (frames.with_lead() if frames.lead == VNET_LEAD else frames)]


def collect(backend: Backend, count: int, limit: int = 64) -> list[bytes]:
    """Receive as the server's loop does: sleep on `fileno` unless something is pending, till `count` frames came."""
    frames: list[bytes] = []
    while len(frames) < count:
        if backend.fileno() >= 0 and not backend.pending:
            assert select.select([backend], [], [], PATIENCE_S)[0], f"{len(frames)} of {count} frames came"
        frames += [frame for frame in octets(backend.receive(limit)) if frame[12:14] == ETHERTYPE]
    return frames


class Far(Protocol):
    def give(self, frames: list[bytes]) -> None: ...
    def take(self, count: int) -> list[bytes]: ...
    def rest(self) -> list[bytes]: ...
    def close(self) -> None: ...


class Pair(NamedTuple):
    backend: Backend
    far: Far


class FarStream:
    def __init__(self, link: socket.socket) -> None:
        self.link = link
        link.settimeout(PATIENCE_S)

    def give(self, frames: list[bytes]) -> None:
        self.link.sendall(b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames))

    def take(self, count: int) -> list[bytes]:
        return [self._exactly(int.from_bytes(self._exactly(4), "big")) for _ in range(count)]

    def rest(self) -> list[bytes]:
        """All whole frames that came before the backend hung up."""
        frames: list[bytes] = []
        with suppress(EOFError):
            while True:
                frames += self.take(1)
        return frames

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self.link.recv(length - len(data))
            if not part:
                raise EOFError("the backend has hung up")
            data += part
        return data

    def close(self) -> None:
        self.link.close()


class FarPackets:
    """A socket that keeps frames apart: unix datagrams, or a packet socket on a TAP."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        link.settimeout(PATIENCE_S)

    def give(self, frames: list[bytes]) -> None:
        for frame in frames:
            self.link.send(frame)

    def take(self, count: int) -> list[bytes]:
        frames: list[bytes] = []
        while len(frames) < count:
            frame = self.link.recv(70000)
            if frame[12:14] == ETHERTYPE:
                frames.append(frame)
        return frames

    def rest(self) -> list[bytes]:
        """All frames that are there already."""
        self.link.setblocking(False)
        frames: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                frames += self.take(1)
        return frames

    def close(self) -> None:
        self.link.close()


class Bent:
    """The far side of a loopback is the near one."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def give(self, frames: list[bytes]) -> None:
        self._backend.send(Frames.of(frames))

    def take(self, count: int) -> list[bytes]:
        return collect(self._backend, count)

    def rest(self) -> list[bytes]:
        return collect(self._backend, 0)

    def close(self) -> None:
        """Nothing of its own."""


def stream_pair(folder: Path) -> Pair:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "stream"))
        listener.listen()
        backend = Stream.connect(str(folder / "stream"))
        return Pair(backend, FarStream(listener.accept()[0]))


def connected(path: Path) -> FarStream:
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(path))
    return FarStream(link)


def stream_listen_pair(folder: Path) -> Pair:
    backend = StreamListen(str(folder / "listen"))
    far = connected(folder / "listen")
    assert octets(backend.receive()) == []
    return Pair(backend, far)


def dgram_pair(folder: Path) -> Pair:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    link.bind(str(folder / "far"))
    backend = Dgram(str(folder / "near"), str(folder / "far"))
    link.connect(str(folder / "near"))
    return Pair(backend, FarPackets(link))


def loopback_pair(folder: Path) -> Pair:
    backend = Loopback()
    return Pair(backend, Bent(backend))


def tap_pair(folder: Path) -> Pair:
    """Only inside `private_network`."""
    try:
        backend = Tap("glasstap0", LENGTH_LEAD)
    except BackendError as error:
        pytest.skip(str(error))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFMTU, struct.pack("16si20x", b"glasstap0", 9000))
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind(("glasstap0", ETH_P_ALL))
    link.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    return Pair(backend, FarPackets(link))


PAIRS = {
    "stream": stream_pair,
    "stream-listen": stream_listen_pair,
    "dgram": dgram_pair,
    "loopback": loopback_pair,
    "tap": tap_pair,
}
WAITING = ["stream", "stream-listen", "dgram", "loopback"]
"""A slow far side makes these wait; a TAP takes every frame and drops by itself."""
TWO_WAY = ["stream", "stream-listen", "dgram"]
"""These wait for the far side on one way while the other goes on."""


@contextmanager
def private_network() -> Iterator[None]:
    """This thread in a network namespace of its own, without IPv6's chatter; skips where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET):
            pytest.skip(f"no private network namespace here: {os.strerror(ctypes.get_errno())}")
        try:
            Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
            yield
        finally:
            libc.setns(home, CLONE_NEWNET)
    finally:
        os.close(home)
