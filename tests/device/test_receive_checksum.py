"""Is the verdict on a packet's checksums honest? RXCSUM, status bits, and the Packet Checksum (§3.2.3, §3.2.9)."""

from __future__ import annotations

import pytest

from glassnic.spec.descriptors import RX
from glassnic.spec.fields import CTRL, RXCSUM
from glassnic.spec.models import M82540EM, M82544EI, Model
from glassnic.wire.checksum import ALL_ONES, ones_sum
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from receive_bench import NEIGHBOUR, STATION, ReceiveBench

pytestmark = pytest.mark.kernel

ALL = RXCSUM.IPOFL.mask | RXCSUM.TUOFL.mask | RXCSUM.IPV6OFL.mask
NONE = {"IXSM": 1, "IPCS": 0, "TCPCS": 0, "IPE": 0, "TCPE": 0}
IP_ONLY = {"IXSM": 0, "IPCS": 1, "TCPCS": 0, "IPE": 0, "TCPE": 0}
BOTH = {"IXSM": 0, "IPCS": 1, "TCPCS": 1, "IPE": 0, "TCPE": 0}
L4_ONLY = {"IXSM": 0, "IPCS": 0, "TCPCS": 1, "IPE": 0, "TCPE": 0}
V4, V6 = (b"\x0a\0\0\1", b"\x0a\0\0\2"), (b"\xfe\x80" + bytes(13) + b"\1", b"\xfe\x80" + bytes(13) + b"\2")
IPV4, IPV6, VLAN_TYPE = b"\x08\x00", b"\x86\xdd", b"\x81\x00"
DATA = bytes(range(101))


def segment(addresses: tuple[bytes, bytes], options: bytes = b"") -> bytes:
    return Tcp(1, 2, 3, 4, 0x18, 5, DATA, options=options).sealed(*addresses).encode()


def datagram(addresses: tuple[bytes, bytes]) -> bytes:
    return Udp(7, 7, DATA).sealed(*addresses).encode()


def ipv4(payload: bytes, protocol: int = 6, **fields: int | bytes) -> bytes:
    return Ipv4(*V4, protocol, payload)._replace(**fields).sealed().encode()  # type: ignore[arg-type]


def ipv6(payload: bytes, protocol: int = 6) -> bytes:
    return Ipv6(*V6, protocol, payload).encode()


def framed(kind: bytes, packet: bytes) -> bytes:
    return STATION + NEIGHBOUR + kind + packet


def said(frame: bytes, enabled: int = ALL, model: Model = M82540EM) -> dict[str, int]:
    """The checksum bits a frame is written back with."""
    bench = ReceiveBench(model)
    bench.control(EN=1, SECRC=1, LPE=1)
    bench.write("RXCSUM", enabled)
    bench.arrive(frame)
    row = bench.descriptor(0)
    return {name: row.of(getattr(RX, name)) for name in NONE}


def flipped(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at + 1 :]


TCP4, UDP4 = framed(IPV4, ipv4(segment(V4))), framed(IPV4, ipv4(datagram(V4), 17))
TCP6, UDP6 = framed(IPV6, ipv6(segment(V6))), framed(IPV6, ipv6(datagram(V6), 17))
SNAP = b"\xaa\xaa\x03\0\0\0"


def options_header(next_header: int, words: int = 0, left: int = 0) -> bytes:
    """An IPv6 extension header."""
    return bytes([next_header, words, 0, left]) + bytes(4 + 8 * words)


@pytest.mark.parametrize(
    ("frame", "bits"),
    [
        pytest.param(TCP4, BOTH, id="TCP"),
        pytest.param(UDP4, BOTH, id="UDP"),
        pytest.param(TCP6, L4_ONLY, id="TCP over IPv6"),
        pytest.param(UDP6, L4_ONLY, id="UDP over IPv6"),
        pytest.param(framed(IPV4, ipv4(segment(V4), options=bytes(8))), BOTH, id="IP options"),
        pytest.param(framed(IPV4, ipv4(segment(V4, options=b"\1" * 12))), BOTH, id="TCP options"),
        pytest.param(framed(VLAN_TYPE, b"\0\5" + TCP4[12:]), BOTH, id="802.1Q tag"),
        pytest.param(framed(b"\0\x80", SNAP + TCP4[12:]), BOTH, id="SNAP"),
        pytest.param(framed(VLAN_TYPE, b"\0\5\0\x80" + SNAP + TCP6[12:]), L4_ONLY, id="SNAP behind a tag"),
        pytest.param(TCP4 + bytes(40), BOTH, id="bytes behind the packet"),
        pytest.param(framed(IPV4, ipv4(segment(V4), flags=1)), IP_ONLY, id="first fragment"),
        pytest.param(framed(IPV4, ipv4(segment(V4), fragment_offset=3)), IP_ONLY, id="later fragment"),
        pytest.param(framed(IPV4, ipv4(DATA, 1)), IP_ONLY, id="ICMP"),
        pytest.param(framed(IPV4, ipv4(ipv4(segment(V4)), 4)), IP_ONLY, id="tunnel"),
        pytest.param(framed(IPV4, ipv4(Udp(7, 7, DATA).encode(), 17)), IP_ONLY, id="UDP without a checksum"),
        pytest.param(framed(IPV4, ipv4(b"\0" * 19)), IP_ONLY, id="TCP header cut short"),
        pytest.param(framed(IPV4, ipv4(b"\0\7\0\7\0\x09\1\1", 17)), IP_ONLY, id="UDP length beyond the packet"),
        pytest.param(framed(IPV4, ipv4(b"\0\7\0\7\0\7\1\1", 17)), IP_ONLY, id="UDP length below its header"),
        pytest.param(TCP4[:100], IP_ONLY, id="frame cut short"),
        pytest.param(framed(b"\x08\x06", bytes(46)), NONE, id="ARP"),
        pytest.param(framed(IPV4, b"\x65" + ipv4(segment(V4))[1:]), NONE, id="wrong version"),
        pytest.param(framed(IPV4, b"\x44" + ipv4(segment(V4))[1:]), NONE, id="header of 16 bytes"),
        pytest.param(framed(b"\0\x80", b"\xaa\xaa\x03\0\0\1" + TCP4[12:]), NONE, id="SNAP of an organization"),
        pytest.param(framed(IPV6, ipv6(options_header(6) + segment(V6), 0)), L4_ONLY, id="hop-by-hop"),
        pytest.param(framed(IPV6, ipv6(options_header(6, 7) + segment(V6), 60)), L4_ONLY, id="destination, 64 bytes"),
        pytest.param(framed(IPV6, ipv6(options_header(6, 8) + segment(V6), 60)), NONE, id="destination, 72 bytes"),
        pytest.param(framed(IPV6, ipv6(options_header(6) + segment(V6), 43)), L4_ONLY, id="routing, arrived"),
        pytest.param(framed(IPV6, ipv6(options_header(6, 0, 1) + segment(V6), 43)), NONE, id="routing, under way"),
        pytest.param(framed(IPV6, ipv6(options_header(6) + segment(V6), 44)), NONE, id="IPv6 fragment"),
        pytest.param(framed(IPV6, ipv6(options_header(60, 1)[:8], 60)), NONE, id="extension cut short"),
    ],
)  # fmt: skip
def test_a_right_packet_is_judged_as_far_as_the_manuals_table_says(frame: bytes, bits: dict[str, int]) -> None:
    assert said(frame) == bits


