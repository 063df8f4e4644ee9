"""Is a send that leaves whole the same send? What a host cuts out of it equals what the card cuts itself (§3.5.9)."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnic.conformance.naive import NaiveTransmit
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD
from host_cut import GSO_NONE, VNET, cut
from programs import Message, Program, one_send, programs
from transmit_bench import KINDS, Bench

pytestmark = pytest.mark.kernel


def play(kind: str, program: Program, lead: int) -> tuple[list[bytes], Bench]:
    """The frames that left with their leads, and the bench."""
    memory = program.memory()
    bench = Bench(KINDS[kind], program, memory)
    bench.transmit.lead_with(lead)
    program.play(memory, bench.write)
    return bench.led, bench


def naive_frames(program: Program) -> NaiveTransmit:
    memory = program.memory()
    twin = NaiveTransmit(memory, program.model, program.traits)
    program.play(memory, twin.write)
    return twin


@pytest.mark.parametrize("kind", KINDS)
@given(program=programs())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_the_host_cuts_is_what_the_card_would_have_cut(kind: str, program: Program) -> None:
    led, _ = play(kind, program, VNET_LEAD)
    twin = naive_frames(program)
    assert [frame for packet in led for frame in cut(packet)] == twin.frames


SEND = Message(ipv6=False, tcp=True, payload=random.Random(1).randbytes(3000), mss=536)


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_plain_tcp_send_leaves_whole_and_is_counted_frame_by_frame(ipv6: bool) -> None:
    program = one_send(Message(ipv6, True, SEND.payload, 536))
    led, bench = play("jitted", program, VNET_LEAD)
    twin = naive_frames(program)
    assert len(led) == 1
    assert VNET.unpack_from(led[0])[1] != GSO_NONE
    assert cut(led[0]) == twin.frames
    for name in ("TPT", "TOT", "GPTC", "GOTC", "PTC1023", "PTC511", "TSCTC", "TSCTFC"):
        assert bench.core.statistics[name] == twin.stats[name], name


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (SEND, {"IPCSO": 25}),
        (SEND, {"IPCSE": 30}),
        (SEND, {"TUCSO": 40}),
        (SEND, {"TUCSE": 100}),
        (SEND, {"HDRLEN": 58}),
        (SEND, {"MSS": 200}),
        (SEND, {"IP": 0}),
        (SEND, {"TCP": 0}),
        (Message(False, True, SEND.payload, 536, tags=b"\x81\0\0\x07"), {}),
        (Message(False, False, SEND.payload, 536), {}),
        (Message(False, True, SEND.payload[:300], 536), {}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_the_host_might_cut_otherwise_is_cut_by_the_card(message: Message, changes: dict[str, int]) -> None:
    program = one_send(message, **changes)
    led, _ = play("jitted", program, VNET_LEAD)
    assert all(VNET.unpack_from(packet)[1] == GSO_NONE for packet in led)
    assert [packet[VNET_LEAD:] for packet in led] == naive_frames(program).frames


def test_a_wrong_pseudo_sum_stays_wrong_on_the_wire() -> None:
    """A host would trust it, so the card cuts such a send itself (§3.5.7)."""
    program = one_send(SEND)
    ((address, data),) = program.contents
    broken = bytearray(data)
    broken[34 + 16] ^= 0x55
    program = Program(**{**vars(program), "contents": ((address, bytes(broken)),)})
    led, _ = play("jitted", program, VNET_LEAD)
    assert all(VNET.unpack_from(packet)[1] == GSO_NONE for packet in led)
    assert [packet[VNET_LEAD:] for packet in led] == naive_frames(program).frames


@given(excess=st.integers(-3000, 40).filter(bool))
@settings(deadline=None, max_examples=30)
def test_a_send_that_ends_early_or_late_is_cut_as_ever(excess: int) -> None:
    """PAYLEN tells which frame is last; a send short of it was gathered to leave whole, and is cut after all."""
    program = one_send(SEND, excess)
    led, bench = play("jitted", program, VNET_LEAD)
    twin = naive_frames(program)
    assert [frame for packet in led for frame in cut(packet)] == twin.frames
    assert bench.core.statistics["TSCTFC"] == twin.stats["TSCTFC"] == 1


def test_with_lengths_for_a_lead_every_frame_is_the_cards_own() -> None:
    led, _ = play("jitted", one_send(SEND), LENGTH_LEAD)
    assert [packet[LENGTH_LEAD:] for packet in led] == naive_frames(one_send(SEND)).frames
