"""Are the frames cut out of a whole packet the right ones? Against an obvious twin, and with a receiver behind it.

The twin is `host_cut.py` (§3.2).
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device import cutting
from glassnic.device.nic import Nic
from glassnic.device.ports import VNET_LEAD, FlatMemory, Frames
from glassnic.driver import Driver, InProcess
from glassnic.wire.checksum import checksum, pseudo_sum
from glassnic.wire.verdict import State, verify
from host_cut import GSO_NONE, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM, VNET, cut
from plain import plain
from programs import Message

pytestmark = pytest.mark.kernel

KINDS = {"plain": plain("glassnic.device.cutting"), "jitted": cutting}


def whole(message: Message, size: int, flags: int = 0) -> bytes:
    """A packet as a host's kernel leaves it: lengths of the whole, the pseudo header's sum with that length."""
    packet = bytearray(Message(message.ipv6, message.tcp, message.payload, 0, message.options).encode())
    l4 = message.l4
    source, target = (packet[22:38], packet[38:54]) if message.ipv6 else (packet[26:30], packet[30:34])
    start = pseudo_sum(bytes(source), bytes(target), 6 if message.tcp else 17, len(packet) - l4)
    place = 16 if message.tcp else 6
    packet[l4 + place : l4 + place + 2] = start.to_bytes(2, "big")
    if message.tcp:
        packet[l4 + 13] |= flags
    if not message.ipv6:
        packet[24:26] = checksum(bytes(packet[14:l4])).to_bytes(2, "big")
    kind = (GSO_TCPV6 if message.ipv6 else GSO_TCPV4) if size else GSO_NONE
    return VNET.pack(NEEDS_CSUM, kind, message.header_bytes, size, l4, place) + bytes(packet)


def cut_by(kind: str, packet: bytes, run_bytes: int = 1 << 18, most: int = 512) -> list[bytes]:
    run, lengths = np.zeros(run_bytes, np.uint8), np.zeros(most, np.int64)
    number = KINDS[kind].cut(np.frombuffer(packet, np.uint8), run, lengths)
    frames, at = [], 0
    for length in lengths[:number].tolist():
        frames.append(run[at : at + length].tobytes())
        at += length + 4
    return frames


@pytest.mark.parametrize("kind", KINDS)
@given(
    ipv6=st.booleans(),
    length=st.integers(2, 9000),
    size=st.sampled_from([100, 536, 1448]),
    options=st.sampled_from([b"", bytes(12)]),
    flags=st.sampled_from([0, 0x80, 0x09, 0x89]),
)
def test_a_whole_packet_is_cut_as_the_twin_cuts_it(
    kind: str, ipv6: bool, length: int, size: int, options: bytes, flags: int
) -> None:
    size = min(size, length - 1)
    if length // size > 500:
        size = length // 500 + 1
    packet = whole(Message(ipv6, True, random.Random(length).randbytes(length), 0, options), size, flags)
    frames = cut_by(kind, packet)
    assert frames == cut(packet)
    for frame in frames:
        assert {found.state for found in verify(frame).sums} == {State.RIGHT}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("ipv6", "tcp"), [(False, True), (True, True), (False, False), (True, False)])
def test_a_sum_that_the_host_left_to_be_made_is_made(kind: str, ipv6: bool, tcp: bool) -> None:
    packet = whole(Message(ipv6, tcp, b"payload of odd length", 0), 0)
    frames = cut_by(kind, packet)
    assert frames == cut(packet)
    assert {found.state for found in verify(frames[0]).sums} == {State.RIGHT}


@pytest.mark.parametrize("kind", KINDS)
@given(packet=st.binary(min_size=11, max_size=200))
def test_a_header_without_sense_reaches_nothing_outside(kind: str, packet: bytes) -> None:
    frames = cut_by(kind, packet, run_bytes=4096, most=8)
    assert sum(map(len, frames)) <= 4096


@pytest.mark.parametrize("kind", KINDS)
def test_a_packet_of_more_frames_than_there_is_room_for_yields_none(kind: str) -> None:
    packet = whole(Message(False, True, bytes(5000), 0), 100)
    assert cut_by(kind, packet, most=10) == []
    assert cut_by(kind, packet, run_bytes=1000) == []


def test_a_guest_receives_the_frames_of_a_whole_packet_in_order_among_others() -> None:
    memory = FlatMemory(1 << 20)
    nic = Nic(memory)
    card = InProcess(nic)
    driver = Driver(card, memory)
    driver.open()
    message = Message(False, True, random.Random(7).randbytes(5000), 0)
    packet = bytearray(whole(message, 1448))
    packet[10:16] = driver.mac()
    plain_frame = driver.mac() + bytes(60)
    nic.receive(Frames.joined([bytes(10) + plain_frame, bytes(packet), bytes(10) + plain_frame], VNET_LEAD))
    card.wait_ns(1000)
    assert driver.poll_receive() == [plain_frame, *cut(bytes(packet)), plain_frame]


def test_a_packet_that_cannot_be_cut_is_counted_as_missed() -> None:
    memory = FlatMemory(1 << 20)
    nic = Nic(memory)
    Driver(InProcess(nic), memory).open()
    nic.receive(Frames.joined([VNET.pack(NEEDS_CSUM, 77, 0, 0, 0, 0) + bytes(100)], VNET_LEAD))
    assert nic.core.statistics["MPC"] == 1
