"""How do bytes of guest memory come into a frame? Copied, and summed on their way, as silicon does it (§3.5.8).

`state[SUMMED]` is the first byte of the frame from which on all that came is in `state[SUM]`; NEVER says that no sum
will ask for it. Whoever changes a byte behind it sets NEVER. Leaves of the transmit engine, under its rules.
"""

from __future__ import annotations

from glassnic.device.leaf import leaf
from glassnic.device.span import copy, copy_summing, in_step
from glassnic.device.transmit_state import CURSOR, GAP, LENGTH, SUM, SUMMED, Desk, Setting


@leaf
def bring_in(desk: Desk, setting: Setting, address: int, count: int) -> None:
    """`count` bytes, which the guest has, behind those of the frame; its length is the caller's."""
    state = desk.state
    into = state[CURSOR] + setting.lead + state[GAP] + state[LENGTH]
    before = state[SUMMED] - state[LENGTH]
    if before >= count:
        copy(desk.arena, into, desk.data, address, count)
        return
    if before > 0:
        copy(desk.arena, into, desk.data, address, before)
    else:
        before = 0
    part = copy_summing(desk.arena, into + before, desk.data, address + before, count - before)
    state[SUM] += in_step(part, state[LENGTH] + before - state[SUMMED])
