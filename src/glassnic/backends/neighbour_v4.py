"""What does the neighbour say over IPv4? Echo, UDP echo and discard, and DHCP with one address to give away (RFC
2131)."""

from __future__ import annotations

from ipaddress import IPv4Address

from glassnic.wire import dhcp, icmp, udp
from glassnic.wire import ipv4 as ip
from glassnic.wire.dhcp import Dhcp
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.udp import Udp

ADDRESS = IPv4Address("10.0.2.2").packed
GUEST = IPv4Address("10.0.2.15").packed
EVERYBODY = IPv4Address("255.255.255.255").packed
NETMASK = IPv4Address("255.255.255.0").packed
ECHO_PORT, DISCARD_PORT = 7, 9
LEASE_S = 86400


def answer(request: Ipv4) -> Ipv4 | None:
    """The packet that comes back, if any."""
    talk = _PROTOCOLS.get(request.protocol)
    if request.is_fragment or talk is None or request.destination not in (ADDRESS, EVERYBODY):
        return None
    return talk(request)


def _icmp(request: Ipv4) -> Ipv4 | None:
    message = Icmp.parse(request.payload)
    if message.type != icmp.ECHO_REQUEST or request.destination != ADDRESS:
        return None
    reply = Icmp(icmp.ECHO_REPLY, 0, message.body).sealed()
    return Ipv4(ADDRESS, request.source, ip.ICMP, reply.encode()).sealed()


def _udp(request: Ipv4) -> Ipv4 | None:
    datagram = Udp.parse(request.payload)
    service = _SERVICES.get(datagram.destination_port)
    return service(request, datagram) if service else None


def _echo(request: Ipv4, datagram: Udp) -> Ipv4 | None:
    if request.destination != ADDRESS:
        return None
    return _datagram(request.source, Udp(ECHO_PORT, datagram.source_port, datagram.payload))


def _discard(request: Ipv4, datagram: Udp) -> None:
    """RFC 863: read and forget."""


def _dhcp(request: Ipv4, datagram: Udp) -> Ipv4 | None:
    question = Dhcp.parse(datagram.payload)
    kind = _dhcp_reply_type(question)
    if question.operation != dhcp.BOOT_REQUEST or kind is None:
        return None
    is_refusal, is_inform = kind == dhcp.NAK, question.option(dhcp.MESSAGE_TYPE) == bytes([dhcp.INFORM])
    options = [(dhcp.MESSAGE_TYPE, bytes([kind])), (dhcp.SERVER, ADDRESS)]
    if not is_refusal:
        options += [(dhcp.SUBNET_MASK, NETMASK), (dhcp.ROUTER, ADDRESS)]
        options += [] if is_inform else [(dhcp.LEASE_S, LEASE_S.to_bytes(4, "big"))]
    reply = Dhcp(
        dhcp.BOOT_REPLY, question.transaction, question.mac, tuple(options),
        client=question.client, offered=dhcp.UNKNOWN if is_refusal or is_inform else GUEST, flags=question.flags,
    )  # fmt: skip
    wants_broadcast = is_refusal or (question.client == dhcp.UNKNOWN and question.flags & dhcp.BROADCAST_FLAG)
    to = EVERYBODY if wants_broadcast else question.client if question.client != dhcp.UNKNOWN else GUEST  # §4.1 there
    return _datagram(to, Udp(dhcp.SERVER_PORT, dhcp.CLIENT_PORT, reply.encode()))


def _dhcp_reply_type(question: Dhcp) -> int | None:
    """OFFER, ACK, NAK, or None for what needs no answer: a request to another server, a release, nonsense."""
    kind = question.option(dhcp.MESSAGE_TYPE)
    if kind == bytes([dhcp.DISCOVER]):
        return dhcp.OFFER
    if kind == bytes([dhcp.INFORM]):
        return dhcp.ACK
    if kind != bytes([dhcp.REQUEST]) or question.option(dhcp.SERVER) not in (b"", ADDRESS):
        return None
    wanted = question.option(dhcp.REQUESTED_ADDRESS) or question.client
    return dhcp.ACK if wanted == GUEST else dhcp.NAK


def _datagram(destination: bytes, datagram: Udp) -> Ipv4:
    sealed = datagram.sealed(ADDRESS, destination)
    return Ipv4(ADDRESS, destination, udp.PROTOCOL, sealed.encode()).sealed()


_PROTOCOLS = {ip.ICMP: _icmp, ip.UDP: _udp}
_SERVICES = {ECHO_PORT: _echo, DISCARD_PORT: _discard, dhcp.SERVER_PORT: _dhcp}
