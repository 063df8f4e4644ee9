"""§3.4, §13.4.33 to §13.4.40: the transmit ring. Head, tail, wrap, TCTL.EN; and values that no driver should write."""

from __future__ import annotations

from glassnic.conformance.program import ALL, Either, Give, Poke, Program, Read, Sent, Step, Steps, Wait, Write, program
from glassnic.conformance.words import (
    ENTRIES,
    TRANSMITTING,
    TX_RING,
    buffer,
    context,
    done,
    lay,
    legacy,
    plain_frame,
    send,
    sent,
    spread,
    spread_legacy,
    taken,
    transmitter,
)
from glassnic.driver.descriptors import encode_context, encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.fields import CTRL, TCTL

FRAME, OTHER = plain_frame(100), plain_frame(70, number=100)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 0)
LAY_OTHER, OTHER_DATA = legacy(OTHER, 1)
UDP = Message(tcp=False, payload=bytes(range(48)))
LAY_UDP, UDP_DATA = lay(UDP, 2)
TCP = Message(payload=bytes(range(250)) * 2, mss=200)
LAY_TCP, TCP_DATA = spread(TCP, 54, 100, 100, number=3)
IDLE = encode_context(RS=1)
"""Takes a place in the ring, and sends nothing."""
OFF = TRANSMITTING & ~TCTL.EN.mask
SMALLEST = 8
"""Descriptors in the smallest ring: TDLEN counts in steps of 128 bytes."""
AWAY = 0x8000
"""TDBAH for a ring 128 TB away: there is no memory."""


def numbered(count: int, length: int = 60) -> tuple[Steps, tuple[bytes, ...], tuple[bytes, ...]]:
    """As many frames that tell themselves apart: the steps that lay them, their descriptors, and they themselves."""
    frames = tuple(plain_frame(length, number=number) for number in range(count))
    places = [buffer(0) + number * 64 for number in range(count)]
    pokes = [Poke(place, frame) for place, frame in zip(places, frames, strict=True)]
    return pokes, tuple(encode_legacy(place, length, EOP=1, IFCS=1, RS=1) for place in places), frames


LAY_40, DATA_40, FRAMES_40 = numbered(40)
LAY_255, DATA_255, FRAMES_255 = numbered(255)


def in_doorbells(name: str, entries: int, *counts: int) -> Program:
    """Packets given with doorbells of these counts, so that they go round a ring of so many entries."""
    steps: list[Steps] = []
    first = 0
    for count in counts:
        steps.append((Give(DATA_40[first : first + count]), Sent(FRAMES_40[first : first + count])))
        first += count
    return program(
        "3.4",
        f"round-the-ring-{name}",
        "Behind the last entry of the ring comes the first: packets leave in order, each once.",
        (transmitter(entries), LAY_40, steps, taken(first % entries)),
    )


