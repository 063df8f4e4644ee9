"""How does DHCP read? BOOTP's fixed part, the magic cookie, then options (RFC 2131 §2, RFC 2132)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from glassnic.wire.octets import Octets, ParseError, need

SERVER_PORT, CLIENT_PORT = 67, 68
BOOT_REQUEST, BOOT_REPLY = 1, 2
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
PAD, SUBNET_MASK, ROUTER, REQUESTED_ADDRESS, LEASE_S, MESSAGE_TYPE, SERVER, END = 0, 1, 3, 50, 51, 53, 54, 255
BROADCAST_FLAG = 0x8000
UNKNOWN = bytes(4)
"""The address 0.0.0.0: not known yet, or not said."""

_FIXED = Struct(">BBBBIHH4s4s4s4s16s192x4s")
_ETHERNET = (1, 6)
_COOKIE = bytes([99, 130, 83, 99])


class Dhcp(NamedTuple):
    """Addresses are 4 bytes, `mac` 6. `options` are (code, content); BOOTP's server and file names are not read."""

    operation: int
    transaction: int
    mac: bytes
    options: tuple[tuple[int, bytes], ...]
    client: bytes = UNKNOWN
    offered: bytes = UNKNOWN
    server: bytes = UNKNOWN
    relay: bytes = UNKNOWN
    flags: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, data: Octets) -> Dhcp:
        need(data, _FIXED.size, "DHCP")
        operation, *kind, _, transaction, seconds, flags, client, offered, server, relay, hardware, cookie = (
            _FIXED.unpack_from(data)
        )
        if tuple(kind) != _ETHERNET or cookie != _COOKIE:
            raise ParseError("BOOTP for another hardware than Ethernet, or without DHCP's cookie")
        options = _parse_options(data[_FIXED.size :])
        return cls(operation, transaction, hardware[:6], options, client, offered, server, relay, flags, seconds)

    def encode(self) -> bytes:
        fixed = _FIXED.pack(
            self.operation, *_ETHERNET, 0, self.transaction, self.seconds, self.flags,
            self.client, self.offered, self.server, self.relay, self.mac, _COOKIE,
        )  # fmt: skip
        run = b"".join(bytes([code, len(content)]) + content for code, content in self.options)
        return fixed + run + bytes([END])

    def option(self, code: int) -> bytes:
        """The first option of this code; empty if there is none."""
        return next((content for found, content in self.options if found == code), b"")


def _parse_options(data: Octets) -> tuple[tuple[int, bytes], ...]:
    options, offset = [], 0
    while offset < len(data) and data[offset] != END:
        if data[offset] == PAD:
            offset += 1
            continue
        need(data, offset + 2, "a DHCP option")
        end = offset + 2 + data[offset + 1]
        need(data, end, "a DHCP option")
        options.append((data[offset], bytes(data[offset + 2 : end])))
        offset = end
    return tuple(options)
