"""Does a wrong frame fail a bench? Whatever is missing, changed or too much is found, and said in words."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from glassnic.bench.engine import Engine, transmit
from glassnic.bench.frames import stream_of
from glassnic.bench.measure import WrongOutput
from glassnic.bench.programs import MEMORY_BYTES, Program, csum1514, legacy64, mixed, tso64k
from glassnic.bench.transmit import Sink, difference
from glassnic.device.ports import FlatMemory
from glassnic.device.recorder import Recorder

FRAMES = legacy64(4).frames
EXPECTED = stream_of(FRAMES)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        far.settimeout(1)
        yield near, far


def judged(ends: tuple[socket.socket, socket.socket], sent: bytes) -> str:
    """What a sink says of these bytes."""
    near, far = ends
    sink = Sink(far, EXPECTED)
    near.sendall(sent)
    sink.take()
    return sink.fault(FRAMES)


def test_what_must_come_is_no_fault_and_the_next_lap_is_judged_anew(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    sink = Sink(far, EXPECTED)
    for sent, right in ((EXPECTED, True), (bytes(len(EXPECTED)), False), (EXPECTED, True)):
        near.sendall(sent)
        sink.take()
        assert (sink.fault(FRAMES) == "") == right


@pytest.mark.parametrize("place", [0, 3, 4, 63, 64, len(EXPECTED) - 1])
def test_one_changed_byte_anywhere_is_found(ends: tuple[socket.socket, socket.socket], place: int) -> None:
    wrong = bytearray(EXPECTED)
    wrong[place] ^= 1
    fault = judged(ends, bytes(wrong))
    assert f"frame {place // 64} " in fault
    assert ("length" in fault) == (place % 64 < 4)


def test_a_frame_too_many_is_found(ends: tuple[socket.socket, socket.socket]) -> None:
    assert "bytes came" in judged(ends, EXPECTED + stream_of(FRAMES[:1]))


def test_a_frame_that_does_not_come_is_found_when_patience_ends(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].settimeout(0.05)
    assert "bytes came" in judged(ends, stream_of(FRAMES[:-1]))


def test_frames_in_another_order_are_found() -> None:
    assert "frame 1" in difference(stream_of([FRAMES[0], FRAMES[2], FRAMES[1], FRAMES[3]]), EXPECTED, FRAMES)


@pytest.mark.kernel
@pytest.mark.parametrize(("make", "count"), [(tso64k, 2), (csum1514, 3), (legacy64, 3), (mixed, 4)])
def test_the_engine_sends_what_each_program_expects(make: Callable[[int], Program], count: int) -> None:
    program = make(count)
    assert transmit(Engine(FlatMemory(MEMORY_BYTES), Recorder()), program).amount > 0


@pytest.mark.kernel
def test_an_engine_that_sends_another_frame_fails_its_bench() -> None:
    program = csum1514(3)
    damaged = bytearray(program.frames[1])
    damaged[100] ^= 1
    expecting = Program(**{**vars(program), "frames": [program.frames[0], bytes(damaged), program.frames[2]]})
    with pytest.raises(WrongOutput, match="frame 1"):
        transmit(Engine(FlatMemory(MEMORY_BYTES), Recorder()), expecting)
