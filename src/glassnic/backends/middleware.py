"""What if the network is watched, slow or bad? Backends around a backend, each with one vice, on both ways.

They are for tests and experiments: `Drop(open_backend("host"), 0.01)`. Chance comes from a seed, so a run can be
repeated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from random import Random

from glassnic.backends.pcap import Pcap
from glassnic.backends.port import Backend
from glassnic.device.ports import LENGTH_LEAD, Frames


class Middleware:
    """Passes everything on to `inner`; each kind changes what it is about."""

    lead = LENGTH_LEAD

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

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

    def receive(self, limit: int = 64) -> list[bytes]:
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

    def receive(self, limit: int = 64) -> list[bytes]:
        frames = self.inner.receive(limit)
        if frames:
            self._capture.record(frames)
        return frames

    def close(self) -> None:
        self.inner.close()
        self._capture.close()


class Drop(Middleware):
    """Loses each frame with the chance `share` (0 to 1), and counts it."""

    def __init__(self, inner: Backend, share: float, seed: int = 0) -> None:
        super().__init__(inner)
        self._share = share
        self._random = Random(seed)
        self._lost = 0

    @property
    def dropped(self) -> int:
        return self._lost + self.inner.dropped

    def send(self, frames: Frames) -> None:
        self.inner.send(Frames.of(self._survivors(bytes(frame) for frame in frames)))

    def receive(self, limit: int = 64) -> list[bytes]:
        return self._survivors(self.inner.receive(limit))

    def _survivors(self, frames: Iterable[bytes]) -> list[bytes]:
        before = list(frames)
        after = [frame for frame in before if self._random.random() >= self._share]
        self._lost += len(before) - len(after)
        return after


class Corrupt(Middleware):
    """Flips one bit of each frame with the chance `share` (0 to 1), as a bad cable does behind the check of the FCS."""

    def __init__(self, inner: Backend, share: float, seed: int = 0) -> None:
        super().__init__(inner)
        self._share = share
        self._random = Random(seed)

    def send(self, frames: Frames) -> None:
        self.inner.send(Frames.of(self._damaged(bytes(frame)) for frame in frames))

    def receive(self, limit: int = 64) -> list[bytes]:
        return [self._damaged(frame) for frame in self.inner.receive(limit)]

    def _damaged(self, frame: bytes) -> bytes:
        if not frame or self._random.random() >= self._share:
            return frame
        bit = self._random.randrange(len(frame) * 8)
        return (int.from_bytes(frame, "little") ^ 1 << bit).to_bytes(len(frame), "little")


class Delay(Middleware):
    """Hands on what is received `delay_ns` later. Nothing tells the loop when: it does not sleep meanwhile."""

    def __init__(self, inner: Backend, delay_ns: int, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(inner)
        self._delay_ns = delay_ns
        self._clock_ns = clock_ns
        self._waiting: deque[tuple[int, bytes]] = deque()

    @property
    def pending(self) -> bool:
        return bool(self._waiting) or self.inner.pending

    def receive(self, limit: int = 64) -> list[bytes]:
        now_ns = self._clock_ns()
        self._waiting.extend((now_ns + self._delay_ns, frame) for frame in self.inner.receive(limit))
        frames: list[bytes] = []
        while self._waiting and self._waiting[0][0] <= now_ns and len(frames) < limit:
            frames.append(self._waiting.popleft()[1])
        return frames
