"""What does the receive engine hold, between calls and in one? Its state words, the arrays it works on, the numbers
of a turn.

The FIFO is an arena, and a ring of rows beside it, `(start, length, marks)` for each frame that waits (§13.4.16). A
frame that arrives lies there from the beginning, where the next one that waits has its place, and is gone from there
at once if it is delivered. Lengths count from the destination address through the FCS, as the manual's do (§13.7).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.span import unsigned
from glassnic.spec.profiles import Traits

# What `state` holds between calls: the ring, the count of frames delivered, and the FIFO.
HEAD, TAIL, SERIAL, FIRST, WAITING, HELD, USED = range(7)
# ... and what a call reports.
MASTER, CAUSES, DELAYED, MISSED, QUANTA, STARVED = range(7, 13)
# ... and of the frame at hand: what of it is summed already.
SUM_BEGIN, SUM_END, SUM = range(13, 16)
STATE_WORDS = 16

INEXACT, BAD, ODD_SIZE, CONTROL = 1, 2, 4, 8
"""Marks of a frame: passed by the hash alone, FCS wrong, of illegal length, a MAC control frame."""
WAY_LO = 4
"""From this bit on the marks hold by which filter it passed: a number of `spec/ways.py`."""

WIRE, LOOPED, SPOILT = range(3)
"""How frames come: by the cable, from this card's own transmitter, with an FCS that is wrong."""

FCS, TAG, HEADER, ADDRESS = 4, 4, 14, 6
SHORTEST, LONGEST_PLAIN, LONGEST = 64, 1522, 16384
"""The shortest legal frame, the longest with RCTL.LPE=0 and with LPE=1 (§13.7.15)."""
ROOM_BYTES = LONGEST + 4
"""What a frame takes at most; a known card bears with one that is longer by its FCS."""

ROWS = 4096
"""More frames than a FIFO of 64 KB can hold of the shortest kind that passes."""
ROW_MASK = ROWS - 1
FIFO_BYTES = 1 << 16
"""The whole packet buffer."""
ARENA_BYTES = FIFO_BYTES + 2 * ROOM_BYTES
"""Room for a full FIFO, for what is left free at the end when frames go on at the start, and for one that arrives."""


class Desk(NamedTuple):
    """The arrays the engine works on."""

    data: NDArray[np.uint8]
    ranges: NDArray[np.int64]
    arena: NDArray[np.uint8]
    waiting: NDArray[np.int64]
    exact: NDArray[np.int64]
    multicast: NDArray[np.int64]
    vlans: NDArray[np.int64]
    state: NDArray[np.int64]
    counts: NDArray[np.int64]
    rows: NDArray[np.int64]
    tally: NDArray[np.int64]


class Setting(NamedTuple):
    """The numbers of this turn: ring, RCTL, filters, flow control, checksums."""

    base: int
    entries: int
    low_water: int
    """The most free descriptors at which RXDMT0 is raised, and the fewest."""
    low_floor: int
    buffer: int
    """Bytes a descriptor's buffer takes."""
    fifo: int
    """Bytes the FIFO holds."""
    longest: int
    store_bad: int
    fcs: int
    """Bytes of FCS that are stored: 4, or 0 with RCTL.SECRC."""
    small: int
    """RSRPD.SIZE; 0 detects nothing."""
    unicast: int
    multicast: int
    broadcast: int
    hash_shift: int
    vet: int
    strip: int
    vlan_filter: int
    cfi: int
    """The value CFI must have, or -1 when it is not compared."""
    flow: int
    flow_address: int
    flow_type: int
    station: int
    discard_pause: int
    pass_control: int
    sum_start: int
    ipv4: int
    ipv6: int
    layer4: int
    unwritten: int
    """Bytes of the FCS that count in the length and are not stored."""
    written: int
    """What of a descriptor's second quadword is written back."""
    shortest_octets: int
    oversize: int
    hash_unicast: int
    mpe_broadcast: int
    marks_inexact: int
    stripped_counted: int
    counts_refused: int
    judges_first: int
    size_less: int


TRAITS_USED = tuple(name for name in Setting._fields if name in Traits._fields)
"""What of a profile is among the numbers of a turn, under its own name."""


@leaf
def unpack(words: NDArray[np.int64]) -> Setting:
    """A setting from its numbers in an array: one argument is taken in sooner than many."""
    w = words
    return Setting(
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13],
        w[14], w[15], w[16], w[17], w[18], w[19], w[20], w[21], w[22], w[23], w[24], w[25], w[26],
        w[27], w[28], w[29], w[30], w[31], w[32], w[33], w[34], w[35], w[36], w[37], w[38],
    )  # fmt: skip


@leaf
def octet(desk: Desk, at: int) -> int:
    """A byte of the arena, as int64: jitted, `int` of a byte has no sign, and a sum of the two kinds is no integer."""
    return int(desk.arena[unsigned(at)]) & 0xFF


@leaf
def word(desk: Desk, at: int) -> int:
    """Two bytes of the arena in network order, as int64."""
    return octet(desk, at) << 8 | octet(desk, at + 1)


@leaf
def lying_in(desk: Desk, arena: NDArray[np.uint8]) -> Desk:
    """The desk for frames that lie in another arena."""
    return Desk(
        desk.data, desk.ranges, arena, desk.waiting, desk.exact, desk.multicast, desk.vlans, desk.state, desk.counts,
        desk.rows, desk.tally,
    )  # fmt: skip
