"""What do cards in other processes have in common? Memory that we share with them, a wire of ours, real time; and that
they can be lost: then the next program gets a fresh one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from glassnic.conformance.program import MEMORY_BYTES
from glassnic.conformance.targets.port import LostError, UnableError
from glassnic.conformance.targets.wire import Wire
from glassnic.lab.errors import LabError
from glassnic.lab.process import Process, ending, tail
from glassnic.spec.pci import D0, D3HOT
from glassnic.transports.vfio_user.client import GuestRam, RefusedError

TIMEOUT_S = 5.0
"""A card that is silent for so long hangs."""
STATUS_AT, POINTER_AT, PMCSR_AT = 0x04, 0x34, 4
HAS_CAPABILITIES = 1 << 20
"""In the word at `STATUS_AT`."""
POWER_MANAGEMENT = 0x01
WAKING_S = 0.01
"""From D3 to D0, as PCI asks software to wait."""
RAM_STEP_BYTES = 1 << 20
"""The card is lent guest memory, and what more a whole number of these makes, at which nobody looks."""


class Outside:
    """What a `Target` in another process is, but for its registers. Each kind says how to `_start` and `_reset` it."""

    patience_ns = 50_000_000
    memory_bytes = MEMORY_BYTES

    def __init__(self, name: str) -> None:
        self.name = name
        self._ram = GuestRam(RAM_STEP_BYTES)
        self._wire: Wire | None = None
        self._process: Process | None = None
        """The card's, where we started it."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running = self._spent = self._known = False

    def power_on(self) -> None:
        """See `Target`. Raises LabError if the card cannot be had at all."""
        if self._wire is not None and not self._spent:
            self.take_sent()  # nobody asked for these; but they may tell that the card is spent
        if self._spent:
            self.close()
        if not self._running:
            self._begin()
        with self._talk():
            self._reset()
        self._ram.data[: self.memory_bytes] = bytes(self.memory_bytes)
        if self._wire is not None:
            self.take_sent()

    def reset(self) -> None:
        """See `Target`."""
        with self._talk():
            self._reset()

    def power(self, asleep: bool) -> None:
        """See `Target`."""
        with self._talk():
            self._write_config(self._power_capability() + PMCSR_AT, D3HOT if asleep else D0)
            if not asleep:
                time.sleep(WAKING_S)
                self._enable()

    @property
    def pid(self) -> int | None:
        """The card's process, if it is one that we started."""
        return self._process.child.pid if self._process is not None else None

    def peek(self, address: int, length: int) -> bytes:
        return self._ram.data[address : address + length]

    def poke(self, address: int, data: bytes) -> None:
        self._ram.data[address : address + len(data)] = data

    def wait(self, duration_ns: int) -> None:
        time.sleep(duration_ns / 1e9)

    def arrive(self, frames: tuple[bytes, ...]) -> None:
        with self._talk():
            self._far_end().send(frames)

    def take_sent(self) -> list[bytes]:
        with self._talk():
            return self._far_end().take()

    def close(self) -> None:
        self._running = self._spent = False
        if self._wire is not None:
            self._wire.close()
        if self._process is not None:
            self._process.child.kill()  # it has nothing to save, and may hang
            self._process.stop()
        if self._folder is not None:
            self._folder.cleanup()
        self._wire = self._process = self._folder = None

    def _start(self, folder: Path) -> None:
        """Start the card, or connect to it; `folder` is for sockets and logs. Raises LabError."""
        raise NotImplementedError

    def _reset(self) -> None:
        """As after power-on; decode memory and I/O, master the bus."""
        raise NotImplementedError

    def _enable(self) -> None:
        """Decode memory and I/O, master the bus."""
        raise NotImplementedError

    def _read_config(self, at: int) -> int:
        """32 bits of configuration space."""
        raise NotImplementedError

    def _write_config(self, at: int, value: int) -> None:
        """Write 32 bits there."""
        raise NotImplementedError

    def _power_capability(self) -> int:
        at = self._read_config(POINTER_AT) & 0xFC if self._read_config(STATUS_AT) & HAS_CAPABILITIES else 0
        while at:
            word = self._read_config(at)
            if word & 0xFF == POWER_MANAGEMENT:
                return at
            at = word >> 8 & 0xFC
        raise UnableError("it has no power management capability")

    def _begin(self) -> None:
        if self.memory_bytes > len(self._ram.data):
            self._ram.close()
            self._ram = GuestRam(-(-self.memory_bytes // RAM_STEP_BYTES) * RAM_STEP_BYTES)
        self._folder = tempfile.TemporaryDirectory(prefix="glassnic-")
        try:
            self._start(Path(self._folder.name))
        except (LabError, LostError) as error:
            self.close()
            if self._known:
                raise LostError(str(error)) from error
            raise LabError(f"{self.name} cannot be had: {error}") from error
        self._running = self._known = True

    def _far_end(self) -> Wire:
        if self._wire is None:
            raise LostError("there is no wire to this card, so nobody sees its frames")
        return self._wire

    @contextmanager
    def _talk(self) -> Iterator[None]:
        """Speak to the card or its wire; whatever goes wrong with that means that it is lost."""
        try:
            yield
        except (LostError, LabError, OSError, RefusedError) as error:
            self._spent = True
            if self._process is not None:
                with suppress(LabError):
                    code = self._process.wait_for_end(1)
                    raise LostError(f"its process ended ({ending(code)}): {tail(self._process.said)}") from error
            silent = f"it has not answered for {TIMEOUT_S:.0f} s"
            raise LostError(silent if isinstance(error, TimeoutError) else str(error)) from error
