"""Does compiled code see the host as Python does?"""

from __future__ import annotations

import time

import pytest

from glassnic.syscalls import monotonic_ns

pytestmark = pytest.mark.kernel


def test_the_clock_is_python_s() -> None:
    for _ in range(100):
        before = time.monotonic_ns()
        assert before <= monotonic_ns() <= time.monotonic_ns()
