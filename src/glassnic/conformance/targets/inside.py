"""How is our own card judged? In this process and on a virtual clock, with any profile and model."""

from __future__ import annotations

from glassnic.conformance.program import MAC, MEMORY_BYTES
from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.driver.in_process import InProcess
from glassnic.spec.profiles import Traits
from glassnic.spec.registers import R

CALLS = (R.RDT.offset, R.RCTL.offset)
"""A host that keeps frames for the card tries again when one of these is written."""
SETTLE_NS = 20_000
"""Virtual time for the turns that are due at once; too short for any of the card's timers that a program waits for."""


class Inside:
    """A `Target` in this process. `profile` is the name of one, or traits of one's own."""

    patience_ns = 0
    memory_bytes = MEMORY_BYTES

    def __init__(self, profile: str | Traits = "manual", model: str = "82540em") -> None:
        self.name = f"glassnic {profile}" if isinstance(profile, str) else "glassnic with traits"
        self._profile, self._model = profile, model

    def power_on(self) -> None:
        self._memory = FlatMemory(self.memory_bytes)
        self._nic = Nic(self._memory, model=self._model, profile=self._profile, mac=MAC)
        self._nic.bus_master = True
        self._card = InProcess(self._nic)
        self._kept: list[bytes] = []
        self._card.wait_ns(1)

    def reset(self) -> None:
        self._nic.reset()

    def power(self, asleep: bool) -> None:
        if asleep:
            self._nic.asleep = True
        else:
            self._nic.reset()  # §6.3.1.2

    def read(self, offset: int) -> int:
        return self._card.read(offset)

    def write(self, offset: int, value: int) -> None:
        self._card.write(offset, value)
        if offset in CALLS:
            self._bring()

    def read_io(self, offset: int) -> int:
        return self._nic.read_io(offset)

    def write_io(self, offset: int, value: int) -> None:
        self._nic.write_io(offset, value)

    def peek(self, address: int, length: int) -> bytes:
        return self._memory.read(address, length)

    def poke(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)

    def wait(self, duration_ns: int) -> None:
        self._card.wait_ns(duration_ns)

    def arrive(self, frames: tuple[bytes, ...]) -> None:
        self._kept += frames
        self._bring()

    def _bring(self) -> None:
        """What the host keeps reaches the card, a frame at a time, while that does not turn it away."""
        while self._kept and not self._nic.receiver.turns_away:
            self._card.receive((self._kept.pop(0),))

    def settle(self) -> None:
        self._card.wait_ns(SETTLE_NS)

    def take_sent(self) -> list[bytes]:
        return self._card.take_sent()

    def line(self) -> bool | None:
        return self._nic.interrupt

    def close(self) -> None: ...
