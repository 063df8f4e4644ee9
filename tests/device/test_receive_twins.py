"""Do the three twins agree? The naive receiver, the engine plain and jitted, on random scenes, byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrivals import Arrival, Scene, Turn, nonsense, play, scenes
from glassnic.spec.registers import REGISTERS
from naive_receive import NaiveReceive
from receive_side import COUNTED, KINDS, TOLD, Bench

pytestmark = pytest.mark.kernel

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


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
