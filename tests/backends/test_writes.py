"""Do frames leave by one call as they would one by one?"""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from glassnic.backends.writes import write_each
from glassnic.device.ports import VNET_LEAD, Frames

pytestmark = pytest.mark.kernel
FRAMES = [bytes([n]) * (60 + n) for n in range(200)]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets on which a write is a message, as on a TAP."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far:
        near.setblocking(False)
        far.setblocking(False)
        yield near, far


def test_each_frame_is_a_write_with_the_header_before_it(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    few = FRAMES[:5]
    assert write_each(near.fileno(), Frames.of(few), 0) == 5
    assert [far.recv(1500) for _ in few] == few
    assert write_each(near.fileno(), Frames.of(few, VNET_LEAD), VNET_LEAD) == 5
    assert [far.recv(1500) for _ in few] == [bytes(VNET_LEAD) + frame for frame in few]


def test_it_ends_at_the_first_frame_that_is_refused(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    taken = write_each(near.fileno(), Frames.of(FRAMES), 0)
    assert 0 < taken < len(FRAMES)
    assert [far.recv(1500) for _ in range(taken)] == FRAMES[:taken]
    with pytest.raises(BlockingIOError):
        far.recv(1500)
