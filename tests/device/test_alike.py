"""Does an ordinary send leave as any other would? Its full frames go a way of their own (`alike.py`, §3.5.9)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glassnic.device.transmit_state import ALIKE, TRIED
from glassnic.driver.message import Message
from glassnic.spec import events
from programs import Program, one_send
from transmit_bench import KINDS, Bench

pytestmark = pytest.mark.kernel

THE_GENERAL_WAY = {"TUCSE": 0xFFFF}
"""A context that asks for the same, for a sum ends with the packet at the latest; but no driver says it so."""


@st.composite
def ordinary_sends(draw: st.DrawFn) -> Message:
    mss = draw(st.integers(256, 1460))
    length = draw(st.integers(1, 9)) * mss + draw(st.sampled_from([1, 100, mss - 1, mss]))
    payload = random.Random(draw(st.integers(0, 1000))).randbytes(length)
    options = bytes(4 * draw(st.integers(0, 10)))
    flags, sequence = draw(st.integers(0, 0x7F)), draw(st.integers(0, 0xFFFF_FFFF))
    return Message(draw(st.booleans()), True, payload, mss, options, flags=flags, sequence=sequence)


def with_identification(program: Program, identification: int) -> Program:
    """The same with another IPv4 ID; of IPv6 it is the addresses' business, and its sum is no longer right."""
    ((address, data),) = program.contents
    data = data[:18] + identification.to_bytes(2, "big") + data[20:]
    return replace(program, contents=((address, data),))


class Played(NamedTuple):
    frames: list[bytes]
    statistics: dict[str, int]
    history: NDArray[np.int64]
    """The record, but for contexts."""
    tried: int
    """What bounds a filling."""
    alike: bool
    """Whether frames went the way of their own."""


def played(kind: str, program: Program) -> Played:
    memory = program.memory()
    bench = Bench(KINDS[kind], program, memory)
    program.play(memory, bench.write)
    history = bench.core.recorder.history()
    outcome, state = bench.outcome(memory), bench.transmit._state
    history = history[history[:, 0] != events.TX_CONTEXT]
    return Played(outcome["frames"], outcome["statistics"], history, int(state[TRIED]), bool(state[ALIKE]))


@pytest.mark.parametrize("kind", KINDS)
@given(message=ordinary_sends(), pieces=st.integers(1, 9), identification=st.integers(0xFFF0, 0xFFFF))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_an_ordinary_send_leaves_and_is_recorded_as_by_the_general_way(
    kind: str, message: Message, pieces: int, identification: int
) -> None:
    program, general = (one_send(message, pieces=pieces, **changes) for changes in ({}, THE_GENERAL_WAY))
    if not message.ipv6:
        program, general = (with_identification(each, identification) for each in (program, general))
    own, expected = played(kind, program), played(kind, general)
    assert own.alike and not expected.alike
    assert own.frames == expected.frames
    assert own.statistics == expected.statistics
    assert np.array_equal(own.history, expected.history)
    assert own.tried == expected.tried == len(own.frames)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sum_of_zero_is_sent_as_the_general_way_sends_it(kind: str) -> None:
    """With the complement of its sum among its bytes, a packet sums to zero (§3.5.8)."""
    message = Message(payload=bytes(3000), mss=1000)
    checksum = message.frames()[0][message.l4 + 16 : message.l4 + 18]
    message = replace(message, payload=checksum + message.payload[2:])
    own, expected = (played(kind, one_send(message, **changes)) for changes in ({}, THE_GENERAL_WAY))
    assert own.alike and not expected.alike
    assert own.frames[0][message.l4 + 16 : message.l4 + 18] in (b"\0\0", b"\xff\xff")
    assert own.frames == expected.frames
