"""How does TCP read? The header with its options, and the payload (RFC 9293 §3.1)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.checksum import checksum, pseudo_sum
from glassnic.wire.octets import Octets, ParseError, need

PROTOCOL = 6
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
HEADER_BYTES = 20
CHECKSUM_OFFSET = 16

_HEADER = Struct(">HHIIHHHH")


class Tcp(NamedTuple):
    """`flags` are the 12 bits behind the data offset, the reserved ones too; `options` are whole 4-byte words.

    `checksum` is the field as it stands: `sealed` puts the right one in.
    """

    source_port: int
    destination_port: int
    sequence: int
    acknowledgement: int
    flags: int
    window: int
    payload: bytes = b""
    options: bytes = b""
    urgent: int = 0
    checksum: int = 0

    @classmethod
    def parse(cls, data: Octets) -> Tcp:
        need(data, HEADER_BYTES, "a TCP header")
        source, destination, sequence, acknowledgement, word, window, found, urgent = _HEADER.unpack_from(data)
        header_bytes = (word >> 12) * 4
        if header_bytes < HEADER_BYTES:
            raise ParseError(f"TCP's data offset {word >> 12} is less than the 5 words of its header")
        need(data, header_bytes, "this TCP header")
        options, payload = bytes(data[HEADER_BYTES:header_bytes]), bytes(data[header_bytes:])
        return cls(
            source, destination, sequence, acknowledgement, word & 0xFFF, window, payload, options, urgent, found
        )  # fmt: skip

    def encode(self) -> bytes:
        words = (HEADER_BYTES + len(self.options)) // 4
        header = _HEADER.pack(
            self.source_port, self.destination_port, self.sequence, self.acknowledgement,
            words << 12 | self.flags, self.window, self.checksum, self.urgent,
        )  # fmt: skip
        return header + self.options + self.payload

    def sealed(self, source: bytes, destination: bytes) -> Tcp:
        """The same segment with the right checksum between these IP addresses (4 or 16 bytes)."""
        data = self._replace(checksum=0).encode()
        return self._replace(checksum=checksum(data, pseudo_sum(source, destination, PROTOCOL, len(data))))
