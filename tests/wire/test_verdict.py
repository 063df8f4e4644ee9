"""Does the verdict find each sum of a frame, and every damage to it? Frames of all kinds, each damaged bit by bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.wire.ethernet import IPV4, IPV6, Ethernet
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.verdict import State, verify
from glassnic.wire.vlan import insert_tags

A, B = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
A6, B6 = bytes.fromhex("fd00" + "00" * 13 + "15"), bytes.fromhex("fd00" + "00" * 13 + "02")
M, N = bytes.fromhex("525400123456"), bytes.fromhex("52550a000202")
TAG = bytes.fromhex("81000005")
BODY = b"what the guest had to say"


def v4(protocol: int, data: bytes, options: bytes = b"") -> bytes:
    return Ethernet(N, M, IPV4, Ipv4(A, B, protocol, data, options=options).sealed().encode()).encode()


def v6(next_header: int, data: bytes) -> bytes:
    return Ethernet(N, M, IPV6, Ipv6(A6, B6, next_header, data).encode()).encode()


UDP4, UDP6 = Udp(7, 9, BODY).sealed(A, B).encode(), Udp(7, 9, BODY).sealed(A6, B6).encode()
TCP4, TCP6 = Tcp(7, 9, 1, 2, 16, 99, BODY).sealed(A, B).encode(), Tcp(7, 9, 1, 2, 16, 99, BODY).sealed(A6, B6).encode()
HOP_BY_HOP = bytes([17, 0]) + bytes(6)

GOOD = {
    "udp": v4(17, UDP4),
    "tcp": v4(6, TCP4),
    "icmp": v4(1, Icmp(8, 0, BODY).sealed().encode()),
    "igmp": v4(2, Icmp(0x16, 0, BODY).sealed().encode()),
    "tcp with IP options": v4(6, TCP4, bytes([1, 1, 1, 0])),
    "tagged udp": insert_tags(v4(17, UDP4), TAG),
    "doubly tagged tcp": insert_tags(v4(6, TCP4), bytes.fromhex("88a80001") + TAG),
    "udp6": v6(17, UDP6),
    "tcp6": v6(6, TCP6),
    "icmp6": v6(58, Icmp(128, 0, BODY).sealed_v6(A6, B6).encode()),
    "udp6 behind an extension": v6(0, HOP_BY_HOP + UDP6),
    "tagged tcp6": insert_tags(v6(6, TCP6), TAG),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_frame_has_only_right_sums(name: str) -> None:
    verdict = verify(GOOD[name])
    assert [found.state for found in verdict.sums] == [State.RIGHT] * (1 if "6" in name else 2)
    assert verdict.note == ""
    assert all(found.found == found.wanted for found in verdict.sums)


@pytest.mark.parametrize("name", GOOD)
def test_each_sum_is_said_to_be_where_it_stands(name: str) -> None:
    frame = GOOD[name]
    for found in verify(frame).sums:
        assert int.from_bytes(frame[found.offset : found.offset + 2], "big") == found.found


@pytest.mark.parametrize("name", GOOD)
def test_a_flipped_bit_in_the_payload_is_found_by_the_inner_sum(name: str) -> None:
    frame = GOOD[name]
    start = frame.index(BODY)
    for bit in range(start * 8, (start + len(BODY)) * 8):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        wrong = verify(damaged).wrong
        assert [found.of for found in wrong] == [verify(frame).sums[-1].of]
        assert wrong[0].found != wrong[0].wanted


@pytest.mark.parametrize("name", GOOD)
def test_the_wanted_sum_written_into_a_damaged_frame_makes_it_right(name: str) -> None:
    damaged = bytearray(GOOD[name])
    damaged[-1] ^= 0x55
    found = verify(damaged).wrong[0]
    damaged[found.offset : found.offset + 2] = found.wanted.to_bytes(2, "big")
    assert verify(damaged).wrong == ()


def test_a_damaged_ip_header_is_told_from_a_damaged_payload() -> None:
    damaged = bytearray(GOOD["udp"])
    damaged[14 + 8] ^= 1  # time to live, in no pseudo header
    assert [found.of for found in verify(damaged).wrong] == ["IPv4 header"]


def test_udp_without_a_checksum_is_absent_over_ipv4_and_wrong_over_ipv6() -> None:
    bare = Udp(7, 9, BODY).encode()
    assert verify(v4(17, bare)).sums[1].state is State.ABSENT
    assert verify(v6(17, bare)).sums[0].state is State.WRONG


def test_a_zero_tcp_checksum_is_a_checksum_like_any_other() -> None:
    segment = Tcp(7, 9, 1, 2, 16, 99, b"\0\0" + BODY)
    start = segment.sealed(A, B).checksum
    zero = segment._replace(payload=start.to_bytes(2, "big") + BODY)
    assert verify(v4(6, zero.encode())).sums[1].state is State.RIGHT


def test_bytes_behind_the_udp_length_do_not_count() -> None:
    assert verify(v4(17, UDP4 + b"more")).wrong == ()


FRAGMENT = Ipv4(A, B, 17, UDP4, flags=1).sealed().encode()
ROUTED = bytes([17, 2, 4, 1]) + bytes(20) + UDP6


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (Ethernet(N, M, IPV4, FRAGMENT).encode(), "fragment"),
        (v6(44, bytes([17, 0, 0, 1]) + bytes(4) + UDP6), "fragment"),
        (v6(43, ROUTED), "routing header"),
        (GOOD["tcp"][:40], "26 are there"),
        (v4(6, b"abc"), "TCP header"),
        (b"short", "Ethernet header"),
    ],
)
def test_what_cannot_be_judged_is_not_called_right(frame: bytes, word: str) -> None:
    verdict = verify(frame)
    assert word in verdict.note
    assert not any(found.of in ("UDP", "TCP") for found in verdict.sums)


def test_a_frame_without_internet_protocol_has_nothing_to_verify() -> None:
    assert str(verify(Ethernet(N, M, 0x88CC, BODY).encode())) == "nothing to verify"


def test_a_verdict_reads_as_a_sentence() -> None:
    damaged = GOOD["udp"][:-1] + b"!"
    assert str(verify(damaged)) == "IPv4 header checksum right; UDP checksum wrong"


@pytest.mark.parametrize("view", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_can_be_judged(view: Callable[[bytes], bytes]) -> None:
    assert verify(view(GOOD["udp6"])).wrong == ()


@given(
    st.sampled_from(list(GOOD.values())),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.data(),
)
def test_a_mangled_frame_gets_a_verdict_and_never_an_exception(
    frame: bytes, changes: list[tuple[int, int]], data: st.DataObject
) -> None:
    mangled = bytearray(frame)
    for place, value in changes:
        mangled[place % len(mangled)] = value
    assert str(verify(mangled[: data.draw(st.integers(0, len(mangled)))]))
