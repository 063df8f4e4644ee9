"""Does the demo show what it claims? What reaches the peer under each profile, read by what knows no card."""

from __future__ import annotations

from functools import cache

import pytest

from glassnic.demo import scenario
from glassnic.demo.scenario import OFFLOADED, TCP_SUM, UDP_SUM, Arrival, Outcome
from glassnic.spec.profiles import PROFILES
from glassnic.wire.verdict import State, verify


@cache
def outcome(profile: str) -> Outcome:
    return scenario.run(profile)


def offloaded(profile: str) -> list[Arrival]:
    return [arrival for arrival in outcome(profile).arrivals if arrival.expected.title == OFFLOADED]


def test_what_is_expected_was_made_without_the_card_and_verifies() -> None:
    for sending in scenario.sendings():
        for expected in sending.expected:
            assert {found.state for found in verify(expected.frame).sums} <= {State.RIGHT}


def test_two_contexts_leave_every_byte_as_it_should_be() -> None:
    assert outcome("manual").holds
    assert len(outcome("manual").arrivals) == 10
    assert not outcome("manual").damaged


def test_one_context_puts_the_udp_checksum_ten_bytes_too_far() -> None:
    assert outcome("one-context").holds
    assert outcome("one-context").damaged == offloaded("one-context")
    for arrival in offloaded("one-context"):
        right = arrival.expected.frame[UDP_SUM : UDP_SUM + 2]
        assert arrival.differs == [40, 41, 50, 51]
        assert arrival.frame[TCP_SUM : TCP_SUM + 2] != arrival.expected.frame[TCP_SUM : TCP_SUM + 2]
        assert arrival.frame[UDP_SUM : UDP_SUM + 2] != right


def test_the_wire_sees_it_the_corrected_packet_hides_it_and_the_application_has_the_damage() -> None:
    for arrival in offloaded("one-context"):
        assert [found.of for found in arrival.on_the_wire.wrong] == ["UDP"]
        assert {found.state for found in arrival.at_the_host.sums} == {State.RIGHT}
        wrong = [
            index
            for index, pair in enumerate(zip(arrival.read, arrival.expected.data, strict=True))
            if pair[0] != pair[1]
        ]
        assert wrong == [8, 9]


def test_a_host_leaves_right_packets_alone() -> None:
    for arrival in outcome("manual").arrivals:
        assert arrival.corrected == arrival.frame
        assert arrival.read == arrival.expected.data


def test_segmented_and_plain_frames_do_not_mind_the_single_context() -> None:
    spared = [one for one in outcome("one-context").arrivals if one.expected.title != OFFLOADED]
    assert len(spared) == 8
    assert not [one for one in spared if one.differs]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_does_what_its_traits_foretell(profile: str) -> None:
    assert outcome(profile).holds


def test_a_card_that_corrupts_though_it_has_two_contexts_is_found_out() -> None:
    assert not Outcome("manual", outcome("one-context").arrivals).holds


def test_a_card_that_is_right_though_it_should_corrupt_is_found_out() -> None:
    assert not Outcome("one-context", outcome("manual").arrivals).holds


def test_a_frame_that_never_came_is_damage() -> None:
    arrivals = outcome("manual").arrivals
    lost = Arrival(arrivals[4].expected, b"", scenario.corrected(b""))
    assert not Outcome("manual", [*arrivals[:4], lost, *arrivals[5:]]).holds
