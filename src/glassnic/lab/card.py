"""Which card does the guest get? glassnic's own, served by a process of its own over a vfio-user socket; or, to
compare, one that QEMU brings. Either says which `-device` words QEMU needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from glassnic.lab.errors import LabError
from glassnic.lab.process import Process, ending, tail

MAC = "52:54:00:12:34:56"
START_SECONDS = 60


class CardChoice(NamedTuple):
    """What the person asked for."""

    model: str = "82540em"
    profile: str = "manual"
    net: str | None = None
    """A BACKEND of `glassnic serve`; None: the lab's own wire."""
    nic: str = "glassnic"
    """`glassnic`, or a QEMU model such as `e1000` to compare with."""


class Card(Protocol):
    """A card that QEMU can be given."""

    def device_words(self, rom: Path | None) -> list[str]:
        """Words for QEMU's command line."""

    def check(self) -> None:
        """Raise LabError when the card has died."""

    def stop(self) -> str:
        """End it; gives what it has to say about its life."""


class ServedCard:
    """`glassnic serve` as a process."""

    def __init__(self, choice: CardChoice, net: str, folder: Path, inside: Sequence[str]) -> None:
        self.socket = folder / "card.sock"
        words = [sys.executable, "-m", "glassnic", "serve", "--socket", str(self.socket), "--net", net]
        words += ["--model", choice.model, "--profile", choice.profile, "--mac", MAC]
        self.process = Process("The card", words, folder / "card.txt", inside=inside)
        self.process.wait_for(lambda: "listens" in self.process.said, START_SECONDS, "its word that it listens")

    def device_words(self, rom: Path | None) -> list[str]:
        device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": str(self.socket)}}
        return ["-device", json.dumps(device | ({"romfile": str(rom), "bootindex": 0} if rom else {}))]

    def check(self) -> None:
        self.process.check()

    def stop(self) -> str:
        before = len(self.process.said)
        code = self.process.stop()
        summary = self.process.said[before:]
        if code != 0:
            raise LabError(f"The card did not end cleanly ({ending(code)}): {tail(summary)}")
        return summary.strip()


class QemuCard:
    """A network card that QEMU itself models, on the wire's TAP."""

    def __init__(self, model: str, tap: str) -> None:
        self.model = model
        self.tap = tap

    def device_words(self, rom: Path | None) -> list[str]:
        netdev = f"tap,id=wire,ifname={self.tap},script=no,downscript=no,vhost=off"
        device = f"{self.model},netdev=wire,mac={MAC}" + (f",romfile={rom},bootindex=0" if rom else ",romfile=")
        return ["-netdev", netdev, "-device", device]

    def check(self) -> None:
        """It lives and dies with QEMU."""

    def stop(self) -> str:
        return ""
