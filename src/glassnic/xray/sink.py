"""Where does a capture go? To a file, to files of a size that follow one another, or to a named pipe that is read live.

A write takes whole blocks, so a reader may follow at any time. A pipe that is full never holds the card up: blocks
wait, up to a limit, and what exceeds it is dropped and counted. Each file begins with the section header anew.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from glassnic.xray.pcapng import CaptureError

MOST_WAITING_BYTES = 4 << 20
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_OPTION = re.compile(r"(size|files)=(\d+)([KMG]?)")


class Target(NamedTuple):
    """What the user asked for: `size_bytes` 0 for one file without end, `files` 0 to keep them all."""

    path: Path
    size_bytes: int = 0
    files: int = 0


class Place(NamedTuple):
    """Where blocks lie: the file, and which write to it they were, from 1."""

    file: Path
    number: int


def target(text: str) -> Target:
    """`FILE`, `FILE,size=64M` or `FILE,size=64M,files=10`. CaptureError names what is wrong."""
    path, *options = text.split(",")
    found: dict[str, int] = {}
    for option in options:
        match = _OPTION.fullmatch(option)
        if match is None or (match[1] == "files" and match[3]):
            raise CaptureError(f"{option!r} is no option of a capture: write FILE,size=64M or FILE,size=64M,files=10")
        found[match[1]] = int(match[2]) * _UNITS[match[3]]
    if not path or 0 in found.values() or ("files" in found and "size" not in found):
        raise CaptureError(f"{text!r} names no capture: write FILE,size=64M or FILE,size=64M,files=10")
    return Target(Path(path), found.get("size", 0), found.get("files", 0))


def refuse_shared(asked: Iterable[tuple[str, object]]) -> None:
    """CaptureError where two of these are one place: what asks for it, and `FILE` or `FILE,…`, or None."""
    asked_by: dict[str, str] = {}
    for name, text in asked:
        place = str(text or "").partition(",")[0]
        if place and (other := asked_by.setdefault(os.path.realpath(place), name)) != name:
            raise CaptureError(f"{place} cannot be for {other} and for {name}: give each a place of its own")


class Sink:
    """An open capture. `head` is what every file of it begins with."""

    def __init__(self, goal: Target, head: bytes) -> None:
        self.dropped = 0
        self._goal = goal
        self._head = head
        self._number = self._writes = 0
        self._waiting = bytearray()
        self._written = 0
        self._path, self._fd = goal.path, -1
        self._begin()

    def write(self, blocks: bytes) -> Place | None:
        """Take whole blocks and say where they are; None if they are dropped: the reader of the pipe is too slow."""
        goal = self._goal
        if goal.size_bytes and self._written > len(self._head) and self._written + len(blocks) > goal.size_bytes:
            self.close()
            self._begin()
        if len(self._waiting) + len(blocks) > MOST_WAITING_BYTES:
            self.flush()
        if len(self._waiting) and len(self._waiting) + len(blocks) > MOST_WAITING_BYTES:
            self.dropped += 1
            return None
        self._waiting += blocks
        self._written += len(blocks)
        self._writes += 1
        self.flush()
        return Place(self._path, self._writes)

    def flush(self) -> None:
        """Write what waits, as far as it is taken now."""
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            return
        except OSError as error:
            reason = "nobody reads it any more" if isinstance(error, BrokenPipeError) else error.strerror
            raise CaptureError(f"cannot write {self._path}: {reason}; the capture ends here") from error

    def close(self) -> None:
        """Give the file back; what a pipe's reader did not take is lost."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _begin(self) -> None:
        """Open the first file, or the next: FILE_00001, FILE_00002, as dumpcap names them."""
        goal, path = self._goal, self._goal.path
        if goal.size_bytes:
            self._number += 1
            if goal.files and self._number > goal.files:
                self._nth(self._number - goal.files).unlink(missing_ok=True)
            path = self._nth(self._number)
        self._path, self._fd = path, _open(path)
        self._written, self._writes = len(self._head), 0
        self._waiting += self._head
        self.flush()

    def _nth(self, number: int) -> Path:
        path = self._goal.path
        return path.with_name(f"{path.stem}_{number:05d}{path.suffix}")


def _open(path: Path) -> int:
    """A new file, or a pipe as it is; nothing here blocks."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.truncate(fd, 0)
    except OSError as error:
        if path.is_fifo():
            raise CaptureError(f"nobody reads the pipe {path} yet: start Wireshark on it first") from error
        raise CaptureError(f"cannot write {path}: {error.strerror}; choose a file in a folder of yours") from error
    return fd
