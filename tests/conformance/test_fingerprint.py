"""Is a card recognised by what it shows? Every profile of ours is, and so is a card with a trait of its own."""

from __future__ import annotations

import pytest

from glassnic.conformance.fingerprint import fingerprint
from glassnic.conformance.play import play
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.profiles import PROFILES, Traits


def outcomes(traits: Traits) -> list:  # type: ignore[type-arg]
    return [play(one, Inside(traits)) for one in PROGRAMS]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_recognised_with_nothing_that_differs(profile: str) -> None:
    found = fingerprint(outcomes(PROFILES[profile]))
    assert (found.profile, found.differs) == (profile, ())
    assert all(one.value == getattr(PROFILES[profile], one.trait) for one in found.traits)


def test_the_trait_that_a_card_of_its_own_has_is_read_off_its_behaviour() -> None:
    bent = PROFILES["manual"]._replace(segmented_slot=0, zero_sum=0)
    found = fingerprint(outcomes(bent))
    assert found.profile == "one-context"
    assert found.differs or not [one for one in found.traits if one.trait == "zero_sum" and one.witnesses]
