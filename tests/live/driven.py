"""How does a test watch a card that works? One in a loop with its control socket, and a driver that sends by it."""

from __future__ import annotations

from pathlib import Path

from glassnic.backends import open_backend
from glassnic.driver.driver import Driver
from glassnic.server.card import Card
from glassnic.server.config import CardConfig
from glassnic.server.control import Control
from glassnic.spec.registers import R
from glassnic.transports.vfio_user.client import Client, GuestRam
from glassnic.transports.vfio_user.server import Listener
from plugged import RAM_BYTES, Machine
from recorded import SUMS, UDP_CONTEXT, datagram, segmentation, send


class Watched(Machine):
    """A machine with one card, `net` behind it, and a control socket."""

    def __init__(self, folder: Path, net: str = "null") -> None:
        super().__init__()
        self.path, self.control_path = folder / "card.sock", folder / "card.ctl"
        self.config = CardConfig(socket=self.path, net=net, control=self.control_path)
        self.card: Card = self.add(self.path, open_backend(net))
        self.control = Control(self.card, self.config, Listener(self.control_path, "--control"), self.loop)
        self.start()

    def stop(self) -> None:
        self.loop.stop()
        self._thread.join()
        self.close_doors()
        super().stop()

    def close_doors(self) -> None:
        """While the loop is still there."""
        self.control.close()


class Registers:
    """The driver's port to the card."""

    def __init__(self, client: Client) -> None:
        self.read, self.write = client.read_register, client.write_register

    def wait_ns(self, duration_ns: int) -> None:
        """A read's time passes, which is enough."""
        self.read(0x8)


class Memory:
    """The driver's port to the guest's memory."""

    def __init__(self, ram: GuestRam) -> None:
        self._data = ram.data

    def read(self, address: int, length: int) -> bytes:
        return self._data[address : address + length]

    def write(self, address: int, data: bytes) -> None:
        self._data[address : address + len(data)] = data


class Guest:
    """A guest with the project's own driver, over the socket."""

    def __init__(self, path: Path) -> None:
        self.client = Client(path, timeout_s=60)
        self.ram = GuestRam(RAM_BYTES)
        self.client.start(self.ram)
        self.driver = Driver(Registers(self.client), Memory(self.ram))
        self.driver.open()

    def leave(self) -> None:
        self.client.close()
        self.ram.close()

    def send_mixed(self) -> None:
        """A datagram and a TCP send of three segments, each with a context of its own: four frames leave."""
        driver = self.driver
        driver.load_context(**UDP_CONTEXT)
        driver.send(datagram(), **SUMS)
        driver.load_context(**segmentation(250))
        driver.send(send(250), TSE=1, **SUMS)
        while driver.card.read(R.TDH.offset) != driver.tail:
            pass
