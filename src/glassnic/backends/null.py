"""What if nobody listens? Frames that leave are gone by intent, so none counts as dropped, and none ever comes."""

from __future__ import annotations

from glassnic.device.ports import LENGTH_LEAD, NO_FRAMES, NO_OUTLET, Frames


class Null:
    """`null`."""

    lead = LENGTH_LEAD

    outlet = NO_OUTLET
    inlet = None
    blocked = False
    pending = False
    dropped = 0

    def fileno(self) -> int:
        return -1

    def send(self, frames: Frames) -> None:
        """Look at nothing: the cost of the card alone remains."""

    def flush(self) -> None:
        """Nothing waits."""

    def receive(self, limit: int = 64) -> Frames:
        return NO_FRAMES

    def close(self) -> None:
        """Nothing is held."""
