"""What would a guest wait for if its card did nothing? A card that serves a guest until it has booted, and then, told
by a signal, becomes the peer of `floor.py` on the same connection: it answers register reads at once and knows nothing
else.

Run as a program: the socket's path, then the peer's command line.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from glassnic.device.nic import Nic
from glassnic.lab.card import vfio_user_device
from glassnic.lab.process import Process
from glassnic.pci.function import PciFunction
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.server import Connection, Listener

SIGNAL = signal.SIGUSR1
TURNED = "answers reads only"
START_S = 30


class StandIn:
    """Such a card as a process, for a machine of the lab."""

    def __init__(self, folder: Path, floor: Sequence[str]) -> None:
        self._socket = folder / "card.sock"
        words = [sys.executable, "-m", "glassnic.bench.standin", str(self._socket), *floor]
        self.process = Process("The stand-in", words, folder / "card.txt")
        self.process.wait_for(lambda: "listens" in self.process.said, START_S, "its word that it listens")

    def turn(self) -> None:
        """The guest has booted: from now on it only answers."""
        self.process.child.send_signal(SIGNAL)
        self.process.wait_for(lambda: TURNED in self.process.said, START_S, "its word that it has turned")

    def device_words(self, rom: Path | None) -> list[str]:
        return vfio_user_device(self._socket, rom)

    def check(self) -> None:
        self.process.check()

    def stop(self) -> str:
        self.process.stop()
        return ""


def serve(path: Path, floor: Sequence[str]) -> None:
    """Serve one client, until told."""
    told: list[int] = []
    signal.signal(SIGNAL, lambda *_: told.append(1))
    memory = SharedMemory()
    nic = Nic(memory)
    listener = Listener(path)
    print("listens", flush=True)
    select.select([listener], [], [])
    sock = listener.accept()
    assert sock is not None
    connection = Connection(sock, PciFunction(nic, nic.core.model), memory)
    while not told:
        if select.select([sock], [], [], 0.1)[0] and not connection.readable():
            return
        connection.session.update_interrupts()
    os.set_inheritable(sock.fileno(), True)
    os.set_blocking(sock.fileno(), True)
    print(TURNED, flush=True)
    os.execv(floor[0], [*floor, str(sock.fileno())])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
