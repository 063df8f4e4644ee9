"""May a turn go on? While its time lasts, and nobody waits at the door: both engines ask, and who drives them."""

from __future__ import annotations

from glassnic.jit import kernel
from glassnic.syscalls import has_come, monotonic_ns


@kernel
def lasts(until_ns: int, door_fd: int) -> bool:
    """Is there time for more, and nobody waiting? The members of a `Patience`."""
    return bool(monotonic_ns() < until_ns and not has_come(door_fd))
