"""What do cards in other processes have in common? Memory that we share with them, a wire of ours, and real time."""

from __future__ import annotations

import time

from glassnic.conformance.program import MEMORY_BYTES
from glassnic.conformance.targets.port import LostError
from glassnic.conformance.targets.wire import Wire
from glassnic.transports.vfio_user.client import GuestRam

RAM_BYTES = 1 << 20
"""What the card is lent: guest memory, and more that nobody looks at."""


class Outside:
    """Memory, wire and time of a `Target`. `patience_ns` is how long what is expected may take to come."""

    patience_ns = 50_000_000

    def __init__(self, name: str) -> None:
        self.name = name
        self._ram = GuestRam(RAM_BYTES)
        self._wire: Wire | None = None

    def peek(self, address: int, length: int) -> bytes:
        return self._ram.data[address : address + length]

    def poke(self, address: int, data: bytes) -> None:
        self._ram.data[address : address + len(data)] = data

    def wait(self, duration_ns: int) -> None:
        time.sleep(duration_ns / 1e9)

    def take_sent(self) -> list[bytes]:
        return self.wire.take()

    @property
    def wire(self) -> Wire:
        """The far end of the card's wire."""
        if self._wire is None:
            raise LostError("the card has no wire here, so nobody can see its frames")
        return self._wire

    def _clear_memory(self) -> None:
        self._ram.data[:MEMORY_BYTES] = bytes(MEMORY_BYTES)
