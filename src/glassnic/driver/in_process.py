"""How does a card in this process look to a driver? Each access takes a little virtual time, in which the card works.

The manual is silent here. What a server's loop does (move the clock, drain what was sent) happens at each access.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

ACCESS_NS = 1000
"""About what an access over PCI takes."""


class Silicon(Protocol):
    """What `device.nic.Nic` offers, as far as a driver and a wire need it."""

    @property
    def deadline(self) -> int | None: ...
    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def receive(self, frames: Iterable[bytes]) -> None: ...
    def advance(self, now_ns: int) -> None: ...
    def sent(self) -> Iterable[memoryview]: ...


class InProcess:
    """A `Card` for the driver. `sent` collects the frames that left; `now_ns` is the virtual clock."""

    def __init__(self, nic: Silicon) -> None:
        self.nic = nic
        self.now_ns = 0
        self.sent: list[bytes] = []

    def read(self, offset: int) -> int:
        self.wait_ns(ACCESS_NS)
        return self.nic.read(offset)

    def write(self, offset: int, value: int) -> None:
        self.nic.write(offset, value)
        self.wait_ns(ACCESS_NS)

    def wait_ns(self, duration_ns: int) -> None:
        """Let time pass, stopping at each moment the card has asked for."""
        end_ns = self.now_ns + duration_ns
        while (due_ns := self.nic.deadline) is not None and due_ns <= end_ns:
            self._advance(max(due_ns, self.now_ns))
        self._advance(end_ns)

    def receive(self, frames: Iterable[bytes]) -> None:
        """Frames from the wire, without FCS."""
        self.nic.receive(frames)
        self.wait_ns(0)

    def take_sent(self) -> list[bytes]:
        """What left since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def _advance(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.nic.advance(now_ns)
        self.sent += map(bytes, self.nic.sent())
