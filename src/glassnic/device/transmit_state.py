"""What does the transmit engine hold, between calls and in one? Its state words, the arrays it works on, the numbers
of a turn.

State is one int64 array with named places, so that jitted code can keep a packet open from doorbell to doorbell, and
go on in the midst of a descriptor when the arena was full (§3.3, §3.5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.ports import RUN
from glassnic.spec.profiles import Traits

# What `state` holds between calls.
HEAD, TAIL, TODO, OFFSET, LOW, COMMAND, CURSOR, FRAMES, TRIED, SERIAL, CAUSES, DELAYED, LOADED, NOW, MAY_HAND_OVER = (
    range(15)
)
# ... of the frames in the arena: how many have gone, how much of the next one has; what takes them (`outlet.py`),
# and how long a turn may fill the arena again (`patience.py`).
GONE, BEGUN, OUTLET, LED, UNTIL, DOOR = range(15, 21)
# ... and of the open packet: its kind, why it is spoilt, its first descriptor, the context it latched, its progress.
KIND, FATE, FIRST, IN_RANGES, IN_COMMAND, LENGTH, GAP, FILLED, TAKEN, EXCESS, NUMBER, WHOLE, PIECES = range(21, 34)
# ... what its frames have in common (`alike.py`), and from where on the bytes of this one are summed (`gathering.py`).
ALIKE, IP_BASE, L4_BASE, SUMMED, SUM = range(34, 39)
STATE_WORDS = 39

NEVER = 1 << 40
"""As SUMMED: no byte is."""

CLOSED, LEGACY, PLAIN, SEGMENTED = range(4)
EMPTY, SPENT, FULL = range(3)

ROOM_BYTES = 212_992
"""A filling ends when this much is in the arena: it stays in the cache, no register read waits long, and the buffer of
a unix socket, as large as that, takes it at once."""
LIMIT_BYTES = (1 << 16) - 80
ARENA_BYTES = ROOM_BYTES + (1 << 18)
"""A frame of 64 KB may be begun at the limit, and if it was to leave whole but is cut after all, its cuts follow."""
HEADER_BYTES = 0xFF + 14
"""The prototype header has at most 240 bytes; a field that a context's offsets lay beyond it is still in the array."""
MOST_PIECES = 64
"""How many pieces of a whole send may be lent by guest memory (`lending.py`)."""
ARENA_FRAMES = 20480
"""More frames than the arena can hold of the shortest kind."""
TRIES, TRIES_EACH = 2048, 512
"""The most frames that one filling tries to send, whether they can be sent or not: it bounds what nonsense costs. Fewer
where each leaves by itself, which takes the host longer."""

TAG = 4
"""Room before a frame for a tag, where the first descriptor announces one."""


class Desk(NamedTuple):
    """The arrays the engine works on."""

    data: NDArray[np.uint8]
    ranges: NDArray[np.int64]
    arena: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    header: NDArray[np.uint8]
    state: NDArray[np.int64]
    contexts: NDArray[np.int64]
    counts: NDArray[np.int64]
    rows: NDArray[np.int64]
    tally: NDArray[np.int64]
    pieces: NDArray[np.int64]
    """Address and length of what is lent, from row 1 on; row 0 is for what goes before."""


class Setting(NamedTuple):
    """The numbers of this turn: ring, control bits, and the traits of profile and model."""

    base: int
    entries: int
    budget: int
    vet: int
    """VET when CTRL.VME is set, else -1."""
    pad: int
    limit: int
    low_water: int
    report: int
    """Descriptor bits that ask for a write-back."""
    ipv6: int
    lead: int
    """Bytes before each frame: LENGTH_LEAD or VNET_LEAD."""
    plain_slot: int
    segmented_slot: int
    latched: int
    length_mask: int
    null_mask: int
    opens_empty: int
    late_tag: int
    ipv6_header_bytes: int
    block_send: int
    open_end: int
    legacy_sum: int
    zero_sum: int
    empty_sum: int
    sum_in_range: int
    own_fcs: int
    shortest_bytes: int
    tag_counted: int
    good_octets: int
    sends_by_frame: int


TRAITS_USED = tuple(name for name in Setting._fields if name in Traits._fields)
"""What of a profile is among the numbers of a turn, under its own name."""


@leaf
def unpack(words: NDArray[np.int64]) -> Setting:
    """A setting from its numbers in an array: one argument is taken in sooner than many."""
    w = words
    return Setting(
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14],
        w[15], w[16], w[17], w[18], w[19], w[20], w[21], w[22], w[23], w[24], w[25], w[26], w[27], w[28],
    )  # fmt: skip


@leaf
def room(desk: Desk) -> bool:
    """May another frame, whatever its length, be begun?"""
    state = desk.state
    tries = TRIES if state[LED] == RUN else TRIES_EACH
    return bool(state[CURSOR] <= ROOM_BYTES and state[FRAMES] < ARENA_FRAMES and state[TRIED] < tries)
