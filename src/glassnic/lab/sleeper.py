"""How does one get at a card that QEMU models? In a machine whose processor sleeps from its first instruction on, with
memory that we share; whoever started it plays the guest, by qtest.
"""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from glassnic.lab.card import MAC
from glassnic.lab.kit import Qemu
from glassnic.lab.process import Process
from glassnic.lab.qtest import Qtest
from glassnic.lab.sockets import accept, listen
from glassnic.transports.vfio_user.client import GuestRam

START_SECONDS = 30
HALT = bytes.fromhex("faf4ebfd")
"""cli; hlt; jump back: all that the machine's firmware does, from the reset vector on."""
FIRMWARE_BYTES, RESET_VECTOR = 0x10000, 0xFFF0
SLOT = 4


class Sleeper:
    """One QEMU with one card in `SLOT` of its PCI bus. A context manager; what goes wrong is a LabError."""

    def __init__(
        self,
        qemu: Qemu,
        ram: GuestRam,
        model: str,
        netdev: str,
        folder: Path,
        timeout_s: float,
        inside: Sequence[str] = (),
    ) -> None:
        """`netdev`: QEMU's words for where frames go; `timeout_s`: the longest silence that is borne."""
        path = folder / "qtest.sock"
        words = [*qemu.words, *_machine(folder, ram), "-qtest", f"unix:{path}", "-qtest-log", "none"]
        words += ["-netdev", f"{netdev},id=wire", "-device", f"{model},netdev=wire,mac={MAC},addr={SLOT},romfile="]
        with closing(listen(path, timeout_s)) as listener:
            self.process = Process("QEMU", words, folder / "qemu.txt", inside=inside, environment=qemu.environment)
            try:
                self.process.wait_for(lambda: bool(select.select([listener], [], [], 0)[0]), START_SECONDS, "its start")
                self.qtest = Qtest(accept(listener, "QEMU's test socket"))
            except BaseException:
                self.process.stop()
                raise

    def __enter__(self) -> Sleeper:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, seconds: float = 10) -> None:
        """End it; insist after `seconds`."""
        self.qtest.close()
        self.process.stop(seconds)

    def read_config(self, at: int) -> int:
        """32 bits of the card's configuration space."""
        return self.qtest.read_config(SLOT, at)

    def write_config(self, at: int, value: int) -> None:
        """Write 32 bits there."""
        self.qtest.write_config(SLOT, at, value)


def _machine(folder: Path, ram: GuestRam) -> list[str]:
    """QEMU's words for a PC of `ram` and hardly more."""
    firmware = folder / "firmware.bin"
    firmware.write_bytes((bytes(RESET_VECTOR) + HALT).ljust(FIRMWARE_BYTES, b"\0"))
    size = f"{len(ram.data) >> 20}M"
    memory = f"memory-backend-file,id=ram,size={size},share=on,mem-path=/proc/{os.getpid()}/fd/{ram.fd}"
    words = ["-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-object", memory]
    return [*words, "-machine", "pc,memory-backend=ram", "-m", size, "-bios", str(firmware)]
