"""Are a received packet's checksums right? The filters a packet passes one after the other, and what is said of it
(§3.2.9).

The verdict is honest: a checksum is called calculated only where all of what it covers was there to be summed. Jitted
leaves, under the engine's rules; `end` is where the frame ends, less its FCS, and no byte from there on is looked at.
"""

from __future__ import annotations

from glassnic.device.leaf import leaf
from glassnic.device.receive_state import ADDRESS, SUM, SUM_BEGIN, SUM_END, TAG, Desk, Setting, octet, word
from glassnic.device.span import fold, in_step, sum_words, swap
from glassnic.spec.descriptors import RX

IPCS, TCPCS, IXSM = RX.IPCS.mask >> 32, RX.TCPCS.mask >> 32, RX.IXSM.mask >> 32
IPE, TCPE = RX.IPE.mask >> 32, RX.TCPE.mask >> 32
"""Bits of status and, eight higher, errors."""

LENGTH_FIELDS = 0x0600
"""A type below this is a length: an 802.3 frame, whose type may be in a SNAP header."""
SNAP_BYTES = 8
TYPE_IPV4, TYPE_IPV6 = 0x0800, 0x86DD
IPV4_BYTES, IPV6_BYTES, UDP_BYTES, TCP_BYTES = 20, 40, 8, 20
TCP, UDP = 6, 17
HOP_BY_HOP, ROUTING, DESTINATION = 0x00, 0x2B, 0x3C
EXTENSION_LIMIT_BYTES = 64
FRAGMENT = 0x3FFF
"""More Fragments, and the fragment offset (RFC 791 §3.1)."""
RIGHT = 0xFFFF
"""What the words of a packet sum to, its checksum included."""


@leaf
def verdict(desk: Desk, setting: Setting, at: int, end: int) -> int:
    """Status and error bits on the packet's checksums; IXSM when none was calculated (§3.2.3.1, inferred)."""
    place = at + 2 * ADDRESS
    kind = word(desk, place)
    if kind == setting.vet and place + TAG + 2 <= end:
        place += TAG
        kind = word(desk, place)
    if kind < LENGTH_FIELDS and place + 2 + SNAP_BYTES <= end and is_snap(desk, place + 2):
        place += SNAP_BYTES
        kind = word(desk, place)
    said = 0
    if kind == TYPE_IPV4:
        said = verdict_ipv4(desk, setting, place + 2, end)
    elif kind == TYPE_IPV6:
        said = verdict_ipv6(desk, setting, place + 2, end)
    return said if said else IXSM


@leaf
def is_snap(desk: Desk, at: int) -> bool:
    """AA AA 03 and no organization: an Ethernet type follows (RFC 1042)."""
    return word(desk, at) == 0xAAAA and word(desk, at + 2) == 0x0300 and word(desk, at + 4) == 0


@leaf
def verdict_ipv4(desk: Desk, setting: Setting, at: int, end: int) -> int:
    """The header's checksum with IPOFL; TCP and UDP with TUOFL, which Linux sets alone (§3.2.9.3, §13.4.47)."""
    if at + IPV4_BYTES > end:
        return 0
    first = octet(desk, at)
    header = (first & 0xF) * 4
    if first >> 4 != 4 or header < IPV4_BYTES or at + header > end:
        return 0
    said = 0
    if setting.ipv4:
        said = IPCS if fold(sum_words(desk.arena, at, at + header)) == RIGHT else IPCS | IPE
    total = word(desk, at + 2)
    if total < header or at + total > end or word(desk, at + 6) & FRAGMENT:
        return said
    addresses = sum_words(desk.arena, at + 12, at + 20)
    return said | verdict_layer4(desk, setting, octet(desk, at + 9), at + header, at + total, addresses)


@leaf
def verdict_ipv6(desk: Desk, setting: Setting, at: int, end: int) -> int:
    """No checksum of its own; TCP and UDP past the extension headers hardware knows, of up to 64 bytes (§3.2.9.4)."""
    if not setting.ipv6 or at + IPV6_BYTES > end or octet(desk, at) >> 4 != 6:
        return 0
    payload = word(desk, at + 4)
    stop = at + IPV6_BYTES + payload
    if payload == 0 or stop > end:
        return 0
    protocol, place = octet(desk, at + 6), at + IPV6_BYTES
    while protocol in (HOP_BY_HOP, ROUTING, DESTINATION):
        if place + 8 > stop:
            return 0
        size = (octet(desk, place + 1) + 1) * 8
        if size > EXTENSION_LIMIT_BYTES or place + size > stop:
            return 0
        if protocol == ROUTING and octet(desk, place + 3):
            return 0  # the last destination, which the sum covers, is not in the header yet (inferred)
        protocol = octet(desk, place)
        place += size
    addresses = sum_words(desk.arena, at + 8, at + IPV6_BYTES)
    return verdict_layer4(desk, setting, protocol, place, stop, addresses)


@leaf
def verdict_layer4(desk: Desk, setting: Setting, protocol: int, at: int, end: int, addresses: int) -> int:
    """TCP or UDP over [at, end), with the pseudo header (§3.2.9.5). UDP without a checksum is not judged (inferred)."""
    length = end - at
    if not setting.layer4:
        return 0
    if protocol == UDP and length >= UDP_BYTES:
        said = word(desk, at + 4)
        if said < UDP_BYTES or said > length or word(desk, at + 6) == 0:
            return 0
        length = said
    elif protocol != TCP or length < TCP_BYTES:
        return 0
    # As words are summed lowest byte first, protocol and length come swapped.
    total = addresses + swap(protocol) + swap(length)
    state = desk.state
    state[SUM_BEGIN], state[SUM_END], state[SUM] = at, at + length, sum_words(desk.arena, at, at + length)
    total += state[SUM]
    return TCPCS if fold(total) == RIGHT else TCPCS | TCPE


@leaf
def sum_to(desk: Desk, begin: int, end: int) -> int:
    """The words of [begin, end) of the arena; if the end of it is summed already, that is not done again."""
    state = desk.state
    if state[SUM_END] == end and state[SUM_BEGIN] >= begin:
        return sum_words(desk.arena, begin, state[SUM_BEGIN]) + in_step(state[SUM], state[SUM_BEGIN] - begin)
    return sum_words(desk.arena, begin, end)
