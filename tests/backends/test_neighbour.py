"""Does the neighbour answer what a guest asks, and keep silent where an honest host would?"""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.far import octets
from glassnic.backends.host import Host
from glassnic.backends.neighbour import MAC, Neighbour
from glassnic.device.ports import Frames
from glassnic.wire import dhcp, ndp
from glassnic.wire.arp import Arp
from glassnic.wire.dhcp import Dhcp
from glassnic.wire.ethernet import ARP, BROADCAST, IPV4, IPV6, Ethernet, mac
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.ndp import NeighbourMessage, PrefixInformation, RouterAdvertisement
from glassnic.wire.tcp import SYN, Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.verdict import verify
from glassnic.wire.vlan import insert_tags

GUEST_MAC = mac("52:54:00:12:34:56")
GUEST, HOST, NOBODY, ALL = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2]), bytes(4), b"\xff" * 4
GUEST6, HOST6 = IPv6Address("fd00::5054:ff:fe12:3456").packed, IPv6Address("fd00::2").packed
GUEST_LINK, HOST_LINK = IPv6Address("fe80::5054:ff:fe12:3456").packed, IPv6Address("fe80::2").packed
NODES, ROUTERS = IPv6Address("ff02::1").packed, IPv6Address("ff02::2").packed
SOLICITED = IPv6Address("ff02::1:ff00:2").packed
NO_ADDRESS = bytes(16)


def v4(protocol: int, data: bytes, source: bytes = GUEST, to: bytes = HOST, link: bytes = MAC, flags: int = 2) -> bytes:
    packet = Ipv4(source, to, protocol, data, flags=flags).sealed()
    return Ethernet(link, GUEST_MAC, IPV4, packet.encode()).encode()


def v6(next_header: int, data: bytes, source: bytes = GUEST6, to: bytes = HOST6, hop_limit: int = 255) -> bytes:
    link = b"\x33\x33" + to[-4:] if to[0] == 0xFF else MAC
    return Ethernet(link, GUEST_MAC, IPV6, Ipv6(source, to, next_header, data, hop_limit).encode()).encode()


def udp4(source_port: int, port: int, data: bytes = b"hello", to: bytes = HOST, link: bytes = MAC) -> bytes:
    return v4(17, Udp(source_port, port, data).sealed(GUEST, to).encode(), to=to, link=link)


def icmp6(message: Icmp, source: bytes = GUEST6, to: bytes = HOST6, hop_limit: int = 255) -> bytes:
    return v6(58, message.sealed_v6(source, to).encode(), source, to, hop_limit)


PING = v4(1, Icmp(8, 0, b"\0\1\0\2 ping").sealed().encode())
PING6 = icmp6(Icmp(128, 0, b"\0\1\0\2 ping"), hop_limit=64)


def answer(frame: bytes) -> Ethernet:
    """The one answer, which must be long enough, addressed and with right sums."""
    (reply,) = Neighbour().answer(frame)
    assert len(reply) >= 60
    verdict = verify(reply)
    assert (verdict.wrong, verdict.note) == ((), "")
    read = Ethernet.parse(reply)
    assert read.source == MAC
    return read


def answer4(frame: bytes) -> Ipv4:
    read = answer(frame)
    assert read.ethertype == IPV4
    return Ipv4.parse(read.payload)


def answer6(frame: bytes) -> tuple[Ipv6, Icmp]:
    read = answer(frame)
    packet = Ipv6.parse(read.payload)
    assert read.destination == (b"\x33\x33" + packet.destination[-4:] if packet.destination[0] == 0xFF else GUEST_MAC)
    return packet, Icmp.parse(packet.payload)


def silent(frame: bytes) -> bool:
    return Neighbour().answer(frame) == []


# ARP


def question(target: bytes, operation: int = 1) -> bytes:
    return Ethernet(BROADCAST, GUEST_MAC, ARP, Arp(operation, GUEST_MAC, GUEST, bytes(6), target).encode()).encode()


def test_who_asks_for_its_address_gets_its_link_address() -> None:
    reply = answer(question(HOST))
    assert reply.destination == GUEST_MAC
    assert Arp.parse(reply.payload) == Arp(2, MAC, HOST, GUEST_MAC, GUEST)


