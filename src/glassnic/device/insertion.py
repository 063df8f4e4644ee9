"""How is a checksum put into a packet? Sum a range, store the complement at a place: two generic engines (§3.5.8).

A jitted leaf of the transmit engine, under its rules. Nothing ties a range to IP or TCP (§3.3.5); what the driver asked
for is done if it lies in the packet, and otherwise recorded and left alone (§3.3.6, §3.6).
"""

from __future__ import annotations

from glassnic.device.leaf import leaf
from glassnic.device.recorder import record
from glassnic.device.span import fold, in_step, load_be16, store_be16, sum_words, swap
from glassnic.device.transmit_state import NEVER, SUM, SUMMED, Desk, Setting
from glassnic.spec import events


@leaf
def insert_sum(
    desk: Desk, setting: Setting, start: int, length: int, begin: int, place: int, end: int, extra: int
) -> None:
    """Sum [begin, end] inclusive, end 0 being the last byte, and store the complement at `place` (§3.5.8, §3.6)."""
    state = desk.state
    stop = length - 1 if end == 0 or end >= length else end
    room = stop + 1 if setting.sum_in_range else length
    if place + 1 >= room or (stop < begin and not setting.empty_sum):
        record(desk, events.TX_SUM_OUTSIDE, begin << 32 | end, place, length)
        return
    extra = extra if begin <= stop else 0
    if stop == length - 1 and begin <= state[SUMMED] <= length:
        total = sum_words(desk.arena, start + begin, start + state[SUMMED])
        total += in_step(state[SUM], state[SUMMED] - begin)
    else:
        total = sum_words(desk.arena, start + min(begin, stop + 1), start + stop + 1)
    value = ~fold(total + swap(extra)) & 0xFFFF
    if value == 0:
        value = setting.zero_sum
    before = load_be16(desk.arena, start + place)
    store_be16(desk.arena, start + place, value)
    if place + 1 >= state[SUMMED]:
        state[SUMMED] = NEVER
    record(desk, events.TX_SUM, begin << 32 | stop, place, before << 16 | value)
