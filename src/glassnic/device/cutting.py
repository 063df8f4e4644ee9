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
from glassnic.device.span import copy, fold, load_be16, store_be16, sum_words
from glassnic.jit import kernel

NEEDS_CSUM = 1
GSO_TCPV4, GSO_TCPV6, ECN = 1, 4, 0x80
ETHERNET, TAG, TCP_BYTES = 14, 4, 20
VLAN = 0x8100
CWR, FIN_PSH = 0x80, 0x09
FCS = 4


@kernel
def cut(packet: NDArray[np.uint8], run: NDArray[np.uint8], lengths: NDArray[np.int64]) -> int:
    """Frames of `packet`, which follows its header, into `run`, each with room for an FCS; their lengths; how many.

    0 says that they do not fit, or that the header asks for what cannot be.
    """
    kind = octet(packet, 1) & ~ECN
    if kind == 0:
        return complete(packet, run, lengths)
    size = octet(packet, 4) | octet(packet, 5) << 8
    l4 = octet(packet, 6) | octet(packet, 7) << 8
    begin, length = VNET_LEAD, len(packet) - VNET_LEAD
    l3 = ETHERNET + TAG if length > ETHERNET + TAG and load_be16(packet, begin + 12) == VLAN else ETHERNET
    if (kind != GSO_TCPV4 and kind != GSO_TCPV6) or size == 0 or l4 < l3 + 20 or l4 + TCP_BYTES > length:
        return 0
    hdrlen = l4 + (octet(packet, begin + l4 + 12) >> 4) * 4
    number = (length - hdrlen + size - 1) // size
    if hdrlen < l4 + TCP_BYTES or hdrlen >= length or number > len(lengths):
        return 0
    if length + (number - 1) * hdrlen + number * FCS > len(run):
        return 0
    at = 0
    for index in range(number):
        payload = index * size
        count = min(size, length - hdrlen - payload)
        copy(run, at, packet, begin, hdrlen)
        copy(run, at + hdrlen, packet, begin + hdrlen + payload, count)
        last = index == number - 1
        put_right(run, at, l3, l4, length - l4, hdrlen + count, payload, index, last, kind == GSO_TCPV4)
        lengths[index] = hdrlen + count
        at += hdrlen + count + FCS
    return number


@leaf
def complete(packet: NDArray[np.uint8], run: NDArray[np.uint8], lengths: NDArray[np.int64]) -> int:
    """A packet that is one frame, and may lack a sum: its field holds the pseudo header's part of it."""
    start = octet(packet, 6) | octet(packet, 7) << 8
    place = start + (octet(packet, 8) | octet(packet, 9) << 8)
    length = len(packet) - VNET_LEAD
    if length + FCS > len(run) or length <= 0:
        return 0
    copy(run, 0, packet, VNET_LEAD, length)
    if octet(packet, 0) & NEEDS_CSUM and place + 2 <= length:
        store_sum(run, start, place, length)
    lengths[0] = length
    return 1


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
        run[at + l4 + 13] &= 0xFF - FIN_PSH
    if index:
        run[at + l4 + 13] &= 0xFF - CWR
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
    return int(packet[at]) & 0xFF
