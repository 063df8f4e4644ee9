"""Is the sum that runs along with the bytes the sum of the frame? (§3.5.8)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from glassnic.conformance.naive import NaiveTransmit
from glassnic.driver.descriptors import encode_context, encode_data
from glassnic.driver.message import Message
from glassnic.spec.profiles import PROFILES
from glassnic.wire.checksum import ones_sum
from programs import BUFFERS, MEMORY_BYTES, Program, Step, one_send
from transmit_bench import KINDS, Bench

pytestmark = pytest.mark.kernel

each_kind = pytest.mark.parametrize("kind", KINDS)
MESSAGE = Message(payload=bytes(range(256)) * 8, mss=700)
OTHERS = 0x3000
"""Where in guest memory the bytes of a second send lie."""


def both(kind: str, program: Program) -> tuple[list[bytes], list[bytes]]:
    """What leaves the engine, and what must."""
    memory, naive_memory = program.memory(), program.memory()
    bench, naive = Bench(KINDS[kind], program, memory), NaiveTransmit(naive_memory, program.model, program.traits)
    program.play(memory, bench.write)
    program.play(naive_memory, naive.write)
    return bench.frames, naive.frames


@each_kind
@pytest.mark.parametrize("start", [0, 13, 33, 35, 53, 54, 55, 60, 200])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_sum_may_begin_anywhere_before_or_behind_the_header(kind: str, start: int, pieces: int) -> None:
    frames, expected = both(kind, one_send(MESSAGE, pieces=pieces, TUCSS=start))
    assert frames == expected and frames


@each_kind
def test_what_one_send_has_in_common_is_nothing_to_the_next(kind: str) -> None:
    first, other = one_send(MESSAGE), Message(payload=bytes(3000), mss=500, sequence=5)
    data = other.encode()
    second = (
        encode_context(**(other.fields | {"TUCSE": 0xFFFF})),
        encode_data(BUFFERS + OTHERS, len(data), EOP=1, TSE=1, IXSM=1, TXSM=1, IFCS=1),
    )
    steps = (*first.steps, Step(2, second, (("TDT", 4),)))
    program = replace(first, contents=(*first.contents, (BUFFERS + OTHERS, data)), steps=steps)
    frames, expected = both(kind, program)
    assert frames == expected
    assert len(frames) == 3 + 6


@each_kind
def test_a_context_that_reaches_into_a_frame_may_change_bytes_that_are_summed(kind: str) -> None:
    """Where contexts are not latched, the fields of a header may come to lie among payload; they are summed as sent."""
    program = one_send(MESSAGE)
    ((_, data),) = program.contents
    bits = {"TSE": 1, "IXSM": 1, "TXSM": 1, "IFCS": 1}
    described = (
        encode_context(**MESSAGE.fields),
        encode_data(BUFFERS, 54 + 100, **bits),
        encode_context(**(MESSAGE.fields | {"IPCSS": 60, "HDRLEN": 100})),
        encode_data(BUFFERS + 154, len(data) - 154, EOP=1, **bits),
    )
    traits = PROFILES["manual"]._replace(latched=0)
    frames, _ = both(kind, replace(program, traits=traits, steps=(Step(0, described, (("TDT", 4),)),)))
    frame, l4, place = frames[0], MESSAGE.l4, MESSAGE.l4 + 16
    assert frame[62:64] == (len(frame) - 60).to_bytes(2, "big")
    summed = frame[l4:place] + data[place : place + 2] + frame[place + 2 :] + (len(frame) - l4).to_bytes(2, "big")
    assert frame[place : place + 2] == (0xFFFF - ones_sum(summed)).to_bytes(2, "big")


@each_kind
def test_no_byte_behind_a_piece_is_looked_at(kind: str) -> None:
    """The header of a packet begins in the last bytes of guest memory."""
    message = Message(payload=b"payload")
    data = message.encode()
    described = (
        encode_context(**message.fields),
        encode_data(MEMORY_BYTES - 30, 30, **message.bits),
        encode_data(BUFFERS, len(data) - 30, EOP=1, **message.bits),
    )
    contents = ((MEMORY_BYTES - 30, data[:30]), (BUFFERS, data[30:]))
    program = replace(one_send(MESSAGE), contents=contents, steps=(Step(0, described, (("TDT", 3),)),))
    frames, expected = both(kind, program)
    assert frames == expected == [*message.frames()]