def test_who_asks_for_another_address_gets_no_answer() -> None:
    assert silent(question(GUEST))
    assert silent(question(HOST, operation=2))


# IPv4


def test_a_ping_comes_back_with_the_same_body() -> None:
    packet = answer4(PING)
    assert (packet.source, packet.destination) == (HOST, GUEST)
    assert Icmp.parse(packet.payload)._replace(checksum=0) == Icmp(0, 0, b"\0\1\0\2 ping")


@pytest.mark.parametrize("size", [0, 1, 1472, 8972])
def test_udp_echo_says_the_same_up_to_jumbo_frames(size: int) -> None:
    packet = answer4(udp4(4000, 7, b"\x5a" * size))
    reply = Udp.parse(packet.payload)
    assert (reply.source_port, reply.destination_port, reply.payload) == (7, 4000, b"\x5a" * size)


@pytest.mark.parametrize(
    "frame",
    [
        udp4(4000, 9),
        udp4(4000, 53),
        udp4(4000, 7, to=ALL, link=BROADCAST),
        v4(1, Icmp(8, 0, b"\0\1\0\2").sealed().encode(), to=ALL, link=BROADCAST),
        v4(1, Icmp(0, 0, b"\0\1\0\2").sealed().encode()),
        v4(1, Icmp(8, 0, b"\0\1\0\2").sealed().encode(), to=bytes([10, 0, 2, 3])),
        v4(6, Tcp(1, 2, 3, 4, SYN, 5).sealed(GUEST, HOST).encode()),
        v4(17, Udp(4000, 7, b"a part").sealed(GUEST, HOST).encode(), flags=1),
        udp4(4000, 7, link=mac("02:00:00:00:00:01")),
        Ethernet(BROADCAST, GUEST_MAC, 0x88CC, bytes(46)).encode(),
    ],
    ids=["discard", "closed port", "echo to all", "ping to all", "echo reply", "ping another", "tcp", "fragment",
         "another link address", "lldp"],
)  # fmt: skip
def test_what_it_does_not_speak_gets_no_answer_and_is_no_fault(frame: bytes) -> None:
    neighbour = Neighbour()
    assert neighbour.answer(frame) == []
    assert (neighbour.wrong_sums, neighbour.malformed) == (0, 0)


def test_udp_without_a_checksum_is_answered_over_ipv4() -> None:
    assert Udp.parse(answer4(v4(17, Udp(4000, 7, b"bare").encode())).payload).payload == b"bare"


@pytest.mark.parametrize("frame", [PING, PING6, udp4(4000, 7), udp4(4000, 9)], ids=["ping", "ping6", "echo", "discard"])
def test_a_frame_with_a_wrong_checksum_is_counted_and_not_answered(frame: bytes) -> None:
    host = Host()
    host.send(Frames.of([frame[:-1] + bytes([frame[-1] ^ 1])]))
    assert octets(host.receive()) == []
    assert (host.pending, host.dropped, host.neighbour.wrong_sums) == (False, 1, 1)


@pytest.mark.parametrize("frame", [PING[:40], PING6[:60], b"", b"x" * 13, question(HOST)[:30]])
def test_a_frame_cut_short_is_counted_and_not_answered(frame: bytes) -> None:
    neighbour = Neighbour()
    assert neighbour.answer(frame) == []
    assert neighbour.malformed == 1


@pytest.mark.parametrize("tags", ["81000005", "8100a005", "88a8000181000005"])
@pytest.mark.parametrize("frame", [PING, PING6, question(HOST)], ids=["ping", "ping6", "arp"])
def test_a_tagged_frame_is_answered_with_the_same_tags(frame: bytes, tags: str) -> None:
    run = bytes.fromhex(tags)
    (bare,) = Neighbour().answer(frame)
    assert Neighbour().answer(insert_tags(frame, run)) == [insert_tags(bare, run)]


# DHCP


def ask(kind: int, *options: tuple[int, bytes], client: bytes = NOBODY, flags: int = 0) -> bytes:
    message = Dhcp(1, 0xABCD, GUEST_MAC, ((dhcp.MESSAGE_TYPE, bytes([kind])), *options), client=client, flags=flags)
    source, to, link = (client, HOST, MAC) if client != NOBODY else (NOBODY, ALL, BROADCAST)
    return v4(17, Udp(68, 67, message.encode()).sealed(source, to).encode(), source, to, link)


