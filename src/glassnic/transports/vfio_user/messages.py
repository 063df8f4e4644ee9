"""What do vfio-user messages look like? Every layout and constant of the protocol that server and client share.

After QEMU's docs/interop/vfio-user.rst, as QEMU 10.1 and later speak it: little endian, packed. A message is a header
and a payload; a reply repeats id and command; an error reply is a header alone. What QEMU never sends (dirty pages,
migration, I/O descriptors) is named in `Command` and not supported.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

HEADER = Struct("<HHIII")
"""Message id, command, size with header, flags, errno."""

ACCESS = Struct("<QII")
"""A region access: offset, region, count. Data follows in a write request and in a read's reply."""

DWORD_WRITE = Struct("<QIII")
"""The payload of a REGION_WRITE of a dword: access and value."""

DWORD_REPLY = Struct("<HHIIIQIII")
"""The whole reply to a REGION_READ of a dword: header, access, value."""

VERSION = Struct("<HH")
"""Major, minor; JSON and a NUL may follow."""

DMA_MAP = Struct("<IIQQQ")
"""argsz, flags (`MAP_READ`, `MAP_WRITE`), offset in the file, guest address, size; at most one descriptor."""

DMA_UNMAP = Struct("<IIQQ")
"""argsz, flags (`UNMAP_ALL`), guest address, size."""

DEVICE_INFO = Struct("<IIII")
"""argsz, flags, number of regions, number of interrupt indices."""

REGION_INFO = Struct("<IIIIQQ")
"""argsz, flags (`REGION_READ`, `REGION_WRITE`), index, capability offset, size, offset."""

IRQ_INFO = Struct("<IIII")
"""argsz, flags (`IRQ_…`), index, count."""

SET_IRQS = Struct("<IIIII")
"""argsz, flags (`DATA_…` and `ACTION_…`), index, start, count; eventfds travel as descriptors, never as data."""

WRITES = Struct("<Q")
"""The head of WRITE_MULTI: how many `WRITE_ENTRY` follow."""

WRITE_ENTRY = Struct("<QII8s")
"""One write of WRITE_MULTI: offset, region, count, data padded to 8 bytes."""

MAX_WRITES = 200
"""The most that WRITE_MULTI holds."""


class Command(IntEnum):
    """The commands, by number."""

    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    GET_INFO = 4
    GET_REGION_INFO = 5
    GET_REGION_IO_FDS = 6
    GET_IRQ_INFO = 7
    SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    DMA_READ = 11
    DMA_WRITE = 12
    RESET = 13
    DIRTY_PAGES = 14
    WRITE_MULTI = 15
    DEVICE_FEATURE = 16


# Header flags: four bits of type, then two of manner.
TYPE_MASK, COMMAND, REPLY = 0xF, 0x0, 0x1
NO_REPLY, ERROR = 0x10, 0x20

MAP_READ, MAP_WRITE = 1, 2
UNMAP_ALL = 2
DEVICE_RESET, DEVICE_PCI = 1, 2
REGION_READ, REGION_WRITE = 1, 2
IRQ_EVENTFD, IRQ_MASKABLE, IRQ_AUTOMASKED, IRQ_NORESIZE = 1, 2, 4, 8
DATA_NONE, DATA_EVENTFD = 0x01, 0x04
ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER = 0x08, 0x10, 0x20
# What SET_IRQS is used for.
ARM = DATA_EVENTFD | ACTION_TRIGGER
DISABLE = DATA_NONE | ACTION_TRIGGER
MASK = DATA_NONE | ACTION_MASK
UNMASK = DATA_NONE | ACTION_UNMASK
RESAMPLE = DATA_EVENTFD | ACTION_UNMASK

REGIONS = 9
"""BARs 0 to 5, ROM, configuration space, VGA."""

INTX, MSI, MSIX, ERR, REQ = range(5)
"""The interrupt indices."""
IRQS = 5

MAX_FDS = 8
"""Descriptors one message may carry, as we offer it."""

MAX_DATA_BYTES = 1 << 20
"""Data one message may carry, as we offer it: QEMU's own figure."""

MAX_MESSAGE_BYTES = HEADER.size + ACCESS.size + MAX_DATA_BYTES


def pack(message_id: int, command: int, payload: bytes, flags: int = COMMAND) -> bytes:
    """One whole message."""
    return HEADER.pack(message_id, command, HEADER.size + len(payload), flags, 0) + payload


def pack_error(message_id: int, command: int, errno: int) -> bytes:
    """An error reply: the header alone."""
    return HEADER.pack(message_id, command, HEADER.size, REPLY | ERROR, errno)
