"""What does the card answer to a vfio-user client? One conversation, without a socket: bytes and descriptors in, bytes
out.

Messages are laid out in `messages.py`. Rules kept here:
- A reply is whole: header and payload together, to be sent in order and never split by anything else.
- A message that says NO_REPLY is never answered, not even with an error: an unexpected reply ends QEMU's connection.
- Descriptors that arrive with a chunk belong to the message that holds the chunk's last byte: the kernel ends a read
  after the bytes that carried descriptors. What a message does not take is closed.
- A message of impossible size, or a command before VERSION, ends the conversation; any other refusal is an error reply.
- Nothing here waits and nothing asks the client for anything: QEMU holds its big lock while it waits for us.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence

from glassnic.device.lookups import Lookups
from glassnic.pci.function import BAR0, REGION_BYTES, PciFunction
from glassnic.transports.errors import HangupError, ProtocolError
from glassnic.transports.guest_memory import MAX_PIECES, PAGE_BYTES, SharedMemory
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.interrupts import IntxLine, MsiVector
from glassnic.transports.vfio_user.messages import ACCESS, DWORD_REPLY, DWORD_WRITE, HEADER, Command

MAX_ACCESS_BYTES = 256
"""No access is longer: QEMU reads configuration space in one go, everything else in at most 8 bytes."""

MAX_SENTENCES = 8
"""How many complaints about one client are worth a line."""

# Leaves write_multiple out: where it is offered QEMU sends every message through its queue. A client that sends
# WRITE_MULTI all the same is understood.
CAPABILITIES = (
    f'{{"capabilities":{{"max_msg_fds":{m.MAX_FDS},"max_data_xfer_size":{m.MAX_DATA_BYTES},'
    f'"pgsizes":{PAGE_BYTES},"max_dma_maps":{MAX_PIECES}}}}}'
).encode()

# Plain names: asked of every message.
READ, WRITE = int(Command.REGION_READ), int(Command.REGION_WRITE)
HEADER_BYTES = HEADER.size
READ_BYTES, WRITE_BYTES = HEADER_BYTES + ACCESS.size, HEADER_BYTES + DWORD_WRITE.size
MOST_BYTES, TYPE_MASK, COMMAND, NO_REPLY = m.MAX_MESSAGE_BYTES, m.TYPE_MASK, m.COMMAND, m.NO_REPLY
REGISTER_BYTES = REGION_BYTES[BAR0]

Answer = Callable[[memoryview], bytes]
"""Takes a request's payload, gives the reply's; raises `ProtocolError`."""


class Session:
    """One client's conversation with one card.

    `ended` says that nothing more may be read or sent but what `receive` gave back; `sentences` are for the log, and
    `stirred` that the client has done more than read; whoever takes note of these two sets them back.
    """

    def __init__(self, function: PciFunction, memory: SharedMemory) -> None:
        self.function = function
        self.memory = memory
        self.intx = IntxLine()
        self.msi = MsiVector()
        self.ended = False
        self.stirred = False
        self.sentences: list[str] = []
        self._partial = bytearray()
        self._wanted = 0
        self._early_fds: list[int] = []
        self._fds: list[int] = []
        # Command: the least payload it must have, and who answers. Until VERSION is agreed there is nothing else.
        self._otherwise: tuple[int, Answer] = (0, self._unknown)
        self._answers: dict[int, tuple[int, Answer]] = {Command.VERSION: (m.VERSION.size, self._version)}
        self._agreed: dict[int, tuple[int, Answer]] = {
            Command.DMA_MAP: (m.DMA_MAP.size, self._dma_map),
            Command.DMA_UNMAP: (m.DMA_UNMAP.size, self._dma_unmap),
            Command.GET_INFO: (m.DEVICE_INFO.size, self._device_info),
            Command.GET_REGION_INFO: (m.REGION_INFO.size, self._region_info),
            Command.GET_IRQ_INFO: (m.IRQ_INFO.size, self._irq_info),
            Command.SET_IRQS: (m.SET_IRQS.size, self._set_irqs),
            Command.REGION_READ: (ACCESS.size, self._region_read),
            Command.REGION_WRITE: (ACCESS.size, self._region_write),
            Command.WRITE_MULTI: (m.WRITES.size, self._write_multi),
            Command.RESET: (0, self._reset),
        }

    def receive(self, data: bytes | bytearray | memoryview, fds: Sequence[int] = ()) -> bytes:
        """Take a chunk of the stream, with the descriptors that came along (ours from now on); give the replies."""
        if self._partial:
            self._partial += data
            if len(self._partial) < self._wanted:
                self._early_fds.extend(fds)
                return b""
            data, self._partial = self._partial, bytearray()
        replies: list[bytes] = []
        view = memoryview(data)
        at, end, wanted = 0, len(view), HEADER_BYTES
        while end - at >= HEADER_BYTES and not self.ended:
            message_id, command, size, flags, _ = HEADER.unpack_from(view, at)
            if not HEADER_BYTES <= size <= MOST_BYTES or flags & TYPE_MASK != COMMAND:
                self._end(f"the client sent a message that is none (size {size}, flags {flags:#x})")
                break
            beyond = at + size
            if beyond > end:
                wanted = size
                break
            if fds or self._early_fds:
                self._fds, self._early_fds = self._early_fds, []
                if beyond == end:
                    self._fds.extend(fds)
                    fds = ()
            reply = None
            if command == READ and size == READ_BYTES and not self._fds:
                reply = self._read_dword(message_id, view, at + HEADER_BYTES)
            elif command == WRITE and size == WRITE_BYTES and flags & NO_REPLY and not self._fds:
                reply = self._post_dword(view, at + HEADER_BYTES)
            if reply is None:
                reply = self._answer(message_id, command, view[at + HEADER_BYTES : beyond])
            if not flags & NO_REPLY:
                replies.append(reply)
            at = beyond
        if at < end or fds or self.ended:
            self._keep(view[at:], wanted, fds)
        return b"".join(replies)

    def _keep(self, rest: memoryview, wanted: int, fds: Sequence[int]) -> None:
        """The start of a message waits until `wanted` bytes of it are here, and so do its descriptors."""
        self._early_fds.extend(fds)
        if len(self._early_fds) > 2 * m.MAX_FDS:
            self._end("the client sends descriptors and no message that they belong to")
        if self.ended:
            _close_all(self._early_fds)
        elif rest:
            self._partial = bytearray(rest)
            self._wanted = wanted

    @property
    def lookups(self) -> Lookups | None:
        """What may be answered before `receive` is asked: nothing in the midst of a message, nor before VERSION."""
        midst = self._partial or self._early_fds or self._answers is not self._agreed
        return None if midst else self.function.lookups

    def update_interrupts(self) -> None:
        """Carry the card's interrupt level to the client. The loop calls this whenever the card may have moved it."""
        self.intx.set_level(self.function.intx)
        self.msi.set_level(self.function.msi)

    def close(self) -> None:
        """The client has gone: its memory and descriptors go too."""
        self.ended = True
        self.memory.clear()
        self.intx.close()
        self.msi.close()
        _close_all(self._early_fds)

    def _answer(self, message_id: int, command: int, payload: memoryview) -> bytes:
        """The one place where a message is answered, well or ill."""
        try:
            least, answer = self._answers.get(command) or self._otherwise
            self.stirred |= command != READ
            if len(payload) < least:
                raise ProtocolError(errno.EINVAL, f"the client's command {command} is cut short")
            reply = answer(payload)
        except ProtocolError as error:
            if isinstance(error, HangupError):
                self.ended = True
            self._say(str(error))
            return m.pack_error(message_id, command, error.errno)
        except OSError as error:
            self._say(f"the client's command {command} failed: {error.strerror}")
            return m.pack_error(message_id, command, error.errno or errno.EIO)
        finally:
            if self._fds:
                _close_all(self._fds)
        return HEADER.pack(message_id, command, HEADER.size + len(reply), m.REPLY, 0) + reply

    def _end(self, sentence: str) -> None:
        self.ended = True
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        if sentence and len(self.sentences) < MAX_SENTENCES:
            self.sentences.append(sentence)

    def _take_fd(self) -> int | None:
        return self._fds.pop(0) if self._fds else None

    # Accesses: the hot path.

    def _read_dword(self, message_id: int, view: memoryview, at: int) -> bytes | None:
        """The reply to the commonest message of all, a read of one register, by the shortest way; None for another."""
        offset, region, count = ACCESS.unpack_from(view, at)
        is_register = region == BAR0 and count == 4 and not offset & 3 and offset < REGISTER_BYTES
        if not is_register or self._answers is not self._agreed:
            return None
        value = self.function.read_dword(offset)
        if self.function.msi_enabled:
            self.msi.set_level(self.function.msi)
        return DWORD_REPLY.pack(message_id, READ, DWORD_REPLY.size, m.REPLY, 0, offset, region, count, value)

    def _post_dword(self, view: memoryview, at: int) -> bytes | None:
        """The second commonest, a posted write of one register, likewise; it has no reply."""
        offset, region, count, value = DWORD_WRITE.unpack_from(view, at)
        is_register = region == BAR0 and count == 4 and not offset & 3 and offset < REGISTER_BYTES
        if not is_register or self._answers is not self._agreed:
            return None
        self.post(offset, value)
        return b""

    def take(self, offset: int) -> None:
        """Do what a read of a register does, which is answered already."""
        self.function.read_dword(offset)
        if self.function.msi_enabled:
            self.msi.set_level(self.function.msi)

    def post(self, offset: int, value: int) -> None:
        """Write a register."""
        self.stirred = True
        self.function.write_dword(offset, value)
        if self.function.msi_enabled:
            self.msi.set_level(self.function.msi)

    def _region_read(self, payload: memoryview) -> bytes:
        offset, region, count = ACCESS.unpack_from(payload)
        if count > MAX_ACCESS_BYTES or offset + count > REGION_BYTES.get(region, 0):
            raise ProtocolError(errno.EINVAL)
        data = self.function.read(region, offset, count)
        if self.function.msi_enabled:
            self.msi.set_level(self.function.msi)
        return payload[: ACCESS.size].tobytes() + data

    def _region_write(self, payload: memoryview) -> bytes:
        offset, region, count = ACCESS.unpack_from(payload)
        self._write(offset, region, payload[ACCESS.size :], count)
        return payload[: ACCESS.size].tobytes()

    def _write_multi(self, payload: memoryview) -> bytes:
        (writes,) = m.WRITES.unpack_from(payload)
        if writes > m.MAX_WRITES or len(payload) != m.WRITES.size + writes * m.WRITE_ENTRY.size:
            raise ProtocolError(errno.EINVAL, "the client's multiple write is too long, or cut short")
        for offset, region, count, data in m.WRITE_ENTRY.iter_unpack(payload[m.WRITES.size :]):
            self._write(offset, region, data[:count], count)
        return b""

    def _write(self, offset: int, region: int, data: bytes | memoryview, count: int) -> None:
        if len(data) != count or count > MAX_ACCESS_BYTES or offset + count > REGION_BYTES.get(region, 0):
            raise ProtocolError(errno.EINVAL)
        self.function.write(region, offset, data)
        # An edge between two messages would be lost on a level looked at after both.
        if self.function.msi_enabled:
            self.msi.set_level(self.function.msi)

    # Everything else: once or a few times in a guest's life.

    def _unknown(self, payload: memoryview) -> bytes:
        if Command.VERSION in self._answers:
            raise HangupError(errno.EINVAL, "the client did not begin with VERSION")
        raise ProtocolError(errno.ENOTSUP)

    def _version(self, payload: memoryview) -> bytes:
        # What the client can do binds nobody who sends it no descriptors and no requests: its JSON is not read.
        major, minor = m.VERSION.unpack_from(payload)
        if major != 0:
            raise HangupError(errno.ENOTSUP, f"the client speaks vfio-user {major}.{minor}, the card 0.0")
        self._answers = self._agreed
        # QEMU takes no reply longer than its own request.
        room = len(payload) - m.VERSION.size - 1
        text = next((text for text in (CAPABILITIES, b"{}") if len(text) <= room), None)
        return m.VERSION.pack(0, 0) + (b"" if text is None else text + b"\0")

    def _dma_map(self, payload: memoryview) -> bytes:
        _, flags, offset, address, size = m.DMA_MAP.unpack_from(payload)
        fd = self._take_fd()
        try:
            self.memory.map(address, size, fd, offset, writable=bool(flags & m.MAP_WRITE))
        finally:
            if fd is not None:
                os.close(fd)
        return b""

    def _dma_unmap(self, payload: memoryview) -> bytes:
        _, flags, address, size = m.DMA_UNMAP.unpack_from(payload)
        if flags & ~m.UNMAP_ALL:
            raise ProtocolError(errno.ENOTSUP)
        if flags & m.UNMAP_ALL:
            self.memory.clear()
        else:
            self.memory.unmap(address, size)
        return payload[: m.DMA_UNMAP.size].tobytes()

    def _device_info(self, payload: memoryview) -> bytes:
        return m.DEVICE_INFO.pack(m.DEVICE_INFO.size, m.DEVICE_RESET | m.DEVICE_PCI, m.REGIONS, m.IRQS)

    def _region_info(self, payload: memoryview) -> bytes:
        _, _, index, _, _, _ = m.REGION_INFO.unpack_from(payload)
        if index >= m.REGIONS:
            raise ProtocolError(errno.EINVAL)
        # No region can be mapped: ICR, which a read clears, shares a page with others; and QEMU would post no writes.
        size = REGION_BYTES.get(index, 0)
        flags = m.REGION_READ | m.REGION_WRITE if size else 0
        return m.REGION_INFO.pack(m.REGION_INFO.size, flags, index, 0, size, 0)

    def _irq_info(self, payload: memoryview) -> bytes:
        _, _, index, _ = m.IRQ_INFO.unpack_from(payload)
        kinds = {
            m.INTX: (m.IRQ_EVENTFD | m.IRQ_MASKABLE | m.IRQ_AUTOMASKED, 1),
            m.MSI: (m.IRQ_EVENTFD | m.IRQ_NORESIZE, 1),
            m.MSIX: (m.IRQ_NORESIZE, 0),
        }
        if index not in kinds:  # QEMU asks for ERR: a count of 0 would draw a warning, an error does not
            raise ProtocolError(errno.EINVAL)
        return m.IRQ_INFO.pack(m.IRQ_INFO.size, kinds[index][0], index, kinds[index][1])

    def _set_irqs(self, payload: memoryview) -> bytes:
        _, flags, index, start, count = m.SET_IRQS.unpack_from(payload)
        if start or count > 1 or index not in (m.INTX, m.MSI):
            raise ProtocolError(errno.EINVAL)
        self.update_interrupts()
        fd = -1
        if flags & m.DATA_EVENTFD and (taken := self._take_fd()) is not None:
            fd = taken
        line = self.intx
        match (index, flags):
            case (_, m.DISABLE) if count == 0:
                (line if index == m.INTX else self.msi).close()
            case (m.INTX, m.ARM):
                line.arm(fd)
            case (m.MSI, m.ARM):
                self.msi.arm(fd)
            case (m.INTX, m.MASK):
                line.mask()
            case (m.INTX, m.UNMASK):
                line.unmask()
            case (m.INTX, m.RESAMPLE):
                line.arm_resample(fd)
            case _:
                if fd >= 0:
                    os.close(fd)
                raise ProtocolError(errno.EINVAL)
        return b""

    def _reset(self, payload: memoryview) -> bytes:
        self.function.reset()
        return b""


def _close_all(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())
