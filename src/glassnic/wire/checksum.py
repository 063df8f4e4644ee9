"""What is the Internet checksum of these bytes? The one's complement sum of 16-bit words (RFC 1071), pseudo headers.

An odd number of bytes is padded with a zero byte on the right. A sum is folded to 16 bits and not complemented; a
checksum is the complement of a sum. Only bytes that are all zero sum to 0000h: any other multiple of FFFFh reads FFFFh.
"""

from __future__ import annotations

import sys

import numpy as np

from glassnic.wire.octets import Octets

ALL_ONES = 0xFFFF
_LONG_BYTES = 600
"""From here on numpy's sum is quicker than one division of a long integer."""


def fold(total: int) -> int:
    """Any sum of 16-bit words, carries added back in, down to 16 bits."""
    return (total - 1) % ALL_ONES + 1 if total else 0


def ones_sum(data: Octets) -> int:
    """The one's complement sum over `data`, folded."""
    if len(data) < _LONG_BYTES:
        return fold(int.from_bytes(data, "big") << 8 * (len(data) & 1))
    even = len(data) & ~1
    total = fold(int(np.frombuffer(data, np.uint16, even // 2).sum(dtype=np.uint64)))
    if sys.byteorder == "little":
        total = total >> 8 | (total & 0xFF) << 8  # the sum does not mind the byte order, it only comes out swapped
    return fold(total + (data[-1] << 8 if len(data) & 1 else 0))


def checksum(data: Octets, start: int = 0) -> int:
    """What goes into a checksum field: the complement of the sum over `data` and of `start`, a sum made before."""
    return ALL_ONES - fold(ones_sum(data) + start)


def pseudo_sum(source: bytes, destination: bytes, protocol: int, length_bytes: int) -> int:
    """The sum over the pseudo header of IPv4 (RFC 793 §3.1) or IPv6 (RFC 8200 §8.1), by the addresses' size.

    Both hold the addresses, the protocol and the length of what the checksum covers; their zeros do not count.
    """
    return fold(ones_sum(source) + ones_sum(destination) + protocol + fold(length_bytes))
