"""Does the card say in sentences what it did? Ours, no chapter of the manual."""

from __future__ import annotations

import pytest

from glassnic.driver.descriptors import encode_data
from workbench import WHOLE, Workbench, frame

pytestmark = pytest.mark.kernel


def test_a_card_that_did_nothing_says_so() -> None:
    lines = Workbench().nic.summary()
    assert lines[0].startswith("0 frames left, 0 were delivered")
    assert lines[-1] == "nothing the driver asked for was out of order"


def test_what_was_sent_received_and_summed_is_counted() -> None:
    bench = Workbench()
    bench.open_receive()
    bench.load(TUCSS=14, TUCSO=20)
    bench.send(frame(), TXSM=1)
    bench.send(frame())
    bench.receive([frame(60, b"\xff" * 6)] * 3)
    lines = bench.nic.summary()
    assert lines[0].startswith("2 frames left, 3 were delivered")
    assert lines[1].startswith("1 context")
    assert "1 checksum" in lines[1]


def test_each_kind_of_nonsense_is_named_with_its_count_and_section() -> None:
    bench = Workbench()
    bench.give(encode_data(0, 0, **WHOLE), encode_data(0, 0, **WHOLE))
    bench.send(frame(), DTYP=7)
    lines = "\n".join(bench.nic.summary())
    assert "2 × TX_EMPTY (§3.3.3.1)" in lines
    assert "1 × TX_RESERVED (§3.3.5)" in lines
    assert "nothing" not in lines


def test_lost_frames_are_owned_up_to() -> None:
    bench = Workbench()
    bench.open_receive(0)
    bench.nic.write(0x2818, 0)  # RDT = RDH: no descriptor
    bench.nic.write(0x0100, 0x8002)
    bench.receive([frame(1500, b"\xff" * 6)] * 100)
    missed = bench.nic.core.statistics["MPC"]
    assert missed > 0
    assert f"{missed} received frame" in "\n".join(bench.nic.summary())
