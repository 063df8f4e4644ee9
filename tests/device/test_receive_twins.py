"""Do the three twins agree? The naive receiver, the engine plain and jitted, on random scenes, byte for byte."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrivals import Arrival, Scene, Turn, nonsense, play, scenes
from glassnic.device import receive as jitted
from glassnic.device.core import Core
from glassnic.device.ports import FlatMemory
from glassnic.device.receive_state import FIRST, ROW_MASK, WAITING
from glassnic.device.recorder import Recorder
from glassnic.spec.events import EVENTS
from glassnic.spec.registers import REGISTERS, R
from naive_receive import NaiveReceive
from plain import plain

pytestmark = pytest.mark.kernel

KINDS = {"plain": plain("glassnic.device.receive"), "jitted": jitted}
COUNTED = (
    "CRCERRS", "RLEC", "MPC", "RNBC", "RUC", "RFC", "ROC", "RJC", "TPR", "TOR", "GPRC", "GORC", "BPRC", "MPRC", "PRC64",
    "PRC127", "PRC255", "PRC511", "PRC1023", "PRC1522", "XONRXC", "XOFFRXC", "FCRUC",
)  # fmt: skip
TOLD = [event for event in EVENTS if event.name.startswith("RX_") and event.name not in ("RX_DISABLED", "RX_RING_ODD")]
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class Bench:
    """The receive side of a card with its registers, wired as the switchboard wires it."""

    def __init__(self, kind: ModuleType, scene: Scene, memory: FlatMemory) -> None:
        self.memory = memory
        self.core = Core(memory, scene.model, scene.traits, Recorder())
        self.receive = kind.Receive(self.core)
        self.quanta: int | None = None

    def write(self, name: str, index: int, value: int) -> None:
        row = REGISTERS[name]
        self.core.registers.store(row.offset + index * row.stride, value)
        if name == "PBA":
            self.receive.reset()  # a split takes effect with a reset
        (self.receive.tail_moved if name == "RDT" else self.receive.changed)(value)

    def act(self, done: Arrival | Turn) -> None:
        if isinstance(done, Turn):
            self.core.bus_master = done.bus_master
            self.receive.deliver()
        elif done.way == "bad":
            self.receive.arrive_bad(done.frames, True)
        else:
            self.receive.arrive(done.frames, True, loopback=done.way == "loopback")

    def outcome(self) -> dict[str, Any]:
        core, state, tally = self.core, self.receive._state, self.core.recorder.tally
        rows = [self.receive._waiting[(state[FIRST] + n) & ROW_MASK] for n in range(state[WAITING])]
        return {
            "memory": self.memory.data.tobytes(),
            "head": core.registers[R.RDH],
            "causes": core.interrupts.icr,
            "delaying": self.receive.timer.deadline is not None,
            "statistics": {name: core.statistics[name] for name in COUNTED},
            "events": {event.name: int(tally[event.number]) for event in TOLD},
            "waiting": [self.receive._arena[at : at + length - 4].tobytes() for at, length, _ in rows],
        }


def of_engine(kind: str, scene: Scene) -> dict[str, Any]:
    bench = Bench(KINDS[kind], scene, scene.memory())
    play(scene, bench.write, bench.act)
    return bench.outcome()


def of_naive(scene: Scene) -> dict[str, Any]:
    memory = scene.memory()
    twin = NaiveReceive(memory, scene.model, scene.traits)

    def write(name: str, index: int, value: int) -> None:
        row = REGISTERS[name]
        writable = dict(scene.traits.writable).get(name, row.writable)
        if name not in scene.model.absent | scene.traits.absent:
            twin.registers[name][index] = value & writable | row.reset & ~writable

    def act(done: Arrival | Turn) -> None:
        if isinstance(done, Turn):
            twin.bus_master = done.bus_master
            twin.deliver()
        elif done.way == "bad":
            twin.arrive([frame for frame in done.frames if len(frame) >= 4], bad=True)
        else:
            least = 0 if done.way == "loopback" else scene.traits.shortest_octets - 4
            twin.arrive([frame.ljust(least, b"\0") for frame in done.frames])

    play(scene, write, act)
    return {
        "memory": memory.data.tobytes(),
        "head": twin["RDH"],
        "causes": twin.causes & scene.model.causes,
        "delaying": twin.delaying,
        "statistics": {name: twin.stats[name] for name in COUNTED},
        "events": {event.name: twin.events[event.name] for event in TOLD},
        "waiting": [frame.octets[:-4] for frame in twin.fifo],
    }


@pytest.mark.parametrize("kind", KINDS)
@given(scene=st.one_of(scenes(), nonsense()))
@UNHURRIED
def test_the_engine_does_what_the_naive_twin_does(kind: str, scene: Scene) -> None:
    assert of_engine(kind, scene) == of_naive(scene)


@given(scene=st.one_of(scenes(), nonsense()))
@UNHURRIED
def test_plain_and_jitted_record_the_same_rows(scene: Scene) -> None:
    histories = []
    for kind in KINDS.values():
        bench = Bench(kind, scene, scene.memory())
        play(scene, bench.write, bench.act)
        histories.append(bench.core.recorder.history())
    np.testing.assert_array_equal(histories[0], histories[1])


@pytest.mark.parametrize("kind", KINDS)
@given(scene=st.one_of(scenes(), nonsense()))
@UNHURRIED
def test_no_byte_outside_writable_memory_is_ever_touched(kind: str, scene: Scene) -> None:
    before, bench = scene.memory(), Bench(KINDS[kind], scene, scene.memory())
    play(scene, bench.write, bench.act)
    outside = np.ones(len(before.data), bool)
    for start, end, writable in scene.ranges:
        outside[start:end] &= not writable
    np.testing.assert_array_equal(bench.memory.data[outside], before.data[outside])
