"""How does IPv6's neighbour discovery read? The bodies of four ICMPv6 messages and their options (RFC 4861 §4).

Each shape here is what stands in `Icmp.body`; the ICMPv6 type says which one it is.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, ParseError, need

ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 133, 134, 135, 136
FROM_ROUTER, SOLICITED, OVERRIDE = 0x8000_0000, 0x4000_0000, 0x2000_0000
SOURCE_LINK, TARGET_LINK, PREFIX = 1, 2, 3
HOP_LIMIT = 255
"""A message with any other hop limit crossed a router, and is not to be believed (RFC 4861 §6.1, §7.1)."""

Options = tuple[tuple[int, bytes], ...]
"""Option type and what follows its two bytes of type and length."""

_NEIGHBOUR = Struct(">I16s")
_ROUTER = Struct(">BBHII")
_PREFIX = Struct(">BBIII16s")


class NeighbourMessage(NamedTuple):
    """Neighbour solicitation and advertisement: they differ in the use of the 32 bits before the target."""

    flags: int
    target: bytes
    options: Options = ()

    @classmethod
    def parse(cls, data: Octets) -> NeighbourMessage:
        need(data, _NEIGHBOUR.size, "a neighbour message")
        flags, target = _NEIGHBOUR.unpack_from(data)
        return cls(flags, target, parse_options(data[_NEIGHBOUR.size :]))

    def encode(self) -> bytes:
        return _NEIGHBOUR.pack(self.flags, self.target) + encode_options(self.options)


class RouterAdvertisement(NamedTuple):
    """`lifetime_s` 0: not a default router; the two times 0: the host keeps its own."""

    hop_limit: int
    flags: int
    lifetime_s: int
    reachable_ms: int
    retransmit_ms: int
    options: Options = ()

    @classmethod
    def parse(cls, data: Octets) -> RouterAdvertisement:
        need(data, _ROUTER.size, "a router advertisement")
        hop_limit, flags, lifetime_s, reachable_ms, retransmit_ms = _ROUTER.unpack_from(data)
        options = parse_options(data[_ROUTER.size :])
        return cls(hop_limit, flags, lifetime_s, reachable_ms, retransmit_ms, options)

    def encode(self) -> bytes:
        return _ROUTER.pack(*self[:5]) + encode_options(self.options)


class PrefixInformation(NamedTuple):
    """The option by which hosts give themselves an address (RFC 4861 §4.6.2); flags: on-link 80h, autonomous 40h."""

    length_bits: int
    flags: int
    valid_s: int
    preferred_s: int
    prefix: bytes

    @classmethod
    def parse(cls, data: Octets) -> PrefixInformation:
        need(data, _PREFIX.size, "a prefix option")
        length, flags, valid_s, preferred_s, _, prefix = _PREFIX.unpack_from(data)
        return cls(length, flags, valid_s, preferred_s, prefix)

    def encode(self) -> bytes:
        return _PREFIX.pack(*self[:4], 0, self.prefix)


def parse_options(data: Octets) -> Options:
    """A run of options. One of length zero would never end, and the RFC throws the message away (§4.6)."""
    options, offset = [], 0
    while offset < len(data):
        need(data, offset + 8, "an option")
        kind, length = data[offset], data[offset + 1] * 8
        if not length:
            raise ParseError("a neighbour discovery option of length zero")
        need(data, offset + length, "an option")
        options.append((kind, bytes(data[offset + 2 : offset + length])))
        offset += length
    return tuple(options)


def encode_options(options: Options) -> bytes:
    """The way back; each option's content must fill whole 8-byte units with its two bytes of type and length."""
    return b"".join(bytes([kind, (len(content) + 2) // 8]) + content for kind, content in options)
