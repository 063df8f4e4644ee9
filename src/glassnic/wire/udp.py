"""How does UDP read? Ports, length, checksum, payload (RFC 768)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.checksum import ALL_ONES, checksum, pseudo_sum
from glassnic.wire.octets import Octets, ParseError, need

PROTOCOL = 17
HEADER_BYTES = 8
CHECKSUM_OFFSET = 6
NO_CHECKSUM = 0
"""A field of zero says "no checksum" (IPv4 only); a checksum that comes out as zero is sent as FFFFh."""

_HEADER = Struct(">HHHH")


class Udp(NamedTuple):
    """`checksum` is the field as it stands: `sealed` puts the right one in."""

    source_port: int
    destination_port: int
    payload: bytes
    checksum: int = NO_CHECKSUM

    @classmethod
    def parse(cls, data: Octets) -> Udp:
        """What follows the length in the IP payload is left out."""
        need(data, HEADER_BYTES, "a UDP header")
        source_port, destination_port, length, found = _HEADER.unpack_from(data)
        if length < HEADER_BYTES:
            raise ParseError(f"UDP's length {length} is shorter than its header")
        need(data, length, "this UDP datagram")
        return cls(source_port, destination_port, bytes(data[HEADER_BYTES:length]), found)

    def encode(self) -> bytes:
        length = HEADER_BYTES + len(self.payload)
        return _HEADER.pack(self.source_port, self.destination_port, length, self.checksum) + self.payload

    def sealed(self, source: bytes, destination: bytes) -> Udp:
        """The same datagram with the right checksum between these IP addresses (4 or 16 bytes)."""
        data = self._replace(checksum=0).encode()
        return self._replace(checksum=checksum(data, pseudo_sum(source, destination, PROTOCOL, len(data))) or ALL_ONES)
