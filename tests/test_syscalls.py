"""Does compiled code see the host as Python does?"""

from __future__ import annotations

import socket
import time

import pytest

from glassnic.syscalls import has_come, monotonic_ns

pytestmark = pytest.mark.kernel


def test_the_clock_is_python_s() -> None:
    for _ in range(100):
        before = time.monotonic_ns()
        assert before <= monotonic_ns() <= time.monotonic_ns()


def test_a_look_sees_what_has_come_and_an_end_and_takes_nothing() -> None:
    near, far = socket.socketpair()
    with near:
        with far:
            assert not has_come(near.fileno())
            far.send(b"x")
            assert has_come(near.fileno())
            assert near.recv(2) == b"x"
            assert not has_come(near.fileno())
        assert has_come(near.fileno()), "the far end is gone"
    assert not has_come(-1)
