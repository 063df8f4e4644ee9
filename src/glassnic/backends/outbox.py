"""How do frames leave one by one and wait when the host is full? Used where one system call takes one frame: TAP and
dgram."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress


class Outbox:
    """Hands frames to `put` in order; `put` raises BlockingIOError when the host takes no more now."""

    def __init__(self, put: Callable[[bytes | memoryview], None]) -> None:
        self._put = put
        self._waiting: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def send(self, frames: Iterable[bytes | memoryview]) -> None:
        """Hand over all frames; from the first that the host refuses on, copies wait."""
        for frame in frames:
            if not self._waiting:
                try:
                    self._put(frame)
                    continue
                except BlockingIOError:
                    pass
            self._waiting.append(bytes(frame))

    def flush(self) -> None:
        """Hand over what waits, as far as the host takes it."""
        with suppress(BlockingIOError):
            while self._waiting:
                self._put(self._waiting[0])
                self._waiting.popleft()

    def forget(self) -> int:
        """Drop what waits; how many frames that was."""
        lost = len(self._waiting)
        self._waiting.clear()
        return lost
