"""How does a frame come into guest memory? The receive engine: judge, hold, place, write back (§3.2, §13.7), jitted.

`arrive` takes frames from the wire one after the other, and asks for more while many come: each is counted, filtered,
and put into descriptors at once, or into the FIFO when there are too few of them, or lost when the FIFO has no room.
`deliver` empties the FIFO when descriptors have come. Rules: int64 everywhere; no self, dict, string, exception or
allocation; every number a guest chose is checked before it is an index, and what was refused is recorded. With
GLASSNIC_JIT=0 the same lines run as plain Python.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.crc import crc32
from glassnic.device.cutting import frames_in, put_frame
from glassnic.device.filters import (
    NOT_CONTROL,
    PAUSE,
    REFUSED,
    UNSUPPORTED,
    control_kind,
    is_tagged,
    passes,
    passes_control,
)  # fmt: skip
from glassnic.device.inlet import FD, asks_again, take_in
from glassnic.device.leaf import leaf
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD
from glassnic.device.receive_checksum import IXSM, sum_to, verdict
from glassnic.device.receive_counts import count_any, count_bad, count_good
from glassnic.device.receive_state import (
    ADDRESS,
    BAD,
    CAUSES,
    CONTROL,
    DELAYED,
    FCS,
    FIRST,
    HEAD,
    HEADER,
    HELD,
    INEXACT,
    LONGEST,
    MASTER,
    MISSED,
    ODD_SIZE,
    QUANTA,
    ROOM_BYTES,
    ROW_MASK,
    SERIAL,
    SHORTEST,
    SPOILT,
    STARVED,
    SUM_END,
    TAG,
    TAIL,
    USED,
    WAITING,
    WAY_LO,
    WIRE,
    Desk,
    Setting,
    lying_in,
    unpack,
    word,
)  # fmt: skip
from glassnic.device.recorder import record
from glassnic.device.span import copy, fold, load64, prefetch_to_write, reach, store64
from glassnic.device.statistics import INDEX
from glassnic.jit import kernel
from glassnic.spec import events
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import CAUSE

MPC, RNBC = INDEX["MPC"], INDEX["RNBC"]
XONRXC, XOFFRXC, FCRUC = INDEX["XONRXC"], INDEX["XOFFRXC"], INDEX["FCRUC"]

DD, EOP, VP, PIF, CE = (bit.mask >> 32 for bit in (RX.DD, RX.EOP, RX.VP, RX.PIF, RX.CE))
"""Bits of status and, eight higher, errors."""
RXO, RXDMT0, SMALL_CAUSES = CAUSE.RXO.mask, CAUSE.RXDMT0.mask, CAUSE.SRPD.mask | CAUSE.RXT0.mask
NOWHERE = -1
"""What an address reads where no memory answers: a master abort returns all ones."""


# The two ways in take the members of a `Desk` and the numbers of a `Setting` one by one, for that is the quickest.


@kernel
def arrive(
    inbox: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    lead: int,
    source: NDArray[np.int64],
    way: int,
    data: NDArray[np.uint8],
    ranges: NDArray[np.int64],
    arena: NDArray[np.uint8],
    waiting: NDArray[np.int64],
    exact: NDArray[np.int64],
    multicast: NDArray[np.int64],
    vlans: NDArray[np.int64],
    state: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: NDArray[np.int64],
    tally: NDArray[np.int64],
    words: NDArray[np.int64],
) -> None:
    """Take the frames that `bounds` tells of, or those that `source`, the words of an inlet, brings into the inbox.

    They may be packets whose virtio-net headers say how many frames they are. `SPOILT` brings an FCS, a wrong one.
    """
    desk = Desk(data, ranges, arena, waiting, exact, multicast, vlans, state, counts, rows, tally)
    setting = unpack(words)
    lent = source[FD] >= 0
    while True:
        number = take_in(inbox, bounds, lead, source) if lent else len(bounds)
        for row in range(number):
            come(desk, setting, inbox, bounds[row, 0], bounds[row, 1], lead, way, lent)
        if not asks_again(source):
            return


@kernel
def deliver(
    budget: int,
    data: NDArray[np.uint8],
    ranges: NDArray[np.int64],
    arena: NDArray[np.uint8],
    waiting: NDArray[np.int64],
    exact: NDArray[np.int64],
    multicast: NDArray[np.int64],
    vlans: NDArray[np.int64],
    state: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: NDArray[np.int64],
    tally: NDArray[np.int64],
    words: NDArray[np.int64],
) -> int:
    """Move up to `budget` frames from the FIFO to guest memory, oldest first; says how many went."""
    desk = Desk(data, ranges, arena, waiting, exact, multicast, vlans, state, counts, rows, tally)
    setting = unpack(words)
    for done in range(budget):
        row = state[FIRST]
        if not state[WAITING] or not state[MASTER]:
            return done
        length = desk.waiting[row, 1]
        if not place_frame(desk, setting, desk.waiting[row, 0], length, desk.waiting[row, 2]):
            state[STARVED] = 1
            return done
        state[FIRST] = (row + 1) & ROW_MASK
        state[WAITING] -= 1
        state[HELD] -= length
    return budget


@leaf
def come(
    desk: Desk, setting: Setting, inbox: NDArray[np.uint8], start: int, end: int, lead: int, way: int, lent: bool
) -> None:
    """One packet from outside. What comes by the wire is 60 bytes long at least, whatever its host left out.

    A frame that needs nothing behind it is judged where it lies, if nobody else will look at it there.
    """
    number = frames_in(inbox, start, end) if lead == VNET_LEAD else 1
    if number == 0:
        desk.counts[MPC] += 1
        record(desk, events.RX_BAD, end - start, 0, 0)
    elif number > 1:
        record(desk, events.RX_CUT, end - start, number, 0)
    length = end - start
    stays = lent and lead == LENGTH_LEAD and not setting.fcs and length >= setting.shortest_octets - FCS
    there = lying_in(desk, inbox if stays else desk.arena)
    call_up(desk, setting, length)
    for index in range(number):
        at = start if stays else berth(desk)
        if lead == VNET_LEAD:
            length = put_frame(inbox, start, end, index, desk.arena, at)
        elif not stays:
            copy(desk.arena, at, inbox, start, min(length, ROOM_BYTES))  # the start of a frame longer than any will do
        while way == WIRE and length < setting.shortest_octets - FCS:
            desk.arena[at + length] = 0
            length += 1
        if way != SPOILT:
            length += FCS
        marks = judge(there, setting, at, length, way == SPOILT)
        if marks != REFUSED and admit(there, setting, at, length, marks):
            if stays:
                at = berth(desk)
                copy(desk.arena, at, inbox, start, length - FCS)
            hold(desk, at, length, marks)


@leaf
def call_up(desk: Desk, setting: Setting, length: int) -> None:
    """The buffer at RDH comes into the cache while its frame is judged, not to be waited for later."""
    at = setting.base + desk.state[HEAD] * DESCRIPTOR_BYTES
    if reach(desk.ranges, at, DESCRIPTOR_BYTES, 1):
        address, taken = load64(desk.data, at), min(length, setting.buffer)
        if reach(desk.ranges, address, taken, 1):
            prefetch_to_write(desk.data, address, taken)


@leaf
def berth(desk: Desk) -> int:
    """Where in the arena a frame lies while it arrives: behind those that wait, at the start again after the end."""
    state = desk.state
    if not state[WAITING] or state[USED] > len(desk.arena) - ROOM_BYTES:
        state[USED] = 0
    return int(state[USED])


@leaf
def judge(desk: Desk, setting: Setting, at: int, length: int, bad: bool) -> int:
    """Count a frame and filter it; its marks if it is to be kept, REFUSED if not."""
    if setting.counts_refused:
        count_any(desk, setting, at, length)
    odd = length < setting.shortest_octets or length > setting.longest
    kind = NOT_CONTROL if bad or odd or length < SHORTEST else control_kind(desk, setting, at)
    if kind == PAUSE:
        pause(desk, at)
    elif kind == UNSUPPORTED:
        desk.counts[FCRUC] += 1
    if kind != NOT_CONTROL and setting.flow:
        marks = passes_control(desk, setting, at, length, kind)
    else:
        marks = passes(desk, setting, at, length)
    if marks == REFUSED:
        if setting.judges_first:
            count_bad(desk, length, bad, odd)
        return REFUSED
    if bad or odd:
        count_bad(desk, length, bad, odd)
        marks |= (BAD if bad else 0) | (ODD_SIZE if odd else 0)
        # Nothing longer fits, whatever SBP says (inferred).
        if not setting.store_bad or length > LONGEST + setting.oversize:
            record(desk, events.RX_BAD, length, marks & (BAD | ODD_SIZE), 0)
            return REFUSED
    if not setting.counts_refused:
        count_any(desk, setting, at, length)
    return marks | (CONTROL if kind != NOT_CONTROL else 0)


@leaf
def pause(desk: Desk, at: int) -> None:
    """A valid PAUSE frame counts, whether flow control is on or not (§13.7.16, §13.7.18); a turn's last one holds."""
    quanta = word(desk, at + HEADER + 2)
    desk.counts[XOFFRXC if quanta else XONRXC] += 1
    desk.state[QUANTA] = quanta
    record(desk, events.RX_PAUSE, quanta, 0, 0)


