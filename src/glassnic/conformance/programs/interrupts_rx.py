"""§3.2.7, §13.4.30 to §13.4.32: how software learns of frames. RXT0 and its timers, RXDMT0, SRPD, RXO."""

from __future__ import annotations

from glassnic.conformance.program import (
    Arrive,
    Delivered,
    Either,
    Line,
    NotDelivered,
    Offer,
    Program,
    Read,
    Step,
    Steps,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import MS, RECEIVING, cause, incoming, no_cause, receiver, rx_buffer
from glassnic.spec.fields import CAUSE, RCTL, RDTR

FRAME = incoming(100)
COMES = (Arrive((FRAME,)), Delivered(FRAME))
SOON, LATE = 1000, 0xFFFF
"""Of a timer, in units of 1.024 us: a millisecond, and longer than any program takes to look."""
RING = 16
"""Descriptors in the ring of the programs on RXDMT0."""
NEVER = 40 * 1514
"""Bytes that no packet buffer holds."""


def fresh(*steps: Step | Steps, rctl: int = RECEIVING, buffers: int = 8) -> Steps:
    """A receiver, and no cause left from what brought the link up."""
    return (receiver(buffers, rctl), Read("ICR", 0, 0), steps)


def told(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    return program(section, name, rule, fresh(steps))


TIMERS: tuple[Program, ...] = (
    told("3.2.7", "rxt0-at-once", "With RDTR=0 RXT0 is set as soon as a frame is in memory.", COMES, cause(CAUSE.RXT0)),
    told(
        "3.2.7",
        "rxt0-for-each-frame",
        "With RDTR=0 each frame sets RXT0.",
        [(COMES, cause(CAUSE.RXT0)) for _ in range(3)],
        no_cause(CAUSE.RXT0),
    ),
    told(
        "3.2.7",
        "no-rxt0-for-a-frame-that-is-refused",
        "A frame that the filters refuse sets no cause.",
        (Arrive((incoming(64, b"\x52\x54\0\0\0\xee"),)), NotDelivered(), no_cause(CAUSE.RXT0)),
    ),
    told(
        "3.2.7",
        "rxt0-asserts-the-line",
        "RXT0 asserts the line if it is not masked.",
        (Write("IMS", CAUSE.RXT0.mask), COMES, Line(True), cause(CAUSE.RXT0), Line(False)),
    ),
    told(
        "13.4.30",
        "rdtr-delays-rxt0",
        "With RDTR RXT0 waits until the timer has run out.",
        (Write("RDTR", LATE), COMES, no_cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.30",
        "rdtr-runs-out",
        "RDTR counts units of 1.024 us from the last frame on; when it runs out RXT0 is set.",
        (Write("RDTR", SOON), COMES, Wait(5 * MS), cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.30",
        "one-rxt0-for-many-frames",
        "One run of RDTR sets RXT0 once for all the frames before it.",
        (Write("RDTR", SOON), Arrive((FRAME,) * 5), [Delivered(FRAME) for _ in range(5)], Wait(5 * MS)),
        (cause(CAUSE.RXT0), Wait(5 * MS), no_cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.30",
        "fpd-ends-the-delay",
        "RDTR written with FPD sets RXT0 for the frames before it at once.",
        (Write("RDTR", LATE), COMES, Write("RDTR", RDTR.FPD.mask | LATE), cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.30",
        "fpd-reads-0",
        "RDTR.FPD clears itself.",
        (Write("RDTR", RDTR.FPD.mask | 9), Read("RDTR", 9)),
    ),
    told(
        "13.4.31",
        "radv-is-the-limit",
        "RADV runs from the first frame on; it sets RXT0 though RDTR still runs.",
        (Write("RDTR", LATE), Write("RADV", SOON), COMES, Wait(5 * MS), cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.31",
        "radv-of-0-is-no-limit",
        "With RADV=0 only RDTR ends the delay.",
        (Write("RDTR", LATE), Write("RADV", 0), COMES, Wait(5 * MS), no_cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.31",
        "radv-without-rdtr",
        "With RDTR=0 RADV means nothing: RXT0 is set at once.",
        (Write("RADV", LATE), COMES, cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.30",
        "a-delay-holds-the-line",
        "While the delay runs the line is not asserted for the frame; then it is.",
        (Write("IMS", CAUSE.RXT0.mask), Write("RDTR", 10 * SOON), COMES, Wait(10 * MS), Wait(5 * MS)),
        (Line(True), cause(CAUSE.RXT0)),
    ),
)


# RXDMT0


def few(code: int, share: int) -> Steps:
    """Reception with so many descriptors that the first frame leaves one more than `share` of the ring."""
    left = RING // share
    places = tuple(rx_buffer(0) + number * 2048 for number in range(left + 2))
    return (receiver(0, RECEIVING | code << RCTL.RDMTS.lo, RING), Offer(places), Read("ICR", 0, 0))


def reaches(code: int, share: int) -> Program:
    return program(
        "3.2.7",
        f"rxdmt0-at-one-of-{share}",
        "RXDMT0 is set when the free descriptors become as many as the fraction of the ring that RDMTS says.",
        (few(code, share), COMES, COMES, cause(CAUSE.RXDMT0)),
    )


def not_yet(code: int, share: int) -> Program:
    return program(
        "3.2.7",
        f"no-rxdmt0-above-one-of-{share}",
        "While more descriptors are free than the fraction of the ring that RDMTS says, RXDMT0 is not set.",
        (few(code, share), COMES, no_cause(CAUSE.RXDMT0)),
    )


SHARES = ((0, 2), (1, 4), (2, 8))

THRESHOLD: tuple[Program, ...] = (
    *(reaches(code, share) for code, share in SHARES),
    *(not_yet(code, share) for code, share in SHARES),
    program(
        "13.4.22",
        "rxdmt0-once",
        "RXDMT0 is set when the free descriptors become as many as RDMTS says, not when they become fewer still.",
        (few(0, 2), COMES, COMES, cause(CAUSE.RXDMT0), COMES, no_cause(CAUSE.RXDMT0)),
    ),
)


# Small packets, overruns

OTHERS: tuple[Program, ...] = (
    told(
        "13.4.32",
        "a-small-packet",
        "A frame of no more bytes than RSRPD says sets SRPD.",
        (Write("RSRPD", 100), COMES, cause(CAUSE.SRPD)),
    ),
    told(
        "13.4.32",
        "a-small-packet-does-not-wait",
        "A frame that sets SRPD sets RXT0 as well, whatever RDTR says.",
        (Write("RSRPD", 100), Write("RDTR", LATE), COMES, cause(CAUSE.RXT0)),
    ),
    told(
        "13.4.32",
        "a-larger-packet",
        "A frame of more bytes than RSRPD says does not set SRPD.",
        (Write("RSRPD", 99), COMES, no_cause(CAUSE.SRPD)),
    ),
    told(
        "13.4.32",
        "no-small-packets",
        "With RSRPD=0 no frame sets SRPD.",
        (Write("RSRPD", 0), Arrive((incoming(60),)), Delivered(incoming(60)), no_cause(CAUSE.SRPD)),
    ),
    program(
        "3.2.7",
        "an-overrun",
        "Frames for which the packet buffer has no room set RXO; a network that waits sends none.",
        fresh(Arrive((incoming(1514),) * (NEVER // 1514)), buffers=0),
        Either((("frames are lost", cause(CAUSE.RXO)), ("the network waits", no_cause(CAUSE.RXO)))),
    ),
)

PROGRAMS: tuple[Program, ...] = TIMERS + THRESHOLD + OTHERS
