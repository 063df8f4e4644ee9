"""How fast is the card's engine by itself, in this process, with nothing behind it? Against memcpy of as many bytes,
which is the limit; and with its recorder on against off, which says what seeing costs.

The engine runs as in a served card, and its frames leave by the same descriptor, but that leads nowhere. Cost is
processor time, for nothing is waited for. Each act does its work on the watch, then once more off it into a file, where
every frame is compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryFile

import numpy as np

from glassnic.bench.bed import Bed
from glassnic.bench.frames import stream_of
from glassnic.bench.measure import BenchError, Contender, Measure, Watch, WrongOutput, by_cpu, total
from glassnic.bench.programs import BUFFERS, MEMORY_BYTES, RING, Program, transmitter
from glassnic.bench.transmit import difference
from glassnic.device.nic import Nic
from glassnic.device.ports import RUN, FlatMemory, Outlet, Patience
from glassnic.device.recorder import Recorder
from glassnic.spec.fields import CTRL, STATUS
from glassnic.spec.registers import R

ARENA_BYTES = 256 << 10
"""What the engine fills at a time; memcpy gets the same, which stays in the cache."""
PAGE_BYTES = 4096
OFF = Recorder(1)
"""A recorder of one row: the code is the same."""
LAPS = 32
"""So many for one measure: what a contender keeps in the cache, others have driven out of it in between."""
ENDLESS = Patience(1 << 62)
"""The engine comes back when the ring is empty."""
LINK_NS = 10**10
"""By then the link is up."""

Make = Callable[[], Program]


@contextmanager
def against_memcpy(bed: Bed, make: Make) -> Iterator[list[Contender]]:
    """The engine as it is, and memcpy."""
    program, memory = make(), FlatMemory(MEMORY_BYTES)
    yield [
        Contender("glassnic", "glassnic", partial(transmit, Engine(memory, Recorder()), program)),
        Contender("memcpy", "memcpy", partial(_copy, memory, program, _arena(memory))),
    ]


@contextmanager
def recording(bed: Bed, make: Make) -> Iterator[list[Contender]]:
    """The engine with its recorder on and off."""
    program, memory = make(), FlatMemory(MEMORY_BYTES)
    yield [
        Contender("recorder on", "glassnic", partial(transmit, Engine(memory, Recorder()), program)),
        Contender("recorder off", "off", partial(transmit, Engine(memory, OFF), program)),
    ]


class Engine:
    """A card in this process whose frames go nowhere."""

    def __init__(self, memory: FlatMemory, recorder: Recorder) -> None:
        self.memory = memory
        self.nic = Nic(memory, recorder=recorder)
        self.nic.write(R.CTRL.offset, CTRL.SLU.mask)
        self.now_ns = LINK_NS
        self.nic.advance(self.now_ns)
        if not self.nic.read(R.STATUS.offset) & STATUS.LU.mask:
            raise BenchError("the card in this process has no link")

    def lay(self, program: Program) -> None:
        """As a guest would just have done."""
        lay(self.memory, program)
        for offset, value in transmitter(program):
            self.nic.write(offset, value)

    def run(self, program: Program, wire: int) -> None:
        """Ring the doorbell, and let all frames leave by this descriptor."""
        self.nic.outlet, self.nic.patience = Outlet(wire, RUN), ENDLESS
        self.nic.write(R.TDT.offset, program.tails[-1])
        while (due := self.nic.deadline) is not None and due <= self.now_ns:
            self.now_ns += 1
            self.nic.advance(self.now_ns)


def lay(memory: FlatMemory, program: Program) -> None:
    """Ring and buffers, written anew."""
    memory.write(RING, program.ring)
    memory.write(BUFFERS, program.buffers)


def transmit(engine: Engine, program: Program) -> Measure:
    with open(os.devnull, "wb", buffering=0) as nowhere:
        measures = [_lap(engine, program, nowhere.fileno()) for _ in range(LAPS)]
    with TemporaryFile("wb+", buffering=0) as file:
        engine.lay(program)
        engine.run(program, file.fileno())
        file.seek(0)
        came, expected = file.readall(), stream_of(program.frames)
    if came != expected:
        raise WrongOutput(f"{difference(came, expected, program.frames)}, in {program.name}")
    return by_cpu(total(measures))


def _lap(engine: Engine, program: Program, wire: int) -> Measure:
    engine.lay(program)
    watch = Watch(os.getpid())
    engine.run(program, wire)
    watch.stop()
    return watch.measure(len(program.frames))


def _arena(memory: FlatMemory) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """What memcpy fills begins in a page where its source does: a little later, some processors take ten times as
    long."""
    space = np.zeros(PAGE_BYTES + ARENA_BYTES, np.uint8)
    begin = (memory.data.ctypes.data + BUFFERS - space.ctypes.data) % PAGE_BYTES
    return space[begin : begin + ARENA_BYTES]


def _copy(memory: FlatMemory, program: Program, arena: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Measure:
    """Copy as many bytes as the frames have, over and over from the buffers if need be."""
    left = sum(map(len, program.frames))
    have = len(program.buffers)
    pieces = [(at, min(ARENA_BYTES, have - at)) for at in range(0, have, ARENA_BYTES)]
    measures: list[Measure] = []
    for _ in range(LAPS):
        lay(memory, program)
        data = memory.data[BUFFERS : BUFFERS + have]
        watch = Watch(os.getpid())
        done = 0
        while done < left:
            for at, length in pieces:
                count = min(length, left - done)
                arena[:count] = data[at : at + count]
                done += count
        watch.stop()
        measures.append(watch.measure(len(program.frames)))
    return by_cpu(total(measures))
