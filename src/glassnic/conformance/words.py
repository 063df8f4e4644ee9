"""What do programs say often? Short words for getting a card ready, for descriptors and for frames.

Places in guest memory are fixed, so that a program reads alike everywhere: the rings lie at `TX_RING` and `RX_RING`,
buffer number n at `buffer(n)` and receive buffer number n at `rx_buffer(n)`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from glassnic.conformance.program import MAC, Give, Offer, Peek, Poke, Read, Sent, Steps, Until, Write
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.bits import Bits
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, TX_STATUS_BYTE
from glassnic.spec.fields import CTRL, RCTL, STATUS, TCTL
from glassnic.wire.checksum import checksum

TX_RING, RX_RING = 0x1000, 0x2000
ENTRIES = 32
"""Descriptors in each ring."""
PEER = bytes.fromhex("525400aaaaaa")

COLLISIONS = 0x0F << TCTL.CT.lo | 0x40 << TCTL.COLD.lo
TRANSMITTING = TCTL.EN.mask | TCTL.PSP.mask | COLLISIONS
RECEIVING = RCTL.EN.mask | RCTL.BAM.mask | RCTL.SECRC.mask
MS = 1_000_000
WHOLE = {"EOP": 1, "IFCS": 1, "RS": 1}
"""What the one descriptor of a packet carries."""


def buffer(number: int) -> int:
    """Where transmit buffer `number` lies: 4096 bytes each, the last ones may be joined to a larger one."""
    return 0x1_0000 + number * 0x1000


def rx_buffer(number: int) -> int:
    """Where receive buffer `number` lies: 16 KB each."""
    return 0x4_0000 + number * 0x4000


def link() -> Steps:
    """Bring the link up (§14.3)."""
    return (Write("CTRL", CTRL.SLU.mask | CTRL.FD.mask), Until("STATUS", STATUS.LU.mask, STATUS.LU.mask))


def transmitter(entries: int = ENTRIES, tctl: int = TRANSMITTING) -> Steps:
    """Link up, a transmit ring of zeros, the unit enabled (§14.5)."""
    ring = (("TDBAL", TX_RING), ("TDBAH", 0), ("TDLEN", entries * DESCRIPTOR_BYTES), ("TDH", 0), ("TDT", 0))
    return (link(), [Write(name, value) for name, value in ring], Write("TCTL", tctl))


def receiver(buffers: int = 8, rctl: int = RECEIVING, entries: int = ENTRIES, size: int = 2048) -> Steps:
    """Link up, the station address in the filter, `buffers` of `size` bytes offered, the unit enabled (§14.4)."""
    ring = (("RDBAL", RX_RING), ("RDBAH", 0), ("RDLEN", entries * DESCRIPTOR_BYTES), ("RDH", 0), ("RDT", 0))
    return (
        link(), station(MAC), [Write(name, value) for name, value in ring],
        Offer(tuple(map(rx_buffer, range(buffers))), size), Write("RCTL", rctl),
    )  # fmt: skip


def station(mac: bytes, entry: int = 0, valid: int = 1) -> Steps:
    """A receive address (§13.5.2)."""
    return (
        Write(f"RAL[{entry}]", int.from_bytes(mac[:4], "little")),
        Write(f"RAH[{entry}]", int.from_bytes(mac[4:], "little") | valid << 31),
    )


def context(message: Message, **changes: int) -> bytes:
    """The context descriptor for a message, with changes to its fields (§3.3.6)."""
    return encode_context(**({"RS": 1} | message.fields | changes))


def lay(message: Message, number: int = 0, **changes: int) -> tuple[Poke, bytes]:
    """A message in buffer `number`, and the data descriptor for it, with changes to its bits (§3.3.7)."""
    data = message.encode()
    fields = WHOLE | message.bits | changes
    return Poke(buffer(number), data), encode_data(buffer(number), len(data), **fields)


def send(message: Message, number: int = 0, **changes: int) -> Steps:
    """Context and packet in one doorbell: what a driver does at its first packet. Changes are the data descriptor's."""
    poke, data = lay(message, number, **changes)
    return (poke, Give((context(message), data)))


