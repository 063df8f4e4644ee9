"""How fast does it go? Rates from one answer to `status` and the next, and the last of them for a small picture."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

KEPT = 14
BLOCKS = " ▁▂▃▄▅▆▇█"
STATISTICS = {"out": ("GPTC", "GOTC"), "in": ("GPRC", "GORC")}
"""Direction -> the statistics of its good packets and octets (§13.7)."""
NS = 1_000_000_000


class Rate(NamedTuple):
    """Packets and megabits a second."""

    packets: float = 0.0
    megabits: float = 0.0


class Rates:
    """Follows one card; a card that counts less than before is another one, and begins anew."""

    def __init__(self) -> None:
        self.now = {direction: Rate() for direction in STATISTICS}
        self.interrupts = 0.0
        self.history = {direction: deque([0.0] * KEPT, KEPT) for direction in STATISTICS}
        """Megabits a second, oldest first."""
        self._before: dict[str, Any] | None = None

    def follow(self, status: dict[str, Any]) -> None:
        """The next answer."""
        before, self._before = self._before, status
        if before is None or status["at_ns"] <= before["at_ns"] or status["rows"] < before["rows"]:
            return
        seconds = (status["at_ns"] - before["at_ns"]) / NS
        old, new = before["statistics"], status["statistics"]
        for direction, (packets, octets) in STATISTICS.items():
            megabits = (new[octets] - old[octets]) * 8 / 1e6 / seconds
            self.now[direction] = Rate((new[packets] - old[packets]) / seconds, megabits)
            self.history[direction].append(megabits)
        self.interrupts = (status["counts"]["interrupts"] - before["counts"]["interrupts"]) / seconds

    def spark(self, direction: str) -> str:
        """The last rates as blocks, the highest of them the full height."""
        values = self.history[direction]
        highest = max(values)
        if highest <= 0:
            return BLOCKS[0] * KEPT
        return "".join(BLOCKS[min(-int(-value * 8 // highest), 8)] for value in values)
