"""How does a ring of descriptors become frames? The transmit engine (§3.3 to §3.6), one jitted walk over plain arrays.

`walk` takes them one after the other: a context is loaded, a data descriptor is gathered into the frame being
built, and at the end of a packet the sums are put in and `framing.py` makes a frame of it. A packet may stay open
from call to call. Rules: int64 everywhere; no self, dict, string, exception or allocation; every number a guest chose
is checked before it is an index, and what was refused is recorded. With GLASSNIC_JIT=0 the same lines run as plain
Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.framing import finish_frame
from glassnic.device.gathering import bring_in
from glassnic.device.insertion import insert_sum
from glassnic.device.leaf import leaf
from glassnic.device.lending import gather_up
from glassnic.device.outlet import leave_in_time, rewind
from glassnic.device.recorder import record
from glassnic.device.segmentation import close_segmented, gather_segments, judge_send
from glassnic.device.span import load64, prefetch, reach, unsigned
from glassnic.device.transmit_state import (
    ALIKE,
    CAUSES,
    CLOSED,
    COMMAND,
    CURSOR,
    DELAYED,
    EMPTY,
    EXCESS,
    FATE,
    FILLED,
    FIRST,
    FULL,
    GAP,
    HEAD,
    IN_COMMAND,
    IN_RANGES,
    KIND,
    LEGACY,
    LENGTH,
    LOADED,
    LOW,
    NEVER,
    NOW,
    NUMBER,
    OFFSET,
    PIECES,
    PLAIN,
    SEGMENTED,
    SPENT,
    SUM,
    SUMMED,
    TAG,
    TAIL,
    TAKEN,
    TODO,
    TRIED,
    WHOLE,
    Desk,
    Setting,
    room,
    unpack,
)
from glassnic.jit import kernel
from glassnic.spec import bits, events
from glassnic.spec.descriptors import DTYP_CONTEXT, DTYP_DATA, RANGES, TX_CONTEXT, TX_DATA
from glassnic.spec.fields import CAUSE

take = leaf(bits.take)

TAG_FIELDS = TX_DATA.VLE.mask | TX_DATA.SPECIAL.mask - (1 << 64)
"""What says whether a tag is inserted and which; as an int64 has it (§3.3.7)."""

AHEAD = 4
"""So many descriptors before they are taken, bytes are called up: two frames where each has a context, else four."""
LONG_BYTES, CALLED_BYTES = 256, 1536
"""Shorter buffers follow each other so closely that the processor sees what comes; more than a frame is not called."""


@kernel
def walk(
    data: NDArray[np.uint8],
    ranges: NDArray[np.int64],
    arena: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    header: NDArray[np.uint8],
    state: NDArray[np.int64],
    contexts: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: NDArray[np.int64],
    tally: NDArray[np.int64],
    pieces: NDArray[np.int64],
    words: NDArray[np.int64],
) -> int:
    """One turn: the members of a `Desk` and the numbers of a `Setting` come in one by one, for that is the quickest."""
    desk = Desk(data, ranges, arena, bounds, header, state, contexts, counts, rows, tally, pieces)
    setting = unpack(words)
    state[CAUSES] = state[DELAYED] = 0
    record(desk, events.TURN, state[NOW], state[HEAD], state[TAIL])
    while True:
        rewind(desk, setting)
        verdict = take_descriptors(desk, setting)
        gather_up(desk, setting)
        if not leave_in_time(desk) or verdict == EMPTY:
            return verdict


@leaf
def take_descriptors(desk: Desk, setting: Setting) -> int:
    """Take descriptors until none is left (EMPTY), the budget is SPENT, or the arena is FULL; says which."""
    state = desk.state
    state[TRIED] = 0
    for _ in range(setting.budget):
        if state[TODO] <= 0:
            return EMPTY
        if not room(desk):
            return FULL
        place = state[HEAD]
        at = setting.base + place * 16
        if state[OFFSET] or reach(desk.ranges, at, 16, 0):
            if state[OFFSET] == 0:
                state[LOW] = load64(desk.data, at)
                state[COMMAND] = load64(desk.data, at + 8)
            if state[TODO] > AHEAD:
                call_up(desk, setting, place)
            if not consume(desk, setting, place):
                return FULL
            write_back(desk, setting, place, at)
        else:
            record(desk, events.TX_RING_OUTSIDE, place, at, 0)
        state[OFFSET] = 0
        state[HEAD] = place + 1 if place + 1 < setting.entries else 0
        state[TODO] -= 1
        if state[TODO] == setting.low_water:
            state[CAUSES] |= 1 << CAUSE.TXD_LOW.lo
        if state[TODO] == 0 and state[HEAD] == state[TAIL]:
            state[CAUSES] |= 1 << CAUSE.TXQE.lo
    return EMPTY if state[TODO] <= 0 else SPENT


@leaf
def call_up(desk: Desk, setting: Setting, place: int) -> None:
    """The bytes that the descriptor AHEAD of `place` gives come into the cache meanwhile, if they are many.

    A guest gives more at once than a cache holds, and a copy would wait for one line after the other.
    """
    ahead = place + AHEAD
    at = setting.base + (ahead if ahead < setting.entries else ahead - setting.entries) * 16
    if not reach(desk.ranges, at, 16, 0):
        return
    low, command = load64(desk.data, at), load64(desk.data, at + 8)
    if take(command, TX_DATA.DEXT) and take(command, TX_DATA.DTYP) != DTYP_DATA:
        return
    length = min(take(command, TX_DATA.LENGTH), CALLED_BYTES)
    if length >= LONG_BYTES and reach(desk.ranges, low, length, 0):
        prefetch(desk.data, low, length)


@leaf
def consume(desk: Desk, setting: Setting, place: int) -> bool:
    """One descriptor, by its kind (§3.3). False: the arena is full in its midst; go on from state[OFFSET] later."""
    state = desk.state
    low, command = state[LOW], state[COMMAND]
    extended = take(command, TX_DATA.DEXT)
    if extended and take(command, TX_DATA.DTYP) == DTYP_CONTEXT:
        load_context(desk, setting, place, low, command)
        return True
    if extended and take(command, TX_DATA.DTYP) != DTYP_DATA:
        record(desk, events.TX_RESERVED, place, take(command, TX_DATA.DTYP), 0)
        return True
    if state[OFFSET] == 0:
        record(desk, events.TX_DESCRIPTOR, place, low, command)
        if state[KIND] == CLOSED or not (setting.opens_empty or begun(state)):
            open_packet(desk, setting, place, command)
        else:
            follow_on(desk, setting, place, command)
    length = take(command, TX_DATA.DTALEN) & setting.length_mask if extended else take(command, TX_DATA.LENGTH)
    if low == 0:
        length &= setting.null_mask
    if length and not reach(desk.ranges, low, length, 0):
        record(desk, events.TX_BUFFER_OUTSIDE, place, low, length)
        state[FATE] = events.TX_BUFFER_OUTSIDE
    elif state[KIND] == SEGMENTED:
        if not gather_segments(desk, setting, low, length):
            return False
    elif length:
        gather(desk, setting, low, length)
    if take(command, TX_DATA.EOP):
        if state[KIND] == SEGMENTED:
            close_segmented(desk, setting, place)
        else:
            close_plain(desk, setting, place, command)
        state[KIND] = CLOSED
    return True


@leaf
def load_context(desk: Desk, setting: Setting, place: int, low: int, command: int) -> None:
    """TUCMD.TSE says which of the two contexts this descriptor loads (§3.5.5, §3.6); the other stays as it was."""
    slot = setting.segmented_slot if take(command, TX_CONTEXT.TSE) else setting.plain_slot
    desk.contexts[unsigned(slot), 0] = low
    desk.contexts[unsigned(slot), 1] = command
    desk.state[LOADED] |= 1 << slot
    record(desk, events.TX_CONTEXT, place, low, command)
    if desk.state[KIND] != CLOSED:
        record(desk, events.TX_CONTEXT_INSIDE, place, 0, 0)
        if not setting.latched:
            reach_in(desk, setting, place, low, command)


@leaf
def open_packet(desk: Desk, setting: Setting, place: int, command: int) -> None:
    """The first descriptor after an EOP settles format, POPTS and context (§3.3.7), and latches the context."""
    state = desk.state
    state[FATE] = state[LENGTH] = state[FILLED] = state[TAKEN] = state[EXCESS] = state[NUMBER] = 0
    state[WHOLE] = state[PIECES] = state[ALIKE] = state[SUM] = 0
    state[SUMMED] = NEVER
    state[FIRST] = command
    state[GAP] = TAG if setting.vet >= 0 and take(command, TX_DATA.VLE) else 0
    if not take(command, TX_DATA.DEXT):
        state[KIND] = LEGACY
        return
    segmented = take(command, TX_DATA.TSE)
    state[KIND] = SEGMENTED if segmented else PLAIN
    slot = setting.segmented_slot if segmented else setting.plain_slot
    state[IN_RANGES] = desk.contexts[unsigned(slot), 0]
    state[IN_COMMAND] = desk.contexts[unsigned(slot), 1]
    sums = take(command, TX_DATA.IXSM) | take(command, TX_DATA.TXSM)
    if (segmented or sums) and not (state[LOADED] >> slot) & 1:
        record(desk, events.TX_UNLOADED, place, slot, 0)
    if segmented:
        judge_send(desk, setting)
    elif take(command, TX_DATA.TXSM):
        state[SUMMED] = take(state[IN_RANGES], RANGES.TUCSS)


@leaf
def reach_in(desk: Desk, setting: Setting, place: int, low: int, command: int) -> None:
    """Where a packet looks its context up when it needs it, one that is loaded in its midst counts from here on."""
    state = desk.state
    segments = take(command, TX_CONTEXT.TSE)
    if state[KIND] == (SEGMENTED if segments else PLAIN):
        state[IN_RANGES], state[IN_COMMAND], state[NUMBER] = low, command, 0
        state[SUMMED] = NEVER
        if segments:
            judge_send(desk, setting)


@leaf
def begun(state: NDArray[np.int64]) -> bool:
    """Has the open packet any bytes, or is it spoilt?"""
    return bool(state[LENGTH] or state[FILLED] or state[FATE])


@leaf
def follow_on(desk: Desk, setting: Setting, place: int, command: int) -> None:
    """The descriptors of a packet share format and TSE (§3.3.5, §3.3.7.1); where not, the first one's count."""
    kind = desk.state[KIND]
    if setting.late_tag and kind == SEGMENTED and take(command, TX_DATA.VLE):
        desk.state[FIRST] = (desk.state[FIRST] & ~TAG_FIELDS) | (command & TAG_FIELDS)
    if take(command, TX_DATA.DEXT) != (kind != LEGACY):
        record(desk, events.TX_MIXED, place, 0, 0)
    elif kind != LEGACY and take(command, TX_DATA.TSE) != (kind == SEGMENTED):
        record(desk, events.TX_TSE_MIXED, place, 0, 0)


