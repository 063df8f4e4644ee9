"""How does a VLAN tag read? The tag of IEEE 802.1Q, and the run of tags between addresses and true ethertype."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, need

CUSTOMER, SERVICE, OLD_SERVICE = 0x8100, 0x88A8, 0x9100
TAGS = frozenset({CUSTOMER, SERVICE, OLD_SERVICE})
"""Ethertypes that announce a tag: 802.1Q, 802.1ad, and what came before 802.1ad."""

ADDRESSES_BYTES = 12
TAG_BYTES = 4
_TAG = Struct(">HH")


class Vlan(NamedTuple):
    """What follows a tag's ethertype: priority 0-7, drop eligible (once CFI) 0 or 1, VLAN 0-4095, then the rest."""

    priority: int
    drop_eligible: int
    identifier: int
    ethertype: int
    payload: bytes

    @classmethod
    def parse(cls, data: Octets) -> Vlan:
        need(data, TAG_BYTES, "a VLAN tag")
        control, ethertype = _TAG.unpack_from(data)
        return cls(control >> 13, control >> 12 & 1, control & 0xFFF, ethertype, bytes(data[TAG_BYTES:]))

    def encode(self) -> bytes:
        control = self.priority << 13 | self.drop_eligible << 12 | self.identifier
        return _TAG.pack(control, self.ethertype) + self.payload


def split_tags(frame: Octets) -> tuple[bytes, bytes]:
    """The run of tags of a frame (each 4 bytes, ethertype first; maybe none), and the frame without them."""
    need(frame, ADDRESSES_BYTES + 2, "an Ethernet header")
    end = ADDRESSES_BYTES
    while int.from_bytes(frame[end : end + 2], "big") in TAGS:
        need(frame, end + TAG_BYTES + 2, "a VLAN tag")
        end += TAG_BYTES
    return bytes(frame[ADDRESSES_BYTES:end]), bytes(frame[:ADDRESSES_BYTES]) + bytes(frame[end:])


def insert_tags(frame: bytes, tags: bytes) -> bytes:
    """The frame with a run of tags behind its addresses: the way back from `split_tags`."""
    return frame[:ADDRESSES_BYTES] + tags + frame[ADDRESSES_BYTES:]
