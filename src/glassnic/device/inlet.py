"""How do frames come in where the engine fetches them itself? By read(2) on a descriptor that a back end lends, into
its inbox: as a run on a stream, each behind its length, or each by itself.

They come as they leave (`outlet.py`): where nobody else looks at them, the engine asks again as long as much comes
and the turn may go on. Where nothing comes, only Python can ask why. No chapter of the manual; leaves of the receive
engine, under its rules, and of `Inbox`, the general way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.patience import lasts
from glassnic.device.ports import LENGTH_LEAD, MAX_FRAME_BYTES, VNET_LEAD
from glassnic.device.span import copy, shift, unsigned
from glassnic.syscalls import Octets, read

Words = NDArray[np.int64]

FD, RUNS, BEGIN, END, UNTIL, DOOR, COUNT, OCTETS, LAST = range(9)
"""Words of an inlet: the descriptor; 1 if it is a stream; what of the stream nobody has taken yet. Of one turn: how
long it may ask again (`patience.py`); how many frames and octets came, and how many octets the last time."""
INLET_WORDS = 9

RUN_BYTES = 1 << 18
"""So much comes in at once: all that a unix socket holds, or four whole packets of the host."""
INBOX_BYTES = RUN_BYTES + VNET_LEAD + MAX_FRAME_BYTES
PLENTY_BYTES = 8192
"""What brought so much is asked again at once."""


@leaf
def take_in(inbox: Octets, bounds: NDArray[np.int64], lead: int, words: Words) -> int:
    """What has come, in the inbox: how many frames, their starts and ends in `bounds`."""
    number = take_run(inbox, bounds, words) if words[RUNS] else take_each(inbox, bounds, lead, words)
    words[LAST] = bounds[number - 1, 1] - bounds[0, 0] if number else 0
    words[COUNT] += number
    words[OCTETS] += words[LAST]
    return number


@leaf
def asks_again(words: Words) -> bool:
    """Did much come the last time, and is there time for more?"""
    return bool(words[LAST] >= PLENTY_BYTES and lasts(words[UNTIL], words[DOOR]))


@leaf
def take_each(inbox: Octets, bounds: NDArray[np.int64], lead: int, words: Words) -> int:
    """Packets that wait at the descriptor, until there are no more, or rows or room end."""
    at, row = 0, 0
    while row < len(bounds) and at + lead + MAX_FRAME_BYTES <= len(inbox):
        start = at if lead == VNET_LEAD else at + lead  # a TAP's header comes with the packet
        length = read(words[FD], inbox, start, start + MAX_FRAME_BYTES)
        if length < 0:
            break
        end = start + length
        if lead == LENGTH_LEAD:
            for octet in range(LENGTH_LEAD):
                inbox[at + octet] = (length >> (24 - 8 * octet)) & 0xFF
        bounds[row, 0], bounds[row, 1] = at + lead, max(end, at + lead)
        row, at = row + 1, max(end, at + lead)
    return row


@leaf
def take_run(inbox: Octets, bounds: NDArray[np.int64], words: Words) -> int:
    """Whole frames of the stream: those that are here, else of what comes now."""
    number = split(inbox, bounds, words)
    if number or next_length(inbox, words) > MAX_FRAME_BYTES:
        return number
    begin, rest = words[BEGIN], words[END] - words[BEGIN]
    if rest <= begin:
        copy(inbox, 0, inbox, begin, rest)
    elif begin:
        shift(inbox, begin, rest, -begin)
    words[BEGIN], words[END] = 0, rest
    came = read(words[FD], inbox, rest, min(rest + RUN_BYTES, len(inbox)))
    if came <= 0:
        return 0
    words[END] = rest + came
    return split(inbox, bounds, words)


@leaf
def split(inbox: Octets, bounds: NDArray[np.int64], words: Words) -> int:
    """Where the frames lie that are here whole, as many as `bounds` has rows; an empty one is none."""
    row = 0
    while row < len(bounds):
        length = next_length(inbox, words)
        start = words[BEGIN] + LENGTH_LEAD
        if length < 0 or length > MAX_FRAME_BYTES or start + length > words[END]:
            break
        if length:
            bounds[row, 0], bounds[row, 1] = start, start + length
            row += 1
        words[BEGIN] = start + length
    return row


@leaf
def next_length(inbox: Octets, words: Words) -> int:
    """The length of the stream's next frame, -1 while even that has not come whole."""
    begin, length = words[BEGIN], 0
    if begin + LENGTH_LEAD > words[END]:
        return -1
    for octet in range(LENGTH_LEAD):
        length = length << 8 | (int(inbox[unsigned(begin + octet)]) & 0xFF)
    return length
