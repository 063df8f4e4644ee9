"""How does one get a package of another Debian release without touching the system? A private apt: a folder with its
own sources, an empty status file and its own cache, on the mirror that this machine's apt already uses. Nothing is
installed and no root is needed: packages are downloaded, checked against Debian's archive keys by apt itself, and
unpacked into a folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from glassnic.lab.errors import LabError

KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{kind}" for kind in ("gpg", "pgp"))
Advance = Callable[[float, str], None]
"""Called with percent (0-100) and what is being done."""


def find_mirror(indextargets: str) -> str | None:
    """The Debian mirror in the output of `apt-get indextargets`, as it stands before `dists/`; None when there is none.

    Security, updates and strangers' archives have other folders or origins; the main archive is known by its origin and
    label or, before the first `apt-get update` (when apt does not know those yet), by the keyring that signs it.
    """
    candidates: list[tuple[int, str]] = []
    for paragraph in indextargets.split("\n\n"):
        field = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line)
        repository = field.get("Repo-URI", "")
        if field.get("Component") != "main" or not repository or "security" in repository:
            continue
        if field.get("Origin") == "Debian" and field.get("Label", "").startswith("Debian"):
            candidates.append((0, repository))
        elif "Origin" not in field and "debian-archive" in field.get("Signed-By", ""):
            candidates.append((1, repository))
    return min(candidates)[1] if candidates else None


def sources_list(mirror: str, suites: tuple[str, ...], keyring: Path) -> str:
    """A sources.list with the main component of each suite."""
    return "".join(f"deb [signed-by={keyring}] {mirror} {suite} main\n" for suite in suites)


def parse_status(line: str) -> tuple[float, str] | None:
    """Percent and words from a line that apt writes to its status descriptor; None for lines of another kind."""
    parts = line.rstrip("\n").split(":", 3)
    if len(parts) != 4 or parts[0] != "dlstatus":
        return None
    try:
        return float(parts[2]), parts[3]
    except ValueError:
        return None


class PrivateApt:
    """An apt of our own in `folder`, which sees `suites` of the machine's mirror and prefers the last of them."""

    def __init__(self, folder: Path, suites: tuple[str, ...]) -> None:
        self.folder = folder
        self.suites = suites
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise LabError(
                "This machine has no apt-get and dpkg-deb: the lab fetches its guest from Debian, on a Debian machine."
            )
        keyring = next((path for path in KEYRINGS if path.exists()), None)
        if keyring is None:
            raise LabError("Debian's archive keys are missing: install the package debian-archive-keyring.")
        for sub in ("etc", "state/lists/partial", "cache/archives/partial", "log"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        (folder / "state/status").touch()
        (folder / "etc/sources.list").write_text(sources_list(self._mirror(), suites, keyring))

    def update(self, advance: Advance) -> None:
        """Read the package lists of the suites."""
        self._run(["update"], advance)

    def download(self, packages: tuple[str, ...], alone: tuple[str, ...], advance: Advance) -> list[Path]:
        """Download `packages` with all they depend on, and the packages in `alone` without; gives the .deb files.

        A name in `alone` may be a metapackage such as linux-image-amd64: the versioned package behind it is taken.
        """
        archives = self.folder / "cache/archives"
        if packages:
            self._run(["install", "--download-only", "--yes", "-t", self.suites[-1], *packages], advance)
        if alone:
            self._run(["download", *(self._behind(name) for name in alone)], advance, cwd=archives)
        return sorted(archives.glob("*.deb"))

    def _behind(self, name: str) -> str:
        listing = self._output(["apt-cache", *self._options(), "depends", "--no-recommends", "--no-suggests", name])
        versioned = re.search(r"Depends: (linux-image-\S+)", listing)
        return versioned[1] if versioned else name

    def _mirror(self) -> str:
        mirror = find_mirror(self._output(["apt-get", "indextargets"]))
        if mirror is None:
            raise LabError(
                "This machine's apt knows no Debian mirror: glassnic fetches QEMU and the guest's kernel from one."
            )
        return mirror

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self.folder / "etc/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "state/status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::archives": self.folder / "cache/archives",
            "Dir::Log": self.folder / "log",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Install-Recommends": "0",
            "APT::Sandbox::User": "root",
            "APT::Keep-Downloaded-Packages": "1",
            "Acquire::Retries": "3",
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        }
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def _output(self, command: list[str]) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=_plain_language()).stdout

    def _run(self, words: list[str], advance: Advance, cwd: Path | None = None) -> None:
        reader, writer = os.pipe()
        command = ["apt-get", *self._options(), "-o", f"APT::Status-Fd={writer}", "-q", *words]
        log_path = self.folder / "log/apt.txt"
        with log_path.open("w") as log, os.fdopen(reader) as status:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                pass_fds=(writer,),
                cwd=cwd,
                env=_plain_language(),
            )
            os.close(writer)
            for line in status:
                if (told := parse_status(line)) is not None:
                    advance(*told)
            code = process.wait()
        said = log_path.read_text(errors="replace")
        # `update` exits 0 when a suite could not be read; what it said tells.
        if code != 0 or (words[0] == "update" and re.search(r"^(W|E|Err):? ?.*(Failed|fetch)", said, re.M)):
            raise LabError(f"apt-get {words[0]} for {' and '.join(self.suites)} failed: {_reason(said)}")


def unpack(packages: list[Path], root: Path, advance: Advance) -> None:
    """Unpack each .deb into `root`, as dpkg would lay it out; no maintainer script runs."""
    root.mkdir(parents=True, exist_ok=True)
    for number, package in enumerate(packages):
        advance(100 * number / len(packages), f"unpacking {package.name.split('_')[0]}")
        done = subprocess.run(["dpkg-deb", "-x", str(package), str(root)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"{package.name} cannot be unpacked: {done.stderr.strip() or 'dpkg-deb failed'}.")
    for name in ("bin", "sbin", "lib", "lib64"):  # suites before trixie keep some of these outside /usr
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
    advance(100, "unpacked")


def _reason(said: str) -> str:
    """The first complaint in apt's output, as part of a sentence."""
    lines = said.splitlines()
    complaints = [line for kind in ("E: ", "W: ", "Err:") for line in lines if line.startswith(kind)]
    if "NO_PUBKEY" in said or "not signed" in said:
        return "this machine's Debian keys do not know that suite yet: install a newer debian-archive-keyring."
    text = complaints[0].split(":", 1)[1].strip() if complaints else "it said nothing"
    return f"{text.rstrip('.')}. Is the network up? Run the same command again: what has been fetched is kept."


def _plain_language() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
