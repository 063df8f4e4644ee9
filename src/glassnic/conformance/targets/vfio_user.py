"""How is a card behind a vfio-user socket judged? As QEMU would use it: version, memory, eventfd, register accesses.

Any server will do that listens; `Served` starts our own. A bus reset comes between programs. The wire is a unix stream:
for a foreign server one that its back end listens on.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from glassnic.conformance.targets.outside import TIMEOUT_S, Outside
from glassnic.conformance.targets.port import LostError
from glassnic.conformance.targets.wire import Wire
from glassnic.lab.card import CardChoice, Engine, ServedCard
from glassnic.lab.errors import LabError
from glassnic.lab.sockets import accept, listen
from glassnic.pci.function import CONFIG
from glassnic.spec.fields import CTRL, STATUS
from glassnic.spec.registers import R
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.client import Client, RefusedError

SETTLE_S = 0.002
"""A card does its work beside answering registers."""
START_SECONDS, LINK_SECONDS = 60, 30
"""A card that has just been started may take its time; ours has no link before its engine is compiled."""
COMMAND_AT, DECODE_AND_MASTER = 0x04, 0x0007
BARS_AT, BARS, IO_SPACE = 0x10, 6, 1
ABSENT = 0xFFFF_FFFF
"""What one reads where nobody answers."""


class VfioUserCard(Outside):
    """A `Target` at a socket; `wire` is where its back end listens, None if there is no wire."""

    def __init__(self, path: Path, wire: Path | None, name: str = "") -> None:
        super().__init__(name or f"vfio-user {path.name}")
        self._path, self._wire_path = path, wire
        self._client: Client | None = None
        self._interrupt_fd = -1
        self._io_region: int | None = None

    def read(self, offset: int) -> int:
        with self._talk():
            return self._here().read_register(offset)

    def write(self, offset: int, value: int) -> None:
        with self._talk():
            self._here().write_register(offset, value)

    def read_io(self, offset: int) -> int:
        if self._io_region is None:
            return ABSENT
        with self._talk():
            return int.from_bytes(self._here().read(self._io_region, offset, 4), "little")

    def write_io(self, offset: int, value: int) -> None:
        if self._io_region is not None:
            with self._talk():
                self._here().write(self._io_region, offset, value.to_bytes(4, "little"))

    def settle(self) -> None:
        if self._wire is not None:
            self._wire.settle()
        self.read(R.STATUS.offset)
        time.sleep(SETTLE_S)
        self.read(R.STATUS.offset)

    def line(self) -> bool | None:
        """Whether the line, unmasked, fires at once: so a level shows at an eventfd."""
        if self._interrupt_fd < 0:
            return None
        with self._talk():
            self._drain()
            self._here().set_irqs(m.INTX, m.UNMASK)
        return self._drain()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._interrupt_fd >= 0:
            os.close(self._interrupt_fd)
            self._interrupt_fd = -1
        super().close()

    def _start(self, folder: Path) -> None:
        try:
            if self._wire_path is not None:
                sock = socket.socket(socket.AF_UNIX)
                sock.settimeout(TIMEOUT_S)
                sock.connect(str(self._wire_path))
                self._wire = Wire(sock)
            self._connect()
        except (OSError, RefusedError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it does not answer"
            raise LabError(f"{why} at {self._path}; start its server, and its wire, first") from error

    def _connect(self) -> None:
        self._client = Client(self._path, START_SECONDS)
        self._client.start(self._ram)
        self._await_link()
        self._client.bear(TIMEOUT_S)
        bars = [self._read_config(BARS_AT + 4 * number) for number in range(BARS)]
        self._io_region = next((number for number, bar in enumerate(bars) if bar & IO_SPACE), None)
        self._interrupt_fd = os.eventfd(0, os.EFD_NONBLOCK)
        try:
            self._client.set_irqs(m.INTX, m.ARM, self._interrupt_fd)
        except RefusedError:  # it has no such line: then nobody can tell
            os.close(self._interrupt_fd)
            self._interrupt_fd = -1

    def _await_link(self) -> None:
        """Give a card that comes up the time for it; one without link is judged as it is."""
        self.write(R.CTRL.offset, CTRL.SLU.mask)
        deadline = time.monotonic() + LINK_SECONDS
        while not self.read(R.STATUS.offset) & STATUS.LU.mask and time.monotonic() < deadline:
            time.sleep(0.02)

    def _reset(self) -> None:
        self._here().reset()
        self._enable()

    def _enable(self) -> None:
        self._here().write(CONFIG, COMMAND_AT, DECODE_AND_MASTER.to_bytes(2, "little"))

    def _read_config(self, at: int) -> int:
        return int.from_bytes(self._here().read(CONFIG, at, 4), "little")

    def _write_config(self, at: int, value: int) -> None:
        self._here().write(CONFIG, at, value.to_bytes(4, "little"))

    def _drain(self) -> bool:
        """Whether the eventfd was written since the last time."""
        with suppress(BlockingIOError):
            return os.eventfd_read(self._interrupt_fd) > 0
        return False

    def _here(self) -> Client:
        if self._client is None:
            raise LostError("there is no connection to the card")
        return self._client


class Served(VfioUserCard):
    """Our card in a process of its own, as `glassnic serve` has it."""

    def __init__(self, profile: str, model: str) -> None:
        super().__init__(Path(), None, f"glassnic {profile}, served")
        self._choice = CardChoice(model, profile)

    def _start(self, folder: Path) -> None:
        path = folder / "wire.sock"
        engine = Engine(folder)
        try:
            engine.wait()
        finally:
            engine.stop()
        with listen(path, TIMEOUT_S) as listener:
            card = ServedCard(self._choice, f"stream:{path}", folder, ())
            self._process, self._path = card.process, card.socket
            self._wire = Wire(accept(listener, "the card's wire"))
        self._connect()