@leaf
def admit(desk: Desk, setting: Setting, at: int, length: int, marks: int) -> bool:
    """A frame that passed is lost if the FIFO has no room, and leaves it at once if it can (§13.7.5, §13.7.33); else it
    is to be held."""
    state = desk.state
    needed = (stored_bytes(desk, setting, at, length) + setting.buffer - 1) // setting.buffer
    lacking = available(desk, setting) < needed
    if lacking and not marks & CONTROL:
        desk.counts[RNBC] += 1
    if state[HELD] + length > setting.fifo:
        desk.counts[MPC] += 1
        state[MISSED] += 1
        state[CAUSES] |= RXO
        record(desk, events.RX_MISSED, length, state[HELD], 0)
        return False
    if not marks & (BAD | ODD_SIZE | CONTROL):
        count_good(desk, setting, at, length)
    if not state[WAITING] and state[MASTER] and place_frame(desk, setting, at, length, marks):
        return False
    if lacking:
        record(desk, events.RX_NO_BUFFER, length, state[HEAD], state[TAIL])
    return True


@leaf
def hold(desk: Desk, at: int, length: int, marks: int) -> None:
    """The frame waits where it lies."""
    state = desk.state
    record(desk, events.RX_WAITS, length, state[WAITING], state[HELD])
    row = (state[FIRST] + state[WAITING]) & ROW_MASK
    desk.waiting[row, 0] = at
    desk.waiting[row, 1] = length
    desk.waiting[row, 2] = marks
    state[WAITING] += 1
    state[HELD] += length
    state[USED] = at + length
    state[STARVED] = state[MASTER]


