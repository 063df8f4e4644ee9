"""How does one speak vfio-user byte by byte? Messages as QEMU sends them, and a reader of what comes back."""

from __future__ import annotations

import os
import select
from typing import NamedTuple

from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.messages import ACCESS, HEADER, Command

QEMU_CAPABILITIES = (
    b'{"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, "max_data_xfer_size": 1048576, '
    b'"migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, "write_multiple": true}}\0'
)
VERSION_REQUEST = m.pack(0, Command.VERSION, m.VERSION.pack(0, 0) + QEMU_CAPABILITIES)


class Reply(NamedTuple):
    """One message of the card."""

    message_id: int
    command: int
    flags: int
    errno: int
    payload: bytes


def replies(run: bytes) -> list[Reply]:
    """Take a run of whole messages apart."""
    out = []
    while run:
        message_id, command, size, flags, errno = HEADER.unpack_from(run)
        assert HEADER.size <= size <= len(run), "a reply is whole"
        out.append(Reply(message_id, command, flags, errno, run[HEADER.size : size]))
        run = run[size:]
    return out


def read(offset: int, length: int = 4, region: int = 0, message_id: int = 1) -> bytes:
    """REGION_READ."""
    return m.pack(message_id, Command.REGION_READ, ACCESS.pack(offset, region, length))


def write(offset: int, data: bytes, region: int = 0, *, message_id: int = 1, posted: bool = True) -> bytes:
    """REGION_WRITE, posted as QEMU writes memory BARs."""
    flags = m.NO_REPLY if posted else m.COMMAND
    return m.pack(message_id, Command.REGION_WRITE, ACCESS.pack(offset, region, len(data)) + data, flags)


def set_irqs(flags: int, index: int = m.INTX, count: int = 1, start: int = 0) -> bytes:
    """SET_IRQS."""
    return m.pack(1, Command.SET_IRQS, m.SET_IRQS.pack(m.SET_IRQS.size, flags, index, start, count))


def dma_map(address: int, size: int, *, flags: int = 3, offset: int = 0, message_id: int = 1) -> bytes:
    """DMA_MAP."""
    return m.pack(message_id, Command.DMA_MAP, m.DMA_MAP.pack(m.DMA_MAP.size, flags, offset, address, size))


def dma_unmap(address: int, size: int, flags: int = 0) -> bytes:
    """DMA_UNMAP."""
    return m.pack(1, Command.DMA_UNMAP, m.DMA_UNMAP.pack(m.DMA_UNMAP.size, flags, address, size))


def ram(size: int = 1 << 20) -> int:
    """A descriptor of fresh memory."""
    fd = os.memfd_create("ram")
    os.ftruncate(fd, size)
    return fd


def wait_for_event(eventfd: int) -> int:
    """How often an eventfd has been written, once it has; the card has made it non-blocking."""
    assert select.select([eventfd], [], [], 60)[0], "no event came"
    return os.eventfd_read(eventfd)


def is_open(fd: int) -> bool:
    """Whether this process holds the descriptor."""
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def one(run: bytes) -> bytes:
    """The payload of the one good reply."""
    (reply,) = replies(run)
    assert reply.flags == m.REPLY, os.strerror(reply.errno)
    return reply.payload
