"""How does one speak to the devices inside a QEMU, without a guest? By qtest, QEMU's test protocol: a line of text an
access, a line for its answer.
"""

from __future__ import annotations

import socket

from glassnic.lab.errors import LabError

CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
ENABLE = 1 << 31


class Qtest:
    """A connection to QEMU's `-qtest`. What goes wrong is a LabError; the socket's timeout is the longest silence."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = b""
        self._owed = 0

    def send(self, *lines: str) -> None:
        """Commands, without waiting for their answers."""
        try:
            self._sock.sendall("".join(f"{line}\n" for line in lines).encode())
        except TimeoutError as error:
            raise LabError(f"QEMU has taken no command for {self._sock.gettimeout():.0f} s") from error
        except OSError as error:
            raise LabError("QEMU closed its test socket") from error
        self._owed += len(lines)

    def collect(self, rest: int = 0) -> str:
        """Take answers until at most `rest` are owed, and check that all are OK; what the last one says."""
        said = ""
        while self._owed > rest:
            *answers, self._received = (self._received + self._more()).split(b"\n")
            if bad := [answer for answer in answers if not answer.startswith(b"OK")]:
                raise LabError(f"QEMU refused a test command: {bad[0].decode(errors='replace')}")
            self._owed -= len(answers)
            said = answers[-1][3:].decode() if answers else said
        return said

    def ask(self, *lines: str) -> int:
        """Commands; the number that the last one is answered with, 0 where it is none."""
        self.send(*lines)
        return int(self.collect() or "0", 16)

    def read_config(self, slot: int, at: int) -> int:
        """32 bits of the configuration space of the device in a slot of PCI bus 0."""
        return self.ask(self._select(slot, at), f"inl {CONFIG_DATA:#x}")

    def write_config(self, slot: int, at: int, value: int) -> None:
        """Write 32 bits there."""
        self.ask(self._select(slot, at), f"outl {CONFIG_DATA:#x} {value:#x}")

    def close(self) -> None:
        """Leave."""
        self._sock.close()

    @staticmethod
    def _select(slot: int, at: int) -> str:
        return f"outl {CONFIG_ADDRESS:#x} {ENABLE | slot << 11 | at:#x}"

    def _more(self) -> bytes:
        try:
            chunk = self._sock.recv(65536)
        except TimeoutError as error:
            raise LabError(f"QEMU has not answered for {self._sock.gettimeout():.0f} s") from error
        except OSError as error:
            raise LabError(f"QEMU's test socket fails: {error.strerror}") from error
        if not chunk:
            raise LabError("QEMU closed its test socket")
        return chunk