HEADS: tuple[Program, ...] = (
    program(
        "3.4",
        "the-head-follows-the-tail",
        "Every descriptor that was taken moves TDH on, whatever its kind; where TDH meets TDT the ring is empty.",
        (transmitter(), LAY_FRAME, LAY_UDP, Read("TDH", 0, ALL)),
        (Give((FRAME_DATA,)), taken(1), Give((context(UDP), UDP_DATA)), taken(3), Give((IDLE,)), taken(4)),
        Sent((FRAME, *UDP.frames())),
    ),
    program(
        "3.4",
        "an-empty-ring-is-left-alone",
        "Where TDT is TDH there is nothing to do.",
        (transmitter(), LAY_FRAME, Poke(TX_RING, FRAME_DATA), Write("TDT", 0), Wait(1_000_000)),
        (Read("TDH", 0), Sent(()), done(not_yet=(0,))),
    ),
    program(
        "3.4",
        "the-same-tail-once-more",
        "Writing TDT as it is gives nothing: no packet leaves twice.",
        (transmitter(), LAY_FRAME, Give((FRAME_DATA,)), Sent((FRAME,)), Write("TDT", 1), Wait(1_000_000)),
        (Sent(()), Read("TDH", 1)),
    ),
    program(
        "3.4",
        "descriptors-behind-the-tail-are-not-the-cards",
        "Only descriptors before TDT are taken, though good ones lie behind it.",
        (transmitter(), LAY_FRAME, LAY_OTHER, Poke(TX_RING + 16, OTHER_DATA), Give((FRAME_DATA,)), taken(1)),
        (Sent((FRAME,)), done(0, not_yet=(1,))),
        (Give((OTHER_DATA,)), Sent((OTHER,))),
    ),
    in_doorbells("one-by-one", SMALLEST, *(1,) * 20),
    in_doorbells("three-by-three", SMALLEST, *(3,) * 7),
    in_doorbells("as-full-as-can-be", SMALLEST, *(7,) * 5),
    in_doorbells("in-a-larger-one", ENTRIES, 31, 9),
    program(
        "3.4",
        "a-packet-across-the-end-of-the-ring",
        "A packet may begin in the last entries of the ring and end in the first.",
        (transmitter(SMALLEST), LAY_FRAME, LAY_40, Give(DATA_40[:6]), Sent(FRAMES_40[:6])),
        (LAY_FRAME, Give(spread_legacy(FRAME, 20, 20, 20)[1]), Sent((FRAME,)), taken(2)),
    ),
    program(
        "3.4",
        "a-context-in-the-last-entry",
        "A context in the last entry serves the packet in the first.",
        (transmitter(SMALLEST), Give((IDLE,) * 7), taken(7), send(UDP), sent(UDP), taken(1)),
    ),
    program(
        "3.4",
        "a-send-across-the-end-of-the-ring",
        "The descriptors of a send may wrap like any others.",
        (transmitter(SMALLEST), Give((IDLE,) * 6), taken(6)),
        (LAY_TCP, Give((context(TCP), *TCP_DATA)), sent(TCP), taken(3)),
    ),
    program(
        "13.4.38",
        "a-ring-of-256-entries",
        "TDLEN sets the length of the ring; one entry less can be given at a time.",
        (transmitter(256), LAY_255, Give(DATA_255), Sent(FRAMES_255), taken(255)),
    ),
    program(
        "13.4.39",
        "a-ring-entered-in-the-middle",
        "The card begins at TDH, which software may set while transmission is off.",
        (transmitter(tctl=OFF), LAY_FRAME, Write("TDH", 20), Write("TDT", 20), Write("TCTL", TRANSMITTING)),
        (Give((FRAME_DATA,)), Sent((FRAME,)), taken(21), done(20, not_yet=(0,))),
    ),
)


def placed(base: int) -> Steps:
    """The ring elsewhere, empty."""
    return [Write(name, value) for name, value in (("TDBAL", base), ("TDBAH", 0), ("TDH", 0), ("TDT", 0))]


ENABLED: tuple[Program, ...] = (
    program(
        "13.4.33",
        "nothing-leaves-while-disabled",
        "With TCTL.EN=0 no descriptor is taken.",
        (transmitter(tctl=OFF), LAY_FRAME, Give((FRAME_DATA,)), Wait(1_000_000), Read("TDH", 0), Sent(())),
        done(not_yet=(0,)),
    ),
    program(
        "13.4.33",
        "what-waits-leaves-when-enabled",
        "What was given while TCTL.EN was 0 is taken when it becomes 1.",
        (transmitter(tctl=OFF), LAY_FRAME, LAY_OTHER, Give((FRAME_DATA,)), Give((OTHER_DATA,)), Sent(())),
        (Write("TCTL", TRANSMITTING), Sent((FRAME, OTHER)), taken(2)),
    ),
    program(
        "13.4.33",
        "a-pause-of-the-transmitter",
        "Clearing TCTL.EN stops transmission; setting it goes on at TDH.",
        (transmitter(), LAY_FRAME, LAY_OTHER, Give((FRAME_DATA,)), Sent((FRAME,)), Write("TCTL", OFF)),
        (Give((OTHER_DATA, FRAME_DATA)), Wait(1_000_000), Sent(()), Read("TDH", 1)),
        (Write("TCTL", TRANSMITTING), Sent((OTHER, FRAME)), taken(3)),
    ),
    program(
        "13.4.36",
        "a-ring-that-moves",
        "While transmission is off the ring can be laid elsewhere, and begun anew.",
        (transmitter(), LAY_FRAME, LAY_OTHER, Give((FRAME_DATA,)), Sent((FRAME,)), Write("TCTL", OFF)),
        (placed(TX_RING + 0x800), Write("TCTL", TRANSMITTING), Give((OTHER_DATA,)), Sent((OTHER,)), taken(1)),
    ),
)


def reads(section: str, name: str, rule: str, register: str, written: int, read: int) -> Program:
    return program(section, name, rule, Write(register, written), Read(register, read))


