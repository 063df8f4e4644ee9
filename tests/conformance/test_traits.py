"""Can the programs tell implementations apart? A card with any one trait changed shows it on some program."""

from __future__ import annotations

import pytest

from glassnic.conformance.play import Outcome, play
from glassnic.conformance.program import Program
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.phy_registers import PHY_BY_NAME
from glassnic.spec.profiles import PROFILES, Traits
from glassnic.spec.registers import REGISTERS

OTHER = {
    "plain_slot": 1,
    "segmented_slot": 0,
    "latched": 0,
    "length_mask": 0xFFFF,
    "null_mask": 0xF_FFFF,
    "opens_empty": 0,
    "late_tag": 1,
    "reports_on_wire": 1,
    "ipv6_header_bytes": 0,
    "block_send": 0,
    "open_end": 1,
    "legacy_sum": 0,
    "zero_sum": 0,
    "empty_sum": 1,
    "sum_in_range": 1,
    "own_fcs": 0,
    "pads": 0,
    "shortest_bytes": 0,
    "tag_counted": 0,
    "good_octets": 0,
    "sends_by_frame": 1,
    "watches_low": 0,
    "delays": 0,
    "idle_txqe": 1,
    "soft_reset": 0,
    "swxoff": 0,
    "shortest_octets": 0,
    "oversize": 4,
    "fcs_stored": 0,
    "source_entries": 0,
    "hash_unicast": 1,
    "mpe_broadcast": 0,
    "compares_cfi": 0,
    "marks_inexact": 0,
    "judges_sums": 0,
    "host_waits": 1,
    "stripped_counted": 0,
    "counts_refused": 0,
    "judges_first": 1,
    "size_less": 4,
    "rxdmt0_once": 0,
    "loads_again": 0,
    "link_by_ctrl": 0,
    "forces": 0,
    "loop_shuts": 0,
    "phy_reset": 0,
    "phy_heeds": 0,
    "negotiated": 0,
    "blank_word": 0,
    "eeprom_writes": 0,
    "io_bar": 0,
    "old_places": 0,
    "absent": frozenset({"PTC64"}),
    "writable": (("TDBAL", 0xFFFF_FFFF),),
}
"""For each trait a value that is not the manual's."""


@pytest.fixture(scope="module")
def by_the_manual() -> dict[Program, Outcome]:
    return {one: play(one, Inside()) for one in PROGRAMS}


def test_every_trait_there_is_has_another_value() -> None:
    assert set(OTHER) == set(Traits._fields)
    assert all(getattr(Traits(), trait) != value for trait, value in OTHER.items())


def test_the_registers_that_a_profile_changes_are_there_and_have_one_name_each() -> None:
    for traits in PROFILES.values():
        assert traits.absent <= REGISTERS.keys() | PHY_BY_NAME.keys()
        assert dict(traits.writable).keys() <= REGISTERS.keys()
    assert not REGISTERS.keys() & PHY_BY_NAME.keys()


@pytest.mark.parametrize("trait", OTHER)
def test_every_trait_is_told_apart_by_a_program(trait: str, by_the_manual: dict[Program, Outcome]) -> None:
    card = Inside(Traits()._replace(**{trait: OTHER[trait]}))
    assert any(not outcome.agrees(play(one, card)) for one, outcome in by_the_manual.items())
