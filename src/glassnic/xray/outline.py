"""Where do the headers of a packet lie? Read from the packet alone, whose lengths and sums may be anybody's guess.

`wire` reads packets that are whole; a prototype header, whose length fields the driver leaves 0 (§3.5.5), is not.
"""

from __future__ import annotations

from typing import NamedTuple

from glassnic.wire import ethernet, ipv4, ipv6, tcp, udp
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.octets import ParseError
from glassnic.wire.vlan import split_tags

FLOW_CONTROL = 0x8808
MORE_OR_OFFSET = 0x3FFF
"""MF and the fragment offset of IPv4."""
NAMES = {ipv4.ICMP: "ICMP", ipv4.IGMP: "IGMP", tcp.PROTOCOL: "TCP", udp.PROTOCOL: "UDP", ipv6.ICMPV6: "ICMPv6"}
OTHERS = {ethernet.ARP: "ARP", FLOW_CONTROL: "flow control"}


class Outline(NamedTuple):
    """Offsets in the packet: `l3` of the IP header, `l4` of what it carries, `end` of the TCP or UDP header."""

    version: int
    l3: int
    l4: int
    protocol: int
    is_fragment: bool
    end: int | None

    @property
    def name(self) -> str:
        return NAMES.get(self.protocol, f"protocol {self.protocol}")


def outline(packet: bytes) -> Outline | None:
    """None where the packet carries no IP that can be read."""
    try:
        tags, bare = split_tags(packet)
        l3 = ethernet.HEADER_BYTES + len(tags)
        kind, inner = int.from_bytes(bare[12:14], "big"), packet[l3:]
        if kind == ethernet.IPV4 and len(inner) >= ipv4.HEADER_BYTES and inner[0] >> 4 == 4:
            l4 = l3 + (inner[0] & 15) * 4
            fragment = bool(int.from_bytes(inner[6:8], "big") & MORE_OR_OFFSET)
            return Outline(4, l3, l4, inner[9], fragment, _end(packet, l4, inner[9]))
        if kind == ethernet.IPV6 and len(inner) >= ipv6.HEADER_BYTES and inner[0] >> 4 == 6:
            carried = ipv6.carried(Ipv6(inner[8:24], inner[24:40], inner[6], inner[ipv6.HEADER_BYTES :]))
            l4 = l3 + ipv6.HEADER_BYTES + carried.offset
            return Outline(6, l3, l4, carried.protocol, carried.is_fragment, _end(packet, l4, carried.protocol))
    except ParseError:
        pass
    return None


def protocol_of(packet: bytes) -> str:
    """What a packet carries, in a word or two."""
    found = outline(packet)
    if found is not None:
        return found.name
    kind = int.from_bytes(packet[12:14], "big")
    return OTHERS.get(kind, f"type {kind:#06x}")


def _end(packet: bytes, l4: int, protocol: int) -> int | None:
    if protocol == udp.PROTOCOL:
        return l4 + udp.HEADER_BYTES
    if protocol == tcp.PROTOCOL and l4 + 12 < len(packet):
        return l4 + (packet[l4 + 12] >> 4) * 4
    return None