def test_a_jumbo_packet_is_judged_in_its_last_descriptor() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, LPE=1)
    bench.write("RXCSUM", ALL)
    bench.arrive(framed(IPV4, ipv4(Tcp(1, 2, 3, 4, 0, 5, bytes(4000)).sealed(*V4).encode())))
    rows = [bench.descriptor(index) for index in range(2)]
    assert [(row.of(RX.IPCS), row.of(RX.TCPCS)) for row in rows] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("frame", "ip"), [(TCP4, 1), (UDP4, 1), (TCP6, 0), (UDP6, 0)])
def test_a_wrong_byte_in_the_payload_is_a_tcp_or_udp_error(frame: bytes, ip: int) -> None:
    assert said(flipped(frame, len(frame) - 1)) == {"IXSM": 0, "IPCS": ip, "TCPCS": 1, "IPE": 0, "TCPE": 1}


def test_a_wrong_byte_in_the_ip_header_is_an_ip_error() -> None:
    assert said(flipped(TCP4, 22)) == BOTH | {"IPE": 1}


def test_a_wrong_address_is_an_error_of_both() -> None:
    assert said(flipped(UDP4, 30)) == BOTH | {"IPE": 1, "TCPE": 1}


@pytest.mark.parametrize(
    ("enabled", "frame", "bits"),
    [
        (0, TCP4, NONE),
        (RXCSUM.IPOFL.mask, TCP4, IP_ONLY),
        (RXCSUM.TUOFL.mask, TCP4, L4_ONLY),
        (RXCSUM.TUOFL.mask, TCP6, NONE),
        (RXCSUM.IPV6OFL.mask, TCP6, NONE),
        (RXCSUM.IPOFL.mask | RXCSUM.IPV6OFL.mask, TCP6, NONE),
    ],
)
def test_each_checksum_is_calculated_only_where_rxcsum_enables_it(
    enabled: int, frame: bytes, bits: dict[str, int]
) -> None:
    assert said(frame, enabled) == bits


def test_the_82544_knows_no_ipv6() -> None:
    assert said(TCP6, model=M82544EI) == NONE
    assert said(TCP4, model=M82544EI) == BOTH


@pytest.mark.parametrize("start", [0, 14, 33, 255])
@pytest.mark.parametrize("strip", [0, 1])
def test_the_packet_checksum_covers_what_is_stored_from_pcss_on(start: int, strip: int) -> None:
    bench, sent = ReceiveBench(), framed(VLAN_TYPE, b"\0\5" + TCP4[12:])
    bench.write("CTRL", CTRL.VME.mask * strip)
    bench.write("RXCSUM", start)
    bench.control(EN=1, SECRC=strip)
    bench.arrive(sent)
    row = bench.descriptor(0)
    assert row.of(RX.CHECKSUM) == ALL_ONES - ones_sum(row.data[start:])
    assert len(row.data) == (len(sent) - 4 if strip else len(sent) + 4)


@pytest.mark.parametrize("start", [0, 13, 33, 34, 35, 54, 255])
@pytest.mark.parametrize("strip", [0, 1])
def test_a_verdict_leaves_the_packet_checksum_as_it_is(start: int, strip: int) -> None:
    """Part of what it covers is summed for the verdict already."""
    bench, tagged = ReceiveBench(), framed(VLAN_TYPE, b"\0\5" + TCP4[12:])
    bench.write("CTRL", CTRL.VME.mask * strip)
    bench.write("RXCSUM", ALL | start)
    bench.control(EN=1, SECRC=1)
    silent = framed(b"\x88\xb5", flipped(tagged, 60)[14:])  # as long, but there is nothing to judge
    bench.arrive(tagged, silent, flipped(tagged, -1 % len(tagged)))
    for number in range(3):
        row = bench.descriptor(number)
        assert row.of(RX.CHECKSUM) == ALL_ONES - ones_sum(row.data[start:]), number
