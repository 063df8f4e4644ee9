"""What does a receive test stand on? A receiver with 2 KB buffers behind a ring of 8, and eyes for memory."""

from __future__ import annotations

from typing import NamedTuple

from glassnic.device.core import Core
from glassnic.device.ports import FlatMemory
from glassnic.device.receive import Receive
from glassnic.device.recorder import Recorder
from glassnic.spec.bits import Bits, take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import RCTL
from glassnic.spec.models import M82540EM, Model
from glassnic.spec.profiles import Traits
from glassnic.spec.registers import REGISTERS, R

RING, BUFFERS, BUFFER_BYTES = 0x1000, 0x10000, 2048
ENTRIES = 8
STATION, NEIGHBOUR = bytes.fromhex("525400123456"), bytes.fromhex("525400654321")
EVERYBODY = b"\xff" * 6
FCS_BYTES = 4


class Descriptor(NamedTuple):
    """A descriptor as software reads it, and the bytes it says are in its buffer."""

    word: int
    data: bytes

    def of(self, bits: Bits) -> int:
        """A field of what was written back."""
        return take(self.word, bits)


class ReceiveBench:
    """Registers are written by name, as the switchboard would pass them on; the ring holds `free` descriptors."""

    def __init__(self, model: Model = M82540EM, memory: FlatMemory | None = None, free: int = ENTRIES - 1) -> None:
        self.memory = memory or FlatMemory(0x40000)
        self.core = Core(self.memory, model, Traits(), Recorder())
        self.receive = Receive(self.core)
        for index in range(ENTRIES):
            self.point(index, BUFFERS + index * BUFFER_BYTES)
        self.write("RDBAL", RING)
        self.write("RDLEN", ENTRIES * DESCRIPTOR_BYTES)
        self.write("RAL", int.from_bytes(STATION[:4], "little"))
        self.write("RAH", int.from_bytes(STATION[4:], "little") | 1 << 31)
        self.write("RDT", free)
        self.control(EN=1, BAM=1, SECRC=1)

    def point(self, index: int, address: int) -> None:
        """Aim a descriptor at a buffer, its status cleared."""
        self.memory.write(RING + index * DESCRIPTOR_BYTES, address.to_bytes(8, "little") + bytes(8))

    def write(self, name: str, value: int, index: int = 0) -> None:
        row = REGISTERS[name]
        self.core.registers.store(row.offset + index * row.stride, value)
        special = {"RDT": self.receive.tail_moved, "RDTR": self.receive.delay_changed}
        special |= dict.fromkeys(("MTA", "RAL", "RAH", "VFTA"), self.receive.filters_changed)
        special.get(name, self.receive.changed)(value)

    def control(self, **fields: int) -> None:
        """RCTL by its fields; those not named are 0."""
        self.write("RCTL", sum(value << getattr(RCTL, name).lo for name, value in fields.items()))

    def arrive(self, *frames: bytes) -> None:
        self.receive.arrive(frames, True)

    def now(self, now_ns: int) -> None:
        """Move the clock."""
        self.core.now_ns = now_ns
        self.receive.advance()

    def count(self, name: str) -> int:
        return self.core.statistics[name]

    def tally(self, event: int) -> int:
        return int(self.core.recorder.tally[event])

    @property
    def head(self) -> int:
        return self.core.registers[R.RDH]

    @property
    def causes(self) -> int:
        return self.core.interrupts.icr

    def descriptor(self, index: int) -> Descriptor:
        raw = self.memory.read(RING + index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES)
        word = int.from_bytes(raw[8:], "little")
        return Descriptor(word, self.memory.read(int.from_bytes(raw[:8], "little"), take(word, RX.LENGTH)))

    def delivered(self) -> list[bytes]:
        """The data of every descriptor that is done, in ring order."""
        rows = [self.descriptor(index) for index in range(ENTRIES)]
        return [row.data for row in rows if row.of(RX.DD)]


def frame(
    size: int = 60, destination: bytes = STATION, kind: int = 0x0800, tag: int | None = None, fill: int = 0
) -> bytes:
    """A frame of `size` bytes without FCS; with a tag of type 8100h if one is given."""
    inner = (b"" if tag is None else b"\x81\x00" + tag.to_bytes(2, "big")) + kind.to_bytes(2, "big")
    start = destination + NEIGHBOUR + inner
    return start + bytes((fill + at) & 0xFF for at in range(size - len(start)))
