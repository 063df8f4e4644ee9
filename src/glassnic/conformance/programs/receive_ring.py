"""§3.2.6, §13.4.25 to §13.4.29: the receive ring. Head, tail, wrap, frames that wait; values nobody should write."""

from __future__ import annotations

from glassnic.conformance.program import (
    ALL,
    Arrive,
    Delivered,
    Either,
    Lend,
    NotDelivered,
    Offer,
    Peek,
    Poke,
    Program,
    Read,
    Step,
    Steps,
    Until,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import (
    ENTRIES,
    MS,
    RECEIVING,
    RX_RING,
    incoming,
    receiver,
    rx_buffer,
)
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.fields import CTRL, RCTL

FRAME = incoming(100)
FRAMES = tuple(incoming(60 + number, number=number) for number in range(40))
SMALLEST = 8
"""Descriptors in the smallest ring: RDLEN counts in steps of 128 bytes."""
SMALL = 256
SMALL_BUFFERS = RECEIVING | RCTL.BSIZE.mask
OFF = RECEIVING & ~RCTL.EN.mask
AWAY = 0x8000
"""RDBAH for a ring 128 TB away: there is no memory."""


def buffers(first: int, count: int) -> tuple[int, ...]:
    """As many buffers, from the so-many-eth frame on: 2 KB apart, used again after 32 frames."""
    return tuple(rx_buffer(0) + number % 32 * 2048 for number in range(first, first + count))


def reached(head: int) -> Until:
    """The card has used the descriptors up to this one (§13.4.28)."""
    return Until("RDH", 0xFFFF, head)


def come(first: int, count: int) -> Steps:
    """As many buffers are offered, as many frames arrive, and lie there."""
    frames = FRAMES[first : first + count]
    return (Offer(buffers(first, count)), Arrive(frames), [Delivered(frame) for frame in frames])


def in_doorbells(name: str, *counts: int) -> Program:
    """Buffers offered with doorbells of these counts, so that they go round the smallest ring."""
    begins = [sum(counts[:index]) for index in range(len(counts))]
    return program(
        "3.2.6",
        f"round-the-ring-{name}",
        "Behind the last entry of the ring comes the first: frames come in order, each once.",
        receiver(0, entries=SMALLEST),
        [come(first, count) for first, count in zip(begins, counts, strict=True)],
        reached(sum(counts) % SMALLEST),
    )


RING: tuple[Program, ...] = (
    program(
        "3.2.6",
        "the-head-follows-the-frames",
        "Every descriptor that was used moves RDH on.",
        (receiver(), Read("RDH", 0), Arrive(FRAMES[:3]), reached(3), Arrive(FRAMES[3:4]), reached(4)),
    ),
    program(
        "3.2.6",
        "the-head-follows-each-descriptor-of-a-frame",
        "A frame of three descriptors moves RDH on by three.",
        (receiver(8, SMALL_BUFFERS, size=SMALL), Arrive((incoming(700),)), reached(3)),
    ),
    in_doorbells("one-by-one", *(1,) * 20),
    in_doorbells("three-by-three", *(3,) * 7),
    in_doorbells("as-full-as-can-be", *(7,) * 5),
    program(
        "3.2.6",
        "a-frame-across-the-end-of-the-ring",
        "A frame may begin in the last descriptors of the ring and end in the first.",
        (receiver(6, SMALL_BUFFERS, SMALLEST, SMALL), Arrive(FRAMES[:6]), [Delivered(frame) for frame in FRAMES[:6]]),
        (Offer(tuple(rx_buffer(number) for number in range(6, 12)), SMALL), Arrive((incoming(1000),))),
        (Delivered(incoming(1000), descriptors=4), reached(2)),
    ),
    program(
        "3.2.6",
        "descriptors-behind-the-tail-are-not-the-cards",
        "Only descriptors before RDT are used, though good ones lie behind it.",
        (receiver(1), Poke(RX_RING + DESCRIPTOR_BYTES, rx_buffer(1).to_bytes(8, "little") + bytes(8))),
        (Arrive(FRAMES[:2]), Delivered(FRAMES[0]), NotDelivered(), Read("RDH", 1)),
    ),
    program(
        "3.2.6",
        "an-empty-ring-is-left-alone",
        "Where RDT is RDH there is no descriptor for a frame.",
        (receiver(0), Poke(RX_RING, rx_buffer(0).to_bytes(8, "little") + bytes(8)), Arrive((FRAME,)), Wait(MS)),
        (Read("RDH", 0), Peek(RX_RING + 8, bytes(8))),
    ),
)

WAITING: tuple[Program, ...] = (
    program(
        "3.2.6",
        "a-frame-waits-for-a-descriptor",
        "A frame that finds the ring empty waits on the chip, and comes when RDT is moved on.",
        (receiver(0), Arrive((FRAME,)), Offer(buffers(0, 1)), Delivered(FRAME)),
    ),
    program(
        "3.2.6",
        "frames-wait-in-order",
        "Frames that wait come in the order of their arrival, before any that arrive later.",
        (receiver(0), Arrive(FRAMES[:5]), Offer(buffers(0, 8)), Arrive(FRAMES[5:8])),
        [Delivered(frame) for frame in FRAMES[:8]],
    ),
    program(
        "3.2.6",
        "a-doorbell-for-each-that-waits",
        "Each descriptor that is given takes one of the frames that wait.",
        (receiver(0), Arrive(FRAMES[:3])),
        [(Offer(buffers(index, 1)), Delivered(FRAMES[index]), NotDelivered()) for index in range(3)],
    ),
    program(
        "3.2.6",
        "more-frames-than-descriptors",
        "Of more frames than there are descriptors the first ones come, the others when there are more.",
        (receiver(2), Arrive(FRAMES[:4]), Delivered(FRAMES[0]), Delivered(FRAMES[1])),
        (Offer(buffers(16, 2)), Delivered(FRAMES[2]), Delivered(FRAMES[3])),
    ),
    program(
        "3.2.6",
        "a-frame-waits-for-its-last-descriptor",
        "A frame for which there are too few descriptors comes whole when there are enough.",
        (receiver(2, SMALL_BUFFERS, size=SMALL), Arrive((incoming(700),)), Offer((rx_buffer(2),), SMALL)),
        Delivered(incoming(700), descriptors=3),
    ),
)


def reads(section: str, name: str, rule: str, register: str, written: int, read: int) -> Program:
    return program(section, name, rule, Write(register, written), Read(register, read))


REGISTERS: tuple[Program, ...] = (
    reads("13.4.25", "base-low-bits", "RDBAL 3:0 are ignored and read 0.", "RDBAL", 0x1234_567F, 0x1234_5670),
    reads("13.4.26", "base-high", "RDBAH holds 32 bits.", "RDBAH", 0xA5A5_5A5A, 0xA5A5_5A5A),
    reads("13.4.27", "length-bits", "RDLEN 6:0 and 31:20 read 0.", "RDLEN", ALL, 0x000F_FF80),
    reads("13.4.28", "head-bits", "RDH has 16 bits.", "RDH", 0xFFFF_0005, 5),
    reads("13.4.29", "tail-bits", "RDT has 16 bits.", "RDT", 0xFFFF_0005, 5),
    program(
        "13.4.25",
        "a-base-that-is-not-aligned",
        "The ring begins at a multiple of 16, whatever the low bits of RDBAL say.",
        (receiver(1, OFF), Write("RDBAL", RX_RING | 0xF), Write("RCTL", RECEIVING)),
        (Arrive((FRAME,)), Delivered(FRAME)),
    ),
    program(
        "13.4.28",
        "a-head-that-is-set",
        "While reception is off RDH can be set: there the ring begins.",
        (receiver(0, OFF), Write("RDH", 5), Write("RDT", 5), Offer(buffers(0, 3)), Write("RCTL", RECEIVING)),
        (Arrive(FRAMES[:2]), Delivered(FRAMES[0]), Delivered(FRAMES[1]), Read("RDH", 7)),
    ),
    program(
        "13.4.25",
        "a-ring-that-moves",
        "While reception is off the ring can be laid elsewhere, and begun anew.",
        (receiver(4), Arrive((FRAME,)), Delivered(FRAME), Write("RCTL", OFF), Write("RDBAL", RX_RING + 0x800)),
        (Write("RDH", 0), Write("RDT", 0), Offer(buffers(8, 2)), Write("RCTL", RECEIVING)),
        (Arrive(FRAMES[:1]), Delivered(FRAMES[0]), Read("RDH", 1)),
    ),
)


# Values that no driver should write: what a card makes of them is open, but not that it can be reset.


def survived(name: str, why: str, *steps: Step | Steps) -> Program:
    """What a card does with the ring itself is its own affair; of other memory nothing may be written."""
    return program(
        "3.2.6",
        f"a-reset-helps-after-{name}",
        f"{why}; nothing else is written, and after CTRL.RST the card receives as if it were new.",
        (Lend(RX_RING, ENTRIES * DESCRIPTOR_BYTES), receiver(4, OFF), steps, Write("RCTL", RECEIVING)),
        (Arrive(FRAMES[:2]), Wait(2 * MS), Write("CTRL", CTRL.RST.mask), Wait(2 * MS)),
        (Poke(RX_RING, bytes(ENTRIES * DESCRIPTOR_BYTES)), receiver(4), Arrive((FRAME,)), Delivered(FRAME)),
    )


SILLY: tuple[Program, ...] = (
    survived("a-ring-without-entries", "With RDLEN=0 there is no descriptor", Write("RDLEN", 0)),
    survived("a-tail-behind-the-ring", "RDT must lie in the ring", Write("RDT", ENTRIES + 8)),
    survived("a-tail-of-all-ones", "RDT must lie in the ring", Write("RDT", 0xFFFF)),
    survived("a-head-behind-the-ring", "RDH must lie in the ring", Write("RDH", ENTRIES + 8)),
    survived(
        "head-and-tail-behind-the-ring", "RDH and RDT must lie in the ring", Write("RDH", 0xFFF0), Write("RDT", 0xFFFF)
    ),
    survived("a-ring-shorter-than-its-head", "RDLEN must not leave RDH outside", Write("RDH", 20), Write("RDLEN", 128)),
    survived("a-ring-outside-memory", "Where no memory answers there is no descriptor", Write("RDBAH", AWAY)),
    survived(
        "a-buffer-outside-memory",
        "Where no memory answers there is no buffer",
        Poke(RX_RING, (AWAY << 32).to_bytes(8, "little")),
    ),
    survived(
        "a-buffer-across-the-end-of-addresses",
        "A buffer must not wrap around the end of addresses",
        Poke(RX_RING, ((1 << 64) - 40).to_bytes(8, "little")),
    ),
    program(
        "3.2.6",
        "a-tail-at-the-rings-end",
        "RDT must lie in the ring; of one just behind it some drivers hope that it gives the whole ring.",
        (receiver(7, entries=SMALLEST), Lend(RX_RING + 7 * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES)),
        (Write("RDT", SMALLEST), Arrive((FRAME,))),
        Either((("the ring is given", Delivered(FRAME)), ("nothing is given", NotDelivered()))),
    ),
    program(
        "3.2.6",
        "the-ring-goes-on-after-a-buffer-outside-memory",
        "What becomes of a frame whose buffer is where no memory answers is not said, nor whether the next one comes.",
        (receiver(0), Poke(RX_RING, (AWAY << 32).to_bytes(8, "little") + bytes(8)), Lend(RX_RING, DESCRIPTOR_BYTES)),
        (Write("RDT", 1), Offer(buffers(1, 1)), Arrive(FRAMES[:2])),
        Either(
            (
                ("the next frame comes", Peek(buffers(1, 1)[0], FRAMES[1])),
                ("the frame takes the next buffer", Peek(buffers(1, 1)[0], FRAMES[0])),
                ("the card stops", Peek(buffers(1, 1)[0], bytes(60))),
            )
        ),
    ),
)

PROGRAMS: tuple[Program, ...] = RING + WAITING + REGISTERS + SILLY
