"""What changes from one full frame of an ordinary send to the next? IPv4 ID, sequence, and the sums (§3.5.9).

A special path of segmentation: what stays the same is summed once, so that no frame's header is read back. The last
frame, and sends that are not ordinary, go the general way, `segmentation.send_segment`, which is the measure. Leaves of
the transmit engine, under its rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.framing import count, hand_on, take
from glassnic.device.leaf import leaf
from glassnic.device.ordinary import ETHERNET
from glassnic.device.recorder import record
from glassnic.device.span import fold, load_be16, store_be16, sum_words, swap, unsigned
from glassnic.device.stamping import FIN_PSH
from glassnic.device.transmit_state import (
    ALIKE,
    CURSOR,
    IN_COMMAND,
    IN_RANGES,
    IP_BASE,
    L4_BASE,
    LENGTH,
    NUMBER,
    SEGMENTED,
    SUM,
    TRIED,
    Desk,
    Setting,
)
from glassnic.spec import events
from glassnic.spec.descriptors import RANGES, TX_CONTEXT


@leaf
def prepare(desk: Desk) -> None:
    """Sum what all full frames of this send have in common; its header is complete in `desk.header`."""
    state, header = desk.state, desk.header
    hdrlen, l4 = take(state[IN_COMMAND], TX_CONTEXT.HDRLEN), take(state[IN_RANGES], RANGES.TUCSS)
    length = hdrlen + take(state[IN_COMMAND], TX_CONTEXT.MSS)
    ip, tcp = sum_words(header, ETHERNET, l4), sum_words(header, l4, hdrlen)
    state[IP_BASE] = ip + without(header, ETHERNET + 2) + swap(length - ETHERNET) + without(header, ETHERNET + 4)
    cleared = 0xFFFF - swap(load_be16(header, l4 + 12) & FIN_PSH)
    state[L4_BASE] = tcp + without(header, l4 + 4) + without(header, l4 + 6) + cleared + swap(length - l4)
    state[ALIKE] = 1


@leaf
def without(header: NDArray[np.uint8], at: int) -> int:
    """What takes the word at `at` out of a sum."""
    return 0xFFFF - swap(load_be16(header, at))


@leaf
def send_alike(desk: Desk, setting: Setting) -> None:
    """Stamp what changes, put in the sums, send; the frame is full and is not the last."""
    state, arena, header = desk.state, desk.arena, desk.header
    context, length, number = state[IN_COMMAND], state[LENGTH], state[NUMBER]
    l4, start = take(state[IN_RANGES], RANGES.TUCSS), state[CURSOR] + setting.lead
    sequence = (load_be16(header, l4 + 4) << 16) + load_be16(header, l4 + 6) + number * take(context, TX_CONTEXT.MSS)
    store_be16(arena, start + l4 + 4, sequence >> 16)
    store_be16(arena, start + l4 + 6, sequence)
    arena[unsigned(start + l4 + 13)] = header[unsigned(l4 + 13)] & (0xFF - FIN_PSH)
    put_sum(desk, setting, l4, length - 1, l4 + 16, state[L4_BASE] + swap(sequence >> 16) + swap(sequence) + state[SUM])
    if take(context, TX_CONTEXT.IP):
        identification = load_be16(header, ETHERNET + 4) + number
        store_be16(arena, start + ETHERNET + 2, length - ETHERNET)
        store_be16(arena, start + ETHERNET + 4, identification)
        put_sum(desk, setting, ETHERNET, l4 - 1, ETHERNET + 10, state[IP_BASE] + swap(identification))
    else:
        store_be16(arena, start + ETHERNET + 4, length - l4)
    state[TRIED] += 1
    count(desk, setting, start, length, 0, 1, True)
    hand_on(desk, setting, start, length, number << 8 | SEGMENTED)
    state[NUMBER] = number + 1
    state[LENGTH] = 0


@leaf
def put_sum(desk: Desk, setting: Setting, begin: int, stop: int, place: int, total: int) -> None:
    """The complement of `total`, the sum of [begin, stop], at `place`, as `insert_sum` would (§3.5.8)."""
    value = ~fold(total) & 0xFFFF
    if value == 0:
        value = setting.zero_sum
    store_be16(desk.arena, desk.state[CURSOR] + setting.lead + place, value)
    record(desk, events.TX_SUM, begin << 32 | stop, place, load_be16(desk.header, place) << 16 | value)
