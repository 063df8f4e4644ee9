"""How do sent frames get into a capture file? As pcap with nanoseconds, whole records at a time, so that a reader may
follow.

Nothing comes back from a file. To watch as it grows: `tail -c +1 -f FILE | wireshark -k -i -`.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable
from struct import Struct

from glassnic.backends.port import BackendError
from glassnic.device.ports import LENGTH_LEAD, NO_FRAMES, NO_OUTLET, Frames

# The format: a file header, then a header before each frame, here little endian.
_FILE_HEADER = Struct("<IHHiIII")
_RECORD_HEADER = Struct("<IIII")
_NANOSECOND_MAGIC = 0xA1B23C4D
_VERSION = (2, 4)
_ETHERNET = 1
_SNAP_BYTES = 262144


class Pcap:
    """`pcap:FILE`. `clock_ns` counts from 1970. Raises BackendError."""

    lead = LENGTH_LEAD
    outlet = NO_OUTLET
    inlet = None

    blocked = False
    pending = False

    def __init__(self, path: str, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self.dropped = 0
        self._path = path
        self._clock_ns = clock_ns
        self._fd = _open_file(path)
        self._write(_FILE_HEADER.pack(_NANOSECOND_MAGIC, *_VERSION, 0, 0, _SNAP_BYTES, _ETHERNET), 0)

    def fileno(self) -> int:
        return -1

    def send(self, frames: Frames) -> None:
        self.record(frames)

    def record(self, frames: Iterable[bytes | memoryview]) -> None:
        """Write frames, all with the time of now."""
        seconds, nanoseconds = divmod(self._clock_ns(), 1_000_000_000)
        parts: list[bytes | memoryview] = []
        for frame in frames:
            parts += (_RECORD_HEADER.pack(seconds, nanoseconds, len(frame), len(frame)), frame)
        self._write(b"".join(parts), len(parts) // 2)

    def flush(self) -> None:
        """Nothing waits: each `send` writes."""

    def receive(self, limit: int = 64) -> Frames:
        return NO_FRAMES

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self, data: bytes, frames: int) -> None:
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            self.dropped += frames
            raise BackendError(f"cannot write {self._path}: {error.strerror}; the capture ends here") from error


def _open_file(path: str) -> int:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise BackendError(f"cannot write {path}: {error.strerror}; choose a file in a folder of yours") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise BackendError(f"{path} is no regular file: writing to it could block; choose a file's name")
    os.truncate(fd, 0)
    return fd
