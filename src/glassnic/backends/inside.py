"""How does a backend look that lives in this process? Each frame gives answers, which wait until the loop takes them.

Nothing here can be polled: `pending` tells the loop. When too many answers wait, `blocked` stops the sender till some
are taken, so a fast guest cannot fill the memory and no frame is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from glassnic.device.ports import Frames

ENOUGH_FRAMES = 256
"""With so many answers waiting the backend is blocked."""


class Inside:
    """A backend out of one function: `answer(frame)` gives the frames that come back for it."""

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self._answer = answer
        self._waiting: deque[bytes] = deque()

    @property
    def blocked(self) -> bool:
        return len(self._waiting) >= ENOUGH_FRAMES

    @property
    def pending(self) -> bool:
        return bool(self._waiting)

    @property
    def dropped(self) -> int:
        return 0

    def fileno(self) -> int:
        return -1

    def send(self, frames: Frames) -> None:
        for frame in frames:
            self._waiting.extend(self._answer(bytes(frame)))

    def flush(self) -> None:
        """Nothing to do: `receive` is what makes room."""

    def receive(self, limit: int = 64) -> list[bytes]:
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def close(self) -> None:
        self._waiting.clear()
