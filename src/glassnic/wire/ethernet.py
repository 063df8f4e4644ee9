"""How does an Ethernet frame read? Ethernet II as the card hands it over: no preamble, no FCS (IEEE 802.3 clause 3)."""

from __future__ import annotations

import re
from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, need

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
BROADCAST = b"\xff" * 6
HEADER_BYTES = 14
MIN_FRAME_BYTES = 60
"""The shortest frame on a wire, its 4 bytes of FCS not counted."""

_HEADER = Struct(">6s6sH")
_MAC_TEXT = re.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


class Ethernet(NamedTuple):
    """Addresses are 6 bytes. `ethertype` below 0600h is a length (802.3); `payload` keeps its padding."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes

    @classmethod
    def parse(cls, data: Octets) -> Ethernet:
        need(data, HEADER_BYTES, "an Ethernet header")
        destination, source, ethertype = _HEADER.unpack_from(data)
        return cls(destination, source, ethertype, bytes(data[HEADER_BYTES:]))

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
    if not _MAC_TEXT.fullmatch(text):
        raise ValueError(f"{text!r} is not a MAC address: write six pairs of hexadecimal digits, as 52:54:00:12:34:56")
    return bytes.fromhex(text.replace(":", ""))


def mac_text(address: bytes) -> str:
    """6 bytes as `52:54:00:12:34:56`."""
    return address.hex(":")
