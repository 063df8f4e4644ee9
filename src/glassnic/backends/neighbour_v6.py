"""What does the neighbour say over IPv6? Echo, UDP echo and discard, who it is, and which prefix the link has (RFC
4861)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address

from glassnic.wire import icmp, ndp, udp
from glassnic.wire import ipv6 as ip
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv6 import Ipv6, carried
from glassnic.wire.ndp import NeighbourMessage, PrefixInformation, RouterAdvertisement
from glassnic.wire.udp import Udp

ADDRESS = IPv6Address("fd00::2").packed
LINK_LOCAL = IPv6Address("fe80::2").packed
PREFIX = IPv6Address("fd00::").packed
ALL_NODES = IPv6Address("ff02::1").packed
ALL_ROUTERS = IPv6Address("ff02::2").packed
SOLICITED_NODE = IPv6Address("ff02::1:ff00:2").packed  # the group of both addresses: they end alike
UNSPECIFIED = bytes(16)
ECHO_PORT = 7
ON_LINK_AUTONOMOUS = 0xC0
FOREVER_S = 0xFFFF_FFFF
ROUTER_LIFETIME_S = 9000
"""The longest there is (§6.2.1 there). Nothing here has a clock, so the advertisement only comes when asked for."""

_OWN = (ADDRESS, LINK_LOCAL)
_LISTENS = {*_OWN, ALL_NODES, ALL_ROUTERS, SOLICITED_NODE}


def answer(request: Ipv6, mac: bytes) -> Ipv6 | None:
    """The packet that comes back, if any. `mac` is the link address that the neighbour tells of itself."""
    inner = carried(request)
    if inner.is_fragment or inner.is_routed or request.destination not in _LISTENS:
        return None
    data = request.payload[inner.offset :]
    if inner.protocol == udp.PROTOCOL:
        return _udp(request, Udp.parse(data))
    if inner.protocol != ip.ICMPV6:
        return None
    message = Icmp.parse(data)
    talk = _MESSAGES.get(message.type)
    return talk(request, message.body, mac) if talk else None


def _udp(request: Ipv6, datagram: Udp) -> Ipv6 | None:
    """Echo (RFC 862); discard (RFC 863) and any other port say nothing."""
    if datagram.destination_port != ECHO_PORT or request.destination not in _OWN:
        return None
    reply = Udp(ECHO_PORT, datagram.source_port, datagram.payload).sealed(request.destination, request.source)
    return Ipv6(request.destination, request.source, udp.PROTOCOL, reply.encode())


def _echo(request: Ipv6, body: bytes, mac: bytes) -> Ipv6:
    is_link_local = request.source[:2] == LINK_LOCAL[:2]
    group_answer = LINK_LOCAL if is_link_local else ADDRESS
    source = request.destination if request.destination in _OWN else group_answer
    return _icmp(source, request.source, Icmp(icmp.V6_ECHO_REPLY, 0, body), 64)


def _solicited_neighbour(request: Ipv6, body: bytes, mac: bytes) -> Ipv6 | None:
    """Who has this address? Asked from no address (somebody tries it for himself), the answer goes to all (§7.2.4)."""
    question = NeighbourMessage.parse(body)
    if question.target not in _OWN or request.hop_limit != ndp.HOP_LIMIT:
        return None
    is_known = request.source != UNSPECIFIED
    flags = ndp.FROM_ROUTER | ndp.OVERRIDE | (ndp.SOLICITED if is_known else 0)
    reply = NeighbourMessage(flags, question.target, ((ndp.TARGET_LINK, mac),))
    message = Icmp(ndp.NEIGHBOUR_ADVERTISEMENT, 0, reply.encode())
    return _icmp(question.target, request.source if is_known else ALL_NODES, message, ndp.HOP_LIMIT)


def _solicited_router(request: Ipv6, body: bytes, mac: bytes) -> Ipv6 | None:
    if request.hop_limit != ndp.HOP_LIMIT:
        return None
    prefix = PrefixInformation(64, ON_LINK_AUTONOMOUS, FOREVER_S, FOREVER_S, PREFIX)
    options = ((ndp.SOURCE_LINK, mac), (ndp.PREFIX, prefix.encode()))
    reply = RouterAdvertisement(64, 0, ROUTER_LIFETIME_S, 0, 0, options)
    message = Icmp(ndp.ROUTER_ADVERTISEMENT, 0, reply.encode())
    destination = request.source if request.source != UNSPECIFIED else ALL_NODES
    return _icmp(LINK_LOCAL, destination, message, ndp.HOP_LIMIT)


def _icmp(source: bytes, destination: bytes, message: Icmp, hop_limit: int) -> Ipv6:
    sealed = message.sealed_v6(source, destination)
    return Ipv6(source, destination, ip.ICMPV6, sealed.encode(), hop_limit)


_MESSAGES: dict[int, Callable[[Ipv6, bytes, bytes], Ipv6 | None]] = {
    icmp.V6_ECHO_REQUEST: _echo,
    ndp.ROUTER_SOLICITATION: _solicited_router,
    ndp.NEIGHBOUR_SOLICITATION: _solicited_neighbour,
}
