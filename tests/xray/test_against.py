"""Is the counterfactual what the other card really sends? Random programs on both, frame by frame, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnic.conformance.naive import NaiveTransmit
from glassnic.device.ports import VNET_LEAD, GuestMemory
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DTYP_CONTEXT, TX_DATA
from glassnic.spec.models import Model
from glassnic.spec.profiles import PROFILES, Traits
from glassnic.wire.verdict import verify
from glassnic.xray.against import (
    GATHERED,
    LEAVES,
    MORE_TO_COME,
    PADDING_UNTOLD,
    STAYS,
    TAGGED_LATE,
    TOO_LATE,
    UNSETTLED,
    UNTOLD,
    differences,
    under,
)
from glassnic.xray.plain import Context, PlainCard
from glassnic.xray.story import Origin, Story, read_story
from glassnic.xray.trace import Tracer
from programs import Program, programs, steps
from recorded import SUMS, UDP_CONTEXT, datagram, segmentation, send, stories
from transmit_bench import KINDS, Bench
from workbench import Workbench, fcs

pytestmark = pytest.mark.kernel

CONTRARY = Traits(
    plain_slot=1, segmented_slot=1, latched=0, length_mask=0xFF, null_mask=0xFF, opens_empty=0, late_tag=1,
    ipv6_header_bytes=0, block_send=0, open_end=1, legacy_sum=0, zero_sum=0, empty_sum=1, sum_in_range=1, own_fcs=0,
    pads=0, shortest_bytes=0,
)  # fmt: skip
"""All else than the manual's: no card is so, but each trait must count."""


UNKNOWN = (UNSETTLED, GATHERED, TAGGED_LATE, MORE_TO_COME, PADDING_UNTOLD)


@pytest.fixture(autouse=True, scope="module")
def contrary() -> Iterator[None]:
    PROFILES["contrary"] = CONTRARY
    yield
    del PROFILES["contrary"]


class Noting(PlainCard):
    """Keeps what it was given last, and how many segments of the packet came before it."""

    given, number = b"", -1

    def sums(self, frame: bytearray, first: int, context: Context, length_word: int = 0) -> None:
        self.given = bytes(frame)
        super().sums(frame, first, context, length_word)

    def legacy(self, frame: bytearray, first: int, last: int) -> None:
        self.given = bytes(frame)
        super().legacy(frame, first, last)

    def segment(self, frame: bytearray, first: int, context: Context, number: int, last: bool) -> None:
        given = bytes(frame)
        super().segment(frame, first, context, number, last)
        self.given, self.number = given, self.number + 1


class Ledger(NaiveTransmit):
    """The slow twin, which also says for each frame of which packet and segment it is, and what was gathered for it."""

    def __init__(self, memory: GuestMemory, model: Model, traits: Traits) -> None:
        super().__init__(memory, model, traits)
        self.plain: Noting = Noting(traits, model.ipv6)
        self.packets = 0
        self.sent: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def _data(self, *arguments: Any, **more: Any) -> None:
        super()._data(*arguments, **more)
        if self.packet is None:
            self.packets, self.plain.number = self.packets + 1, -1

    def _send(self, frame: bytes, tag: int = 0) -> None:
        super()._send(frame, tag)
        self.sent[self.packets, self.plain.number] = (frame, self.plain.given)


def ledger(program: Program, traits: Traits) -> Ledger:
    memory = program.memory()
    twin = Ledger(memory, program.model, traits)
    program.play(memory, twin.write)
    return twin


def told(program: Program, profile: str) -> list[Story]:
    """Run the program on the card itself under this profile; the stories of its frames."""
    memory = program.memory()
    bench = Bench(KINDS["jitted"], replace(program, traits=PROFILES[profile]), memory)
    program.play(memory, bench.write)
    rows = [(events.RESET, 0, 0, 0), *bench.core.recorder.history().tolist()]
    pieces = Tracer().follow(rows)
    origin = Origin(program.model.name, profile)
    return [read_story(origin, frame, piece) for frame, piece in zip(bench.frames, pieces, strict=True)]


@st.composite
def shuffled(draw: st.DrawFn) -> Program:
    """Contexts and packets out of their order: whose context a packet finds, depends on the profile."""
    program = draw(programs(wild=draw(st.booleans())))
    chunks: list[list[bytes]] = [[]]
    for descriptor in (one for step in program.steps for one in step.descriptors):
        chunks[-1].append(descriptor)
        command = int.from_bytes(descriptor[8:], "little")
        is_context = take(command, TX_DATA.DEXT) and take(command, TX_DATA.DTYP) == DTYP_CONTEXT
        if is_context or take(command, TX_DATA.EOP):
            chunks.append([])
    order = [one for chunk in draw(st.permutations(chunks)) for one in chunk]
    return replace(program, steps=tuple(draw(steps(order, program.entries, wild=False))))