@leaf
def stored_bytes(desk: Desk, setting: Setting, at: int, length: int) -> int:
    """What of a frame goes to memory: the tag goes with CTRL.VME, the FCS with RCTL.SECRC (§9.2, §13.4.22)."""
    tag = TAG if setting.strip and is_tagged(desk, setting, at, length) else 0
    return length - FCS + setting.fcs - tag


@leaf
def available(desk: Desk, setting: Setting) -> int:
    """Descriptors that hardware owns: [RDH, RDT), none when they are equal, one lap at most (§3.2.6)."""
    head, tail = desk.state[HEAD], desk.state[TAIL]
    return int(min(tail - head if head <= tail else setting.entries - head + tail, setting.entries))


@leaf
def enough(desk: Desk, setting: Setting, stored: int) -> bool:
    """Are there descriptors for all of the frame? Null ones take nothing (§3.2.5), so they do not count."""
    needed = (stored + setting.buffer - 1) // setting.buffer
    free, place = available(desk, setting), desk.state[HEAD]
    if free < needed:
        return False
    for _ in range(free):
        at = setting.base + place * DESCRIPTOR_BYTES
        if not (reach(desk.ranges, at, DESCRIPTOR_BYTES, 1) and load64(desk.data, at) == 0):
            needed -= 1
            if needed <= 0:
                return True
        place = place + 1 if place + 1 < setting.entries else 0
    return False


