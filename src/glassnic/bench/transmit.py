"""How fast does a transmit ring become frames on a unix stream? The same descriptors in the same memory for each card;
what leaves is compared with what must, byte for byte, each time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import ParamSpec

from glassnic.bench import alone
from glassnic.bench.alone import Alone
from glassnic.bench.bed import Bed
from glassnic.bench.frames import stream_of
from glassnic.bench.measure import BenchError, Contender, Measure, WrongOutput, total
from glassnic.bench.ports import TIMEOUT_S
from glassnic.bench.programs import BUFFERS, RING, Program, transmitter
from glassnic.bench.rigs import Rig, on_stream, on_streams
from glassnic.device.ports import PREFIX_BYTES
from glassnic.spec.registers import R

P = ParamSpec("P")
Ring = Callable[[Rig, Program], None]
"""Rings the doorbells of a program."""


def at_once(rig: Rig, program: Program) -> None:
    """One doorbell for everything."""
    rig.port.write((R.TDT.offset, program.tails[-1]))


def one_by_one(rig: Rig, program: Program) -> None:
    """A doorbell a packet, each followed by a register read, which the next one waits for: none can be coalesced."""
    for tail in program.tails:
        rig.port.write_and_read(R.TDT.offset, tail)


def in_a_row(rig: Rig, program: Program) -> None:
    """A doorbell a packet, without waiting: a card may take several at once."""
    rig.port.write(*((R.TDT.offset, tail) for tail in program.tails))


@contextmanager
def stage(bed: Bed, make: Callable[[], Program], ring: Ring = at_once, laps: int = 1) -> Iterator[list[Contender]]:
    """A bench's stage: everybody does a program, `laps` times over, each lap waited for."""
    program = make()
    expected = stream_of(program.frames)
    with on_streams(bed) as rigs, ExitStack() as stack:
        contenders = [
            Contender(rig.name, rig.kind, partial(_repeat, laps, transmit, rig, Sink(far_end, expected), program, ring))
            for rig, far_end in rigs
        ]
        if ring is at_once:
            back_end, far_end = stack.enter_context(
                on_stream(bed, alone.NAME, lambda path: alone.sending(bed, f"stream:{path}", program.frames))
            )
            act = partial(_repeat, laps, send_alone, back_end, Sink(far_end, expected), program)
            contenders.append(Contender(alone.NAME, alone.KIND, act))
        yield contenders


def _repeat(laps: int, act: Callable[P, Measure], *args: P.args, **kwargs: P.kwargs) -> Measure:
    return total([act(*args, **kwargs) for _ in range(laps)])


def transmit(rig: Rig, sink: Sink, program: Program, ring: Ring) -> Measure:
    """Lay the program into memory, ring, take what comes, compare."""
    lay(rig, program)
    watch = rig.watch()
    ring(rig, program)
    sink.take()
    watch.stop()
    head = rig.port.read(R.TDH.offset)
    measure = watch.measure(len(program.frames))
    sink.judge(rig.name, program)
    if head != program.tails[-1]:
        raise WrongOutput(f"{rig.name} left its head at {head}, not at {program.tails[-1]}")
    return measure


def send_alone(back_end: Alone, sink: Sink, program: Program) -> Measure:
    """Have the program's frames sent by a back end alone, take what comes, compare."""
    measure = back_end.measure(len(program.frames), sink.take)
    sink.judge(alone.NAME, program)
    return measure


def lay(rig: Rig, program: Program) -> None:
    """Ring and buffers written anew, as a guest would just have done, and the transmitter at the ring's start."""
    rig.write_memory(RING, program.ring)
    rig.write_memory(BUFFERS, program.buffers)
    rig.port.write(*transmitter(program))
    rig.port.read(R.STATUS.offset)


class Sink:
    """The far end of a card's stream, which knows what must come."""

    def __init__(self, sock: socket.socket, expected: bytes) -> None:
        self._sock = sock
        self._expected = expected
        self._buffer = memoryview(bytearray(len(expected)))
        self._taken = 0

    def take(self) -> None:
        """Read until as much has come as must, or nothing comes any more."""
        self._taken = 0
        try:
            while self._taken < len(self._buffer):
                count = self._sock.recv_into(self._buffer[self._taken :])
                if not count:
                    raise BenchError("a card closed its stream")
                self._taken += count
        except TimeoutError:
            return  # `fault` will say what is missing

    def judge(self, who: str, program: Program) -> None:
        """Raise WrongOutput unless what came is what the program must send."""
        if fault := self.fault(program.frames):
            raise WrongOutput(f"{who}: {fault}, in {program.name}")

    def fault(self, frames: list[bytes]) -> str:
        """What is wrong with what came, in words; nothing if it is what must come, and no more."""
        self._sock.setblocking(False)
        try:
            surplus = self._sock.recv(65536)
        except BlockingIOError:
            surplus = b""
        self._sock.settimeout(TIMEOUT_S)
        came = self._buffer[: self._taken]
        if came == self._expected and not surplus:
            return ""
        return difference(bytes(came) + surplus, self._expected, frames)


def difference(came: bytes, expected: bytes, frames: list[bytes]) -> str:
    """In words, where two streams of frames, which are not equal, differ."""
    at = next((n for n, (a, b) in enumerate(zip(came, expected, strict=False)) if a != b), None)
    if at is None:
        return f"{len(came)} bytes came and {len(expected)} should have"
    end = 0
    for number, frame in enumerate(frames):
        begin, end = end, end + PREFIX_BYTES + len(frame)
        if at < end:
            place = at - begin - PREFIX_BYTES
            what = f"byte {place}" if place >= 0 else "the length"
            return f"{what} of frame {number} is {came[at]:02X}h and should be {expected[at]:02X}h"
    raise AssertionError("the frames make up what is expected")
