"""Which fields of the header differ from frame to frame of a send? Lengths, IPv4 ID, sequence, flags (§3.5.9).

A jitted leaf of the transmit engine, under its rules. Lengths are set, not added to; what counts on counts from the
prototype header, which is kept as the driver wrote it (§3.5.5).
"""

from __future__ import annotations

from glassnic.device.framing import take
from glassnic.device.leaf import leaf
from glassnic.device.recorder import record
from glassnic.device.span import load_be16, store_be16, unsigned
from glassnic.device.transmit_state import IN_COMMAND, IN_RANGES, LENGTH, NUMBER, Desk, Setting
from glassnic.spec import events
from glassnic.spec.descriptors import RANGES, TX_CONTEXT

FIN_PSH = 0x09


@leaf
def stamp_header(desk: Desk, setting: Setting, start: int, last: bool) -> None:
    """The fields that differ from frame to frame (§3.5.9.1 to §3.5.9.3); lengths are set, not added to."""
    state, arena = desk.state, desk.arena
    ranges, context = state[IN_RANGES], state[IN_COMMAND]
    hdrlen, length, number = take(context, TX_CONTEXT.HDRLEN), state[LENGTH], state[NUMBER]
    l3, l4 = take(ranges, RANGES.IPCSS), take(ranges, RANGES.TUCSS)
    tcp = take(context, TX_CONTEXT.TCP)
    if take(context, TX_CONTEXT.IP):
        if inside(desk, l3 + 4, hdrlen):
            store_be16(arena, start + l3 + 2, length - l3)
        if inside(desk, l3 + 6, hdrlen):
            store_be16(arena, start + l3 + 4, load_be16(desk.header, l3 + 4) + number)
    elif setting.ipv6 and inside(desk, l3 + 6, hdrlen):
        store_be16(arena, start + l3 + 4, length - l3 - setting.ipv6_header_bytes)
    if tcp:
        if inside(desk, l4 + 8, hdrlen):
            sequence = (load_be16(desk.header, l4 + 4) << 16) + load_be16(desk.header, l4 + 6)
            sequence += number * take(context, TX_CONTEXT.MSS)
            store_be16(arena, start + l4 + 4, sequence >> 16)
            store_be16(arena, start + l4 + 6, sequence)
        if inside(desk, l4 + 14, hdrlen) and not last:
            arena[unsigned(start + l4 + 13)] &= 0xFF - FIN_PSH
    elif inside(desk, l4 + 6, hdrlen):
        store_be16(arena, start + l4 + 4, length - l4)


@leaf
def record_prototype(desk: Desk) -> None:
    """What the prototype header holds where frames may differ from it, once for a send: so each can be traced back."""
    l3, l4 = take(desk.state[IN_RANGES], RANGES.IPCSS), take(desk.state[IN_RANGES], RANGES.TUCSS)
    header = desk.header
    ip = load_be16(header, l3 + 2) << 16 | load_be16(header, l3 + 4)
    transport = load_be16(header, l4 + 4) << 16 | load_be16(header, l4 + 6)
    record(desk, events.TX_PROTOTYPE, ip, transport, load_be16(header, l4 + 12) & 0xFF)


@leaf
def inside(desk: Desk, end: int, hdrlen: int) -> bool:
    """Do the header fields that end before `end` lie in the prototype header? If not they are left alone."""
    if end > hdrlen:
        record(desk, events.TX_HEADER_FIELD_OUTSIDE, end, hdrlen, 0)
    return end <= hdrlen
