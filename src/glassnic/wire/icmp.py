"""How do ICMP and ICMPv6 read? In one shape; only the sums differ: ICMPv6 adds a pseudo header (RFC 792, RFC 4443)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.checksum import checksum, pseudo_sum
from glassnic.wire.ipv6 import ICMPV6
from glassnic.wire.octets import Octets, need

ECHO_REPLY, ECHO_REQUEST = 0, 8
V6_ECHO_REQUEST, V6_ECHO_REPLY = 128, 129
HEADER_BYTES = 4
CHECKSUM_OFFSET = 2

_HEADER = Struct(">BBH")


class Icmp(NamedTuple):
    """`body` begins right behind the checksum: for an echo with identifier and sequence number.

    `checksum` is the field as it stands: `sealed` and `sealed_v6` put the right one in.
    """

    type: int
    code: int
    body: bytes
    checksum: int = 0

    @classmethod
    def parse(cls, data: Octets) -> Icmp:
        need(data, HEADER_BYTES, "an ICMP header")
        kind, code, found = _HEADER.unpack_from(data)
        return cls(kind, code, bytes(data[HEADER_BYTES:]), found)

    def encode(self) -> bytes:
        return _HEADER.pack(self.type, self.code, self.checksum) + self.body

    def sealed(self) -> Icmp:
        """The same ICMP message with the right checksum."""
        return self._replace(checksum=checksum(self._replace(checksum=0).encode()))

    def sealed_v6(self, source: bytes, destination: bytes) -> Icmp:
        """The same ICMPv6 message with the right checksum between these addresses."""
        data = self._replace(checksum=0).encode()
        return self._replace(checksum=checksum(data, pseudo_sum(source, destination, ICMPV6, len(data))))
