"""Are the programs sound? Each holds on the card as the manual has it, and can be kept as JSON and read back."""

from __future__ import annotations

import pytest

from glassnic.conformance.play import play
from glassnic.conformance.program import Program
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.targets.inside import Inside


@pytest.mark.parametrize("one", PROGRAMS, ids=lambda one: one.address)
def test_the_card_keeps_every_rule(one: Program) -> None:
    outcome = play(one, Inside())
    assert not outcome.lost
    assert not outcome.failures


@pytest.mark.parametrize("one", PROGRAMS, ids=lambda one: one.address)
def test_a_program_kept_as_json_is_the_same_program(one: Program) -> None:
    assert Program.decode(one.encode()) == one


def test_each_address_names_one_program() -> None:
    assert len({one.address for one in PROGRAMS}) == len(PROGRAMS)


def test_the_one_context_card_breaks_the_rule_of_2017() -> None:
    broken = [one.name for one in PROGRAMS if not play(one, Inside("one-context")).passed]
    assert "a-segmentation-context-leaves-the-plain-one-alone" in broken