two = st.sampled_from([*sorted(PROFILES), "contrary"])
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(program=shuffled(), profile=two)
@relaxed
def test_every_frame_is_traced_back_to_what_the_driver_handed_over(program: Program, profile: str) -> None:
    sent = ledger(program, PROFILES[profile]).sent.values()
    traits = PROFILES[profile]
    for story, (_, handed) in zip(told(program, profile), sent, strict=True):
        settled = story.settled or (traits.latched and traits.opens_empty)
        assert story.handed == (handed if settled else None)


@given(program=shuffled(), profile=two, other=two)
@relaxed
def test_the_counterfactual_is_what_the_other_profile_sends(program: Program, profile: str, other: str) -> None:
    mine, its = ledger(program, PROFILES[profile]).sent, ledger(program, PROFILES[other]).sent
    assert [story.frame for story in told(program, other)] == [frame for frame, _ in its.values()]
    for number, story in zip(mine, told(program, profile), strict=True):
        answer = under(story, other)
        if answer.fate == LEAVES:
            assert answer.story is not None
            assert answer.story.frame == its[number][0]
        elif answer.fate == STAYS:
            assert number not in its
        else:
            assert "cut otherwise" in answer.reason or answer.reason in UNKNOWN


@given(program=shuffled(), profile=two)
@relaxed
def test_under_its_own_profile_a_frame_is_itself(program: Program, profile: str) -> None:
    for story in told(program, profile):
        answer = under(story, profile)
        if answer.reason == UNSETTLED:
            continue
        assert answer.story is not None
        assert answer.story.frame == story.frame
        assert answer.story.sums == story.sums
        assert list(answer.story.fields()) == list(story.fields())
        assert list(differences(story, answer.story)) == []


# One by one


def spoilt() -> Story:
    """The datagram of 2017: its sum goes where TCP has its own."""
    bench = Workbench(profile="one-context")
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(250))
    bench.send(datagram(), **SUMS)
    return stories(bench, Origin(profile="one-context"))[0]


def test_the_datagram_of_2017_would_have_its_sum_in_its_place_and_its_payload_kept() -> None:
    story = spoilt()
    answer = under(story, "manual").story
    assert answer is not None
    place, payload = differences(story, answer)
    assert (place.begin, place.end, payload.begin, payload.end) == (40, 42, 50, 52)
    values = [packet[at : at + 2].hex() for at in (40, 50) for packet in (answer.frame, story.frame)]
    assert [str(place), str(payload)] == [
        "bytes 40-41 would be the UDP checksum (§3.5.8), 0x{}; they left as gathered, 0x{}".format(*values[:2]),
        "bytes 50-51 would stay as gathered, 0x{}; they left as a checksum of bytes 34 to 71 (§3.5.8), 0x{}".format(
            *values[2:]
        ),
    ]
    assert verify(answer.frame).wrong == ()


def test_a_packet_whose_context_the_record_does_not_hold_is_not_guessed_at() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.send(datagram(), **SUMS)
    rows = [
        row for row in bench.nic.core.recorder.history().tolist() if row[0] not in (events.RESET, events.TX_CONTEXT)
    ]
    story = read_story(Origin(), bench.frames[0], Tracer().follow(rows)[0])
    assert under(story, "one-context") == (UNTOLD, None, TOO_LATE)


def test_another_segment_size_is_said_and_not_guessed_at() -> None:
    bench = Workbench(profile="one-context")
    bench.load(**segmentation(250))
    bench.load(**segmentation(250, MSS=90, TSE=0))
    bench.send(send(250), TSE=1, **SUMS)
    answer = under(stories(bench, Origin(profile="one-context"))[0], "manual")
    assert answer.fate == UNTOLD
    assert "with MSS 100, HDRLEN 54 and PAYLEN 250 instead of 90, 54 and 250" in answer.reason


def test_a_segmentation_that_another_card_cannot_make_leaves_nothing() -> None:
    bench = Workbench()
    bench.load(**segmentation(250))
    bench.load(**UDP_CONTEXT)
    bench.send(send(250), TSE=1, **SUMS)
    answer = under(stories(bench)[0], "one-context")
    assert answer.fate == STAYS
    assert "MSS 0 with HDRLEN 0 and PAYLEN 0 cannot be sent" in answer.reason


def test_an_fcs_of_the_drivers_own_fits_no_other_frame() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(250, IPCSO=26))
    (right,) = bench.send(datagram(), IXSM=1)
    packet = datagram() + fcs(right)
    bench.send(packet, IFCS=0, IXSM=1)
    easy, bound = stories(bench)
    assert bound.frame == right
    assert bound.handed == packet
    assert under(easy, "one-context").fate == LEAVES
    assert under(bound, "one-context").fate == STAYS


def test_a_send_that_left_whole_is_held_against_the_cards_own_cuts() -> None:
    bench = Workbench()
    bench.nic.lead_with(VNET_LEAD)
    bench.load(**segmentation(3000, MSS=1000))
    packet = bytearray(send(3000))
    packet[16:18] = bytes(2)
    bench.send(bytes(packet), TSE=1, **SUMS)
    (story,) = stories(bench)
    assert story.whole
    assert story.handed == bytes(packet)
    alike = under(story, "one-context").story
    assert alike is not None
    assert alike.frame == story.frame
