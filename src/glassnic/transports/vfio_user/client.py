"""How does one use a card over vfio-user without a hypervisor? A small blocking client, and guest memory to share.

Tests, benches and conformance programs drive a served card with it, as QEMU would: version, memory, interrupts by
eventfd, register accesses, posted or not. Layouts are those of `messages.py`.
"""

from __future__ import annotations

import array
import json
import mmap
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

from glassnic.pci.function import BAR0, CONFIG
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.messages import ACCESS, HEADER, Command

CAPABILITIES = {
    "pgsizes": 4096,
    "max_msg_fds": 16,
    "max_dma_maps": 65535,
    "max_data_xfer_size": 1048576,
    "migration": {"max_bitmap_size": 268435456, "pgsize": 4096},
    "write_multiple": True,
}
"""What QEMU offers."""


class RefusedError(Exception):
    """The card answered a request with an error; `errno` says which."""

    def __init__(self, command: int, errno: int) -> None:
        super().__init__(f"{Command(command).name} was refused: {os.strerror(errno)}")
        self.errno = errno


class GuestRam:
    """Memory of `size_bytes` that can be shared: `fd` for the card, `data` for the guest's side."""

    def __init__(self, size_bytes: int) -> None:
        self.fd = os.memfd_create("guest-ram")
        os.ftruncate(self.fd, size_bytes)
        self.data = mmap.mmap(self.fd, size_bytes)

    def close(self) -> None:
        """Give the memory back."""
        self.data.close()
        os.close(self.fd)


class Client:
    """A connection to a card. Every call waits for its answer, at most `timeout_s`; a refusal raises `RefusedError`."""

    def __init__(self, path: Path | str, timeout_s: float = 10.0) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.connect(str(path))
        self._sock.settimeout(timeout_s)
        self._next_id = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def bear(self, timeout_s: float) -> None:
        """Wait no longer than this for an answer from now on."""
        self._sock.settimeout(timeout_s)

    def close(self) -> None:
        """Leave, without a word, as QEMU does."""
        self._sock.close()

    def start(self, ram: GuestRam | None = None) -> None:
        """Agree on the version, share `ram` at address 0 and let the card decode memory and I/O and master the bus."""
        self.version()
        if ram is not None:
            self.map(0, len(ram.data), ram.fd)
        self.write(CONFIG, 4, (0x0007).to_bytes(2, "little"))

    def version(self) -> dict[str, Any]:
        """Agree on version 0.0; the card's capabilities."""
        text = json.dumps({"capabilities": CAPABILITIES}).encode() + b"\0"
        reply = self.request(Command.VERSION, m.VERSION.pack(0, 0) + text)
        found = json.loads(reply[m.VERSION.size :].rstrip(b"\0") or b"{}")
        capabilities: dict[str, Any] = found.get("capabilities", {})
        return capabilities

    def map(self, address: int, size: int, fd: int | None, offset: int = 0, *, writable: bool = True) -> None:
        """Share memory at a guest physical address."""
        flags = m.MAP_READ | (m.MAP_WRITE if writable else 0)
        fds = [] if fd is None else [fd]
        self.request(Command.DMA_MAP, m.DMA_MAP.pack(m.DMA_MAP.size, flags, offset, address, size), fds)

    def unmap(self, address: int, size: int) -> None:
        """Take memory back."""
        self.request(Command.DMA_UNMAP, m.DMA_UNMAP.pack(m.DMA_UNMAP.size, 0, address, size))

    def region_info(self, index: int) -> tuple[int, int]:
        """Flags and size of a region."""
        reply = self.request(Command.GET_REGION_INFO, m.REGION_INFO.pack(m.REGION_INFO.size, 0, index, 0, 0, 0))
        _, flags, _, _, size, _ = m.REGION_INFO.unpack(reply)
        return flags, size

    def irq_info(self, index: int) -> tuple[int, int]:
        """Flags and count of an interrupt index."""
        reply = self.request(Command.GET_IRQ_INFO, m.IRQ_INFO.pack(m.IRQ_INFO.size, 0, index, 0))
        _, flags, _, count = m.IRQ_INFO.unpack(reply)
        return flags, count

    def set_irqs(self, index: int, flags: int, fd: int | None = None, *, count: int = 1) -> None:
        """Arm, disable, mask or unmask interrupts: see `messages.ARM` and its neighbours."""
        fds = [] if fd is None else [fd]
        self.request(Command.SET_IRQS, m.SET_IRQS.pack(m.SET_IRQS.size, flags, index, 0, count), fds)

    def reset(self) -> None:
        """Reset the card as a bus reset does."""
        self.request(Command.RESET, b"")

    def read(self, region: int, offset: int, length: int) -> bytes:
        """Read `length` bytes of a region."""
        return self.request(Command.REGION_READ, ACCESS.pack(offset, region, length))[ACCESS.size :]

    def write(self, region: int, offset: int, data: bytes, *, posted: bool = False) -> None:
        """Write a region; `posted` does not wait, as QEMU does for memory BARs."""
        payload = ACCESS.pack(offset, region, len(data)) + data
        if posted:
            self.send(m.pack(self._take_id(), Command.REGION_WRITE, payload, m.NO_REPLY))
        else:
            self.request(Command.REGION_WRITE, payload)

    def read_register(self, offset: int) -> int:
        """A 32-bit register of BAR0."""
        return int.from_bytes(self.read(BAR0, offset, 4), "little")

    def write_register(self, offset: int, value: int) -> None:
        """Write a 32-bit register of BAR0, posted."""
        self.write(BAR0, offset, value.to_bytes(4, "little"), posted=True)

    def request(self, command: int, payload: bytes, fds: list[int] | None = None, ahead: bytes = b"") -> bytes:
        """Send a request, in one piece with posted messages `ahead` of it, and wait for its reply; its payload."""
        message_id = self._take_id()
        self.send(ahead + m.pack(message_id, command, payload), fds)
        found_id, found_command, size, flags, errno = HEADER.unpack(self._receive(HEADER.size))
        body = self._receive(size - HEADER.size)
        if (found_id, found_command, flags & m.TYPE_MASK) != (message_id, command, m.REPLY):
            raise ConnectionError(f"an answer to another question: {found_id} {found_command} {flags:#x}")
        if flags & m.ERROR:
            raise RefusedError(command, errno)
        return body

    def send(self, data: bytes, fds: list[int] | None = None) -> None:
        """Send raw bytes, with descriptors."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sent = self._sock.sendmsg([data], rights)
        if sent < len(data):
            self._sock.sendall(data[sent:])

    def _receive(self, length: int) -> bytes:
        out = b""
        while len(out) < length:
            chunk = self._sock.recv(length - len(out))
            if not chunk:
                raise ConnectionError("the card closed the connection")
            out += chunk
        return out

    def _take_id(self) -> int:
        self._next_id = (self._next_id + 1) & 0xFFFF
        return self._next_id
