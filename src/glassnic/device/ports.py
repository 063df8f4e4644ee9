"""What does the card need from outside? Guest memory to reach into, and a shape for the frames it hands on.

Guest memory is one flat span indexed by guest physical address, with the ranges of it that may be touched: so the
engine's address translation is a range check, in plain Python and in jitted code alike. Transports implement
`GuestMemory` over shared memory; `FlatMemory` here is the small real one that tests, the demo and in-process users
take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

LENGTH_LEAD = PREFIX_BYTES = 4
"""Each frame in an arena follows its length, 4 bytes, big endian, so that a run leaves by one send on a stream."""
VNET_LEAD = 10
"""Or, for a back end that asks for it, a virtio-net header: the host may then be given a whole send to cut."""
MAX_FRAME_BYTES = 65536 + 4096
"""The longest frame a peer may announce: a whole 64 KiB packet and room for any header before it."""


RUN = -1
"""Frames leave as one run with all their leads."""


class Outlet(NamedTuple):
    """A descriptor of the host's that takes frames by write(2): as a RUN, or each by itself with `led` bytes before."""

    fd: int
    led: int


NO_OUTLET = Outlet(-1, RUN)


class Patience(NamedTuple):
    """How long a turn repeats what leaves and comes by itself: until then by the host's clock, and only while nobody
    waits at the door, a descriptor of the host's (-1: there is none)."""

    until_ns: int
    door_fd: int = -1


NO_PATIENCE = Patience(0)


class Inlet(NamedTuple):
    """A descriptor of the host's that gives frames by read(2), and where they come to lie (`inlet.py`)."""

    arena: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    lead: int
    words: NDArray[np.int64]


class GuestMemory(Protocol):
    """The guest's memory as a bus master sees it."""

    @property
    def data(self) -> NDArray[np.uint8]:
        """The span, indexed by guest physical address. Only the bytes inside `ranges` may be touched."""

    @property
    def ranges(self) -> NDArray[np.int64]:
        """Rows `(start, end, writable)`, shape (n, 3), sorted, merged, `end` exclusive."""

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes from `address`; a byte outside every range reads FFh, as a master abort does on PCI."""

    def write(self, address: int, data: bytes) -> None:
        """Write what lies in a writable range; the rest goes nowhere."""


class FlatMemory:
    """One writable range from address 0, in this process."""

    def __init__(self, size_bytes: int) -> None:
        self.data: NDArray[np.uint8] = np.zeros(size_bytes, np.uint8)
        self.ranges: NDArray[np.int64] = np.array([[0, size_bytes, 1]], np.int64)

    def read(self, address: int, length: int) -> bytes:
        return read_ranges(self, address, length)

    def write(self, address: int, data: bytes) -> None:
        write_ranges(self, address, data)


def read_ranges(memory: GuestMemory, address: int, length: int) -> bytes:
    """`GuestMemory.read` in terms of `data` and `ranges`."""
    out = bytearray(b"\xff" * length)
    for start, end, _ in memory.ranges.tolist():
        low, high = max(start, address), min(end, address + length)
        if low < high:
            out[low - address : high - address] = memory.data[low:high].tobytes()
    return bytes(out)


def write_ranges(memory: GuestMemory, address: int, data: bytes) -> None:
    """`GuestMemory.write` in terms of `data` and `ranges`."""
    for start, end, writable in memory.ranges.tolist():
        low, high = max(start, address), min(end, address + len(data))
        if writable and low < high:
            memory.data[low:high] = np.frombuffer(data[low - address : high - address], np.uint8)


class Frames:
    """Frames without FCS in one arena, each behind its lead: its length, or a virtio-net header.

    `arena` is a uint8 array; `bounds` an int64 array of shape (n, 2): start and end of each frame in it, lead excluded.
    The arena is its maker's own: what `sent()` gave is valid until the next turn, what a back end received until its
    next call. `begun`: so many bytes of the first frame, lead included, the host has taken already.
    """

    __slots__ = ("arena", "begun", "bounds", "lead")

    def __init__(
        self, arena: NDArray[np.uint8], bounds: NDArray[np.int64], lead: int = LENGTH_LEAD, begun: int = 0
    ) -> None:
        self.arena = arena
        self.bounds = bounds
        self.lead = lead
        self.begun = begun

    @classmethod
    def of(cls, frames: Iterable[bytes], lead: int = LENGTH_LEAD) -> Frames:
        """An arena of its own for these frames."""
        return cls.joined((lead_of(bytes(frame), lead) + bytes(frame) for frame in frames), lead)

    @classmethod
    def joined(cls, led: Iterable[bytes], lead: int, begun: int = 0) -> Frames:
        """An arena of its own for frames that have their leads already."""
        kept = list(led)
        ends = np.cumsum([len(frame) for frame in kept], dtype=np.int64)
        starts = ends - np.array([len(frame) - lead for frame in kept], np.int64)
        bounds = np.stack([starts, ends], axis=1).reshape(-1, 2)
        return cls(np.frombuffer(bytearray(b"".join(kept)), np.uint8), bounds, lead, begun)

    def __len__(self) -> int:
        return len(self.bounds)

    def __iter__(self) -> Iterator[memoryview]:
        view = self.arena.data
        for start, end in self.bounds.tolist():
            yield view[start:end]

    def with_lead(self) -> Iterator[memoryview]:
        """Each frame with its lead before it."""
        view, lead = self.arena.data, self.lead
        for start, end in self.bounds.tolist():
            yield view[start - lead : end]

    def behind(self, own: Iterable[bytes], lead: int) -> Frames:
        """A copy of these behind frames of the card's own; these come first where one of them is half gone."""
        first, second = [lead_of(frame, lead) + frame for frame in own], list(map(bytes, self.with_lead()))
        return Frames.joined([*second, *first] if self.begun else [*first, *second], lead, self.begun)

    def stream(self) -> memoryview:
        """What of the run, with its lengths, the host has not yet, as QEMU's `-netdev stream` and passt speak it."""
        assert self.lead == LENGTH_LEAD, "a stream takes frames behind their lengths"
        if not len(self.bounds):
            return memoryview(b"")
        return self.arena.data[self.bounds.item(0) - LENGTH_LEAD + self.begun : self.bounds.item(-1)]


def lead_of(frame: bytes, lead: int) -> bytes:
    """What stands before a frame that is sent as it is."""
    return len(frame).to_bytes(LENGTH_LEAD, "big") if lead == LENGTH_LEAD else bytes(lead)


NO_FRAMES = Frames(np.zeros(0, np.uint8), np.zeros((0, 2), np.int64))
