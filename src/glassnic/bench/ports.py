"""How does a bench reach a card's registers? Through a socket either way, so that both pay a message an access: ours by
vfio-user, as QEMU would; QEMU's own by qtest, its test protocol, a line of text an access.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from glassnic.bench.measure import BenchError
from glassnic.pci.function import BAR0
from glassnic.spec.registers import R
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.client import Client
from glassnic.transports.vfio_user.messages import ACCESS, Command

TIMEOUT_S = 30
BAR = 0xE000_0000
"""Where QEMU's card decodes its registers."""
SLOT = 4
WINDOW = 64
"""Answers that may wait in the socket: with many more QEMU would wait for us."""
CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
COMMAND_AT, BAR0_AT, DECODE_AND_MASTER = 0x04, 0x10, 0x0007

Write = tuple[int, int]
"""Byte offset in BAR0, value."""


class Port(Protocol):
    """A card's registers: 32 bits at byte offsets of BAR0."""

    def read(self, offset: int) -> int:
        """Read; all that was written before has been done by then."""

    def write(self, *writes: Write) -> None:
        """Write, without waiting for the card."""

    def write_and_read(self, offset: int, value: int) -> None:
        """Write, then read STATUS, and wait for its answer: one round trip."""

    def close(self) -> None:
        """Leave."""


class VfioUserPort:
    """A served card, or whoever speaks its protocol, behind a client that has said all it has to say before."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.send = client.send

    def read(self, offset: int) -> int:
        return self._client.read_register(offset)

    def write(self, *writes: Write) -> None:
        self.send(self.encode(*writes))

    def write_and_read(self, offset: int, value: int) -> None:
        self.send(self.encode((offset, value)))
        self.read(R.STATUS.offset)

    def encode(self, *writes: Write) -> bytes:
        """Posted writes, as QEMU sends them for memory BARs."""
        return b"".join(
            m.pack(0, Command.REGION_WRITE, ACCESS.pack(offset, BAR0, 4) + value.to_bytes(4, "little"), m.NO_REPLY)
            for offset, value in writes
        )

    def close(self) -> None:
        self._client.close()


class QtestPort:
    """A card inside QEMU. `listener` is where that QEMU connects its `-qtest unix:PATH`."""

    def __init__(self, listener: socket.socket) -> None:
        self._sock = accept(listener, "QEMU's test socket")
        self._received = b""
        self._owed = 0
        self._configure(BAR0_AT, BAR)
        self._configure(COMMAND_AT, DECODE_AND_MASTER)

    def read(self, offset: int) -> int:
        self._send([f"readl {BAR + offset:#x}"])
        return int(self._collect(0), 16)

    def write(self, *writes: Write) -> None:
        for begin in range(0, len(writes), WINDOW):
            self._collect(WINDOW)
            self._send([_line(*write) for write in writes[begin : begin + WINDOW]])

    def write_and_read(self, offset: int, value: int) -> None:
        self._send([_line(offset, value), f"readl {BAR + R.STATUS.offset:#x}"])
        self._collect(0)

    def close(self) -> None:
        self._sock.close()

    def _configure(self, at: int, value: int) -> None:
        address = 1 << 31 | SLOT << 11 | at
        self._send([f"outl {CONFIG_ADDRESS:#x} {address:#x}", f"outl {CONFIG_DATA:#x} {value:#x}"])
        self._collect(0)

    def _send(self, lines: Sequence[str]) -> None:
        self._sock.sendall("".join(f"{line}\n" for line in lines).encode())
        self._owed += len(lines)

    def _collect(self, rest: int) -> str:
        """Take answers until at most `rest` are owed, check that all are OK; what the last one says."""
        said = ""
        while self._owed > rest:
            chunk = self._sock.recv(65536)
            if not chunk:
                raise BenchError("QEMU closed its test socket")
            *answers, self._received = (self._received + chunk).split(b"\n")
            if bad := [answer for answer in answers if not answer.startswith(b"OK")]:
                raise BenchError(f"QEMU refused a test command: {bad[0].decode()}")
            self._owed -= len(answers)
            said = answers[-1][3:].decode() if answers else said
        return said


def _line(offset: int, value: int) -> str:
    return f"writel {BAR + offset:#x} {value:#x}"


def listen(path: Path) -> socket.socket:
    """A unix stream socket that listens at `path`."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(TIMEOUT_S)
    return listener


def accept(listener: socket.socket, who: str) -> socket.socket:
    """The connection of the one that has been told to connect here."""
    try:
        sock, _ = listener.accept()
    except TimeoutError as error:
        raise BenchError(f"{who} did not connect in {TIMEOUT_S} s") from error
    sock.settimeout(TIMEOUT_S)
    return sock
