"""Do frames that leave from within the engine leave as they would by way of Python? Twins, on random programs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from glassnic.bench.engine import ENDLESS, Engine
from glassnic.bench.frames import stream_of
from glassnic.bench.programs import MEMORY_BYTES, legacy64, tso64k
from glassnic.bench.programs import Program as Ring
from glassnic.device.ports import (
    NO_OUTLET,
    NO_PATIENCE,
    RUN,
    VNET_LEAD,
    FlatMemory,
    Frames,
    Outlet,
    Patience,
)
from glassnic.device.recorder import Recorder
from glassnic.device.transmit_state import ROOM_BYTES, TRIES_EACH
from glassnic.spec import events
from glassnic.spec.fields import RCTL, TCTL
from glassnic.spec.registers import R
from outlet_bench import ROOMY, TIGHT, both_ways
from programs import Program, programs
from transmit_bench import KINDS

pytestmark = pytest.mark.kernel
settled = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("room", [ROOMY, TIGHT])
@pytest.mark.parametrize("kind", KINDS)
@given(program=programs())
@settled
def test_a_run_leaves_as_it_would_by_python(kind: str, room: int, program: Program) -> None:
    general, lending = both_ways(kind, program, socket.SOCK_STREAM, RUN, room)
    assert b"".join(lending.came) == b"".join(general.led)


@pytest.mark.parametrize("led", [0, VNET_LEAD])
@pytest.mark.parametrize("room", [ROOMY, TIGHT])
@pytest.mark.parametrize("kind", KINDS)
@given(program=programs())
@settled
def test_frames_each_by_itself_leave_as_they_would_by_python(kind: str, room: int, led: int, program: Program) -> None:
    general, lending = both_ways(kind, program, socket.SOCK_SEQPACKET, led, room)
    assert lending.came == (general.led if led else general.frames)


class Flow:
    """A card with a link, and a program given to it."""

    def __init__(self, program: Ring, outlet: Outlet, patience: Patience = ENDLESS) -> None:
        self.engine = Engine(FlatMemory(MEMORY_BYTES), Recorder())
        self.engine.lay(program)
        self.engine.nic.outlet = outlet
        self.engine.nic.patience = patience
        self.engine.nic.write(R.TDT.offset, program.tails[-1])
        self.expected = stream_of(program.frames)

    def turn(self) -> Frames:
        self.engine.now_ns += 1
        self.engine.nic.advance(self.engine.now_ns)
        return self.engine.nic.sent()


def test_one_turn_fills_the_arena_more_than_once_where_the_frames_go_at_once(tmp_path: Path) -> None:
    with (tmp_path / "wire").open("wb", buffering=0) as wire:
        flow = Flow(tso64k(8), Outlet(wire.fileno(), RUN))
        assert len(flow.turn()) == 0
        left = (tmp_path / "wire").read_bytes()
    assert len(left) > ROOM_BYTES * 2
    assert left == flow.expected


@pytest.mark.parametrize("until_ns", [0, 1, ENDLESS.until_ns])
def test_a_turn_that_has_to_be_over_or_for_which_somebody_waits_fills_the_arena_once(
    tmp_path: Path, until_ns: int
) -> None:
    with (tmp_path / "door").open("wb+") as door, (tmp_path / "wire").open("wb", buffering=0) as wire:
        flow = Flow(tso64k(8), Outlet(wire.fileno(), RUN), Patience(until_ns, door.fileno()))
        assert len(flow.turn()) == 0
        left = (tmp_path / "wire").read_bytes()
        assert ROOM_BYTES < len(left) < ROOM_BYTES + 2048
        while flow.engine.nic.pending:
            assert len(flow.turn()) == 0
    assert (tmp_path / "wire").read_bytes() == flow.expected


@pytest.mark.parametrize(("led", "fillings"), [(RUN, 1), (0, 2)])
def test_of_frames_that_leave_each_by_itself_one_filling_is_fewer(led: int, fillings: int) -> None:
    with open(os.devnull, "wb", buffering=0) as wire:
        flow = Flow(legacy64(2 * TRIES_EACH), Outlet(wire.fileno(), led), NO_PATIENCE)
        flow.turn()
        assert flow.engine.nic.core.recorder.tally[events.TX_FRAME] == 2 * TRIES_EACH // fillings
        assert flow.engine.nic.pending == (fillings > 1)


def test_what_a_full_pipe_has_not_taken_is_sent_from_the_midst_of_a_frame_on() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    flow = Flow(tso64k(2), Outlet(writer, RUN))
    rest = flow.turn()
    taken = os.read(reader, 1 << 20)
    assert rest.begun > 0
    assert taken + bytes(rest.stream()) == flow.expected
    os.close(reader)
    os.close(writer)


def test_without_a_reader_everything_is_sent_the_general_way() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    flow = Flow(tso64k(2), Outlet(writer, RUN))
    assert bytes(flow.turn().stream()) == flow.expected
    os.close(writer)


def test_in_loopback_nothing_leaves_by_the_outlet(tmp_path: Path) -> None:
    with (tmp_path / "wire").open("wb", buffering=0) as wire:
        flow = Flow(tso64k(2), Outlet(wire.fileno(), RUN))
        flow.engine.nic.write(R.RCTL.offset, RCTL.LBM.mask)
        assert len(flow.turn()) == 0
    assert (tmp_path / "wire").read_bytes() == b""


def test_a_pause_frame_goes_first_but_for_a_frame_that_is_half_gone() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for outlet, place in ((Outlet(writer, RUN), -1), (NO_OUTLET, 0)):
        flow = Flow(tso64k(2), outlet)
        flow.engine.nic.write(R.TCTL.offset, flow.engine.nic.read(R.TCTL.offset) | TCTL.SWXOFF.mask)
        assert bytes(list(flow.turn())[place])[12:14] == b"\x88\x08"
    os.close(reader)
    os.close(writer)
