"""How does a frame read in a line of a list, as protocol analysers show it? Protocol, addresses, a few fields.

Read by `wire` from the frame's bytes alone; what cannot be read is shown by what encloses it. (Not of the manual.)
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

from glassnic.wire import arp, ethernet, ipv4, ipv6, tcp, udp
from glassnic.wire.arp import Arp
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.icmp import Icmp
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.octets import ParseError
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.vlan import split_tags

TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


class Summary(NamedTuple):
    """A frame in a line; `info` is empty where there is nothing to add."""

    protocol: str
    source: str = ""
    destination: str = ""
    info: str = ""


def summarize(frame: bytes) -> Summary:
    """The innermost that can be read. Never raises."""
    line = Summary("?")
    try:
        tags, bare = split_tags(frame)
        outer = Ethernet.parse(bare)
        line = Summary(
            f"0x{outer.ethertype:04x}", ethernet.mac_text(outer.source), ethernet.mac_text(outer.destination)
        )
        line = _packet(outer, line)
        if tags:
            vlan = int.from_bytes(tags[2:4], "big") & 0xFFF
            line = line._replace(info=f"VLAN {vlan}  {line.info}".rstrip())
    except ParseError as error:
        return line._replace(info=str(error))
    return line


def _packet(outer: Ethernet, line: Summary) -> Summary:
    """What Ethernet carries."""
    if outer.ethertype == ethernet.ARP:
        found = Arp.parse(outer.payload)
        sender, target = ip_address(found.sender_ip), ip_address(found.target_ip)
        is_request = found.operation == arp.REQUEST
        told = f"who has {target}? tell {sender}" if is_request else f"{sender} is at {line.source}"
        return line._replace(protocol="ARP", info=told)
    if outer.ethertype == ethernet.IPV4:
        packet = Ipv4.parse(outer.payload)
        line = Summary("IPv4", str(ip_address(packet.source)), str(ip_address(packet.destination)))
        if packet.is_fragment:
            return line._replace(info=f"fragment at {packet.fragment_offset * 8} of packet {packet.identification:#x}")
        return _carried(packet.protocol, packet.payload, line)
    if outer.ethertype == ethernet.IPV6:
        wide = Ipv6.parse(outer.payload)
        line = Summary("IPv6", str(ip_address(wide.source)), str(ip_address(wide.destination)))
        inner = ipv6.carried(wide)
        return line if inner.is_fragment else _carried(inner.protocol, wide.payload[inner.offset :], line)
    return line


def _carried(protocol: int, payload: bytes, line: Summary) -> Summary:
    """What IP carries."""
    try:
        return _inside(protocol, payload, line)
    except ParseError as error:
        return line._replace(info=str(error))


def _inside(protocol: int, payload: bytes, line: Summary) -> Summary:
    """TCP, UDP, ICMP, or the protocol's number. Raises ParseError."""
    if protocol == tcp.PROTOCOL:
        segment = Tcp.parse(payload)
        flags = ", ".join(name for bit, name in enumerate(TCP_FLAGS) if segment.flags >> bit & 1)
        told = f"Seq={segment.sequence} Ack={segment.acknowledgement} Win={segment.window} Len={len(segment.payload)}"
        return line._replace(
            protocol="TCP", info=f"{segment.source_port} → {segment.destination_port} [{flags}] {told}"
        )
    if protocol == udp.PROTOCOL:
        datagram = Udp.parse(payload)
        ports = f"{datagram.source_port} → {datagram.destination_port}"
        return line._replace(protocol="UDP", info=f"{ports} Len={len(datagram.payload)}")
    if protocol in (ipv4.ICMP, ipv6.ICMPV6):
        message = Icmp.parse(payload)
        name = "ICMP" if protocol == ipv4.ICMP else "ICMPv6"
        return line._replace(protocol=name, info=f"type {message.type} code {message.code}")
    return line._replace(info=f"protocol {protocol}")
