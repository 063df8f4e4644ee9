"""What does the MAC add to a packet before it is a frame? Tag, padding, FCS, and the counts (§3.3.4, §13.4.33, §13.7).

Jitted leaves of the transmit engine, under its rules. A frame leaves without its FCS, for no back end carries one;
where software brings its own (IFCS=0), it is checked as the partner's MAC would, and a wrong one keeps the frame from
arriving.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.crc import crc32
from glassnic.device.leaf import leaf
from glassnic.device.ports import LENGTH_LEAD
from glassnic.device.recorder import record
from glassnic.device.span import clear, copy, shift, store_be16, unsigned
from glassnic.device.statistics import INDEX
from glassnic.device.transmit_state import CURSOR, FRAMES, GAP, SERIAL, TAG, TRIED, Desk, Setting
from glassnic.spec import bits, events
from glassnic.spec.descriptors import TX_DATA

take = leaf(bits.take)

ADDRESSES, HEADER, FCS = 12, 14, 4
MINIMUM_BYTES = 60
"""The shortest frame, less FCS: TCTL.PSP pads to it."""

TPT, TOT, GPTC, GOTC = INDEX["TPT"], INDEX["TOT"], INDEX["GPTC"], INDEX["GOTC"]
MPTC, BPTC, PTC64 = INDEX["MPTC"], INDEX["BPTC"], INDEX["PTC64"]
# PTC64, 127, 255, 511, 1023, 1522 stand in a row (§13.7.45 to §13.7.50).


@leaf
def finish_frame(desk: Desk, setting: Setting, place: int, command: int, length: int, how: int) -> None:
    """Make a frame of `length` gathered bytes, by the VLE, IFCS and SPECIAL of `command`, and hand it on."""
    state = desk.state
    state[TRIED] += 1
    tagged = setting.vet >= 0 and take(command, TX_DATA.VLE) == 1
    begin = state[CURSOR] + setting.lead + state[GAP]
    if tagged != (state[GAP] == TAG):
        begin = shift(desk.arena, begin, length, TAG if tagged else -TAG)
    if setting.own_fcs and not (
        take(command, TX_DATA.IFCS) or tagged
    ):  # with VLE the FCS is inserted, IFCS or not (§3.3.3.1)
        if length < HEADER + FCS:
            record(desk, events.TX_RUNT, place, length, 0)
            return
        length -= FCS
        expected, found = crc32(desk.arena, begin, begin + length), load_le32(desk.arena, begin + length)
        if expected != found:
            record(desk, events.TX_BAD_FCS, place, found, expected)
            count(desk, setting, begin, length, 0, 1, False)
            return
    else:
        with_tag = length + TAG if tagged else length
        if (tagged and length < ADDRESSES) or (with_tag < setting.shortest_bytes and not setting.pad):
            record(desk, events.TX_RUNT, place, length, 0)
            return
        if tagged:
            insert_tag(desk, setting, begin, take(command, TX_DATA.SPECIAL))
            begin -= TAG
            length = with_tag
        if setting.pad and length < MINIMUM_BYTES:
            record(desk, events.TX_PAD, length, MINIMUM_BYTES, 0)
            clear(desk.arena, begin + length, begin + MINIMUM_BYTES)
            length = MINIMUM_BYTES
    count(desk, setting, begin, length, TAG if tagged else 0, 1, True)
    hand_on(desk, setting, begin, length, how)


@leaf
def insert_tag(desk: Desk, setting: Setting, begin: int, tag: int) -> None:
    """VET and TCI after the addresses, which move into the gap before them (§3.3.4)."""
    copy(desk.arena, begin - TAG, desk.arena, begin, TAG)
    copy(desk.arena, begin, desk.arena, begin + TAG, TAG)
    copy(desk.arena, begin + TAG, desk.arena, begin + 2 * TAG, TAG)
    store_be16(desk.arena, begin + ADDRESSES - TAG, setting.vet)
    store_be16(desk.arena, begin + ADDRESSES - TAG + 2, tag)
    record(desk, events.TX_TAG, setting.vet, tag, 0)


@leaf
def hand_on(desk: Desk, setting: Setting, begin: int, length: int, how: int) -> None:
    """The frame is complete at `begin`: its lead before it, its bounds in the list."""
    state = desk.state
    if setting.lead == LENGTH_LEAD:
        store_be16(desk.arena, begin - LENGTH_LEAD, length >> 16)
        store_be16(desk.arena, begin - LENGTH_LEAD + 2, length)
    else:
        clear(desk.arena, begin - setting.lead, begin)
    row = unsigned(state[FRAMES])
    desk.bounds[row, 0] = begin
    desk.bounds[row, 1] = begin + length
    record(desk, events.TX_FRAME, state[SERIAL], length, how)
    state[CURSOR] = begin + length
    state[FRAMES] += 1
    state[SERIAL] += 1


@leaf
def count(desk: Desk, setting: Setting, begin: int, length: int, tag: int, number: int, good: bool) -> None:
    """The transmit statistics of `number` frames of `length` bytes like that at `begin`, `tag` bytes of it inserted;
    FCS included (§13.7)."""
    counts, octets = desk.counts, length + FCS
    counted = octets if setting.tag_counted else octets - tag
    counts[TPT] += number
    counts[TOT] += counted * number
    if not good or octets < setting.good_octets:
        return
    counts[GPTC] += number
    counts[GOTC] += counted * number
    if octets >= 1024:
        counts[PTC64 + 5] += number
    elif octets > 64:
        bound, size = 128, 1
        while octets >= bound:
            bound *= 2
            size += 1
        counts[unsigned(PTC64 + size)] += number
    elif octets == 64:
        counts[PTC64] += number
    if length >= 6 and desk.arena[unsigned(begin)] & 1:
        broadcast = True
        for octet in range(6):
            broadcast = broadcast and desk.arena[unsigned(begin + octet)] == 0xFF
        counts[BPTC if broadcast else MPTC] += number


@leaf
def load_le32(arena: NDArray[np.uint8], at: int) -> int:
    """The 32-bit word at `at`, little endian: the order in which an FCS is sent."""
    return int(arena[at]) | int(arena[at + 1]) << 8 | int(arena[at + 2]) << 16 | int(arena[at + 3]) << 24
