"""Which Linux calls does Python 3.11 not offer? Placing mappings at chosen addresses (mmap(2)) and nanosecond timers
(timerfd).

Thin wrappers by ctypes: integers in, integers out, `OSError` on failure.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_longlong]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

_PROT_NONE = 0
_MAP_FIXED = 0x10
MAP_NORESERVE = 0x4000
_MAP_FAILED = ctypes.c_void_p(-1).value
_TFD_TIMER_ABSTIME = 1


def _fail() -> OSError:
    errno = ctypes.get_errno()
    return OSError(errno, os.strerror(errno))


def _mmap(address: int, length_bytes: int, protection: int, flags: int, fd: int, offset: int) -> int:
    where: int | None = _libc.mmap(address, length_bytes, protection, flags, fd, offset)
    if where is None or where == _MAP_FAILED:
        raise _fail()
    return where


def reserve(length_bytes: int) -> int:
    """Reserve address space that nothing may touch and that costs no memory; its address."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
    return _mmap(0, length_bytes, _PROT_NONE, flags, -1, 0)


def map_file(address: int, length_bytes: int, fd: int, offset: int, *, writable: bool) -> None:
    """Put a shared mapping of a file over reserved address space."""
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    _mmap(address, length_bytes, protection, mmap.MAP_SHARED | _MAP_FIXED, fd, offset)


def unmap_to_reserved(address: int, length_bytes: int) -> None:
    """Take a mapping away again: the addresses stay reserved, and untouchable."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE | _MAP_FIXED
    _mmap(address, length_bytes, _PROT_NONE, flags, -1, 0)


def release(address: int, length_bytes: int) -> None:
    """Give address space back."""
    if _libc.munmap(address, length_bytes):
        raise _fail()


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Timer:
    """A timer whose descriptor becomes readable at a moment of `time.monotonic_ns()` and stays so until set anew."""

    def __init__(self) -> None:
        self._fd: int = _libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _fail()
        self._at_ns: int | None = None
        self._spec = _Itimerspec()

    def fileno(self) -> int:
        """What to poll."""
        return self._fd

    def set(self, at_ns: int | None) -> None:
        """Go off at `at_ns` (at once if that is past), or never."""
        if at_ns == self._at_ns:
            return
        self._at_ns = at_ns
        # All zeros disarms, so the beginning of time becomes one nanosecond later.
        value = self._spec.value
        value.seconds, value.nanoseconds = (0, 0) if at_ns is None else divmod(max(at_ns, 1), 1_000_000_000)
        if _libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None):
            raise _fail()

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
