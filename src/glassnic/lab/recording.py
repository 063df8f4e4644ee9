"""What left the guest? A recording of every frame that comes out of the TAP, held against the interface's own count, so
that nobody mistakes a frame that the recorder missed for one that was right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from glassnic.lab.reader import Verdict, frames_in, read
from glassnic.lab.wire import TAP, Wire


class Recording:
    """Runs from the start until `stop`."""

    def __init__(self, wire: Wire, path: Path) -> None:
        self.wire = wire
        self.path = path
        earliest = self._counted()
        self.process = wire.start_traffic("record", TAP, path)
        # The counter is read before and after each end: the guest may send in between.
        self.begin = (earliest, self._counted())
        self.end = (0, 0)
        self.told: dict[str, int] = {}

    def stop(self) -> None:
        """End it; what waits is still taken."""
        latest = self._counted()
        self.told = self.wire.finish(self.process, stop=True)
        self.end = (latest, self._counted())

    @property
    def complete(self) -> bool:
        """Whether every frame that the interface counted is in the file."""
        least, most = self.end[0] - self.begin[1], self.end[1] - self.begin[0]
        return self.told["dropped"] == 0 and least <= self.told["frames"] <= most

    def frames(self) -> Iterator[bytes]:
        """The frames, without FCS, in order."""
        return frames_in(self.path)

    def verdict(self, mtu: int = 1500) -> Verdict:
        """What the independent reader says of them."""
        return read(self.frames(), mtu)

    def __str__(self) -> str:
        return f"{self.told['frames']} frames, {self.told['dropped']} dropped by the recorder"

    def _counted(self) -> int:
        return self.wire.counters()["rx_packets"]
