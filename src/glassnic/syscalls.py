"""How does compiled code reach the host? By two system calls on descriptors lent to it: read(2) and write(2).

No chapter of the manual: this is ours. A failure is -1, whatever it is: what is wrong only Python can ask, by a second
try. With the JIT off Python's own calls do the same.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnic.jit import ENABLED, kernel

Octets = NDArray[np.uint8]

if ENABLED:
    from numba.core import types

    # A register holds an int as it holds a ssize_t, so that no narrowing is needed.
    _read: Any = types.ExternalFunction("read", types.intp(types.intp, types.intp, types.intp))
    _write: Any = types.ExternalFunction("write", types.intp(types.intp, types.intp, types.intp))

    @kernel
    def read(fd: int, octets: Octets, start: int, end: int) -> int:
        """read(2) into [start, end): how many bytes came; -1 where it fails."""
        return int(_read(fd, octets.ctypes.data + start, end - start))

    @kernel
    def write(fd: int, octets: Octets, start: int, end: int) -> int:
        """write(2) of [start, end): how many bytes the host took; -1 where it fails."""
        return int(_write(fd, octets.ctypes.data + start, end - start))

else:

    def read(fd: int, octets: Octets, start: int, end: int) -> int:
        try:
            return os.readv(fd, [octets.data[start:end]])
        except OSError:
            return -1

    def write(fd: int, octets: Octets, start: int, end: int) -> int:
        try:
            return os.write(fd, octets.data[start:end])
        except OSError:
            return -1
