"""Are the checksums of this frame right? Says of each sum in a frame where it stands, what it is and what it should be.

Walks VLAN tags, IPv4 options and IPv6 extension headers. A frame that cannot be judged is not called right: `note` says
why. IPv4 source routes are not followed, though they name a later destination for the pseudo header: nobody sends them.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from glassnic.wire import ethernet, icmp, ipv4, ipv6, tcp, udp
from glassnic.wire.checksum import ALL_ONES, checksum, fold, ones_sum, pseudo_sum
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.octets import Octets, ParseError, need
from glassnic.wire.vlan import split_tags


class State(Enum):
    """What one checksum field turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSENT = "absent"


class Sum(NamedTuple):
    """One checksum: `of` names what it covers, `offset` is its place in the frame; `found` and `wanted` are 16 bits."""

    of: str
    state: State
    offset: int
    found: int
    wanted: int


class Verdict(NamedTuple):
    """The sums of one frame from the outside in. `note` is not empty where something hides a sum from us."""

    sums: tuple[Sum, ...]
    note: str = ""

    @property
    def wrong(self) -> tuple[Sum, ...]:
        return tuple(found for found in self.sums if found.state is State.WRONG)

    def __str__(self) -> str:
        words = [f"{found.of} checksum {found.state.value}" for found in self.sums]
        return "; ".join([*words, self.note] if self.note else words) or "nothing to verify"


class _Layer(NamedTuple):
    name: str
    field: int
    header_bytes: int
    has_pseudo_header: bool


_V4_LAYERS = {
    ipv4.ICMP: _Layer("ICMP", icmp.CHECKSUM_OFFSET, icmp.HEADER_BYTES, False),
    ipv4.IGMP: _Layer("IGMP", icmp.CHECKSUM_OFFSET, icmp.HEADER_BYTES, False),
    tcp.PROTOCOL: _Layer("TCP", tcp.CHECKSUM_OFFSET, tcp.HEADER_BYTES, True),
    udp.PROTOCOL: _Layer("UDP", udp.CHECKSUM_OFFSET, udp.HEADER_BYTES, True),
}
_V6_LAYERS = {
    ipv6.ICMPV6: _Layer("ICMPv6", icmp.CHECKSUM_OFFSET, icmp.HEADER_BYTES, True),
    tcp.PROTOCOL: _V4_LAYERS[tcp.PROTOCOL],
    udp.PROTOCOL: _V4_LAYERS[udp.PROTOCOL],
}


def verify(frame: Octets) -> Verdict:
    """Judge one frame (no FCS). Never raises: what cannot be read is said in `note`."""
    sums: list[Sum] = []
    try:
        tags, bare = split_tags(frame)
        start = ethernet.HEADER_BYTES
        look = {ethernet.IPV4: _verify_ipv4, ethernet.IPV6: _verify_ipv6}.get(int.from_bytes(bare[12:14], "big"))
        note = look(bare[start:], start + len(tags), sums) if look else ""
    except ParseError as error:
        note = str(error)
    return Verdict(tuple(sums), note)


def _verify_ipv4(data: bytes, offset: int, sums: list[Sum]) -> str:
    packet = Ipv4.parse(data)
    header_bytes = ipv4.HEADER_BYTES + len(packet.options)
    state = State.RIGHT if ones_sum(data[:header_bytes]) == ALL_ONES else State.WRONG
    wanted = packet.checksum if state is State.RIGHT else packet.sealed().checksum
    sums.append(Sum("IPv4 header", state, offset + ipv4.CHECKSUM_OFFSET, packet.checksum, wanted))
    if packet.is_fragment:
        return "a fragment: the checksum inside covers more than this frame"
    layer = _V4_LAYERS.get(packet.protocol)
    if layer:
        sums.append(_judge(layer, packet, packet.protocol, packet.payload, offset + header_bytes))
    return ""


def _verify_ipv6(data: bytes, offset: int, sums: list[Sum]) -> str:
    packet = Ipv6.parse(data)
    inner = ipv6.carried(packet)
    if inner.is_fragment:
        return "a fragment: the checksum inside covers more than this frame"
    if inner.is_routed:
        return "a routing header: the checksum inside is made for a later destination"
    layer = _V6_LAYERS.get(inner.protocol)
    if layer:
        place = offset + ipv6.HEADER_BYTES + inner.offset
        sums.append(_judge(layer, packet, inner.protocol, packet.payload[inner.offset :], place))
    return ""


def _judge(layer: _Layer, packet: Ipv4 | Ipv6, protocol: int, data: bytes, offset: int) -> Sum:
    need(data, layer.header_bytes, f"a {layer.name} header")
    is_udp = protocol == udp.PROTOCOL
    if is_udp:
        data = data[: udp.HEADER_BYTES + len(udp.Udp.parse(data).payload)]  # UDP's own length may end before IP's
    start = pseudo_sum(packet.source, packet.destination, protocol, len(data)) if layer.has_pseudo_header else 0
    end = layer.field + 2
    found = int.from_bytes(data[layer.field : end], "big")
    place = offset + layer.field
    is_left_out = is_udp and found == udp.NO_CHECKSUM
    if not is_left_out and fold(ones_sum(data) + start) == ALL_ONES:
        return Sum(layer.name, State.RIGHT, place, found, found)
    wanted = checksum(data[: layer.field] + bytes(2) + data[end:], start)
    # IPv6 demands a UDP checksum (RFC 8200 §8.1), IPv4 does not.
    state = State.ABSENT if is_left_out and isinstance(packet, Ipv4) else State.WRONG
    return Sum(layer.name, state, place, found, wanted or ALL_ONES if is_udp else wanted)
