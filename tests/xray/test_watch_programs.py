"""Is nobody accused who is right, and does no nonsense stop a watch? Random programs, run by the card and watched."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from glassnic.spec.profiles import PROFILES
from glassnic.xray.found import Found
from glassnic.xray.story import Origin
from programs import Program, programs
from recorded import Kept
from transmit_bench import KINDS, Bench

pytestmark = pytest.mark.kernel

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

BORNE = {"HEADER_SPLIT", "NO_REPORT", "TAG_NOT_INSERTED"}
"""What right programs do against the letter of the manual, and the card bears with."""


def watched(program: Program) -> list[Found]:
    """What a watch finds; of a send that a host would cut, too."""
    memory = program.memory()
    bench = Bench(KINDS["jitted"], program, memory)
    program.play(memory, bench.write)
    watch = Kept()
    profile = next((name for name, traits in PROFILES.items() if traits == program.traits), "manual")
    watch.look(Origin(program.model.name, profile), bench.frames, bench.core.recorder.history().tolist())
    return watch.found


@given(program=programs(wild=False, neat=True))
@relaxed
def test_a_program_to_the_letter_of_the_manual_has_no_finding(program: Program) -> None:
    assert list(map(str, watched(program))) == []


@given(program=programs(wild=False))
@relaxed
def test_a_right_program_has_no_finding_but_of_what_the_card_bears_with(program: Program) -> None:
    assert {one.code for one in watched(program)} <= BORNE


@given(program=programs())
@relaxed
def test_no_program_at_all_can_stop_a_watch(program: Program) -> None:
    assert all(one.sentence and one.section for one in watched(program))
