"""How does one write an initramfs without root? The newc form of cpio, as the kernel's Documentation/driver-
api/early-userspace/ buffer-format describes it: a 110-byte header in hexadecimal, the name, the data, each padded to
four bytes. Device nodes are only numbers in a header, so nobody needs the right to make one.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

TRAILER = "TRAILER!!!"


class Archive:
    """Writes one cpio archive to `out`; parent folders come by themselves; every owner is root, every time 0."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.names: set[str] = set()

    def folder(self, name: str, mode: int = 0o755) -> None:
        """A folder, and the folders above it; one that is there already stays as it is."""
        if name and name not in self.names:
            self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """A regular file with these contents."""
        self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name: str, source: Path) -> None:
        """A regular file with the contents and mode of `source`; a link is followed."""
        self.file(name, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def link(self, name: str, target: str) -> None:
        """A symbolic link to `target`."""
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name: str, major: int, minor: int) -> None:
        """A character device node."""
        self._entry(name, stat.S_IFCHR | 0o600, b"", (major, minor))

    def close(self) -> None:
        """Write the trailer; the file itself stays open."""
        self._entry(TRAILER, 0, b"")

    def _entry(self, name: str, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> None:
        name = name.strip("/")
        if name in self.names:
            raise ValueError(f"{name} is in the archive already")
        parent = name.rpartition("/")[0]
        self.folder(parent)
        self.names.add(name)
        encoded = name.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, dev major/minor, rdev major/minor, name size, check
        fields = (len(self.names), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (header + encoded, data):
            self.out.write(part + bytes(-len(part) % 4))
