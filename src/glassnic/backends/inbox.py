"""Where do frames lie that have come in, until the card has taken them? In an arena of the backend's own, behind leads.

It may be lent to the card, which then fetches them itself; this is the general way. A turn's frames are one call from
Python, and none of them is an object.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from glassnic.device.inlet import BEGIN, END, FD, INBOX_BYTES, INLET_WORDS, RUNS, Words, next_length, take_in
from glassnic.device.ports import LENGTH_LEAD, MAX_FRAME_BYTES, VNET_LEAD, Frames, Inlet
from glassnic.jit import kernel
from glassnic.syscalls import Octets

ROWS = 1024
"""The most frames of one call."""


@kernel
def fetch(inbox: Octets, bounds: NDArray[np.int64], lead: int, words: Words) -> int:
    """`take_in` for Python."""
    return take_in(inbox, bounds, lead, words)


@kernel
def upcoming(inbox: Octets, words: Words) -> int:
    """`next_length` for Python."""
    return next_length(inbox, words)


def load() -> None:
    """Have the kernels compiled."""
    inbox = Inbox(-1, LENGTH_LEAD, runs=True)
    fetch(*inbox.inlet)
    upcoming(inbox.inlet.arena, inbox.inlet.words)


class Inbox:
    """The arena, and the bounds of the frames in it. `runs`: the descriptor is a stream."""

    def __init__(self, fd: int, lead: int, runs: bool = False) -> None:
        words = np.zeros(INLET_WORDS, np.int64)
        words[FD], words[RUNS] = fd, runs
        self._state = words.data
        """The same words: plain Python reads them sooner so."""
        self.inlet = Inlet(np.zeros(INBOX_BYTES, np.uint8), np.zeros((ROWS, 2), np.int64), lead, words)

    @property
    def next_length(self) -> int:
        """Of a stream: how long the next frame is that has not been taken, -1 if that has not come yet."""
        return int(upcoming(self.inlet.arena, self.inlet.words))

    @property
    def pending(self) -> bool:
        """Of a stream: has a frame come whole that nobody has taken, or the length of one that cannot be?"""
        here = self._state[END] - self._state[BEGIN]
        if here < LENGTH_LEAD:
            return False
        length = self.next_length
        return length > MAX_FRAME_BYTES or here >= LENGTH_LEAD + length

    def fetch(self, limit: int) -> Frames:
        """What has come, at most `limit` frames; none also where the descriptor fails."""
        arena, bounds, lead, words = self.inlet
        number = fetch(arena, bounds[:limit], lead, words)
        return Frames(arena, bounds[:number], lead)

    def fetch_or_ask(self, limit: int) -> Frames:
        """The same of a descriptor that gives packets. OSError if more is amiss than that none waits."""
        frames = self.fetch(limit)
        if len(frames):
            return frames
        lead = self.inlet.lead
        try:
            packet = os.read(self.inlet.words.item(FD), MAX_FRAME_BYTES)
        except BlockingIOError:
            return frames
        return Frames.joined([packet], lead) if lead == VNET_LEAD else Frames.of([packet], lead)
