"""How do many frames leave by one call from Python, where the host takes one a system call? In a compiled loop over
write(2).

No chapter of the manual. The loop ends at the first frame that the host does not take; what is wrong with it only a
second try tells, by the usual way.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnic.device.ports import Frames
from glassnic.jit import ENABLED, kernel

if ENABLED:
    from numba.core import types

    # A register holds an int as it holds a ssize_t, so that no narrowing is needed.
    _write: Any = types.ExternalFunction("write", types.intp(types.intp, types.intp, types.intp))

    @kernel
    def _write_each(fd: int, arena: NDArray[np.uint8], bounds: NDArray[np.int64], header_bytes: int) -> int:
        begin = arena.ctypes.data
        for row in range(len(bounds)):
            start = bounds[row, 0] - header_bytes
            if _write(fd, begin + start, bounds[row, 1] - start) < 0:
                return row
        return len(bounds)

    def write_each(fd: int, frames: Frames, header_bytes: int) -> int:
        """Write each frame with the bytes before it; how many the host took before it refused one."""
        return _write_each(fd, frames.arena, frames.bounds, header_bytes)

else:

    def write_each(fd: int, frames: Frames, header_bytes: int) -> int:
        """Write each frame with the bytes before it; how many the host took before it refused one."""
        view = frames.arena.data
        for row, (start, end) in enumerate(frames.bounds.tolist()):
            try:
                os.write(fd, view[start - header_bytes : end])
            except OSError:
                return row
        return len(frames)
