"""How does a packet that the host left whole become frames? Cut at its segment size, with headers and sums put right.

The way in of `handover.py`: a TAP that is asked for it gives TCP packets of up to 64 KB, and others with a sum still to
be made, behind a virtio-net header. The 8254x receives frames, so the wire's share of the work is done here: no 8254x
joins or cuts what it receives (§3.2). Kernel rules hold; a header that asks for what cannot be yields nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.ports import VNET_LEAD
from glassnic.device.receive_state import FCS, LONGEST
from glassnic.device.span import copy, fold, load_be16, store_be16, sum_words, unsigned
from glassnic.jit import kernel

NEEDS_CSUM = 1
GSO_TCPV4, GSO_TCPV6, ECN = 1, 4, 0x80
ETHERNET, TAG, TCP_BYTES = 14, 4, 20
VLAN = 0x8100
CWR, FIN_PSH = 0x80, 0x09
FLAGS, KIND, SIZE, SUM_START, SUM_OFFSET = -10, -9, -6, -4, -2
"""Fields of the virtio-net header, seen from the packet behind it."""


@kernel
def cut(packet: NDArray[np.uint8], run: NDArray[np.uint8], lengths: NDArray[np.int64]) -> int:
    """Frames of `packet`, which follows its header, into `run`, each with room for an FCS; their lengths; how many.

    0 says that they do not fit, or that the header asks for what cannot be.
    """
    number = frames_in(packet, VNET_LEAD, len(packet))
    headers = number * header_bytes(packet, VNET_LEAD) if number > 1 else 0
    if number > len(lengths) or len(packet) - VNET_LEAD + headers + number * FCS > len(run):
        return 0
    at = 0
    for index in range(number):
        lengths[index] = put_frame(packet, VNET_LEAD, len(packet), index, run, at)
        at += lengths[index] + FCS
    return number


@leaf
def frames_in(packets: NDArray[np.uint8], start: int, end: int) -> int:
    """How many frames the packet at [start, end) makes, its header before it; 0 if that asks for what cannot be."""
    kind = octet(packets, start + KIND) & ~ECN
    length = end - start
    if kind == 0:
        return 1 if 0 < length <= LONGEST - FCS else 0
    size, l4 = number16(packets, start + SIZE), number16(packets, start + SUM_START)
    l3 = network_at(packets, start, length)
    if (kind != GSO_TCPV4 and kind != GSO_TCPV6) or size == 0 or l4 < l3 + 20 or l4 + TCP_BYTES > length:
        return 0
    headers = header_bytes(packets, start)
    if headers < l4 + TCP_BYTES or headers >= length or headers + size > LONGEST - FCS:
        return 0
    return (length - headers + size - 1) // size


@leaf
def put_frame(packets: NDArray[np.uint8], start: int, end: int, index: int, arena: NDArray[np.uint8], at: int) -> int:
    """Frame `index` of those that `frames_in` found, at `at` of the arena; its length."""
    kind = octet(packets, start + KIND) & ~ECN
    length = end - start
    l4 = number16(packets, start + SUM_START)
    if kind == 0:
        copy(arena, at, packets, start, length)
        place = l4 + number16(packets, start + SUM_OFFSET)  # holds the pseudo header's part of the sum
        if octet(packets, start + FLAGS) & NEEDS_CSUM and place + 2 <= length:
            store_sum(arena, at + l4, at + place, at + length)
        return length
    headers, size = header_bytes(packets, start), number16(packets, start + SIZE)
    payload = index * size
    count = min(size, length - headers - payload)
    copy(arena, at, packets, start, headers)
    copy(arena, at + headers, packets, start + headers + payload, count)
    l3, last = network_at(packets, start, length), headers + payload + count == length
    put_right(arena, at, l3, l4, length - l4, headers + count, payload, index, last, kind == GSO_TCPV4)
    return headers + count


@leaf
def network_at(packets: NDArray[np.uint8], start: int, length: int) -> int:
    """Where the IP header begins, seen from the packet's start: behind a VLAN tag if there is one."""
    tagged = length > ETHERNET + TAG and load_be16(packets, start + 12) == VLAN
    return ETHERNET + TAG if tagged else ETHERNET


@leaf
def header_bytes(packets: NDArray[np.uint8], start: int) -> int:
    """All headers of a TCP packet, for TCP's own says how long it is."""
    l4 = number16(packets, start + SUM_START)
    return l4 + (octet(packets, start + l4 + 12) >> 4) * 4


@leaf
def put_right(
    run: NDArray[np.uint8],
    at: int,
    l3: int,
    l4: int,
    whole: int,
    length: int,
    payload: int,
    index: int,
    last: bool,
    ipv4: bool,
) -> None:
    """The header of one frame that was cut: lengths, IPv4 ID and sum, sequence, flags, and the sum of TCP.

    `whole` is the length of the uncut TCP segment, which the pseudo header's part in the checksum field counts.
    """
    if ipv4:
        store_be16(run, at + l3 + 2, length - l3)
        store_be16(run, at + l3 + 4, load_be16(run, at + l3 + 4) + index)
        store_be16(run, at + l3 + 10, 0)
        store_sum(run, at + l3, at + l3 + 10, at + l4)
    else:
        store_be16(run, at + l3 + 4, length - l3 - 40)
    sequence = (load_be16(run, at + l4 + 4) << 16) + load_be16(run, at + l4 + 6) + payload
    store_be16(run, at + l4 + 4, sequence >> 16)
    store_be16(run, at + l4 + 6, sequence)
    if not last:
        run[unsigned(at + l4 + 13)] &= 0xFF - FIN_PSH
    if index:
        run[unsigned(at + l4 + 13)] &= 0xFF - CWR
    pseudo = load_be16(run, at + l4 + 16) + (~whole & 0xFFFF) + length - l4
    pseudo = (pseudo & 0xFFFF) + (pseudo >> 16)
    store_be16(run, at + l4 + 16, (pseudo & 0xFFFF) + (pseudo >> 16))
    store_sum(run, at + l4, at + l4 + 16, at + length)


@leaf
def store_sum(run: NDArray[np.uint8], start: int, place: int, end: int) -> None:
    """The checksum of [start, end), what stands at `place` included, put there; never 0, which UDP takes for none."""
    value = ~fold(sum_words(run, start, end)) & 0xFFFF
    store_be16(run, place, value if value else 0xFFFF)


@leaf
def octet(packet: NDArray[np.uint8], at: int) -> int:
    """A byte, as int64."""
    return int(packet[unsigned(at)]) & 0xFF


@leaf
def number16(packet: NDArray[np.uint8], at: int) -> int:
    """Two bytes as virtio has them, lowest first."""
    return octet(packet, at) | octet(packet, at + 1) << 8
