"""What if the network is watched, slow or bad? Backends around a backend, each with one vice, on both ways.

They are for tests and experiments: `Drop(open_backend("host"), 0.01)`. A vice can be changed at any time; at 0 it does
nothing. Chance comes from a seed, so a run can be repeated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from random import Random

import numpy as np

from glassnic.backends.pcap import Pcap
from glassnic.backends.port import Backend
from glassnic.device.cutting import cut
from glassnic.device.ports import NO_OUTLET, VNET_LEAD, Frames
from glassnic.device.receive_state import FCS

MOST_DELAYED = 4096
"""So many frames may be on a slow way; what comes beyond is lost."""
MOST_CUTS, RUN_BYTES = 512, 1 << 18
"""What is cut out of one packet."""
NO_OFFLOAD = bytes(VNET_LEAD)


class Middleware:
    """Passes everything on to `inner`, leads and all; each kind changes what it is about."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

    outlet = NO_OUTLET  # each frame is to be seen
    inlet = None

    @property
    def lead(self) -> int:
        return self.inner.lead

    @property
    def blocked(self) -> bool:
        return self.inner.blocked

    @property
    def pending(self) -> bool:
        return self.inner.pending

    @property
    def dropped(self) -> int:
        return self.inner.dropped

    def fileno(self) -> int:
        return self.inner.fileno()

    def send(self, frames: Frames) -> None:
        self.inner.send(frames)

    def flush(self) -> None:
        self.inner.flush()

    def receive(self, limit: int = 64) -> Frames:
        return self.inner.receive(limit)

    def close(self) -> None:
        self.inner.close()


class Tee(Middleware):
    """Writes each frame of both ways into a capture as it passes, and closes it at the end."""

    def __init__(self, inner: Backend, capture: Pcap) -> None:
        super().__init__(inner)
        self._capture = capture

    def send(self, frames: Frames) -> None:
        self._capture.record(frames)
        self.inner.send(frames)

    def receive(self, limit: int = 64) -> Frames:
        frames = self.inner.receive(limit)
        if frames:
            self._capture.record(frames)
        return frames

    def close(self) -> None:
        self.inner.close()
        self._capture.close()


class Chance:
    """Which frames are hit: the next `count` of them, then each with the chance `share` (0 to 1)."""

    def __init__(self, share: float = 0, seed: int = 0) -> None:
        self.share = share
        self.count = 0
        self._random = Random(seed)

    def __bool__(self) -> bool:
        return bool(self.share or self.count)

    def hits(self) -> bool:
        if self.count:
            self.count -= 1
            return True
        return self._random.random() < self.share


class Drop(Middleware):
    """Loses the frames that `chance` hits, and counts them."""

    def __init__(self, inner: Backend, share: float = 0, seed: int = 0) -> None:
        super().__init__(inner)
        self.chance = Chance(share, seed)
        self._lost = 0

    @property
    def dropped(self) -> int:
        return self._lost + self.inner.dropped

    def send(self, frames: Frames) -> None:
        self.inner.send(_changed(frames, self._survivors) if self.chance else frames)

    def receive(self, limit: int = 64) -> Frames:
        frames = self.inner.receive(limit)
        return _changed(frames, self._survivors) if self.chance else frames

    def _survivors(self, before: list[bytes]) -> list[bytes]:
        after = [frame for frame in before if not self.chance.hits()]
        self._lost += len(before) - len(after)
        return after


class Corrupt(Middleware):
    """Flips one bit of each frame that `chance` hits, as a bad cable does behind the check of the FCS."""

    def __init__(self, inner: Backend, share: float = 0, seed: int = 0) -> None:
        super().__init__(inner)
        self.chance = Chance(share, seed)
        self._random = Random(seed)

    def send(self, frames: Frames) -> None:
        self.inner.send(_changed(frames, self._damaged) if self.chance else frames)

    def receive(self, limit: int = 64) -> Frames:
        frames = self.inner.receive(limit)
        return _changed(frames, self._damaged) if self.chance else frames

    def _damaged(self, frames: list[bytes]) -> list[bytes]:
        return [self._flipped(frame) if self.chance.hits() else frame for frame in frames]

    def _flipped(self, frame: bytes) -> bytes:
        """One bit of the frame itself; a virtio-net header before it is left alone."""
        spared = _header_bytes(self.lead)
        if len(frame) <= spared:
            return frame
        bit = self._random.randrange(spared * 8, len(frame) * 8)
        return (int.from_bytes(frame, "little") ^ 1 << bit).to_bytes(len(frame), "little")


class Delay(Middleware):
    """Hands on what is received `delay_ns` later. `deadline` says when; who waits for that need not ask before."""

    def __init__(self, inner: Backend, delay_ns: int = 0, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(inner)
        self.delay_ns = delay_ns
        self._clock_ns = clock_ns
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._lost = 0

    @property
    def deadline(self) -> int | None:
        """When the first frame that waits is due, in ns of the clock."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def pending(self) -> bool:
        due = self.deadline
        return self.inner.pending or (due is not None and due <= self._clock_ns())

    @property
    def dropped(self) -> int:
        return self._lost + self.inner.dropped

    def receive(self, limit: int = 64) -> Frames:
        frames = self.inner.receive(limit)
        if not self.delay_ns and not self._waiting:
            return frames
        return _changed(frames, lambda fresh: self._due(fresh, limit))

    def _due(self, fresh: list[bytes], limit: int) -> list[bytes]:
        now_ns = self._clock_ns()
        taken = fresh[: MOST_DELAYED - len(self._waiting)]
        self._lost += len(fresh) - len(taken)
        self._waiting.extend((now_ns + self.delay_ns, frame) for frame in taken)
        frames: list[bytes] = []
        while self._waiting and self._waiting[0][0] <= now_ns and len(frames) < limit:
            frames.append(self._waiting.popleft()[1])
        return frames


class Whole(Middleware):
    """Cuts what the host hands in whole or without its sum, so that what passes here is what passes a wire."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._run = np.zeros(RUN_BYTES, np.uint8)
        self._lengths = np.zeros(MOST_CUTS, np.int64)

    def receive(self, limit: int = 64) -> Frames:
        packets = self.inner.receive(limit)
        if self.lead != VNET_LEAD:
            return packets
        return _changed(packets, lambda led: [frame for packet in led for frame in self._frames(packet)])

    def _frames(self, packet: bytes) -> Iterator[bytes]:
        number = 0
        if not packet.startswith(NO_OFFLOAD) and len(packet) > VNET_LEAD:
            number = cut(np.frombuffer(packet, np.uint8), self._run, self._lengths)
        if not number:  # a frame already; or one that the card itself will refuse, and say why
            yield packet
        at = 0
        for length in self._lengths[:number].tolist():
            yield NO_OFFLOAD + self._run[at : at + length].tobytes()
            at += length + FCS


def _header_bytes(lead: int) -> int:
    """What stands before a frame of `_changed`: a virtio-net header or nothing."""
    return lead if lead == VNET_LEAD else 0


def _changed(frames: Frames, change: Callable[[list[bytes]], list[bytes]]) -> Frames:
    """The frames as `change` leaves them, each seen with its virtio-net header if that is what leads it."""
    lead = frames.lead
    header = _header_bytes(lead)
    led = change([bytes(frame)[lead - header :] for frame in frames.with_lead()])
    if header:
        return Frames.joined(led, lead)
    return Frames.of(led, lead)
