"""What may software not do to a ring? Notes of writes to its base, length and head that the manual does not allow.

The write is done all the same, as far as the register's bits allow (§13.4.25 to §13.4.28, §13.4.36 to §13.4.39).
"""

from __future__ import annotations

from collections.abc import Callable

from glassnic.device.core import Core
from glassnic.spec import events
from glassnic.spec.bits import Bits, take
from glassnic.spec.registers import Register

Handler = Callable[[int], None]


def laid(core: Core, row: Register, act: Handler, value: int) -> None:
    """A base or length: what is no multiple of 16, or of 128, loses bits."""
    kept = core.registers[row]
    if value != kept:
        core.recorder.record(events.RING_MISLAID, row.offset, value, kept)
    act(value)


def head_moved(core: Core, row: Register, control: Register, enabled: Bits, act: Handler, value: int) -> None:
    """A head: software may write it only while its ring is off."""
    if take(core.registers[control], enabled):
        core.recorder.record(events.HEAD_MOVED, row.offset, value)
    act(value)
