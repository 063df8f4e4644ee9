"""Where do frames lie that have come in, until the card has taken them? In an arena of the backend's own, behind leads.

The two ways they come, as packets one `read` each and as a run on a stream, are kernels: a turn's frames are one call
from Python, and none of them is an object.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from glassnic.backends.port import MAX_FRAME_BYTES
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD, Frames
from glassnic.jit import kernel
from glassnic.syscalls import Octets, read

RUN_BYTES = 1 << 18
"""So much comes in before the loop looks elsewhere: all that a unix socket holds, or four whole packets of the host."""


@kernel
def fetch(fd: int, lead: int, arena: Octets, bounds: NDArray[np.int64]) -> int:
    """Packets that wait at a descriptor, until there are no more, or rows or room end; how many. Bounds spare leads."""
    at, row = 0, 0
    while row < len(bounds) and at + lead + MAX_FRAME_BYTES <= len(arena):
        start = at if lead == VNET_LEAD else at + lead  # a TAP's header comes with the packet
        length = read(fd, arena, start, start + MAX_FRAME_BYTES)
        if length < 0:
            break
        end = start + length
        if lead == LENGTH_LEAD:
            for octet in range(LENGTH_LEAD):
                arena[at + octet] = (length >> (24 - 8 * octet)) & 0xFF
        bounds[row, 0], bounds[row, 1] = at + lead, max(end, at + lead)
        row, at = row + 1, max(end, at + lead)
    return row


@kernel
def split(arena: Octets, begin: int, end: int, bounds: NDArray[np.int64]) -> tuple[int, int]:
    """Whole frames of the stream in [begin, end), each behind its length: how many, and where the rest begins."""
    at, row = begin, 0
    while row < len(bounds) and at + LENGTH_LEAD <= end:
        length = 0
        for octet in range(LENGTH_LEAD):
            length = length << 8 | (int(arena[at + octet]) & 0xFF)
        stop = at + LENGTH_LEAD + length
        if length > MAX_FRAME_BYTES or stop > end:
            break
        if length:
            bounds[row, 0], bounds[row, 1] = at + LENGTH_LEAD, stop
            row += 1
        at = stop
    return row, at


def load() -> None:
    """Have the kernels compiled."""
    inbox = Inbox(LENGTH_LEAD)
    fetch(-1, LENGTH_LEAD, inbox.arena, inbox.rows(1))
    split(inbox.arena, 0, 0, inbox.rows(1))


class Inbox:
    """The arena, and the bounds of the frames in it."""

    def __init__(self, lead: int) -> None:
        self.lead = lead
        self.arena: Octets = np.zeros(RUN_BYTES + VNET_LEAD + MAX_FRAME_BYTES, np.uint8)
        self._bounds = np.zeros((64, 2), np.int64)

    def rows(self, limit: int) -> NDArray[np.int64]:
        """Bounds to be filled, for so many frames."""
        if limit > len(self._bounds):
            self._bounds = np.zeros((limit, 2), np.int64)
        return self._bounds[:limit]

    def fetch(self, fd: int, limit: int) -> Frames:
        """The packets that wait at a descriptor, at most `limit`. OSError if more is amiss than that none does."""
        number = fetch(fd, self.lead, self.arena, self.rows(limit))
        return self.frames(number) if number else self._ask_again(fd)

    def frames(self, number: int) -> Frames:
        """The first frames, as the bounds say."""
        return Frames(self.arena, self._bounds[:number], self.lead)

    def _ask_again(self, fd: int) -> Frames:
        try:
            packet = os.read(fd, MAX_FRAME_BYTES)
        except BlockingIOError:
            return self.frames(0)
        return Frames.joined([packet], self.lead) if self.lead == VNET_LEAD else Frames.of([packet], self.lead)
