"""What does a stack hand to a driver, and what does it hope to see on the wire? One header and payload of TCP or UDP.

`encode` is the packet as the card wants it: the pseudo header's sum in the checksum field, lengths zero where the card
segments (§3.5.5, §3.6). `fields` is the context for it (§3.3.6), `frames` what must leave, made with the codecs of
`wire`: not by patching headers as a card does, but each frame anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.ethernet import IPV4, IPV6, Ethernet
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.tcp import FIN, PSH, Tcp
from glassnic.wire.tcp import PROTOCOL as TCP
from glassnic.wire.udp import PROTOCOL as UDP
from glassnic.wire.udp import Udp

ADDRESSES = {4: (b"\x0a\0\0\2", b"\x0a\0\0\1"), 6: (bytes(range(16)), bytes(range(16, 32)))}
IDENTIFICATION = 0xFFFE
"""So that it wraps after two frames."""


@dataclass(frozen=True)
class Message:
    """A packet for the card. `mss` 0: no segmentation; `tags` are VLAN tags that the stack wrote itself."""

    ipv6: bool = False
    tcp: bool = True
    payload: bytes = b""
    mss: int = 0
    options: bytes = b""
    tags: bytes = b""
    to: bytes = b"\x52\x54\0\0\0\1"
    flags: int = 0x019
    """TCP's: FIN, PSH and ACK, so that one sees where they go."""
    sequence: int = 0xFFFF_F000
    ports: tuple[int, int] = (40000, 80)

    @property
    def l3(self) -> int:
        """Offset of the IP header."""
        return 14 + len(self.tags)

    @property
    def l4(self) -> int:
        """Offset of the TCP or UDP header."""
        return self.l3 + (40 if self.ipv6 else 20)

    @property
    def header_bytes(self) -> int:
        return self.l4 + (20 + len(self.options) if self.tcp else 8)

    @property
    def fields(self) -> dict[str, int]:
        """The context for this message (§3.3.6), as drivers write it."""
        sums = {"TUCSS": self.l4, "TUCSO": self.l4 + (16 if self.tcp else 6), "TUCSE": 0}
        if not self.ipv6:
            sums |= {"IPCSS": self.l3, "IPCSO": self.l3 + 10, "IPCSE": self.l4 - 1}
        else:
            sums |= {"IPCSS": self.l3}
        kind = {"IP": int(not self.ipv6), "TCP": int(self.tcp)}
        if not self.mss:
            return sums | kind
        return sums | kind | {"TSE": 1, "HDRLEN": self.header_bytes, "MSS": self.mss, "PAYLEN": len(self.payload)}

    @property
    def bits(self) -> dict[str, int]:
        """What the data descriptors of this message ask for (§3.3.7): both sums, as far as the protocol has them."""
        return {"TXSM": 1, "IXSM": int(not self.ipv6), "TSE": int(self.mss > 0), "IFCS": 1}

    def encode(self) -> bytes:
        """The packet as it is handed over."""
        length = self.header_bytes - self.l4 + len(self.payload)
        source, target = ADDRESSES[6 if self.ipv6 else 4]
        start = pseudo_sum(source, target, TCP if self.tcp else UDP, 0 if self.mss else length)
        frame = bytearray(self._around(self._inner(self.payload, checksum=start), IDENTIFICATION, sealed=False))
        if self.mss:
            at = self.l3 + (4 if self.ipv6 else 2)
            frame[at : at + 2] = bytes(2)
        return bytes(frame)

    def frames(self) -> tuple[bytes, ...]:
        """What must leave (§3.5): without FCS, with the tags that the stack wrote."""
        step = self.mss or len(self.payload) or 1
        out = []
        for number, begin in enumerate(range(0, max(len(self.payload), 1), step)):
            payload = self.payload[begin : begin + step]
            is_last = begin + step >= len(self.payload)
            flags = self.flags if is_last else self.flags & ~(FIN | PSH)
            part = replace(self, flags=flags, sequence=(self.sequence + begin) & 0xFFFF_FFFF)
            identification = (IDENTIFICATION + number) & 0xFFFF
            out.append(self._around(part._inner(payload), identification, sealed=True))
        return tuple(out)

    def _inner(self, payload: bytes, checksum: int = 0) -> Tcp | Udp:
        source, target = self.ports
        if self.tcp:
            return Tcp(source, target, self.sequence, 7, self.flags, 512, payload, self.options, checksum=checksum)
        return Udp(source, target, payload, checksum)

    def _around(self, inner: Tcp | Udp, identification: int, *, sealed: bool) -> bytes:
        source, target = ADDRESSES[6 if self.ipv6 else 4]
        octets = (inner.sealed(source, target) if sealed else inner).encode()
        protocol = TCP if self.tcp else UDP
        if self.ipv6:
            outer, ethertype = Ipv6(source, target, protocol, octets).encode(), IPV6
        else:
            packet = Ipv4(source, target, protocol, octets, identification=identification)
            outer, ethertype = (packet.sealed() if sealed else packet).encode(), IPV4
        frame = bytearray(Ethernet(self.to, b"\x52\x54\0\0\0\2", ethertype, outer).encode())
        frame[12:12] = self.tags
        return bytes(frame)
