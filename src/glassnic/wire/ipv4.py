"""How does IPv4 read? The header with its options, and the payload that its total length covers (RFC 791 §3.1)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.checksum import checksum
from glassnic.wire.octets import Octets, ParseError, need

ICMP, IGMP, TCP, UDP = 1, 2, 6, 17
DONT_FRAGMENT, MORE_FRAGMENTS = 2, 1
HEADER_BYTES = 20
CHECKSUM_OFFSET = 10

_HEADER = Struct(">BBHHHBBH4s4s")


class Ipv4(NamedTuple):
    """Addresses are 4 bytes; `flags` the 3 bits; `fragment_offset` counts 8 bytes; `options` are whole 4-byte words.

    `checksum` is the field as it stands: `sealed` puts the right one in.
    """

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    ttl: int = 64
    identification: int = 0
    flags: int = DONT_FRAGMENT
    fragment_offset: int = 0
    tos: int = 0
    options: bytes = b""
    checksum: int = 0

    @classmethod
    def parse(cls, data: Octets) -> Ipv4:
        """What follows the total length (Ethernet's padding) is left out."""
        need(data, HEADER_BYTES, "an IPv4 header")
        first, tos, total, identification, place, ttl, protocol, found, source, destination = _HEADER.unpack_from(data)
        version, words = first >> 4, first & 15
        header_bytes = words * 4
        if version != 4 or header_bytes < HEADER_BYTES:
            raise ParseError(f"version {version} and a header of {words} words: not IPv4")
        if total < header_bytes:
            raise ParseError(f"IPv4's total length {total} is shorter than its header of {header_bytes} bytes")
        need(data, total, "this IPv4 packet")
        return cls(
            source, destination, protocol, bytes(data[header_bytes:total]), ttl, identification,
            place >> 13, place & 0x1FFF, tos, bytes(data[HEADER_BYTES:header_bytes]), found,
        )  # fmt: skip

    @property
    def is_fragment(self) -> bool:
        return bool(self.flags & MORE_FRAGMENTS or self.fragment_offset)

    @property
    def header(self) -> bytes:
        """The header with its options, as `encode` writes it."""
        words = (HEADER_BYTES + len(self.options)) // 4
        fixed = _HEADER.pack(
            4 << 4 | words, self.tos, words * 4 + len(self.payload),
            self.identification, self.flags << 13 | self.fragment_offset,
            self.ttl, self.protocol, self.checksum, self.source, self.destination,
        )  # fmt: skip
        return fixed + self.options

    def encode(self) -> bytes:
        return self.header + self.payload

    def sealed(self) -> Ipv4:
        """The same packet with the right header checksum."""
        return self._replace(checksum=checksum(self._replace(checksum=0).header))
