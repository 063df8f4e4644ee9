"""Does a whole send whose payload stays in guest memory leave as one that is copied? Twins, and what is copied."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnic.device.ports import VNET_LEAD, Outlet
from glassnic.device.transmit_state import MOST_PIECES
from glassnic.driver.message import Message
from outlet_bench import ROOMY, TIGHT, Lending, both_ways
from programs import Program, one_send
from transmit_bench import KINDS

pytestmark = pytest.mark.kernel
PAYLOAD = random.Random(1).randbytes(20_000)
SEND = Message(ipv6=False, tcp=True, payload=PAYLOAD, mss=1460)
FIRST, LAST = PAYLOAD[:1000], PAYLOAD[-1000:]


def lending(program: Program, room: int = ROOMY, kind: str = "jitted") -> Lending:
    """The program done in both ways, with one outcome; the bench that lends."""
    general, bench = both_ways(kind, program, socket.SOCK_SEQPACKET, VNET_LEAD, room)
    assert bench.came == general.led
    return bench


def copied(bench: Lending, octets: bytes) -> bool:
    return octets in bench.transmit._arena.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [1, 2, 15, MOST_PIECES])
def test_the_payload_of_a_whole_send_is_not_copied(kind: str, pieces: int) -> None:
    bench = lending(one_send(SEND, pieces=pieces), kind=kind)
    assert len(bench.came) == 1
    assert not copied(bench, FIRST) and not copied(bench, LAST)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_reported_done_has_been_copied(kind: str) -> None:
    """The last piece is still the card's when the send leaves."""
    bench = lending(one_send(SEND, pieces=3, report=1), kind=kind)
    assert copied(bench, FIRST) and not copied(bench, LAST)


@pytest.mark.parametrize("kind", KINDS)
def test_more_pieces_than_are_noted_are_copied(kind: str) -> None:
    assert copied(lending(one_send(SEND, pieces=MOST_PIECES + 2), kind=kind), FIRST)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_turn_leaves_open_is_copied(kind: str) -> None:
    program = one_send(SEND, pieces=4)
    (step,) = program.steps
    program = replace(program, steps=(replace(step, writes=(("TDT", 3), ("TDT", 5))),))
    bench = lending(program, kind=kind)
    assert len(bench.came) == 1
    assert copied(bench, FIRST) and not copied(bench, LAST)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_host_does_not_take_is_copied(kind: str) -> None:
    program = one_send(SEND)
    memory = program.memory()
    bench = Lending(KINDS[kind], program, memory, socket.SOCK_SEQPACKET, VNET_LEAD, ROOMY)
    with open(os.devnull, "rb") as nobody:
        bench.outlet = Outlet(nobody.fileno(), VNET_LEAD)
        program.play(memory, bench.write)
    bench.close()
    assert len(bench.came) == 1
    assert copied(bench, FIRST) and copied(bench, LAST)


@pytest.mark.parametrize("kind", KINDS)
@given(
    pieces=st.integers(1, 40),
    excess=st.integers(-9000, 40),
    report=st.integers(0, 1),
    room=st.sampled_from([ROOMY, TIGHT]),
)
@settings(deadline=None, max_examples=40)
def test_sends_that_end_early_or_late_leave_as_they_would_by_python(
    kind: str, pieces: int, excess: int, report: int, room: int
) -> None:
    lending(one_send(SEND, excess, pieces, report), room, kind)
