"""Are the checksums of a received packet right? The slow twin of the engine's judge, clarity first (§3.2.9)."""

from __future__ import annotations

from typing import NamedTuple

TCP, UDP = 6, 17
EXTENSIONS = {0x00, 0x3C, 0x2B}
ROUTING = 0x2B


class NaiveSums(NamedTuple):
    """VET, and what is judged: the IPv4 header, IPv6 packets, TCP and UDP."""

    tag_type: int
    ipv4: bool
    ipv6: bool
    layer4: bool

    def judge(self, rest: bytes) -> tuple[bool | None, bool | None]:
        """Is the IP checksum right, is the TCP or UDP one; None where not calculated. `rest` begins at the type."""
        if int.from_bytes(rest[:2], "big") == self.tag_type and len(rest) >= 6:
            rest = rest[4:]
        if int.from_bytes(rest[:2], "big") < 0x600 and rest[2:8] == b"\xaa\xaa\x03\0\0\0" and len(rest) >= 10:
            rest = rest[8:]
        if rest[:2] == b"\x08\x00":
            return self._ipv4(rest[2:])
        if rest[:2] == b"\x86\xdd" and self.ipv6:
            return None, self._ipv6(rest[2:])
        return None, None

    def _ipv4(self, packet: bytes) -> tuple[bool | None, bool | None]:
        header = (packet[0] & 15) * 4 if packet else 0
        if len(packet) < 20 or packet[0] >> 4 != 4 or header < 20 or header > len(packet):
            return None, None
        ip = ones_sum(packet[:header]) == 0xFFFF if self.ipv4 else None
        total, fragment = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[6:8], "big") & 0x3FFF
        if not header <= total <= len(packet) or fragment:
            return ip, None
        return ip, self._of(packet[9], packet[header:total], packet[12:20])

    def _ipv6(self, packet: bytes) -> bool | None:
        payload = int.from_bytes(packet[4:6], "big")
        if len(packet) < 40 or packet[0] >> 4 != 6 or not payload or len(packet) < 40 + payload:
            return None
        protocol, rest = packet[6], packet[40 : 40 + payload]
        while protocol in EXTENSIONS:
            if len(rest) < 8 or rest[1] > 7 or len(rest) < 8 + 8 * rest[1] or (protocol == ROUTING and rest[3]):
                return None
            protocol, rest = rest[0], rest[8 + 8 * rest[1] :]
        return self._of(protocol, rest, packet[8:40])

    def _of(self, protocol: int, segment: bytes, addresses: bytes) -> bool | None:
        if not self.layer4 or len(segment) < {TCP: 20, UDP: 8}.get(protocol, 1 << 30):
            return None
        if protocol == UDP:
            length = int.from_bytes(segment[4:6], "big")
            if not 8 <= length <= len(segment) or segment[6:8] == b"\0\0":
                return None
            segment = segment[:length]
        pseudo = addresses + len(segment).to_bytes(4, "big") + protocol.to_bytes(4, "big")
        return ones_sum(pseudo + segment) == 0xFFFF


def ones_sum(data: bytes) -> int:
    """The one's complement sum of 16-bit words, the last one padded on the right."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total
