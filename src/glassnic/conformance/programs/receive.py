"""§3.2.2, §3.2.3, §13.4.22: a frame comes to memory. What lies in buffers, what is written back, which lengths pass."""

from __future__ import annotations

from glassnic.conformance.program import (
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
    Write,
    program,
)
from glassnic.conformance.words import (
    RECEIVING,
    RX_RING,
    incoming,
    receiver,
    rx_buffer,
    with_fcs,
)
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RX
from glassnic.spec.fields import RCTL

FCS_BYTES = 4
FRAME = incoming(100)
KEEPING_FCS = RECEIVING & ~RCTL.SECRC.mask
OFF = RECEIVING & ~RCTL.EN.mask
ERRORS = RX.CE.mask | RX.SE.mask | RX.SEQ.mask | RX.CXE.mask | RX.TCPE.mask | RX.IPE.mask | RX.RXE.mask
SIZES = {
    256: RCTL.BSIZE.mask,
    512: 2 << RCTL.BSIZE.lo,
    1024: 1 << RCTL.BSIZE.lo,
    2048: 0,
    4096: RCTL.BSEX.mask | RCTL.BSIZE.mask,
    8192: RCTL.BSEX.mask | 2 << RCTL.BSIZE.lo,
    16384: RCTL.BSEX.mask | 1 << RCTL.BSIZE.lo,
}
"""The bits of RCTL for buffers of so many bytes (§3.2.2)."""
SMALL = 256
LONGEST, LONGEST_WITH_LPE = 1522, 16384
"""Bytes of a frame, FCS included."""


def receives(section: str, name: str, rule: str, *steps: Step | Steps, rctl: int = RECEIVING) -> Program:
    """A program on a receiver with buffers of 2048 bytes."""
    return program(section, name, rule, receiver(rctl=rctl), steps)


def sized(size: int, buffers: int = 8, more: int = 0) -> Steps:
    """A receiver whose buffers have this size."""
    return receiver(buffers, RECEIVING | SIZES[size] | more, size=size)


def written_back(index: int, length: int, status: int, mask: int = RX.DD.mask | RX.EOP.mask) -> Peek:
    """Length and these bits of descriptor `index` of the ring."""
    word, seen = length | status, RX.LENGTH.mask | mask
    place = RX_RING + index * DESCRIPTOR_BYTES + 8
    return Peek(place, word.to_bytes(8, "little"), seen.to_bytes(8, "little"))


def in_one_piece(length: int) -> Program:
    return receives(
        "3.2.3",
        f"a-frame-of-{length + FCS_BYTES}-bytes",
        "A frame lies in its buffer from the first byte of the destination on, its length in the descriptor.",
        (Arrive((incoming(length),)), Delivered(incoming(length))),
    )


def fits(size: int) -> Program:
    return program(
        "3.2.2",
        f"a-frame-that-fills-a-buffer-of-{size}",
        "RCTL.BSIZE and BSEX say how large a buffer is; a frame as large as that takes one descriptor.",
        (sized(size, more=RCTL.LPE.mask), Arrive((incoming(size),)), Delivered(incoming(size))),
    )


def spills(size: int) -> Program:
    frame = incoming(size + 1)
    return program(
        "3.2.2",
        f"a-frame-larger-than-a-buffer-of-{size}",
        "What RCTL.BSIZE and BSEX leave no room for in one buffer goes to the next.",
        (sized(size, more=RCTL.LPE.mask), Arrive((frame,)), Delivered(frame, descriptors=2)),
    )


