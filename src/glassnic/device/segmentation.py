"""How is a send cut into frames? The prototype header before each MSS bytes of payload, and the sums of each (§3.5).

Jitted leaves of the transmit engine, under its rules. A send may be in the midst of a descriptor when a turn is over.
"""

from __future__ import annotations

from glassnic.device.alike import prepare, send_alike
from glassnic.device.framing import finish_frame, take
from glassnic.device.gathering import bring_in
from glassnic.device.handover import hand_over, leaves_whole
from glassnic.device.insertion import insert_sum
from glassnic.device.leaf import leaf
from glassnic.device.lending import gather_up, lend
from glassnic.device.ordinary import is_ordinary
from glassnic.device.recorder import record
from glassnic.device.span import copy, prefetch
from glassnic.device.stamping import record_prototype, stamp_header
from glassnic.device.statistics import INDEX
from glassnic.device.transmit_state import (
    ALIKE,
    CURSOR,
    EXCESS,
    FATE,
    FILLED,
    FIRST,
    GAP,
    HEAD,
    IN_COMMAND,
    IN_RANGES,
    LENGTH,
    NEVER,
    NUMBER,
    OFFSET,
    SEGMENTED,
    SUM,
    SUMMED,
    TAKEN,
    WHOLE,
    Desk,
    Setting,
    room,
)
from glassnic.spec import events
from glassnic.spec.descriptors import HEADER_LIMIT_BYTES, RANGES, TX_CONTEXT, TX_DATA

TSCTC, TSCTFC = INDEX["TSCTC"], INDEX["TSCTFC"]


@leaf
def judge_send(desk: Desk, setting: Setting) -> None:
    """A context that cannot be cut by, or not any more, spoils the send (§3.3.6)."""
    state = desk.state
    context = state[IN_COMMAND]
    header, mss, paylen = (
        take(context, TX_CONTEXT.HDRLEN),
        take(context, TX_CONTEXT.MSS),
        take(context, TX_CONTEXT.PAYLEN),
    )
    fits = header + mss <= setting.limit and header <= HEADER_LIMIT_BYTES and state[LENGTH] <= header + mss
    ends = setting.open_end or (paylen and state[TAKEN] <= paylen)
    if not (header and mss and ends and fits):
        record(desk, events.TX_SEGMENTATION_IMPOSSIBLE, mss, header, paylen)
        state[FATE] = events.TX_SEGMENTATION_IMPOSSIBLE


@leaf
def gather_segments(desk: Desk, setting: Setting, address: int, length: int) -> bool:
    """Bytes of a segmented packet: the header once, then payload cut at MSS, a frame at each cut (§3.5.5, §3.5.6)."""
    state = desk.state
    context = state[IN_COMMAND]
    hdrlen, mss = take(context, TX_CONTEXT.HDRLEN), take(context, TX_CONTEXT.MSS)
    paylen = take(context, TX_CONTEXT.PAYLEN) + (setting.open_end << 40)
    while state[OFFSET] < length and state[FATE] == 0:
        left = length - state[OFFSET]
        if state[FILLED] < hdrlen:
            count = min(left, hdrlen - state[FILLED])
            copy(desk.header, state[FILLED], desk.data, address + state[OFFSET], count)
            state[FILLED] += count
        elif state[TAKEN] == paylen:
            count = left
            state[EXCESS] += count
        else:
            if state[LENGTH] == 0:
                if not room(desk):
                    return False
                begin_segment(desk, setting)
            cut = paylen if state[WHOLE] else mss
            count = min(left, min(hdrlen + cut - state[LENGTH], paylen - state[TAKEN]))
            if not (state[WHOLE] and lend(desk, address + state[OFFSET], count)):
                gather_up(desk, setting)
                bring_in(desk, setting, address + state[OFFSET], count)
                # memcpy begins at the end of a run, where no processor expects it: so the next frame's is called up.
                prefetch(desk.data, address + state[OFFSET] + count, min(left - count, mss))
            state[LENGTH] += count
            state[TAKEN] += count
            if state[WHOLE]:
                if state[TAKEN] == paylen:
                    hand_over(desk, setting)
            elif state[ALIKE] and state[LENGTH] == hdrlen + mss and state[TAKEN] < paylen:
                send_alike(desk, setting)
            elif state[LENGTH] == hdrlen + mss or state[TAKEN] == paylen:
                send_segment(desk, setting, meets_paylen(desk))
        state[OFFSET] += count
    return True


@leaf
def begin_segment(desk: Desk, setting: Setting) -> None:
    """The prototype header begins each frame."""
    state = desk.state
    if state[TAKEN] == 0:
        record_prototype(desk)
        settle(desk, setting)
    state[LENGTH] = take(state[IN_COMMAND], TX_CONTEXT.HDRLEN)
    summed = take(state[FIRST], TX_DATA.TXSM) and not state[WHOLE]
    state[SUM], state[SUMMED] = 0, state[LENGTH] if summed else NEVER
    copy(desk.arena, state[CURSOR] + setting.lead + state[GAP], desk.header, 0, state[LENGTH])


