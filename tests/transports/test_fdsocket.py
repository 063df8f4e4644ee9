"""Do bytes and descriptors survive a UNIX socket, whatever the peer does?"""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Iterator

import pytest

from glassnic.transports.errors import ProtocolError
from glassnic.transports.fdsocket import BUFFER_BYTES, FdSocket


@pytest.fixture
def pair() -> Iterator[tuple[FdSocket, socket.socket]]:
    """Our end and the peer's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.settimeout(10)
    yield FdSocket(ours), theirs
    ours.close()
    theirs.close()


def send(peer: socket.socket, data: bytes, fds: list[int]) -> None:
    peer.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def taken(ours: FdSocket) -> tuple[bytes, list[int]]:
    chunk = ours.receive()
    assert chunk is not None
    return bytes(chunk[0]), chunk[1]


def test_nothing_is_none_and_the_end_is_no_bytes(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    assert ours.receive() is None
    peer.close()
    assert taken(ours) == (b"", [])


def test_one_read_takes_all_that_waits(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    for number in range(50):
        peer.send(bytes([number]) * 36)
    assert len(taken(ours)[0]) == 50 * 36


def test_a_read_ends_after_the_bytes_that_carried_descriptors(pair: tuple[FdSocket, socket.socket]) -> None:
    """So the descriptors belong to the message that holds the chunk's last byte."""
    ours, peer = pair
    reader, writer = os.pipe()
    peer.send(b"first")
    send(peer, b"second", [reader])
    send(peer, b"third", [writer])
    peer.send(b"fourth")
    found = [taken(ours), taken(ours), taken(ours)]
    assert [data for data, _ in found] == [b"firstsecond", b"third", b"fourth"]
    assert [len(fds) for _, fds in found] == [1, 1, 0]
    for fd in (reader, writer, *found[0][1], *found[1][1]):
        os.close(fd)


def test_received_descriptors_do_not_leak_into_child_processes(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    reader, writer = os.pipe()
    send(peer, b"x", [reader])
    _, (fd,) = taken(ours)
    assert not os.get_inheritable(fd)
    for each in (reader, writer, fd):
        os.close(each)


def test_lost_descriptors_are_an_error_and_those_that_came_are_closed(pair: tuple[FdSocket, socket.socket]) -> None:
    """MSG_CTRUNC: the message they belong to cannot be told any more."""
    ours, peer = pair
    reader, writer = os.pipe()
    send(peer, b"x", [reader] * 100)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(ProtocolError):
        ours.receive()
    assert set(os.listdir("/proc/self/fd")) <= before
    for each in (reader, writer):
        os.close(each)


def test_what_a_slow_peer_does_not_take_waits_in_order(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    sent = b"".join(number.to_bytes(4, "little") for number in range(300_000))
    for at in range(0, len(sent), 100_000):
        ours.send(sent[at : at + 100_000])
    assert ours.blocked
    found = b""
    while len(found) < len(sent):
        found += peer.recv(1 << 20)
        ours.flush()
    assert found == sent
    assert not ours.blocked


def test_a_peer_that_has_gone_is_an_oserror_and_no_signal(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    peer.close()
    with pytest.raises(OSError, match="Broken pipe"):
        ours.send(b"anybody?")


def test_more_than_the_buffer_comes_in_pieces(pair: tuple[FdSocket, socket.socket]) -> None:
    ours, peer = pair
    peer.setblocking(False)
    total = 0
    while total < BUFFER_BYTES + 1:
        try:
            total += peer.send(bytes(4096))
        except BlockingIOError:
            break
    found = 0
    while (chunk := ours.receive()) is not None:
        assert len(chunk[0]) <= BUFFER_BYTES
        found += len(chunk[0])
    assert found == total