DESCRIPTORS: tuple[Program, ...] = (
    *map(in_one_piece, (60, 61, 63, 64, 127, 128, 590, 1513, 1514)),
    receives(
        "3.2.3",
        "frames-come-in-order",
        "Each frame has a descriptor of its own, in the order of their coming.",
        Arrive(tuple(incoming(60 + number, number=number) for number in range(8))),
        [Delivered(incoming(60 + number, number=number)) for number in range(8)],
    ),
    receives(
        "3.2.3",
        "a-descriptor-not-needed-is-left-alone",
        "One frame takes one descriptor: the next ones stay as they were laid.",
        (Arrive((FRAME,)), Delivered(FRAME), NotDelivered()),
        Peek(RX_RING + DESCRIPTOR_BYTES, rx_buffer(1).to_bytes(8, "little") + bytes(8)),
    ),
    receives(
        "3.2.3",
        "the-buffer-address-stays",
        "The write-back leaves the buffer address.",
        (Arrive((FRAME,)), Delivered(FRAME), Peek(RX_RING, rx_buffer(0).to_bytes(8, "little"))),
    ),
    receives(
        "3.2.3.2",
        "a-good-frame-has-no-errors",
        "The errors of a good frame are all 0.",
        (Arrive((FRAME,)), Delivered(FRAME, 0, ERRORS)),
    ),
    receives(
        "3.2.3.3",
        "an-untagged-frame-has-no-tag",
        "Without a tag VP and SPECIAL are 0.",
        (Arrive((FRAME,)), Delivered(FRAME, 0, RX.VP.mask | RX.SPECIAL.mask)),
    ),
    program(
        "3.2.6",
        "what-stood-in-a-descriptor-does-not-matter",
        "All of errors and SPECIAL is written, whatever software left there.",
        (receiver(0), Poke(RX_RING, rx_buffer(0).to_bytes(8, "little") + b"\xff" * 8)),
        (Lend(RX_RING, DESCRIPTOR_BYTES), Lend(rx_buffer(0), 2048), Write("RDT", 1), Arrive((FRAME,))),
        Until("RDH", 0xFFFF, 1),
        written_back(0, len(FRAME), RX.DD.mask | RX.EOP.mask, RX.DD.mask | RX.EOP.mask | ERRORS | RX.SPECIAL.mask),
    ),
    program(
        "3.2.3",
        "buffers-at-any-address",
        "A buffer may begin at any byte.",
        (receiver(0), Offer(tuple(rx_buffer(number) + number for number in range(1, 8)))),
        Arrive(tuple(incoming(60, number=number) for number in range(7))),
        [Delivered(incoming(60, number=number)) for number in range(7)],
    ),
    program(
        "3.2.3",
        "a-null-descriptor-is-passed-over",
        "A descriptor without a buffer takes no data: it is written back with DD, and the frame goes to the next.",
        (receiver(0), Poke(RX_RING + DESCRIPTOR_BYTES, rx_buffer(1).to_bytes(8, "little") + bytes(8))),
        (Lend(RX_RING, 2 * DESCRIPTOR_BYTES), Lend(rx_buffer(1), 2048), Write("RDT", 2), Arrive((FRAME,))),
        (Until("RDH", 0xFFFF, 2), Peek(rx_buffer(1), FRAME), written_back(0, 0, RX.DD.mask, RX.DD.mask)),
    ),
)

PIECES: tuple[Program, ...] = (
    *(fits(size) for size in SIZES if size < LONGEST_WITH_LPE),
    *(spills(size) for size in SIZES if size < LONGEST_WITH_LPE),
    program(
        "3.2.2",
        "a-buffer-of-16384-takes-the-longest-frame",
        "With BSEX=1 and BSIZE=01 a buffer has 16384 bytes, which no frame exceeds.",
        sized(16384, more=RCTL.LPE.mask),
        (Arrive((incoming(LONGEST_WITH_LPE - FCS_BYTES),)), Delivered(incoming(LONGEST_WITH_LPE - FCS_BYTES))),
    ),
    program(
        "3.2.3",
        "each-buffer-but-the-last-is-full",
        "A frame larger than its buffer goes on in the next one; each but the last is full, as its length says.",
        (sized(SMALL), Arrive((incoming(3 * SMALL + 1),)), Delivered(incoming(3 * SMALL + 1), descriptors=4)),
        [written_back(index, SMALL, RX.DD.mask, RX.DD.mask) for index in range(3)],
        written_back(3, 1, RX.DD.mask, RX.DD.mask),
    ),
    program(
        "3.2.3.1",
        "eop-in-the-last-descriptor-only",
        "Of the descriptors of a frame only the last has EOP; all have DD.",
        (sized(SMALL), Arrive((incoming(700),)), Delivered(incoming(700), descriptors=3)),
        [written_back(index, SMALL, RX.DD.mask) for index in range(2)],
    ),
    program(
        "3.2.3",
        "frames-of-several-descriptors-follow-each-other",
        "A frame begins with a descriptor of its own, however little of the last one the frame before needed.",
        sized(SMALL),
        Arrive(tuple(incoming(SMALL + 44, number=number) for number in range(4))),
        [Delivered(incoming(SMALL + 44, number=number), descriptors=2) for number in range(4)],
    ),
)


# The FCS


def keeps_fcs(length: int) -> Program:
    return receives(
        "13.4.22",
        f"the-fcs-of-a-frame-of-{length + FCS_BYTES}-bytes",
        "With RCTL.SECRC=0 the FCS lies in memory behind the frame, and the length counts it.",
        (Arrive((incoming(length),)), Delivered(with_fcs(incoming(length)))),
        rctl=KEEPING_FCS,
    )


