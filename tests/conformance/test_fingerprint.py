"""Is a card recognised by what it shows? Every profile of ours is, and so is a card with a trait of its own."""

from __future__ import annotations

import pytest

from cards import had
from glassnic.conformance.departures import DEPARTURES
from glassnic.conformance.fingerprint import Reading, fingerprint
from glassnic.conformance.play import Outcome, play
from glassnic.conformance.programs import PROGRAMS
from glassnic.conformance.targets.inside import Inside
from glassnic.spec.profiles import PROFILES, Traits

TELLING = {
    "3.3.5/a-context-inside-a-packet",
    "3.3.7/a-descriptor-of-more-than-64-kb",
    "3.3.3.1/a-null-descriptor-in-a-packet",
    "3.3.7.1/vle-in-the-last-descriptor-of-a-send",
    "3.3.3.1/report-packet-sent",
    "3.5.9/ipv6-payload-lengths",
    "3.3.6.1/a-generic-block-send",
    "3.5.5/cut-into-an-exact-number-of-frames",
    "3.3.3.1/a-legacy-sum",
    "3.5.8/a-range-of-one-word",
    "3.3.3.1/software-brings-the-fcs",
    "13.4.33/short-packets-are-padded",
    "13.7.42/the-tag-is-counted",
    "13.7.30/a-short-packet-is-no-good-one",
    "13.7.53/a-send-of-one-frame",
    "13.4.43/few-descriptors-left",
    "14.7/contexts-across-a-reset",
    "13.4.6/ee-rst-loads-the-station-address",
    "13.4.1/without-slu",
    "8.6.2.3/speed-10-forced",
    "13.4.1/a-reset-of-the-phy",
    "13.4.8.1/power-down-takes-the-link",
    "13.4.8.1/negotiation-is-over",
    "13.4.4/a-spare-word",
    "13.4.3/a-word-is-written",
    "13.2.2.2/a-register-is-read",
    "13.3/the-copy-of-ctrl",
    "13.4.9/fcal-holds-what-is-written",
    "13.4.22/reserved-bits-of-rctl",
    "13.4.36/base-low-bits",
    "13.4.22/the-fcs-of-a-frame-of-64-bytes",
    "3.2.3.1/a-frame-by-the-hash-alone",
    "13.7.22/a-frame-received-of-127-bytes",
}
"""Programs enough to tell QEMU's cards from the manual's and from each other. Few await frames, which costs a
second each."""


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


@pytest.mark.timeout(900)  # a QEMU may have to be fetched
@pytest.mark.xdist_group("cards")
@pytest.mark.parametrize("word", ["qemu-7.2", "qemu-11.1"])
def test_a_real_qemu_is_recognised(word: str) -> None:
    card = had(word)
    try:
        found = fingerprint([play(one, card) for one in PROGRAMS if one.address in TELLING])
    finally:
        card.close()
    assert (found.profile, found.others, found.differs) == (word, (), ())
    assert found.distances[1][1] > 0


def test_what_is_named_here_and_as_a_departure_is_there() -> None:
    there = {one.address for one in PROGRAMS}
    assert there >= TELLING
    assert there.issuperset(program for one in DEPARTURES for program in one.programs)
    assert PROFILES.keys() >= {profile for one in DEPARTURES for profile in one.profiles}