@leaf
def settle(desk: Desk, setting: Setting) -> None:
    """How the send leaves, now that its header is there: whole, or cut, its full frames by what changes between them;
    both only if it is ordinary."""
    if is_ordinary(desk, setting):
        desk.state[WHOLE] = leaves_whole(desk, setting)
        if not desk.state[WHOLE]:
            prepare(desk)


@leaf
def meets_paylen(desk: Desk) -> bool:
    """Is this frame, by its number, the one that takes the payload to PAYLEN (§3.5.5)? Counted in 32 bits."""
    mss, paylen = take(desk.state[IN_COMMAND], TX_CONTEXT.MSS), take(desk.state[IN_COMMAND], TX_CONTEXT.PAYLEN)
    return bool((paylen - desk.state[NUMBER] * mss) & 0xFFFF_FFFF <= mss)


@leaf
def send_segment(desk: Desk, setting: Setting, last: bool) -> None:
    """Stamp the header for this frame, put in the sums, send (§3.5.9)."""
    state = desk.state
    ranges, context, first = state[IN_RANGES], state[IN_COMMAND], state[FIRST]
    length = state[LENGTH]
    start = state[CURSOR] + setting.lead + state[GAP]
    ip, tcp = take(context, TX_CONTEXT.IP), take(context, TX_CONTEXT.TCP)
    block = setting.block_send and not ip and not tcp
    if not block:
        stamp_header(desk, setting, start, last)
    if take(first, TX_DATA.TXSM):
        l4_length = 0 if block else length - take(ranges, RANGES.TUCSS)
        begin, place, end = take(ranges, RANGES.TUCSS), take(ranges, RANGES.TUCSO), take(ranges, RANGES.TUCSE)
        insert_sum(desk, setting, start, length, begin, place, end, l4_length)
    if take(first, TX_DATA.IXSM):
        begin, place, end = take(ranges, RANGES.IPCSS), take(ranges, RANGES.IPCSO), take(ranges, RANGES.IPCSE)
        insert_sum(desk, setting, start, length, begin, place, end, 0)
    if setting.sends_by_frame and tcp and last and state[NUMBER]:
        desk.counts[TSCTC] += 1
    how = state[NUMBER] << 8 | (16 if last else 0) | SEGMENTED
    finish_frame(desk, setting, state[HEAD], first, length, how)
    state[NUMBER] += 1
    state[LENGTH] = 0


@leaf
def cut_after_all(desk: Desk, setting: Setting) -> None:
    """A send that was to be handed over ended short of PAYLEN: cut what there is into frames behind it."""
    state = desk.state
    gather_up(desk, setting)
    hdrlen, mss = take(state[IN_COMMAND], TX_CONTEXT.HDRLEN), take(state[IN_COMMAND], TX_CONTEXT.MSS)
    payload, total, done = state[CURSOR] + setting.lead + hdrlen, state[TAKEN], 0
    state[CURSOR] = payload + total
    while done < total:
        count = min(mss, total - done)
        start = state[CURSOR] + setting.lead
        copy(desk.arena, start, desk.header, 0, hdrlen)
        copy(desk.arena, start + hdrlen, desk.arena, payload + done, count)
        state[LENGTH] = hdrlen + count
        done += count
        send_segment(desk, setting, done == total)


@leaf
def close_segmented(desk: Desk, setting: Setting, place: int) -> None:
    """EOP of a segmented packet. PAYLEN said which frame was last; if EOP disagrees, the context failed (§13.7.54)."""
    state = desk.state
    hdrlen, paylen = take(state[IN_COMMAND], TX_CONTEXT.HDRLEN), take(state[IN_COMMAND], TX_CONTEXT.PAYLEN)
    given = state[TAKEN] + state[EXCESS]
    met = state[FATE] == 0 and state[FILLED] == hdrlen and given == paylen
    if not setting.sends_by_frame:
        desk.counts[TSCTC if met else TSCTFC] += 1
    if state[FATE]:
        return
    if state[FILLED] < hdrlen:
        record(desk, events.TX_HEADER_SHORT, place, state[FILLED], hdrlen)
        return
    if given < paylen:
        record(desk, events.TX_PAYLEN_UNMET, place, given, paylen)
    elif given > paylen:
        record(desk, events.TX_PAYLEN_EXCEEDED, place, given - paylen, paylen)
    if setting.open_end:
        if state[LENGTH] == 0:
            begin_segment(desk, setting)
    elif given < paylen and state[WHOLE]:
        cut_after_all(desk, setting)
    if state[LENGTH]:
        send_segment(desk, setting, not setting.open_end or meets_paylen(desk))
