"""How does compiled code reach the host? By system calls on descriptors lent to it: read(2), write(2), writev(2); and
by a look at its clock, or at a descriptor for whether something has come.

No chapter of the manual: this is ours. A failure is -1, whatever it is: what is wrong only Python can ask, by a second
try. With the JIT off Python's own calls do the same.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnic.jit import ENABLED, kernel

Octets = NDArray[np.uint8]
Pieces = NDArray[np.int64]

PEEK = int(socket.MSG_PEEK | socket.MSG_DONTWAIT)
AT_ONCE = int(socket.MSG_DONTWAIT)
QUIETLY = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
HEADER_WORDS = 9
"""Of a struct msghdr, and the iovec behind it."""
CUT_OFF = int(socket.MSG_CTRUNC)
"""Of the flags that recvmsg(2) gives back: there was no room for descriptors."""

if ENABLED:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    # A register holds an int as it holds a ssize_t, so that no narrowing is needed.
    _read: Any = types.ExternalFunction("read", types.intp(types.intp, types.intp, types.intp))
    _write: Any = types.ExternalFunction("write", types.intp(types.intp, types.intp, types.intp))

    _recvmsg: Any = types.ExternalFunction("recvmsg", types.intp(types.intp, types.intp, types.intp))
    _recv: Any = types.ExternalFunction("recv", types.intp(types.intp, types.intp, types.intp, types.intp))
    _send: Any = types.ExternalFunction("send", types.intp(types.intp, types.intp, types.intp, types.intp))
    _writev: Any = types.ExternalFunction("writev", types.intp(types.intp, types.intp, types.intp))

    @kernel
    def read(fd: int, octets: Octets, start: int, end: int) -> int:
        """read(2) into [start, end): how many bytes came; -1 where it fails."""
        return int(_read(fd, octets.ctypes.data + start, end - start))

    @kernel
    def write(fd: int, octets: Octets, start: int, end: int) -> int:
        """write(2) of [start, end): how many bytes the host took; -1 where it fails."""
        return int(_write(fd, octets.ctypes.data + start, end - start))

    @kernel
    def write_pieces(fd: int, octets: Octets, start: int, end: int, data: Octets, pieces: Pieces, count: int) -> int:
        """writev(2) of [start, end) and then of `count` pieces of `data`: the rows of `pieces` from 1 on, address and
        length. How many bytes the host took; -1 where it fails."""
        pieces[0, 0], pieces[0, 1] = octets.ctypes.data + start, end - start
        for row in range(1, count + 1):
            pieces[row, 0] += data.ctypes.data
        taken = int(_writev(fd, pieces.ctypes.data, count + 1))
        for row in range(1, count + 1):
            pieces[row, 0] -= data.ctypes.data
        return taken

    @kernel
    def peek(fd: int, octets: Octets, header: Pieces) -> int:
        """recvmsg(2) that leaves what it shows: how many bytes of `octets` it filled; -1 where descriptors come along,
        or where it fails. `header` has HEADER_WORDS."""
        header[:] = 0
        header[2], header[3] = header.ctypes.data + 56, 1
        header[7], header[8] = octets.ctypes.data, len(octets)
        came = int(_recvmsg(fd, header.ctypes.data, PEEK))
        return -1 if header[6] & CUT_OFF else came

    @kernel
    def discard(fd: int, octets: Octets, count: int) -> int:
        """recv(2) of `count` bytes that were seen before."""
        return int(_recv(fd, octets.ctypes.data, count, AT_ONCE))

    @kernel
    def send(fd: int, octets: Octets, start: int, end: int) -> int:
        """send(2) of [start, end): how many bytes the host took; -1 where it fails."""
        return int(_send(fd, octets.ctypes.data + start, end - start, QUIETLY))

    @intrinsic
    def _clock(typing: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number, word = ir.IntType(32), ir.IntType(64)
            kind = ir.FunctionType(number, [number, word.as_pointer()])
            ask = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                builder.module, kind, "clock_gettime"
            )
            now = cgutils.alloca_once(builder, word, size=2)  # type: ignore[no-untyped-call]
            builder.call(ask, [number(time.CLOCK_MONOTONIC), now])
            seconds, rest = (builder.load(builder.gep(now, [number(half)])) for half in range(2))
            return builder.add(builder.mul(seconds, word(10**9)), rest)

        return types.int64(), generate

    @intrinsic
    def _poll(typing: Any, fd: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number, word = ir.IntType(32), ir.IntType(64)
            kind = ir.FunctionType(number, [word.as_pointer(), word, number])
            ask = cgutils.get_or_insert_function(builder.module, kind, "poll")  # type: ignore[no-untyped-call]
            asked = cgutils.alloca_once(builder, word)  # type: ignore[no-untyped-call]
            low = builder.and_(arguments[0], word((1 << 32) - 1))
            builder.store(builder.or_(low, word(select.POLLIN << 32)), asked)
            return builder.sext(builder.call(ask, [asked, word(1), number(0)]), word)

        return types.int64(types.int64), generate

    @kernel
    def monotonic_ns() -> int:
        """The same as `time.monotonic_ns`."""
        return int(_clock())  # type: ignore[call-arg, arg-type, unused-ignore]

    @kernel
    def has_come(fd: int) -> bool:
        """poll(2): is there anything to read, or an end? Never where `fd` is -1."""
        return int(_poll(fd)) > 0  # type: ignore[call-arg, arg-type, unused-ignore]

else:
    monotonic_ns = time.monotonic_ns

    def has_come(fd: int) -> bool:
        asked = select.poll()
        if fd >= 0:
            asked.register(int(fd), select.POLLIN)
        return bool(asked.poll(0))

    @contextmanager
    def _lent(fd: int) -> Iterator[socket.socket]:
        link = socket.socket(fileno=fd)
        try:
            yield link
        finally:
            link.detach()

    def peek(fd: int, octets: Octets, header: Pieces) -> int:
        try:
            with _lent(fd) as link:
                came, _, flags, _ = link.recvmsg_into([octets.data], 0, PEEK)
        except OSError:
            return -1
        return -1 if flags & CUT_OFF else came

    def discard(fd: int, octets: Octets, count: int) -> int:
        with _lent(fd) as link:
            return link.recv_into(octets.data, count, AT_ONCE)

    def send(fd: int, octets: Octets, start: int, end: int) -> int:
        try:
            with _lent(fd) as link:
                return link.send(octets.data[start:end], QUIETLY)
        except OSError:
            return -1

    def read(fd: int, octets: Octets, start: int, end: int) -> int:
        try:
            return os.readv(fd, [octets.data[start:end]])
        except OSError:
            return -1

    def write(fd: int, octets: Octets, start: int, end: int) -> int:
        try:
            return os.write(fd, octets.data[start:end])
        except OSError:
            return -1

    def write_pieces(fd: int, octets: Octets, start: int, end: int, data: Octets, pieces: Pieces, count: int) -> int:
        lent = [data[at : at + length].data for at, length in pieces[1 : count + 1].tolist()]
        try:
            return os.writev(fd, [octets.data[start:end], *lent])
        except OSError:
            return -1
