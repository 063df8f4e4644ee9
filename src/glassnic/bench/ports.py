"""How does a bench reach a card's registers? Through a socket either way, so that both pay a message an access: ours by
vfio-user, as QEMU would; QEMU's own by qtest, its test protocol, a line of text an access.
"""

from __future__ import annotations

from typing import Protocol

from glassnic.lab.sleeper import Sleeper
from glassnic.pci.function import BAR0
from glassnic.spec.registers import R
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.client import Client
from glassnic.transports.vfio_user.messages import ACCESS, Command

TIMEOUT_S = 30
BAR = 0xE000_0000
"""Where QEMU's card decodes its registers."""
WINDOW = 64
"""Answers that may wait in the socket: with many more QEMU would wait for us."""
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
        self._client.request(
            Command.REGION_READ, ACCESS.pack(R.STATUS.offset, BAR0, 4), ahead=self.encode((offset, value))
        )

    def encode(self, *writes: Write) -> bytes:
        """Posted writes, as QEMU sends them for memory BARs."""
        return b"".join(
            m.pack(0, Command.REGION_WRITE, ACCESS.pack(offset, BAR0, 4) + value.to_bytes(4, "little"), m.NO_REPLY)
            for offset, value in writes
        )

    def close(self) -> None:
        self._client.close()


class QtestPort:
    """A card inside QEMU, in a machine that sleeps."""

    def __init__(self, machine: Sleeper) -> None:
        self._qtest = machine.qtest
        machine.write_config(BAR0_AT, BAR)
        machine.write_config(COMMAND_AT, DECODE_AND_MASTER)

    def read(self, offset: int) -> int:
        return self._qtest.ask(f"readl {BAR + offset:#x}")

    def write(self, *writes: Write) -> None:
        for begin in range(0, len(writes), WINDOW):
            self._qtest.collect(WINDOW)
            self._qtest.send(*(_line(*write) for write in writes[begin : begin + WINDOW]))

    def write_and_read(self, offset: int, value: int) -> None:
        self._qtest.ask(_line(offset, value), f"readl {BAR + R.STATUS.offset:#x}")

    def close(self) -> None:
        self._qtest.close()


def _line(offset: int, value: int) -> str:
    return f"writel {BAR + offset:#x} {value:#x}"
