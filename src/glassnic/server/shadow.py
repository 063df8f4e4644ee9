"""What does a card read and write in guest memory, and when? A copy of the memory, on which a recorded card works.

Before a turn what the card will read is copied in, after it what the card wrote is copied out; both are told as steps.
So a recording holds what the card saw, whatever the guest's processors do at the same time; and a piece of memory is
told again only when it has changed.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from glassnic.conformance.program import Peek, Poke
from glassnic.device.ports import GuestMemory, read_ranges, write_ranges
from glassnic.transports.linux import MAP_NORESERVE

PAGE_BYTES = 4096


class Shadow:
    """Implements `GuestMemory` over that of a guest. Raises MemoryError, one sentence, if there is no room for it."""

    def __init__(self, guest: GuestMemory, tell: Callable[[Peek | Poke], None]) -> None:
        self.guest = guest
        self._tell = tell
        self._known: set[int] = set()
        """Pages of which something was told; in all others the copy is zeros."""
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        try:
            span = mmap.mmap(-1, len(guest.data), flags=flags)  # touched pages only take memory
        except OSError as error:
            raise MemoryError(
                "there is no address space to record in: raise the limit with `ulimit -v unlimited`"
            ) from error
        self.data: NDArray[np.uint8] = np.frombuffer(span, np.uint8)

    @property
    def ranges(self) -> NDArray[np.int64]:
        """See `GuestMemory`."""
        return self.guest.ranges

    def read(self, address: int, length: int) -> bytes:
        """See `GuestMemory`."""
        return read_ranges(self, address, length)

    def write(self, address: int, data: bytes) -> None:
        """See `GuestMemory`."""
        write_ranges(self, address, data)

    def forget(self) -> None:
        """All zeros again; everything is told anew."""
        for page in self._known:
            self.data[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = 0
        self._known.clear()

    def reaches(self, address: int, length: int, writable: bool = False) -> bool:
        """Whether all these bytes are guest memory, in one piece."""
        return any(
            start <= address and address + length <= end and (may_write or not writable)
            for start, end, may_write in self.ranges.tolist()
        )

    def stale(self, address: int, length: int, step: int) -> Iterable[int]:
        """Of pieces of `step` bytes that follow one another, the addresses of those that have changed since."""
        if not self.reaches(address, length):
            return range(address, address + length, step)  # `fetch` looks at each
        span = slice(address, address + length // step * step)
        changed = (self.data[span] != self.guest.data[span]).reshape(-1, step).any(axis=1)
        addresses: list[int] = (address + np.flatnonzero(changed) * step).tolist()
        return addresses

    def fetch(self, address: int, length: int) -> None:
        """Copy in what the card will read, if it is memory."""
        if not self.reaches(address, length):
            return
        span = slice(address, address + length)
        fresh = self.guest.data[span].copy()  # once: the guest may be writing
        if not self._knows(address, length) or not np.array_equal(self.data[span], fresh):
            self.data[span] = fresh
            self._tell(Poke(address, fresh.tobytes()))

    def give_back(self, address: int, length: int) -> None:
        """Copy out what the card has written."""
        span = slice(address, address + length)
        self._knows(address, length)
        self.guest.data[span] = self.data[span]
        self._tell(Peek(address, self.data[span].tobytes()))

    def _knows(self, address: int, length: int) -> bool:
        """Whether something was told of all these pages before; from now on it was."""
        pages = range(address // PAGE_BYTES, (address + max(length, 1) - 1) // PAGE_BYTES + 1)
        known = self._known.issuperset(pages)
        self._known.update(pages)
        return known
