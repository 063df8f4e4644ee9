"""How fast is the card's engine by itself, in this process, with nothing behind it? Against memcpy of as many bytes,
which is the limit; and with its recorder on against off, which says what seeing costs.

Cost is processor time, for nothing is waited for. Each act does its work on the watch, then once more off it, with
every frame compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from glassnic.bench.bed import Bed
from glassnic.bench.measure import BenchError, Contender, Measure, Watch, WrongOutput, by_cpu, total
from glassnic.bench.programs import BUFFERS, MEMORY_BYTES, RING, Program, transmitter
from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory, Frames
from glassnic.device.recorder import Recorder
from glassnic.spec.fields import CTRL, STATUS
from glassnic.spec.registers import R

ARENA_BYTES = 256 << 10
"""What the engine fills at a time; memcpy gets the same, which stays in the cache."""
OFF = Recorder(1)
"""A recorder of one row: the code is the same."""
LAPS = 8
LINK_NS = 10**10
"""By then the link is up."""

Make = Callable[[], Program]


@contextmanager
def against_memcpy(bed: Bed, make: Make) -> Iterator[list[Contender]]:
    """The engine as it is, and memcpy."""
    program, memory = make(), FlatMemory(MEMORY_BYTES)
    yield [
        Contender("glassnic", "glassnic", partial(transmit, Engine(memory, Recorder()), program)),
        Contender("memcpy", "memcpy", partial(_copy, memory, program, np.zeros(ARENA_BYTES, np.uint8))),
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

    def turns(self, program: Program) -> Iterator[Frames]:
        """Ring the doorbell, and what leaves at each turn."""
        self.nic.write(R.TDT.offset, program.tails[-1])
        while (due := self.nic.deadline) is not None and due <= self.now_ns:
            self.now_ns += 1
            self.nic.advance(self.now_ns)
            yield self.nic.sent()


def lay(memory: FlatMemory, program: Program) -> None:
    """Ring and buffers, written anew."""
    memory.write(RING, program.ring)
    memory.write(BUFFERS, program.buffers)


def transmit(engine: Engine, program: Program) -> Measure:
    measures = [_lap(engine, program) for _ in range(LAPS)]
    engine.lay(program)
    number = 0
    for frames in engine.turns(program):
        for frame in frames:
            if number >= len(program.frames) or frame != program.frames[number]:
                raise WrongOutput(f"frame {number} of {program.name} is not as it must be")
            number += 1
    if number != len(program.frames):
        raise WrongOutput(f"{number} of {len(program.frames)} frames left, in {program.name}")
    return by_cpu(total(measures))


def _lap(engine: Engine, program: Program) -> Measure:
    engine.lay(program)
    watch = Watch(os.getpid())
    for _ in engine.turns(program):
        pass
    watch.stop()
    return watch.measure(len(program.frames))


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
