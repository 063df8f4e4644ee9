"""How does an Ethernet frame read? Ethernet II as the card hands it over: no preamble, no FCS (IEEE 802.3 §3)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, need

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
BROADCAST = b"\xff" * 6
HEADER_BYTES = 14
MIN_FRAME_BYTES = 60
"""The shortest frame on a wire, its 4 bytes of FCS not counted."""

_HEADER = Struct(">6s6sH")


class Ethernet(NamedTuple):
    """Addresses are 6 bytes. `ethertype` below 0600h is a length (802.3); `payload` keeps its padding."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes

    @classmethod
    def parse(cls, data: Octets) -> Ethernet:
        need(data, HEADER_BYTES, "an Ethernet header")
        return cls(*_HEADER.unpack_from(data), bytes(data[HEADER_BYTES:]))

    def encode(self) -> bytes:
        return _HEADER.pack(self.destination, self.source, self.ethertype) + self.payload


def padded(frame: bytes) -> bytes:
    """The frame as a wire carries it: a sender fills up to 60 bytes, but host programs hand over shorter ones."""
    return frame.ljust(MIN_FRAME_BYTES, b"\0")


def is_multicast(address: bytes) -> bool:
    """True for a group address, broadcast among them: the first bit on the wire is set."""
    return bool(address[0] & 1)


def mac(text: str) -> bytes:
    """`52:54:00:12:34:56` as 6 bytes. ValueError for anything else."""
    parts = text.replace("-", ":").split(":")
    if len(parts) != 6 or any(len(part) != 2 for part in parts):
        raise ValueError(f"{text!r} is not a MAC address: write six pairs of hexadecimal digits, as 52:54:00:12:34:56")
    try:
        return bytes(int(part, 16) for part in parts)
    except ValueError:
        raise ValueError(f"{text!r} is not a MAC address: {text!r} holds something but hexadecimal digits") from None


def mac_text(address: bytes) -> str:
    """6 bytes as `52:54:00:12:34:56`."""
    return address.hex(":")
