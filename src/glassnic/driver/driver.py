"""How does a guest drive the card? A whole driver for an evening's read: reset, rings, contexts, send, receive (§14).

Rules: the card is touched through two ports only, registers and memory, so the same lines drive a card in this process
or behind a socket. A slot of a ring is the driver's while its descriptor says DD, so a ring opens full of done ones.
All waiting is bounded. What the card shall do with a packet is said in the descriptor's bits, by the manual's names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX, TX_DATA
from glassnic.spec.fields import CTRL, EERD, RAH, RCTL, TCTL
from glassnic.spec.registers import R

ENTRIES = 64
"""Descriptors in each ring; a multiple of 8 (§13.4.38)."""
BUFFER_BYTES = 2048
"""Each slot's own buffer; also RCTL.BSIZE=00 (§13.4.22)."""
RING_BYTES = ENTRIES * DESCRIPTOR_BYTES
FOOTPRINT_BYTES = 2 * RING_BYTES + 2 * ENTRIES * BUFFER_BYTES
"""Guest memory the driver uses from `base` on."""
PATIENCE, PAUSE_NS = 1000, 10_000
ALL = 0xFFFF_FFFF


class Card(Protocol):
    """The card's registers: 32 bits at byte offsets of BAR0. `wait_ns` lets time pass, virtual or real."""

    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def wait_ns(self, duration_ns: int) -> None: ...


