"""When may the payload of a whole send stay in guest memory? While nobody has been told that it is the guest's again.

A special path of `handover.py` where the frames leave from within the engine: what a descriptor names is noted, and one
writev(2) takes header and pieces. They are gathered up in the arena after all, as the general way does at once, before
a descriptor among them is reported done (§3.3.3.2), before the turn ends, and where the host does not take them now.
Leaves of the transmit engine, under its rules.
"""

from __future__ import annotations

from glassnic.device.leaf import leaf
from glassnic.device.outlet import leave, leave_with_pieces
from glassnic.device.span import copy
from glassnic.device.transmit_state import (
    CURSOR,
    FRAMES,
    GAP,
    GONE,
    LED,
    LENGTH,
    OUTLET,
    PIECES,
    Desk,
    Setting,
)  # fmt: skip


@leaf
def lend(desk: Desk, address: int, count: int) -> bool:
    """Note a piece of a whole send, behind those before; False: it must be copied."""
    state = desk.state
    if state[OUTLET] < 0 or state[PIECES] == len(desk.pieces) - 1:
        return False
    state[PIECES] += 1
    desk.pieces[state[PIECES], 0] = address
    desk.pieces[state[PIECES], 1] = count
    return True


@leaf
def gather_up(desk: Desk, setting: Setting) -> None:
    """What is lent comes into the arena, where it would be by now."""
    state = desk.state
    if state[PIECES]:
        take_in(desk, state[CURSOR] + setting.lead + state[GAP] + state[LENGTH])


@leaf
def take_in(desk: Desk, end: int) -> None:
    """Copy the pieces to where they end at `end`."""
    state, at = desk.state, end
    while state[PIECES]:
        address, count = desk.pieces[state[PIECES], 0], desk.pieces[state[PIECES], 1]
        at -= count
        copy(desk.arena, at, desk.data, address, count)
        state[PIECES] -= 1


@leaf
def depart(desk: Desk) -> None:
    """The send is complete, the last frame of the arena; let it leave with its pieces, behind the frames before."""
    state = desk.state
    if state[PIECES] == 0:
        return
    last = state[FRAMES] - 1
    begin, end, lent = desk.bounds[last, 0] - state[LED], desk.bounds[last, 1], 0
    for row in range(1, state[PIECES] + 1):
        lent += desk.pieces[row, 1]
    state[FRAMES] = last
    if leave(desk) and leave_with_pieces(desk, begin, end - lent):
        state[GONE] += 1
        state[PIECES] = 0
    state[FRAMES] = last + 1
    take_in(desk, end)
