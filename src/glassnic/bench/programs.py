"""What work is given to a transmit ring? Programs: descriptors and buffers laid out in guest memory as Linux's driver
lays them, the doorbells, and the frames that must come out.

A context precedes each packet that needs one, headers have a descriptor of their own when the card cuts, and payload
comes in pieces of at most 4096 bytes (e1000_main.c does the same). Only the last descriptor asks for a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from glassnic.bench.frames import (
    IP_AT,
    L4_AT,
    TCP_HEADER_BYTES,
    UDP_HEADER_BYTES,
    Packet,
    payload,
    ready_packet,
    tcp_packet,
    udp_packet,
)
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.fields import TCTL
from glassnic.spec.registers import R
from glassnic.wire import tcp, udp

RING, BUFFERS, MEMORY_BYTES = 0x10_0000, 0x20_0000, 64 << 20
"""Where things lie in the guest's memory: above a PC's first megabyte."""
PIECE_BYTES = 4096
MSS = 1460
LONG_BYTES, MIDDLING_BYTES = 64_000, 11_000
"""What TCP sends at once. No multiple of the MSS: QEMU's e1000 would add a frame without payload."""
DATAGRAM_BYTES = 1400
SHORTEST_BYTES = 60
BUFFER_ALIGNMENT = 64


@dataclass(frozen=True)
class Program:
    """Work for a transmit ring, to be done in one go."""

    name: str
    packets: int
    frames: list[bytes]
    """What must leave, in order, without FCS."""
    led: list[bytes]
    """The same for an interface that cuts: see `Packet.led`."""
    ring: bytes
    buffers: bytes
    entries: int
    """Of the ring: a multiple of 8, and more than there are descriptors, so that all may be given at once."""
    tails: list[int]
    """Where each packet ends: a doorbell may be rung there."""


def tso64k(count: int) -> Program:
    """Super-frames of TCP, 64 KB each, that the card cuts into frames of 1514 bytes."""
    return program("tso64k", (tcp_packet(payload(LONG_BYTES, n), n, MSS) for n in range(count)))


def csum1514(count: int) -> Program:
    """Frames of 1514 bytes whose IP and TCP sums the card puts in."""
    return program("csum1514", (tcp_packet(payload(MSS, n), n, MSS) for n in range(count)))


def legacy64(count: int) -> Program:
    """The shortest frames, ready as they are, by legacy descriptors; 64 bytes with FCS."""
    return program("legacy64", (ready_packet(SHORTEST_BYTES, n) for n in range(count)))


def mixed(count: int) -> Program:
    """Super-frames of eight segments and summed datagrams in turn: both contexts in use."""

    def packets() -> Iterator[Packet]:
        for n in range(count // 2):
            yield tcp_packet(payload(MIDDLING_BYTES, n), n, MSS)
            yield udp_packet(payload(DATAGRAM_BYTES, n), n)

    return program("mixed", packets())


def program(name: str, packets: Iterable[Packet]) -> Program:
    """Lay packets out."""
    descriptors: list[bytes] = []
    buffers = bytearray()
    frames: list[bytes] = []
    led: list[bytes] = []
    tails: list[int] = []
    for packet in packets:
        descriptors += _describe(packet, BUFFERS + len(buffers))
        buffers += packet.given + bytes(-len(packet.given) % BUFFER_ALIGNMENT)
        frames += packet.frames
        led += packet.led
        tails.append(len(descriptors))
    descriptors[-1] = _with_report(descriptors[-1])
    entries = (len(descriptors) // 8 + 1) * 8
    ring = b"".join(descriptors).ljust(entries * DESCRIPTOR_BYTES, b"\0")
    assert len(ring) <= BUFFERS - RING and len(buffers) <= MEMORY_BYTES - BUFFERS
    return Program(name, len(tails), frames, led, ring, bytes(buffers), entries, tails)


def transmitter(program: Program) -> list[tuple[int, int]]:
    """Register writes, offset and value, that put the transmitter at the start of the program's ring."""
    return [
        (R.TCTL.offset, 0),
        (R.TDBAL.offset, RING),
        (R.TDBAH.offset, 0),
        (R.TDLEN.offset, program.entries * DESCRIPTOR_BYTES),
        (R.TDH.offset, 0),
        (R.TDT.offset, 0),
        (R.TCTL.offset, TCTL.EN.mask | TCTL.PSP.mask),
    ]


def _describe(packet: Packet, address: int) -> list[bytes]:
    """The descriptors of one packet whose bytes lie at `address`."""
    length = len(packet.given)
    if not packet.header_bytes:
        return [encode_legacy(address, length, EOP=1, IFCS=1)]
    cut = int(packet.mss > 0)
    options = {"IFCS": 1, "TSE": cut, "IXSM": 1, "TXSM": 1}
    header = [packet.header_bytes] if cut else []
    bounds = [0, *header, *range(packet.header_bytes + PIECE_BYTES, length, PIECE_BYTES)]
    ends = [*bounds[1:], length]
    data = [
        encode_data(address + start, end - start, EOP=int(end == length), **options)
        for start, end in zip(bounds, ends, strict=True)
    ]
    return [_context(packet, cut), *data]


def _context(packet: Packet, cut: int) -> bytes:
    is_tcp = packet.header_bytes == TCP_HEADER_BYTES
    assert is_tcp or packet.header_bytes == UDP_HEADER_BYTES
    sum_at = L4_AT + (tcp.CHECKSUM_OFFSET if is_tcp else udp.CHECKSUM_OFFSET)
    ranges = {"IPCSS": IP_AT, "IPCSO": IP_AT + 10, "IPCSE": L4_AT - 1, "TUCSS": L4_AT, "TUCSO": sum_at, "TUCSE": 0}
    segmentation = {"TSE": 1, "HDRLEN": packet.header_bytes, "MSS": packet.mss} if cut else {}
    paylen = len(packet.given) - packet.header_bytes if cut else 0
    return encode_context(**ranges, **segmentation, PAYLEN=paylen, TCP=int(is_tcp), IP=1)


def _with_report(descriptor: bytes) -> bytes:
    """The same descriptor with RS set: the card writes DD when it is done (§3.3.3.2)."""
    return descriptor[:11] + bytes([descriptor[11] | 0x08]) + descriptor[12:]
