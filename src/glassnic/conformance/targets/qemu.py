"""How are QEMU's cards judged? In a machine whose processor sleeps: registers by qtest, memory shared, the wire ours.

Between programs the machine is reset through its reset control register. One that was lost, or got frames, is started
anew: QEMU keeps frames that its card could not take yet, whatever is reset, and would deliver them to the next program.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from glassnic.conformance.targets.outside import TIMEOUT_S, Outside
from glassnic.conformance.targets.port import LostError
from glassnic.conformance.targets.wire import Wire
from glassnic.lab.kit import Qemu
from glassnic.lab.sleeper import Sleeper
from glassnic.lab.sockets import accept, listen
from glassnic.spec.registers import R

MODELS = ("e1000", "e1000-82545em", "e1000-82544gc", "e1000e")
MEMORY_BAR, IO_BAR = 0xE000_0000, 0xC000
COMMAND_AT, BAR0_AT = 0x04, 0x10
DECODE_AND_MASTER = 0x0007
INTERRUPT_STATUS = 1 << 19
"""In the word at `COMMAND_AT`: the function asserts its interrupt line. QEMU's bus keeps this bit for every card."""
RESET_AT, RESET = 0xCF9, 0x04
IO_BAR_AT = {"e1000e": 0x18}
"""Where in configuration space the I/O BAR is, if not at 0x14."""
DEAF_NS = 1_020_000_000
"""QEMU's cards, but for e1000e, take no frames for a second after each write of RCTL."""


class QemuCard(Outside):
    """A `Target` in a QEMU."""

    def __init__(self, qemu: Qemu, model: str) -> None:
        super().__init__(f"{qemu.version} {model}")
        self._qemu, self._model = qemu, model
        self._machine: Sleeper | None = None
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
        super().arrive(frames)

    def take_sent(self) -> list[bytes]:
        """A frame of no bytes, once sent, stalls QEMU's queue for good: nothing leaves after it."""
        sent = super().take_sent()
        self._spent |= b"" in sent
        return sent

    def settle(self) -> None:
        """QEMU's cards do what a register write asks for before they answer it."""
        self._far_end().settle()
        self.read(R.STATUS.offset)

    def line(self) -> bool | None:
        with self._talk():
            return bool(self._here().read_config(COMMAND_AT) & INTERRUPT_STATUS)

    def close(self) -> None:
        if self._machine is not None:
            self._machine.qtest.close()
            self._machine = None
        super().close()

    def _start(self, folder: Path) -> None:
        path = folder / "wire.sock"
        netdev = f"stream,server=off,addr.type=unix,addr.path={path}"
        with closing(listen(path, TIMEOUT_S)) as listener:
            self._machine = Sleeper(self._qemu, self._ram, self._model, netdev, folder, TIMEOUT_S)
            self._process = self._machine.process
            self._wire = Wire(accept(listener, "QEMU's network"))
            self._wire.meet(TIMEOUT_S)

    def _reset(self) -> None:
        machine = self._here()
        machine.qtest.ask(f"outb {RESET_AT:#x} {RESET:#x}")
        while machine.read_config(BAR0_AT) & MEMORY_BAR:
            pass  # QEMU resets after it has answered, and before it has answered twice
        self._enable()
        self._hears_at_ns = 0

    def _enable(self) -> None:
        self._write_config(BAR0_AT, MEMORY_BAR)
        self._write_config(IO_BAR_AT.get(self._model, 0x14), IO_BAR)
        self._write_config(COMMAND_AT, DECODE_AND_MASTER)

    def _read_config(self, at: int) -> int:
        return self._here().read_config(at)

    def _write_config(self, at: int, value: int) -> None:
        self._here().write_config(at, value)

    def _ask(self, line: str) -> int:
        with self._talk():
            return self._here().qtest.ask(line)

    def _here(self) -> Sleeper:
        if self._machine is None:
            raise LostError("QEMU is not running")
        return self._machine
