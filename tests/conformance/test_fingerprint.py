"""Is a card recognised by what it shows? Every profile of ours is, and so is a card with a trait of its own."""

from __future__ import annotations

import pytest

from glassnic.conformance.fingerprint import Reading, fingerprint
from glassnic.conformance.play import Outcome, play
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.profiles import PROFILES, Traits


def outcomes(traits: Traits) -> list[Outcome]:
    return [play(one, Inside(traits)) for one in PROGRAMS]


@pytest.mark.timeout(600)  # every trait is tried on whatever differs
@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_recognised_with_nothing_that_differs(profile: str) -> None:
    found = fingerprint(outcomes(PROFILES[profile]))
    assert (found.profile, found.others, found.differs) == (profile, (), ())
    assert found.distances[0] == (profile, 0)
    assert found.distances[1][1] > 0


def test_the_trait_that_a_card_of_its_own_has_is_read_off_its_behaviour() -> None:
    found = fingerprint(outcomes(PROFILES["one-context"]._replace(own_fcs=0)))
    assert (found.profile, found.differs) == ("one-context", ())
    (other,) = found.others
    assert other == Reading("own_fcs", 0, found.distances[0][1])
    assert found.traits == PROFILES["one-context"]._replace(own_fcs=0)


def test_what_no_known_trait_explains_is_left_over() -> None:
    found = fingerprint(outcomes(PROFILES["manual"]._replace(ipv6_header_bytes=7)))
    assert found.profile == "manual"
    assert {one.section for one in found.differs} == {"3.5.9"}
