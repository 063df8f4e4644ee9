"""How does ARP read? For IPv4 over Ethernet, the only kind there is in practice (RFC 826)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, ParseError, need

REQUEST, REPLY = 1, 2

_ARP = Struct(">HHBBH6s4s6s4s")
_ETHERNET_IPV4 = (1, 0x0800, 6, 4)


class Arp(NamedTuple):
    """Hardware addresses are 6 bytes, protocol addresses 4."""

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes

    @classmethod
    def parse(cls, data: Octets) -> Arp:
        need(data, _ARP.size, "ARP")
        *kind, operation, sender_mac, sender_ip, target_mac, target_ip = _ARP.unpack_from(data)
        if tuple(kind) != _ETHERNET_IPV4:
            raise ParseError(f"ARP for hardware type {kind[0]} and protocol {kind[1]:04X}h, not IPv4 over Ethernet")
        return cls(operation, sender_mac, sender_ip, target_mac, target_ip)

    def encode(self) -> bytes:
        return _ARP.pack(*_ETHERNET_IPV4, *self)
