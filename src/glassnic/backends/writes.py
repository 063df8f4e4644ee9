"""How do many frames leave by one call from Python, where the host takes one a system call? In a compiled loop over
write(2).

No chapter of the manual. The loop ends at the first frame that the host does not take; what is wrong with it only a
second try tells, by the usual way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.ports import Frames
from glassnic.jit import kernel
from glassnic.syscalls import Octets, write


@kernel
def _write_each(fd: int, arena: Octets, bounds: NDArray[np.int64], led: int) -> int:
    for row in range(len(bounds)):
        if write(fd, arena, bounds[row, 0] - led, bounds[row, 1]) < 0:
            return row
    return len(bounds)


def write_each(fd: int, frames: Frames, header_bytes: int) -> int:
    """Write each frame with the bytes before it; how many the host took before it refused one."""
    return _write_each(fd, frames.arena, frames.bounds, header_bytes)
