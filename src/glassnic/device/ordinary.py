"""Is this send what every TCP means by one? TCP over plain IPv4 or IPv6, each offset where such a header has it.

Only then may it go quicker ways that equal the general one, which is the measure: `handover.py` and `alike.py`. The
prototype's checksum must be the pseudo header's without length (§3.5.7), so that nobody "corrects" what a driver did
wrong. Leaves of the transmit engine, under its rules.
"""

from __future__ import annotations

from glassnic.device.framing import take
from glassnic.device.leaf import leaf
from glassnic.device.span import fold, load_be16, sum_words
from glassnic.device.transmit_state import FIRST, IN_COMMAND, IN_RANGES, Desk, Setting
from glassnic.spec.descriptors import RANGES, TX_CONTEXT, TX_DATA

ETHERNET, TCP_BYTES, TCP = 14, 20, 6
IPV4, IPV6 = 0x0800, 0x86DD
CWR = 0x80
FRAGMENT = 0x3FFF
"""MF and the fragment offset of IPv4."""
SMALLEST_MSS = 256
"""Below this nothing is gained; and it bounds what must be cut after all, if a send ends early."""
LARGEST = 65535


@leaf
def is_ordinary(desk: Desk, setting: Setting) -> bool:
    """Is it? Its header is complete in `desk.header`."""
    state, header = desk.state, desk.header
    ranges, context, first = state[IN_RANGES], state[IN_COMMAND], state[FIRST]
    if take(first, TX_DATA.VLE) or not take(context, TX_CONTEXT.TCP):
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