def legacy(frame: bytes, number: int = 0, **fields: int) -> tuple[Poke, bytes]:
    """A frame in buffer `number` and the legacy descriptor for it (§3.3.3)."""
    return Poke(buffer(number), frame), encode_legacy(buffer(number), len(frame), **(WHOLE | fields))


def spread(message: Message, *sizes: int, number: int = 0, **changes: int) -> tuple[Poke, tuple[bytes, ...]]:
    """A message in buffer `number`, in data descriptors of these sizes and one for what is left; EOP in the last."""
    data = message.encode()
    fields = {"IFCS": 1, "RS": 1} | message.bits | changes
    descriptors = [
        encode_data(address, size, **({"EOP": eop} | fields)) for address, size, eop in _cut(len(data), sizes, number)
    ]
    return Poke(buffer(number), data), tuple(descriptors)


def spread_legacy(frame: bytes, *sizes: int, number: int = 0, **fields: int) -> tuple[Poke, tuple[bytes, ...]]:
    """A frame in buffer `number`, in legacy descriptors of these sizes and one for what is left; EOP in the last."""
    descriptors = [
        encode_legacy(address, size, **({"EOP": eop, "IFCS": 1, "RS": 1} | fields))
        for address, size, eop in _cut(len(frame), sizes, number)
    ]
    return Poke(buffer(number), frame), tuple(descriptors)


def _cut(length: int, sizes: tuple[int, ...], number: int) -> Iterator[tuple[int, int, int]]:
    """(address, size, EOP) of each piece of buffer `number`."""
    address = buffer(number)
    for index, size in enumerate((*sizes, length - sum(sizes))):
        yield address, size, int(index == len(sizes))
        address += size


def plain_frame(length: int = 64, to: bytes = PEER, number: int = 0, source: bytes = MAC) -> bytes:
    """A frame of an experimental type whose payload counts up from `number`; `length` without FCS."""
    return (to + source + b"\x88\xb5" + bytes((number + at) & 0xFF for at in range(length)))[:length]


def incoming(length: int = 60, to: bytes = MAC, number: int = 0) -> bytes:
    """A frame from the peer, for the station if not `to` another."""
    return plain_frame(length, to, number, source=PEER)


def with_fcs(frame: bytes) -> bytes:
    """The frame with its FCS, as it lies in memory when RCTL.SECRC is 0."""
    return frame + zlib.crc32(frame).to_bytes(4, "little")


def sent(*messages: Message) -> Sent:
    """All frames of these messages have left, in order, as the manual says they must look."""
    return Sent(tuple(frame for message in messages for frame in message.frames()))


def summed(data: bytes, begin: int, place: int, end: int = 0) -> bytes:
    """The packet with the checksum of bytes `begin` to `end` inclusive, 0 being the last one, at `place` (§3.5.8)."""
    value = checksum(data[begin : end + 1 if end else len(data)])
    return data[:place] + value.to_bytes(2, "big") + data[place + 2 :]


def taken(head: int) -> Until:
    """The card has taken the transmit descriptors up to this one (§13.4.39)."""
    return Until("TDH", 0xFFFF, head)


def counted(**counts: int) -> Steps:
    """The statistics read so, which clears them (§13.7)."""
    return [Read(name, count) for name, count in counts.items()]


def cause(bits: Bits) -> Until:
    """ICR shows this cause before long; reading it clears all causes."""
    return Until("ICR", bits.mask, bits.mask)


def no_cause(bits: Bits) -> Read:
    """ICR does not show this cause; reading it clears all."""
    return Read("ICR", 0, bits.mask)


def done(*indices: int, not_yet: tuple[int, ...] = ()) -> tuple[Peek, ...]:
    """DD is set in these descriptors of the transmit ring, and not in those (§3.3.3.2)."""
    look = [(index, b"\1") for index in indices] + [(index, b"\0") for index in not_yet]
    return tuple(Peek(TX_RING + index * DESCRIPTOR_BYTES + TX_STATUS_BYTE, status, b"\1") for index, status in look)
