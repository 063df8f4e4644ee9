"""Where do QEMU, the guest's kernel and its tools come from? The system's QEMU where it is good enough, else Debian's
own packages, unpacked unprivileged into a cache folder. A tree is a folder with the unpacked files of some packages;
it appears whole or not at all, and an interrupted fetch goes on where it stopped.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from glassnic.lab.apt import Advance, PrivateApt, unpack
from glassnic.lab.errors import LabError

LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = f"{LIBRARIES}/ld-linux-x86-64.so.2"


class Tree(NamedTuple):
    """A recipe: `packages` of the last of `suites` with all they need, and those in `alone` by themselves."""

    name: str
    suites: tuple[str, ...]
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()

    @property
    def folder_name(self) -> str:
        """A changed recipe gets a folder of its own."""
        return f"{self.name}-{hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:8]}"


QEMU = Tree("qemu", ("trixie", "trixie-backports"), ("qemu-system-x86",))
GUEST = Tree(
    "guest",
    ("trixie",),
    ("iperf3", "ethtool", "python3-minimal", "dnsmasq-base"),
    ("linux-image-amd64", "busybox-static", "ipxe-qemu"),
)
# The last QEMU whose e1000 people know from Debian 12: a peer to measure against.
QEMU_BOOKWORM = Tree("qemu-bookworm", ("bookworm",), ("qemu-system-x86",))


class Fetched(NamedTuple):
    """An unpacked tree in `root`."""

    root: Path

    def command(self, path: str) -> list[str]:
        """How to start a program of the tree, whatever libraries the machine has: by the tree's own loader."""
        return [str(self.root / LOADER), "--library-path", str(self.root / LIBRARIES), str(self.root / path)]

    def libraries(self, path: str) -> list[Path]:
        """The libraries a program or library of the tree loads, the loader left out."""
        loader, *words = self.command(path)
        listing = subprocess.run([loader, "--list", *words], capture_output=True, text=True, check=False).stdout
        named = (line.split("=>")[1].split("(")[0].strip() for line in listing.splitlines() if "=>" in line)
        return [Path(name) for name in named if name.startswith(str(self.root))]


def cache_folder() -> Path:
    """`$GLASSNIC_CACHE`, else `glassnic` in the user's cache folder."""
    if chosen := os.environ.get("GLASSNIC_CACHE"):
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "glassnic"


def fetch(tree: Tree, console: Console) -> Fetched:
    """The tree, from the cache or, with progress on `console`, from the mirror. Raises LabError with one sentence."""
    cache = cache_folder()
    place = cache / tree.folder_name
    if place.exists():
        return Fetched(place)
    if platform.machine() != "x86_64":
        raise LabError(f"The lab fetches programs for x86-64 only, and this machine is {platform.machine()}.")
    work = cache / f"{tree.folder_name}.partial"
    try:
        work.mkdir(parents=True, exist_ok=True)
        with locked(work / "lock"), progress(tree.name, console) as advance:
            if not place.exists():  # somebody else may have been quicker
                shutil.rmtree(work / "root", ignore_errors=True)
                apt = PrivateApt(work, tree.suites)
                apt.update(advance)
                unpack(apt.download(tree.packages, tree.alone, advance), work / "root", advance)
                (work / "root").rename(place)
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        why = error.strerror or error
        raise LabError(f"{tree.name} cannot be kept in {cache}: {why}. Set GLASSNIC_CACHE.") from error
    return Fetched(place)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One fetch at a time; the kernel lets go of the lock when its holder dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def progress(name: str, console: Console) -> Iterator[Advance]:
    """A bar that says what is being fetched."""
    columns = (
        TextColumn("fetching {task.fields[name]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    if not console.is_terminal:
        console.print(f"fetching {name} from Debian's packages")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=100, name=name)
        yield lambda percent, words: bar.update(task, completed=percent, description=words)
    if console.is_terminal:
        console.print(f"[dim]fetched {name}[/dim]")