REGISTERS: tuple[Program, ...] = (
    reads("13.4.36", "base-low-bits", "TDBAL 3:0 are ignored and read 0.", "TDBAL", 0x1234_567F, 0x1234_5670),
    reads("13.4.37", "base-high", "TDBAH holds 32 bits.", "TDBAH", 0xA5A5_5A5A, 0xA5A5_5A5A),
    reads("13.4.38", "length-bits", "TDLEN 6:0 and 31:20 read 0.", "TDLEN", ALL, 0x000F_FF80),
    reads("13.4.39", "head-bits", "TDH has 16 bits.", "TDH", 0xFFFF_0005, 5),
    reads("13.4.40", "tail-bits", "TDT has 16 bits.", "TDT", 0xFFFF_0005, 5),
    program(
        "13.4.36",
        "a-base-that-is-not-aligned",
        "The ring begins at a multiple of 16, whatever the low bits of TDBAL say.",
        (transmitter(tctl=OFF), Write("TDBAL", TX_RING | 0xF), Write("TCTL", TRANSMITTING)),
        (LAY_FRAME, Give((FRAME_DATA,)), Sent((FRAME,)), done(0)),
    ),
)


# Values that no driver should write: what a card makes of them is open, but not that it can be reset.


def survived(name: str, why: str, *steps: Step | Steps) -> Program:
    return program(
        "3.4",
        f"a-reset-helps-after-{name}",
        f"{why}; no frame leaves for it, nothing is written, and after CTRL.RST the card is as good as new.",
        (transmitter(tctl=OFF), steps, Wait(2_000_000), Sent(())),
        (Write("CTRL", CTRL.RST.mask), Wait(2_000_000), transmitter(), send(UDP), sent(UDP)),
    )


START = Write("TCTL", TRANSMITTING)
SILLY: tuple[Program, ...] = (
    survived(
        "a-ring-without-entries", "With TDLEN=0 there is no descriptor", Write("TDLEN", 0), START, Write("TDT", 5)
    ),
    survived("a-tail-behind-the-ring", "TDT must lie in the ring", START, Write("TDT", ENTRIES + 8)),
    survived("a-tail-at-the-rings-end", "TDT must lie in the ring", START, Write("TDT", ENTRIES)),
    survived("a-tail-of-all-ones", "TDT must lie in the ring", START, Write("TDT", 0xFFFF)),
    survived("a-head-behind-the-ring", "TDH must lie in the ring", Write("TDH", ENTRIES + 8), START, Write("TDT", 4)),
    survived(
        "head-and-tail-behind-the-ring",
        "TDH and TDT must lie in the ring",
        (Write("TDH", 0xFFF0), START, Write("TDT", 0xFFFF)),
    ),
    survived(
        "a-ring-shorter-than-its-head",
        "TDLEN must not leave TDH outside",
        (START, Give((IDLE,) * 20), taken(20), Write("TDLEN", 128), Write("TDT", 3)),
    ),
    survived(
        "a-ring-outside-memory",
        "Where no memory answers there is no descriptor",
        Write("TDBAH", AWAY),
        START,
        Write("TDT", 4),
    ),
    program(
        "3.4",
        "the-ring-goes-on-after-a-buffer-outside-memory",
        "A buffer where no memory answers costs its packet at most: the ring is worked off.",
        (transmitter(), LAY_OTHER, Give((encode_legacy(AWAY << 32, 100, EOP=1, IFCS=1, RS=1), OTHER_DATA))),
        (taken(2), done(1)),
    ),
    program(
        "3.4",
        "the-ring-goes-on-after-a-buffer-across-the-end-of-addresses",
        "A buffer whose addresses wrap costs its packet at most: the ring is worked off.",
        (transmitter(), LAY_OTHER, Give((encode_legacy((1 << 64) - 40, 100, EOP=1, IFCS=1, RS=1), OTHER_DATA))),
        (taken(2), done(1)),
    ),
    program(
        "3.4",
        "the-ring-goes-on-after-a-packet-longer-than-the-fifo",
        "A packet must fit the transmit FIFO; one that does not is not described, but the ring is worked off.",
        (transmitter(), LAY_OTHER, Give((encode_legacy(buffer(2), 0xFFFF, EOP=1, IFCS=1, RS=1), OTHER_DATA))),
        (taken(2), done(0, 1)),
    ),
    program(
        "3.4",
        "a-buffer-outside-memory",
        "What is sent of a buffer where no memory answers is not said.",
        (transmitter(), LAY_OTHER, Give((encode_legacy(AWAY << 32, 100, EOP=1, IFCS=1, RS=1), OTHER_DATA))),
        Either(
            (
                ("the packet is dropped", Sent((OTHER,))),
                ("zeros are read", Sent((bytes(100), OTHER))),
                ("ones are read", Sent((b"\xff" * 100, OTHER))),
            )
        ),
    ),
)

PROGRAMS: tuple[Program, ...] = HEADS + ENABLED + REGISTERS + SILLY
