"""Which frames do the benches move? They are built here by the packet formats alone, sums and all, so that what a card
sends can be compared byte for byte with what no card has touched.

One endless flow from one station to another, the same in every run. The receiver's address is nobody's: a host that
sees these frames drops them early. No sum in the flow is zero, for that may be written in two ways (RFC 1624 §3).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

from glassnic.device.ports import PREFIX_BYTES, VNET_LEAD
from glassnic.wire import tcp, udp
from glassnic.wire.checksum import fold, pseudo_sum
from glassnic.wire.ethernet import HEADER_BYTES as ETHERNET_BYTES
from glassnic.wire.ethernet import IPV4, Ethernet
from glassnic.wire.ipv4 import HEADER_BYTES as IP_BYTES
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.tcp import ACK, PSH, Tcp
from glassnic.wire.udp import Udp

STATION, FAR = bytes.fromhex("525400123456"), bytes.fromhex("5254006e6f6e")
SOURCE, TARGET = bytes([10, 0, 2, 15]), bytes([10, 0, 77, 99])
PORT, FAR_PORT = 40000, 5201
IP_AT = ETHERNET_BYTES
L4_AT = ETHERNET_BYTES + IP_BYTES
TCP_HEADER_BYTES = L4_AT + tcp.HEADER_BYTES
UDP_HEADER_BYTES = L4_AT + udp.HEADER_BYTES
VNET_HEADER = Struct("<BBHHHH")
"""struct virtio_net_hdr: flags, GSO type, header length, GSO size, where sums begin, and where they go from there."""
NEEDS_CSUM, GSO_TCPV4 = 1, 1
SEED = 82540
NO_ZERO = "no sum of the flow is zero: choose another seed, or other addresses"


class Packet(NamedTuple):
    """What a guest hands to a card, and the frames that must leave. `frames` has one item unless it is segmented."""

    given: bytes
    frames: list[bytes]
    header_bytes: int = 0
    """Of a packet to be summed or cut: how many of the first bytes are headers."""
    mss: int = 0
    whole: bytes = b""
    """Of a packet to be cut: as a host's kernel hands it to an interface that cuts."""

    @property
    def led(self) -> list[bytes]:
        """What an interface that cuts is handed: whole sends uncut, and frames; each behind its virtio-net header."""
        if not self.mss:
            return [bytes(VNET_LEAD) + frame for frame in self.frames]
        words = (NEEDS_CSUM, GSO_TCPV4, self.header_bytes, self.mss, L4_AT, tcp.CHECKSUM_OFFSET)
        return [VNET_HEADER.pack(*words) + self.whole]


def payload(length: int, number: int) -> bytes:
    """Noise of `length` bytes, another for each `number`."""
    return random.Random(SEED * 1_000_003 + number).randbytes(length)


def tcp_packet(data: bytes, number: int, mss: int) -> Packet:
    """TCP with `data`; cut at `mss` if it is longer. `given` has sums as a driver leaves them for the card (§3.5)."""
    sequence, identification = number * 0x10000, number * 64
    pieces = [data[at : at + mss] for at in range(0, len(data), mss)]
    frames: list[bytes] = []
    for index, piece in enumerate(pieces):
        flags = ACK | (PSH if index == len(pieces) - 1 else 0)
        segment = _tcp(sequence + index * mss, flags, piece).sealed(SOURCE, TARGET)
        assert segment.checksum, NO_ZERO
        frames.append(_frame(tcp.PROTOCOL, identification + index, segment.encode(), sealed=True))
    cut = len(pieces) > 1

    def uncut(covered: int) -> bytes:
        """The pseudo header's sum over so many bytes waits in the field."""
        pseudo = pseudo_sum(SOURCE, TARGET, tcp.PROTOCOL, covered)
        return _tcp(sequence, ACK | PSH, data)._replace(checksum=pseudo).encode()

    length = tcp.HEADER_BYTES + len(data)
    if not cut:
        given = _frame(tcp.PROTOCOL, identification, uncut(length), sealed=False)
        return Packet(given, frames, TCP_HEADER_BYTES)
    # A card that cuts adds each segment's length itself (§3.5.8); a host's kernel has the whole one in its sums.
    given = _frame(tcp.PROTOCOL, identification, uncut(0), sealed=False, blank_length=True)
    whole = _frame(tcp.PROTOCOL, identification, uncut(length), sealed=True)
    return Packet(given, frames, TCP_HEADER_BYTES, mss, whole)


def udp_packet(data: bytes, number: int) -> Packet:
    """UDP with `data`, its sums left to the card."""
    pseudo = pseudo_sum(SOURCE, TARGET, udp.PROTOCOL, udp.HEADER_BYTES + len(data))
    given = _frame(udp.PROTOCOL, number, Udp(PORT, FAR_PORT, data, fold(pseudo)).encode(), sealed=False)
    frame = _frame(udp.PROTOCOL, number, Udp(PORT, FAR_PORT, data).sealed(SOURCE, TARGET).encode(), sealed=True)
    return Packet(given, [frame], UDP_HEADER_BYTES)


def ready_packet(length: int, number: int) -> Packet:
    """A whole UDP frame of `length` bytes (without FCS) with right sums: the card has only to send it."""
    frame = udp_packet(payload(length - UDP_HEADER_BYTES, number), number).frames[0]
    return Packet(frame, [frame])


def stream_of(frames: Iterable[bytes]) -> bytes:
    """The frames as a stream back end carries them: each behind its length."""
    return b"".join(len(frame).to_bytes(PREFIX_BYTES, "big") + frame for frame in frames)


def _tcp(sequence: int, flags: int, data: bytes) -> Tcp:
    return Tcp(PORT, FAR_PORT, sequence & 0xFFFF_FFFF, 1, flags, 0xFFFF, data)


def _frame(protocol: int, identification: int, data: bytes, *, sealed: bool, blank_length: bool = False) -> bytes:
    packet = Ipv4(SOURCE, TARGET, protocol, data, identification=identification & 0xFFFF)
    if sealed:
        packet = packet.sealed()
        assert packet.checksum, NO_ZERO
    encoded = packet.encode()
    if blank_length:
        encoded = encoded[:2] + bytes(2) + encoded[4:]  # a length that the card fills in
    return Ethernet(FAR, STATION, IPV4, encoded).encode()