class Memory(Protocol):
    """Guest memory by physical address, as the guest's own processor sees it."""

    def read(self, address: int, length: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...


class DriverError(Exception):
    """The card did not do in time what it must; `str()` says what."""


class Driver:
    """One card in use. `open` first; `base` is where in guest memory rings and buffers lie, 16-byte aligned."""

    def __init__(self, card: Card, memory: Memory, base: int = 0x10000) -> None:
        self.card, self.memory = card, memory
        self.tx_ring, self.rx_ring = base, base + RING_BYTES
        self.tx_buffers = base + 2 * RING_BYTES
        self.rx_buffers = self.tx_buffers + ENTRIES * BUFFER_BYTES
        self.tail = self.next_received = 0
        self._partial = b""

    # Getting ready, §14.3 to §14.5

    def open(self) -> None:
        self.reset()
        self._open_transmit()
        self._open_receive()

    def reset(self) -> None:
        """CTRL.RST, with interrupts masked before and after, then the link on (§14.3)."""
        self.card.write(R.IMC.offset, ALL)
        self.card.write(R.CTRL.offset, CTRL.RST.mask)
        self._until(lambda: not self.card.read(R.CTRL.offset) & CTRL.RST.mask, "the card stays in reset")
        self.card.write(R.IMC.offset, ALL)
        self.card.read(R.ICR.offset)  # reading clears what the reset raised
        self.card.write(R.CTRL.offset, self.card.read(R.CTRL.offset) | CTRL.SLU.mask)

    def mac(self) -> bytes:
        """The station address: the filter's first entry, else words 0 to 2 of the EEPROM (§13.5.2, §13.4.4)."""
        high = self.card.read(R.RAH.offset)
        if take(high, RAH.AV):
            return (self.card.read(R.RAL.offset) | take(high, RAH.ADDR) << 32).to_bytes(6, "little")
        return b"".join(self.read_eeprom(word).to_bytes(2, "little") for word in range(3))

    def read_eeprom(self, word: int) -> int:
        """One 16-bit word by EERD, which the 82544 lacks (§13.4.4)."""
        self.card.write(R.EERD.offset, EERD.START.mask | word << EERD.ADDR.lo)
        self._until(lambda: take(self.card.read(R.EERD.offset), EERD.DONE) == 1, "EERD is not done")
        return take(self.card.read(R.EERD.offset), EERD.DATA)

    def _open_transmit(self) -> None:
        done = bytes(12) + bytes([1, 0, 0, 0])
        self.memory.write(self.tx_ring, done * ENTRIES)
        self.tail = 0
        self._set_ring(self.tx_ring, R.TDBAL.offset)
        self.card.write(R.TIPG.offset, 0x0060_2008)  # the gap that copper wants (§13.4.34)
        self.card.write(R.TCTL.offset, TCTL.EN.mask | TCTL.PSP.mask | 0x0F << TCTL.CT.lo | 0x40 << TCTL.COLD.lo)

    def _open_receive(self) -> None:
        self.next_received, self._partial = 0, b""
        for slot in range(ENTRIES):
            self._arm(slot)
        self._set_ring(self.rx_ring, R.RDBAL.offset)
        self.card.write(R.RDT.offset, ENTRIES - 1)  # one slot less than the ring has: head = tail means empty (§3.2.6)
        self.card.write(R.RCTL.offset, RCTL.EN.mask | RCTL.BAM.mask | RCTL.SECRC.mask)

    def _set_ring(self, address: int, low: int) -> None:
        """Base, length, head and tail lie alike for both rings (§13.4.25 to §13.4.29, §13.4.36 to §13.4.40)."""
        for register, value in ((0, address & ALL), (4, address >> 32), (8, RING_BYTES), (16, 0), (24, 0)):
            self.card.write(low + register, value)

    # Transmit, §3.3

    def load_context(self, **fields: int) -> None:
        """Queue a context descriptor; TSE=1 loads the segmentation context, else the plain one (§3.3.6)."""
        self._queue(encode_context(RS=1, **fields))

    def send(self, data: bytes, **bits: int) -> None:
        """Queue a packet and ring the doorbell. Without `bits` by legacy descriptors, else by data descriptors with
        these: TXSM=1 and IXSM=1 for checksums, TSE=1 for segmentation, VLE=1 with SPECIAL for a tag (§3.3.7)."""
        encode = encode_data if bits else encode_legacy
        for start in range(0, max(len(data), 1), BUFFER_BYTES):
            piece = data[start : start + BUFFER_BYTES]
            buffer = self.tx_buffers + self.tail * BUFFER_BYTES
            self.memory.write(buffer, piece)
            last = int(start + BUFFER_BYTES >= len(data))
            self._queue(encode(buffer, len(piece), **{"EOP": last, "IFCS": 1, "RS": 1} | bits))
        self.card.write(R.TDT.offset, self.tail)

    def _queue(self, descriptor: bytes) -> None:
        """Into the next slot; the one after it must be free too, or a full ring would look empty (§3.4)."""
        following = (self.tail + 1) % ENTRIES
        if not self._sent(following):
            self.card.write(R.TDT.offset, self.tail)
            self._until(lambda: self._sent(following), "the transmit ring is full and the card does not work it off")
        self.memory.write(self.tx_ring + self.tail * DESCRIPTOR_BYTES, descriptor)
        self.tail = following

    def _sent(self, slot: int) -> bool:
        return take(self._word(self.tx_ring, slot), TX_DATA.DD) == 1

    # Receive, §3.2

    def poll_receive(self) -> list[bytes]:
        """The frames that have come, without FCS; their slots go back to the card."""
        frames: list[bytes] = []
        while take(word := self._word(self.rx_ring, self.next_received), RX.DD):
            slot = self.next_received
            self._partial += self.memory.read(self.rx_buffers + slot * BUFFER_BYTES, take(word, RX.LENGTH))
            if take(word, RX.EOP):
                frames.append(self._partial)
                self._partial = b""
            self._arm(slot)
            self.card.write(R.RDT.offset, slot)
            self.next_received = (slot + 1) % ENTRIES
        return frames

    def _arm(self, slot: int) -> None:
        buffer = self.rx_buffers + slot * BUFFER_BYTES
        self.memory.write(self.rx_ring + slot * DESCRIPTOR_BYTES, buffer.to_bytes(8, "little") + bytes(8))

    # Interrupts, §13.4.17 to §13.4.21

    def listen(self, causes: int) -> None:
        """Let these causes, and no others, raise the interrupt."""
        self.card.write(R.IMC.offset, ALL)
        self.card.write(R.IMS.offset, causes)

    def acknowledge(self) -> int:
        """The causes since the last time; reading takes them away."""
        return self.card.read(R.ICR.offset)

    def _word(self, ring: int, slot: int) -> int:
        """The second quadword of a descriptor."""
        return int.from_bytes(self.memory.read(ring + slot * DESCRIPTOR_BYTES + 8, 8), "little")

    def _until(self, ready: Callable[[], bool], otherwise: str) -> None:
        for _ in range(PATIENCE):
            if ready():
                return
            self.card.wait_ns(PAUSE_NS)
        raise DriverError(f"{otherwise}, {PATIENCE * PAUSE_NS // 1_000_000} ms long")
