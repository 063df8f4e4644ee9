"""How is a recorded card had again exactly? Our card in this process, whose time stands still but where the recording
says that some passes: there it is given as long as then, in one go.
"""

from __future__ import annotations

from functools import partial

from glassnic.conformance.program import MEMORY_BYTES
from glassnic.conformance.targets.port import UnableError
from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory


class Still:
    """A `Target`. `power_on` makes the card the first time; after that it is a bus reset, as the recording means it."""

    patience_ns = 0
    memory_bytes = MEMORY_BYTES

    def __init__(self, model: str, profile: str, eeprom: bytes) -> None:
        self.name = f"glassnic {profile}"
        self._make = partial(Nic, model=model, profile=profile, eeprom=eeprom)
        self._nic: Nic | None = None
        self._sent: list[bytes] = []

    def power_on(self) -> None:
        """See `Target`."""
        if self._nic is None:
            self._memory = FlatMemory(self.memory_bytes)
            self._nic = self._make(self._memory)
        else:
            self._nic.reset()
            self._memory.data[:] = 0

    def reset(self) -> None:
        self.nic.reset()

    def power(self, asleep: bool) -> None:
        raise UnableError("a recording says itself when its card sleeps")

    @property
    def nic(self) -> Nic:
        """The card."""
        assert self._nic is not None, "a card is powered on first"
        return self._nic

    def surround(self, what: str, on: bool) -> None:
        """What surrounds the card changes: a `Host` line of the recording."""
        match what:
            case "cable":
                self.nic.set_link(on)
            case "master":
                self.nic.bus_master = on
            case "asleep":
                self.nic.asleep = on
            case "held":
                self.nic.transmit_held = on

    def read(self, offset: int) -> int:
        return self.nic.read(offset)

    def write(self, offset: int, value: int) -> None:
        self.nic.write(offset, value)

    def read_io(self, offset: int) -> int:
        return self.nic.read_io(offset)

    def write_io(self, offset: int, value: int) -> None:
        self.nic.write_io(offset, value)

    def peek(self, address: int, length: int) -> bytes:
        return self._memory.read(address, length)

    def poke(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)

    def wait(self, duration_ns: int) -> None:
        self.nic.advance(self.nic.now_ns + duration_ns)
        self._sent += map(bytes, self.nic.sent())

    def arrive(self, frames: tuple[bytes, ...]) -> None:
        self.nic.receive(frames)

    def settle(self) -> None:
        """It has done all that it had time for."""

    def take_sent(self) -> list[bytes]:
        sent, self._sent = self._sent, []
        return sent

    def line(self) -> bool | None:
        return self.nic.interrupt

    def close(self) -> None: ...
