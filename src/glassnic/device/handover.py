"""When may a TCP send leave whole, for the host to cut? When its kernel would make exactly the frames that we would.

A special path of segmentation, for back ends whose frames follow a virtio-net header (TAP); leaves of the transmit
engine, under its rules. The general path is the measure: the host cuts alike what `ordinary.py` finds ordinary, and all
else we cut ourselves, so that no host "corrects" what a driver did wrong (§3.5.5, §3.5.7).
"""

from __future__ import annotations

from glassnic.device.framing import count, hand_on, take
from glassnic.device.insertion import insert_sum
from glassnic.device.leaf import leaf
from glassnic.device.lending import depart
from glassnic.device.ordinary import ETHERNET
from glassnic.device.ports import VNET_LEAD
from glassnic.device.span import load_be16, store_be16, unsigned
from glassnic.device.transmit_state import (
    CURSOR,
    IN_COMMAND,
    IN_RANGES,
    LENGTH,
    MAY_HAND_OVER,
    NUMBER,
    SEGMENTED,
    Desk,
    Setting,
)  # fmt: skip
from glassnic.spec.descriptors import RANGES, TX_CONTEXT

# struct virtio_net_hdr: flags, gso_type, then little-endian hdr_len, gso_size, csum_start, csum_offset.
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6 = 1, 1, 4


@leaf
def leaves_whole(desk: Desk, setting: Setting) -> bool:
    """May this ordinary send leave whole? If there is a header to say so in, and the host was asked and agreed."""
    return bool(setting.lead == VNET_LEAD and desk.state[MAY_HAND_OVER])


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
    arena[unsigned(lead)] = NEEDS_CSUM
    arena[unsigned(lead + 1)] = GSO_TCPV4 if version4 else GSO_TCPV6
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
    desk.arena[unsigned(at)] = value & 0xFF
    desk.arena[unsigned(at + 1)] = value >> 8
