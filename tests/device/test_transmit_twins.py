"""Do the three twins agree? The naive transmitter, the engine plain and the engine jitted, byte for byte.

On random programs, right and silly ones (§3.3 to §3.6).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from glassnic.conformance.naive import NaiveTransmit
from programs import Program, programs
from transmit_bench import COUNTED, KINDS, Bench

pytestmark = pytest.mark.kernel


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
