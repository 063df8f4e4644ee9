"""How does the card see a guest's memory that arrives piece by piece, as files? (vfio-user DMA_MAP and DMA_UNMAP.)

One large span of address space is reserved, untouchable, and each piece is mapped into it at its guest physical
address: so a guest address is an index into one array, and the only check left to the engine is whether it lies in
`ranges`. A piece without a file is memory the hypervisor does not share: a ROM is left out (nothing there to DMA), RAM
is refused.

A file that shrinks while mapped would kill the process (SIGBUS): pieces beyond the end of their file are refused, and
QEMU seals the memory it shares against shrinking; a client that shares an unsealed file can still do it to its own
card.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import weakref
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassnic.device.ports import read_ranges, write_ranges
from glassnic.transports import linux
from glassnic.transports.errors import HangupError, ProtocolError

PAGE_BYTES = 4096
SPANS_BYTES = tuple(1 << shift for shift in (40, 38, 36, 34, 32))
"""How much address space to reserve, best first: 1 TiB where the system lets us."""
ALIGNMENT_BYTES = 1 << 30
"""The span starts at a multiple of the largest page, so that huge pages can be mapped in it."""
MAX_PIECES = 4096

NOT_SHARED = (
    "the guest's memory is not shared with the card: start QEMU with "
    "-object memory-backend-memfd,id=mem,size=SIZE,share=on -machine memory-backend=mem"
)


class Piece(NamedTuple):
    """Guest physical addresses `start` to `end`; `mapped` is False for a ROM that came without a file."""

    start: int
    end: int
    writable: bool
    mapped: bool


class SharedMemory:
    """Guest memory as a transport maps it; implements `GuestMemory`. MemoryError, one sentence, if there is no span."""

    def __init__(self) -> None:
        self._pieces: dict[int, Piece] = {}
        self._ranges: NDArray[np.int64] | None = None
        reserved, length_bytes = _reserve()
        self._base = -(-reserved // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        self.span_bytes = length_bytes - ALIGNMENT_BYTES
        span = (ctypes.c_uint8 * self.span_bytes).from_address(self._base)
        self.data: NDArray[np.uint8] = np.frombuffer(memoryview(span), np.uint8)
        # Views of `data` may outlive this object; all of them keep `span`.
        weakref.finalize(span, linux.release, reserved, length_bytes).atexit = False

    @property
    def ranges(self) -> NDArray[np.int64]:
        """Rows `(start, end, writable)`: mapped pieces, sorted; neighbours alike are merged."""
        if self._ranges is None:
            self._ranges = _merge([piece for piece in self._pieces.values() if piece.mapped])
        return self._ranges

    def read(self, address: int, length: int) -> bytes:
        """See `GuestMemory.read`."""
        return read_ranges(self, address, length)

    def write(self, address: int, data: bytes) -> None:
        """See `GuestMemory.write`."""
        write_ranges(self, address, data)

    def map(self, address: int, length_bytes: int, fd: int | None, offset: int, *, writable: bool) -> None:
        """Take a piece in. `fd` stays the caller's. Raises `ProtocolError`; `HangupError` when RAM is not shared."""
        self._check(address, length_bytes, offset)
        if fd is None and writable:
            raise HangupError(errno.EINVAL, NOT_SHARED)
        if fd is not None:
            _check_file(fd, offset + length_bytes)
            try:
                linux.map_file(self._base + address, length_bytes, fd, offset, writable=writable)
            except OSError as error:
                linux.unmap_to_reserved(self._base + address, length_bytes)
                why = f"guest memory at {address:#x} cannot be mapped ({error.strerror}); huge pages are not supported"
                raise ProtocolError(error.errno or errno.EINVAL, why) from error
        self._pieces[address] = Piece(address, address + length_bytes, writable, fd is not None)
        self._ranges = None

    def unmap(self, address: int, length_bytes: int) -> None:
        """Drop every piece inside these addresses. Raises `ProtocolError` if there is none, or one would be cut."""
        end = address + length_bytes
        touched = [piece for piece in self._pieces.values() if piece.start < end and address < piece.end]
        if not touched:
            raise ProtocolError(errno.ENOENT, f"no guest memory is mapped at {address:#x}")
        if any(piece.start < address or piece.end > end for piece in touched):
            raise ProtocolError(errno.EINVAL, f"unmapping {address:#x} would cut a mapping in two")
        for piece in touched:
            self._drop(piece)

    def clear(self) -> None:
        """Drop everything: the client has gone."""
        for piece in list(self._pieces.values()):
            self._drop(piece)

    def _drop(self, piece: Piece) -> None:
        del self._pieces[piece.start]
        self._ranges = None
        if piece.mapped:
            linux.unmap_to_reserved(self._base + piece.start, piece.end - piece.start)

    def _check(self, address: int, length_bytes: int, offset: int) -> None:
        end = address + length_bytes
        if not length_bytes or address % PAGE_BYTES or length_bytes % PAGE_BYTES or offset % PAGE_BYTES:
            raise ProtocolError(errno.EINVAL, f"guest memory at {address:#x} is not in whole pages")
        if end > self.span_bytes or offset + length_bytes >= 1 << 63:
            raise ProtocolError(
                errno.ERANGE, f"guest memory at {address:#x} is beyond {self.span_bytes:#x}, the most supported"
            )
        if any(piece.start < end and address < piece.end for piece in self._pieces.values()):
            raise ProtocolError(errno.EEXIST, f"guest memory at {address:#x} is mapped already")
        if len(self._pieces) >= MAX_PIECES:
            raise ProtocolError(errno.ENOSPC, f"guest memory comes in more than {MAX_PIECES} pieces")


def _reserve() -> tuple[int, int]:
    """The largest span the system grants: address and length."""
    for span_bytes in SPANS_BYTES:
        with contextlib.suppress(OSError):
            return linux.reserve(span_bytes + ALIGNMENT_BYTES), span_bytes + ALIGNMENT_BYTES
    raise MemoryError("there is no address space for a guest's memory: raise the limit with `ulimit -v unlimited`")


def _check_file(fd: int, end: int) -> None:
    """Only a file that reaches to `end` can be touched there without a signal."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise ProtocolError(errno.EINVAL, "guest memory came as something that is not a file")
    if status.st_size < end:
        raise ProtocolError(errno.EINVAL, f"guest memory's file has {status.st_size:#x} bytes, {end:#x} are needed")


def _merge(pieces: list[Piece]) -> NDArray[np.int64]:
    rows: list[list[int]] = []
    for piece in sorted(pieces):
        if rows and rows[-1][1] == piece.start and rows[-1][2] == piece.writable:
            rows[-1][1] = piece.end
        else:
            rows.append([piece.start, piece.end, int(piece.writable)])
    return np.array(rows, np.int64).reshape(-1, 3)
