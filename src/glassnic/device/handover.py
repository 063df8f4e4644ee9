"""When may a TCP send leave whole, for the host to cut? When its kernel would make exactly the frames that we would.

A special path of segmentation, for back ends whose frames follow a virtio-net header (TAP); leaves of the transmit
engine, under its rules. The general path is the measure: a context means what the host does only if its ranges are
TCP's over plain IPv4 or IPv6 and the prototype's checksum is the pseudo header's without length (§3.5.5, §3.5.7).
All else we cut ourselves, so that no host "corrects" what a driver did wrong.
"""

from __future__ import annotations

from glassnic.device.framing import count, hand_on, take
from glassnic.device.insertion import insert_sum
from glassnic.device.leaf import leaf
from glassnic.device.lending import depart
from glassnic.device.ports import VNET_LEAD
from glassnic.device.span import fold, load_be16, store_be16, sum_words
from glassnic.device.transmit_state import (
    CURSOR,
    FIRST,
    GAP,
    IN_COMMAND,
    IN_RANGES,
    LENGTH,
    MAY_HAND_OVER,
    NUMBER,
    SEGMENTED,
    Desk,
    Setting,
)  # fmt: skip
from glassnic.spec.descriptors import RANGES, TX_CONTEXT, TX_DATA

ETHERNET, TCP_BYTES, TCP = 14, 20, 6
IPV4, IPV6 = 0x0800, 0x86DD
CWR = 0x80
FRAGMENT = 0x3FFF
"""MF and the fragment offset of IPv4."""
SMALLEST_MSS = 256
"""Below this a host gains nothing; and it bounds what must be cut after all, if a send ends early."""
LARGEST = 65535
# struct virtio_net_hdr: flags, gso_type, then little-endian hdr_len, gso_size, csum_start, csum_offset.
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6 = 1, 1, 4


@leaf
def host_cuts_alike(desk: Desk, setting: Setting) -> bool:
    """May this send leave whole? Its header is complete in `desk.header`."""
    state, header = desk.state, desk.header
    ranges, context, first = state[IN_RANGES], state[IN_COMMAND], state[FIRST]
    if setting.lead != VNET_LEAD or not state[MAY_HAND_OVER] or state[GAP] or not take(context, TX_CONTEXT.TCP):
        return False
    if setting.open_end or setting.late_tag or not setting.latched:
        return False
    hdrlen, mss, paylen = (
        take(context, TX_CONTEXT.HDRLEN),
        take(context, TX_CONTEXT.MSS),
        take(context, TX_CONTEXT.PAYLEN),
    )
    l4, version4 = take(ranges, RANGES.TUCSS), take(context, TX_CONTEXT.IP)
    sums = take(first, TX_DATA.TXSM) and take(first, TX_DATA.IXSM) == version4 and take(first, TX_DATA.IFCS)
    places = take(ranges, RANGES.IPCSS) == ETHERNET and take(ranges, RANGES.TUCSO) == l4 + 16
    if not sums or not places or take(ranges, RANGES.TUCSE) or mss < SMALLEST_MSS or paylen <= mss:
        return False
    if hdrlen + paylen > LARGEST or hdrlen < l4 + TCP_BYTES:
        return False
    if hdrlen != l4 + (header[l4 + 12] >> 4) * 4 or header[l4 + 13] & CWR:
        return False
    return is_ipv4(desk, l4) if version4 else is_ipv6(desk, setting, l4)


@leaf
def is_ipv4(desk: Desk, l4: int) -> bool:
    """A whole TCP packet without IP options, its header's sum where it belongs and the pseudo sum right."""
    header, ranges = desk.header, desk.state[IN_RANGES]
    sum_range = take(ranges, RANGES.IPCSO) == ETHERNET + 10 and take(ranges, RANGES.IPCSE) == l4 - 1
    if l4 != ETHERNET + 20 or not sum_range or load_be16(header, 12) != IPV4 or header[ETHERNET] != 0x45:
        return False
    if header[ETHERNET + 9] != TCP or load_be16(header, ETHERNET + 6) & FRAGMENT or load_be16(header, ETHERNET + 10):
        return False
    return pseudo_sum(desk, ETHERNET + 12, l4) == load_be16(header, l4 + 16)


@leaf
def is_ipv6(desk: Desk, setting: Setting, l4: int) -> bool:
    """A TCP packet without extension headers, on a card that corrects the length of IPv6 as the host does."""
    header = desk.header
    if l4 != ETHERNET + 40 or not setting.ipv6 or setting.ipv6_header_bytes != 40 or load_be16(header, 12) != IPV6:
        return False
    if header[ETHERNET] >> 4 != 6 or header[ETHERNET + 6] != TCP:
        return False
    return pseudo_sum(desk, ETHERNET + 8, l4) == load_be16(header, l4 + 16)


@leaf
def pseudo_sum(desk: Desk, addresses: int, l4: int) -> int:
    """The folded sum of addresses and protocol: the pseudo header with its length left out (§3.5.7)."""
    return fold(sum_words(desk.header, addresses, l4) + (TCP << 8))


@leaf
def hand_over(desk: Desk, setting: Setting) -> None:
    """The send is complete: make one packet of it, with a virtio-net header that says where to cut and sum."""
    state, arena = desk.state, desk.arena
    ranges, context = state[IN_RANGES], state[IN_COMMAND]
    hdrlen, mss = take(context, TX_CONTEXT.HDRLEN), take(context, TX_CONTEXT.MSS)
    l4, version4, length = take(ranges, RANGES.TUCSS), take(context, TX_CONTEXT.IP), state[LENGTH]
    start = state[CURSOR] + setting.lead
    if version4:
        store_be16(arena, start + ETHERNET + 2, length - ETHERNET)
        insert_sum(desk, setting, start, length, ETHERNET, ETHERNET + 10, l4 - 1, 0)
    else:
        store_be16(arena, start + ETHERNET + 4, length - l4)
    partial = load_be16(arena, start + l4 + 16) + length - l4
    store_be16(arena, start + l4 + 16, (partial & 0xFFFF) + (partial >> 16))
    frames = (length - hdrlen + mss - 1) // mss
    count(desk, setting, start, hdrlen + mss, 0, frames - 1, True)
    count(desk, setting, start, length - (frames - 1) * mss, 0, 1, True)
    hand_on(desk, setting, start, length, frames << 8 | 32 | SEGMENTED)
    lead = start - VNET_LEAD
    arena[lead] = NEEDS_CSUM
    arena[lead + 1] = GSO_TCPV4 if version4 else GSO_TCPV6
    store_le16(desk, lead + 2, hdrlen)
    store_le16(desk, lead + 4, mss)
    store_le16(desk, lead + 6, l4)
    store_le16(desk, lead + 8, 16)
    depart(desk)
    state[NUMBER] += frames
    state[LENGTH] = 0


@leaf
def store_le16(desk: Desk, at: int, value: int) -> None:
    """Store 16 bits as virtio wants them."""
    desk.arena[at] = value & 0xFF
    desk.arena[at + 1] = value >> 8
