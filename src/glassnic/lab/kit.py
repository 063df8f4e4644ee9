"""What does a guest run on and with? QEMU, a kernel, an initramfs and a few host-side tools, brought together once;
nothing here knows where a card or a plan comes from.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from glassnic.lab.errors import LabError
from glassnic.lab.fetch import GUEST, LIBRARIES, QEMU, Fetched, Tree, fetch
from glassnic.lab.initramfs import build

NEEDED = ("unshare", "nsenter", "setpriv")
OLDEST_VFIO_USER = "10.1"
PROBE = ("-nodefaults", "-machine", "none", "-device", "vfio-user-pci,help")


class Qemu(NamedTuple):
    """A QEMU to start: its words, what it needs in the environment, and what it says it is."""

    words: tuple[str, ...]
    environment: dict[str, str]
    version: str


class Kit(NamedTuple):
    """All a machine needs."""

    qemu: Qemu
    tools: Fetched
    kernel: Path
    kernel_version: str
    initramfs: Path

    def tool(self, path: str) -> list[str]:
        """How to start a tool of the guest's on the host."""
        return self.tools.command(path)

    @property
    def option_rom(self) -> Path:
        """iPXE's option ROM for 8086:100E."""
        return self.tools.root / "usr/share/qemu/pxe-e1000.rom"


def gather(console: Console) -> Kit:
    """Find or fetch everything. Raises LabError with one sentence."""
    if missing := [tool for tool in NEEDED if shutil.which(tool) is None]:
        raise LabError(f"This machine has no {missing[0]}: install the package util-linux.")
    qemu = find_qemu(console)
    tools = fetch(GUEST, console)
    kernels = sorted((tools.root / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise LabError(f"There is no kernel in {tools.root}: remove that folder and run the command again.")
    version = kernels[-1].name.removeprefix("vmlinuz-")
    return Kit(qemu, tools, kernels[-1], version, build(tools, version))


def find_qemu(console: Console) -> Qemu:
    """The system's QEMU if it can speak vfio-user, else one from Debian's packages."""
    if (system := shutil.which("qemu-system-x86_64")) is not None:
        qemu = Qemu((system,), {}, "")
        if speaks_vfio_user(qemu):
            return qemu._replace(version=version_of(qemu))
    fetched = qemu_in(QEMU, console)
    if not speaks_vfio_user(fetched):
        raise LabError(f"{fetched.version} does not know vfio-user-pci: QEMU {OLDEST_VFIO_USER} or later is needed.")
    return fetched


def qemu_in(tree: Tree, console: Console) -> Qemu:
    """The QEMU of a tree, started by the tree's own loader with its own modules and firmware."""
    fetched = fetch(tree, console)
    firmware = [word for folder in ("seabios", "qemu") for word in ("-L", str(fetched.root / "usr/share" / folder))]
    words = (*fetched.command("usr/bin/qemu-system-x86_64"), *firmware)
    qemu = Qemu(words, {"QEMU_MODULE_DIR": str(fetched.root / LIBRARIES / "qemu")}, "")
    return qemu._replace(version=version_of(qemu))


def speaks_vfio_user(qemu: Qemu) -> bool:
    """Whether QEMU has the device. Asking for the list of all devices would trip over another QEMU's modules."""
    code, said = _ask(qemu, *PROBE)
    return code == 0 and "socket=" in said


def version_of(qemu: Qemu) -> str:
    """As `QEMU 11.1.3`; one that doesn't start is a LabError."""
    code, said = _ask(qemu, "--version")
    found = re.search(r"version (\d+\.\d+(\.\d+)?)", said)
    if code != 0 or found is None:
        raise LabError(f"{qemu.words[0]} does not start: {(said.strip().splitlines() or ['it says nothing'])[-1]}")
    return f"QEMU {found[1]}"


def _ask(qemu: Qemu, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*qemu.words, *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **qemu.environment},
    )
    return done.returncode, done.stdout + done.stderr
