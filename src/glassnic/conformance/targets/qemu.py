"""How are QEMU's cards judged? In a machine whose processor sleeps: registers by qtest, memory shared, the wire ours.

Between programs the machine is reset through its reset control register. One that was lost, or got frames, is started
anew: QEMU keeps frames that its card could not take yet, whatever is reset, and would deliver them to the next program.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from glassnic.conformance.targets.outside import Outside
from glassnic.conformance.targets.port import LostError
from glassnic.conformance.targets.wire import Wire
from glassnic.lab.errors import LabError
from glassnic.lab.kit import Qemu
from glassnic.lab.process import ending, tail
from glassnic.lab.sleeper import Sleeper
from glassnic.lab.sockets import accept, listen
from glassnic.spec.registers import R

TIMEOUT_S = 5.0
"""A QEMU that is silent for so long hangs."""
MEMORY_BAR, IO_BAR = 0xE000_0000, 0xC000
COMMAND_AT, BAR0_AT = 0x04, 0x10
DECODE_AND_MASTER = 0x0007
INTERRUPT_STATUS = 1 << 19
"""In the word at `COMMAND_AT`: the function asserts its interrupt line. QEMU's bus keeps this bit for every card."""
RESET_AT, RESET = 0xCF9, 0x04
IO_BAR_AT = {"e1000": 0x14, "e1000-82545em": 0x14, "e1000-82544gc": 0x14, "e1000e": 0x18}
"""QEMU's cards, and where in configuration space their I/O BAR is."""
DEAF_NS = 1_020_000_000
"""QEMU's e1000 takes no frames for a second after each write of RCTL."""


class QemuCard(Outside):
    """A `Target` in a QEMU."""

    def __init__(self, qemu: Qemu, model: str) -> None:
        super().__init__(f"{qemu.version} {model}")
        self._qemu, self._model = qemu, model
        self._machine: Sleeper | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._spent = False
        self._hears_at_ns = 0

    def power_on(self) -> None:
        if self._spent:
            self.close()
        self._clear_memory()
        if self._machine is None:
            self._start()
        with self._card() as machine:
            machine.qtest.ask(f"outb {RESET_AT:#x} {RESET:#x}")
            while machine.read_config(BAR0_AT) & MEMORY_BAR:
                pass  # the reset comes when QEMU has answered: at the latest after this
            machine.write_config(BAR0_AT, MEMORY_BAR)
            machine.write_config(IO_BAR_AT[self._model], IO_BAR)
            machine.write_config(COMMAND_AT, DECODE_AND_MASTER)
        self.wire.take()
        self._hears_at_ns = 0

    def read(self, offset: int) -> int:
        return self._ask(f"readl {MEMORY_BAR + offset:#x}")

    def write(self, offset: int, value: int) -> None:
        if offset == R.RCTL.offset and self._model != "e1000e":
            self._hears_at_ns = time.monotonic_ns() + DEAF_NS
        self._ask(f"writel {MEMORY_BAR + offset:#x} {value:#x}")

    def read_io(self, offset: int) -> int:
        return self._ask(f"inl {IO_BAR + offset:#x}")

    def write_io(self, offset: int, value: int) -> None:
        self._ask(f"outl {IO_BAR + offset:#x} {value:#x}")

    def arrive(self, frames: tuple[bytes, ...]) -> None:
        self.wait(max(self._hears_at_ns - time.monotonic_ns(), 0))
        self._spent = True
        self.wire.send(frames)

    def settle(self) -> None:
        """QEMU's cards do what a register write asks for before they answer it."""
        self.wire.settle()
        self.read(R.STATUS.offset)

    def line(self) -> bool | None:
        with self._card() as machine:
            return bool(machine.read_config(COMMAND_AT) & INTERRUPT_STATUS)

    def close(self) -> None:
        self._spent = False
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if self._machine is not None:
            self._machine.process.child.kill()  # it has nothing to save, and may hang
            self._machine.stop()
            self._machine = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self) -> None:
        """A fresh QEMU. Raises LabError: that one does not start is no word about its card."""
        self._folder = tempfile.TemporaryDirectory(prefix="glassnic-")
        folder = Path(self._folder.name)
        path = folder / "wire.sock"
        netdev = f"stream,server=off,addr.type=unix,addr.path={path}"
        with closing(listen(path, TIMEOUT_S)) as listener:
            self._machine = Sleeper(self._qemu, self._ram, self._model, netdev, folder, TIMEOUT_S)
            self._wire = Wire(accept(listener, "QEMU's network"))

    def _ask(self, line: str) -> int:
        with self._card() as machine:
            return machine.qtest.ask(line)

    @contextmanager
    def _card(self) -> Iterator[Sleeper]:
        """What goes wrong with it now is its own fault; it is not used again."""
        if self._machine is None:
            raise LostError("QEMU is not running")
        try:
            yield self._machine
        except LabError as error:
            self._spent = True
            process = self._machine.process
            with suppress(LabError):
                raise LostError(f"QEMU ended ({ending(process.wait_for_end(1))}): {tail(process.said)}") from error
            raise LostError(str(error)) from error
