"""How does IPv6 read? The fixed header, and the walk over extension headers to what they carry (RFC 8200 §3, §4)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, ParseError, need

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT_HEADER, DESTINATION_OPTIONS = 0, 43, 44, 51, 59, 60
ICMPV6 = 58
HEADER_BYTES = 40

_HEADER = Struct(">IHBB16s16s")
_EXTENSIONS = frozenset({HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS})


class Ipv6(NamedTuple):
    """Addresses are 16 bytes. `payload` begins with the extension headers, if `next_header` names one."""

    source: bytes
    destination: bytes
    next_header: int
    payload: bytes
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0

    @classmethod
    def parse(cls, data: Octets) -> Ipv6:
        """What follows the payload length (Ethernet's padding) is left out."""
        need(data, HEADER_BYTES, "an IPv6 header")
        first, length, next_header, hop_limit, source, destination = _HEADER.unpack_from(data)
        if first >> 28 != 6:
            raise ParseError(f"version {first >> 28}, not IPv6")
        need(data, HEADER_BYTES + length, "this IPv6 packet")
        payload = bytes(data[HEADER_BYTES : HEADER_BYTES + length])
        return cls(source, destination, next_header, payload, hop_limit, first >> 20 & 0xFF, first & 0xFFFFF)

    def encode(self) -> bytes:
        first = 6 << 28 | self.traffic_class << 20 | self.flow_label
        fixed = _HEADER.pack(
            first, len(self.payload), self.next_header, self.hop_limit, self.source, self.destination
        )  # fmt: skip
        return fixed + self.payload


class Carried(NamedTuple):
    """What the extension headers lead to: the protocol, and where in `Ipv6.payload` it starts.

    `is_fragment`: this packet holds a part only. `is_routed`: a routing header names a later destination.
    """

    protocol: int
    offset: int
    is_fragment: bool
    is_routed: bool


def carried(packet: Ipv6) -> Carried:
    """Walk the extension headers; ParseError where one is cut off."""
    protocol, offset, is_fragment, is_routed = packet.next_header, 0, False, False
    while protocol in _EXTENSIONS:
        need(packet.payload, offset + 8, "an IPv6 extension header")
        following, length = packet.payload[offset : offset + 2]
        if protocol == FRAGMENT:
            place = int.from_bytes(packet.payload[offset + 2 : offset + 4], "big")
            is_fragment |= bool(place & 0xFFF9)  # an offset, or more to come; "atomic" fragments are whole (RFC 6946)
        is_routed |= protocol == ROUTING and packet.payload[offset + 3] > 0
        offset += _extension_bytes(protocol, length)
        need(packet.payload, offset, "an IPv6 extension header")
        protocol = following
        if is_fragment:
            break  # the next header stands only in the first part
    return Carried(protocol, offset, is_fragment, is_routed)


def _extension_bytes(protocol: int, length: int) -> int:
    if protocol == FRAGMENT:
        return 8
    if protocol == AUTHENTICATION:
        return (length + 2) * 4
    return (length + 1) * 8
