"""What does the plainest transmitter show? The slow twin as a target: transmit registers, ring, frames and counts only.

It is asked who is right where two cards differ; of anything but transmission it knows nothing and says so (`knows`).
"""

from __future__ import annotations

from glassnic.conformance.naive import TRANSMIT_REGISTERS, NaiveTransmit
from glassnic.conformance.program import MEMORY_BYTES
from glassnic.conformance.targets.port import UnableError
from glassnic.device.ports import FlatMemory
from glassnic.spec.registers import BY_OFFSET, R

PAIRS = {"TOTL": ("TOT", 0), "TOTH": ("TOT", 32), "GOTCL": ("GOTC", 0), "GOTCH": ("GOTC", 32)}
COUNTS = frozenset(
    ("TPT", "GPTC", "MPTC", "BPTC", "PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522", "TSCTC", "TSCTFC")
)
WORD = 0xFFFF_FFFF


class Slow:
    """A `Target`. Counts are not cleared by reading: look at each once."""

    name = "the slow twin"
    patience_ns = 0
    memory_bytes = MEMORY_BYTES

    def power_on(self) -> None:
        self._memory = FlatMemory(self.memory_bytes)
        self.reset()

    def reset(self) -> None:
        self._twin = NaiveTransmit(self._memory)

    def power(self, asleep: bool) -> None:
        raise UnableError("it has no power states")

    @staticmethod
    def knows(look: str) -> bool:
        """Whether it can be asked about a look, named as the explorer names it."""
        return look in {"Sent", "Peek", "memory", "TDH", "TDT"} | COUNTS | PAIRS.keys()

    def read(self, offset: int) -> int:
        name = BY_OFFSET[offset][0] if offset in BY_OFFSET else ""
        if offset == R.STATUS.offset:
            return WORD
        if name in PAIRS:
            count, shift = PAIRS[name]
            return self._twin.stats[count] >> shift & WORD
        return self._twin.registers.get(name, self._twin.stats[name])

    def write(self, offset: int, value: int) -> None:
        name = BY_OFFSET[offset][0] if offset in BY_OFFSET else ""
        if name in TRANSMIT_REGISTERS:
            self._twin.write(name, value)

    def read_io(self, offset: int) -> int:
        return WORD

    def write_io(self, offset: int, value: int) -> None: ...

    def peek(self, address: int, length: int) -> bytes:
        return self._memory.read(address, length)

    def poke(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)

    def wait(self, duration_ns: int) -> None: ...

    def arrive(self, frames: tuple[bytes, ...]) -> None: ...

    def settle(self) -> None: ...

    def take_sent(self) -> list[bytes]:
        sent, self._twin.frames = self._twin.frames, []
        return sent

    def line(self) -> bool | None:
        return None

    def close(self) -> None: ...