CHECK: tuple[Program, ...] = (
    *map(keeps_fcs, (60, 61, 1514)),
    program(
        "13.4.22",
        "the-fcs-counts-in-the-length",
        "With RCTL.SECRC=0 the length in the descriptor is the frame's and 4.",
        receiver(rctl=KEEPING_FCS),
        (Arrive((FRAME,)), Until("RDH", 0xFFFF, 1)),
        written_back(0, len(FRAME) + FCS_BYTES, RX.DD.mask | RX.EOP.mask),
    ),
    program(
        "13.4.22",
        "an-fcs-in-a-buffer-of-its-own",
        "With RCTL.SECRC=0 the FCS takes part in filling buffers: it may lie in two.",
        receiver(8, KEEPING_FCS | SIZES[SMALL], size=SMALL),
        (Arrive((incoming(SMALL - 2),)), Delivered(with_fcs(incoming(SMALL - 2)), descriptors=2)),
    ),
)


# Lengths


def lengths(name: str, rule: str, rctl: int, refused: tuple[int, ...], taken: tuple[int, ...]) -> Program:
    """Of frames without a tag, FCS included: these are refused, and those are taken."""
    first, then = (tuple(incoming(length - FCS_BYTES) for length in each) for each in (refused, taken))
    return program(
        "13.4.22",
        name,
        rule,
        receiver(rctl=rctl | SIZES[16384], size=16384),
        (Arrive((*first, *then)), [Delivered(frame) for frame in then], NotDelivered()),
    )


LENGTHS: tuple[Program, ...] = (
    lengths("the-longest-without-lpe", "With LPE=0 a frame may have 1522 bytes.", RECEIVING, (), (1519, LONGEST)),
    lengths(
        "one-byte-too-long", "With LPE=0 a frame of more than 1522 bytes is dropped.", RECEIVING, (LONGEST + 1,), (64,)
    ),
    lengths(
        "far-too-long",
        "With LPE=0 a frame of more than 1522 bytes is dropped.",
        RECEIVING,
        (LONGEST + 5, 2000, 9018),
        (64,),
    ),
    lengths(
        "long-frames-with-lpe",
        "With LPE=1 a frame may have up to 16384 bytes.",
        RECEIVING | RCTL.LPE.mask,
        (),
        (LONGEST + 1, 9018, LONGEST_WITH_LPE),
    ),
    lengths(
        "one-byte-too-long-for-lpe",
        "With LPE=1 a frame of more than 16384 bytes is dropped.",
        RECEIVING | RCTL.LPE.mask,
        (LONGEST_WITH_LPE + 1,),
        (64,),
    ),
    lengths(
        "too-long-but-stored",
        "With SBP=1 frames that are too long are stored.",
        RECEIVING | RCTL.SBP.mask,
        (),
        (LONGEST + 1, 64),
    ),
    receives(
        "13.7.34",
        "what-is-shorter-than-a-frame",
        "A frame has 64 bytes: whether a shorter one is filled up or dropped is the affair of the network.",
        Arrive((incoming(40),)),
        Either(
            (
                ("the network fills it up", Delivered(incoming(40) + bytes(20))),
                ("it is dropped", NotDelivered()),
            )
        ),
    ),
)


# On and off

ENABLED: tuple[Program, ...] = (
    receives(
        "13.4.22",
        "a-receiver-that-is-off",
        "With RCTL.EN=0 nothing is received.",
        (Arrive((FRAME,)), NotDelivered(), Read("RDH", 0)),
        rctl=OFF,
    ),
    receives(
        "13.4.22",
        "what-came-while-it-was-off",
        "What comes while RCTL.EN is 0 is lost: it is not delivered when EN is set.",
        (Arrive((FRAME,)), NotDelivered(), Write("RCTL", RECEIVING)),
        (Arrive((incoming(80),)), Delivered(incoming(80)), NotDelivered()),
        rctl=OFF,
    ),
    receives(
        "13.4.22",
        "a-pause-of-the-receiver",
        "Clearing RCTL.EN stops reception; setting it goes on at RDH.",
        (Arrive((FRAME,)), Delivered(FRAME), Write("RCTL", OFF), Write("RCTL", RECEIVING)),
        (Arrive((incoming(80),)), Delivered(incoming(80)), Read("RDH", 2)),
    ),
)

PROGRAMS: tuple[Program, ...] = DESCRIPTORS + PIECES + CHECK + LENGTHS + ENABLED
