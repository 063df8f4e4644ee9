"""How is a whole card tried out without a bus? One `Nic` with its own memory, a ring to lay descriptors in, a clock.

Everything a test does goes through registers, memory and frames, as a guest and a wire would do it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.events import BY_NUMBER, say
from glassnic.spec.fields import CAUSE, CTRL, RCTL, TCTL
from glassnic.spec.registers import R, Register

MEMORY_BYTES = 4 << 20
TX_RING, RX_RING, BUFFERS = 0x1000, 0x8000, 0x10000
ENTRIES = 256
RX_ENTRIES, RX_BUFFER_BYTES = 64, 2048
RX_BUFFERS = MEMORY_BYTES - RX_ENTRIES * RX_BUFFER_BYTES
MAC, PEER = bytes.fromhex("525400123456"), bytes.fromhex("525400aaaaaa")
MOST_TURNS = 5000
"""More turns than any program here needs: a card that asks for more is not getting on."""

EN, PSP = TCTL.EN.mask, TCTL.PSP.mask
WHOLE = {"EOP": 1, "IFCS": 1}
"""What the one descriptor of a packet carries."""
TXDW, TXQE, LSC, TXD_LOW = (bits.mask for bits in (CAUSE.TXDW, CAUSE.TXQE, CAUSE.LSC, CAUSE.TXD_LOW))


class Workbench:
    """A card whose transmit ring is set up and enabled. `now_ns` is its clock; `frames` collects what leaves."""

    def __init__(self, *, entries: int = ENTRIES, tctl: int = EN | PSP, nic_type: Any = Nic, **options: Any) -> None:
        self.memory = FlatMemory(MEMORY_BYTES)
        self.nic = nic_type(self.memory, mac=MAC, **options)
        self.now_ns = 0
        self.turns = 0
        self.frames: list[bytes] = []
        self.open_transmit(entries, tctl)

    def open_transmit(self, entries: int = ENTRIES, tctl: int = EN | PSP) -> None:
        """Lay an empty ring at TX_RING and enable it; also after a reset."""
        self.entries, self.slot, self.next_buffer = entries, 0, BUFFERS
        self.write(R.TDBAL, TX_RING)
        self.write(R.TDLEN, entries * DESCRIPTOR_BYTES)
        self.write(R.TCTL, tctl)

    def open_receive(self, rctl: int = RCTL.EN.mask | RCTL.BAM.mask | RCTL.SECRC.mask) -> None:
        for slot in range(RX_ENTRIES):
            address = RX_BUFFERS + slot * RX_BUFFER_BYTES
            self.memory.write(RX_RING + slot * DESCRIPTOR_BYTES, address.to_bytes(8, "little") + bytes(8))
        self.write(R.RDBAL, RX_RING)
        self.write(R.RDLEN, RX_ENTRIES * DESCRIPTOR_BYTES)
        self.write(R.RDT, RX_ENTRIES - 1)
        self.write(R.RCTL, rctl)

    # Registers, by row

    def read(self, row: Register, index: int = 0) -> int:
        value = self.nic.read(row.offset + index * row.stride)
        assert isinstance(value, int)
        return value

    def write(self, row: Register, value: int, index: int = 0) -> None:
        self.nic.write(row.offset + index * row.stride, value)

    def set_bits(self, row: Register, mask: int) -> None:
        self.write(row, self.read(row) | mask)

    # Memory and ring

    def put(self, data: bytes) -> int:
        """A buffer with these bytes; its address."""
        address, self.next_buffer = self.next_buffer, self.next_buffer + len(data)
        assert self.next_buffer <= RX_BUFFERS, "the program has more data than memory holds"
        self.memory.write(address, data)
        return address

    def lay(self, *descriptors: bytes) -> None:
        """Descriptors into the ring from the driver's tail on; no doorbell yet."""
        for descriptor in descriptors:
            self.memory.write(self.place(self.slot), descriptor)
            self.slot = (self.slot + 1) % self.entries

    def give(self, *descriptors: bytes) -> list[bytes]:
        """Lay descriptors, ring the doorbell, let the card work; the frames that left."""
        self.lay(*descriptors)
        self.write(R.TDT, self.slot)
        return self.run()

    def place(self, slot: int) -> int:
        return TX_RING + slot % self.entries * DESCRIPTOR_BYTES

    def status(self, slot: int) -> int:
        """Byte 12 of a descriptor: what was written back."""
        return self.memory.read(self.place(slot) + 12, 1)[0]

    # Packets

    def data(self, data: bytes, **fields: int) -> bytes:
        """An extended data descriptor for these bytes, in a buffer of their own."""
        return encode_data(self.put(data), len(data), **fields)

    def legacy(self, data: bytes, **fields: int) -> bytes:
        return encode_legacy(self.put(data), len(data), **fields)

    def send(self, data: bytes, **fields: int) -> list[bytes]:
        """One packet in one data descriptor with EOP and IFCS."""
        return self.give(self.data(data, **(WHOLE | fields)))

    def send_legacy(self, data: bytes, **fields: int) -> list[bytes]:
        return self.give(self.legacy(data, **(WHOLE | fields)))

    def load(self, **fields: int) -> None:
        """One context descriptor, worked off."""
        self.give(encode_context(**fields))

    # Time

    def run(self) -> list[bytes]:
        """All that is due now, turn by turn; the frames that left meanwhile."""
        left: list[bytes] = []
        for _ in range(MOST_TURNS):
            self.nic.advance(self.now_ns)
            self.turns += 1
            left += map(bytes, self.nic.sent())
            due = self.nic.deadline
            if due is None or due > self.now_ns:
                self.frames += left
                return left
        raise AssertionError(f"the card still has work after {MOST_TURNS} turns")

    def wait(self, duration_ns: int) -> list[bytes]:
        """Let time pass, stopping at each moment the card has asked for."""
        end_ns, left = self.now_ns + duration_ns, []
        while (due := self.nic.deadline) is not None and due <= end_ns:
            self.now_ns = max(due, self.now_ns)
            left += self.run()
        self.now_ns = end_ns
        return left + self.run()

    def receive(self, frames: Iterable[bytes]) -> None:
        self.nic.receive(frames)
        self.run()

    # What happened

    @property
    def causes(self) -> int:
        """ICR without its clearing, as ICS shows it."""
        return self.read(R.ICS)

    def happened(self, event: int) -> list[tuple[int, int, int]]:
        """The columns of each row of this kind, oldest first."""
        rows = self.nic.core.recorder.history().tolist()
        return [(a, b, c) for kind, a, b, c in rows if kind == event]

    def findings(self) -> set[str]:
        return {event.name for event, _ in self.nic.core.recorder.findings()}

    def sentences(self) -> list[str]:
        """Every row of the recorder in words."""
        return [say(BY_NUMBER[kind], columns) for kind, *columns in self.nic.core.recorder.history().tolist()]

    def reset(self) -> None:
        self.write(R.CTRL, CTRL.RST.mask)


def frame(length: int = 60, destination: bytes = PEER, fill: int = 0x5A) -> bytes:
    """An Ethernet frame of `length` bytes without FCS, of a type nobody parses."""
    head = destination + MAC + b"\x88\xb5"
    return (head + bytes((fill + at) & 0xFF for at in range(max(length - len(head), 0))))[:length]


def fcs(data: bytes) -> bytes:
    """The FCS of a frame, as it goes on the wire (IEEE 802.3 clause 3.2.8)."""
    return zlib.crc32(data).to_bytes(4, "little")


def ones_sum(data: bytes, start: int = 0) -> int:
    """The one's complement sum of 16-bit words, an odd byte padded on the right; the obvious way (RFC 1071)."""
    total = start
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
