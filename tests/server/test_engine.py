"""Are the kernels ready for a served card once the card of no consequence has run them?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassnic import jit
from glassnic.backends import Backend, inbox, open_backend
from glassnic.device import cutting, patience, receive_kernel, transmit_kernel
from glassnic.server import engine
from plugged import Guest, Machine, echo_on_a_stream, frame

pytestmark = pytest.mark.kernel

KERNELS: tuple[Any, ...] = (
    transmit_kernel.walk, receive_kernel.arrive, receive_kernel.deliver, cutting.cut, patience.lasts, inbox.fetch,
    inbox.upcoming,
)  # fmt: skip


@pytest.mark.skipif(not jit.ENABLED, reason="the JIT is off")
@pytest.mark.parametrize("open_echo", [lambda: open_backend("loopback"), echo_on_a_stream])
def test_a_served_card_has_nothing_left_to_compile(tmp_path: Path, open_echo: Callable[[], Backend]) -> None:
    engine.load(with_cutter=True)
    before = [kernel.signatures for kernel in KERNELS]
    assert all(before)
    machine = Machine()
    machine.add(tmp_path / "card.sock", open_echo())
    machine.start()
    guest = Guest(tmp_path / "card.sock")
    guest.bring_up()
    guest.send(frame(1))
    assert guest.receive() == frame(1)
    guest.leave()
    machine.stop()
    assert [kernel.signatures for kernel in KERNELS] == before


def test_whoever_waits_for_the_engine_is_told() -> None:
    told = threading.Event()
    engine.load_beside(told.set)
    assert told.wait(100)
