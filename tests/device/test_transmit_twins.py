"""Do the three twins agree? The naive transmitter, the engine plain and the engine jitted, byte for byte.

On random programs, right and silly ones (§3.3 to §3.6).
"""

from __future__ import annotations

from collections import Counter
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from glassnic.device import transmit as jitted
from glassnic.device.core import Core
from glassnic.device.ports import GuestMemory
from glassnic.device.recorder import Recorder
from glassnic.device.transmit_state import KIND
from glassnic.spec.registers import REGISTERS
from naive import NaiveTransmit
from plain import plain
from programs import Program, programs

pytestmark = pytest.mark.kernel

KINDS = {"plain": plain("glassnic.device.transmit"), "jitted": jitted}


class Bench:
    """The transmit side of a card with its registers, wired as the switchboard wires it."""

    def __init__(self, kind: ModuleType, program: Program, memory: GuestMemory) -> None:
        self.core = Core(memory, program.model, program.traits, Recorder())
        self.transmit = kind.Transmit(self.core)
        self.frames: list[bytes] = []
        transmit = self.transmit
        self.board = {"TDT": transmit.doorbell, "TDH": transmit.head_moved, "TCTL": transmit.control}

    def write(self, name: str, value: int) -> None:
        self.core.registers.store(REGISTERS[name].offset, value)
        self.board.get(name, self.transmit.changed)(value)
        while self.transmit.pending:
            self.transmit.sweep()
            self.frames += map(bytes, self.transmit.sent())

    def outcome(self, memory: GuestMemory) -> dict[str, Any]:
        statistics = self.core.statistics
        found = {event.name: count for event, count in self.core.recorder.findings()}
        return {
            "frames": self.frames,
            "memory": memory.data.tobytes(),
            "head": int(self.transmit.head()),
            "causes": self.core.interrupts.icr,
            "delaying": self.transmit.timer.deadline is not None,
            "statistics": {name: statistics[name] for name in COUNTED},
            "findings": found,
            "open": bool(self.transmit._state[KIND]),
        }


COUNTED = ("TPT", "TOT", "GPTC", "GOTC", "MPTC", "BPTC", "TSCTC", "TSCTFC",
           "PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522")  # fmt: skip


def of_naive(program: Program) -> dict[str, Any]:
    memory = program.memory()
    twin = NaiveTransmit(memory, program.model, program.traits)
    program.play(memory, twin.write)
    return {
        "frames": twin.frames,
        "memory": memory.data.tobytes(),
        "head": twin.head,
        "causes": twin.causes & program.model.causes,
        "delaying": twin.delaying,
        "statistics": {name: twin.stats[name] for name in COUNTED},
        "findings": dict(Counter(twin.findings)),
        "open": twin.packet is not None,
    }


def of_engine(kind: str, program: Program) -> dict[str, Any]:
    memory = program.memory()
    bench = Bench(KINDS[kind], program, memory)
    program.play(memory, bench.write)
    return bench.outcome(memory)


@pytest.mark.parametrize("kind", KINDS)
@given(program=programs())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_engine_does_what_the_naive_twin_does(kind: str, program: Program) -> None:
    assert of_engine(kind, program) == of_naive(program)


@given(program=programs())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_plain_and_jitted_record_the_same_rows(program: Program) -> None:
    histories = []
    for kind in KINDS.values():
        memory = program.memory()
        bench = Bench(kind, program, memory)
        program.play(memory, bench.write)
        histories.append(bench.core.recorder.history())
    np.testing.assert_array_equal(*histories)
