"""What does the server ask of a place that frames go to? The port that every backend implements.

No call ever blocks: the loop that serves the guest's registers makes them. What the host cannot take now is kept in
order, what the host loses is counted, and a host that fails says so in one sentence.
"""

from __future__ import annotations

from typing import Protocol

from glassnic.device.ports import Frames, Inlet, Outlet


class BackendError(OSError):
    """The host cannot do what was asked: `str()` is one sentence that says what to do. The backend has ended."""


class Backend(Protocol):
    """Where frames go and where they come from. Frames carry no FCS; `send` and `receive` keep their order."""

    @property
    def lead(self) -> int:
        """What it wants before each frame it is sent: `LENGTH_LEAD`, or `VNET_LEAD` if it takes TCP sends whole."""

    @property
    def outlet(self) -> Outlet:
        """What the card may write frames to by itself, while nothing is blocked; NO_OUTLET: they are to be sent."""

    @property
    def inlet(self) -> Inlet | None:
        """What the card may fetch frames from by itself, in place of `receive`; None: they are to be received."""

    @property
    def blocked(self) -> bool:
        """True: part of the last send still waits. Poll for writability and `flush`; send nothing more till then."""

    @property
    def pending(self) -> bool:
        """True: `receive` has something to give that no file descriptor will tell of."""

    @property
    def dropped(self) -> int:
        """Frames that died on the host's side so far, in either direction. May read a file: not for every turn."""

    def fileno(self) -> int:
        """What to poll, -1 for nothing. `stream-listen` changes it when a peer comes or goes: ask after each call."""

    def send(self, frames: Frames) -> None:
        """Hand over a run of frames; what the host does not take at once is copied. Raises BackendError."""

    def flush(self) -> None:
        """Hand over what waits, as far as the host takes it. Raises BackendError."""

    def receive(self, limit: int = 64) -> Frames:
        """The frames that wait, oldest first, at most `limit`; valid until the next call. Raises BackendError.

        With `VNET_LEAD` they may be packets that the host has left whole, or without their sums.
        """

    def close(self) -> None:
        """Give everything back to the host. A second call does nothing."""