def told(frame: bytes) -> tuple[Ethernet, Ipv4, Dhcp]:
    link = answer(frame)
    packet = Ipv4.parse(link.payload)
    datagram = Udp.parse(packet.payload)
    assert (datagram.source_port, datagram.destination_port) == (67, 68)
    reply = Dhcp.parse(datagram.payload)
    assert (reply.operation, reply.transaction, reply.mac) == (2, 0xABCD, GUEST_MAC)
    assert reply.option(dhcp.SERVER) == HOST
    return link, packet, reply


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (ask(dhcp.DISCOVER), dhcp.OFFER),
        (ask(dhcp.REQUEST, (dhcp.REQUESTED_ADDRESS, GUEST), (dhcp.SERVER, HOST)), dhcp.ACK),
        (ask(dhcp.REQUEST, (dhcp.REQUESTED_ADDRESS, GUEST)), dhcp.ACK),
        (ask(dhcp.REQUEST, client=GUEST), dhcp.ACK),
    ],
    ids=["discover", "request", "after a reboot", "renewal"],
)
def test_a_client_is_given_an_address_a_netmask_and_a_router(frame: bytes, kind: int) -> None:
    link, packet, reply = told(frame)
    assert reply.option(dhcp.MESSAGE_TYPE) == bytes([kind])
    assert reply.offered == GUEST
    assert (reply.option(dhcp.SUBNET_MASK), reply.option(dhcp.ROUTER)) == (bytes([255, 255, 255, 0]), HOST)
    assert int.from_bytes(reply.option(dhcp.LEASE_S), "big") == 86400
    assert (link.destination, packet.destination) == (GUEST_MAC, GUEST)


def test_a_client_that_cannot_hear_its_own_address_yet_is_told_by_broadcast() -> None:
    link, packet, _ = told(ask(dhcp.DISCOVER, flags=dhcp.BROADCAST_FLAG))
    assert (link.destination, packet.destination) == (BROADCAST, ALL)


def test_a_client_that_wants_another_address_is_refused() -> None:
    link, packet, reply = told(ask(dhcp.REQUEST, (dhcp.REQUESTED_ADDRESS, bytes([192, 168, 1, 5]))))
    assert (reply.option(dhcp.MESSAGE_TYPE), reply.offered) == (bytes([dhcp.NAK]), NOBODY)
    assert (link.destination, packet.destination) == (BROADCAST, ALL)


def test_a_client_that_has_an_address_is_informed_without_a_lease() -> None:
    _, packet, reply = told(ask(dhcp.INFORM, client=GUEST))
    assert (reply.option(dhcp.MESSAGE_TYPE), reply.offered) == (bytes([dhcp.ACK]), NOBODY)
    assert (reply.option(dhcp.LEASE_S), reply.option(dhcp.ROUTER), packet.destination) == (b"", HOST, GUEST)


def test_what_needs_no_answer_or_is_for_another_server_gets_none() -> None:
    assert silent(ask(dhcp.RELEASE, client=GUEST))
    assert silent(ask(dhcp.DECLINE, (dhcp.REQUESTED_ADDRESS, GUEST)))
    assert silent(ask(dhcp.REQUEST, (dhcp.REQUESTED_ADDRESS, GUEST), (dhcp.SERVER, bytes([10, 0, 2, 9]))))
    assert silent(ask(99))


# IPv6


@pytest.mark.parametrize(
    ("source", "to", "speaker"),
    [
        (GUEST6, HOST6, HOST6),
        (GUEST_LINK, HOST_LINK, HOST_LINK),
        (GUEST_LINK, NODES, HOST_LINK),
        (GUEST6, NODES, HOST6),
    ],
)
def test_a_ping_over_ipv6_comes_back_with_the_same_body(source: bytes, to: bytes, speaker: bytes) -> None:
    packet, message = answer6(icmp6(Icmp(128, 0, b"\0\1\0\2 ping"), source, to))
    assert (packet.source, packet.destination) == (speaker, source)
    assert message._replace(checksum=0) == Icmp(129, 0, b"\0\1\0\2 ping")


