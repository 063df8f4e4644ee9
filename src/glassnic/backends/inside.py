"""How does a backend look that lives in this process? What it is sent waits; `receive` gives the answers to it.

So the work of answering is done in the loop's small bites. Nothing here can be polled: `pending` tells the loop. When
too much waits, `blocked` stops the sender, so that a fast guest cannot fill the memory and no frame is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from glassnic.device.ports import LENGTH_LEAD, NO_OUTLET, Frames

ENOUGH_FRAMES = 256
"""With so many frames waiting the backend is blocked."""

BITE_FRAMES = 16
"""So many frames are answered at once: a few, so that registers of the guest are answered in between."""


class Inside:
    """A backend out of one function: `answer(frame)` gives the frames that come back for it."""

    lead = LENGTH_LEAD
    outlet = NO_OUTLET
    inlet = None

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self._answer = answer
        self._sent: deque[bytes] = deque()
        self._answers: deque[bytes] = deque()

    @property
    def blocked(self) -> bool:
        return len(self._sent) + len(self._answers) >= ENOUGH_FRAMES

    @property
    def pending(self) -> bool:
        return bool(self._sent or self._answers)

    @property
    def dropped(self) -> int:
        return 0

    def fileno(self) -> int:
        return -1

    def send(self, frames: Frames) -> None:
        self._sent.extend(bytes(frame) for frame in frames)

    def flush(self) -> None:
        """Nothing to do: `receive` is what makes room."""

    def receive(self, limit: int = 64) -> Frames:
        for _ in range(min(BITE_FRAMES, len(self._sent))):
            self._answers.extend(self._answer(self._sent.popleft()))
        return Frames.of([self._answers.popleft() for _ in range(min(limit, len(self._answers)))])

    def close(self) -> None:
        self._sent.clear()
        self._answers.clear()