@leaf
def place_frame(desk: Desk, setting: Setting, at: int, length: int, marks: int) -> bool:
    """Put a whole frame into descriptors from RDH on, or none of it while there are too few (§3.2.3)."""
    state, arena = desk.state, desk.arena
    stored = stored_bytes(desk, setting, at, length)
    if not enough(desk, setting, stored):
        return False
    end = at + length - FCS
    if setting.fcs and not marks & BAD:
        crc = crc32(arena, at, end)
        for byte in range(FCS):
            arena[end + byte] = (crc >> (8 * byte)) & 0xFF
    state[SUM_END] = 0
    flags = EOP | (PIF if marks & INEXACT else 0) | (CE | IXSM if marks & BAD else verdict(desk, setting, at, end))
    special, start = 0, at
    if stored < length - FCS + setting.fcs:
        special, start = word(desk, at + HEADER), at + TAG
        flags |= VP
        for third in range(2 * ADDRESS - TAG, -1, -TAG):  # the addresses move over the tag, last part first
            copy(arena, start + third, arena, at + third, TAG)
    skipped = min(setting.sum_start, stored)
    # "Unadjusted one's complement" (§3.2.3): drivers find the sum complemented.
    checksum = ~fold(sum_to(desk, start + skipped, start + stored)) & 0xFFFF
    scatter(desk, setting, start, stored, checksum, flags, special)
    if setting.small and stored <= setting.small:
        state[CAUSES] |= SMALL_CAUSES
        state[DELAYED] = 0
    else:
        state[DELAYED] = 1
    record(desk, events.RX_FRAME, state[SERIAL], stored, marks >> WAY_LO << 16 | flags | DD)
    state[SERIAL] += 1
    return True


@leaf
def scatter(desk: Desk, setting: Setting, start: int, stored: int, checksum: int, flags: int, special: int) -> None:
    """Fill one buffer after the other, each descriptor written back after its data (§3.2.3, §3.2.6).

    The loop ends with the ring at the latest: data may overwrite the descriptors that follow, if aimed so.
    """
    state = desk.state
    left = stored
    for free in range(available(desk, setting) - 1, -1, -1):
        place = state[HEAD]
        at = setting.base + place * DESCRIPTOR_BYTES
        mine = reach(desk.ranges, at, DESCRIPTOR_BYTES, 1)
        address = load64(desk.data, at) if mine else NOWHERE
        if address == 0:
            desk.data[at + 12] |= DD  # a null descriptor: its other bits stay (§3.2.5)
            record(desk, events.RX_DESCRIPTOR, place, 0, DD)
        else:
            taken = min(left, setting.buffer)
            if not mine:
                record(desk, events.RX_RING_OUTSIDE, place, at, 0)
            elif reach(desk.ranges, address, taken, 1):
                written = min(taken, max(left - setting.unwritten, 0))
                copy(desk.data, address, desk.arena, start + stored - left, written)
            else:
                record(desk, events.RX_BUFFER_OUTSIDE, place, address, taken)
            whole = DD | (flags if taken == left else 0)
            if mine:
                first, last = left == stored, taken == left
                write_back(desk, setting, at, taken, checksum if first else 0, whole, special if last else 0)
                record(desk, events.RX_DESCRIPTOR, place, address, taken << 16 | whole)
            left -= taken
        state[HEAD] = place + 1 if place + 1 < setting.entries else 0
        if setting.low_floor <= free <= setting.low_water:
            state[CAUSES] |= RXDMT0
        if left == 0:
            return


@leaf
def write_back(desk: Desk, setting: Setting, at: int, length: int, checksum: int, flags: int, special: int) -> None:
    """Bytes 8 to 15 of a descriptor, at once: software polls the status among them (§3.2.3)."""
    signed = (special ^ 0x8000) - 0x8000  # a quadword is an int64
    word = length | checksum << 16 | flags << 32 | signed << 48
    store64(desk.data, at + 8, (word & setting.written) | (load64(desk.data, at + 8) & ~setting.written))