@pytest.mark.parametrize("headers", [b"", bytes([17, 0]) + bytes(6)], ids=["plain", "behind an extension header"])
def test_udp_echo_over_ipv6_says_the_same(headers: bytes) -> None:
    request = v6(0 if headers else 17, headers + Udp(4000, 7, b"hello").sealed(GUEST6, HOST6).encode())
    reply = Udp.parse(Ipv6.parse(answer(request).payload).payload)
    assert (reply.source_port, reply.destination_port, reply.payload) == (7, 4000, b"hello")


@pytest.mark.parametrize("target", [HOST6, HOST_LINK])
def test_who_asks_for_its_ipv6_address_gets_its_link_address(target: bytes) -> None:
    body = NeighbourMessage(0, target, ((ndp.SOURCE_LINK, GUEST_MAC),)).encode()
    packet, message = answer6(icmp6(Icmp(135, 0, body), GUEST_LINK, SOLICITED))
    assert (packet.source, packet.destination, packet.hop_limit, message.type) == (target, GUEST_LINK, 255, 136)
    reply = NeighbourMessage.parse(message.body)
    assert reply == NeighbourMessage(ndp.FROM_ROUTER | ndp.SOLICITED | ndp.OVERRIDE, target, ((ndp.TARGET_LINK, MAC),))


def test_who_wants_its_ipv6_address_for_himself_is_told_before_all() -> None:
    packet, message = answer6(icmp6(Icmp(135, 0, NeighbourMessage(0, HOST6).encode()), NO_ADDRESS, SOLICITED))
    assert packet.destination == NODES
    assert not NeighbourMessage.parse(message.body).flags & ndp.SOLICITED


@pytest.mark.parametrize(("source", "to"), [(GUEST_LINK, GUEST_LINK), (NO_ADDRESS, NODES)])
def test_who_asks_for_routers_learns_the_prefix(source: bytes, to: bytes) -> None:
    packet, message = answer6(icmp6(Icmp(133, 0, bytes(4)), source, ROUTERS))
    assert (packet.source, packet.destination, packet.hop_limit, message.type) == (HOST_LINK, to, 255, 134)
    reply = RouterAdvertisement.parse(message.body)
    options = dict(reply.options)
    prefix = PrefixInformation.parse(options[ndp.PREFIX])
    assert (reply.lifetime_s, options[ndp.SOURCE_LINK]) == (9000, MAC)
    assert (prefix.prefix, prefix.length_bits, prefix.flags) == (IPv6Address("fd00::").packed, 64, 0xC0)


@pytest.mark.parametrize(
    "frame",
    [
        icmp6(Icmp(135, 0, NeighbourMessage(0, HOST6).encode()), GUEST_LINK, SOLICITED, hop_limit=254),
        icmp6(Icmp(133, 0, bytes(4)), GUEST_LINK, ROUTERS, hop_limit=64),
        icmp6(Icmp(135, 0, NeighbourMessage(0, GUEST6).encode()), NO_ADDRESS, NODES),
        icmp6(Icmp(143, 0, bytes(4)), GUEST_LINK, ROUTERS),
        v6(17, Udp(546, 547, b"dhcpv6").sealed(GUEST6, HOST6).encode()),
        v6(6, Tcp(1, 2, 3, 4, SYN, 5).sealed(GUEST6, HOST6).encode()),
        v6(44, bytes([17, 0, 0, 1]) + bytes(4) + Udp(4000, 7, b"a part").sealed(GUEST6, HOST6).encode()),
        icmp6(Icmp(128, 0, b"ping"), to=GUEST6),
    ],
    ids=[
        "from beyond a router",
        "routers from beyond",
        "another target",
        "mld",
        "dhcpv6",
        "tcp",
        "fragment",
        "another",
    ],
)
def test_what_it_does_not_speak_over_ipv6_gets_no_answer(frame: bytes) -> None:
    assert silent(frame)


@given(st.sampled_from([PING, PING6, question(HOST), ask(1), udp4(4000, 7)]), st.data())
def test_no_frame_whatsoever_makes_it_fail(frame: bytes, data: st.DataObject) -> None:
    mangled = bytearray(frame)
    for _ in range(data.draw(st.integers(0, 4))):
        mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
    for reply in Neighbour().answer(bytes(mangled[: data.draw(st.integers(0, len(mangled)))])):
        assert verify(reply).wrong == ()
