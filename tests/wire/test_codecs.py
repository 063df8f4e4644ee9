"""Does every shape read and write the same bytes? One case list, tried both ways; then random shapes, cut ones and
garbage."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.wire.arp import Arp
from glassnic.wire.dhcp import Dhcp
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Carried, Ipv6, carried
from glassnic.wire.ndp import NeighbourMessage, PrefixInformation, RouterAdvertisement
from glassnic.wire.octets import ParseError
from glassnic.wire.tcp import ACK, PSH, SYN, Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.vlan import Vlan


class Shape(Protocol):
    def encode(self) -> bytes: ...


class Case(NamedTuple):
    shape: Any
    data: str  # hexadecimal, blanks between fields


A, B = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
A6, B6 = bytes.fromhex("fd00" + "00" * 13 + "15"), bytes.fromhex("fd00" + "00" * 13 + "02")
M, N = bytes.fromhex("525400123456"), bytes.fromhex("52550a000202")
A6_HEX, B6_HEX = A6.hex(), B6.hex()

CASES = [
    Case(Ethernet(N, M, 0x0800, b"ab"), "52550a000202 525400123456 0800 6162"),
    Case(Vlan(7, 0, 4095, 0x0800, b"x"), "efff 0800 78"),
    Case(Vlan(0, 1, 5, 0x86DD, b""), "1005 86dd"),
    Case(Arp(1, M, A, bytes(6), B), "0001 0800 06 04 0001 525400123456 0a00020f 000000000000 0a000202"),
    Case(Ipv4(A, B, 17, b"hi", checksum=0x1234), "45 00 0016 0000 4000 40 11 1234 0a00020f 0a000202 6869"),
    Case(
        Ipv4(A, B, 6, b"", 1, 0xABCD, 1, 3, 0xB8, b"\1\1\1\0", 0),
        "46 b8 0018 abcd 2003 01 06 0000 0a00020f 0a000202 01010100",
    ),
    Case(Ipv6(A6, B6, 58, b"hi", 255, 0xB8, 0xABCDE), f"6b8abcde 0002 3a ff {A6_HEX} {B6_HEX} 6869"),
    Case(Udp(68, 67, b"abc", 0xBEEF), "0044 0043 000b beef 616263"),
    Case(
        Tcp(80, 40000, 1, 0xFFFFFFFF, ACK | PSH, 1024, b"z", urgent=7, checksum=0xCAFE),
        "0050 9c40 00000001 ffffffff 5018 0400 cafe 0007 7a",
    ),
    Case(
        Tcp(1, 2, 3, 4, SYN | 0xE00, 5, b"", b"\2\4\5\264"), "0001 0002 00000003 00000004 6e02 0005 0000 0000 020405b4"
    ),
    Case(Icmp(8, 0, b"\0\1\0\2ping", 0x4321), "08 00 4321 0001 0002 70696e67"),
    Case(NeighbourMessage(0x60000000, B6, ((2, N),)), f"60000000 {B6_HEX} 02 01 52550a000202"),
    Case(RouterAdvertisement(64, 0, 9000, 1, 2, ((1, N),)), "40 00 2328 00000001 00000002 01 01 52550a000202"),
    Case(PrefixInformation(64, 0xC0, 5, 6, A6), f"40 c0 00000005 00000006 00000000 {A6_HEX}"),
    Case(
        Dhcp(1, 0xDEADBEEF, M, ((53, b"\1"), (50, A)), flags=0x8000, seconds=9),
        "01 01 06 00 deadbeef 0009 8000"
        + "00" * 16
        + M.hex()
        + "00" * 10
        + "00" * 192
        + "63825363 350101 32040a00020f ff",
    ),
]

octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
long = st.integers(0, 0xFFFF_FFFF)
payload = st.binary(max_size=80)
mac, v4, v6 = st.binary(min_size=6, max_size=6), st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)
words = st.integers(0, 10).flatmap(lambda count: st.binary(min_size=count * 4, max_size=count * 4))
nd_options = st.lists(
    st.tuples(octet, st.sampled_from([6, 14, 30]).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
)
dhcp_options = st.lists(st.tuples(st.integers(1, 254), st.binary(max_size=255)))
bits3, bits13 = st.integers(0, 7), st.integers(0, 0x1FFF)

SHAPES: dict[str, st.SearchStrategy[Shape]] = {
    "ethernet": st.builds(Ethernet, mac, mac, word, payload),
    "vlan": st.builds(Vlan, bits3, st.integers(0, 1), st.integers(0, 0xFFF), word, payload),
    "arp": st.builds(Arp, word, mac, v4, mac, v4),
    "ipv4": st.builds(Ipv4, v4, v4, octet, payload, octet, word, bits3, bits13, octet, words, word),
    "ipv6": st.builds(Ipv6, v6, v6, octet, payload, octet, octet, st.integers(0, 0xFFFFF)),
    "udp": st.builds(Udp, word, word, payload, word),
    "tcp": st.builds(Tcp, word, word, long, long, st.integers(0, 0xFFF), word, payload, words, word, word),
    "icmp": st.builds(Icmp, octet, octet, payload, word),
    "neighbour": st.builds(NeighbourMessage, long, v6, nd_options.map(tuple)),
    "router": st.builds(RouterAdvertisement, octet, octet, word, long, long, nd_options.map(tuple)),
    "prefix": st.builds(PrefixInformation, octet, octet, long, long, v6),
    "dhcp": st.builds(Dhcp, octet, long, mac, dhcp_options.map(tuple), v4, v4, v4, v4, word, word),
}
PARSERS: list[Callable[[bytes], Any]] = [
    *{type(case.shape).parse for case in CASES},
    lambda data: carried(Ipv6.parse(data)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.shape).__name__)
def test_the_bytes_read_as_the_shape(case: Case) -> None:
    assert type(case.shape).parse(bytes.fromhex(case.data)) == case.shape


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.shape).__name__)
def test_the_shape_writes_the_bytes(case: Case) -> None:
    assert case.shape.encode() == bytes.fromhex(case.data)


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.shape).__name__)
def test_a_shape_reads_from_a_view_as_from_bytes(case: Case) -> None:
    assert type(case.shape).parse(memoryview(bytearray.fromhex(case.data))) == case.shape


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.shape).__name__)
def test_a_shape_cut_anywhere_is_another_shape_or_a_parse_error(case: Case) -> None:
    data = bytes.fromhex(case.data)
    for length in range(len(data)):
        with suppress(ParseError):
            type(case.shape).parse(data[:length])


@pytest.mark.parametrize("name", SHAPES)
@given(st.data())
def test_what_was_written_reads_back_the_same(name: str, data: st.DataObject) -> None:
    shape = data.draw(SHAPES[name])
    assert type(shape).parse(shape.encode()) == shape


@given(st.binary(max_size=120), st.sampled_from([0, 0x45, 0x4F, 0x60]))
def test_garbage_is_a_parse_error_and_nothing_worse(data: bytes, first: int) -> None:
    for parse in PARSERS:
        for tried in (data, bytes([first]) + data):
            with suppress(ParseError):
                parse(tried)


@given(SHAPES["ipv4"])
def test_a_second_reader_agrees_on_ipv4_and_its_checksum(packet: Ipv4) -> None:
    seen = dpkt.ip.IP(packet.sealed().encode())
    expected = seen.sum
    seen.sum = 0
    assert (seen.src, seen.dst, seen.p, seen.ttl) == (packet.source, packet.destination, packet.protocol, packet.ttl)
    assert dpkt.in_cksum(seen.pack_hdr() + bytes(seen.opts)) == expected


def test_a_second_reader_agrees_on_a_dhcp_message() -> None:
    seen = dpkt.dhcp.DHCP(Dhcp(1, 7, M, ((53, b"\1"), (50, A)), client=B).encode())
    assert (seen.op, seen.xid, seen.chaddr[:6], seen.ciaddr) == (1, 7, M, int.from_bytes(B, "big"))
    assert list(seen.opts) == [(53, b"\1"), (50, A)]


def test_padding_behind_an_ip_packet_is_left_out() -> None:
    assert Ipv4.parse(Ipv4(A, B, 17, b"hi").encode() + bytes(20)).payload == b"hi"
    assert Ipv6.parse(Ipv6(A6, B6, 17, b"hi").encode() + bytes(20)).payload == b"hi"
    assert Udp.parse(Udp(1, 2, b"hi").encode() + bytes(20)).payload == b"hi"


def test_a_udp_checksum_that_comes_out_as_zero_is_sent_as_all_ones() -> None:
    plain = Udp(1, 2, bytes(2)).sealed(A, B)
    shifted = Udp(1, 2, plain.checksum.to_bytes(2, "big")).sealed(A, B)
    assert shifted.checksum == 0xFFFF


def extension(following: int, units: int = 0) -> bytes:
    return bytes([following, units]) + bytes(6 + units * 8)


FRAGMENTED, ATOMIC = bytes([6, 0, 0, 1]) + bytes(4), bytes([6, 0, 0, 0]) + bytes(4)


@pytest.mark.parametrize(
    ("next_header", "headers", "expected"),
    [
        (6, b"", Carried(6, 0, False, False)),
        (0, extension(60) + extension(6, 1), Carried(6, 24, False, False)),
        (51, bytes([17, 4]) + bytes(22), Carried(17, 24, False, False)),
        (44, FRAGMENTED, Carried(6, 8, True, False)),
        (44, ATOMIC, Carried(6, 8, False, False)),
        (43, bytes([6, 2, 4, 1]) + bytes(20), Carried(6, 24, False, True)),
        (43, bytes([6, 2, 4, 0]) + bytes(20), Carried(6, 24, False, False)),
        (59, b"", Carried(59, 0, False, False)),
    ],
)
def test_extension_headers_lead_to_what_they_carry(next_header: int, headers: bytes, expected: Carried) -> None:
    assert carried(Ipv6(A6, B6, next_header, headers + bytes(20))) == expected


def test_an_option_of_length_zero_does_not_loop_for_ever() -> None:
    with pytest.raises(ParseError, match="length zero"):
        NeighbourMessage.parse(bytes(20) + bytes([1, 0]) + bytes(6))
