"""How does a test get a recorded session? The small driver on a card that writes down what happens at its ports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glassnic.conformance.recording import Pen, Recording, read_recording
from glassnic.driver.driver import Driver
from glassnic.driver.in_process import InProcess
from glassnic.driver.message import Message
from glassnic.server.record import Recorded
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.client import GuestRam

MAC = "52:54:00:12:34:56"
LOW, HIGH = 0x10000, 1 << 36
"""Where the guest's memory begins: HIGH is far beyond any target's."""
MEMORY_BYTES = 1 << 20
SEGMENTED = Message(payload=bytes(range(250)) * 10, mss=1000)
PLAIN = Message(tcp=False, payload=b"a checksum of the plain kind")


class Bench:
    """A card that is recorded, a driver, a wire. `said` is what the recording complained of."""

    def __init__(self, path: Path, text: str = "", base: int = LOW, profile: str = "manual") -> None:
        self.said: list[str] = []
        self.path = path
        self.pen = Pen(text or str(path), self.said.append)
        self.ram = GuestRam(MEMORY_BYTES)
        self.memory = SharedMemory()
        self.memory.map(base, MEMORY_BYTES, self.ram.fd, 0, writable=True)
        self.nic = Recorded(self.pen, self.memory, model="82540em", profile=profile, mac=MAC, eeprom=None)
        self.card = InProcess(self.nic)
        self.nic.reset()
        self.driver = Driver(self.card, self.memory, base)

    def recording(self) -> Recording:
        self.pen.close()
        self.memory.clear()
        self.ram.close()
        return read_recording(self.path)


def traffic(bench: Bench) -> None:
    """Contexts of both kinds, frames both ways, causes, and more frames than fit the ring once."""
    driver = bench.driver
    driver.open()
    driver.listen(0xFFFF)
    driver.load_context(**PLAIN.fields)
    driver.load_context(**SEGMENTED.fields)
    for number in range(30):
        driver.send(SEGMENTED.encode(), **SEGMENTED.bits)
        driver.send(PLAIN.encode(), **PLAIN.bits)
        bench.card.receive([broadcast(number), broadcast(number, 1500)])
        driver.acknowledge()
        driver.poll_receive()


def broadcast(number: int, length: int = 60) -> bytes:
    return b"\xff" * 6 + bytes(6) + b"\x88\xb5" + bytes((number + at) & 0xFF for at in range(length - 14))


def record(path: Path, act: Callable[[Bench], None] = traffic, **how: str | int) -> Recording:
    """The recording of what `act` does."""
    bench = Bench(path, **how)  # type: ignore[arg-type]
    act(bench)
    return bench.recording()
