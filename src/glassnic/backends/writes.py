"""How do many frames leave by one call from Python, where the host takes one a system call? As they leave from within
the engine (`device/outlet.py`).

No chapter of the manual. They end at the first frame that the host does not take; what is wrong with it only a second
try tells, by the usual way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device import outlet
from glassnic.device.ports import Frames
from glassnic.jit import kernel
from glassnic.syscalls import Octets


@kernel
def _write_each(fd: int, arena: Octets, bounds: NDArray[np.int64], led: int) -> int:
    return outlet.write_each(fd, arena, bounds, 0, len(bounds), led)


def write_each(fd: int, frames: Frames, header_bytes: int) -> int:
    """Write each frame with the bytes before it; how many the host took before it refused one."""
    return _write_each(fd, frames.arena, frames.bounds, header_bytes)
