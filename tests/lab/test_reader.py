"""Does the second opinion see what is wrong, and only that? Right frames made by dpkt, then damaged, as the bug of
2017 did too."""

from __future__ import annotations

from pathlib import Path

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.lab.errors import LabError
from glassnic.lab.reader import frames_in, internet_sum, read
from glassnic.lab.traffic import pattern

HERE, THERE = b"\x0a\x00\x02\x0f", b"\x0a\x00\x02\x02"
HERE6, THERE6 = bytes.fromhex("fd" + "00" * 14 + "15"), bytes.fromhex("fd" + "00" * 14 + "02")
UDP_SUM, TCP_SUM, IP_SUM = 40, 50, 24
"""Offsets in an untagged IPv4 frame without options."""


def ipv4(transport: dpkt.Packet, protocol: int, tag: bytes = b"") -> bytes:
    ip = dpkt.ip.IP(src=HERE, dst=THERE, p=protocol, ttl=64, data=transport, len=20 + len(transport))
    frame = bytes(dpkt.ethernet.Ethernet(dst=b"\x02peer0", src=b"\x02guest", data=ip))
    return (frame[:12] + tag + frame[12:]).ljust(60, b"\0")


def udp(payload: bytes, tag: bytes = b"") -> bytes:
    return ipv4(dpkt.udp.UDP(sport=1000, dport=7001, data=payload, ulen=8 + len(payload)), 17, tag)


def tcp(payload: bytes) -> bytes:
    return ipv4(dpkt.tcp.TCP(sport=1000, dport=5201, seq=7, data=payload), 6)


def ping() -> bytes:
    return ipv4(dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(id=1, seq=1, data=b"x" * 56)), 1)


def ping6() -> bytes:
    echo = dpkt.icmp6.ICMP6(type=128, data=dpkt.icmp6.ICMP6.Echo(id=1, seq=1, data=b"y" * 57))
    ip = dpkt.ip6.IP6(src=HERE6, dst=THERE6, nxt=58, hlim=64, data=echo, plen=len(echo))
    frame = dpkt.ethernet.Ethernet(dst=b"\x02peer0", src=b"\x02guest", type=dpkt.ethernet.ETH_TYPE_IP6, data=ip)
    return bytes(frame)


def changed(frame: bytes, place: int, new: bytes) -> bytes:
    return frame[:place] + new + frame[place + len(new) :]


GOOD = {
    "UDP sum": udp(b"hello, odd"),
    "UDP payload pattern": udp(pattern(3, 1100)),
    "TCP sum": tcp(b"t" * 1459),
    "ICMP sum": ping(),
    "ICMPv6 sum": ping6(),
    "VLAN 5": udp(pattern(4, 200), tag=b"\x81\x00\x00\x05"),
    "UDP without a sum": changed(udp(b"no sum"), UDP_SUM, b"\0\0"),
}


@pytest.mark.parametrize("claim", GOOD)
def test_a_right_frame_is_verified_by_name(claim: str) -> None:
    verdict = read([GOOD[claim]])
    assert verdict.bad == []
    assert (verdict.frames, verdict.verified[claim]) == (1, 1)


def test_the_verdict_counts_every_kind_over_all_frames() -> None:
    verdict = read([*GOOD.values(), GOOD["TCP sum"]])
    assert verdict.frames == len(GOOD) + 1
    assert verdict.verified["TCP sum"] == 2
    assert verdict.verified["IPv4 header sum"] == 7


def historic(payload: bytes) -> bytes:
    """What a card with a single context makes of a datagram after segmented TCP (2017): the datagram's sum is taken by
    TCP's places, so it lands ten bytes too far, in the payload, and the real field keeps the pseudo header's sum."""
    frame = udp(payload)
    length = len(frame) - 34
    pseudo = HERE + THERE + b"\0\x11" + length.to_bytes(2, "big")
    left = changed(frame, UDP_SUM, (internet_sum(pseudo)).to_bytes(2, "big"))
    taken = 0xFFFF - internet_sum(left[34:])
    return changed(left, UDP_SUM + 10, taken.to_bytes(2, "big"))


