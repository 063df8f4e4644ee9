"""How does a test plug a card into a guest? Cards in a loop in a thread, and a guest's few moves over vfio-user."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from glassnic.backends import Backend
from glassnic.backends.stream import Stream
from glassnic.device.nic import Nic
from glassnic.driver.descriptors import encode_legacy
from glassnic.server.card import Card
from glassnic.server.loop import Loop
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.client import Client, GuestRam
from glassnic.transports.vfio_user.server import Listener
from glassnic.xray.probe import Probe

CTRL, STATUS, ICR, IMS, RCTL, TCTL = 0x0000, 0x0008, 0x00C0, 0x00D0, 0x0100, 0x0400
RDBAL, RDLEN, RDH, RDT = 0x2800, 0x2808, 0x2810, 0x2818
TDBAL, TDLEN, TDH, TDT = 0x3800, 0x3808, 0x3810, 0x3818
SET_LINK_UP, LINK_UP, ENABLE, PROMISCUOUS = 1 << 6, 1 << 1, 1 << 1, 1 << 3 | 1 << 4 | 1 << 15
DESCRIPTORS, BUFFER_BYTES = 64, 2048
RAM_BYTES = 1 << 20
TX_RING, RX_RING, TX_BUFFERS, RX_BUFFERS = 0x1000, 0x2000, 0x10000, 0x80000


class Machine:
    """Cards in a loop that runs in a thread of its own. `said` keeps what would go to stderr."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.said: list[str] = []
        self._cards: list[Card] = []
        self._thread = threading.Thread(target=self.loop.run)

    def add(self, path: Path, backend: Backend, eeprom_file: Path | None = None, probe: Probe | None = None) -> Card:
        """A card that will listen at `path`."""
        memory = SharedMemory()
        card = Card(Nic(memory), memory, Listener(path), backend, self.loop, self.said.append, eeprom_file, probe)
        self._cards.append(card)
        return card

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.loop.stop()
        if self._thread.is_alive():
            self._thread.join()
        for card in self._cards:
            card.close()
        self.loop.close()


class Guest:
    """A guest that drives the card by polling; 64 descriptors each way, one a frame."""

    def __init__(self, path: Path) -> None:
        self.client = Client(path, timeout_s=60)
        self.ram = GuestRam(RAM_BYTES)
        self.client.start(self.ram)
        self._tail = self._next = 0

    def leave(self) -> None:
        self.client.close()
        self.ram.close()

    def bring_up(self) -> None:
        """Both rings, the link, everything received."""
        write = self.client.write_register
        for number in range(DESCRIPTORS):
            at = RX_RING + 16 * number
            self.ram.data[at : at + 16] = (RX_BUFFERS + number * BUFFER_BYTES).to_bytes(16, "little")
        for base, ring in ((TDBAL, TX_RING), (RDBAL, RX_RING)):
            write(base, ring)
            write(base + 4, 0)
            write(base + TDLEN - TDBAL, 16 * DESCRIPTORS)
        write(CTRL, SET_LINK_UP)
        write(TCTL, ENABLE)
        write(RCTL, ENABLE | PROMISCUOUS)
        write(RDT, DESCRIPTORS - 1)

    def send(self, *frames: bytes) -> None:
        """Put frames into the ring and ring the doorbell once."""
        for frame in frames:
            buffer = TX_BUFFERS + self._tail * BUFFER_BYTES
            self.ram.data[buffer : buffer + len(frame)] = frame
            at = TX_RING + 16 * self._tail
            self.ram.data[at : at + 16] = encode_legacy(buffer, len(frame), EOP=1, IFCS=1, RS=1)
            self._tail = (self._tail + 1) % DESCRIPTORS
        self.client.write_register(TDT, self._tail)

    @property
    def unsent(self) -> int:
        """Descriptors that the card has not done."""
        return (self._tail - self.client.read_register(TDH)) % DESCRIPTORS

    def receive(self) -> bytes:
        """The next frame that comes, without its FCS."""
        at = RX_RING + 16 * self._next
        while not self.ram.data[at + 12] & 1:
            self.client.read_register(RDH)
        length = int.from_bytes(self.ram.data[at + 8 : at + 10], "little")
        buffer = RX_BUFFERS + self._next * BUFFER_BYTES
        frame = self.ram.data[buffer : buffer + length - 4]
        self.ram.data[at + 8 : at + 16] = bytes(8)
        self.client.write_register(RDT, self._next)
        self._next = (self._next + 1) % DESCRIPTORS
        return frame


def echo_on_a_stream() -> Backend:
    """A backend that lends the card both ways, and a peer that sends back what comes."""
    near, far = socket.socketpair()

    def send_back() -> None:
        while came := far.recv(1 << 16):
            far.sendall(came)
        far.close()

    threading.Thread(target=send_back, daemon=True).start()
    return Stream(near, "stream:echo")


def frame(number: int, length: int = 100) -> bytes:
    """A broadcast that tells which it is."""
    return b"\xff" * 6 + bytes.fromhex("525400123456 88b5") + number.to_bytes(4, "big") + bytes(length - 18)
