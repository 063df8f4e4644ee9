"""Is the twin itself right? Frames of right programs are judged by a reader of packets that knows no descriptors."""

from __future__ import annotations

from hypothesis import given

from glassnic.conformance.naive import NaiveTransmit
from glassnic.wire.verdict import State, verify
from programs import Program, programs


def played(program: Program) -> NaiveTransmit:
    memory = program.memory()
    twin = NaiveTransmit(memory, program.model, program.traits)
    program.play(memory, twin.write)
    return twin


@given(programs(wild=False))
def test_a_right_program_sends_frames_whose_every_sum_is_right(program: Program) -> None:
    twin = played(program)
    assert twin.frames
    assert not twin.findings
    assert not twin.packet
    for frame in twin.frames:
        verdict = verify(frame)
        assert verdict.sums, verdict.note
        assert {found.state for found in verdict.sums} == {State.RIGHT}, verdict


@given(programs(wild=False))
def test_the_counts_agree_with_the_frames(program: Program) -> None:
    twin = played(program)
    assert twin.stats["GPTC"] == twin.stats["TPT"] == len(twin.frames)
    assert twin.stats["GOTC"] == twin.stats["TOT"] == sum(len(frame) + 4 for frame in twin.frames)
    sized = [count for name, count in twin.stats.items() if name.startswith("PTC")]
    assert sum(sized) == len(twin.frames)


@given(programs())
def test_no_program_at_all_can_stop_the_twin(program: Program) -> None:
    twin = played(program)
    assert twin.head < 0x10000
    assert twin.stats["TPT"] >= len(twin.frames)