def test_the_corruption_of_2017_is_seen_for_what_it_is() -> None:
    verdict = read([GOOD["TCP sum"], historic(pattern(9, 1100))])
    assert len(verdict.bad) == 1
    assert "frame 1" in verdict.bad[0]
    assert "the UDP checksum is" in verdict.bad[0]
    assert "the payload is not what was sent" in verdict.bad[0]


def test_damage_shows_even_where_somebody_corrected_the_sum() -> None:
    damaged = historic(pattern(9, 1100))
    length = len(damaged) - 34
    pseudo = HERE + THERE + b"\0\x11" + length.to_bytes(2, "big")
    right = 0xFFFF - internet_sum(pseudo + changed(damaged, UDP_SUM, b"\0\0")[34:])
    verdict = read([changed(damaged, UDP_SUM, right.to_bytes(2, "big"))])
    assert verdict.bad == [
        f"frame 0 ({len(damaged)} bytes): the UDP checksum holds, and the payload is not what was sent"
    ]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (changed(GOOD["TCP sum"], TCP_SUM, b"\x12\x34"), "the TCP checksum is 1234h and should be"),
        (changed(GOOD["UDP sum"], IP_SUM, b"\x12\x34"), "the IPv4 header's checksum is 1234h and should be"),
        (changed(GOOD["ICMPv6 sum"], 100, b"zz"), "the ICMPv6 checksum is"),
        (udp(b"u" * 100) + b"more", "4 bytes follow the end of the IP packet"),
        (GOOD["TCP sum"][:-5], "the IP header promises 1499 bytes and 1494 are there"),
        (tcp(b"t" * 1461), "longer than the MTU of 1500 allows"),
        (b"\x02peer0\x02gu", "bytes)"),
        (b"", "bytes)"),
    ],
    ids=["TCP", "IPv4", "ICMPv6", "long", "short", "MTU", "runt", "empty"],
)
def test_what_is_wrong_is_said_in_words(frame: bytes, words: str) -> None:
    (said,) = read([frame]).bad
    assert words in said


def test_the_sum_it_names_is_the_one_that_belongs_there() -> None:
    (said,) = read([changed(GOOD["TCP sum"], TCP_SUM, b"\x12\x34")]).bad
    right = bytes.fromhex(said.rpartition(" ")[2].removesuffix("h"))
    assert right == GOOD["TCP sum"][TCP_SUM : TCP_SUM + 2]


def test_padding_to_the_shortest_frame_is_no_fault_with_or_without_a_tag() -> None:
    short = udp(b"")
    tagged = short[:12] + b"\x81\x00\x00\x05" + short[12:]
    assert (len(short), len(tagged)) == (60, 64)
    assert read([short, tagged]).bad == []
    assert len(read([short + b"\0", tagged + b"\0"]).bad) == 2


@given(st.integers(14 * 8, len(GOOD["TCP sum"]) * 8 - 1))
def test_no_single_bit_of_a_packet_flips_unseen(bit: int) -> None:
    frame = bytearray(GOOD["TCP sum"])
    frame[bit // 8] ^= 1 << bit % 8
    assert len(read([bytes(frame)]).bad) == 1


@given(st.binary(max_size=100))
def test_nonsense_is_judged_and_never_an_exception(frame: bytes) -> None:
    assert read([frame]).frames == 1


@given(st.binary(min_size=1, max_size=64))
def test_the_sum_is_the_one_of_rfc_1071(data: bytes) -> None:
    padded = data + bytes(len(data) % 2)
    slow = sum(int.from_bytes(padded[n : n + 2], "big") for n in range(0, len(padded), 2))
    while slow > 0xFFFF:
        slow = (slow & 0xFFFF) + (slow >> 16)
    assert internet_sum(data) == slow % 0xFFFF


def test_a_file_that_is_no_recording_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"something else")
    with pytest.raises(LabError, match="is not a recording of the lab"):
        list(frames_in(tmp_path / "x"))
