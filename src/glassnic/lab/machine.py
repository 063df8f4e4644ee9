"""How do card and guest become a machine? The card is started first and listens; QEMU connects to it once and boots
the kernel, or the card's option ROM. Whichever of the two dies first, the other is ended and one sentence says what
happened.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import NamedTuple

from glassnic.lab.card import Card
from glassnic.lab.errors import LabError
from glassnic.lab.guest import Guest
from glassnic.lab.kit import Kit
from glassnic.lab.process import Process, tail

MEMORY = "512M"
START_SECONDS = 30
# The emulated processor is slow: leave out what only real ones need. Warnings and worse reach the console (loglevel 5).
KERNEL_WORDS = (
    "console=ttyS0 loglevel=5 panic=-1 mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on"
)


class Boot(NamedTuple):
    """How the machine starts."""

    append: str = ""
    """More words for the kernel."""
    rom: Path | None = None
    """Boot from the network by this option ROM, not from a kernel given to QEMU."""
    interactive: bool = False
    """The console is the terminal."""


class Machine:
    """A running QEMU with its card."""

    def __init__(self, kit: Kit, card: Card, folder: Path, boot: Boot, inside: tuple[str, ...] = ()) -> None:
        self.card = card
        self.console = folder / "console.txt"
        self.console.touch()
        channel = folder / "channel.sock"
        words = [*kit.qemu.words, *self._words(kit, boot, channel), *card.device_words(boot.rom)]
        log = folder / "qemu.txt"
        self.qemu = Process(
            "QEMU", words, log, inside=inside, environment=kit.qemu.environment, terminal=boot.interactive
        )
        try:
            self.guest = Guest(self._connected(channel), self.console, self.check)
        except LabError:
            self.qemu.stop()
            raise

    def _words(self, kit: Kit, boot: Boot, channel: Path) -> list[str]:
        console = "stdio,mux=on,signal=off" if boot.interactive else "null"
        words = ["-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-cpu", "max"]
        words += ["-machine", "pc,memory-backend=ram", "-m", MEMORY]
        words += ["-object", f"memory-backend-memfd,id=ram,size={MEMORY},share=on"]
        words += ["-chardev", f"{console},id=console,logfile={self.console}", "-serial", "chardev:console"]
        words += ["-chardev", f"socket,id=channel,path={channel},server=on,wait=off", "-serial", "chardev:channel"]
        if boot.rom is None:
            words += ["-kernel", str(kit.kernel), "-initrd", str(kit.initramfs)]
            words += ["-append", f"{KERNEL_WORDS} {'quiet ' if boot.interactive else ''}{boot.append}".strip()]
        return words

    def _connected(self, channel: Path) -> socket.socket:
        """The host's end of the command channel, once QEMU listens there."""
        end = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + START_SECONDS
        while end.connect_ex(str(channel)) != 0:
            self.check()
            if time.monotonic() > deadline:
                raise LabError(f"QEMU did not start in {START_SECONDS} s: {tail(self.qemu.said)}")
            time.sleep(0.02)
        return end

    def check(self) -> None:
        """Raise LabError when card or QEMU has died; the card's word first, for QEMU's complaint follows from it."""
        self.card.check()
        self.qemu.check()

    def stop(self) -> None:
        """End QEMU; the card is its owner's to end."""
        self.guest.close()
        self.qemu.stop()