@leaf
def gather(desk: Desk, setting: Setting, address: int, length: int) -> None:
    """Bytes of a packet that is sent as one frame. What exceeds the FIFO is counted, not kept (§3.3.7)."""
    state = desk.state
    if state[FATE] == 0 and state[LENGTH] + length <= setting.limit:
        bring_in(desk, setting, address, length)
    elif state[FATE] == 0:
        state[FATE] = events.TX_TOO_LONG
    state[LENGTH] += length


@leaf
def close_plain(desk: Desk, setting: Setting, place: int, command: int) -> None:
    """EOP of a packet that is one frame: sums by the first descriptor's options, the rest by the last's (§3.3.7)."""
    state = desk.state
    length, first, ranges = state[LENGTH], state[FIRST], state[IN_RANGES]
    if state[FATE] == events.TX_TOO_LONG:
        record(desk, events.TX_TOO_LONG, place, length, setting.limit)
    if state[FATE]:
        return
    if length == 0:
        record(desk, events.TX_EMPTY, place, 0, 0)
        if setting.shortest_bytes:
            return
    start = state[CURSOR] + setting.lead + state[GAP]
    if state[KIND] == LEGACY:
        if (
            take(command, TX_DATA.IC) & setting.legacy_sum
        ):  # CSS of the first descriptor, IC and CSO of the last (§3.3.3.1)
            insert_sum(desk, setting, start, length, take(first, TX_DATA.CSS), take(command, TX_DATA.CSO), 0, 0)
    else:
        if take(first, TX_DATA.TXSM):
            begin, target, end = take(ranges, RANGES.TUCSS), take(ranges, RANGES.TUCSO), take(ranges, RANGES.TUCSE)
            insert_sum(desk, setting, start, length, begin, target, end, 0)
        if take(first, TX_DATA.IXSM):
            begin, target, end = take(ranges, RANGES.IPCSS), take(ranges, RANGES.IPCSO), take(ranges, RANGES.IPCSE)
            insert_sum(desk, setting, start, length, begin, target, end, 0)
    finish_frame(desk, setting, place, command, length, state[KIND])


@leaf
def write_back(desk: Desk, setting: Setting, place: int, at: int) -> None:
    """DD for a descriptor that asked for it, and its cause: at once, or delayed with IDE (§3.3.3.2, §3.4.3)."""
    command, state = desk.state[COMMAND], desk.state
    if not command & setting.report:
        return
    gather_up(desk, setting)
    if reach(desk.ranges, at, 16, 1):
        desk.data[unsigned(at + 12)] = (desk.data[unsigned(at + 12)] & 0xF0) | 1
    else:
        record(desk, events.TX_WRITE_BACK_OUTSIDE, place, at, 0)
    if take(command, TX_DATA.IDE):
        state[DELAYED] = 1
    else:
        state[DELAYED] = 0
        state[CAUSES] |= 1 << CAUSE.TXDW.lo
