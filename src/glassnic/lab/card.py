"""Which card does the guest get? glassnic's own, served by a process of its own over a vfio-user socket; or, to
compare, one that QEMU brings. Either says which `-device` words QEMU needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from glassnic.lab.errors import LabError
from glassnic.lab.process import Process, ending, tail

MAC = "52:54:00:12:34:56"
START_SECONDS = 60
ENGINE_SECONDS = 300
LOAD_ENGINE = "from glassnic.server.engine import load; load()"


class CardChoice(NamedTuple):
    """What the person asked for."""

    model: str = "82540em"
    profile: str = "manual"
    net: str | None = None
    """A BACKEND of `glassnic serve`; None: the lab's own wire."""
    nic: str = "glassnic"
    """`glassnic`, or a QEMU model such as `e1000` to compare with."""
    serve: Mapping[str, str] = {}
    """More options of `glassnic serve`, by their names."""

    def of_machine(self, number: int) -> CardChoice:
        """The card of the first machine, or of the next: each writes files of its own, FILE, FILE-2 and so on."""
        return self._replace(serve={name: _nth(text, number, name) for name, text in self.serve.items()})


def _nth(text: str, number: int, name: str) -> str:
    """What an option says for the card of machine `number`; FILE may have words of its own behind a comma."""
    path, comma, words = text.partition(",")
    place = Path(path).absolute()  # a card in a namespace does not stand where we do
    if number > 1 and name != "control":  # one card at a time listens there
        place = place.with_stem(f"{place.stem}-{number}")
    return f"{place}{comma}{words}"


class Card(Protocol):
    """A card that QEMU can be given."""

    def device_words(self, rom: Path | None) -> list[str]:
        """Words for QEMU's command line."""

    def check(self) -> None:
        """Raise LabError when the card has died."""

    def stop(self) -> str:
        """End it; gives what it has to say about its life."""


def vfio_user_device(socket: Path, rom: Path | None) -> list[str]:
    """QEMU's words for a card that is served on a socket."""
    device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": str(socket)}}
    return ["-device", json.dumps(device | ({"romfile": str(rom), "bootindex": 0} if rom else {}))]


class Engine:
    """The card's engine, compiled before a guest needs it.

    A served card answers while its engine still compiles, but sends nothing; a guest that boots meanwhile takes a card
    that is silent for seconds for a hung one. So the compiling is done first, once, beside the fetching.
    """

    def __init__(self, folder: Path) -> None:
        self.process = Process("The card's engine", [sys.executable, "-c", LOAD_ENGINE], folder / "engine.txt")

    def wait(self) -> None:
        """Wait until it is compiled and kept on disk; LabError when it can't be."""
        code = self.process.wait_for_end(ENGINE_SECONDS)
        if code != 0:
            raise LabError(f"The card's engine does not compile ({ending(code)}): {tail(self.process.said)}")

    def stop(self) -> None:
        """Give up compiling."""
        self.process.stop()


class ServedCard:
    """`glassnic serve` as a process."""

    def __init__(
        self, choice: CardChoice, net: str, folder: Path, inside: Sequence[str], watched: bool = False
    ) -> None:
        """`watched`: it writes down what is wrong with requests and frames, which takes its time."""
        self.socket = folder / "card.sock"
        options = {"findings": str(folder / "findings.json")} if watched else {}
        options |= choice.serve
        self.findings = Path(options.get("findings", ""))
        words = [sys.executable, "-m", "glassnic", "serve", "--socket", str(self.socket), "--net", net]
        words += ["--model", choice.model, "--profile", choice.profile, "--mac", MAC]
        words += [word for name, text in options.items() for word in (f"--{name}", text)]
        self.process = Process("The card", words, folder / "card.txt", inside=inside)
        self.process.wait_for(lambda: "listens" in self.process.said, START_SECONDS, "its word that it listens")

    def device_words(self, rom: Path | None) -> list[str]:
        return vfio_user_device(self.socket, rom)

    def check(self) -> None:
        self.process.check()

    def found(self) -> list[str]:
        """What was wrong until now, a sentence each, if it is watched."""
        return [f"{one['code']}: {one['sentence']}" for one in map(json.loads, self.findings.read_text().splitlines())]

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
