"""How do frames leave from within the engine? By write(2) on a descriptor that the back end lends: as a run, or each.

To come back to Python for each filling of the arena costs as much as a hundred frames do; so where nobody else looks at
them, the engine hands the frames on itself, and fills the arena again until the turn has to be over. What the host does
not take stays for the general way, `Transmit.sent`, which knows what to do about it. No chapter of the manual; leaves
of the transmit engine, under its rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.patience import lasts
from glassnic.device.ports import LENGTH_LEAD, RUN
from glassnic.device.span import shift, unsigned
from glassnic.device.transmit_state import (
    BEGUN,
    CLOSED,
    CURSOR,
    DOOR,
    FRAMES,
    GAP,
    GONE,
    KIND,
    LED,
    LENGTH,
    LIMIT_BYTES,
    OUTLET,
    PIECES,
    UNTIL,
    Desk,
    Setting,
)
from glassnic.syscalls import Octets, write, write_pieces


@leaf
def leave_in_time(desk: Desk) -> bool:
    """Let the frames in the arena go; True: all have gone, and there is time to fill it again."""
    return leave(desk) and lasts(desk.state[UNTIL], desk.state[DOOR])


@leaf
def leave(desk: Desk) -> bool:
    """Let the frames in the arena go; False: some stay, for there is no outlet, or it takes no more now."""
    if desk.state[OUTLET] < 0:
        return False
    return leave_as_run(desk) if desk.state[LED] == RUN else leave_each(desk)


@leaf
def leave_each(desk: Desk) -> bool:
    """A write a frame."""
    state = desk.state
    state[GONE] = write_each(state[OUTLET], desk.arena, desk.bounds, state[GONE], state[FRAMES], state[LED])
    return bool(state[GONE] == state[FRAMES])


@leaf
def write_each(fd: int, arena: Octets, bounds: NDArray[np.int64], row: int, end: int, led: int) -> int:
    """Write the frames of the rows from `row` to `end`, each with what leads it; says before which row the host took no
    more."""
    while row < end and write(fd, arena, bounds[unsigned(row), 0] - led, bounds[unsigned(row), 1]) >= 0:
        row += 1
    return row


@leaf
def leave_as_run(desk: Desk) -> bool:
    """All in one write, if the host takes them; to try again at once would only hinder the reader."""
    state, bounds = desk.state, desk.bounds
    if state[GONE] == state[FRAMES]:
        return True
    start = bounds[state[GONE], 0] - LENGTH_LEAD
    stop = start + max(write(state[OUTLET], desk.arena, start, bounds[state[FRAMES] - 1, 1]), 0)
    while state[GONE] < state[FRAMES] and bounds[unsigned(state[GONE]), 1] <= stop:
        state[GONE] += 1
    if state[GONE] < state[FRAMES]:
        state[BEGUN] = stop - bounds[state[GONE], 0] + LENGTH_LEAD
    return bool(state[GONE] == state[FRAMES])


@leaf
def leave_with_pieces(desk: Desk, begin: int, end: int) -> bool:
    """One frame, of which [begin, end) of the arena is the start and the pieces in guest memory are the rest."""
    state = desk.state
    taken = write_pieces(state[OUTLET], desk.arena, begin, end, desk.data, desk.pieces, state[PIECES])
    return bool(taken >= 0)


@leaf
def rewind(desk: Desk, setting: Setting) -> None:
    """Begin the arena anew once all its frames have gone; a frame under construction moves to the front."""
    state = desk.state
    if state[FRAMES] == 0 or state[GONE] < state[FRAMES]:
        return
    if state[KIND] != CLOSED and state[LENGTH]:
        start, length = state[CURSOR], setting.lead + state[GAP] + min(state[LENGTH], LIMIT_BYTES)
        shift(desk.arena, start, length, -start)
    state[CURSOR] = state[FRAMES] = state[GONE] = 0
